//! How far a computed value and derivative of a function can be from the true ones, anywhere on an interval.
//!
//! The program is followed once more on intervals, and each step's error is bounded from those of its operands: what the step
//! makes of them, by the mean value theorem, and its own rounding. Bounds of values hold the true and the computed ones alike
//! ([`super::interval`]), so that both lie where a step's derivatives are bounded.

use super::elementary::Unary;
use super::enclosure::{Enclosure, outer, power_from_0};
use super::expression::Binary;
use super::interval::{ELEMENTARY_ERROR, Interval};
use super::program::{Operation, Program};

/// Errors of the value and of the derivative, at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    pub value: f64,
    pub slope: f64,
}

/// Half a unit in the last place of 1, and a hair for the rounding of the bounds themselves.
const UNIT: f64 = 0.500_001 * f64::EPSILON;

impl Rounding {
    const NONE: Self = Self { value: 0.0, slope: 0.0 };
    const UNKNOWN: Self = Self { value: f64::INFINITY, slope: f64::INFINITY };

    /// The greater of each.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { value: self.value.max(other.value), slope: self.slope.max(other.slope) }
    }
}

/// Numbers of at most some size, known up to an error.
#[derive(Clone, Copy)]
struct Rounded {
    size: f64,
    error: f64,
}

impl Rounded {
    fn plus(self, other: Self) -> Self {
        let (size, error) = (self.size + other.size, self.error + other.error);
        Self { size, error: error + UNIT * (size + error) }
    }

    fn times(self, other: Self) -> Self {
        let size = product(self.size, other.size);
        let error = product(self.size, other.error)
            + product(self.error, other.size)
            + product(self.error, other.error);
        // What underflows is off by less than the least number.
        Self { size, error: error + UNIT * (size + error) + f64::MIN_POSITIVE * f64::EPSILON }
    }
}

