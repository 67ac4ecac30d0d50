//! eˣ and what is made of it.
//!
//! x = n ln 2 + r with |r| ≤ ½ ln 2, and eʳ − 1 = r + r² P(r); the polynomials interpolate at Chebyshev nodes
//! (`tests/fixtures/elementary.py` computes them, and says how far they are from the functions: below a tenth of the last place).

use std::f64::consts::LOG2_E;

use super::Column;
use crate::lanes::pick;

/// ln 2 in two parts, the first with so few digits that its products with exponents are exact.
pub(super) const LN_2: [f64; 2] = [0.693_147_180_559_208_2, 7.371_002_565_167_799e-13];

/// Added and subtracted, it rounds to a whole number, and leaves that number in the last bits in between.
pub(super) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// 2⁻¹²⁸ and 2¹²⁸, for results whose own powers of 2 are out of range.
const TINY: f64 = f64::from_bits((1023 - 128) << 52);
const HUGE: f64 = f64::from_bits((1023 + 128) << 52);

/// P of eˣ.
const EXP: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_69,
    0.041_666_666_666_624_13,
    0.008_333_333_333_330_062,
    0.001_388_888_891_721_371_7,
    0.000_198_412_698_630_536_18,
    2.480_152_129_595_437_6e-5,
    2.755_726_845_999_706_4e-6,
    2.762_008_844_540_974_6e-7,
    2.510_038_549_551_032e-8,
];

/// P of eˣ − 1, which has to be near even where x is small.
const EXPM1: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_7,
    0.041_666_666_666_666_67,
    0.008_333_333_333_326_136,
    0.001_388_888_888_888_374_8,
    0.000_198_412_698_748_206_27,
    2.480_158_732_554_774_3e-5,
    2.755_725_540_020_642_2e-6,
    2.755_727_364_311_03e-7,
    2.510_521_700_472_074_5e-8,
    2.091_468_696_808_687_6e-9,
];

/// tanh x = x + x³ P(x²) / Q(x²) up to [`TANH_SMALL`].
const TANH_P: [f64; 3] = [-0.333_333_333_333_333_3, -0.020_498_799_708_498_872, -0.000_199_178_043_586_128_7];
const TANH_Q: [f64; 4] =
    [1.0, 0.461_496_399_125_493_1, 0.023_291_331_876_298_86, 0.000_206_533_737_487_502_5];
const TANH_SMALL: f64 = 0.625;

/// A polynomial, coefficients from the constant on: that of the even and that of the odd powers by Horner's rule, side by side, so
/// that no operation waits long for the one before.
#[inline(always)]
pub(super) fn polynomial<const N: usize>(coefficients: [f64; N], x: f64) -> f64 {
    let square = x * x;
    let (mut even, mut odd) = (0.0, 0.0);
    let mut at = N;
    while at > 0 {
        at -= 1;
        if at.is_multiple_of(2) {
            even = if at + 2 < N { even * square + coefficients[at] } else { coefficients[at] };
        } else {
            odd = if at + 2 < N { odd * square + coefficients[at] } else { coefficients[at] };
        }
    }
    even + x * odd
}

/// A polynomial by Horner's rule, coefficients from the constant on: the fewest operations, where there is enough else to do
/// while each waits for the one before.
#[inline(always)]
fn horner<const N: usize>(coefficients: [f64; N], x: f64) -> f64 {
    let mut at = N - 1;
    let mut sum = coefficients[at];
    while at > 0 {
        at -= 1;
        sum = sum * x + coefficients[at];
    }
    sum
}

/// An argument without its whole multiples of ln 2.
struct Reduced {
    /// r, and what is missing to it.
    rest: f64,
    missing: f64,
    /// 2ⁿ, if −1022 ≤ n ≤ 1023.
    scale: f64,
}

#[inline(always)]
fn reduced(x: f64, less: f64) -> Reduced {
    let rounded = x * LOG2_E + ROUNDER;
    let exponent = rounded - ROUNDER;
    let high = x - exponent * LN_2[0];
    let low = exponent * LN_2[1];
    let rest = high - low;
    // `less` keeps 2ⁿ among the normal numbers where n itself would not.
    let bits = (rounded - less).to_bits().wrapping_add(1023) << 52;
    Reduced { rest, missing: (high - rest) - low, scale: f64::from_bits(bits) }
}

#[inline(always)]
fn clamped(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// eˣ.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let x = clamped(x, -746.0, 710.0);
    let (less, factor) = if x < -700.0 {
        (-128.0, TINY)
    } else if x > 700.0 {
        (128.0, HUGE)
    } else {
        (0.0, 1.0)
    };
    let Reduced { rest, missing, scale } = reduced(x, less);
    scale * (1.0 + (rest + (rest * rest * polynomial(EXP, rest) + missing))) * factor
}

