use proptest::prelude::*;

use super::*;

fn value(text: &str, x: f64) -> f64 {
    Function::parse(text, &[]).unwrap_or_else(|error| panic!("{text}: {error:?}")).value(x)
}

/// The value and both derivatives at one point.
fn jet(function: &Function, x: f64) -> [f64; 3] {
    let (mut y, mut dy, mut d2y) = ([0.0], [0.0], [0.0]);
    let mut columns = JetColumns { y: &mut y, dy: &mut dy, d2y: &mut d2y, branch: &mut [0] };
    function.values_and_two_derivatives(&[x], &mut columns);
    [y[0], dy[0], d2y[0]]
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
fn second_derivatives_are_exact() {
    let second = |text: &str, x: f64| jet(&Function::parse(text, &[]).unwrap(), x)[2];
    assert_eq!(second("x^3", 2.0), 12.0);
    assert_eq!(second("x^2", 0.0), 2.0);
    assert_eq!(second("x", 3.0), 0.0);
    assert_eq!(second("x^-1", 2.0), 0.25);
    assert_eq!(second("x^2.5", 4.0), 7.5);
    assert_eq!(second("x * x * x", 2.0), 12.0);
    assert_eq!(second("1 / x", 2.0), 0.25);
    assert_eq!(second("max(x^2, x)", 3.0), 2.0);
    assert_eq!(second("clamp(x^2, 0, 1)", 3.0), 0.0);
    assert_eq!(second("if(x > 0, x^2, exp(-1000 * x))", 2.0), 2.0);
    assert_eq!(second("tanh(exp(x))", 800.0), 0.0);
    let e = std::f64::consts::E;
    // With mpmath: d²/dx² of xˣ at 2, of each elementary function at 0.3 (at 1.3 where that is outside its domain), and of some
    // compositions.
    for (text, x, expected) in [
        ("x^x", 2.0, 13.466_989_500_152_37),
        ("2^x", 3.0, 3.843_624_111_345_612),
        ("exp(x)", 1.0, e),
        ("expm1(x)", 1.0, e),
        ("log(x)", 0.3, -11.111_111_111_111_11),
        ("log1p(x)", 0.3, -0.591_715_976_331_361),
        ("log2(x)", 0.3, -16.029_944_898_766_26),
        ("log10(x)", 0.3, -4.825_494_243_369_465),
        ("sqrt(x)", 0.3, -1.521_451_548_625_462),
        ("cbrt(x)", 0.3, -1.652_920_864_400_419),
        ("sin(x)", 0.3, -0.295_520_206_661_339_6),
        ("cos(x)", 0.3, -0.955_336_489_125_606),
        ("tan(x)", 0.3, 0.677_872_599_609_425_5),
        ("asin(x)", 0.3, 0.345_588_407_710_522_5),
        ("acos(x)", 0.3, -0.345_588_407_710_522_5),
        ("atan(x)", 0.3, -0.505_007_995_959_936),
        ("sinh(x)", 0.3, 0.304_520_293_447_142_6),
        ("cosh(x)", 0.3, 1.045_338_514_128_86),
        ("tanh(x)", 0.3, -0.533_181_878_201_454_3),
        ("asinh(x)", 0.3, -0.263_621_913_363_619_6),
        ("acosh(x)", 1.3, -2.268_139_261_036_231),
        ("atanh(x)", 0.3, 0.724_550_175_099_625_6),
        ("sigmoid(x)", 0.3, -0.036_396_183_955_576_24),
        ("softplus(x)", 0.3, 0.244_458_311_690_745_9),
        ("erf(x)", 0.3, -0.618_756_545_771_377_8),
        ("erfc(x)", 0.3, 0.618_756_545_771_377_8),
        ("normal_cdf(x)", 0.3, -0.114_416_344_638_157_2),
        ("sigmoid(x)", -30.0, 9.357_622_968_836_672e-14),
        ("tanh(x)", 20.0, -3.398_683_404_233_271e-17),
        ("x / (1 + exp(-3 * x))", -0.7, 0.104_447_368_527_819_5),
        ("sqrt(1 + x^2) * sin(x)", 1.1, -0.382_344_222_513_736_5),
        ("exp(-x^2 / 2) / (1 + x^4)", 0.8, 0.380_219_308_774_447_6),
    ] {
        let found = second(text, x);
        assert!((found / expected - 1.0).abs() < 4e-15, "{text} at {x}: {found}, not {expected}");
    }
}

#[test]
fn branches_tell_pieces_apart() {
    let branches = |text: &str, x: &[f64]| {
        let count = x.len();
        let (mut y, mut branch) = (vec![0.0; count], vec![0; count]);
        let (mut dy, mut d2y) = (y.clone(), y.clone());
        let mut columns = JetColumns { y: &mut y, dy: &mut dy, d2y: &mut d2y, branch: &mut branch };
        Function::parse(text, &[]).unwrap().values_and_two_derivatives(x, &mut columns);
        let mut pieces = branch;
        pieces.dedup();
        pieces.len()
    };
    let x: Vec<f64> = (-50..=50).map(|index| 0.1 * f64::from(index) + 0.03).collect();
    assert_eq!(branches("tanh(x) * exp(-x^2)", &x), 1);
    for (text, expected) in [
        ("abs(x)", 2),
        ("clamp(x, -1, 1)", 3),
        ("max(x, 0) + min(x, 2)", 3),
        ("if(x > 1 or x < -1, x, 0)", 3),
        ("(x > 2) * x", 2),
        ("floor(x)", 11),
        ("abs(x) - abs(x - 1) + relu(x - 2)", 4),
    ] {
        assert_eq!(branches(text, &x), expected, "{text}");
    }
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
    check("x if x > 0 else 0", "if", "operator is missing", "if(condition, then, otherwise)");
    check("x > 0 ? x : 0", "?", "cannot stand", "if(condition, then, otherwise)");
    check("|x|", "|", "cannot stand", "abs(x)");
    check("x > 0 && x < 1", "&", "cannot stand", "`and`");
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

/// Rows of `activation,x,value,derivative,second_derivative`, computed with mpmath at 50 digits by `tests/fixtures/activations.py`.
const REFERENCE: &str = include_str!("../../tests/fixtures/activations.csv");

#[test]
fn every_builtin_agrees_with_mpmath() {
    let mut seen = std::collections::BTreeSet::new();
    for row in REFERENCE.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let numbers: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let (x, value, derivative, second) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        let builtin = builtin(cells[0]).unwrap();
        seen.insert(builtin.id);
        let parameters: Vec<(String, f64)> =
            builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let function = Function::parse(builtin.expression, &parameters).unwrap();
        let found = jet(&function, x);
        // Relative, with an absolute floor where the function itself has a zero or underflows in double precision; a second
        // derivative is a sum of several terms, which may cancel in part.
        let agrees = |found: f64, expected: f64, rounding: f64| {
            (found - expected).abs() <= 1e-13 * expected.abs() + rounding
        };
        let id = builtin.id;
        assert!(agrees(found[0], value, 2e-16), "{id}({x}) = {}, not {value}", found[0]);
        assert!(agrees(found[1], derivative, 2e-16), "{id}'({x}) = {}, not {derivative}", found[1]);
        assert!(agrees(found[2], second, 6e-16), "{id}''({x}) = {}, not {second}", found[2]);
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
            let numbers = jet(&function, x);
            assert!(numbers.iter().all(|number| number.is_finite()), "{} at {x}: {numbers:?}", builtin.id);
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
    fn second_derivatives_match_differences(text in smooth(), x in -2.0_f64..2.0) {
        let function = Function::parse(&text, &[]).unwrap();
        let h = 1e-5;
        let difference = (jet(&function, x + h)[1] - jet(&function, x - h)[1]) / (2.0 * h);
        let found = jet(&function, x)[2];
        prop_assert!((found - difference).abs() <= 1e-4 * (1.0 + difference.abs()), "{} at {}: {} {}", text, x, found, difference);
    }

    #[test]
    fn all_ways_give_the_same_bits(text in smooth(), x in prop::collection::vec(-30.0_f64..30.0, 1..150)) {
        let function = Function::parse(&format!("max({text}, if(x > 1, {text} / (x - 7), sqrt(x)))"), &[]).unwrap();
        let (mut y, mut dy) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        function.values_and_derivatives(&x, &mut y, &mut dy);
        let (mut y2, mut dy2, mut d2y) = (y.clone(), y.clone(), y.clone());
        let mut branch = vec![0; x.len()];
        let mut columns = JetColumns { y: &mut y2, dy: &mut dy2, d2y: &mut d2y, branch: &mut branch };
        function.values_and_two_derivatives(&x, &mut columns);
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&y), bits(&y2));
        prop_assert_eq!(bits(&dy), bits(&dy2));
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
