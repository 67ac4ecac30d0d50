//! Which parts of a picture have been drawn on.

use std::ops::Range;

use super::canvas::Area;

/// The size of a tile in pixels: small enough that a curve touches few of them.
pub(super) const WIDTH: usize = 16;
pub(super) const HEIGHT: usize = 8;

/// The tiles of a picture that have been drawn on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tiles {
    /// The picture's, in pixels.
    width: usize,
    height: usize,
    columns: usize,
    touched: Vec<bool>,
}

impl Tiles {
    /// Of a picture of this size; none is touched.
    pub(super) fn new((width, height): (u32, u32)) -> Self {
        let (width, height) = (width as usize, height as usize);
        let columns = width.div_ceil(WIDTH);
        Self { width, height, columns, touched: vec![false; columns * height.div_ceil(HEIGHT)] }
    }

    /// These pixels of the picture have been drawn on.
    pub(super) fn touch_pixels(&mut self, columns: Range<usize>, rows: Range<usize>) {
        let tiles = |pixels: &Range<usize>, size: usize| pixels.start / size..pixels.end.div_ceil(size);
        for row in tiles(&rows, HEIGHT) {
            self.touched[row * self.columns..][tiles(&columns, WIDTH)].fill(true);
        }
    }

    /// Something within this area has been drawn on. What is outside of the picture does not count.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "limited to the picture's size"
    )]
    pub(super) fn touch(&mut self, area: Area) {
        let (columns, rows) = (self.columns, self.rows());
        let tile = |at: f64, size: usize, count: usize| ((at.max(0.0) as usize) / size).min(count);
        let (left, top) = (tile(area.left, WIDTH, columns), tile(area.top, HEIGHT, rows));
        if !(area.right >= 0.0 && area.bottom >= 0.0) {
            return;
        }
        let right = (tile(area.right, WIDTH, columns) + 1).min(columns);
        let bottom = (tile(area.bottom, HEIGHT, rows) + 1).min(rows);
        for row in top..bottom {
            self.touched[row * columns..][left..right.max(left)].fill(true);
        }
    }

    /// A straight line has been drawn on, as wide as this to both sides. Its parts are looked at one by one: most of the box around it is
    /// far from a long one.
    pub(super) fn touch_line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64), half: f64) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        // What is outside of the picture needs no parts.
        let longest = 4.0 * (self.touched.len() as f64).max(1.0);
        let parts = (dx.abs().max(dy.abs()) / WIDTH as f64).ceil().clamp(1.0, longest);
        let mut part = 0.0;
        while part < parts {
            let at = |part: f64| (x0 + dx * part / parts, y0 + dy * part / parts);
            let (from, to) = (at(part), at(part + 1.0));
            self.touch(Area {
                left: from.0.min(to.0) - half,
                top: from.1.min(to.1) - half,
                right: from.0.max(to.0) + half,
                bottom: from.1.max(to.1) + half,
            });
            part += 1.0;
        }
    }

    /// How many rows of tiles there are.
    fn rows(&self) -> usize {
        self.touched.len() / self.columns
    }

    /// Nothing is touched any more.
    pub(super) fn clear(&mut self) {
        self.touched.fill(false);
    }

    /// Those of either; both are of pictures of one size.
    pub(super) fn or(&self, other: &Self) -> Self {
        let touched = self.touched.iter().zip(&other.touched).map(|(a, b)| *a || *b).collect();
        Self { touched, ..*self }
    }

    /// Rows of pixels, from the top, with the columns that are touched in them, from left to right, neighbours together.
    pub(super) fn touched(&self) -> impl Iterator<Item = (Range<usize>, Vec<Range<usize>>)> {
        let rows = self.touched.chunks(self.columns).enumerate();
        rows.filter_map(|(row, tiles)| {
            let runs = tiles.iter().enumerate().filter(|(_, touched)| **touched).map(|(column, _)| column);
            let mut spans: Vec<Range<usize>> = Vec::new();
            for column in runs {
                let pixels = column * WIDTH..((column + 1) * WIDTH).min(self.width);
                match spans.last_mut() {
                    Some(last) if last.end == pixels.start => last.end = pixels.end,
                    _ => spans.push(pixels),
                }
            }
            let pixels = row * HEIGHT..((row + 1) * HEIGHT).min(self.height);
            (!spans.is_empty()).then_some((pixels, spans))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_row(tiles: &Tiles, y: usize) -> Vec<Range<usize>> {
        tiles.touched().find(|(rows, _)| rows.contains(&y)).map_or_else(Vec::new, |(_, columns)| columns)
    }

    #[test]
    fn a_line_touches_the_tiles_along_it() {
        let mut tiles = Tiles::new((160, 160));
        tiles.touch_line((0.0, 0.0), (159.0, 159.0), 1.0);
        for y in 0..160 {
            let touched = in_row(&tiles, y);
            assert!(touched.iter().any(|columns| columns.contains(&y)), "{y}: {touched:?}");
            assert!(
                touched.iter().map(ExactSizeIterator::len).sum::<usize>() <= 4 * WIDTH,
                "{y}: {touched:?}"
            );
        }
        tiles.clear();
        tiles.touch_line((-1e9, 20.0), (1e9, 20.0), 1.0);
        assert_eq!(in_row(&tiles, 20), vec![0..160; 1]);
        assert!(in_row(&tiles, 40).is_empty());
    }

    #[test]
    fn tiles_hold_what_was_touched() {
        let mut tiles = Tiles::new((40, 20));
        tiles.touch_pixels(39..40, 19..20);
        tiles.touch(Area { left: 10.0, top: -5.0, right: 16.5, bottom: 8.0 });
        tiles.touch(Area { left: -9.0, top: 0.0, right: -2.0, bottom: 8.0 });
        tiles.touch(Area { left: 90.0, top: 90.0, right: 99.0, bottom: 99.0 });
        assert_eq!(in_row(&tiles, 0), vec![0..32; 1]);
        assert_eq!(in_row(&tiles, 8), vec![0..32; 1]);
        assert_eq!(in_row(&tiles, 19), vec![32..40; 1]);
        assert_eq!(tiles.touched().last().unwrap().0, 16..20);
        assert_eq!(tiles.or(&Tiles::new((40, 20))), tiles);
        tiles.clear();
        assert_eq!(tiles, Tiles::new((40, 20)));
    }
}