/// 0·∞ is 0: there is nothing that could be large.
fn product(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

/// A step's operand or result.
#[derive(Clone, Copy)]
struct Term {
    bounds: Enclosure,
    rounding: Rounding,
}

impl Term {
    fn exact(bounds: Enclosure) -> Self {
        Self { bounds, rounding: Rounding::NONE }
    }

    fn value(&self) -> Rounded {
        Rounded { size: self.bounds.value.magnitude(), error: self.rounding.value }
    }

    fn slope(&self) -> Rounded {
        Rounded { size: self.bounds.first.magnitude(), error: self.rounding.slope }
    }

    /// The derivative of a function of it, from how well that function's is known.
    fn chained(&self, outer: Rounded) -> f64 {
        outer.times(self.slope()).error
    }

    fn unary(self, function: &'static Unary) -> Self {
        let x = self.bounds.value;
        let [value, first, second, third] = outer(function, x);
        let bounds = Enclosure::chain(self.bounds, [value, first, second, third]);
        if bounds == Enclosure::constant(value) && self.rounding.value == 0.0 {
            let value = ELEMENTARY_ERROR * value.magnitude();
            return Self { bounds, rounding: Rounding { value, slope: 0.0 } };
        }
        // Where a function that jumps is computed is where it can be on either side.
        let carried = match function.name {
            "sign" | "step" | "floor" | "ceil" | "round" => value.width(),
            _ => product(first.magnitude(), self.rounding.value),
        };
        let slope =
            product(second.magnitude(), self.rounding.value) + product(ELEMENTARY_ERROR, first.magnitude());
        let slope = self.chained(Rounded { size: first.magnitude(), error: slope });
        let value = carried + ELEMENTARY_ERROR * value.magnitude();
        Self { bounds, rounding: Rounding { value, slope } }
    }

    fn integer_power(self, exponent: i32) -> Self {
        let (x, n) = (self.bounds.value, f64::from(exponent));
        let own = UNIT * (n.abs() + 2.0);
        let size = |by: i32| x.power(exponent - by).magnitude();
        let (first, second) = match exponent {
            0 => (0.0, 0.0),
            1 => (1.0, 0.0),
            _ => (n.abs() * size(1), n.abs() * (n - 1.0).abs() * size(2)),
        };
        let value = product(first, self.rounding.value) + product(own, size(0));
        let slope = product(second, self.rounding.value) + product(own, first);
        let slope = self.chained(Rounded { size: first, error: slope });
        Self { bounds: self.bounds.power(exponent), rounding: Rounding { value, slope } }
    }

    fn quotient(left: Self, right: Self) -> (Rounded, Rounded) {
        let b = right.bounds.value;
        let least = if b.contains(0.0) { 0.0 } else { b.low.abs().min(b.high.abs()) };
        // 1/b is off by |error of b| / b², since the computed b is in the bounds as well.
        let (size, error) = (1.0 / least, right.rounding.value / least / least);
        let reciprocal = Rounded { size, error: error + UNIT * (size + error) };
        let ratio = left.value().times(reciprocal);
        let by_left = reciprocal.times(left.slope());
        let by_right = ratio.times(reciprocal).times(right.slope());
        (ratio, by_left.plus(by_right))
    }

    fn power(left: Self, right: Self, value: Interval) -> (Rounded, Rounded) {
        let (a, b) = (left.bounds.value, right.bounds.value);
        let (size, b_size) = (value.magnitude(), b.magnitude());
        let own = |size: f64| product(4.0 * ELEMENTARY_ERROR, size);
        let (a_error, b_error) = (left.rounding.value, right.rounding.value);
        if right.bounds == Enclosure::constant(b) && b_error == 0.0 && a.low == 0.0 {
            let [value, first, second, _] = power_from_0(a, b.low).map(Interval::magnitude);
            let outer = Rounded { size: first, error: product(second, a_error) + own(first) };
            let value = Rounded { size: value, error: product(first, a_error) + own(value) };
            return (value, outer.times(left.slope()));
        }
        let log = a.rising(libm::log).magnitude();
        // aᵇ⁻¹ and aᵇ⁻², and the derivatives by a and b.
        let (less, lesser) = (size / a.low, size / a.low / a.low);
        let (by_a, by_b) = (product(b_size, less), product(log, size));
        let by_a_error = product(product(b_size * (b_size + 1.0), lesser), a_error)
            + product(less * (1.0 + product(b_size, log)), b_error);
        let by_b_error = product(less * (1.0 + product(b_size, log)), a_error)
            + product(product(log, log) * size, b_error);
        let by_a = Rounded { size: by_a, error: by_a_error + own(by_a) };
        let by_b = Rounded { size: by_b, error: by_b_error + own(by_b) };
        let error = product(by_a.size, a_error) + product(by_b.size, b_error) + own(size);
        (Rounded { size, error }, by_a.times(left.slope()).plus(by_b.times(right.slope())))
    }

    fn binary(operator: Binary, left: Self, right: Self) -> Self {
        let bounds = Enclosure::binary(operator, left.bounds, right.bounds);
        let (value, slope) = match operator {
            Binary::Add | Binary::Subtract => {
                (left.value().plus(right.value()), left.slope().plus(right.slope()))
            }
            Binary::Multiply => {
                let by_left = right.value().times(left.slope());
                (left.value().times(right.value()), by_left.plus(left.value().times(right.slope())))
            }
            Binary::Divide => Self::quotient(left, right),
            Binary::Power => Self::power(left, right, bounds.value),
            Binary::Minimum | Binary::Maximum => {
                let rounding = match bounds {
                    _ if bounds == left.bounds => left.rounding,
                    _ if bounds == right.bounds => right.rounding,
                    _ => Rounding {
                        value: left.rounding.value.max(right.rounding.value),
                        slope: left.rounding.slope.max(right.rounding.slope) + bounds.first.width(),
                    },
                };
                return Self { bounds, rounding };
            }
            // What is not certain may be computed either way.
            _ => return Self { bounds, rounding: Rounding { value: bounds.value.width(), slope: 0.0 } },
        };
        Self { bounds, rounding: Rounding { value: value.error, slope: slope.error } }
    }

    fn select(condition: Self, then: Self, otherwise: Self) -> Self {
        let bounds = Enclosure::select(condition.bounds, then.bounds, otherwise.bounds);
        let rounding = if condition.bounds.value == Interval::ZERO {
            otherwise.rounding
        } else if condition.bounds.value.contains(0.0) {
            Rounding { value: bounds.value.width(), slope: bounds.first.width() }
                .or(then.rounding)
                .or(otherwise.rounding)
        } else {
            then.rounding
        };
        Self { bounds, rounding }
    }

    fn clamp(inner: Self, low: Self, high: Self) -> Self {
        if low.bounds.value.high <= high.bounds.value.low {
            return Self::binary(Binary::Minimum, Self::binary(Binary::Maximum, inner, low), high);
        }
        let is_high = Self::binary(Binary::Greater, inner, high);
        let is_low = Self::binary(Binary::Less, inner, low);
        Self::select(is_low, low, Self::select(is_high, high, inner))
    }
}

impl Program {
    /// How far the computed value and derivative can be from the true ones, anywhere on an interval: ∞, where it is not known.
    pub(super) fn rounding(&self, x: Interval) -> Rounding {
        let unknown = Term { bounds: Enclosure::ENTIRE, rounding: Rounding::UNKNOWN };
        let mut stack: Vec<Term> = Vec::new();
        for operation in &self.operations {
            let mut pop = || stack.pop().unwrap_or(unknown);
            let result = match *operation {
                Operation::Variable => Term::exact(Enclosure::variable(x)),
                Operation::Constant(value) => Term::exact(Enclosure::constant(Interval::point(value))),
                Operation::Negate => {
                    let inner = pop();
                    Term { bounds: inner.bounds.negated(), ..inner }
                }
                Operation::Not => {
                    Term::binary(Binary::Equal, pop(), Term::exact(Enclosure::constant(Interval::ZERO)))
                }
                Operation::Unary(function) => pop().unary(function),
                Operation::IntegerPower(exponent) => pop().integer_power(exponent),
                Operation::Binary(operator) => {
                    let (right, left) = (pop(), pop());
                    Term::binary(operator, left, right)
                }
                Operation::Clamp => {
                    let (high, low, inner) = (pop(), pop(), pop());
                    Term::clamp(inner, low, high)
                }
                Operation::If => {
                    let (otherwise, then, condition) = (pop(), pop(), pop());
                    Term::select(condition, then, otherwise)
                }
            };
            stack.push(result);
        }
        let Rounding { value, slope } = stack.pop().unwrap_or(unknown).rounding;
        let known = |error: f64| if error.is_nan() { f64::INFINITY } else { error };
        Rounding { value: known(value), slope: known(slope) }
    }
}
