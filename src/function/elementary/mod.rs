//! The elementary functions of the expression language: each with its value and its exact derivative, in forms that stay
//! accurate and finite far from zero, and the same bits on every machine.
//!
//! Those that training asks for most are our own, of operations that processors apply to several numbers at a time, and err by
//! less than 1.75 units in the last place where a test measures them; the others are those of the `libm` crate.

mod circular;
mod error_function;
mod exponential;
mod logarithm;

use std::f64::consts::{LN_2, LN_10};

use super::program::chain;
use crate::lanes::{self, Loop, Packs};
use circular::{atan, atan_both, cos, cos_both, cos_column, sin, sin_both, sin_column};
use error_function::{erf, erf_both, erfc, erfc_both, normal_cdf, normal_cdf_both};
use exponential::{
    exp, exp_both, expm1, expm1_both, sigmoid, sigmoid_both, sigmoid_column, tanh, tanh_both, tanh_column,
};
use logarithm::{log, log_both, log1p, log1p_both, softplus, softplus_both};

/// A function of one number.
#[derive(Debug)]
pub(super) struct Unary {
    pub(super) name: &'static str,
    /// LaTeX before an argument in parentheses.
    pub(super) latex: &'static str,
    /// What it is, for people.
    pub(super) meaning: &'static str,
    pub(super) value: fn(f64) -> f64,
    /// The value, the same bits as `value` gives, and the derivative. At a kink the derivative is that of the flatter side.
    pub(super) value_and_derivative: fn(f64) -> (f64, f64),
    /// The same bits for a whole column.
    pub(super) column: fn(Column<'_>),
    /// The second derivative, from the argument and the value. At a kink it is 0, as on both of its sides.
    pub(super) second_derivative: fn(f64, f64) -> f64,
}

/// The function of this name.
pub(super) fn unary(name: &str) -> Option<&'static Unary> {
    UNARY.iter().find(|function| function.name == name)
}

/// What a function is applied to.
pub(super) enum Column<'c> {
    /// Arguments that give way to values.
    Values(&'c mut [f64]),
    /// Arguments that give way to values, and their derivatives, as many, which are multiplied by the function's.
    Duals(&'c mut [f64], &'c mut [f64]),
    /// The variable itself, and places, as many, for values and derivatives.
    Variable { x: &'c [f64], values: &'c mut [f64], slopes: &'c mut [f64] },
}

impl Column<'_> {
    /// Whether all arguments are below a limit in size.
    fn is_within(&self, limit: f64) -> bool {
        let arguments = match self {
            Self::Values(arguments) | Self::Duals(arguments, _) => arguments,
            Self::Variable { x, .. } => *x,
        };
        arguments.iter().all(|argument| argument.abs() < limit)
    }

    /// Applies a function, given by its value and by its value and derivative.
    fn map(self, value: impl Fn(f64) -> f64, both: impl Fn(f64) -> (f64, f64)) {
        match self {
            Self::Values(values) => lanes::run(Map { values, function: value }),
            Self::Duals(values, slopes) => lanes::run(MapDuals { values, slopes, function: both }),
            Self::Variable { x, values, slopes } => {
                lanes::run(MapVariable { x, values, slopes, function: both });
            }
        }
    }

    /// [`Self::map`] for a function whose value and derivative are computed in two steps, of which the second has the argument
    /// and the two numbers that the first makes of it. Where there is room for these, each step is a loop of its own: processors
    /// look only so far ahead for what does not wait for something else, and find more of it in short loops.
    fn map_in_two_steps(
        self,
        value: impl Fn(f64) -> f64,
        both: impl Fn(f64) -> (f64, f64),
        first: impl Fn(f64) -> (f64, f64),
        second: impl Fn(f64, (f64, f64)) -> (f64, f64),
    ) {
        match self {
            Self::Variable { x, values, slopes } => {
                lanes::run(MapInTwoSteps { x, values, slopes, first, second });
            }
            other => other.map(value, both),
        }
    }
}

/// To how many numbers a step is applied before the next one is: what is between them stays in the nearest cache.
const AT_ONCE: usize = 256;

struct Map<'c, F> {
    values: &'c mut [f64],
    function: F,
}

impl<F: Fn(f64) -> f64> Loop for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, _: P) {
        for value in self.values {
            *value = (self.function)(*value);
        }
    }
}

struct MapDuals<'c, F> {
    values: &'c mut [f64],
    slopes: &'c mut [f64],
    function: F,
}

impl<F: Fn(f64) -> (f64, f64)> Loop for MapDuals<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, _: P) {
        for (value, derivative) in self.values.iter_mut().zip(self.slopes) {
            let (y, slope) = (self.function)(*value);
            *value = y;
            *derivative = chain(slope, *derivative);
        }
    }
}

