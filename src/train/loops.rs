//! The loops over data points that training spends its time in.
//!
//! What is computed for one point does not depend on others, and sums over points are kept in parts ([`lanes`]), so that neither
//! the processor nor the size of the tiles changes a bit.

#![expect(
    clippy::needless_range_loop,
    reason = "what iterators call is not always inlined, and then compiled for the least processor"
)]

use crate::lanes::{self, Loop, Pack, WIDTH};

/// z = w x + b.
pub(super) fn line(x: &[f64], w: f64, b: f64, z: &mut [f64]) {
    struct Line<'c>(&'c [f64], f64, f64, &'c mut [f64]);
    impl Loop for Line<'_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let Self(x, w, b, z) = self;
            z.iter_mut().zip(x).for_each(|(z, x)| *z = w * x + b);
        }
    }
    lanes::run(Line(x, w, b, z));
}

/// The columns that the loss of a single neuron is summed up from, of one length.
pub(super) struct Neuron<'c> {
    pub(super) x: &'c [f64],
    pub(super) y: &'c [f64],
    /// φ(z) and φ′(z).
    pub(super) h: &'c [f64],
    pub(super) slope: &'c [f64],
    pub(super) v: f64,
    pub(super) c: f64,
}

impl Neuron<'_> {
    /// With the residual r = v h + c − y, the sums of r v φ′ x, r v φ′, r h, r and r².
    pub(super) fn sums(self) -> [f64; 5] {
        lanes::run(self)
    }

    #[inline(always)]
    fn terms(&self, [x, y, h, slope]: [Pack; 4]) -> [Pack; 5] {
        let (v, c) = (Pack::all(self.v), Pack::all(self.c));
        let residual = v * h + c - y;
        let by_z = residual * v * slope;
        [by_z * x, by_z, residual * h, residual, residual * residual]
    }
}

impl Loop for Neuron<'_> {
    type Output = [f64; 5];

    #[inline(always)]
    fn run(self) -> [f64; 5] {
        let (x, x_rest) = lanes::blocks(self.x);
        let (y, y_rest) = lanes::blocks(self.y);
        let (h, h_rest) = lanes::blocks(self.h);
        let (slope, slope_rest) = lanes::blocks(self.slope);
        let mut sums = [Pack::ZERO; 5];
        for (((x, y), h), slope) in x.iter().zip(y).zip(h).zip(slope) {
            let terms = self.terms([Pack::of(x), Pack::of(y), Pack::of(h), Pack::of(slope)]);
            for at in 0..5 {
                sums[at] = sums[at] + terms[at];
            }
        }
        let rest = [x_rest, y_rest, h_rest, slope_rest];
        let mut packs = [Pack::ZERO; 4];
        for at in 0..4 {
            packs[at] = Pack::of_rest(rest[at]);
        }
        let terms = self.terms(packs);
        let mut totals = [0.0; 5];
        for at in 0..5 {
            totals[at] = (sums[at] + terms[at].first(x_rest.len())).total();
        }
        totals
    }
}

/// The sum of each column, of `points` each.
pub(super) fn sums(columns: &[f64], points: usize, out: &mut [f64]) {
    struct Sums<'c>(&'c [f64], usize, &'c mut [f64]);
    impl Loop for Sums<'_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let Self(columns, points, out) = self;
            for at in 0..out.len() {
                out[at] = lanes::sum(&columns[at * points..][..points]);
            }
        }
    }
    lanes::run(Sums(columns, points, out));
}

/// The sums of the products of every column of `a` with every column of `b`, columns of `points` each: that of `a`'s column i and
/// `b`'s column j is left in `out[i * columns of b + j]`.
pub(super) fn all_products(a: &[f64], b: &[f64], points: usize, out: &mut [f64]) {
    lanes::run(AllProducts { a, b, points, out });
}

struct AllProducts<'c> {
    a: &'c [f64],
    b: &'c [f64],
    points: usize,
    out: &'c mut [f64],
}

impl AllProducts<'_> {
    #[inline(always)]
    fn tile<const A: usize, const B: usize>(&mut self, i: usize, j: usize) {
        let (points, columns) = (self.points, self.b.len() / self.points);
        let (mut a, mut b): ([&[f64]; A], [&[f64]; B]) = ([&[]; A], [&[]; B]);
        for at in 0..A {
            a[at] = &self.a[(i + at) * points..][..points];
        }
        for at in 0..B {
            b[at] = &self.b[(j + at) * points..][..points];
        }
        let sums = lanes::products(a, b);
        for at in 0..A {
            self.out[(i + at) * columns + j..][..B].copy_from_slice(&sums[at]);
        }
    }
}

impl Loop for AllProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let (rows, columns) = (self.a.len() / self.points, self.b.len() / self.points);
        let (even_rows, even_columns) = (rows - rows % 2, columns - columns % 4);
        for group in (0..even_rows).step_by(GROUP) {
            let group = (group..even_rows.min(group + GROUP)).step_by(2);
            for j in (0..even_columns).step_by(4) {
                for i in group.clone() {
                    self.tile::<2, 4>(i, j);
                }
            }
            for j in even_columns..columns {
                for i in group.clone() {
                    self.tile::<2, 1>(i, j);
                }
            }
        }
        for i in even_rows..rows {
            for j in (0..even_columns).step_by(4) {
                self.tile::<1, 4>(i, j);
            }
            for j in even_columns..columns {
                self.tile::<1, 1>(i, j);
            }
        }
    }
}

