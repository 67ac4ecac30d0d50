//! Colour maps: a share of 0 to 1 → a colour.

use crate::spec::Colormap;

/// Every eighth colour of viridis (van der Walt and Smith, 2015; dedicated to the public domain).
const VIRIDIS: [u32; 33] = [
    0x00440154, 0x00470d60, 0x0048186a, 0x00482374, 0x00472d7b, 0x00453781, 0x00424086, 0x003e4989,
    0x003b528b, 0x00375b8d, 0x0033638d, 0x002f6b8e, 0x002c728e, 0x00297a8e, 0x0026828e, 0x0023898e,
    0x0021918c, 0x001f978b, 0x001f9f88, 0x0021a685, 0x0027ad81, 0x0031b57b, 0x003dbc74, 0x004cc26c,
    0x005cc863, 0x006ece58, 0x0081d34d, 0x0095d840, 0x00aadc32, 0x00c0df25, 0x00d5e21a, 0x00eae51a,
    0x00fde725,
];

/// Every eighth colour of magma, by the same authors.
const MAGMA: [u32; 33] = [
    0x00000004, 0x00030312, 0x000a0822, 0x00130d34, 0x001d1147, 0x0029115a, 0x0036106b, 0x00440f76,
    0x0051127c, 0x005d177f, 0x006a1c81, 0x00762181, 0x00832681, 0x00902a81, 0x009c2e7f, 0x00aa337d,
    0x00b73779, 0x00c23b75, 0x00cf4070, 0x00db476a, 0x00e55064, 0x00ee5b5e, 0x00f4695c, 0x00f9785d,
    0x00fb8761, 0x00fd9668, 0x00fea571, 0x00feb47b, 0x00fec287, 0x00fed194, 0x00fde0a1, 0x00fceeb0,
    0x00fcfdbf,
];

/// The colour at a share of the way from the lowest value to the highest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in a short table, mixtures of bytes"
)]
pub(super) fn color(colormap: Colormap, share: f64) -> [u8; 3] {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let table = match colormap {
        Colormap::Viridis => &VIRIDIS,
        Colormap::Magma => &MAGMA,
        Colormap::Gray => return [(share * 255.0 + 0.5) as u8; 3],
    };
    let place = share * 32.0;
    let below = (place as usize).min(31);
    let part = place - below as f64;
    let channels = |packed: u32| [(packed >> 16) as u8, (packed >> 8) as u8, packed as u8];
    let (low, high) = (channels(table[below]), channels(table[below + 1]));
    std::array::from_fn(|channel| {
        let (low, high) = (f64::from(low[channel]), f64::from(high[channel]));
        (low + (high - low) * part + 0.5) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_are_the_maps_own() {
        assert_eq!(color(Colormap::Viridis, 0.0), [0x44, 0x01, 0x54]);
        assert_eq!(color(Colormap::Viridis, 0.5), [0x21, 0x91, 0x8c]);
        assert_eq!(color(Colormap::Magma, 2.0), [0xfc, 0xfd, 0xbf]);
        assert_eq!(color(Colormap::Gray, f64::NAN), [0; 3]);
    }
}
