//! Transposed matrices. Not inlined into loops for certain processors: of instructions that gather numbers from many places, which
//! compilers choose where there are any, none is as fast.

use super::blocks::Block;
use crate::lanes::WIDTH;

/// The transpose of a square.
#[inline(never)]
pub(super) fn square(rows: &[Block; WIDTH], transposed: &mut [Block; WIDTH]) {
    for at in (0..WIDTH).step_by(2) {
        let (one, other) = (rows[at], rows[at + 1]);
        for column in 0..WIDTH {
            transposed[column][at] = one[column];
            transposed[column][at + 1] = other[column];
        }
    }
}

/// The transpose of a matrix with so many columns, both row by row. It is left in `room`, which grows if it has to.
#[inline(never)]
pub(super) fn matrix<'r>(matrix: &[f64], columns: usize, room: &'r mut Vec<f64>) -> &'r [f64] {
    let rows = matrix.len() / columns;
    room.resize(room.len().max(matrix.len()), 0.0);
    let transposed = &mut room[..matrix.len()];
    let row = |at: usize| &matrix[at * columns..][..columns];
    // Some rows at once fill a line of each row of the transpose.
    let tiled = rows - rows % WIDTH;
    for first in (0..tiled).step_by(WIDTH) {
        let some: [&[f64]; WIDTH] = std::array::from_fn(|at| row(first + at));
        for column in 0..columns {
            for (place, row) in transposed[column * rows + first..].iter_mut().zip(some) {
                *place = row[column];
            }
        }
    }
    for at in tiled..rows {
        for column in 0..columns {
            transposed[column * rows + at] = row(at)[column];
        }
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a matrix, row by row, and those of its transpose.
    fn both(rows: usize, columns: usize) -> (Vec<f64>, Vec<f64>) {
        let number = |row: usize, column: usize| (100 * row + column) as f64;
        let of = |rows: usize, columns: usize, number: &dyn Fn(usize, usize) -> f64| {
            (0..rows * columns).map(|at| number(at / columns, at % columns)).collect()
        };
        (of(rows, columns, &number), of(columns, rows, &|column, row| number(row, column)))
    }

    #[test]
    fn rows_of_matrices_become_columns() {
        let mut room = vec![7.0; 3];
        for (rows, columns) in [(1, 1), (8, 8), (1, 9), (9, 1), (19, 11), (2, 3)] {
            let (numbers, expected) = both(rows, columns);
            assert_eq!(matrix(&numbers, columns, &mut room), expected);
        }
    }

    #[test]
    fn rows_of_squares_become_columns() {
        let (numbers, expected) = both(WIDTH, WIDTH);
        let mut transposed = [[0.0; WIDTH]; WIDTH];
        square(numbers.as_chunks().0.try_into().unwrap(), &mut transposed);
        assert_eq!(transposed.as_flattened(), expected);
    }
}