struct MapVariable<'c, F> {
    x: &'c [f64],
    values: &'c mut [f64],
    slopes: &'c mut [f64],
    function: F,
}

impl<F: Fn(f64) -> (f64, f64)> Loop for MapVariable<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, _: P) {
        for ((x, value), derivative) in self.x.iter().zip(self.values).zip(self.slopes) {
            let (y, slope) = (self.function)(*x);
            *value = y;
            // As `chain` leaves it: 0 has no sign.
            *derivative = slope + 0.0;
        }
    }
}

struct MapInTwoSteps<'c, F, G> {
    x: &'c [f64],
    values: &'c mut [f64],
    slopes: &'c mut [f64],
    first: F,
    second: G,
}

impl<F, G> Loop for MapInTwoSteps<'_, F, G>
where
    F: Fn(f64) -> (f64, f64),
    G: Fn(f64, (f64, f64)) -> (f64, f64),
{
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, _: P) {
        let outputs = self.values.chunks_mut(AT_ONCE).zip(self.slopes.chunks_mut(AT_ONCE));
        for (x, (values, slopes)) in self.x.chunks(AT_ONCE).zip(outputs) {
            for ((x, value), derivative) in x.iter().zip(&mut *values).zip(&mut *slopes) {
                (*value, *derivative) = (self.first)(*x);
            }
            for ((x, value), derivative) in x.iter().zip(values).zip(slopes) {
                let (y, slope) = (self.second)(*x, (*value, *derivative));
                *value = y;
                // As `chain` leaves it: 0 has no sign.
                *derivative = slope + 0.0;
            }
        }
    }
}

macro_rules! functions {
    ($($name:literal, $latex:literal, $meaning:literal: $value:expr, $both:expr, $second:expr $(, by $column:expr)?;)*) => {
        &[$(Unary {
            name: $name,
            latex: $latex,
            meaning: $meaning,
            value: $value,
            value_and_derivative: $both,
            column: functions!(@ $value, $both $(, $column)?),
            second_derivative: $second,
        }),*]
    };
    (@ $value:expr, $both:expr, $column:expr) => { $column };
    (@ $value:expr, $both:expr) => { |column| column.map($value, $both) };
}

