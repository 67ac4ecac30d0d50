//! The loops over data points that training spends its time in.
//!
//! What is computed for one point does not depend on others, and sums over points are kept in parts ([`lanes`]), so that neither
//! the processor nor the size of the tiles changes a bit.

#![expect(
    clippy::needless_range_loop,
    reason = "what iterators call is not always inlined, and then compiled for the least processor"
)]

use super::blocks::Block;
use crate::lanes::{self, Loop, Packs, WIDTH};

/// z = w x + b.
pub(super) fn line(x: &[f64], w: f64, b: f64, z: &mut [f64]) {
    struct Line<'c>(&'c [f64], f64, f64, &'c mut [f64]);
    impl Loop for Line<'_> {
        type Output = ();

        #[inline(always)]
        fn run<P: Packs>(self, _: P) {
            let Self(x, w, b, z) = self;
            z.iter_mut().zip(x).for_each(|(z, x)| *z = w * x + b);
        }
    }
    lanes::run(Line(x, w, b, z));
}

/// What the loss of a single neuron is summed up from: single columns of so many points.
pub(super) struct Neuron<'c> {
    pub(super) points: usize,
    pub(super) x: &'c [Block],
    pub(super) y: &'c [Block],
    /// φ(z) and φ′(z).
    pub(super) h: &'c [Block],
    pub(super) slope: &'c [Block],
    pub(super) v: f64,
    pub(super) c: f64,
}

impl Neuron<'_> {
    /// With the residual r = v h + c − y, the sums of r v φ′ x, r v φ′, r h, r and r².
    pub(super) fn sums(self) -> [f64; 5] {
        lanes::run(self)
    }

    #[inline(always)]
    fn terms<P: Packs>(&self, packs: P, block: usize) -> [P::Pack; 5] {
        let (x, y) = (packs.of(&self.x[block]), packs.of(&self.y[block]));
        let (h, slope) = (packs.of(&self.h[block]), packs.of(&self.slope[block]));
        let (v, c) = (packs.all(self.v), packs.all(self.c));
        let residual = packs.subtract(packs.add(packs.multiply(v, h), c), y);
        let by_z = packs.multiply(packs.multiply(residual, v), slope);
        let squared = packs.multiply(residual, residual);
        [packs.multiply(by_z, x), by_z, packs.multiply(residual, h), residual, squared]
    }
}

impl Loop for Neuron<'_> {
    type Output = [f64; 5];

    #[inline(always)]
    fn run<P: Packs>(mut self, packs: P) -> [f64; 5] {
        let (whole, rest) = (self.points / WIDTH, self.points % WIDTH);
        let count = self.points.div_ceil(WIDTH);
        (self.x, self.y) = (&self.x[..count], &self.y[..count]);
        (self.h, self.slope) = (&self.h[..count], &self.slope[..count]);
        let mut sums = [packs.all(0.0); 5];
        for block in 0..whole {
            let terms = self.terms(packs, block);
            for at in 0..5 {
                sums[at] = packs.add(sums[at], terms[at]);
            }
        }
        if rest > 0 {
            let terms = self.terms(packs, whole);
            for at in 0..5 {
                sums[at] = packs.add(sums[at], packs.first(terms[at], rest));
            }
        }
        let mut totals = [0.0; 5];
        for at in 0..5 {
            totals[at] = packs.total(sums[at]);
        }
        totals
    }
}

/// The residuals ŷ − y of a model at so many points: leaves `factor` times each in `delta`, zeros beyond the last, and returns the
/// sum of their squares. All are single columns.
pub(super) struct Residuals<'c> {
    pub(super) prediction: &'c [Block],
    pub(super) y: &'c [Block],
    pub(super) points: usize,
    pub(super) factor: f64,
    pub(super) delta: &'c mut [Block],
}

impl Residuals<'_> {
    pub(super) fn compute(self) -> f64 {
        lanes::run(self)
    }
}

impl Loop for Residuals<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<P: Packs>(self, packs: P) -> f64 {
        let factor = packs.all(self.factor);
        let mut squares = packs.all(0.0);
        let mut rest = self.points;
        for ((prediction, y), delta) in self.prediction.iter().zip(self.y).zip(self.delta) {
            let mut residual = packs.subtract(packs.of(prediction), packs.of(y));
            if rest < WIDTH {
                residual = packs.first(residual, rest);
            }
            rest = rest.saturating_sub(WIDTH);
            squares = packs.add(squares, packs.multiply(residual, residual));
            *delta = packs.numbers(packs.multiply(factor, residual));
        }
        packs.total(squares)
    }
}

