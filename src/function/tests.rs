use proptest::prelude::*;

use super::*;

fn value(text: &str, x: f64) -> f64 {
    Function::parse(text, &[]).unwrap_or_else(|error| panic!("{text}: {error:?}")).value(x)
}

#[test]
fn precedence_is_the_usual_one() {
    assert_eq!(value("-x^2", 3.0), -9.0);
    assert_eq!(value("2^3^2", 0.0), 512.0);
    assert_eq!(value("2^-1 * 4", 0.0), 2.0);
    assert_eq!(value("1 - 2 - 3", 0.0), -4.0);
    assert_eq!(value("12 / 2 / 3", 0.0), 2.0);
    assert_eq!(value("1 + 2 * x", 3.0), 7.0);
    assert_eq!(value("-x * -x", 3.0), 9.0);
    assert_eq!(value("if(x > 1 and not x > 2 or x == 7, 1, 0)", 1.5), 1.0);
    assert_eq!(value("if(x > 1 and not x > 2 or x == 7, 1, 0)", 7.0), 1.0);
    assert_eq!(value("if(x > 1 and not x > 2 or x == 7, 1, 0)", 3.0), 0.0);
    assert_eq!(value("(x > 2) + 1.5e1 + .5", 3.0), 16.5);
    assert_eq!(value("max(x, 2) + min(x, 2) + clamp(x, 0, 1)", 5.0), 8.0);
    assert_eq!(value("sin(pi / 2) + log(e)", 0.0), 2.0);
}

#[test]
fn derivatives_are_exact() {
    let derivative = |text: &str, x: f64| {
        let function = Function::parse(text, &[("beta".into(), 1.5)]).unwrap();
        let (mut y, mut dy) = ([0.0], [0.0]);
        function.values_and_derivatives(&[x], &mut y, &mut dy);
        dy[0]
    };
    assert_eq!(derivative("x^3", 2.0), 12.0);
    assert_eq!(derivative("x^3", 0.0), 0.0);
    assert_eq!(derivative("x^-1", 2.0), -0.25);
    assert_eq!(derivative("x^2.5", 4.0), 20.0);
    assert_eq!(derivative("(x - 1) / (x + 1)", 1.0), 0.5);
    assert_eq!(derivative("max(x, 2 * x)", -1.0), 1.0);
    assert_eq!(derivative("relu(x)", 0.0), 0.0);
    assert_eq!(derivative("clamp(x, -1, 1)", 1.0), 0.0);
    // With its bounds the wrong way round, a clamp is its upper bound from the lower one on: here x.
    assert_eq!(derivative("clamp(0.5, 0.5, x)", -0.4), 1.0);
    // d/dx 2^x = 2^x ln 2
    assert!((derivative("2^x", 3.0) - 8.0 * std::f64::consts::LN_2).abs() < 1e-14);
    // A branch that is not taken may overflow.
    assert_eq!(derivative("if(x > 0, x, exp(-1000 * x))", 2.0), 1.0);
    assert_eq!(derivative("tanh(exp(x))", 800.0), 0.0);
    // d/dx x σ(βx) = σ(βx) (1 + βx σ(−βx)); at x = 1, β = 1.5 (mpmath): 1.041_294_154_299_143
    assert!((derivative("x * sigmoid(beta * x)", 1.0) - 1.041_294_154_299_143).abs() < 1e-15);
}

#[test]
fn errors_point_at_the_fault() {
    let check = |text: &str, token: &str, message: &str, help: &str| {
        let error = Function::parse(text, &[("beta".into(), 1.0)]).unwrap_err();
        assert_eq!(&text[error.span.clone()], token, "{text}: {error:?}");
        assert!(error.message.contains(message), "{text}: {error:?}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{text}: {error:?}");
    };
    check("x * sigmod(x)", "sigmod", "no function", "`sigmoid`");
    check("x * bta", "bta", "no meaning", "`beta`");
    check("2x", "x", "operator is missing", "2 * x");
    check("beta(x)", "beta", "not a function", "beta * (");
    check("tanh", "tanh", "needs its arguments", "tanh(x)");
    check("min(x)", "min(x)", "takes 2 arguments, not 1", "");
    check("(x + 1", "(", "never closed", "");
    check("x + 1)", ")", "closes nothing", "");
    check("x = 1", "=", "not an operator", "==");
    check("x + * 2", "*", "expected here", "");
    check("x + ", " ", "missing at the end", "");
    check("", "", "nothing to compute", "");
    check("0 < x < 1", "<", "cannot be chained", "and");
    check("x ** 2", "**", "not an operator", "^");
    check("x − 1", "−", "cannot stand", "`-`");
    check("1.2.3", ".3", "operator is missing", "");
    check("1e999", "1e999", "not a number", "");
    assert!(Function::parse(&"(".repeat(150), &[]).unwrap_err().message.contains("nested"));
    assert!(Function::parse(&"(".repeat(100_000), &[]).is_err());
    assert!(Function::parse(&"-".repeat(100_000), &[]).is_err());
    assert!(Function::parse(&"x+".repeat(100_000), &[]).unwrap_err().message.contains("more than"));
    assert!(Function::parse(&format!("{}x", "x+".repeat(1_900)), &[]).is_ok());
}

