//! What a picture is drawn on: the ground, and inks that stand out from it.

use super::canvas::Ink;
use crate::color::lightened;
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
        if !self.is_dark {
            return ink;
        }
        let rgb = lightened(ink.rgb, LIFT, self.ground, least).unwrap_or(self.ink);
        Ink { rgb, ..ink }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::{Matrix, TO_CONES, TO_OKLAB, contrast, linear, times};
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