/// Weighted sums of columns: output o is its bias and the sum over inputs i, in their order, of weight(i, o) times column i.
pub(super) struct Layer<'c> {
    pub(super) inputs: &'c [Block],
    pub(super) fan_in: usize,
    /// Weight (i, o) is `weights[i * fan_out + o]`.
    pub(super) weights: &'c [f64],
    /// One for each output; none stand for zeros.
    pub(super) biases: &'c [f64],
    /// Whether the sums are multiplied by what `outputs` hold before.
    pub(super) scaled: bool,
    pub(super) outputs: &'c mut [Block],
    pub(super) fan_out: usize,
}

/// How many blocks of points the largest tile has.
pub(super) const TALL: usize = 3;

impl Layer<'_> {
    pub(super) fn compute(self) {
        match (self.weights, self.biases) {
            ([w], [b]) if !self.scaled => {
                line(self.inputs.as_flattened(), *w, *b, self.outputs.as_flattened_mut())
            }
            _ => lanes::run(self),
        }
    }

    /// `OUTPUTS` outputs, from the o-th on, in `BLOCKS` blocks of points.
    #[inline(always)]
    fn tile<P: Packs, const OUTPUTS: usize, const BLOCKS: usize>(
        &mut self,
        packs: P,
        o: usize,
        first: usize,
    ) {
        let (fan_in, fan_out) = (self.fan_in, self.fan_out);
        let mut sums = [[packs.all(0.0); BLOCKS]; OUTPUTS];
        for at in 0..OUTPUTS {
            if let Some(bias) = self.biases.get(o + at) {
                sums[at] = [packs.all(*bias); BLOCKS];
            }
        }
        let mut inputs: [&[Block]; BLOCKS] = [&[]; BLOCKS];
        for block in 0..BLOCKS {
            inputs[block] = &self.inputs[(first + block) * fan_in..][..fan_in];
        }
        for i in 0..fan_in {
            let Some(weights) = self.weights[i * fan_out + o..].first_chunk::<OUTPUTS>() else { return };
            let mut input = [packs.all(0.0); BLOCKS];
            for block in 0..BLOCKS {
                input[block] = packs.of(&inputs[block][i]);
            }
            for at in 0..OUTPUTS {
                let weight = packs.all(weights[at]);
                for block in 0..BLOCKS {
                    sums[at][block] = packs.multiply_add(weight, input[block], sums[at][block]);
                }
            }
        }
        for block in 0..BLOCKS {
            let outputs = &mut self.outputs[(first + block) * fan_out + o..][..OUTPUTS];
            if self.scaled {
                for at in 0..OUTPUTS {
                    sums[at][block] = packs.multiply(sums[at][block], packs.of(&outputs[at]));
                }
            }
            for at in 0..OUTPUTS {
                outputs[at] = packs.numbers(sums[at][block]);
            }
        }
    }

    /// The outputs from the o-th on, as many at once as `OUTPUTS`, in as many blocks at once as `BLOCKS`; returns the first output
    /// that is left.
    #[inline(always)]
    fn tiles<P: Packs, const OUTPUTS: usize, const BLOCKS: usize>(&mut self, packs: P, o: usize) -> usize {
        let fan_out = self.fan_out;
        let blocks = self.outputs.len() / fan_out;
        let (end, tiled) = (fan_out - (fan_out - o) % OUTPUTS, blocks - blocks % BLOCKS);
        for o in (o..end).step_by(OUTPUTS) {
            for first in (0..tiled).step_by(BLOCKS) {
                self.tile::<P, OUTPUTS, BLOCKS>(packs, o, first);
            }
            for first in tiled..blocks {
                self.tile::<P, OUTPUTS, 1>(packs, o, first);
            }
        }
        end
    }

    /// Tiles that leave 32 registers enough for what is loaded, and load little for each product: to load takes as long as to
    /// multiply, and longer where processors share a core.
    #[inline(always)]
    fn wide<P: Packs>(mut self, packs: P) {
        let rest = self.tiles::<_, 8, TALL>(packs, 0);
        let rest = self.tiles::<_, 4, 5>(packs, rest);
        self.tiles::<_, 1, 5>(packs, rest);
    }

    #[inline(always)]
    fn narrow<P: Packs>(mut self, packs: P) {
        let rest = self.tiles::<_, 4, 1>(packs, 0);
        self.tiles::<_, 1, 1>(packs, rest);
    }
}