#[test]
fn parameters_cannot_shadow_the_language() {
    for name in ["x", "e", "pi", "tanh", "if", "and", "2a", "", "a-b", "é"] {
        assert!(check_parameter_name(name).is_err(), "{name}");
    }
    assert!(check_parameter_name("beta_2").is_ok());
}

#[test]
fn spellings_of_one_function_have_one_key() {
    let canonical = |text: &str| Function::parse(text, &[("a".into(), 2.0)]).unwrap().canonical();
    assert_eq!(canonical("2*x + 1"), canonical(" (a * x) + (3 - 2) "));
    assert_eq!(canonical("ln(x)"), canonical("log(x)"));
    assert_ne!(canonical("2*x + 1"), canonical("2*x - 1"));
    assert_ne!(canonical("x^2"), canonical("x^3"));
    assert_ne!(canonical("0 * x"), canonical("-0.0 * x"));
}

#[test]
fn the_catalogue_is_sound() {
    for builtin in builtins() {
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters);
        assert!(function.is_ok(), "{}: {function:?}", builtin.id);
        assert!(latex(builtin.expression, &parameters, "z").is_ok());
        assert!(parameters.iter().all(|(name, _)| check_parameter_name(name).is_ok()), "{}", builtin.id);
        assert!(
            !builtin.references.is_empty()
                && builtin.references.iter().all(|r| r.url.starts_with("https://"))
        );
        let same_id = builtins().iter().filter(|other| other.id == builtin.id).count();
        let same_color = builtins().iter().filter(|other| other.color == builtin.color).count();
        assert_eq!((same_id, same_color), (1, 1), "{}", builtin.id);
    }
}

/// Rows of `activation,x,value,derivative`, computed with mpmath at 50 digits by `tests/fixtures/activations.py`.
const REFERENCE: &str = include_str!("../../tests/fixtures/activations.csv");

#[test]
fn every_builtin_agrees_with_mpmath() {
    let mut seen = std::collections::BTreeSet::new();
    for row in REFERENCE.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let numbers: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let (x, value, derivative) = (numbers[0], numbers[1], numbers[2]);
        let builtin = builtin(cells[0]).unwrap();
        seen.insert(builtin.id);
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters).unwrap();
        let (mut y, mut dy) = ([0.0], [0.0]);
        function.values_and_derivatives(&[x], &mut y, &mut dy);
        // Relative, with an absolute floor where the function itself has a zero or underflows in double precision.
        let agrees = |found: f64, expected: f64| (found - expected).abs() <= 1e-13 * expected.abs() + 2e-16;
        assert!(agrees(y[0], value), "{}({x}) = {}, not {value}", builtin.id, y[0]);
        assert!(agrees(dy[0], derivative), "{}'({x}) = {}, not {derivative}", builtin.id, dy[0]);
    }
    assert_eq!(seen.len(), builtins().len(), "every built-in has reference values");
}

