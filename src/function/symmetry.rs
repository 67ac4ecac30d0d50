//! Symmetries of a function that follow from its expression alone: what a sign or a positive factor of the argument does to it.

use super::expression::Binary;
use super::interval::sum;
use super::program::{Operation, Program};

/// What becomes of φ(x) where x becomes −x.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Parity {
    /// It stays. The value, if it is a constant.
    Even(Option<f64>),
    /// φ(x) and φ(−x) add up to the same for all x: to this, where that is a number exactly.
    Odd(Option<f64>),
}

use Parity::{Even, Odd};

const ODD: Parity = Odd(Some(0.0));

/// The power k of λ in φ(λ x) = λᵏ φ(x) for all λ > 0; 0 itself has any.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Degree {
    Of(f64),
    Any,
}

impl Program {
    /// Whether φ(−x) is φ(x), or s − φ(x) for some number s.
    pub(super) fn is_symmetric(&self) -> bool {
        let mut stack: Vec<Option<Parity>> = Vec::new();
        for operation in &self.operations {
            let mut pop = || stack.pop().flatten();
            let result = match *operation {
                Operation::Variable => Some(ODD),
                Operation::Constant(value) => Some(Even(Some(value))),
                Operation::Negate => pop().map(|inner| match inner {
                    Even(value) => Even(value.map(|value| -value)),
                    Odd(total) => Odd(total.map(|total| -total)),
                }),
                Operation::Not => pop().filter(is_even).map(|_| Even(None)),
                Operation::Unary(function) => pop().and_then(|inner| parity_of(function.name, inner)),
                Operation::IntegerPower(exponent) => pop().and_then(|inner| match inner {
                    Even(_) => Some(Even(None)),
                    ODD => Some(if exponent % 2 == 0 { Even(None) } else { ODD }),
                    Odd(_) => None,
                }),
                Operation::Binary(operator) => {
                    let (right, left) = (pop(), pop());
                    left.zip(right).and_then(|(left, right)| combined(operator, left, right))
                }
                Operation::Clamp => {
                    let (high, low, inner) = (pop(), pop(), pop());
                    match (inner, low, high) {
                        (Some(Even(_)), Some(Even(_)), Some(Even(_))) => Some(Even(None)),
                        (Some(Odd(Some(total))), Some(Even(Some(low))), Some(Even(Some(high))))
                            if low <= high && sum(low, high) == (total, true) =>
                        {
                            Some(Odd(Some(total)))
                        }
                        _ => None,
                    }
                }
                Operation::If => {
                    let (otherwise, then, condition) = (pop(), pop(), pop());
                    match (then, otherwise) {
                        (Some(Even(_)), Some(Even(_))) => Some(Even(None)),
                        (Some(Odd(Some(a))), Some(Odd(Some(b)))) if a == b => then,
                        _ => None,
                    }
                    .filter(|_| condition.as_ref().is_some_and(is_even))
                }
            };
            stack.push(result);
        }
        stack.pop().flatten().is_some()
    }

    /// Whether φ(λ x) is λᵏ φ(x) for all λ > 0 and some k ≥ 0.
    pub(super) fn is_homogeneous(&self) -> bool {
        let mut stack: Vec<Option<Degree>> = Vec::new();
        for operation in &self.operations {
            let mut pop = || stack.pop().flatten();
            let result = match *operation {
                Operation::Variable => Some(Degree::Of(1.0)),
                Operation::Constant(0.0) => Some(Degree::Any),
                Operation::Constant(_) => Some(Degree::Of(0.0)),
                Operation::Negate => pop(),
                Operation::Not => pop().map(|_| Degree::Of(0.0)),
                Operation::Unary(function) => pop().and_then(|inner| match (function.name, inner) {
                    ("abs" | "relu", inner) => Some(inner),
                    ("sign" | "step", _) => Some(Degree::Of(0.0)),
                    ("sqrt", Degree::Of(degree)) => Some(Degree::Of(0.5 * degree)),
                    (_, Degree::Of(0.0)) => Some(inner),
                    _ => None,
                }),
                Operation::IntegerPower(exponent) => match pop() {
                    Some(Degree::Of(degree)) => Some(Degree::Of(f64::from(exponent) * degree)),
                    other => other.filter(|_| exponent > 0),
                },
                Operation::Binary(operator) => {
                    let (right, left) = (pop(), pop());
                    left.zip(right).and_then(|(left, right)| degree_of(operator, left, right))
                }
                Operation::Clamp => {
                    let (high, low, inner) = (pop(), pop(), pop());
                    let ends = low.zip(high).and_then(|(low, high)| same(low, high));
                    ends.zip(inner).and_then(|(ends, inner)| same(ends, inner))
                }
                Operation::If => {
                    let (otherwise, then, condition) = (pop(), pop(), pop());
                    // Whether it is 0 does not change with λ.
                    let branches = then.zip(otherwise).and_then(|(then, otherwise)| same(then, otherwise));
                    branches.filter(|_| condition.is_some())
                }
            };
            stack.push(result);
        }
        match stack.pop().flatten() {
            Some(Degree::Of(degree)) => degree >= 0.0,
            other => other.is_some(),
        }
    }
}

