//! Logarithms, and the softplus.
//!
//! x = 2ᵏ (1 + f) with √½ < 1 + f < √2, and with s = f/(2 + f): ln(1 + f) = 2 artanh s = 2s + s³ P(s²), which is summed up as
//! f − (f²/2 − s (f²/2 + s² P)), so that the largest term is exact.

use super::exponential::{LN_2, exp_falling, polynomial};

/// P of ln.
const LOG: [f64; 7] = [
    0.666_666_666_666_667,
    0.399_999_999_998_993_8,
    0.285_714_286_260_310_65,
    0.222_222_111_257_228_1,
    0.181_828_897_861_910_42,
    0.153_316_996_335_438_58,
    0.146_167_211_798_618_16,
];

/// The bits of √½.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// 2⁵², of which the last bits are a whole number.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// k ln 2 + ln(1 + f) + `missing`.
#[inline(always)]
fn sum(k: f64, f: f64, missing: f64) -> f64 {
    let s = f / (2.0 + f);
    let square = s * s;
    let half = 0.5 * f * f;
    let series = square * polynomial(LOG, square);
    k * LN_2[0] - ((half - (s * (half + series) + (k * LN_2[1] + missing))) - f)
}

/// k and 1 + f of a positive normal number.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    let bits = x.to_bits();
    // The exponent, 1023 more than it is, in the last bits.
    let exponent = bits.wrapping_add(ONE - ROOT_HALF) >> 52;
    let k = f64::from_bits(exponent | WHOLE.to_bits()) - (WHOLE + 1023.0);
    (k, f64::from_bits(bits.wrapping_sub(exponent << 52).wrapping_add(ONE)))
}

/// ln x.
#[inline(always)]
pub(super) fn log(x: f64) -> f64 {
    let is_tiny = x < f64::MIN_POSITIVE;
    let (k, m) = split(if is_tiny { x * f64::from_bits((1023 + 54) << 52) } else { x });
    let y = sum(if is_tiny { k - 54.0 } else { k }, m - 1.0, 0.0);
    let y = if x > f64::MAX { x } else { y };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    // Of what is less than 0, and of NaN.
    if x >= 0.0 { y } else { f64::NAN }
}

#[inline(always)]
pub(super) fn log_both(x: f64) -> (f64, f64) {
    (log(x), 1.0 / x)
}

/// ln(1 + x).
#[inline(always)]
pub(super) fn log1p(x: f64) -> f64 {
    let above = 1.0 + x;
    let (k, m) = split(above);
    // What rounding has taken from 1 + x, as a share of it.
    let lost = if x < 1.0 { x - (above - 1.0) } else { 1.0 - (above - x) };
    let y = sum(k, m - 1.0, lost / above);
    let y = if x > f64::MAX { x } else { y };
    let y = if x == -1.0 { f64::NEG_INFINITY } else { y };
    // Where 1 + x is 1, the logarithm is x, and keeps the sign of 0.
    let y = if above == 1.0 { x } else { y };
    if x >= -1.0 { y } else { f64::NAN }
}

#[inline(always)]
pub(super) fn log1p_both(x: f64) -> (f64, f64) {
    (log1p(x), 1.0 / (1.0 + x))
}

/// ln(1 + e + `missing`) for 0 ≤ e ≤ 1.
#[inline(always)]
fn log1p_of_share(e: f64, missing: f64) -> f64 {
    let above = 1.0 + e;
    let (k, m) = split(above);
    // The lost part is below half a unit in the last place: a straight line is near enough to 1/(1 + e).
    let lost = ((e - (above - 1.0)) + missing) * (1.0 - 0.5 * e);
    sum(k, m - 1.0, lost)
}

/// ln(1 + eˣ), without overflow.
#[inline(always)]
pub(super) fn softplus(x: f64) -> f64 {
    let (e, lost) = exp_falling(x);
    positive_part(x) + log1p_of_share(e, lost)
}

#[inline(always)]
pub(super) fn softplus_both(x: f64) -> (f64, f64) {
    let (e, lost) = exp_falling(x);
    let share = 1.0 / (1.0 + e);
    (positive_part(x) + log1p_of_share(e, lost), if x < 0.0 { e * share } else { share })
}

/// max(x, 0), and NaN of NaN.
#[inline(always)]
fn positive_part(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}
