//! Palettes: few colours that stand for all, none further off than the eye could tell.

/// At most 256 colours, in the order in which they were first met.
#[derive(Debug, Clone)]
pub(super) struct Palette {
    colors: Vec<[u8; 3]>,
    /// The colours' reds, greens and blues, apart, so that many are compared at once.
    channels: [[u8; 256]; 3],
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
            channels: [[0; 256]; 3],
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

    /// Appends the entries of a row of pixels of four bytes; whether all of them are within the tolerance.
    pub(super) fn append_row(&mut self, pixels: &[[u8; 4]], entries: &mut Vec<u8>) -> bool {
        let mut rest = pixels;
        let mut are_near = true;
        while let Some(&[red, green, blue, _]) = rest.first() {
            let (index, is_near) = self.index([red, green, blue]);
            are_near &= is_near;
            let run = run_length(rest);
            entries.resize(entries.len() + run, index);
            rest = &rest[run..];
        }
        are_near
    }

    /// The entry for a colour, and whether it is within the tolerance (a full palette gives its nearest).
    #[expect(clippy::cast_possible_truncation, reason = "at most 256 entries")]
    pub(super) fn index(&mut self, color: [u8; 3]) -> (u8, bool) {
        let [red, green, blue] = color.map(|channel| usize::from(channel >> 2));
        let cell = (red << 12) | (green << 6) | blue;
        if self.cells[cell] != UNKNOWN {
            return (self.cells[cell] as u8, true);
        }
        match self.nearest(color) {
            Some((index, distance)) if distance <= self.tolerance => {
                self.cells[cell] = index as u16;
                (index as u8, true)
            }
            _ if self.colors.len() < self.capacity => {
                let index = self.colors.len();
                self.cells[cell] = index as u16;
                self.channels.iter_mut().zip(color).for_each(|(channel, value)| channel[index] = value);
                self.colors.push(color);
                (index as u8, true)
            }
            Some((index, _)) => {
                self.cells[cell] = index as u16;
                (index as u8, false)
            }
            None => (0, false),
        }
    }

    /// The first of the nearest colours, and how far it is off.
    fn nearest(&self, color: [u8; 3]) -> Option<(usize, u8)> {
        let [reds, greens, blues] = &self.channels;
        let distances: [u8; 256] =
            std::array::from_fn(|index| distance([reds[index], greens[index], blues[index]], color));
        let distances = &distances[..self.colors.len()];
        let least = *distances.iter().min()?;
        distances.iter().position(|distance| *distance == least).map(|index| (index, least))
    }
}

/// The most that two colours differ in any channel.
fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    a[0].abs_diff(b[0]).max(a[1].abs_diff(b[1])).max(a[2].abs_diff(b[2]))
}

/// How many of the pixels are like the first before the first that is not.
fn run_length(pixels: &[[u8; 4]]) -> usize {
    let Some(&first) = pixels.first() else { return 0 };
    // Pictures are mostly long runs of one colour: eight at once.
    let whole = 8 * pixels.as_chunks::<8>().0.iter().take_while(|chunk| **chunk == [first; 8]).count();
    whole + pixels[whole..].iter().take_while(|pixel| **pixel == first).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_the_entries_of_their_pixels() {
        let mut palette = Palette::new(256, 0, &[]);
        let row: Vec<[u8; 4]> = (0..100_u8).map(|at| [at / 30 * 8, 0, at % 40 / 38 * 8, 255]).collect();
        let mut entries = Vec::new();
        assert!(palette.append_row(&row, &mut entries));
        let colors: Vec<[u8; 3]> =
            entries.iter().map(|&entry| palette.colors()[usize::from(entry)]).collect();
        assert!(colors.iter().zip(&row).all(|(color, pixel)| color[..] == pixel[..3]), "{colors:?}");
        assert_eq!(colors.len(), 100);
        assert!(!Palette::new(2, 0, &[]).append_row(&row, &mut entries));
    }

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
