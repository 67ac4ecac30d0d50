//! Sine, cosine and arctangent.
//!
//! x = n π/2 + r with |r| ≤ π/4; r is kept in two parts, since a multiple of π/2 can take away most digits of x.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4};

use super::Column;
use super::exponential::{ROUNDER, polynomial};

/// π/2 in parts of 33 digits, whose products with n are exact, and the rest.
const HALF_PI: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

/// Up to here n has so few digits that this is so; beyond, `libm` reduces the argument.
const LIMIT: f64 = 1_000_000.0;

/// sin r = r + r³ S(r²).
const SIN: [f64; 6] = [
    -0.166_666_666_666_666_66,
    0.008_333_333_333_330_946,
    -0.000_198_412_698_367_549_7,
    2.755_731_610_068_303e-6,
    -2.505_113_145_542_795e-8,
    1.591_810_123_027_412e-10,
];

/// cos r = 1 − r²/2 + r⁴ C(r²).
const COS: [f64; 6] = [
    0.041_666_666_666_666_664,
    -0.001_388_888_888_888_739_5,
    2.480_158_729_876_343_3e-5,
    -2.755_731_727_056_032_6e-7,
    2.087_614_602_468_974_7e-9,
    -1.138_261_486_855_632_5e-11,
];

/// arctan t = t + t³ P(t²) for |t| ≤ tan(π/8).
const ATAN: [f64; 11] = [
    -0.333_333_333_333_333_3,
    0.199_999_999_999_955_13,
    -0.142_857_142_846_648_2,
    0.111_111_110_151_176_26,
    -0.090_909_045_724_873_47,
    0.076_921_830_598_941_14,
    -0.066_645_096_032_553_86,
    0.058_581_328_944_279_22,
    -0.050_853_659_223_442_48,
    0.039_229_237_138_359_43,
    -0.019_173_922_285_547_93,
];
const TAN_EIGHTH_PI: f64 = 0.414_213_562_373_095_03;
const TAN_THREE_EIGHTHS_PI: f64 = 2.414_213_562_373_095;
/// What is missing to the constants π/2 and π/4.
const HALF_PI_REST: f64 = 6.123_233_995_736_766e-17;
const QUARTER_PI_REST: f64 = 3.061_616_997_868_383e-17;

/// sin x and cos x.
#[inline(always)]
fn sincos(x: f64) -> (f64, f64) {
    let rounded = x * FRAC_2_PI + ROUNDER;
    let n = rounded - ROUNDER;
    let quadrant = rounded.to_bits();
    // Two exact steps, the second with what it loses, and the last one rounded.
    let first = x - n * HALF_PI[0];
    let part = n * HALF_PI[1];
    let second = first - part;
    let lost = (first - second) - part;
    let last = n * HALF_PI[2] - lost;
    let r = second - last;
    let missing = (second - r) - last;

    let square = r * r;
    let sine = r + (r * square * polynomial(SIN, square) + missing * (1.0 - 0.5 * square));
    let half = 0.5 * square;
    let one = 1.0 - half;
    let cosine = one + (((1.0 - one) - half) + (square * square * polynomial(COS, square) - r * missing));

    let (s, c) = if quadrant & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let s = if quadrant & 2 == 0 { s } else { -s };
    let c = if (quadrant.wrapping_add(1)) & 2 == 0 { c } else { -c };
    (s, c)
}

fn sincos_anywhere(x: f64) -> (f64, f64) {
    if x.abs() < LIMIT { sincos(x) } else { libm::sincos(x) }
}

pub(super) fn sin(x: f64) -> f64 {
    sincos_anywhere(x).0
}

pub(super) fn cos(x: f64) -> f64 {
    sincos_anywhere(x).1
}

pub(super) fn sin_both(x: f64) -> (f64, f64) {
    sincos_anywhere(x)
}

pub(super) fn cos_both(x: f64) -> (f64, f64) {
    let (s, c) = sincos_anywhere(x);
    (c, -s)
}

#[inline(always)]
fn near_sin(x: f64) -> f64 {
    sincos(x).0
}

#[inline(always)]
fn near_cos(x: f64) -> f64 {
    sincos(x).1
}

#[inline(always)]
fn near_cos_both(x: f64) -> (f64, f64) {
    let (s, c) = sincos(x);
    (c, -s)
}

pub(super) fn sin_column(column: Column<'_>) {
    if column.is_within(LIMIT) {
        column.map(near_sin, sincos);
    } else {
        column.map(sin, sin_both);
    }
}

pub(super) fn cos_column(column: Column<'_>) {
    if column.is_within(LIMIT) {
        column.map(near_cos, near_cos_both);
    } else {
        column.map(cos, cos_both);
    }
}

#[inline(always)]
pub(super) fn atan(x: f64) -> f64 {
    let size = x.abs();
    // arctan x = π/4 + arctan((x − 1)/(x + 1)) = π/2 − arctan(1/x).
    let (numerator, denominator, start, rest) = if size > TAN_THREE_EIGHTHS_PI {
        (-1.0, size, FRAC_PI_2, HALF_PI_REST)
    } else if size > TAN_EIGHTH_PI {
        (size - 1.0, size + 1.0, FRAC_PI_4, QUARTER_PI_REST)
    } else {
        (size, 1.0, 0.0, 0.0)
    };
    let t = numerator / denominator;
    let square = t * t;
    let y = start + (t + (t * square * polynomial(ATAN, square) + rest));
    y.copysign(x)
}

#[inline(always)]
pub(super) fn atan_both(x: f64) -> (f64, f64) {
    (atan(x), 1.0 / (1.0 + x * x))
}
