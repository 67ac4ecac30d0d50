//! The elementary functions of the expression language: each with its value and its exact derivative, in forms that stay
//! accurate and finite far from zero, and the same bits on every machine (through the `libm` crate).

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, SQRT_2};

/// A function of one number.
#[derive(Debug)]
pub(super) struct Unary {
    pub(super) name: &'static str,
    /// LaTeX before an argument in parentheses.
    pub(super) latex: &'static str,
    pub(super) value: fn(f64) -> f64,
    /// The value, the same bits as `value` gives, and the derivative. At a kink the derivative is that of the flatter side.
    pub(super) value_and_derivative: fn(f64) -> (f64, f64),
    /// The second derivative, from the argument and the value. At a kink it is 0, as on both of its sides.
    pub(super) second_derivative: fn(f64, f64) -> f64,
}

/// The function of this name.
pub(super) fn unary(name: &str) -> Option<&'static Unary> {
    UNARY.iter().find(|function| function.name == name)
}

macro_rules! functions {
    ($($name:literal, $latex:literal: $value:expr, $derivative:expr, $second:expr $(, both $both:expr)?;)*) => {
        &[$(Unary {
            name: $name,
            latex: $latex,
            value: $value,
            value_and_derivative: functions!(@ $value, $derivative $(, $both)?),
            second_derivative: $second,
        }),*]
    };
    (@ $value:expr, $derivative:expr, $both:expr) => { $both };
    (@ $value:expr, $derivative:expr) => {
        |x| {
            let value: fn(f64) -> f64 = $value;
            let derivative: fn(f64, f64) -> f64 = $derivative;
            let y = value(x);
            (y, derivative(x, y))
        }
    };
}

/// Name, LaTeX: value by x; derivative and second derivative by x and the value y; value and derivative by x, where they have
/// something in common, in the same bits.
pub(super) static UNARY: &[Unary] = functions! {
    "exp", r"\exp": libm::exp, |_, y| y, |_, y| y;
    "expm1", r"\operatorname{expm1}": libm::expm1, |x, _| libm::exp(x), |x, _| libm::exp(x);
    "log", r"\ln": libm::log, |x, _| 1.0 / x, |x, _| -1.0 / x / x;
    "ln", r"\ln": libm::log, |x, _| 1.0 / x, |x, _| -1.0 / x / x;
    "log1p", r"\operatorname{log1p}": libm::log1p, |x, _| 1.0 / (1.0 + x), |x, _| -1.0 / (1.0 + x) / (1.0 + x);
    "log2", r"\log_{2}": libm::log2, |x, _| 1.0 / (x * LN_2), |x, _| -1.0 / (x * LN_2) / x;
    "log10", r"\log_{10}": libm::log10, |x, _| 1.0 / (x * LN_10), |x, _| -1.0 / (x * LN_10) / x;
    "sqrt", r"\sqrt": f64::sqrt, |_, y| 0.5 / y, |_, y| -0.25 / (y * y * y);
    "cbrt", r"\operatorname{cbrt}": libm::cbrt, |_, y| 1.0 / (3.0 * y * y), |x, y| -2.0 / (9.0 * x * y * y);
    "abs", r"\operatorname{abs}": f64::abs, |x, _| sign(x), |_, _| 0.0;
    "sign", r"\operatorname{sign}": sign, |_, _| 0.0, |_, _| 0.0;
    "step", r"\operatorname{step}": |x| f64::from(u8::from(x > 0.0)), |_, _| 0.0, |_, _| 0.0;
    "floor", r"\operatorname{floor}": f64::floor, |_, _| 0.0, |_, _| 0.0;
    "ceil", r"\operatorname{ceil}": f64::ceil, |_, _| 0.0, |_, _| 0.0;
    "round", r"\operatorname{round}": f64::round, |_, _| 0.0, |_, _| 0.0;
    "sin", r"\sin": libm::sin, |x, _| libm::cos(x), |_, y| -y, both libm::sincos;
    "cos", r"\cos": libm::cos, |x, _| -libm::sin(x), |_, y| -y, both |x| { let (sine, cosine) = libm::sincos(x); (cosine, -sine) };
    "tan", r"\tan": libm::tan, |_, y| 1.0 + y * y, |_, y| 2.0 * y * (1.0 + y * y);
    "asin", r"\arcsin": libm::asin, |x, _| 1.0 / ((1.0 - x) * (1.0 + x)).sqrt(), |x, _| x * arc_second(x);
    "acos", r"\arccos": libm::acos, |x, _| -1.0 / ((1.0 - x) * (1.0 + x)).sqrt(), |x, _| -x * arc_second(x);
    "atan", r"\arctan": libm::atan, |x, _| 1.0 / (1.0 + x * x), |x, _| -2.0 * x / (1.0 + x * x) / (1.0 + x * x);
    "sinh", r"\sinh": libm::sinh, |x, _| libm::cosh(x), |_, y| y;
    "cosh", r"\cosh": libm::cosh, |x, _| libm::sinh(x), |_, y| y;
    "tanh", r"\tanh": libm::tanh, sech_squared, |x, y| -2.0 * y * sech_squared(x, y);
    "asinh", r"\operatorname{arsinh}": libm::asinh, |x, _| 1.0 / libm::hypot(1.0, x), |x, _| -x / libm::hypot(1.0, x) / libm::hypot(1.0, x) / libm::hypot(1.0, x);
    "acosh", r"\operatorname{arcosh}": libm::acosh, |x, _| 1.0 / ((x - 1.0).sqrt() * (x + 1.0).sqrt()), |x, _| -x / ((x - 1.0).sqrt() * (x + 1.0).sqrt()) / ((x - 1.0) * (x + 1.0));
    "atanh", r"\operatorname{artanh}": libm::atanh, |x, _| 1.0 / ((1.0 - x) * (1.0 + x)), |x, _| 2.0 * x / ((1.0 - x) * (1.0 + x)) / ((1.0 - x) * (1.0 + x));
    "sigmoid", r"\sigma": sigmoid, sigmoid_derivative, |x, _| sigmoid_second(x), both sigmoid_and_derivative;
    "softplus", r"\operatorname{softplus}": softplus, |x, _| sigmoid(x), sigmoid_derivative, both softplus_and_derivative;
    "relu", r"\operatorname{ReLU}": |x| if x > 0.0 { x } else { 0.0 }, |x, _| f64::from(u8::from(x > 0.0)), |_, _| 0.0;
    "erf", r"\operatorname{erf}": libm::erf, |x, _| FRAC_2_SQRT_PI * libm::exp(-x * x), |x, _| -2.0 * x * FRAC_2_SQRT_PI * libm::exp(-x * x);
    "erfc", r"\operatorname{erfc}": libm::erfc, |x, _| -FRAC_2_SQRT_PI * libm::exp(-x * x), |x, _| 2.0 * x * FRAC_2_SQRT_PI * libm::exp(-x * x);
    "normal_cdf", r"\Phi": |x| 0.5 * libm::erfc(-x / SQRT_2), |x, _| NORMAL_DENSITY_AT_0 * libm::exp(-0.5 * x * x), |x, _| -x * NORMAL_DENSITY_AT_0 * libm::exp(-0.5 * x * x);
};

