//! The derivatives of a loss by the parameters of a layer: sums over data points of what the weights multiply times ∂loss/∂z.
//!
//! They are summed up in one of two ways, by the sizes of the layer alone, and so to the same bits everywhere.

#![expect(
    clippy::needless_range_loop,
    reason = "what iterators call is not always inlined, and then compiled for the least processor"
)]

use super::blocks::Block;
use super::transpose;
use crate::lanes::{self, Loop, Pack, Packs, WIDTH};

/// What the derivatives of a loss by a layer's weights and biases are summed up from.
pub(super) struct Derivatives<'c> {
    /// What the weights multiply.
    pub(super) inputs: &'c [Block],
    pub(super) fan_in: usize,
    /// ∂loss/∂z of the layer's units, and 0 for what is no point.
    pub(super) deltas: &'c [Block],
    pub(super) fan_out: usize,
    /// The sum over all points of input i times delta o is left at `i * fan_out + o`, and after these that of delta o alone.
    pub(super) out: &'c mut [f64],
}

/// From how many inputs on it is worth the while to transpose the deltas.
const MANY: usize = 16;

/// How many blocks of points are transposed at once: 16 kB for a pack of deltas.
const BLOCKS_AT_ONCE: usize = 32;

/// [`WIDTH`] deltas of each point of a block.
type Square = [Block; WIDTH];

/// Transposed deltas. Each point's fill lines of the cache, as in [`Blocks`](super::blocks::Blocks).
#[repr(align(64))]
struct Room<const PACKS: usize>([[Square; PACKS]; BLOCKS_AT_ONCE]);

/// The sum of each block. Not inlined: taken out of registers, numbers are added up more slowly than from memory.
#[inline(never)]
fn totals(blocks: &[Block], out: &mut [f64]) {
    for (block, out) in blocks.iter().zip(out) {
        *out = Pack::of(block).total();
    }
}