#[test]
fn rounding_is_bounded_by_what_the_expression_tells() {
    for row in REFERENCE.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let numbers: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let (x, value, derivative) = (numbers[0], numbers[1], numbers[2]);
        let builtin = builtin(cells[0]).unwrap();
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters).unwrap();
        let (mut y, mut dy) = ([0.0], [0.0]);
        function.values_and_derivatives(&[x], &mut y, &mut dy);
        let rounding = function.rounding(Interval::point(x));
        // The reference is rounded itself, constants such as √2 are where they are written out in an expression, and mpmath's
        // numerical derivatives have an absolute error.
        let holds = |found: f64, expected: f64, error: f64| {
            (found - expected).abs() <= error + 4.0 * f64::EPSILON * expected.abs() * (1.0 + x * x) + 1e-30
        };
        assert!(
            holds(y[0], value, rounding.value),
            "{}({x}) = {}, not {value}: {rounding:?}",
            builtin.id,
            y[0]
        );
        assert!(holds(dy[0], derivative, rounding.slope), "{}'({x}) = {}: {rounding:?}", builtin.id, dy[0]);
        let size = (1.0 + x.abs()) * (1.0 + x.abs());
        assert!(rounding.value <= 256.0 * f64::EPSILON * size, "{}({x}): {rounding:?}", builtin.id);
    }
    // Cancellation leaves the error of what cancels.
    let cancelling = Function::parse("(x + 1000) - 1000", &[]).unwrap();
    let rounding = cancelling.rounding(Interval::new(0.1, 0.2));
    assert!(
        rounding.value >= 0.5 * f64::EPSILON * 512.0 && rounding.value < f64::EPSILON * 2048.0,
        "{rounding:?}"
    );
    assert!((cancelling.value(0.1) - 0.1).abs() <= rounding.value);
    let unknown = Function::parse("log(x)", &[]).unwrap().rounding(Interval::new(-1.0, 1.0));
    assert!(unknown.value.is_infinite());
}

#[test]
fn every_builtin_is_finite_far_out() {
    for builtin in builtins() {
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters).unwrap();
        for x in [-1e4, -1e3, -40.0, 40.0, 1e3, 1e4] {
            let (mut y, mut dy) = ([0.0], [0.0]);
            function.values_and_derivatives(&[x], &mut y, &mut dy);
            assert!(y[0].is_finite() && dy[0].is_finite(), "{} at {x}: {y:?} {dy:?}", builtin.id);
        }
    }
}

/// Smooth expressions whose derivatives stay moderate near 0.
fn smooth() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("x".to_owned()), (-2.0_f64..2.0).prop_map(|value| format!("({value:?})"))];
    leaf.prop_recursive(4, 24, 2, |inner| {
        let unary = prop::sample::select(vec![
            "tanh",
            "sin",
            "cos",
            "sigmoid",
            "softplus",
            "atan",
            "erf",
            "normal_cdf",
        ]);
        prop_oneof![
            (unary, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("tanh({a} * {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} / (1 + ({b})^2))")),
        ]
    })
}

proptest! {
    #[test]
    fn derivatives_match_differences(text in smooth(), x in -2.0_f64..2.0) {
        let function = Function::parse(&text, &[]).unwrap();
        let h = 1e-5;
        let difference = (function.value(x + h) - function.value(x - h)) / (2.0 * h);
        let (mut y, mut dy) = ([0.0], [0.0]);
        function.values_and_derivatives(&[x], &mut y, &mut dy);
        prop_assert!((dy[0] - difference).abs() <= 1e-5 * (1.0 + difference.abs()), "{} at {}: {} {}", text, x, dy[0], difference);
    }

    #[test]
    fn both_ways_give_the_same_values(text in smooth(), x in prop::collection::vec(-3.0_f64..3.0, 1..150)) {
        let function = Function::parse(&text, &[]).unwrap();
        let (mut y, mut y2, mut dy) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
        function.values(&x, &mut y);
        function.values_and_derivatives(&x, &mut y2, &mut dy);
        prop_assert_eq!(&y, &y2);
        prop_assert_eq!(y[x.len() - 1], function.value(x[x.len() - 1]));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-x0-9.e+*/^()<>=!, a-z²é]{0,40}") {
        if let Err(error) = Function::parse(&text, &[]) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
        }
    }

    #[test]
    fn a_polynomial_is_its_terms(coefficients in prop::collection::vec(-3.0_f64..3.0, 1..6), x in -2.0_f64..2.0) {
        let mut sum = 0.0;
        for (power, coefficient) in coefficients.iter().enumerate() {
            sum += coefficient * libm::pow(x, f64::from(u32::try_from(power).unwrap()));
        }
        prop_assert!((Function::polynomial(&coefficients).value(x) - sum).abs() < 1e-11);
    }
}
