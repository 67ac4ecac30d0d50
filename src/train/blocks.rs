//! Columns of numbers, in the order in which training computes them.

use std::ops::{Deref, DerefMut};

use crate::lanes::WIDTH;

/// One number of a column for each of [`WIDTH`] data points.
pub(super) type Block = [f64; WIDTH];

/// Columns of a number for each data point, as blocks: the first of every column, then the second of every column, and so on.
/// What the last blocks have beyond the data is computed with the rest, and means nothing.
///
/// Each block fills one line of the cache, since reading from two at once takes twice as long.
#[derive(Debug)]
pub(super) struct Blocks {
    numbers: Vec<f64>,
    start: usize,
    columns: usize,
}

/// How many numbers a line of the cache holds: 64 bytes.
const LINE: usize = 64 / size_of::<f64>();

impl Blocks {
    /// Columns of zeros for so many points.
    pub(super) fn zeros(columns: usize, points: usize) -> Self {
        let numbers = vec![0.0; columns * points.next_multiple_of(WIDTH) + LINE - 1];
        // Where no start can be told, any will do: it is a matter of speed alone.
        let start = numbers.as_ptr().align_offset(64).min(LINE - 1);
        Self { numbers, start, columns }
    }

    /// One column, which its last number fills up.
    pub(super) fn of(column: &[f64]) -> Self {
        let mut blocks = Self::zeros(1, column.len());
        blocks.fill_with(column.iter().copied());
        blocks
    }

    /// Gives one column other numbers, of which the last fills it up.
    pub(super) fn fill_with(&mut self, column: impl Iterator<Item = f64>) {
        let mut last = 0.0;
        let mut places = self.as_flattened_mut().iter_mut();
        for (number, place) in column.zip(&mut places) {
            *place = number;
            last = number;
        }
        places.for_each(|place| *place = last);
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The numbers of one column, and what its last block has beyond them.
    pub(super) fn column(&self, at: usize) -> impl Iterator<Item = f64> {
        self.iter().skip(at).step_by(self.columns).flatten().copied()
    }
}

impl Deref for Blocks {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        self.numbers[self.start..].as_chunks().0
    }
}

impl DerefMut for Blocks {
    fn deref_mut(&mut self) -> &mut [Block] {
        self.numbers[self.start..].as_chunks_mut().0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Columns of numbers of no pattern, and what they are, column by column.
    pub(in crate::train) fn columns(count: usize, points: usize) -> (Blocks, Vec<Vec<f64>>) {
        let number = |at: usize, point: usize| 1.0 / ((at * points + point) as f64 + 0.7) - 0.01;
        let expected: Vec<Vec<f64>> =
            (0..count).map(|at| (0..points).map(|point| number(at, point)).collect()).collect();
        let mut blocks = Blocks::zeros(count, points);
        for at in 0..blocks.len() {
            for part in 0..WIDTH {
                let point = at / count * WIDTH + part;
                blocks[at][part] = if point < points { expected[at % count][point] } else { 0.0 };
            }
        }
        (blocks, expected)
    }
}