impl Derivatives<'_> {
    pub(super) fn compute(self) {
        lanes::run(self);
    }

    /// With packs of points: `INPUTS` inputs, from the i-th on, with `DELTAS` deltas, from the o-th on, and, if `ALONE`, these alone.
    #[inline(always)]
    fn tile<P: Packs, const INPUTS: usize, const DELTAS: usize, const ALONE: bool>(
        &mut self,
        packs: P,
        i: usize,
        o: usize,
    ) {
        let mut sums = [[packs.all(0.0); DELTAS]; INPUTS];
        let mut alone = [packs.all(0.0); DELTAS];
        for (h, delta) in self.inputs.chunks_exact(self.fan_in).zip(self.deltas.chunks_exact(self.fan_out)) {
            let (Some(h), Some(delta)) = (h[i..].first_chunk::<INPUTS>(), delta[o..].first_chunk::<DELTAS>())
            else {
                return;
            };
            for row in 0..INPUTS {
                for column in 0..DELTAS {
                    let (h, delta) = (packs.of(&h[row]), packs.of(&delta[column]));
                    sums[row][column] = packs.multiply_add(h, delta, sums[row][column]);
                }
            }
            if ALONE {
                for column in 0..DELTAS {
                    alone[column] = packs.add(alone[column], packs.of(&delta[column]));
                }
            }
        }
        for row in 0..INPUTS {
            self.leave(packs, i + row, o, sums[row]);
        }
        if ALONE {
            self.leave(packs, self.fan_in, o, alone);
        }
    }

    /// [`Self::tile`], with the deltas alone beside the last inputs.
    #[inline(always)]
    fn inputs<P: Packs, const INPUTS: usize, const DELTAS: usize>(&mut self, packs: P, i: usize, o: usize) {
        if i + INPUTS == self.fan_in {
            self.tile::<P, INPUTS, DELTAS, true>(packs, i, o);
        } else {
            self.tile::<P, INPUTS, DELTAS, false>(packs, i, o);
        }
    }

    #[inline(always)]
    fn leave<P: Packs, const DELTAS: usize>(
        &mut self,
        packs: P,
        i: usize,
        o: usize,
        sums: [P::Pack; DELTAS],
    ) {
        let mut blocks = [[0.0; WIDTH]; DELTAS];
        for at in 0..DELTAS {
            blocks[at] = packs.numbers(sums[at]);
        }
        totals(&blocks, &mut self.out[i * self.fan_out + o..][..DELTAS]);
    }

    /// All inputs with `DELTAS` deltas, from the o-th on, `INPUTS` inputs at once.
    #[inline(always)]
    fn tiles<P: Packs, const INPUTS: usize, const DELTAS: usize>(&mut self, packs: P, o: usize) {
        let tiled = self.fan_in - self.fan_in % INPUTS;
        for i in (0..tiled).step_by(INPUTS) {
            self.inputs::<P, INPUTS, DELTAS>(packs, i, o);
        }
        for i in tiled..self.fan_in {
            self.inputs::<P, 1, DELTAS>(packs, i, o);
        }
    }

    /// With packs of points: the deltas from the first-th on, in tiles that fit the registers.
    #[inline(always)]
    fn by_points<P: Packs, const INPUTS: usize, const DELTAS: usize>(mut self, packs: P, first: usize) {
        let tiled = self.fan_out - (self.fan_out - first) % DELTAS;
        for o in (first..tiled).step_by(DELTAS) {
            self.tiles::<P, INPUTS, DELTAS>(packs, o);
        }
        for o in tiled..self.fan_out {
            self.tiles::<P, INPUTS, 1>(packs, o);
        }
    }

    /// With packs of deltas: adds what some points make, from the first-th block on, to the sums of `INPUTS` inputs, from the i-th on,
    /// with `PACKS` packs of deltas, from the o-th on, which are given point by point.
    #[inline(always)]
    fn add<P: Packs, const INPUTS: usize, const PACKS: usize>(
        &mut self,
        packs: P,
        first: usize,
        i: usize,
        (o, deltas): (usize, &[[Square; PACKS]]),
    ) {
        let mut sums = [[packs.all(0.0); PACKS]; INPUTS];
        if first > 0 {
            for row in 0..INPUTS {
                let so_far = &self.out[(i + row) * self.fan_out + o..].as_chunks().0[..PACKS];
                for pack in 0..PACKS {
                    sums[row][pack] = packs.of(&so_far[pack]);
                }
            }
        }
        let h = &self.inputs[first * self.fan_in..];
        for (h, deltas) in h.chunks_exact(self.fan_in).zip(deltas) {
            let Some(h) = h[i..].first_chunk::<INPUTS>() else { return };
            for point in 0..WIDTH {
                let mut delta = [packs.all(0.0); PACKS];
                for pack in 0..PACKS {
                    delta[pack] = packs.of(&deltas[pack][point]);
                }
                for row in 0..INPUTS {
                    let h = packs.all(h[row][point]);
                    for pack in 0..PACKS {
                        sums[row][pack] = packs.multiply_add(h, delta[pack], sums[row][pack]);
                    }
                }
            }
        }
        for row in 0..INPUTS {
            let out = &mut self.out[(i + row) * self.fan_out + o..].as_chunks_mut().0[..PACKS];
            for pack in 0..PACKS {
                out[pack] = packs.numbers(sums[row][pack]);
            }
        }
    }

    /// [`Self::add`] for deltas alone, each pack in [`WIDTH`] sums, of which none waits for the other.
    #[inline(always)]
    fn add_alone<P: Packs, const PACKS: usize>(
        &mut self,
        packs: P,
        first: usize,
        (o, deltas): (usize, &[[Square; PACKS]]),
    ) {
        let out = &mut self.out[self.fan_in * self.fan_out + o..].as_chunks_mut().0[..PACKS];
        for pack in 0..PACKS {
            let mut sums = [packs.all(0.0); WIDTH];
            for deltas in deltas {
                for point in 0..WIDTH {
                    sums[point] = packs.add(sums[point], packs.of(&deltas[pack][point]));
                }
            }
            let mut sum = if first > 0 { packs.of(&out[pack]) } else { packs.all(0.0) };
            for point in 0..WIDTH {
                sum = packs.add(sum, sums[point]);
            }
            out[pack] = packs.numbers(sum);
        }
    }

    /// With packs of deltas, which leaves no parts to sum up: those from the o-th on that fill as many packs as `PACKS`, and `INPUTS`
    /// inputs at once. Returns the first delta that is left.
    #[inline(always)]
    fn by_deltas<P: Packs, const INPUTS: usize, const PACKS: usize>(&mut self, packs: P, o: usize) -> usize {
        let (fan_in, fan_out) = (self.fan_in, self.fan_out);
        let tiled = fan_in - fan_in % INPUTS;
        let end = fan_out - (fan_out - o) % (PACKS * WIDTH);
        if end == o {
            return end;
        }
        let mut room = Room([[[[0.0; WIDTH]; WIDTH]; PACKS]; BLOCKS_AT_ONCE]);
        let mut first = 0;
        for some in self.deltas.chunks(BLOCKS_AT_ONCE * fan_out) {
            let count = some.len() / fan_out;
            for o in (o..end).step_by(PACKS * WIDTH) {
                for (deltas, transposed) in some.chunks_exact(fan_out).zip(&mut room.0) {
                    for (deltas, transposed) in deltas[o..].as_chunks().0.iter().zip(transposed) {
                        transpose::square(deltas, transposed);
                    }
                }
                let deltas = (o, &room.0[..count]);
                for i in (0..tiled).step_by(INPUTS) {
                    self.add::<P, INPUTS, PACKS>(packs, first, i, deltas);
                }
                for i in tiled..fan_in {
                    self.add::<P, 1, PACKS>(packs, first, i, deltas);
                }
                self.add_alone(packs, first, deltas);
            }
            first += count;
        }
        end
    }
}