impl Loop for Layer<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, packs: P) {
        if P::FIT >= 32 { self.wide(packs) } else { self.narrow(packs) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Blocks, tests::columns};
    use super::*;
    use crate::lanes::{Arrays, processors};

    fn layer<'c>(
        inputs: &'c Blocks,
        weights: &'c [f64],
        biases: &'c [f64],
        outputs: &'c mut Blocks,
    ) -> Layer<'c> {
        let (fan_in, fan_out) = (inputs.columns(), outputs.columns());
        Layer { inputs, fan_in, weights, biases, scaled: false, outputs, fan_out }
    }

    #[test]
    fn layers_are_weighted_sums_on_every_processor() {
        for (fan_in, fan_out, points) in [(1, 1, 3), (1, 4, 40), (3, 5, 100), (4, 38, 57), (5, 13, 40)] {
            let (inputs, expected) = columns(fan_in, points);
            let weights = columns(1, fan_in * fan_out).1.remove(0);
            let biases = columns(1, fan_out).1.remove(0);
            let mut plain = Blocks::zeros(fan_out, points);
            layer(&inputs, &weights, &biases, &mut plain).run(Arrays);
            for o in 0..fan_out {
                for (point, found) in plain.column(o).take(points).enumerate() {
                    let sum: f64 = (0..fan_in).map(|i| weights[i * fan_out + o] * expected[i][point]).sum();
                    assert!((found - (biases[o] + sum)).abs() < 1e-14);
                }
            }
            for processor in processors::all() {
                let mut found = Blocks::zeros(fan_out, points);
                processor.run(layer(&inputs, &weights, &biases, &mut found));
                assert_eq!(*plain, *found);
                processor.run(Layer { scaled: true, ..layer(&inputs, &weights, &biases, &mut found) });
                for (square, plain) in found.as_flattened().iter().zip(plain.as_flattened()) {
                    assert_eq!(*square, plain * plain);
                }
            }
        }
    }

    #[test]
    fn residuals_end_with_the_points_on_every_processor() {
        for points in [1, 7, 8, 9, 16, 200] {
            let (prediction, of_prediction) = columns(1, points);
            let y = Blocks::of(&vec![0.3; points]);
            let expected: f64 = of_prediction[0].iter().map(|of| (of - 0.3) * (of - 0.3)).sum();
            let mut all = Vec::new();
            for processor in processors::all() {
                let mut delta = Blocks::of(&vec![f64::NAN; points]);
                let (prediction, y) = (&prediction, &y);
                let squares =
                    processor.run(Residuals { prediction, y, points, factor: 2.0, delta: &mut delta });
                assert!((squares - expected).abs() < 1e-13);
                for (at, delta) in delta.column(0).enumerate() {
                    let expected = of_prediction[0].get(at).map_or(0.0, |of| 2.0 * (of - 0.3));
                    assert_eq!(delta.to_bits(), expected.to_bits());
                }
                all.push(squares);
            }
            assert!(all.iter().all(|squares| *squares == all[0]));
        }
    }

    #[test]
    fn a_neurons_sums_end_with_the_points_on_every_processor() {
        for points in [1, 7, 8, 9, 16, 200] {
            let (x, of_x) = columns(1, points);
            let (y, slope) = (Blocks::of(&vec![0.3; points]), Blocks::of(&vec![0.7; points]));
            let neuron = || Neuron { points, x: &x, y: &y, h: &x, slope: &slope, v: 2.0, c: 0.1 };
            let plain = neuron().run(Arrays);
            let mut expected = [0.0; 5];
            for x in &of_x[0] {
                let residual = 2.0 * x + 0.1 - 0.3;
                let terms = [1.4 * residual * x, 1.4 * residual, residual * x, residual, residual * residual];
                expected.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            assert!(plain.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
            for processor in processors::all() {
                assert_eq!(processor.run(neuron()), plain);
            }
        }
    }
}
