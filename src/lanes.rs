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
            // One register holds a pack, and there are 32 of them.
            if S::F64_LANES == WIDTH { self.0.run_wide() } else { self.0.run() }
        }
    }
    Arch::new().dispatch(Dispatched(work))
}

/// One of two numbers, by their bits. Unlike `if`, of which compilers make two branches, and then do twice, once for each of the
/// two, what comes after: a division, say.
#[inline(always)]
pub fn pick(is_first: bool, first: f64, second: f64) -> f64 {
    let mask = u64::from(is_first).wrapping_neg();
    f64::from_bits((first.to_bits() & mask) | (second.to_bits() & !mask))
}

/// A loop with what it works on.
pub trait Loop {
    type Output;

    /// Must be marked `#[inline(always)]`.
    fn run(self) -> Self::Output;

    /// The same, to the last bit, where a register holds a pack and there are 32 of them. Must be marked `#[inline(always)]`.
    #[inline(always)]
    fn run_wide(self) -> Self::Output
    where
        Self: Sized,
    {
        self.run()
    }
}

/// As many numbers as a sum has parts, which every operation takes one by one.
#[derive(Debug, Clone, Copy)]
pub struct Pack([f64; WIDTH]);

impl Pack {
    pub const ZERO: Self = Self([0.0; WIDTH]);

    #[inline(always)]
    pub fn all(number: f64) -> Self {
        Self([number; WIDTH])
    }

    #[inline(always)]
    pub fn of(block: &[f64; WIDTH]) -> Self {
        Self(*block)
    }

    /// Some numbers, fewer than a pack, and zeros.
    #[inline(always)]
    pub fn of_rest(rest: &[f64]) -> Self {
        let mut pack = Self::ZERO;
        pack.0[..rest.len()].copy_from_slice(rest);
        pack
    }

    /// Zeros after the first so many.
    #[inline(always)]
    pub fn first(self, count: usize) -> Self {
        let mut pack = self;
        for part in 0..WIDTH {
            if part >= count {
                pack.0[part] = 0.0;
            }
        }
        pack
    }

    #[inline(always)]
    pub fn abs(self) -> Self {
        let mut pack = self;
        for part in 0..WIDTH {
            pack.0[part] = self.0[part].abs();
        }
        pack
    }

    /// The greater of both; no number, or the first, where one is not a number.
    #[inline(always)]
    pub fn greatest(self, other: Self) -> Self {
        self.if_less(other, other, self)
    }

    /// One of two where this is less than another, and else the other.
    #[inline(always)]
    pub fn if_less(self, than: Self, yes: Self, no: Self) -> Self {
        let mut pack = no;
        for part in 0..WIDTH {
            pack.0[part] = if self.0[part] < than.0[part] { yes.0[part] } else { no.0[part] };
        }
        pack
    }

    /// Infinity in place of what is not a number.
    #[inline(always)]
    pub fn or_infinity(self) -> Self {
        let mut pack = self;
        for part in 0..WIDTH {
            pack.0[part] = if self.0[part].is_nan() { f64::INFINITY } else { self.0[part] };
        }
        pack
    }

    #[inline(always)]
    pub fn numbers(self) -> [f64; WIDTH] {
        self.0
    }

    /// The sum of all parts, in pairs.
    #[inline(always)]
    pub fn total(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

macro_rules! operations {
    ($($name:ident $method:ident $operator:tt;)*) => {$(
        impl std::ops::$name for Pack {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let mut result = self;
                for part in 0..WIDTH {
                    result.0[part] = self.0[part] $operator other.0[part];
                }
                result
            }
        }
    )*};
}

operations! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

/// The blocks of a column, and what is left of it.
#[inline(always)]
pub fn blocks(column: &[f64]) -> (&[[f64; WIDTH]], &[f64]) {
    column.as_chunks()
}

/// The sum of a column.
#[inline(always)]
pub fn sum(column: &[f64]) -> f64 {
    let (blocks, rest) = blocks(column);
    let mut sum = Pack::ZERO;
    for block in blocks {
        sum = sum + Pack::of(block);
    }
    (sum + Pack::of_rest(rest)).total()
}

/// The sums of a b for each a with each b, all of one length.
#[inline(always)]
pub fn products<const A: usize, const B: usize>(a: [&[f64]; A], b: [&[f64]; B]) -> [[f64; B]; A] {
    let mut sums = [[Pack::ZERO; B]; A];
    let length = a[0].len();
    let count = length / WIDTH;
    let mut a_blocks: [&[[f64; WIDTH]]; A] = [&[]; A];
    let mut b_blocks: [&[[f64; WIDTH]]; B] = [&[]; B];
    for i in 0..A {
        a_blocks[i] = &blocks(a[i]).0[..count];
    }
    for j in 0..B {
        b_blocks[j] = &blocks(b[j]).0[..count];
    }
    for block in 0..count {
        for i in 0..A {
            for j in 0..B {
                sums[i][j] = sums[i][j] + Pack::of(&a_blocks[i][block]) * Pack::of(&b_blocks[j][block]);
            }
        }
    }
    if count * WIDTH < length {
        let rest = count * WIDTH..length;
        for i in 0..A {
            for j in 0..B {
                let (a, b) = (Pack::of_rest(&a[i][rest.clone()]), Pack::of_rest(&b[j][rest.clone()]));
                sums[i][j] = sums[i][j] + a * b;
            }
        }
    }
    let mut totals = [[0.0; B]; A];
    for i in 0..A {
        for j in 0..B {
            totals[i][j] = sums[i][j].total();
        }
    }
    totals
}

/// [`sum`], where it is not part of a loop.
pub fn total(column: &[f64]) -> f64 {
    struct Total<'c>(&'c [f64]);
    impl Loop for Total<'_> {
        type Output = f64;

        #[inline(always)]
        fn run(self) -> f64 {
            sum(self.0)
        }
    }
    run(Total(column))
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
