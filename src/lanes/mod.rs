//! Loops over columns of numbers, compiled for several kinds of processors, of which the best that there is is taken when the
//! program runs.
//!
//! A loop gives the same bits on each of them: every number is computed by the same operations of IEEE 754 one after the
//! other, which Rust neither fuses nor reorders, and sums are kept in [`WIDTH`] parts, however many numbers an instruction takes.
//! What a loop says is fused ([`Packs::multiply_add`]) is so on all of them, and twenty times slower where there is no instruction for it.

mod fused;

use pulp::{Arch, Simd, WithSimd};

/// Into how many parts a sum is split: number `i` goes to part `i % WIDTH`.
pub const WIDTH: usize = 8;

/// Runs a loop. Whatever is called in it must be `#[inline(always)]`: a function of its own would be compiled for the least
/// processor.
pub fn run<L: Loop>(work: L) -> L::Output {
    run_on(Arch::new(), work)
}

/// [`run`] for a loop over so many numbers: to choose a processor takes longer than a loop over few.
pub fn run_over<L: Loop>(numbers: usize, work: L) -> L::Output {
    if numbers < 4 * WIDTH { work.run(Arrays) } else { run(work) }
}

fn run_on<L: Loop>(processor: Arch, work: L) -> L::Output {
    struct Dispatched<L>(L);
    impl<L: Loop> WithSimd for Dispatched<L> {
        type Output = L::Output;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> L::Output {
            match S::F64_LANES {
                8 => self.0.run(Registers::<S, 1>(simd)),
                4 => self.0.run(Registers::<S, 2>(simd)),
                2 => self.0.run(Registers::<S, 4>(simd)),
                _ => self.0.run(Arrays),
            }
        }
    }
    processor.dispatch(Dispatched(work))
}

/// For tests: every kind of processor that this one can stand for.
#[cfg(test)]
pub mod processors {
    use pulp::Arch;

    use super::{Loop, run_on};

    #[derive(Clone, Copy)]
    pub struct Processor(Arch);

    impl Processor {
        pub fn run<L: Loop>(self, work: L) -> L::Output {
            run_on(self.0, work)
        }
    }

    pub fn all() -> Vec<Processor> {
        #[cfg(target_arch = "x86_64")]
        let kinds = [
            Some(Arch::Scalar),
            pulp::x86::V3::try_new().map(Arch::V3),
            pulp::x86::V4::try_new().map(Arch::V4),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let kinds = [Some(Arch::new())];
        kinds.into_iter().flatten().map(Processor).collect()
    }
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

    /// The same bits with packs of every kind. Must be marked `#[inline(always)]`.
    fn run<P: Packs>(self, packs: P) -> Self::Output;
}

/// How a loop computes with packs, if it does not leave that to the compiler.
pub trait Packs: Copy {
    type Pack: Copy;
    /// How many packs fit the processor's registers.
    const FIT: usize;

    fn all(self, number: f64) -> Self::Pack;

    fn of(self, block: &[f64; WIDTH]) -> Self::Pack;

    fn add(self, a: Self::Pack, b: Self::Pack) -> Self::Pack;

    fn subtract(self, a: Self::Pack, b: Self::Pack) -> Self::Pack;

    fn multiply(self, a: Self::Pack, b: Self::Pack) -> Self::Pack;

    /// a b + c, rounded once: fusedMultiplyAdd of IEEE 754.
    fn multiply_add(self, a: Self::Pack, b: Self::Pack, c: Self::Pack) -> Self::Pack;

    fn numbers(self, pack: Self::Pack) -> [f64; WIDTH];

    /// [`Pack::first`].
    #[inline(always)]
    fn first(self, pack: Self::Pack, count: usize) -> Self::Pack {
        self.of(&Pack(self.numbers(pack)).first(count).0)
    }

    /// [`Pack::total`].
    #[inline(always)]
    fn total(self, pack: Self::Pack) -> f64 {
        Pack(self.numbers(pack)).total()
    }
}

/// As arrays, which the compiler is left to put into registers.
#[derive(Debug, Clone, Copy)]
pub struct Arrays;

impl Packs for Arrays {
    type Pack = Pack;
    const FIT: usize = 4;

    #[inline(always)]
    fn all(self, number: f64) -> Pack {
        Pack::all(number)
    }

    #[inline(always)]
    fn of(self, block: &[f64; WIDTH]) -> Pack {
        Pack::of(block)
    }

    #[inline(always)]
    fn add(self, a: Pack, b: Pack) -> Pack {
        a + b
    }

    #[inline(always)]
    fn subtract(self, a: Pack, b: Pack) -> Pack {
        a - b
    }

    #[inline(always)]
    fn multiply(self, a: Pack, b: Pack) -> Pack {
        a * b
    }

    #[inline(always)]
    fn multiply_add(self, a: Pack, b: Pack, c: Pack) -> Pack {
        Pack(fused::multiply_add(a.0, b.0, c.0))
    }

    #[inline(always)]
    fn numbers(self, pack: Pack) -> [f64; WIDTH] {
        pack.0
    }
}

/// As registers, of which so many hold a pack.
#[derive(Debug, Clone, Copy)]
pub struct Registers<S, const COUNT: usize>(S);

impl<S: Simd, const COUNT: usize> Registers<S, COUNT> {
    #[inline(always)]
    fn zip(
        a: [S::f64s; COUNT],
        b: [S::f64s; COUNT],
        operation: impl Fn(S::f64s, S::f64s) -> S::f64s,
    ) -> [S::f64s; COUNT] {
        let mut result = a;
        for at in 0..COUNT {
            result[at] = operation(a[at], b[at]);
        }
        result
    }
}

impl<S: Simd, const COUNT: usize> Packs for Registers<S, COUNT> {
    type Pack = [S::f64s; COUNT];
    const FIT: usize = S::REGISTER_COUNT / COUNT;

