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
    columns: usize,
    touched: Vec<bool>,
}

impl Tiles {
    /// Of a picture of this size; none is touched.
    pub(super) fn new((width, height): (u32, u32)) -> Self {
        let (width, height) = (width as usize, height as usize);
        let columns = width.div_ceil(WIDTH);
        Self { width, columns, touched: vec![false; columns * height.div_ceil(HEIGHT)] }
    }

    /// A pixel of the picture has been drawn on.
    pub(super) fn touch_pixel(&mut self, x: usize, y: usize) {
        self.touched[y / HEIGHT * self.columns + x / WIDTH] = true;
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

    /// The columns of pixels that are touched in a row of pixels, from left to right.
    pub(super) fn touched_in(&self, y: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
        let row = y / HEIGHT * self.columns;
        let tiles = self.touched[row..][..self.columns].iter().enumerate();
        let width = self.width;
        tiles.filter(|(_, touched)| **touched).map(move |(column, _)| {
            let from = column * WIDTH;
            from..(from + WIDTH).min(width)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_hold_what_was_touched() {
        let mut tiles = Tiles::new((40, 20));
        tiles.touch_pixel(39, 19);
        tiles.touch(Area { left: 10.0, top: -5.0, right: 16.5, bottom: 8.0 });
        tiles.touch(Area { left: -9.0, top: 0.0, right: -2.0, bottom: 8.0 });
        tiles.touch(Area { left: 90.0, top: 90.0, right: 99.0, bottom: 99.0 });
        let in_row = |y| tiles.touched_in(y).collect::<Vec<_>>();
        assert_eq!(in_row(0), [0..16, 16..32]);
        assert_eq!(in_row(8), [0..16, 16..32]);
        assert_eq!(in_row(16).first(), Some(&(32..40)));
        assert_eq!(in_row(16).len(), 1);
        assert_eq!(tiles.or(&Tiles::new((40, 20))), tiles);
        tiles.clear();
        assert_eq!(tiles, Tiles::new((40, 20)));
    }
}