/// Name, LaTeX, meaning: value by x; value and derivative by x; second derivative by x and the value y; and how a column is computed,
/// if not by the first two.
pub(super) static UNARY: &[Unary] = functions! {
    "exp", r"\exp", "e to the power x": exp, exp_both, |_, y| y;
    "expm1", r"\operatorname{expm1}", "exp(x) − 1, accurate near 0": expm1, expm1_both, |x, _| exp(x);
    "log", r"\ln", "the natural logarithm": log, log_both, |x, _| -1.0 / x / x;
    "ln", r"\ln", "the natural logarithm, as log": log, log_both, |x, _| -1.0 / x / x;
    "log1p", r"\operatorname{log1p}", "ln(1 + x), accurate near 0": log1p, log1p_both, |x, _| -1.0 / (1.0 + x) / (1.0 + x);
    "log2", r"\log_{2}", "the logarithm to base 2": libm::log2, |x| (libm::log2(x), 1.0 / (x * LN_2)), |x, _| -1.0 / (x * LN_2) / x;
    "log10", r"\log_{10}", "the logarithm to base 10": libm::log10, |x| (libm::log10(x), 1.0 / (x * LN_10)), |x, _| -1.0 / (x * LN_10) / x;
    "sqrt", r"\sqrt", "the square root": sqrt, sqrt_both, |_, y| -0.25 / (y * y * y);
    "cbrt", r"\operatorname{cbrt}", "the cube root, of negative numbers too": libm::cbrt, |x| with(libm::cbrt(x), |y| 1.0 / (3.0 * y * y)), |x, y| -2.0 / (9.0 * x * y * y);
    "abs", r"\operatorname{abs}", "|x|, the absolute value": abs, abs_both, |_, _| 0.0;
    "sign", r"\operatorname{sign}", "−1 below 0, 0 at 0, 1 above": sign, |x| (sign(x), 0.0), |_, _| 0.0;
    "step", r"\operatorname{step}", "1 above 0, else 0": step, |x| (step(x), 0.0), |_, _| 0.0;
    "floor", r"\operatorname{floor}", "the nearest whole number at or below": f64::floor, |x| (x.floor(), 0.0), |_, _| 0.0;
    "ceil", r"\operatorname{ceil}", "the nearest whole number at or above": f64::ceil, |x| (x.ceil(), 0.0), |_, _| 0.0;
    "round", r"\operatorname{round}", "the nearest whole number; halves go away from 0": f64::round, |x| (x.round(), 0.0), |_, _| 0.0;
    "sin", r"\sin", "the sine, of radians": sin, sin_both, |_, y| -y, by sin_column;
    "cos", r"\cos", "the cosine, of radians": cos, cos_both, |_, y| -y, by cos_column;
    "tan", r"\tan", "the tangent, of radians": libm::tan, |x| with(libm::tan(x), |y| 1.0 + y * y), |_, y| 2.0 * y * (1.0 + y * y);
    "asin", r"\arcsin", "the inverse of the sine, in radians": libm::asin, |x| (libm::asin(x), 1.0 / ((1.0 - x) * (1.0 + x)).sqrt()), |x, _| x * arc_second(x);
    "acos", r"\arccos", "the inverse of the cosine, in radians": libm::acos, |x| (libm::acos(x), -1.0 / ((1.0 - x) * (1.0 + x)).sqrt()), |x, _| -x * arc_second(x);
    "atan", r"\arctan", "the inverse of the tangent, in radians": atan, atan_both, |x, _| -2.0 * x / (1.0 + x * x) / (1.0 + x * x);
    "sinh", r"\sinh", "the hyperbolic sine": libm::sinh, |x| (libm::sinh(x), libm::cosh(x)), |_, y| y;
    "cosh", r"\cosh", "the hyperbolic cosine": libm::cosh, |x| (libm::cosh(x), libm::sinh(x)), |_, y| y;
    "tanh", r"\tanh", "the hyperbolic tangent": tanh, tanh_both, |x, y| -2.0 * y * tanh_both(x).1, by tanh_column;
    "asinh", r"\operatorname{arsinh}", "the inverse of sinh": libm::asinh, |x| (libm::asinh(x), 1.0 / libm::hypot(1.0, x)), |x, _| -x / libm::hypot(1.0, x) / libm::hypot(1.0, x) / libm::hypot(1.0, x);
    "acosh", r"\operatorname{arcosh}", "the inverse of cosh": libm::acosh, |x| (libm::acosh(x), 1.0 / ((x - 1.0).sqrt() * (x + 1.0).sqrt())), |x, _| -x / ((x - 1.0).sqrt() * (x + 1.0).sqrt()) / ((x - 1.0) * (x + 1.0));
    "atanh", r"\operatorname{artanh}", "the inverse of tanh": libm::atanh, |x| (libm::atanh(x), 1.0 / ((1.0 - x) * (1.0 + x))), |x, _| 2.0 * x / ((1.0 - x) * (1.0 + x)) / ((1.0 - x) * (1.0 + x));
    "sigmoid", r"\sigma", "1 / (1 + exp(−x))": sigmoid, sigmoid_both, |x, _| sigmoid_second(x), by sigmoid_column;
    "softplus", r"\operatorname{softplus}", "ln(1 + exp(x))": softplus, softplus_both, |x, _| sigmoid_both(x).1;
    "relu", r"\operatorname{ReLU}", "x above 0, else 0": relu, relu_both, |_, _| 0.0;
    "erf", r"\operatorname{erf}", "the error function": erf, erf_both, |x, _| -2.0 * x * erf_both(x).1;
    "erfc", r"\operatorname{erfc}", "1 − erf(x), accurate for large x": erfc, erfc_both, |x, _| -2.0 * x * erfc_both(x).1;
    "normal_cdf", r"\Phi", "the distribution function of the standard normal distribution": normal_cdf, normal_cdf_both, |x, _| -x * normal_cdf_both(x).1;
};

/// A value and the derivative that follows from it.
fn with(y: f64, slope: impl Fn(f64) -> f64) -> (f64, f64) {
    (y, slope(y))
}

#[inline(always)]
fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

#[inline(always)]
fn sqrt_both(x: f64) -> (f64, f64) {
    let y = x.sqrt();
    (y, 0.5 / y)
}

#[inline(always)]
fn abs(x: f64) -> f64 {
    x.abs()
}

#[inline(always)]
fn abs_both(x: f64) -> (f64, f64) {
    (x.abs(), sign(x))
}

/// −1, 0 or 1.
#[inline(always)]
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

#[inline(always)]
fn step(x: f64) -> f64 {
    if x > 0.0 { 1.0 } else { 0.0 }
}

#[inline(always)]
fn relu(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.0 }
}

#[inline(always)]
fn relu_both(x: f64) -> (f64, f64) {
    (relu(x), step(x))
}

/// −σ′(x) tanh(x/2), since 1 − 2σ(x) = −tanh(x/2).
fn sigmoid_second(x: f64) -> f64 {
    -tanh(0.5 * x) * sigmoid_both(x).1
}

