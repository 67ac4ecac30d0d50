//! The colours of activations whose specs give none.

use super::Color;
use crate::function::{Builtin, builtins};

/// Where the colours of activations come from whose specs give none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// [`ACCESSIBLE`], by turns. Where a figure compares activations of one colour, their lines are broken differently.
    Accessible,
    /// A colour for every activation of the catalogue: `#1f77b4`, `#ff7f0e`, `#2ca02c`, `#d62728`, `#9467bd` and `#8c564b`
    /// for the classical six. Some of them look alike to people who see fewer colours.
    Original,
}

/// Eight colours that people tell apart however they see colours, with a contrast of 3 or more to white. The first three are
/// those of Okabe and Ito (2008), as is the sixth; the others keep their distance from them.
pub const ACCESSIBLE: [Color; 8] = [
    color(0x00, 0x72, 0xb2),
    color(0xd5, 0x5e, 0x00),
    color(0x00, 0x9e, 0x73),
    color(0xaa, 0x33, 0x77),
    color(0x78, 0x5e, 0xf0),
    color(0xcc, 0x79, 0xa7),
    color(0x78, 0x50, 0x3c),
    color(0x8c, 0x8c, 0xdc),
];

/// Dark enough to read on white, and unlike those of the classical six.
const FURTHER: [Color; 8] = [
    color(0xc2, 0x40, 0x8f),
    color(0x0e, 0x8f, 0x9c),
    color(0x8a, 0x8d, 0x0f),
    color(0xb8, 0x86, 0x0b),
    color(0x1b, 0x2a, 0x6b),
    color(0x6b, 0x3f, 0xa0),
    color(0x5f, 0x6b, 0x7a),
    color(0x00, 0x66, 0x4b),
];

const fn color(red: u8, green: u8, blue: u8) -> Color {
    Color { red, green, blue }
}

impl Palette {
    /// The colour of an activation of the catalogue. Neighbours in it, which are of one family, have different ones.
    pub fn of_builtin(self, builtin: &Builtin) -> Color {
        match self {
            Self::Accessible => {
                let place = builtins().iter().position(|other| other.id == builtin.id).unwrap_or(0);
                ACCESSIBLE[place % ACCESSIBLE.len()]
            }
            Self::Original => color(builtin.color.0, builtin.color.1, builtin.color.2),
        }
    }

    /// The colour of another activation, by its id alone, so that adding one changes no other's.
    pub fn of_id(self, id: &str) -> Color {
        let colors = match self {
            Self::Accessible => ACCESSIBLE,
            Self::Original => FURTHER,
        };
        colors[usize::from(blake3::hash(id.as_bytes()).as_bytes()[0]) % colors.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classical_six_have_six_colors_in_each_palette() {
        let ids = ["tanh", "relu", "sigmoid", "leaky_relu", "sine", "identity"];
        let of = |palette: Palette| {
            let six = ids.iter().filter_map(|id| crate::function::builtin(id));
            six.map(|builtin| palette.of_builtin(builtin).to_string()).collect::<Vec<_>>()
        };
        let original = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"];
        assert_eq!(of(Palette::Original), original);
        let accessible = ["#0072b2", "#d55e00", "#009e73", "#aa3377", "#785ef0", "#cc79a7"];
        assert_eq!(of(Palette::Accessible), accessible);
    }
}