impl Loop for Derivatives<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(mut self, packs: P) {
        let large = P::FIT >= 32;
        let mut rest = 0;
        if self.fan_in >= MANY && self.fan_out >= WIDTH {
            if large {
                rest = self.by_deltas::<_, 8, 2>(packs, rest);
                rest = self.by_deltas::<_, 8, 1>(packs, rest);
            } else {
                rest = self.by_deltas::<_, 4, 1>(packs, rest);
            }
        }
        if large { self.by_points::<_, 4, 4>(packs, rest) } else { self.by_points::<_, 2, 2>(packs, rest) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Blocks, tests::columns};
    use super::*;
    use crate::lanes::{Arrays, processors};

    fn derivatives<'c>(inputs: &'c Blocks, deltas: &'c Blocks, out: &'c mut [f64]) -> Derivatives<'c> {
        Derivatives { inputs, fan_in: inputs.columns(), deltas, fan_out: deltas.columns(), out }
    }

    #[test]
    fn derivatives_are_summed_up_over_points_on_every_processor() {
        for (fan_in, fan_out, points) in [
            (1, 1, 3),
            (1, 4, 40),
            (5, 3, 100),
            (9, 6, 57),
            (8, 8, 16),
            (16, 5, 9),
            (19, 18, 300),
            (16, 24, 40),
        ] {
            let ((inputs, of_inputs), (deltas, of_deltas)) =
                (columns(fan_in, points), columns(fan_out, points));
            let [mut plain, mut found] = [0; 2].map(|_| vec![f64::NAN; (fan_in + 1) * fan_out]);
            derivatives(&inputs, &deltas, &mut plain).run(Arrays);
            for (at, found) in plain.iter().enumerate() {
                let by = &of_deltas[at % fan_out];
                let expected: f64 = match of_inputs.get(at / fan_out) {
                    Some(of_input) => of_input.iter().zip(by).map(|(h, delta)| h * delta).sum(),
                    None => by.iter().sum(),
                };
                assert!((found - expected).abs() < 1e-12);
            }
            for processor in processors::all() {
                processor.run(derivatives(&inputs, &deltas, &mut found));
                assert_eq!(plain, found);
            }
        }
    }
}
