//! What a picture is drawn on: the ground, and inks that stand out from it.

use super::canvas::Ink;
use crate::spec::Theme;

/// The ground of a picture and its darkest, or on a dark ground lightest, ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paper {
    ground: [u8; 3],
    ink: [u8; 3],
    is_dark: bool,
}

/// The least contrast of lines and marks (WCAG 2.2, success criterion 1.4.11).
const LINE_CONTRAST: f64 = 3.0;
/// How much of the way to white every colour goes on dark ground, where it would otherwise look duller than on white.
const LIFT: f64 = 0.15;
/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const TEXT_CONTRAST: f64 = 4.5;

impl Paper {
    pub(super) const LIGHT: Self = Self { ground: [255; 3], ink: [0; 3], is_dark: false };
    pub(super) const DARK: Self = Self { ground: [0x1c, 0x20, 0x27], ink: [0xe6, 0xe8, 0xec], is_dark: true };

    pub(super) fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self::LIGHT,
            Theme::Dark => Self::DARK,
        }
    }

    pub(super) const fn ground(self) -> Ink {
        let [red, green, blue] = self.ground;
        Ink::solid(red, green, blue)
    }

    /// Of text, frames and the target.
    pub(super) const fn ink(self) -> Ink {
        let [red, green, blue] = self.ink;
        Ink::solid(red, green, blue)
    }

    /// What a gray is on white, from 0, the ink, to 255, the ground.
    pub(super) fn gray(self, level: u8) -> Ink {
        let mix = |ink: u8, ground: u8| {
            let (ink, ground, level) = (u32::from(ink), u32::from(ground), u32::from(level));
            u8::try_from((ink * (255 - level) + ground * level + 127) / 255).unwrap_or(u8::MAX)
        };
        let [red, green, blue] = std::array::from_fn(|channel| mix(self.ink[channel], self.ground[channel]));
        Ink::solid(red, green, blue)
    }

    /// The colour of a line: as it is on white, for which colours are chosen; on a dark ground lighter, of the same hue.
    pub(super) fn line(self, ink: Ink) -> Ink {
        self.lightened(ink, LINE_CONTRAST)
    }

    /// The colour of words.
    pub(super) fn words(self, ink: Ink) -> Ink {
        self.lightened(ink, TEXT_CONTRAST)
    }

    /// The colours that every picture has, for palettes: the ground, the lines, and the grid.
    pub(super) fn colors(self) -> [[u8; 3]; 5] {
        [0xff, 0, 0xe9, 0xcc, 0x80].map(|level| self.gray(level).rgb)
    }

    fn lightened(self, ink: Ink, least: f64) -> Ink {
        const STEPS: u32 = 100;
        if !self.is_dark {
            return ink;
        }
        let [lightness, a, b] = to_oklab(ink.rgb);
        let lightness = lightness + LIFT * (1.0 - lightness);
        let steps =
            (0..=STEPS).map(|step| lightness + (1.0 - lightness) * f64::from(step) / f64::from(STEPS));
        let mut colors = steps.map(|lightness| from_oklab([lightness, a, b]));
        let rgb = colors.find(|&rgb| contrast(rgb, self.ground) >= least).unwrap_or(self.ink);
        Ink { rgb, ..ink }
    }
}

