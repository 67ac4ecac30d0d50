//! erf, erfc and Φ, which is ½ erfc(−x/√2).
//!
//! Up to [`SMALL`], erf z = z + z P(z²). Beyond, erfc z = e^−z² T(t)/(1 + 2z) with t = (z − [`MIDDLE`])/(z + [`MIDDLE`]), in which
//! T is nearly straight (after Shepherd and Laframboise, 1981); what rounding takes from z², from the exponential and from the
//! quotient is kept, so that the tail is as exact far out as near 0.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::exponential::{exp_falling, polynomial};

/// P of erf.
const ERF: [f64; 10] = [
    0.128_379_167_095_512_6,
    -0.376_126_389_031_837_54,
    0.112_837_916_709_549_92,
    -0.026_866_170_645_056_28,
    0.005_223_977_623_324_505,
    -0.000_854_832_667_962_158_5,
    0.000_120_552_989_595_517_61,
    -1.492_356_282_650_544_8e-05,
    1.638_442_078_553_939e-06,
    -1.475_004_168_290_854e-07,
];

/// T: its constant, and what is missing to that; (T − constant)/t.
const TAIL_CONSTANT: [f64; 2] = [1.239_890_210_412_722_3, -7.047_423_748_284_606e-17];
const TAIL: [f64; 22] = [
    -0.140_248_771_204_728_28,
    -0.003_166_898_261_111_789,
    0.089_779_701_483_224_08,
    -0.112_182_767_254_976_28,
    0.090_545_185_144_690_63,
    -0.054_030_534_588_438_54,
    0.023_746_312_841_560_542,
    -0.006_828_303_300_548_202,
    0.000_564_668_789_932_765_6,
    0.000_514_800_170_175_474,
    -0.000_223_656_032_931_796_97,
    -2.916_152_960_879_419e-06,
    2.913_885_897_695_667e-05,
    -4.946_775_696_293_876e-06,
    -3.361_445_378_231_732_7e-06,
    1.107_654_539_627_925e-06,
    4.153_904_518_547_218e-07,
    -1.956_868_122_245_586_3e-07,
    -5.631_578_920_523_203_5e-08,
    3.063_499_406_120_537e-08,
    6.048_411_203_014_903e-09,
    -3.309_816_034_519_417_4e-09,
];
const MIDDLE: f64 = 3.625;
/// A little more than where erf is ½.
const SMALL: f64 = 0.48;
/// Beyond, erfc is 0, and Φ.
const LARGEST: f64 = 28.0;

/// A product, and what rounding has taken from it (Dekker, 1971).
#[inline(always)]
fn product(a: f64, b: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0;
    let split = |x: f64| {
        let scaled = SPLITTER * x;
        let high = scaled - (scaled - x);
        (high, x - high)
    };
    let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
    let rounded = a * b;
    (rounded, ((a_high * b_high - rounded) + a_high * b_low + a_low * b_high) + a_low * b_low)
}

/// erf z for |z| ≤ [`SMALL`].
#[inline(always)]
fn erf_small(z: f64) -> f64 {
    z + z * polynomial(ERF, z * z)
}

/// erfc z for [`SMALL`] ≤ z ≤ [`LARGEST`], from z and z² with what is missing to them; and e^−z².
#[inline(always)]
fn tail((z, z_missing): (f64, f64), (square, square_missing): (f64, f64)) -> (f64, f64) {
    let (e, lost) = exp_falling(square);
    let lost = lost - e * square_missing;
    let t = (z - MIDDLE) / (z + MIDDLE);
    let change = t * polynomial(TAIL, t);
    let above = TAIL_CONSTANT[0] + change;
    let lost_above = (change - (above - TAIL_CONSTANT[0])) + TAIL_CONSTANT[1];
    let below = 1.0 + 2.0 * z;
    let lost_below = if z < 0.5 { 2.0 * z - (below - 1.0) } else { 1.0 - (below - 2.0 * z) };
    let quotient = above / below;
    let (back, lost_back) = product(quotient, below);
    let lost_below = lost_below + 2.0 * z_missing;
    let rest = ((above - back) - lost_back) + (lost_above - quotient * lost_below);
    let lost_quotient = rest / below;
    (e * quotient + (e * lost_quotient + lost * quotient), e + lost)
}

#[inline(always)]
fn limited(x: f64, largest: f64) -> f64 {
    let size = x.abs();
    if size > largest { largest } else { size }
}

/// erfc |x| for the tail, erf x for small arguments, and e^−x².
#[inline(always)]
fn parts(x: f64) -> (f64, f64, f64) {
    let size = limited(x, LARGEST);
    // Computed for all arguments, of which some take the one and some the other.
    let (tail, density) = tail((if size < SMALL { SMALL } else { size }, 0.0), product(size, size));
    (tail, erf_small(if size > SMALL { SMALL } else { size }.copysign(x)), density)
}

#[inline(always)]
pub(super) fn erf(x: f64) -> f64 {
    erf_both(x).0
}

#[inline(always)]
pub(super) fn erf_both(x: f64) -> (f64, f64) {
    let (tail, small, density) = parts(x);
    (if x.abs() < SMALL { small } else { (1.0 - tail).copysign(x) }, FRAC_2_SQRT_PI * density)
}

#[inline(always)]
pub(super) fn erfc(x: f64) -> f64 {
    erfc_both(x).0
}

#[inline(always)]
pub(super) fn erfc_both(x: f64) -> (f64, f64) {
    let (tail, small, density) = parts(x);
    let beside = if x > 0.0 { tail } else { 2.0 - tail };
    (if x.abs() < SMALL { 1.0 - small } else { beside }, -FRAC_2_SQRT_PI * density)
}

/// What is missing to 1/√2.
const FRAC_1_SQRT_2_MISSING: f64 = -4.833_646_656_726_457e-17;
/// 1/√(2π).
const NORMAL_DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;

#[inline(always)]
pub(super) fn normal_cdf(x: f64) -> f64 {
    normal_cdf_both(x).0
}

#[inline(always)]
pub(super) fn normal_cdf_both(x: f64) -> (f64, f64) {
    let size = limited(x, 1.4 * LARGEST);
    let (z, missing) = product(FRAC_1_SQRT_2, size);
    let is_small = z < SMALL;
    let z_and_missing = (if is_small { SMALL } else { z }, missing + FRAC_1_SQRT_2_MISSING * size);
    // x²/2 is exact where (x/√2)² would not be.
    let (square, missing) = product(size, size);
    let (tail, density) = tail(z_and_missing, (0.5 * square, 0.5 * missing));
    let small = 0.5 * erf_small(if is_small { z } else { SMALL }.copysign(x));
    let beside = if x > 0.0 { 1.0 - 0.5 * tail } else { 0.5 * tail };
    (if is_small { 0.5 + small } else { beside }, NORMAL_DENSITY_AT_0 * density)
}
