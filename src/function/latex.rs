//! Expressions as LaTeX, in the notation that a reader expects: fractions, powers, cases, products without a sign.

use super::expression::{Binary, Expression};

/// How tightly the outermost operator of a piece of LaTeX binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Logic,
    Comparison,
    Sum,
    /// A sign before it; in a sum it needs no parentheses at the beginning only.
    Signed,
    Product,
    Power,
    Atom,
}

/// The expression with `variable` in the place of `x`.
pub(super) fn latex(expression: &Expression, variable: &str) -> String {
    write(expression, variable).0
}

/// c₀ + c₁ x + c₂ x² + …, highest power first.
pub(super) fn polynomial(coefficients: &[f64]) -> String {
    let mut text = String::new();
    for (power, &coefficient) in coefficients.iter().enumerate().rev() {
        if coefficient == 0.0 {
            continue;
        }
        let sign = match (text.is_empty(), coefficient < 0.0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        let size = coefficient.abs();
        // 1 is written only where nothing else would be.
        let factor =
            if (size - 1.0).abs() < f64::EPSILON && power > 0 { String::new() } else { number(size) };
        let base = match power {
            0 => String::new(),
            1 => "x".into(),
            _ => format!("x^{{{power}}}"),
        };
        text.push_str(&format!("{sign}{factor}{base}"));
    }
    if text.is_empty() { "0".into() } else { text }
}

/// A number of at most six significant digits.
fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let size = rounded.abs();
    if rounded == 0.0 || (1e-4..1e6).contains(&size) {
        return format!("{rounded}");
    }
    let scientific = format!("{rounded:e}");
    match scientific.split_once('e') {
        Some(("1", exponent)) => format!("10^{{{exponent}}}"),
        Some((mantissa, exponent)) => format!(r"{mantissa} \cdot 10^{{{exponent}}}"),
        None => scientific,
    }
}

/// A parameter's or constant's name.
fn name(name: &str) -> String {
    const GREEK: [&str; 20] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu",
        "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
    ];
    if GREEK.contains(&name) || name == "pi" {
        return format!(r"\{name}");
    }
    if name.len() == 1 {
        return name.to_owned();
    }
    if name == "negative_slope" {
        // By its usual letter: a word in a formula reads as a product of its letters.
        return r"\alpha".into();
    }
    format!(r"\mathrm{{{}}}", name.replace('_', r"\_"))
}

fn write(expression: &Expression, variable: &str) -> (String, Strength) {
    let at_least = |expression: &Expression, strength: Strength| {
        let (text, own) = write(expression, variable);
        if own >= strength { text } else { format!(r"\left({text}\right)") }
    };
    match expression {
        Expression::Number(value) => {
            let text = number(*value);
            let strength = if text.contains(['\\', '^']) { Strength::Product } else { Strength::Atom };
            (text, strength)
        }
        Expression::Variable => (variable.to_owned(), Strength::Atom),
        Expression::Named(parameter, _) => (name(parameter), Strength::Atom),
        Expression::Negate(inner) => (format!("-{}", at_least(inner, Strength::Product)), Strength::Signed),
        Expression::Not(inner) => (format!(r"\lnot {}", at_least(inner, Strength::Atom)), Strength::Atom),
        Expression::Unary(call, inner) => match call.0.name {
            "sqrt" => (format!(r"\sqrt{{{}}}", write(inner, variable).0), Strength::Atom),
            "exp" => (format!("e^{{{}}}", write(inner, variable).0), Strength::Power),
            "abs" => (format!(r"\left|{}\right|", write(inner, variable).0), Strength::Atom),
            _ => (format!(r"{}\left({}\right)", call.0.latex, write(inner, variable).0), Strength::Atom),
        },
        Expression::Clamp(arguments) => {
            let [x, low, high] = arguments.each_ref().map(|argument| write(argument, variable).0);
            (format!(r"\operatorname{{clamp}}\left({x}, {low}, {high}\right)"), Strength::Atom)
        }
        Expression::If(_) => (cases(expression, variable), Strength::Atom),
        Expression::Binary(operator, left, right) => match operator {
            Binary::Add => (
                format!("{} + {}", at_least(left, Strength::Sum), at_least(right, Strength::Product)),
                Strength::Sum,
            ),
            Binary::Subtract => (
                format!("{} - {}", at_least(left, Strength::Sum), at_least(right, Strength::Product)),
                Strength::Sum,
            ),
            Binary::Multiply => (product(left, right, variable), Strength::Product),
            Binary::Divide => {
                let (above, below) = (write(left, variable).0, write(right, variable).0);
                (format!(r"\frac{{{above}}}{{{below}}}"), Strength::Product)
            }
            Binary::Power => {
                let base = at_least(left, Strength::Atom);
                (format!("{base}^{{{}}}", write(right, variable).0), Strength::Power)
            }
            Binary::Minimum | Binary::Maximum => {
                let name = if *operator == Binary::Minimum { "min" } else { "max" };
                let (left, right) = (write(left, variable).0, write(right, variable).0);
                (format!(r"\{name}\left({left}, {right}\right)"), Strength::Atom)
            }
            _ => {
                let (sign, strength) = match operator {
                    Binary::Or => (r"\lor", Strength::Logic),
                    Binary::And => (r"\land", Strength::Logic),
                    Binary::Less => ("<", Strength::Comparison),
                    Binary::LessEqual => (r"\le", Strength::Comparison),
                    Binary::Greater => (">", Strength::Comparison),
                    Binary::GreaterEqual => (r"\ge", Strength::Comparison),
                    Binary::Equal => ("=", Strength::Comparison),
                    _ => (r"\ne", Strength::Comparison),
                };
                let side = |side| {
                    at_least(
                        side,
                        if strength == Strength::Logic { Strength::Comparison } else { Strength::Sum },
                    )
                };
                (format!("{} {sign} {}", side(left), side(right)), strength)
            }
        },
    }
}

