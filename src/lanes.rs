//! Loops over columns of numbers, compiled for several kinds of processors, of which the best that there is is taken when the
//! program runs.
//!
//! A loop gives the same bits on each of them: every number is computed by the same operations of IEEE 754 one after the
//! other, which Rust neither fuses nor reorders, and sums are kept in [`WIDTH`] parts, however many numbers an instruction takes.

use pulp::{Arch, WithSimd};

/// Into how many parts a sum is split: number `i` goes to part `i % WIDTH`.
pub const WIDTH: usize = 8;

/// Runs a loop. Whatever is called in it must be `#[inline(always)]`: a function of its own would be compiled for the least
/// processor.
pub fn run<L: Loop>(work: L) -> L::Output {
    struct Dispatched<L>(L);
    impl<L: Loop> WithSimd for Dispatched<L> {
        type Output = L::Output;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> L::Output {
            self.0.run()
        }
    }
    Arch::new().dispatch(Dispatched(work))
}

/// A loop with what it works on.
pub trait Loop {
    type Output;

    /// Must be marked `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// A sum in parts.
#[derive(Debug, Clone, Copy)]
pub struct Sum([f64; WIDTH]);

impl Sum {
    pub const ZERO: Self = Self([0.0; WIDTH]);

    /// Adds to one of the parts.
    #[inline(always)]
    pub fn add(&mut self, part: usize, term: f64) {
        self.0[part] += term;
    }

    /// The sum of all parts, in pairs.
    #[inline(always)]
    pub fn total(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// The sum of a column.
#[inline(always)]
pub fn sum(column: &[f64]) -> f64 {
    let mut sum = Sum::ZERO;
    let (blocks, rest) = column.as_chunks::<WIDTH>();
    for block in blocks {
        for part in 0..WIDTH {
            sum.add(part, block[part]);
        }
    }
    for (part, number) in rest.iter().enumerate() {
        sum.add(part, *number);
    }
    sum.total()
}

/// The sums of a b for each a with each b, all of one length.
#[inline(always)]
pub fn products<const A: usize, const B: usize>(a: [&[f64]; A], b: [&[f64]; B]) -> [[f64; B]; A] {
    let mut sums = [[Sum::ZERO; B]; A];
    let blocks = a[0].len() / WIDTH;
    let (a_blocks, b_blocks) = (a.map(|a| a.as_chunks::<WIDTH>().0), b.map(|b| b.as_chunks::<WIDTH>().0));
    for block in 0..blocks {
        for (a, sums) in a_blocks.iter().zip(&mut sums) {
            for (b, sum) in b_blocks.iter().zip(sums) {
                for part in 0..WIDTH {
                    sum.add(part, a[block][part] * b[block][part]);
                }
            }
        }
    }
    for at in blocks * WIDTH..a[0].len() {
        for (a, sums) in a.iter().zip(&mut sums) {
            for (b, sum) in b.iter().zip(sums) {
                sum.add(at - blocks * WIDTH, a[at] * b[at]);
            }
        }
    }
    sums.map(|sums| sums.map(Sum::total))
}

/// The sum of a b, of two columns of one length.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    struct Dot<'c>(&'c [f64], &'c [f64]);
    impl Loop for Dot<'_> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            products([self.0], [self.1])[0][0]
        }
    }
    run(Dot(a, b))
}
