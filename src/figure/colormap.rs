//! Colour maps: a share of 0 to 1 → a colour.

use crate::spec::Colormap;

/// Every eighth colour of viridis (van der Walt and Smith, 2015; dedicated to the public domain).
const VIRIDIS: [u32; 33] = [
    0x44_01_54, 0x47_0d_60, 0x48_18_6a, 0x48_23_74, 0x47_2d_7b, 0x45_37_81, 0x42_40_86, 0x3e_49_89,
    0x3b_52_8b, 0x37_5b_8d, 0x33_63_8d, 0x2f_6b_8e, 0x2c_72_8e, 0x29_7a_8e, 0x26_82_8e, 0x23_89_8e,
    0x21_91_8c, 0x1f_97_8b, 0x1f_9f_88, 0x21_a6_85, 0x27_ad_81, 0x31_b5_7b, 0x3d_bc_74, 0x4c_c2_6c,
    0x5c_c8_63, 0x6e_ce_58, 0x81_d3_4d, 0x95_d8_40, 0xaa_dc_32, 0xc0_df_25, 0xd5_e2_1a, 0xea_e5_1a,
    0xfd_e7_25,
];

/// Every eighth colour of magma, by the same authors.
const MAGMA: [u32; 33] = [
    0x00_00_04, 0x03_03_12, 0x0a_08_22, 0x13_0d_34, 0x1d_11_47, 0x29_11_5a, 0x36_10_6b, 0x44_0f_76,
    0x51_12_7c, 0x5d_17_7f, 0x6a_1c_81, 0x76_21_81, 0x83_26_81, 0x90_2a_81, 0x9c_2e_7f, 0xaa_33_7d,
    0xb7_37_79, 0xc2_3b_75, 0xcf_40_70, 0xdb_47_6a, 0xe5_50_64, 0xee_5b_5e, 0xf4_69_5c, 0xf9_78_5d,
    0xfb_87_61, 0xfd_96_68, 0xfe_a5_71, 0xfe_b4_7b, 0xfe_c2_87, 0xfe_d1_94, 0xfd_e0_a1, 0xfc_ee_b0,
    0xfc_fd_bf,
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