/// (1 − x²)^(−3/2).
fn arc_second(x: f64) -> f64 {
    let rest = (1.0 - x) * (1.0 + x);
    1.0 / (rest * rest.sqrt())
}

/// The power by repeated squaring: exact where the result is, and defined for negative bases.
pub(super) fn integer_power(base: f64, exponent: i32) -> f64 {
    let mut remaining = exponent.unsigned_abs();
    let (mut result, mut square) = (1.0, base);
    while remaining > 0 {
        if remaining & 1 == 1 {
            result *= square;
        }
        square *= square;
        remaining >>= 1;
    }
    if exponent < 0 { 1.0 / result } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of `function,argument,value,what that is short of`, written by `tests/fixtures/elementary.py` with mpmath.
    const VALUES: &str = include_str!("../../../tests/fixtures/elementary.csv");

    #[test]
    fn our_own_err_by_less_than_two_units_in_the_last_place() {
        let mut worst: Vec<(&str, f64, f64)> = Vec::new();
        for row in VALUES.lines() {
            let (name, numbers) = row.split_once(',').unwrap();
            let numbers: Vec<f64> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
            let [x, high, low] = numbers[..] else { panic!("{row}") };
            let y = (unary(name).unwrap().value)(x);
            let unit = high.abs().next_up() - high.abs();
            let error = ((y - high) - low).abs() / unit;
            assert!(error < 2.0, "{row}: {y:e}, {error} units");
            match worst.last_mut() {
                Some(last) if last.0 == name => *last = if error > last.1 { (name, error, x) } else { *last },
                _ => worst.push((name, error, x)),
            }
        }
        // What is claimed in the module's text, and that rows were read at all.
        assert_eq!(worst.len(), 13, "{worst:?}");
        assert!(worst.iter().all(|(_, error, _)| (0.4..1.75).contains(error)), "{worst:?}");
    }

    #[test]
    fn columns_are_what_single_numbers_are() {
        let steps = (-4000..4000).map(|step| f64::from(step) * 0.012_345_678_9);
        let tiny = (0..1100).map(|step| libm::exp2(-f64::from(step)) * 1.234_567_89);
        let tiny: Vec<f64> = tiny.flat_map(|x| [x, -x]).collect();
        let large =
            [-1e300, -1e9, -1e4, -0.0, 0.0, 1e4, 1e9, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let xs: Vec<f64> = steps.chain(tiny).chain(large).collect();
        let is_same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        for function in UNARY {
            let mut values = xs.clone();
            (function.column)(Column::Values(&mut values));
            let (mut also, mut slopes) = (xs.clone(), vec![1.0; xs.len()]);
            (function.column)(Column::Duals(&mut also, &mut slopes));
            let [mut again, mut outer] = [vec![0.0; xs.len()], vec![0.0; xs.len()]];
            (function.column)(Column::Variable { x: &xs, values: &mut again, slopes: &mut outer });
            for (at, &x) in xs.iter().enumerate() {
                let value = (function.value)(x);
                let (y, slope) = (function.value_and_derivative)(x);
                for other in [values[at], also[at], again[at], y] {
                    assert!(is_same(value, other), "{} at {x}: {value:e} {other:e}", function.name);
                }
                let slope = chain(slope, 1.0);
                assert!(is_same(slope, outer[at]), "{} at {x}: {slope:e} {:e}", function.name, outer[at]);
                assert!(is_same(slope, slopes[at]), "{} at {x}: {slope:e} {:e}", function.name, slopes[at]);
            }
        }
    }

    #[test]
    fn derivatives_do_not_cancel_far_out() {
        // sech²(20) = 4 e^−40 / (1 + e^−40)², σ′(−40) = e^−40 / (1 + e^−40)²; e^−40 = 4.248354255291589e−18 (mpmath).
        let e = 4.248_354_255_291_589e-18;
        let at = |name, x| (unary(name).unwrap().value_and_derivative)(x).1;
        assert!((at("tanh", 20.0) / (4.0 * e) - 1.0).abs() < 1e-14);
        assert!((at("sigmoid", 40.0) / e - 1.0).abs() < 1e-14);
        for name in ["tanh", "sigmoid", "softplus", "relu", "erf", "normal_cdf", "atan", "asinh"] {
            for x in [-1e4, 1e4] {
                assert!(at(name, x).is_finite(), "{name} at {x}");
            }
        }
    }

    #[test]
    fn integer_powers() {
        assert_eq!(integer_power(-2.0, 3), -8.0);
        assert_eq!(integer_power(2.0, -2), 0.25);
        assert_eq!(integer_power(0.0, 0), 1.0);
        assert_eq!(integer_power(3.0, 13), 1_594_323.0);
    }
}
