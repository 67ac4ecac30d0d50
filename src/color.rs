//! Colours as people see them: how far they stand out from one another, and others of the same hue. All are sRGB.

/// A colour of the same hue that stands out from a darker ground: `lift` of the way to white, and further until its contrast
/// is `least`; `None` if even white has less.
pub fn lightened(rgb: [u8; 3], lift: f64, ground: [u8; 3], least: f64) -> Option<[u8; 3]> {
    let [lightness, a, b] = to_oklab(rgb);
    let lightness = lightness + lift * (1.0 - lightness);
    steps()
        .map(|step| lightness + (1.0 - lightness) * step)
        .map(|lightness| from_oklab([lightness, a, b]))
        .find(|&rgb| contrast(rgb, ground) >= least)
}

/// A colour of the same hue that stands out from a lighter ground, no darker than it has to be; `None` if even black has less.
pub fn darkened(rgb: [u8; 3], ground: [u8; 3], least: f64) -> Option<[u8; 3]> {
    let [lightness, a, b] = to_oklab(rgb);
    steps()
        .map(|step| lightness * (1.0 - step))
        .map(|lightness| from_oklab([lightness, a, b]))
        .find(|&rgb| contrast(rgb, ground) >= least)
}

/// A mixture of two colours, `share` of it the first.
pub fn mixed(one: [u8; 3], other: [u8; 3], share: f64) -> [u8; 3] {
    let (one, other) = (one.map(linear), other.map(linear));
    std::array::from_fn(|channel| encoded(share * one[channel] + (1.0 - share) * other[channel]))
}

/// From 0 to 1.
fn steps() -> impl Iterator<Item = f64> {
    const STEPS: u32 = 100;
    (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS))
}

/// The ratio of the luminances of two colours, from 1 to 21 (WCAG 2.2).
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// sRGB's curve (IEC 61966-2-1).
pub(crate) fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255")]
fn encoded(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let share =
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * libm::pow(linear, 1.0 / 2.4) - 0.055 };
    (255.0 * share + 0.5) as u8
}

pub(crate) type Matrix = [[f64; 3]; 3];

/// Linear sRGB → cones, cones → Oklab, and both back (Björn Ottosson, 2020).
pub(crate) const TO_CONES: Matrix = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
pub(crate) const TO_OKLAB: Matrix = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];
const FROM_OKLAB: Matrix = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548_0],
];
const FROM_CONES: Matrix = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
];

pub(crate) fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

fn to_oklab(rgb: [u8; 3]) -> [f64; 3] {
    times(&TO_OKLAB, times(&TO_CONES, rgb.map(linear)).map(libm::cbrt))
}

/// The nearest colour of sRGB of the same lightness and hue: with as much chroma as there can be.
fn from_oklab([lightness, a, b]: [f64; 3]) -> [u8; 3] {
    const STEPS: u32 = 100;
    let linear = |chroma: f64| {
        let cones = times(&FROM_OKLAB, [lightness, chroma * a, chroma * b]);
        times(&FROM_CONES, cones.map(|root| root * root * root))
    };
    let shares = (0..=STEPS).map(|step| 1.0 - f64::from(step) / f64::from(STEPS));
    let is_possible = |color: &[f64; 3]| color.iter().all(|channel| (-1e-4..=1.0 + 1e-4).contains(channel));
    shares.map(linear).find(is_possible).unwrap_or([1.0; 3]).map(encoded)
}