fn is_even(parity: &Parity) -> bool {
    matches!(parity, Even(_))
}

fn parity_of(function: &str, inner: Parity) -> Option<Parity> {
    match (inner, function) {
        (Even(_), _) => Some(Even(None)),
        (
            ODD,
            "sin" | "tan" | "asin" | "atan" | "sinh" | "tanh" | "asinh" | "atanh" | "erf" | "cbrt" | "sign"
            | "round",
        ) => Some(ODD),
        (ODD, "cos" | "cosh" | "abs") => Some(Even(None)),
        (ODD, "sigmoid" | "normal_cdf") => Some(Odd(Some(1.0))),
        (ODD, "erfc") => Some(Odd(Some(2.0))),
        _ => None,
    }
}

fn combined(operator: Binary, left: Parity, right: Parity) -> Option<Parity> {
    let exact = |(sum, is_exact): (f64, bool)| is_exact.then_some(sum);
    match (operator, left, right) {
        (_, Even(_), Even(_)) => Some(Even(None)),
        (Binary::Add, Odd(a), Odd(b)) => Some(Odd(a.zip(b).and_then(|(a, b)| exact(sum(a, b))))),
        (Binary::Subtract, Odd(a), Odd(b)) => Some(Odd(a.zip(b).and_then(|(a, b)| exact(sum(a, -b))))),
        (Binary::Add, Odd(total), Even(Some(value))) | (Binary::Add, Even(Some(value)), Odd(total)) => {
            Some(Odd(total.and_then(|total| exact(sum(total, 2.0 * value)))))
        }
        (Binary::Subtract, Odd(total), Even(Some(value))) => {
            Some(Odd(total.and_then(|total| exact(sum(total, -2.0 * value)))))
        }
        (Binary::Subtract, Even(Some(value)), Odd(total)) => {
            Some(Odd(total.and_then(|total| exact(sum(2.0 * value, -total)))))
        }
        (Binary::Multiply | Binary::Divide, ODD, ODD) => Some(Even(None)),
        (Binary::Multiply | Binary::Divide, ODD, Even(_))
        | (Binary::Multiply | Binary::Divide, Even(_), ODD) => Some(ODD),
        (Binary::Multiply | Binary::Divide, Odd(_), Even(Some(_)))
        | (Binary::Multiply, Even(Some(_)), Odd(_)) => Some(Odd(None)),
        _ => None,
    }
}

/// What two terms of one sum have in common.
fn same(left: Degree, right: Degree) -> Option<Degree> {
    match (left, right) {
        (Degree::Any, other) | (other, Degree::Any) => Some(other),
        _ => (left == right).then_some(left),
    }
}