/// The ratio of the luminances of two colours, from 1 to 21 (WCAG 2.2).
pub(super) fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// sRGB's curve (IEC 61966-2-1).
fn linear(channel: u8) -> f64 {
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

type Matrix = [[f64; 3]; 3];

/// Linear sRGB → cones, cones → Oklab, and both back (Björn Ottosson, 2020).
const TO_CONES: Matrix = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_OKLAB: Matrix = [
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

fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ACCESSIBLE, Color};

    fn rgb(color: Color) -> [u8; 3] {
        [color.red, color.green, color.blue]
    }

    #[test]
    fn contrasts_are_those_of_the_definition() {
        // By tests/fixtures/palette.py.
        for (a, b, expected) in [
            ([0; 3], [255; 3], 21.0),
            ([0x1f, 0x77, 0xb4], [255; 3], 4.8209),
            ([0xff, 0x7f, 0x0e], [255; 3], 2.5319),
            ([0x1f, 0x77, 0xb4], Paper::DARK.ground, 3.3892),
        ] {
            assert!((contrast(a, b) - expected).abs() < 1e-3, "{}", contrast(a, b));
        }
    }

    #[test]
    fn colors_that_are_too_dark_become_lighter_and_keep_their_hue() {
        // By tests/fixtures/palette.py, which inverts the matrices by itself.
        for (color, expected) in
            [([0xaa, 0x33, 0x77], [0xc3, 0x4a, 0x8d]), ([0x8c, 0x56, 0x4b], [0xa3, 0x6b, 0x60])]
        {
            let Ink { rgb, .. } = Paper::DARK.line(Ink::solid(color[0], color[1], color[2]));
            assert!(rgb.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1), "{rgb:x?}");
        }
    }

    #[test]
    fn every_ink_stands_out_from_both_papers() {
        for paper in [Paper::LIGHT, Paper::DARK] {
            assert!(contrast(paper.ink, paper.ground) > 12.0);
            // Data and the names of axes, and the grid, which must not stand out.
            assert!(contrast(paper.gray(0x80).rgb, paper.ground) > 3.0);
            assert!(contrast(paper.gray(0xe9).rgb, paper.ground) < 1.5);
            for color in ACCESSIBLE {
                let ink = paper.line(Ink::from(color));
                assert!(contrast(ink.rgb, paper.ground) >= 3.0, "{color} on {paper:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_color_can_be_seen_in_the_dark(color in proptest::array::uniform3(0..=255_u8)) {
            let ink = Ink::solid(color[0], color[1], color[2]);
            let (line, words) = (Paper::DARK.line(ink).rgb, Paper::DARK.words(ink).rgb);
            proptest::prop_assert!(contrast(line, Paper::DARK.ground) >= LINE_CONTRAST);
            proptest::prop_assert!(contrast(words, Paper::DARK.ground) >= TEXT_CONTRAST);
            proptest::prop_assert_eq!(Paper::LIGHT.line(ink), ink);
        }
    }

    #[test]
    fn the_palette_is_told_apart_by_everybody() {
        // Oklab distances after simulating each way of seeing (Machado, Oliveira and Fernandes, 2009, at full severity).
        const MACHADO: [Matrix; 4] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ];
        let least = |colors: &[[u8; 3]], seen: &Matrix| {
            let labs: Vec<[f64; 3]> = colors
                .iter()
                .map(|color| {
                    let linear = times(seen, color.map(linear)).map(|channel| channel.clamp(0.0, 1.0));
                    times(&TO_OKLAB, times(&TO_CONES, linear).map(libm::cbrt))
                })
                .collect();
            let distance =
                |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            let pairs = labs.iter().enumerate().flat_map(|(at, a)| labs[..at].iter().map(move |b| (a, b)));
            pairs.map(|(a, b)| libm::sqrt(distance(a, b))).fold(f64::INFINITY, f64::min)
        };
        for paper in [Paper::LIGHT, Paper::DARK] {
            let colors: Vec<[u8; 3]> =
                ACCESSIBLE.iter().map(|&color| paper.line(Ink::from(color)).rgb).collect();
            for seen in &MACHADO {
                assert!(least(&colors, seen) > 0.05, "{paper:?}: {}", least(&colors, seen));
            }
        }
        // The original's six are not: to protanopes, two of them are one (tests/fixtures/palette.py has 0.0065).
        let original: Vec<[u8; 3]> = ["tanh", "relu", "sigmoid", "leaky_relu", "sine", "identity"]
            .iter()
            .filter_map(|id| crate::function::builtin(id))
            .map(|builtin| rgb(crate::spec::Palette::Original.of_builtin(builtin)))
            .collect();
        assert!(least(&original, &MACHADO[1]) < 0.01);
    }
}
