//! The best fit of an activation that is straight in pieces, with kinks and jumps: cell by cell.
//!
//! Which input lies on which piece of φ divides the (w, b) plane into convex cells, about n² of them where the ends of two pieces
//! cross n inputs. For w > 0 the inputs on a piece follow one another, and a cell is bounded by what w x + b is at the first and
//! the last of them; for w < 0 the same holds with −x and −w. In a cell h is affine in (w, b), and v h + c with v > 0 is a cone:
//! the multiples, with factors λ ≥ 0 that add up to v, of what h is at the corners. With v < 0 it is its mirror image.
//!
//! # The bound of a cell
//!
//! Let ρ be a vector of length 1 without a mean, and g the greatest product of ρ with one of the corners' columns. Then every
//! h in the cone leaves |y − v h − c| ≥ ρ·(y − v h − c) ≥ ρ·y − [`MAX_OUTPUT`] max(g, 0): whichever ρ that is. The residual of the
//! best fit is one with g = 0, so that the bound is then what is attained. The best fit is that of v w, v b and v without
//! constraint, if it lies in the cone, and otherwise on its surface: between two neighbouring corners, or at one of them. The
//! residual of the former serves as a first bound, by which most cells are done with.
//!
//! All products are taken in few dimensions: on each piece, a column is a line in x, whose coordinates along the constant and along
//! the line through the piece's mean are its value there and its slope. What y has beside them is left of it in any case. Means,
//! squares and products of each run of inputs grow input by input (Welford, 1962), so that squares are sums of positive terms.
//!
//! # Rounding
//!
//! Rounding keeps order: what a model computes for inputs in rising order rises too, and so the computed arguments fall on pieces
//! as those of some cell do. They are off by less than the slack by which all constraints are let out here. A corner is where two
//! constraints meet up to some units in the last place along the edge that is cut, and so much aside; the slack is far more than
//! that for the few cuts a cell takes, so that the corners' hull holds the cell. (A point with a ball of some radius in the exact
//! polygon is in the hull of corners that are off by no more: a line between it and all of them would have the polygon's
//! farthest corner on its other side.) What h is computed with beside that is noise, as in [`super::bound`].

use super::MAX_OUTPUT;
use super::data::Data;
use super::pieces::{MAX_PIECES, Piece};
use super::polygon::{Point, cut, holds, middle};
use super::search::Region;

/// With more different inputs, or cells, others are faster.
const MAX_INPUTS: usize = 512;
const MAX_CELLS: usize = 250_000;
/// Two coordinates a piece.
const SIZE: usize = 2 * MAX_PIECES;
/// What is left of a column beside others is nothing, if it is less than this share of it.
const NOTHING: f64 = 1e-11;

/// What the search found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// No (w, b) of the box leaves less of y: the length.
    pub(super) length: f64,
    /// Where about that is left, if anything is.
    pub(super) near: [[f64; 2]; NUDGES.len()],
}

/// The best fit can lie on the edge of a cell, where φ has jumped already: these shares of the way to its middle are looked at.
const NUDGES: [f64; 6] = [0.0, 1e-12, 1e-10, 1e-8, 1e-5, 1.0];

type Column = [f64; SIZE];

fn dot(a: &Column, b: &Column) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn less(a: &Column, factor: f64, b: &Column) -> Column {
    std::array::from_fn(|at| a[at] - factor * b[at])
}

/// Inputs that follow one another: how many, their mean and that of y, and sums of squares and products about them.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Run {
    fn with(self, other: Self) -> Self {
        let count = self.count + other.count;
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        let (share, weight) = (other.count / count, self.count * other.count / count);
        Self {
            count,
            x: self.x + dx * share,
            y: self.y + dy * share,
            xx: self.xx + other.xx + dx * dx * weight,
            xy: self.xy + other.xy + dx * dy * weight,
            yy: self.yy + other.yy + dy * dy * weight,
        }
    }
}

/// A cell: where the inputs of each piece end, its corners in turn, and a bound of the square that is left of y.
#[derive(Debug)]
struct Cell {
    ends: [usize; MAX_PIECES],
    corners: Vec<Point>,
    square: f64,
}

