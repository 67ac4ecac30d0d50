//! What a function and its first three derivatives can be on an interval: the program evaluated on intervals, with derivatives
//! by the chain rule.
//!
//! Where a function has a kink or a jump, its derivatives are bounded where they exist, and the second and third are
//! [`Interval::ENTIRE`]: that says that something happens there. What happens at the common end of two intervals is told for one
//! of them at least, so that bounds of neighbours can be put together: a kink of `abs`, `relu`, `min` or `max` at an end is told;
//! a jump, since its place belongs to both intervals and its value only to one side, is seen within the other. Where both tell
//! of nothing, φ is continuous, φ′ is what its second derivative adds up to, and φ″ what its third does.

use super::elementary::Unary;
use super::expression::Binary;
use super::interval::Interval;
use super::program::{Operation, Program};

/// Bounds of a function on an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enclosure {
    pub value: Interval,
    /// The derivative, wherever there is one.
    pub first: Interval,
    /// The second derivative; everything, where the function or its derivative can jump.
    pub second: Interval,
    /// The third, as the second; everything as well where the third alone is not bounded.
    pub third: Interval,
}

const TRUTH: Interval = Interval { low: 0.0, high: 1.0 };

impl Enclosure {
    pub(super) fn constant(value: Interval) -> Self {
        Self { value, first: Interval::ZERO, second: Interval::ZERO, third: Interval::ZERO }
    }

    pub(super) fn variable(x: Interval) -> Self {
        Self { value: x, first: Interval::ONE, second: Interval::ZERO, third: Interval::ZERO }
    }

    /// Nothing is known.
    pub(super) const ENTIRE: Self = Self {
        value: Interval::ENTIRE,
        first: Interval::ENTIRE,
        second: Interval::ENTIRE,
        third: Interval::ENTIRE,
    };

    /// One of two, and maybe a kink between them. Equal bounds are not equal functions, but for constants.
    fn either(self, other: Self) -> Self {
        let is_same = self == other && self == Self::constant(Interval::point(self.value.low));
        Self {
            value: self.value.hull(other.value),
            first: self.first.hull(other.first),
            second: if is_same { self.second } else { Interval::ENTIRE },
            third: if is_same { self.third } else { Interval::ENTIRE },
        }
    }