fn product(left: &Expression, right: &Expression, variable: &str) -> String {
    let side = |expression: &Expression| {
        let (text, own) = write(expression, variable);
        if own >= Strength::Product { text } else { format!(r"\left({text}\right)") }
    };
    let left_text = match left {
        Expression::Negate(_) => write(left, variable).0,
        _ => side(left),
    };
    let right_text = side(right);
    let starts_with_digit = right_text.starts_with(|c: char| c.is_ascii_digit());
    let separator = if starts_with_digit {
        r" \cdot "
    } else if right_text.starts_with('\\') || right_text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // A thin space keeps `x` and `\sigma(x)`, or a fraction and a letter, apart.
        if matches!(left, Expression::Number(_) | Expression::Named(..)) { " " } else { r"\," }
    } else {
        ""
    };
    format!("{left_text}{separator}{right_text}")
}

/// Nested conditions as one list of cases.
fn cases(expression: &Expression, variable: &str) -> String {
    let mut rows = Vec::new();
    let mut rest = expression;
    while let Expression::If(arguments) = rest {
        let [condition, then, otherwise] = &**arguments;
        rows.push(format!(r"{} & \text{{if }} {}", write(then, variable).0, write(condition, variable).0));
        rest = otherwise;
    }
    rows.push(format!(r"{} & \text{{otherwise}}", write(rest, variable).0));
    format!(r"\begin{{cases}}{}\end{{cases}}", rows.join(r" \\ "))
}

#[cfg(test)]
mod tests {
    use super::super::expression::parse;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let parameters = [("beta".to_owned(), 1.5), ("negative_slope".to_owned(), 0.01)];
        assert_eq!(latex(&parse(text, &parameters).unwrap(), "z"), expected);
    }

    #[test]
    fn expressions_read_as_mathematics() {
        check("x * sigmoid(beta * x)", r"z\,\sigma\left(\beta z\right)");
        check("-x^2", "-z^{2}");
        check("(-x)^2", r"\left(-z\right)^{2}");
        check("x / (1 + abs(x))", r"\frac{z}{1 + \left|z\right|}");
        check("2 * 3", r"2 \cdot 3");
        check("x - (x - 1)", r"z - \left(z - 1\right)");
        check("(x + 1) * 2", r"\left(z + 1\right) \cdot 2");
        check(
            "if(x >= 0, x, negative_slope * x)",
            r"\begin{cases}z & \text{if } z \ge 0 \\ \alpha z & \text{otherwise}\end{cases}",
        );
    }

    #[test]
    fn polynomials_have_right_signs_and_no_idle_ones() {
        assert_eq!(polynomial(&[0.5, 1.5, -0.8, 0.4]), "0.4x^{3} - 0.8x^{2} + 1.5x + 0.5");
        assert_eq!(polynomial(&[-1.0, -1.0, 0.0, 1.0]), "x^{3} - x - 1");
        assert_eq!(polynomial(&[0.0]), "0");
        assert_eq!(polynomial(&[0.0, 2e-9]), r"2 \cdot 10^{-9}x");
        assert_eq!(polynomial(&[0.1 + 0.2]), "0.3");
    }
}
