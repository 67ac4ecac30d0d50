//! a b + c with one rounding for processors without an instruction for it, several at a time: `libm::fma` takes integers, one
//! after the other, and ten times as long.

use super::{WIDTH, pick};

/// fusedMultiplyAdd of IEEE 754 of each three numbers.
#[inline(always)]
pub(super) fn multiply_add(a: [f64; WIDTH], b: [f64; WIDTH], c: [f64; WIDTH]) -> [f64; WIDTH] {
    let mut is_usual = true;
    for part in 0..WIDTH {
        is_usual &= are_usual(a[part], b[part], c[part]);
    }
    let mut result = c;
    for part in 0..WIDTH {
        result[part] =
            if is_usual { of_usual(a[part], b[part], c[part]) } else { libm::fma(a[part], b[part], c[part]) };
    }
    result
}

/// Whether nothing overflows, and no error of a product vanishes, on the way of [`of_usual`].
#[inline(always)]
fn are_usual(a: f64, b: f64, c: f64) -> bool {
    const LARGE: f64 = f64::from_bits((1023 + 990) << 52);
    const SMALL: f64 = f64::from_bits((1023 - 900) << 52);
    let product = (a * b).abs();
    let is_exact = (product >= SMALL) | (a == 0.0) | (b == 0.0);
    is_exact & (a.abs() < LARGE) & (b.abs() < LARGE) & (product < LARGE) & (c.abs() < LARGE)
}

/// The sum of a product, c, and the product's error, of which all but the largest part is rounded to odd, so that the last
/// rounding is the only one (Boldo and Melquiond, “Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
/// odd”, 2008).
#[inline(always)]
fn of_usual(a: f64, b: f64, c: f64) -> f64 {
    let (product, error) = exact_product(a, b);
    let (small, smallest) = exact_sum(c, error);
    let (large, rest) = exact_sum(product, small);
    // The signs of zeros are right only if nothing is added to them.
    pick(product == 0.0, product + c, large + odd_sum(rest, smallest))
}

/// The sum, and its error (Knuth).
#[inline(always)]
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The product, and its error, from halves of 26 bits (Dekker).
#[inline(always)]
fn exact_product(a: f64, b: f64) -> (f64, f64) {
    let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
    let product = a * b;
    let error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    (product, error)
}

#[inline(always)]
fn halves(a: f64) -> (f64, f64) {
    // 2²⁷ + 1
    let large = 134_217_729.0 * a;
    let high = large - (large - a);
    (high, a - high)
}

/// The sum; of the two numbers around it, if it is none, the one with an odd last bit.
#[inline(always)]
fn odd_sum(a: f64, b: f64) -> f64 {
    let (sum, error) = exact_sum(a, b);
    let bits = sum.to_bits();
    let is_moved = u64::from(error != 0.0) & !bits & 1;
    // Away from zero if the error has the sign of the sum.
    let is_farther = ((bits ^ error.to_bits()) >> 63) ^ 1;
    f64::from_bits(bits.wrapping_add(is_moved & is_farther).wrapping_sub(is_moved & !is_farther))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of all sizes, and often such as are alike but for their last bits.
    fn number() -> impl Strategy<Value = f64> {
        let mantissa = prop_oneof![any::<u64>(), 0_u64..4, Just(1_u64 << 51), (1_u64 << 52) - 4..1 << 52];
        let exponent = prop_oneof![1000_u64..1046, 0_u64..2047];
        (any::<bool>(), exponent, mantissa).prop_map(|(is_negative, exponent, mantissa)| {
            f64::from_bits(u64::from(is_negative) << 63 | exponent << 52 | mantissa & ((1 << 52) - 1))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn it_is_what_musl_computes_with_integers(a in number(), b in number(), c in number(), is_close in any::<bool>()) {
            let c = if is_close { -a * b * (1.0 + f64::EPSILON * (c % 4.0)) } else { c };
            let found = multiply_add([a; WIDTH], [b; WIDTH], [c; WIDTH]);
            let expected = libm::fma(a, b, c);
            prop_assert!(found.iter().all(|found| found.to_bits() == expected.to_bits() || expected.is_nan()));
        }
    }

    #[test]
    fn usual_numbers_are_not_left_to_integers() {
        for (a, b, c) in
            [(0.0, 3.0, -0.0), (1e-100, 1e-100, 1.0), (1e100, -2.0, 0.0), (1.5, 1.5, f64::MIN_POSITIVE)]
        {
            assert!(are_usual(a, b, c));
        }
        for (a, b, c) in
            [(1e-200, 1e-200, 1.0), (f64::MAX, 0.0, 1.0), (1.0, 1.0, f64::NAN), (1.0, f64::INFINITY, 1.0)]
        {
            assert!(!are_usual(a, b, c));
        }
    }
}