    #[inline(always)]
    fn all(self, number: f64) -> Self::Pack {
        [self.0.splat_f64s(number); COUNT]
    }

    #[inline(always)]
    fn of(self, block: &[f64; WIDTH]) -> Self::Pack {
        let mut pack = self.all(0.0);
        pack.copy_from_slice(S::as_simd_f64s(block).0);
        pack
    }

    #[inline(always)]
    fn add(self, a: Self::Pack, b: Self::Pack) -> Self::Pack {
        Self::zip(a, b, |a, b| self.0.add_f64s(a, b))
    }

    #[inline(always)]
    fn subtract(self, a: Self::Pack, b: Self::Pack) -> Self::Pack {
        Self::zip(a, b, |a, b| self.0.sub_f64s(a, b))
    }

    #[inline(always)]
    fn multiply(self, a: Self::Pack, b: Self::Pack) -> Self::Pack {
        Self::zip(a, b, |a, b| self.0.mul_f64s(a, b))
    }

    #[inline(always)]
    fn multiply_add(self, a: Self::Pack, b: Self::Pack, c: Self::Pack) -> Self::Pack {
        let mut result = c;
        for at in 0..COUNT {
            result[at] = self.0.mul_add_f64s(a[at], b[at], c[at]);
        }
        result
    }

    #[inline(always)]
    fn numbers(self, pack: Self::Pack) -> [f64; WIDTH] {
        let mut block = [0.0; WIDTH];
        S::as_mut_simd_f64s(&mut block).0.copy_from_slice(&pack);
        block
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

/// [`sum`], where it is not part of a loop.
pub fn total(column: &[f64]) -> f64 {
    struct Total<'c>(&'c [f64]);
    impl Loop for Total<'_> {
        type Output = f64;

        #[inline(always)]
        fn run<P: Packs>(self, _: P) -> f64 {
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
        fn run<P: Packs>(self, _: P) -> f64 {
            let ((a, a_rest), (b, b_rest)) = (blocks(self.0), blocks(self.1));
            let mut sum = Pack::ZERO;
            for (a, b) in a.iter().zip(b) {
                sum = sum + Pack::of(a) * Pack::of(b);
            }
            (sum + Pack::of_rest(a_rest) * Pack::of_rest(b_rest)).total()
        }
    }
    run(Dot(a, b))
}

/// Whether all numbers of a column are finite. All are looked at: several at a time take less than one after the other up to the
/// first that is not.
pub fn are_finite(column: &[f64]) -> bool {
    struct Nothing<'c>(&'c [f64]);
    impl Loop for Nothing<'_> {
        type Output = f64;

        // The difference of a number and itself is 0, or no number.
        #[inline(always)]
        fn run<P: Packs>(self, _: P) -> f64 {
            let (blocks, rest) = blocks(self.0);
            let mut nothing = Pack::of_rest(rest) - Pack::of_rest(rest);
            for block in blocks {
                nothing = nothing + (Pack::of(block) - Pack::of(block));
            }
            nothing.total()
        }
    }
    run_over(column.len(), Nothing(column)) == 0.0
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "integers to 2⁵³ are exact, and greater ones rounded once")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// a b + c, of eight each.
    struct MultiplyAdd([[f64; WIDTH]; 3]);
    impl Loop for MultiplyAdd {
        type Output = [f64; WIDTH];

        #[inline(always)]
        fn run<P: Packs>(self, packs: P) -> Self::Output {
            let [a, b, c] = self.0;
            packs.numbers(packs.multiply_add(packs.of(&a), packs.of(&b), packs.of(&c)))
        }
    }

    proptest! {
        #[test]
        fn products_are_added_with_one_rounding_on_every_processor(
            a in -(1_i64 << 53)..1 << 53,
            b in -(1_i64 << 53)..1 << 53,
            c in -(1_i64 << 53)..1 << 53,
            shift in 0..60,
        ) {
            let expected = (i128::from(a) * i128::from(b) + (i128::from(c) << shift)) as f64;
            let numbers = [a as f64, b as f64, c as f64 * (1_u64 << shift) as f64].map(|number| [number; WIDTH]);
            prop_assert_eq!(MultiplyAdd(numbers).run(Arrays), [expected; WIDTH]);
            for processor in processors::all() {
                prop_assert_eq!(processor.run(MultiplyAdd(numbers)), [expected; WIDTH]);
            }
        }
    }

    #[test]
    fn products_that_overflow_or_vanish_are_alike_on_every_processor() {
        let tiny = f64::from_bits(1);
        let numbers =
            [0.0, -0.0, 1.5, tiny, -f64::MIN_POSITIVE, 1e-160, -1e160, f64::MAX, f64::INFINITY, f64::NAN];
        for a in numbers {
            for b in numbers {
                for c in numbers {
                    let blocks = [a, b, c].map(|number| [number; WIDTH]);
                    // Which NaN it is is not told by anything.
                    let bits = |block: [f64; WIDTH]| {
                        block
                            .map(|number| if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() })
                    };
                    let expected = bits(MultiplyAdd(blocks).run(Arrays));
                    for processor in processors::all() {
                        assert_eq!(bits(processor.run(MultiplyAdd(blocks))), expected, "{a} {b} {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_number_that_is_not_finite_is_found_wherever_it_is() {
        for length in [0, 1, 7, 8, 31, 32, 100] {
            let mut column = vec![f64::MAX; length];
            assert!(are_finite(&column));
            for at in 0..length {
                for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                    column[at] = number;
                    assert!(!are_finite(&column), "{number} at {at} of {length}");
                }
                column[at] = -f64::MAX;
            }
        }
    }
}