/// So many columns of `a` stay in the nearest cache while all of `b` go by.
const GROUP: usize = 8;

/// Weighted sums of columns: output o is its bias and the sum over inputs i, in their order, of weight(i, o) times column i.
pub(super) struct Layer<'c> {
    /// Columns of `points` each.
    pub(super) inputs: &'c [f64],
    pub(super) points: usize,
    pub(super) weights: &'c [f64],
    /// Weight (i, o) is `weights[i * by_input + o * by_output]`.
    pub(super) by_input: usize,
    pub(super) by_output: usize,
    /// One for each output; none stand for zeros.
    pub(super) biases: &'c [f64],
    /// Columns of `points` each.
    pub(super) outputs: &'c mut [f64],
}

impl Layer<'_> {
    pub(super) fn compute(self) {
        lanes::run(self);
    }

    /// `OUTPUTS` outputs from the o-th on at `PACKS` times [`WIDTH`] points from `from` on.
    #[inline(always)]
    fn tile<const OUTPUTS: usize, const PACKS: usize>(&mut self, o: usize, from: usize) {
        let mut sums = [[Pack::ZERO; PACKS]; OUTPUTS];
        for at in 0..OUTPUTS {
            if let Some(bias) = self.biases.get(o + at) {
                sums[at] = [Pack::all(*bias); PACKS];
            }
        }
        for (i, column) in self.inputs.chunks_exact(self.points).enumerate() {
            let blocks = lanes::blocks(&column[from..]).0;
            let Some(blocks) = blocks.first_chunk::<PACKS>() else { return };
            let mut inputs = [Pack::ZERO; PACKS];
            for pack in 0..PACKS {
                inputs[pack] = Pack::of(&blocks[pack]);
            }
            for at in 0..OUTPUTS {
                let weight = Pack::all(self.weights[i * self.by_input + (o + at) * self.by_output]);
                for pack in 0..PACKS {
                    sums[at][pack] = sums[at][pack] + weight * inputs[pack];
                }
            }
        }
        for at in 0..OUTPUTS {
            for pack in 0..PACKS {
                self.outputs[(o + at) * self.points + from + pack * WIDTH..][..WIDTH]
                    .copy_from_slice(&sums[at][pack].numbers());
            }
        }
    }

    /// All outputs at `PACKS` times [`WIDTH`] points from `from` on.
    #[inline(always)]
    fn row<const PACKS: usize>(&mut self, from: usize) {
        let outputs = self.outputs.len() / self.points;
        let even = outputs - outputs % 4;
        for o in (0..even).step_by(4) {
            self.tile::<4, PACKS>(o, from);
        }
        for o in even..outputs {
            self.tile::<1, PACKS>(o, from);
        }
    }

    /// All outputs, at so many times [`WIDTH`] points at once as fit the registers.
    #[inline(always)]
    fn rows<const PACKS: usize>(mut self) {
        let (outputs, blocks) = (self.outputs.len() / self.points, self.points / WIDTH);
        let together = blocks - blocks % PACKS;
        for block in (0..together).step_by(PACKS) {
            self.row::<PACKS>(block * WIDTH);
        }
        for block in together..blocks {
            self.row::<1>(block * WIDTH);
        }
        for o in 0..outputs {
            for at in blocks * WIDTH..self.points {
                self.single(o, at);
            }
        }
    }

    /// The o-th output at one point.
    #[inline(always)]
    fn single(&mut self, o: usize, at: usize) {
        let mut sum = self.biases.get(o).copied().unwrap_or(0.0);
        for (i, column) in self.inputs.chunks_exact(self.points).enumerate() {
            sum += self.weights[i * self.by_input + o * self.by_output] * column[at];
        }
        self.outputs[o * self.points + at] = sum;
    }
}

impl Loop for Layer<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.rows::<1>();
    }

    #[inline(always)]
    fn run_wide(self) {
        self.rows::<5>();
    }
}

/// a ← a b.
pub(super) fn multiply(a: &mut [f64], b: &[f64]) {
    struct Multiply<'c>(&'c mut [f64], &'c [f64]);
    impl Loop for Multiply<'_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            self.0.iter_mut().zip(self.1).for_each(|(a, b)| *a *= b);
        }
    }
    lanes::run(Multiply(a, b));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_tiles_change_no_bit() {
        for (fan_in, fan_out, points) in [(1, 1, 3), (1, 4, 40), (3, 5, 100), (4, 6, 57)] {
            let numbers = |count: usize| (0..count).map(|at| 1.0 / (at as f64 + 0.7)).collect::<Vec<f64>>();
            let (inputs, weights, biases) =
                (numbers(fan_in * points), numbers(fan_in * fan_out), numbers(fan_out));
            let [mut narrow, mut wide] = [vec![0.0; fan_out * points], vec![0.0; fan_out * points]];
            let layer = |outputs| Layer {
                inputs: &inputs,
                points,
                weights: &weights,
                by_input: fan_out,
                by_output: 1,
                biases: &biases,
                outputs,
            };
            layer(&mut narrow).run();
            layer(&mut wide).run_wide();
            assert_eq!(narrow, wide);
            let expected =
                biases[0] + (0..fan_in).map(|i| weights[i * fan_out] * inputs[i * points + 1]).sum::<f64>();
            assert!((narrow[1] - expected).abs() < 1e-14);
        }
    }
}