/// e^−|x|, and what rounding has taken from it.
#[inline(always)]
pub(super) fn exp_falling(x: f64) -> (f64, f64) {
    let size = x.abs();
    let size = if size > 746.0 { 746.0 } else { size };
    let (less, factor) = if size > 700.0 { (-128.0, TINY) } else { (0.0, 1.0) };
    let Reduced { rest, missing, scale } = reduced(-size, less);
    let little = rest + (rest * rest * polynomial(EXP, rest) + missing);
    let rounded = 1.0 + little;
    let lost = (1.0 - rounded) + little;
    (scale * rounded * factor, scale * lost * factor)
}

#[inline(always)]
pub(super) fn exp_both(x: f64) -> (f64, f64) {
    let y = exp(x);
    (y, y)
}

/// eˣ − 1.
#[inline(always)]
pub(super) fn expm1(x: f64) -> f64 {
    expm1_both(x).0
}

/// eˣ − 1 and eˣ.
#[inline(always)]
pub(super) fn expm1_both(x: f64) -> (f64, f64) {
    let x = clamped(x, -746.0, 710.0);
    let (less, factor) = if x < -700.0 { (-128.0, TINY) } else { (1.0, 2.0) };
    let Reduced { rest, missing, scale } = reduced(x, less);
    let little = rest + (rest * rest * polynomial(EXPM1, rest) + missing);
    // Half of it is 2ⁿ⁻¹ (eʳ − 1) + (2ⁿ⁻¹ − ½), since 2ⁿ may be just too large; far to the left nothing is left but the ½.
    let half = if x < -700.0 { 0.0 } else { scale };
    (2.0 * (half * little + (half - 0.5)), scale * (1.0 + little) * factor)
}

#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    tanh_both(x).0
}

/// tanh and 1 − tanh², from one division.
///
/// With |x| = n ln √2 + r and tanh r = R/Q, e^2|x| is 2ⁿ (Q + R)/(Q − R), and tanh |x| = 1 − 2 (Q − R)/(2ⁿ (Q + R) + (Q − R)).
/// Below [`TANH_SMALL`], where that would lose digits, r is |x| itself, and tanh r = r + r³ P(r²)/Q(r²).
#[inline(always)]
pub(super) fn tanh_both(x: f64) -> (f64, f64) {
    tanh_of_reduced(x, tanh_reduced(x))
}

/// r and 2ⁿ of [`tanh_both`].
#[inline(always)]
fn tanh_reduced(x: f64) -> (f64, f64) {
    let size = x.abs();
    // Here n is 1024, and 2ⁿ infinite.
    let bounded = if size > 355.0 { 355.0 } else { size };
    // The exponent's bits of 2ⁿ are left in the last ones.
    let rounded = (if size < TANH_SMALL { 0.0 } else { bounded * (2.0 * LOG2_E) }) + (ROUNDER + 1023.0);
    let n = rounded - (ROUNDER + 1023.0);
    let rest = (bounded - n * (0.5 * LN_2[0])) - n * (0.5 * LN_2[1]);
    (rest, f64::from_bits(rounded.to_bits() << 52))
}

#[inline(always)]
fn tanh_of_reduced(x: f64, (rest, scale): (f64, f64)) -> (f64, f64) {
    let size = x.abs();
    let is_small = size < TANH_SMALL;
    let square = rest * rest;
    let q = horner(TANH_Q, square);
    let bend = rest * square * horner(TANH_P, square);
    let r = rest * q + bend;
    let (sum, difference) = (q + r, r - q);
    let numerator = pick(is_small, bend, difference + difference);
    let denominator = pick(is_small, q, scale * sum - difference);
    let quotient = numerator / denominator;
    let y = pick(is_small, size, 1.0) + quotient;
    // (1 − y)(1 + y), where 1 − y is the quotient and has not lost its digits.
    let slope = pick(is_small, 1.0 - y * y, -quotient * (1.0 + y));
    (y.copysign(x), slope)
}

pub(super) fn tanh_column(column: Column<'_>) {
    column.map_in_two_steps(tanh, tanh_both, tanh_reduced, tanh_of_reduced);
}

/// 1/(1 + e⁻ˣ), with the exponential that cannot overflow.
#[inline(always)]
pub(super) fn sigmoid(x: f64) -> f64 {
    sigmoid_both(x).0
}

/// σ(x) and σ(x) σ(−x), without the cancellation of 1 − σ.
#[inline(always)]
pub(super) fn sigmoid_both(x: f64) -> (f64, f64) {
    sigmoid_of_exp(x, exp_falling(x))
}

#[inline(always)]
fn sigmoid_of_exp(x: f64, (e, lost): (f64, f64)) -> (f64, f64) {
    let is_left = x < 0.0;
    let below = 1.0 + e;
    let y = pick(is_left, e, 1.0) / below;
    // To the left 1 − y is above one half, and exact enough to stand for 1/(1 + e).
    let share = pick(is_left, 1.0 - y, y);
    let lost_below = (e - (below - 1.0)) + lost;
    let y = y + share * (pick(is_left, lost, 0.0) - y * lost_below);
    (y, y * pick(is_left, share, e * y))
}

pub(super) fn sigmoid_column(column: Column<'_>) {
    column.map_in_two_steps(sigmoid, sigmoid_both, exp_falling, sigmoid_of_exp);
}