/// One sign of w: the inputs in the order in which they fall on the pieces.
struct Half<'a> {
    data: &'a Data,
    pieces: &'a [Piece],
    /// w is this times the positive one that is spoken of here.
    sign: f64,
    /// Different inputs; `runs[i][k]` holds k + 1 of them from i on.
    x: Vec<f64>,
    runs: Vec<Vec<Run>>,
    slack: f64,
    cells: Vec<Cell>,
    /// Whether there are too many.
    is_full: bool,
}

/// The least that is left of y in a box, in which no |w x| + |b| is greater than the pieces' reach.
pub(super) fn least(data: &Data, pieces: &[Piece], region: Region, is_symmetric: bool) -> Option<Found> {
    let mut halves = Vec::new();
    for sign in [1.0, -1.0] {
        let (low, high) =
            if sign > 0.0 { (region[0].low, region[0].high) } else { (-region[0].high, -region[0].low) };
        if high < 0.0 || (sign < 0.0 && is_symmetric) {
            continue;
        }
        let mut half = Half::new(data, pieces, sign)?;
        half.divide((low.max(0.0), high), (region[1].low, region[1].high));
        if half.is_full {
            return None;
        }
        halves.push(half);
    }
    let mut order: Vec<(f64, usize, usize)> = halves
        .iter()
        .enumerate()
        .flat_map(|(at, half)| {
            half.cells.iter().enumerate().map(move |(cell, Cell { square, .. })| (*square, at, cell))
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    // The least bound so far; the least of the fits, and where that is.
    let (mut lower, mut upper, mut best) = (data.square, f64::INFINITY, None);
    for (square, half, cell) in order {
        if square >= upper {
            lower = lower.min(square);
            break;
        }
        let half = &halves[half];
        let fit = half.fit(&half.cells[cell]);
        lower = lower.min(fit.bound.max(square));
        if fit.square < upper {
            upper = fit.square;
            best = Some((half.sign, fit.at, middle(&half.cells[cell].corners)));
        }
    }
    let (sign, at, middle) = best?;
    let near = NUDGES.map(|share| {
        let part = |axis: usize| at[axis] + share * (middle[axis] - at[axis]);
        [(sign * part(0)).clamp(region[0].low, region[0].high), part(1).clamp(region[1].low, region[1].high)]
    });
    // Sums over the data are off by their share of the lengths.
    let length = (lower.sqrt() - 16.0 * data.rounding * data.square.sqrt()).max(0.0);
    Some(Found { length, near })
}

/// The best fit in a cell.
struct Fit {
    /// No fit leaves less than this square.
    bound: f64,
    /// This one leaves about this.
    square: f64,
    at: Point,
}

impl<'a> Half<'a> {
    fn new(data: &'a Data, pieces: &'a [Piece], sign: f64) -> Option<Self> {
        let count = data.x.len();
        let order: Vec<usize> = if sign > 0.0 { (0..count).collect() } else { (0..count).rev().collect() };
        let (mut x, mut singles): (Vec<f64>, Vec<Run>) = (Vec::new(), Vec::new());
        for at in order {
            let single =
                Run { count: 1.0, x: sign * data.offsets[at], y: data.centered[at], ..Run::default() };
            match singles.last_mut().filter(|last| last.x == single.x) {
                Some(last) => *last = last.with(single),
                None => {
                    x.push(sign * data.x[at]);
                    singles.push(single);
                }
            }
        }
        if x.len() > MAX_INPUTS {
            return None;
        }
        // Sums of the inputs before each, with what was rounded off, since what is off of a mean w and v multiply.
        let mut sums = vec![(0.0, 0.0)];
        for single in &singles {
            let (sum, rest): (f64, f64) = sums[sums.len() - 1];
            let term = single.count * single.x;
            let next = sum + term;
            let own = next - sum;
            sums.push((next, rest + ((sum - (next - own)) + (term - own))));
        }
        let from = |start: usize| {
            let mut run = Run::default();
            let runs = singles[start..].iter().enumerate().map(|(at, single)| {
                run = if at == 0 { *single } else { run.with(*single) };
                let (before, after) = (sums[start], sums[start + at + 1]);
                Run { x: ((after.0 - before.0) + (after.1 - before.1)) / run.count, ..run }
            });
            runs.collect()
        };
        let runs = (0..singles.len()).map(from).collect();
        Some(Self { data, pieces, sign, x, runs, slack: 0.0, cells: Vec::new(), is_full: false })
    }

    /// Finds the cells of a box.
    fn divide(&mut self, w: (f64, f64), b: (f64, f64)) {
        let size = w.1 + b.0.abs().max(b.1.abs());
        let farthest = self.pieces[1..].iter().map(|piece| piece.low.abs()).fold(0.0, f64::max);
        let room = 64.0 * f64::EPSILON * size;
        self.slack = room * (1.0 + self.data.reach) + 64.0 * f64::EPSILON * farthest;
        let (w, b) = ((w.0 - room, w.1 + room), (b.0 - room, b.1 + room));
        let corners = vec![[w.0, b.0], [w.1, b.0], [w.1, b.1], [w.0, b.1]];
        self.split(0, [0; MAX_PIECES], corners);
    }

    /// Divides a polygon by where each piece from this one on ends.
    fn split(&mut self, piece: usize, mut ends: [usize; MAX_PIECES], corners: Vec<Point>) {
        if corners.is_empty() || self.is_full {
            return;
        }
        if piece + 1 == self.pieces.len() {
            ends[piece] = self.x.len();
            let mut cell = Cell { ends, corners, square: 0.0 };
            cell.square = self.rough(&cell);
            self.cells.push(cell);
            self.is_full = self.cells.len() > MAX_CELLS;
            return;
        }
        let from = if piece > 0 { ends[piece - 1] } else { 0 };
        let (high, low) = (self.pieces[piece].high, self.pieces[piece + 1].low);
        let argument = |x: f64, corner: &Point| corner[0] * x + corner[1];
        let greatest =
            |x: f64| corners.iter().map(|corner| argument(x, corner)).fold(f64::NEG_INFINITY, f64::max);
        let least = |x: f64| corners.iter().map(|corner| argument(x, corner)).fold(f64::INFINITY, f64::min);
        // Where w is a little below 0 the order is a little wrong.
        let room = 8.0 * self.slack;
        let first = self.x.partition_point(|x| greatest(*x) < low - room).max(from);
        let last = self.x.partition_point(|x| least(*x) <= high + room).max(from);
        for end in first..=last {
            ends[piece] = end;
            let mut part = corners.clone();
            if end > from {
                part = cut(&part, [-self.x[end - 1], -1.0], high + self.slack);
            }
            if end < self.x.len() {
                part = cut(&part, [self.x[end], 1.0], self.slack - low);
            }
            self.split(piece + 1, ends, part);
        }
    }

    /// The pieces that have inputs in a cell, with those.
    fn parts(&self, cell: &Cell) -> impl Iterator<Item = (Piece, Run)> {
        let mut from = 0;
        let ends = cell.ends;
        self.pieces.iter().enumerate().filter_map(move |(at, piece)| {
            let (start, end) = (from, ends[at]);
            from = end;
            (end > start).then(|| (*piece, self.runs[start][end - start - 1]))
        })
    }

    /// The coordinates of a column that is (w x + b) times the slope and so many levels of a piece; without a mean.
    fn column(&self, cell: &Cell, [w, b]: Point, levels: f64) -> Column {
        let middle = self.sign * (self.data.x[0] - self.data.offsets[0]);
        let mut column = [0.0; SIZE];
        let mut total = 0.0;
        for (at, (piece, run)) in self.parts(cell).enumerate() {
            let level = piece.slope * (w * (run.x + middle) + b) + levels * piece.level;
            total += run.count * level;
            column[2 * at] = level;
            column[2 * at + 1] = run.xx.sqrt() * piece.slope * w;
        }
        self.center(cell, &mut column, total);
        column
    }

    fn center(&self, cell: &Cell, column: &mut Column, total: f64) {
        let mean = total / self.data.count();
        for (at, (_, run)) in self.parts(cell).enumerate() {
            column[2 * at] = run.count.sqrt() * (column[2 * at] - mean);
        }
    }

    /// The coordinates of y, and the square of what is left beside them.
    fn values(&self, cell: &Cell) -> (Column, f64) {
        let mut column = [0.0; SIZE];
        let (mut total, mut rest) = (0.0, 0.0);
        for (at, (_, run)) in self.parts(cell).enumerate() {
            column[2 * at] = run.y;
            total += run.count * run.y;
            let along = if run.xx > 0.0 { run.xy / run.xx.sqrt() } else { 0.0 };
            column[2 * at + 1] = along;
            rest += (run.yy - along * along).max(0.0);
        }
        self.center(cell, &mut column, total);
        (column, rest)
    }

    /// The bound by a residual: it need not have the length 1.
    fn bound(&self, columns: &[Column], y: &Column, rest: f64, residual: &Column, signs: &[f64]) -> f64 {
        let length = dot(residual, residual).sqrt();
        if length == 0.0 {
            return rest;
        }
        let greatest = |column: &Column| {
            let product = dot(residual, column);
            signs.iter().map(|sign| sign * product).fold(0.0, f64::max)
        };
        let excess = columns.iter().map(greatest).fold(0.0, f64::max);
        let left = ((dot(residual, y) - MAX_OUTPUT * excess) / length).max(0.0);
        rest + left * left
    }

    /// The best fit without constraints: what it leaves of y, and where it is, if that is one place with a v that is allowed.
    fn unconstrained(&self, cell: &Cell, y: &Column) -> (Column, Option<Point>) {
        let columns = [
            self.column(cell, [1.0, 0.0], 0.0),
            self.column(cell, [0.0, 1.0], 0.0),
            self.column(cell, [0.0, 0.0], 1.0),
        ];
        let mut residual = *y;
        let (mut basis, mut factors) = ([[0.0; SIZE]; 3], [[0.0; 3]; 3]);
        let mut along = [0.0; 3];
        let mut is_full = true;
        for at in 0..3 {
            let mut rest = columns[at];
            let size = dot(&rest, &rest).sqrt();
            // Twice, since the first time leaves rounding of the whole.
            for _ in 0..2 {
                for before in 0..at {
                    let factor = dot(&rest, &basis[before]);
                    rest = less(&rest, factor, &basis[before]);
                    factors[at][before] += factor;
                }
            }
            let length = dot(&rest, &rest).sqrt();
            if length > NOTHING * size {
                basis[at] = rest.map(|value| value / length);
                factors[at][at] = length;
                along[at] = dot(&residual, &basis[at]);
                residual = less(&residual, along[at], &basis[at]);
            } else {
                is_full = false;
            }
        }
        let v = along[2] / factors[2][2];
        let place = (is_full && v.abs() <= MAX_OUTPUT).then(|| {
            let vb = (along[1] - v * factors[2][1]) / factors[1][1];
            let vw = (along[0] - v * factors[2][0] - vb * factors[1][0]) / factors[0][0];
            [vw / v, vb / v]
        });
        (residual, place)
    }

    fn corners(&self, cell: &Cell) -> Vec<Column> {
        cell.corners.iter().map(|corner| self.column(cell, *corner, 1.0)).collect()
    }

    /// A bound from the fit without constraints.
    fn rough(&self, cell: &Cell) -> f64 {
        let (y, rest) = self.values(cell);
        let (residual, _) = self.unconstrained(cell, &y);
        self.bound(&self.corners(cell), &y, rest, &residual, &[1.0, -1.0])
    }

    fn fit(&self, cell: &Cell) -> Fit {
        let (y, rest) = self.values(cell);
        let (residual, place) = self.unconstrained(cell, &y);
        if let Some(at) = place.filter(|at| holds(&cell.corners, *at)) {
            return Fit { bound: cell.square, square: rest + dot(&residual, &residual), at };
        }
        let columns = self.corners(cell);
        let mut fit = Fit { bound: f64::INFINITY, square: f64::INFINITY, at: cell.corners[0] };
        for sign in [1.0, -1.0] {
            let (residual, at) = surface(&cell.corners, &columns, &y, sign);
            fit.bound = fit.bound.min(self.bound(&columns, &y, rest, &residual, &[sign]));
            let square = rest + dot(&residual, &residual);
            if square < fit.square {
                (fit.square, fit.at) = (square, at);
            }
        }
        fit
    }
}

/// What the best fit by multiples (of this sign) of one corner's column, or two neighbours', leaves of y, and where that is.
fn surface(corners: &[Point], columns: &[Column], y: &Column, sign: f64) -> (Column, Point) {
    let mut best = (dot(y, y), *y, corners[0]);
    let size = dot(y, y).sqrt();
    let mut look = |residual: Column, at: Point| {
        let square = dot(&residual, &residual);
        if square < best.0 {
            best = (square, residual, at);
        }
    };
    for (index, first) in columns.iter().enumerate() {
        let square = dot(first, first);
        // One that explains nothing even with the largest v.
        if MAX_OUTPUT * square.sqrt() <= 0.05 * size {
            continue;
        }
        let along = dot(first, y) / square;
        if sign * along > 0.0 && along.abs() <= MAX_OUTPUT {
            look(less(y, along, first), corners[index]);
        }
        let next = (index + 1) % columns.len();
        let second = &columns[next];
        let shared = dot(first, second) / square;
        let apart = less(second, shared, first);
        let apart = less(&apart, dot(first, &apart) / square, first);
        let length = dot(&apart, &apart);
        if length.sqrt() <= NOTHING * dot(second, second).sqrt() {
            continue;
        }
        let by_second = dot(&apart, y) / length;
        let by_first = along - by_second * shared;
        let is_within = sign * by_second > 0.0 && sign * by_first > 0.0;
        if is_within && (by_first + by_second).abs() <= MAX_OUTPUT {
            let share = by_second / (by_first + by_second);
            let at = std::array::from_fn(|axis| {
                corners[index][axis] + share * (corners[next][axis] - corners[index][axis])
            });
            look(less(&less(y, along, first), by_second, &apart), at);
        }
    }
    (best.1, best.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attain::pieces::pieces;
    use crate::attain::profile;
    use crate::function::{Function, Interval};

    /// What is found in the default box.
    fn search(text: &str, y: impl Fn(f64) -> f64, count: u32) -> (f64, f64) {
        let function = Function::parse(text, &[]).unwrap();
        let x: Vec<f64> = (0..count).map(|at| 5.0 * f64::from(at) / f64::from(count - 1) - 2.5).collect();
        let y: Vec<f64> = x.iter().map(|x| y(*x)).collect();
        let data = Data::new(&x, &y);
        let pieces = pieces(&function, 28.5).unwrap();
        let found = least(&data, &pieces, [Interval::new(-8.0, 8.0); 2], false).unwrap();
        let mse = found
            .near
            .map(|at| profile::reached(&data, &function, at).mse)
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        (found.length * found.length / data.count(), mse)
    }

    /// The bound is attained.
    #[test]
    fn what_is_bounded_is_reached() {
        for text in [
            "step(x)",
            "if(x > 1, x, 0)",
            "if(abs(x) > 0.5, x, 0)",
            "clamp(x, -1, 1)",
            "relu(x) + step(x + 3)",
        ] {
            for (name, y) in [
                ("line", (|x| 1.2 * x) as fn(f64) -> f64),
                ("parabola", |x| 0.6 * x * x),
                ("cubic", |x| x * (1.5 + x * (-0.8 + 0.4 * x))),
                ("quartic", |x| 0.04 * x * x * x * x),
            ] {
                let (lower, upper) = search(text, y, 41);
                assert!(
                    upper - lower <= 1e-3 * upper + 1e-8 && lower <= upper,
                    "{text} on {name}: {lower} {upper}"
                );
            }
        }
    }
}