fn degree_of(operator: Binary, left: Degree, right: Degree) -> Option<Degree> {
    match (operator, left, right) {
        (Binary::Add | Binary::Subtract | Binary::Minimum | Binary::Maximum, ..) => same(left, right),
        (Binary::Multiply, Degree::Of(a), Degree::Of(b)) => Some(Degree::Of(a + b)),
        (Binary::Multiply, ..) => Some(Degree::Any),
        (Binary::Divide, Degree::Of(a), Degree::Of(b)) => Some(Degree::Of(a - b)),
        (Binary::Divide, Degree::Any, Degree::Of(_)) => Some(Degree::Any),
        (Binary::Divide, _, Degree::Any) => None,
        (Binary::And | Binary::Or, ..) => Some(Degree::Of(0.0)),
        (Binary::Power, ..) => (left == right && left == Degree::Of(0.0)).then_some(left),
        // Comparisons: the sides grow alike.
        _ => same(left, right).map(|_| Degree::Of(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Function, builtin};

    fn function(text: &str) -> Function {
        Function::parse(text, &[]).unwrap()
    }

    #[test]
    fn symmetries_are_found_where_they_are_and_nowhere_else() {
        for text in [
            "tanh(x)",
            "sigmoid(x)",
            "x^3 - x / 2",
            "exp(-x^2 / 2)",
            "x * tanh(x)",
            "clamp(x, -1, 1)",
            "clamp(x / 6 + 0.5, 0, 1)",
            "x - clamp(x, -0.5, 0.5)",
            "3 * sigmoid(x) - 0.1",
            "x / (1 + abs(x))",
            "if(abs(x) > 1, x^3, sin(x))",
            "erfc(x) + x",
            "round(x)",
            "7",
        ] {
            assert!(function(text).is_symmetric(), "{text}");
        }
        for text in [
            "exp(x)",
            "relu(x)",
            "x + x^2",
            "clamp(x, -1, 2)",
            "clamp(x, 0.1, -0.1)",
            "sigmoid(x + 1)",
            "sigmoid(x) * x",
            "step(x)",
            "floor(x)",
            "if(x > 0, x, 2 * x)",
            "sigmoid(x)^2",
            "1 / sigmoid(x)",
            "if(abs(x) > 1, x, sigmoid(x))",
            "softplus(x)",
            "log(x)",
        ] {
            assert!(!function(text).is_symmetric(), "{text}");
        }
        for text in [
            "x",
            "relu(x)",
            "if(x > 0, x^2, 0)",
            "max(x, 0.1 * x)",
            "x^3 / abs(x)",
            "sqrt(x^2 + relu(x)^2)",
            "step(x) * x",
            "exp(sign(x)) * x",
        ] {
            assert!(function(text).is_homogeneous(), "{text}");
        }
        for text in
            ["x + 1", "tanh(x)", "x + x^2", "if(x > 1, x, 0)", "2^x", "clamp(x, -1, 1)", "floor(x)", "x / 0"]
        {
            assert!(!function(text).is_homogeneous(), "{text}");
        }
        let is_symmetric = |id| {
            let builtin = builtin(id).unwrap();
            let parameters: Vec<_> =
                builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
            Function::parse(builtin.expression, &parameters).unwrap().is_symmetric()
        };
        for id in ["tanh", "sigmoid", "sine", "softsign", "hardtanh", "gaussian", "arctan", "erf", "lisht"] {
            assert!(is_symmetric(id), "{id}");
        }
    }

    #[test]
    fn symmetric_and_homogeneous_functions_are_so_at_many_points() {
        let points: Vec<f64> = (1..60).map(|step| f64::from(step) * 0.173).collect();
        let texts = ["3 * sigmoid(x) - 0.1", "erfc(x) + x", "clamp(x / 6 + 0.5, 0, 1)", "x / (1 + abs(x))"];
        for function in texts.map(function) {
            let total = function.value(2.0) + function.value(-2.0);
            for x in &points {
                assert!((function.value(*x) + function.value(-x) - total).abs() < 1e-14 * (1.0 + x));
            }
        }
        for function in ["sqrt(x^2 + relu(x)^2)", "if(x > 0, x^2, 0)", "x^3 / abs(x)"].map(function) {
            let degree = libm::log2(function.value(2.0) / function.value(1.0));
            for x in &points {
                let scaled = function.value(*x) * libm::pow(3.0, degree);
                assert!((function.value(3.0 * x) - scaled).abs() < 1e-13 * scaled.abs());
            }
        }
    }
}