    pub(super) fn negated(self) -> Self {
        Self {
            value: self.value.negated(),
            first: self.first.negated(),
            second: self.second.negated(),
            third: self.third.negated(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            value: self.value.plus(other.value),
            first: self.first.plus(other.first),
            second: self.second.plus(other.second),
            third: self.third.plus(other.third),
        }
    }

    fn times(self, other: Self) -> Self {
        let cross = self.first.times(other.first).scaled(2.0);
        let bent = self.second.times(other.first).plus(self.first.times(other.second));
        Self {
            value: self.value.times(other.value),
            first: self.first.times(other.value).plus(self.value.times(other.first)),
            second: self.second.times(other.value).plus(cross).plus(self.value.times(other.second)),
            third: self.third.times(other.value).plus(bent.scaled(3.0)).plus(self.value.times(other.third)),
        }
    }

    /// A function of it, from that function's value and derivatives on `self.value`.
    pub(super) fn chain(self, [value, first, second, third]: [Interval; 4]) -> Self {
        if self == Self::constant(self.value) {
            return Self::constant(value);
        }
        // A jump has no slope, but a function of it jumps.
        let is_jump = second == Interval::ENTIRE;
        let bent = second.times(self.first.square()).plus(first.times(self.second));
        let twisted = second.times(self.first.times(self.second)).scaled(3.0);
        let twisted = third.times(self.first.power(3)).plus(twisted).plus(first.times(self.third));
        Self {
            value,
            first: first.times(self.first),
            second: if is_jump { second } else { bent },
            third: if is_jump { second } else { twisted },
        }
    }

    fn reciprocal(self) -> Self {
        let value = Interval::ONE.over(self.value);
        let square = value.square();
        self.chain([value, square.negated(), square.times(value).scaled(2.0), square.square().scaled(-6.0)])
    }

    pub(super) fn power(self, exponent: i32) -> Self {
        let n = f64::from(exponent);
        let first = match exponent {
            0 => Interval::ZERO,
            _ => self.value.power(exponent - 1).scaled(n),
        };
        let second = match exponent {
            0 | 1 => Interval::ZERO,
            _ => self.value.power(exponent - 2).scaled(n * (n - 1.0)),
        };
        let third = match exponent {
            0..=2 => Interval::ZERO,
            _ => self.value.power(exponent - 3).scaled(n * (n - 1.0)).scaled(n - 2.0),
        };
        self.chain([self.value.power(exponent), first, second, third])
    }

    pub(super) fn binary(operator: Binary, left: Self, right: Self) -> Self {
        let (a, b) = (left.value, right.value);
        let truth = |is_certain: bool, is_possible: bool| match (is_certain, is_possible) {
            (true, _) => Self::constant(Interval::ONE),
            (_, false) => Self::constant(Interval::ZERO),
            _ => Self { value: TRUTH, first: Interval::ZERO, ..Self::ENTIRE },
        };
        let is_true = |value: Interval| !value.contains(0.0);
        let is_false = |value: Interval| value == Interval::ZERO;
        let is_point = a.low == a.high && a == b;
        let is_apart = a.high < b.low || b.high < a.low;
        match operator {
            Binary::Or => truth(is_true(a) || is_true(b), !(is_false(a) && is_false(b))),
            Binary::And => truth(is_true(a) && is_true(b), !(is_false(a) || is_false(b))),
            Binary::Less => truth(a.high < b.low, a.low < b.high),
            Binary::LessEqual => truth(a.high <= b.low, a.low <= b.high),
            Binary::Greater => truth(a.low > b.high, a.high > b.low),
            Binary::GreaterEqual => truth(a.low >= b.high, a.high >= b.low),
            Binary::Equal => truth(is_point, !is_apart),
            Binary::NotEqual => truth(is_apart, !is_point),
            Binary::Add => left.plus(right),
            Binary::Subtract => left.plus(right.negated()),
            Binary::Multiply => left.times(right),
            Binary::Divide if right == Self::constant(b) && b.low == b.high => Self {
                value: a.over(b),
                first: left.first.over(b),
                second: left.second.over(b),
                third: left.third.over(b),
            },
            Binary::Divide if b.contains(0.0) => Self::ENTIRE,
            Binary::Divide => left.times(right.reciprocal()),
            // aᵇ = exp(b ln a).
            Binary::Power if a.low > 0.0 => {
                let exponent = left.chain(logarithm(a)).times(right);
                let value = exponent.value.rising(libm::exp);
                exponent.chain([value; 4])
            }
            // From 0 on, aᵖ rises, and so do its derivatives while their exponents are positive.
            Binary::Power if a.low == 0.0 && right == Self::constant(b) && b.low == b.high && b.low > 0.0 => {
                left.chain(power_from_0(a, b.low))
            }
            Binary::Power => Self::ENTIRE,
            Binary::Minimum if a.high < b.low => left,
            Binary::Minimum if b.high < a.low => right,
            Binary::Minimum => {
                let both = left.either(right);
                Self { value: Interval { high: a.high.min(b.high), ..both.value }, ..both }
            }
            Binary::Maximum if a.low > b.high => left,
            Binary::Maximum if b.low > a.high => right,
            Binary::Maximum => {
                let both = left.either(right);
                Self { value: Interval { low: a.low.max(b.low), ..both.value }, ..both }
            }
        }
    }

    pub(super) fn clamp(inner: Self, low: Self, high: Self) -> Self {
        if low.value.high <= high.value.low {
            return Self::binary(Binary::Minimum, Self::binary(Binary::Maximum, inner, low), high);
        }
        // Bounds that may have changed places make a jump between them.
        let is_high = Self::binary(Binary::Greater, inner, high);
        let is_low = Self::binary(Binary::Less, inner, low);
        Self::select(is_low, low, Self::select(is_high, high, inner))
    }

    pub(super) fn select(condition: Self, then: Self, otherwise: Self) -> Self {
        if condition.value == Interval::ZERO {
            otherwise
        } else if condition.value.contains(0.0) {
            then.either(otherwise)
        } else {
            then
        }
    }
}

impl Program {
    /// Bounds of the value and of the first three derivatives on an interval.
    pub(super) fn enclosure(&self, x: Interval) -> Enclosure {
        let mut stack: Vec<Enclosure> = Vec::new();
        for operation in &self.operations {
            let mut pop = || stack.pop().unwrap_or(Enclosure::ENTIRE);
            let result = match *operation {
                Operation::Variable => Enclosure::variable(x),
                Operation::Constant(value) => Enclosure::constant(Interval::point(value)),
                Operation::Negate => pop().negated(),
                Operation::Not => {
                    let truth = pop();
                    Enclosure::binary(Binary::Equal, truth, Enclosure::constant(Interval::ZERO))
                }
                Operation::Unary(function) => {
                    let inner = pop();
                    inner.chain(outer(function, inner.value))
                }
                Operation::IntegerPower(exponent) => pop().power(exponent),
                Operation::Binary(operator) => {
                    let (right, left) = (pop(), pop());
                    Enclosure::binary(operator, left, right)
                }
                Operation::Clamp => {
                    let (high, low, inner) = (pop(), pop(), pop());
                    Enclosure::clamp(inner, low, high)
                }
                Operation::If => {
                    let (otherwise, then, condition) = (pop(), pop(), pop());
                    Enclosure::select(condition, then, otherwise)
                }
            };
            stack.push(result);
        }
        stack.pop().unwrap_or(Enclosure::ENTIRE)
    }
}

/// The value and the first three derivatives of aᵖ where a may be 0, for p > 0: while its exponent is positive, a power rises
/// with a. Exponents that stay positive are exact: a difference p − 1 is, from p = ½ on, and so are those with 2 and 3.
pub(super) fn power_from_0(a: Interval, p: f64) -> [Interval; 4] {
    let power = |exponent: f64| match exponent {
        0.0 => Interval::ONE,
        _ if exponent < 0.0 => Interval::ENTIRE,
        _ => a.rising(|a| libm::pow(a, exponent)),
    };
    let second = if p == 1.0 { Interval::ZERO } else { power(p - 2.0).scaled(p).scaled(p - 1.0) };
    let is_parabola = p == 1.0 || p == 2.0;
    let third =
        if is_parabola { Interval::ZERO } else { power(p - 3.0).scaled(p).scaled(p - 1.0).scaled(p - 2.0) };
    [power(p), power(p - 1.0).scaled(p), second, third]
}

fn logarithm(x: Interval) -> [Interval; 4] {
    if x.low <= 0.0 {
        return [Interval::ENTIRE; 4];
    }
    let reciprocal = Interval::ONE.over(x);
    [x.rising(libm::log), reciprocal, reciprocal.square().negated(), reciprocal.power(3).scaled(2.0)]
}

fn scaled(
    [_, first, second, third]: [Interval; 4],
    value_of: impl Fn(f64) -> f64,
    factor: Interval,
    x: Interval,
) -> [Interval; 4] {
    [x.rising(value_of), first.times(factor), second.times(factor), third.times(factor)]
}

/// A function that is constant but for jumps: its values, no slope, and whether it can jump.
fn stepwise(value: Interval) -> [Interval; 4] {
    let second = if value.low == value.high { Interval::ZERO } else { Interval::ENTIRE };
    [value, Interval::ZERO, second, second]
}

/// 1/√(inner), and that to the third power.
fn inverse_root(inner: Interval) -> (Interval, Interval) {
    if inner.low <= 0.0 {
        return (Interval::ENTIRE, Interval::ENTIRE);
    }
    let root = Interval::ONE.over(inner.rising(f64::sqrt));
    (root, root.power(3))
}

/// The value and the first three derivatives of an elementary function on an interval.
pub(super) fn outer(function: &Unary, x: Interval) -> [Interval; 4] {
    use std::f64::consts::{LN_2, LN_10};
    let value = function.value;
    let approximate = |number: f64| Interval::new(number.next_down(), number.next_up());
    let one = Interval::ONE;
    match function.name {
        "exp" => [x.rising(value); 4],
        "expm1" => {
            let slope = x.rising(libm::exp);
            [x.rising(value), slope, slope, slope]
        }
        "log" | "ln" => logarithm(x),
        "log2" => scaled(logarithm(x), value, one.over(approximate(LN_2)), x),
        "log10" => scaled(logarithm(x), value, one.over(approximate(LN_10)), x),
        "log1p" => {
            let [_, first, second, third] = logarithm(x.plus(one));
            if x.low <= -1.0 { [Interval::ENTIRE; 4] } else { [x.rising(value), first, second, third] }
        }
        "sqrt" if x.low >= 0.0 => {
            let (inverse, cube) = inverse_root(x);
            let third = cube.times(inverse.square()).scaled(0.375);
            [x.rising(value), inverse.scaled(0.5), cube.scaled(-0.25), third]
        }
        "cbrt" => {
            let root = x.rising(value);
            let first = one.over(root.square().scaled(3.0));
            if x.contains(0.0) {
                return [root, first, Interval::ENTIRE, Interval::ENTIRE];
            }
            let three = Interval::point(3.0);
            let second = first.over(x).scaled(-2.0).over(three);
            [root, first, second, second.over(x).scaled(-5.0).over(three)]
        }
        // The kink is told where it is an end, lest it be lost between two intervals.
        "abs" if x.low > 0.0 => [x, one, Interval::ZERO, Interval::ZERO],
        "abs" if x.high < 0.0 => [x.negated(), one.negated(), Interval::ZERO, Interval::ZERO],
        "abs" => {
            let (value, slope) =
                (Interval { low: 0.0, high: x.magnitude() }, Interval { low: -1.0, high: 1.0 });
            [value, slope, Interval::ENTIRE, Interval::ENTIRE]
        }
        "relu" if x.low > 0.0 => [x, one, Interval::ZERO, Interval::ZERO],
        "relu" if x.high < 0.0 => [Interval::ZERO; 4],
        "relu" => [Interval { low: 0.0, high: x.high.max(0.0) }, TRUTH, Interval::ENTIRE, Interval::ENTIRE],
        "sign" | "step" | "floor" | "ceil" | "round" => stepwise(Interval::new(value(x.low), value(x.high))),
        "sin" => {
            let (sine, cosine) = (x.sine(0.0), x.sine(1.0));
            [sine, cosine, sine.negated(), cosine.negated()]
        }
        "cos" => {
            let (sine, cosine) = (x.sine(0.0), x.sine(1.0));
            [cosine, sine.negated(), cosine.negated(), sine]
        }
        "tan" => {
            // Between two poles the tangent rises; where the cosine can vanish, nothing is known.
            if x.sine(1.0).contains(0.0) || x.width() > 3.0 {
                return [Interval::ENTIRE; 4];
            }
            let y = x.rising(value);
            let first = one.plus(y.square());
            let third = first.scaled(2.0).times(first.plus(y.square().scaled(2.0)));
            [y, first, y.times(first).scaled(2.0), third]
        }
        "asin" | "acos" => {
            let (inverse, cube) = inverse_root(one.minus(x).times(one.plus(x)));
            let second = x.times(cube);
            let third = cube.times(one.plus(x.times(inverse).square().scaled(3.0)));
            if function.name == "asin" {
                [x.rising(value), inverse, second, third]
            } else {
                [x.falling(value), inverse.negated(), second.negated(), third.negated()]
            }
        }
        "atan" => {
            let first = one.over(one.plus(x.square()));
            let square = first.square();
            let third = square.times(x.square().times(first).scaled(8.0).plus(Interval::point(-2.0)));
            [x.rising(value), first, x.times(square).scaled(-2.0), third]
        }
        "sinh" => {
            let (sinh, cosh) = (x.rising(value), x.peaking(libm::cosh));
            [sinh, cosh, sinh, cosh]
        }
        "cosh" => {
            let (sinh, cosh) = (x.rising(libm::sinh), x.peaking(value));
            [cosh, sinh, cosh, sinh]
        }
        "tanh" => {
            let y = x.rising(value);
            let first = x.peaking(|x| (function.value_and_derivative)(x).1);
            let third = first.times(first.scaled(-6.0).plus(Interval::point(4.0)));
            [y, first, y.times(first).scaled(-2.0), third]
        }
        "asinh" => {
            let (inverse, cube) = inverse_root(one.plus(x.square()));
            [x.rising(value), inverse, x.times(cube).negated(), bent_root(x, inverse, cube)]
        }
        "acosh" => {
            let (inverse, cube) = inverse_root(x.minus(one).times(x.plus(one)));
            [x.rising(value), inverse, x.times(cube).negated(), bent_root(x, inverse, cube)]
        }
        "atanh" => {
            let first = one.over(one.minus(x).times(one.plus(x)));
            let square = first.square();
            let third = square.times(x.square().times(first).scaled(8.0).plus(Interval::point(2.0)));
            [x.rising(value), first, x.times(square).scaled(2.0), third]
        }
        "sigmoid" => {
            let first = x.peaking(|x| (function.value_and_derivative)(x).1);
            // σ″ = −σ′ tanh(x/2).
            let third = first.times(one.minus(first.scaled(6.0)));
            [x.rising(value), first, first.times(x.scaled(0.5).rising(libm::tanh)).negated(), third]
        }
        "softplus" => {
            let sigmoid = super::elementary::unary("sigmoid").map(|sigmoid| outer(sigmoid, x));
            let [first, second, third, _] = sigmoid.unwrap_or([Interval::ENTIRE; 4]);
            [x.rising(value), first, second, third]
        }
        "erf" | "erfc" => {
            let bell = x.peaking(|x| (function.value_and_derivative)(x).1.abs());
            let second = x.times(bell).scaled(-2.0);
            let third = bell.times(x.square().scaled(4.0).plus(Interval::point(-2.0)));
            if function.name == "erf" {
                [x.rising(value), bell, second, third]
            } else {
                [x.falling(value), bell.negated(), second.negated(), third.negated()]
            }
        }
        "normal_cdf" => {
            let bell = x.peaking(|x| (function.value_and_derivative)(x).1);
            let third = bell.times(x.square().minus(one));
            [x.rising(value), bell, x.times(bell).negated(), third]
        }
        _ => [Interval::ENTIRE; 4],
    }
}

/// The third derivative of arsinh and arcosh, from 1/√(x² ± 1) and that to the third power.
fn bent_root(x: Interval, inverse: Interval, cube: Interval) -> Interval {
    cube.times(x.times(inverse).square().scaled(3.0).minus(Interval::ONE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::elementary::UNARY;
    use super::super::{Function, JetColumns, builtins};
    use super::*;

    #[test]
    fn every_elementary_function_has_bounds() {
        let x = Interval::new(0.2, 0.3);
        for function in UNARY {
            let x = if function.name == "acosh" { Interval::new(1.2, 1.3) } else { x };
            for bounds in outer(function, x) {
                assert!(bounds.is_finite(), "{}", function.name);
            }
        }
    }

    #[test]
    fn kinks_and_jumps_are_told() {
        let bounds = |text: &str, low: f64, high: f64| {
            Function::parse(text, &[]).unwrap().enclosure(Interval::new(low, high))
        };
        assert_eq!(bounds("abs(x)", -1.0, 1.0).second, Interval::ENTIRE);
        assert_eq!(bounds("abs(x)", 0.5, 1.0).second, Interval::ZERO);
        assert_eq!(bounds("if(x >= 0, x, 0.01 * x)", -2.0, -1.0).first, Interval::point(0.01));
        assert_eq!(bounds("if(x >= 0, x, 0.01 * x)", -1.0, 1.0).first, Interval::new(0.01, 1.0));
        assert_eq!(bounds("step(x)", -1.0, 1.0).value, Interval::new(0.0, 1.0));
        assert_eq!(bounds("clamp(x, -1, 1)", 2.0, 3.0), Enclosure::constant(Interval::ONE));
        // A function of a jump jumps, though neither has a slope; a constant does not, whatever it is put into.
        assert_eq!(bounds("floor(2 * step(x))", -1.0, 1.0).second, Interval::ENTIRE);
        assert_eq!(bounds("abs(clamp(x, 0, 1))", -2.0, -1.0), Enclosure::constant(Interval::ZERO));
        // Two branches with the same bounds are two functions.
        assert_eq!(bounds("if(x > 0, sin(900 * x), cos(900 * x))", -0.01, 0.01).second, Interval::ENTIRE);
        // With its bounds the wrong way round, a clamp is a step down.
        assert!(bounds("clamp(x, 1, -1)", -3.0, -2.0).value.contains(1.0));
        assert_eq!(bounds("clamp(x, 1, -1)", 0.5, 1.5).second, Interval::ENTIRE);
        assert!(bounds("x^2.5", 0.0, 1.0).second.is_finite());
        assert!(bounds("x^0.5", 0.0, 1.0).value.is_finite());
    }

    #[test]
    fn a_kink_between_two_intervals_is_told_by_one_of_them() {
        for text in ["abs(x)", "relu(x)", "max(x, 0)", "min(2 * x, x)", "clamp(x, 0, 1)", "if(x > 0, x, 0)"] {
            let function = Function::parse(text, &[]).unwrap();
            let second = |low: f64, high: f64| function.enclosure(Interval::new(low, high)).second;
            let is_told = [second(-0.5, 0.0), second(0.0, 0.5)].contains(&Interval::ENTIRE);
            assert!(is_told, "{text}");
        }
    }

    fn function() -> impl Strategy<Value = Function> {
        let texts: Vec<Function> = builtins()
            .iter()
            .map(|builtin| {
                let parameters: Vec<(String, f64)> =
                    builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
                Function::parse(builtin.expression, &parameters).unwrap()
            })
            .chain(
                [
                    "x^3 - 2 * x",
                    "1 / (1 + x^2)",
                    "sin(3 * x) * exp(-x^2)",
                    "atan(x) * cos(2 * x + 1)",
                    "2^x",
                    "cosh(x / 4) - log1p(x^2)",
                    "min(x, x^2)",
                    "max(0, 1 - abs(x))",
                    "floor(2 * x) / 2",
                    "asinh(x) + erfc(x)",
                    "tan(x / 20)",
                    "sqrt(1 + x^2)",
                    "cbrt(x)",
                    "(x > 1) * x",
                    "abs(x)",
                    "abs(x - 0.5) - relu(x + 1)",
                    "floor(3 * step(x - 0.25)) + round(x)",
                    "clamp(x, 1, -1)",
                    "clamp(x, sin(x), 1 - x)",
                    "max(x, 0)^1.5",
                    "abs(x)^2.5 - x^-3",
                    "if(x > 0.5, sin(900 * x), cos(900 * x))",
                ]
                .map(|text| Function::parse(text, &[]).unwrap()),
            )
            .collect();
        prop::sample::select(texts)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        /// Values lie in the bounds, and so do the quotients of differences: first and, where there is no kink, second and third.
        #[test]
        fn bounds_hold(function in function(), low in -9.0_f64..9.0, width in 0.0_f64..2.0, shares in prop::array::uniform3(0.0_f64..1.0)) {
            let x = Interval::new(low, low + width);
            let bounds = function.enclosure(x);
            let at = |share: f64| (low + share * width).min(x.high);
            for share in shares {
                let (mut y, mut dy) = ([0.0], [0.0]);
                function.values_and_derivatives(&[at(share)], &mut y, &mut dy);
                prop_assert!(bounds.value.contains(y[0]), "{} in {:?}", y[0], bounds.value);
                let slack = 1e-13 * (1.0 + dy[0].abs());
                prop_assert!(bounds.first.low - slack <= dy[0] && dy[0] <= bounds.first.high + slack, "{} in {:?}", dy[0], bounds.first);
            }
            if bounds.second.is_finite() && (shares[0] - shares[1]).abs() * width > 1e-3 {
                let (a, b) = (at(shares[0]), at(shares[1]));
                let (mut y, mut dy) = ([0.0; 2], [0.0; 2]);
                function.values_and_derivatives(&[a, b], &mut y, &mut dy);
                let curvature = (dy[1] - dy[0]) / (b - a);
                let slack = 1e-11 * (1.0 + curvature.abs());
                prop_assert!(bounds.second.low - slack <= curvature && curvature <= bounds.second.high + slack, "{curvature} in {:?}", bounds.second);
                let mut d2y = [0.0; 2];
                let columns = &mut JetColumns { y: &mut y, dy: &mut dy, d2y: &mut d2y, branch: &mut [0; 2] };
                function.values_and_two_derivatives(&[a, b], columns);
                let twist = (d2y[1] - d2y[0]) / (b - a);
                let slack = 1e-10 * (1.0 + twist.abs() + d2y[0].abs());
                prop_assert!(bounds.third.low - slack <= twist && twist <= bounds.third.high + slack, "{twist} in {:?}", bounds.third);
            }
        }
    }
}
