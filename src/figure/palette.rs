//! Palettes: few colours that stand for all, none further off than the eye could tell.

/// At most 256 colours, in the order in which they were first met.
#[derive(Debug, Clone)]
pub(super) struct Palette {
    colors: Vec<[u8; 3]>,
    capacity: usize,
    /// A colour that is within this of an entry, in every channel, uses it.
    tolerance: u8,
    /// What each cell of the colour cube became, to spare most searches; [`UNKNOWN`] where nothing was met yet.
    cells: Vec<u16>,
}

const UNKNOWN: u16 = u16::MAX;
/// Colours alike in the upper six bits of each channel share an entry, which puts a channel off by this at the most, beside
/// the tolerance.
#[cfg(test)]
pub(super) const CELL_ERROR: u8 = 3;

impl Palette {
    /// A palette of at most `capacity` colours; the `reserved` ones are met first and stay exact.
    pub(super) fn new(capacity: usize, tolerance: u8, reserved: &[[u8; 3]]) -> Self {
        let mut palette = Self {
            colors: Vec::new(),
            capacity: capacity.min(256),
            tolerance,
            cells: vec![UNKNOWN; 1 << 18],
        };
        for &color in reserved {
            palette.index(color);
        }
        palette
    }

    pub(super) fn colors(&self) -> &[[u8; 3]] {
        &self.colors
    }

    /// The entry for a colour, and whether it is within the tolerance (a full palette gives its nearest).
    #[expect(clippy::cast_possible_truncation, reason = "at most 256 entries")]
    pub(super) fn index(&mut self, color: [u8; 3]) -> (u8, bool) {
        let [red, green, blue] = color.map(|channel| usize::from(channel >> 2));
        let cell = (red << 12) | (green << 6) | blue;
        if self.cells[cell] != UNKNOWN {
            return (self.cells[cell] as u8, true);
        }
        let distance =
            |entry: &[u8; 3]| entry.iter().zip(color).map(|(&a, b)| a.abs_diff(b)).max().unwrap_or(0);
        let nearest = self.colors.iter().enumerate().min_by_key(|(_, entry)| distance(entry));
        match nearest {
            Some((index, entry)) if distance(entry) <= self.tolerance => {
                self.cells[cell] = index as u16;
                (index as u8, true)
            }
            _ if self.colors.len() < self.capacity => {
                self.cells[cell] = self.colors.len() as u16;
                self.colors.push(color);
                (self.cells[cell] as u8, true)
            }
            Some((index, _)) => {
                self.cells[cell] = index as u16;
                (index as u8, false)
            }
            None => (0, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_is_near_its_entry_while_there_is_room() {
        let mut palette = Palette::new(256, 5, &[[255; 3], [0; 3]]);
        for step in 0..=255_u8 {
            let color = [step, step / 2, 255 - step];
            let (index, is_near) = palette.index(color);
            let entry = palette.colors()[usize::from(index)];
            assert!(is_near && entry.iter().zip(color).all(|(&a, b)| a.abs_diff(b) <= 5 + CELL_ERROR));
        }
        assert_eq!(palette.index([255; 3]), (0, true));
    }

    #[test]
    fn a_full_palette_gives_its_nearest() {
        let mut palette = Palette::new(2, 5, &[[255; 3], [0; 3]]);
        assert_eq!(palette.index([200; 3]), (0, false));
        assert_eq!(palette.colors().len(), 2);
    }
}