/// 1/√(2π).
const NORMAL_DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;

/// −1, 0 or 1.
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// 1 − tanh², which would cancel where tanh is near ±1: there from q = e^(−2|x|) instead.
fn sech_squared(x: f64, tanh: f64) -> f64 {
    if x.abs() < 0.5 {
        return 1.0 - tanh * tanh;
    }
    let q = libm::exp(-2.0 * x.abs());
    4.0 * q / ((1.0 + q) * (1.0 + q))
}

/// 1/(1 + e^−x), with the exponential that cannot overflow.
fn sigmoid(x: f64) -> f64 {
    let e = libm::exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// σ(x) σ(−x), without the cancellation of 1 − σ.
fn sigmoid_derivative(x: f64, _: f64) -> f64 {
    let e = libm::exp(-x.abs());
    e / ((1.0 + e) * (1.0 + e))
}

fn sigmoid_and_derivative(x: f64) -> (f64, f64) {
    let e = libm::exp(-x.abs());
    let below = 1.0 + e;
    (if x >= 0.0 { 1.0 / below } else { e / below }, e / (below * below))
}

/// −σ′(x) tanh(x/2), since 1 − 2σ(x) = −tanh(x/2).
fn sigmoid_second(x: f64) -> f64 {
    -libm::tanh(0.5 * x) * sigmoid_derivative(x, 0.0)
}

/// (1 − x²)^(−3/2).
fn arc_second(x: f64) -> f64 {
    let rest = (1.0 - x) * (1.0 + x);
    1.0 / (rest * rest.sqrt())
}

/// ln(1 + eˣ), without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

fn softplus_and_derivative(x: f64) -> (f64, f64) {
    let e = libm::exp(-x.abs());
    (x.max(0.0) + libm::log1p(e), if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) })
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

    #[test]
    fn value_and_derivative_agree_with_value() {
        let steps = (-4000..4000).map(|step| f64::from(step) * 0.012_345_678_9);
        let tiny = (0..1100).map(|step| libm::exp2(-f64::from(step)) * 1.234_567_89);
        let tiny: Vec<f64> = tiny.flat_map(|x| [x, -x]).collect();
        let large =
            [-1e300, -1e9, -1e4, -0.0, 0.0, 1e4, 1e9, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let derivative = |name: &str, x: f64| match name {
            "sin" => libm::cos(x),
            "cos" => -libm::sin(x),
            "sigmoid" => sigmoid_derivative(x, 0.0),
            "softplus" => sigmoid(x),
            name => (unary(name).unwrap().value_and_derivative)(x).1,
        };
        for x in steps.chain(tiny).chain(large) {
            for function in UNARY {
                let (y, slope) = (function.value_and_derivative)(x);
                let is_same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                assert!(is_same(y, (function.value)(x)), "{} at {x}", function.name);
                assert!(is_same(slope, derivative(function.name, x)), "{} at {x}", function.name);
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
