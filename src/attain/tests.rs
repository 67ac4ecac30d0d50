#![expect(clippy::cast_precision_loss, reason = "counts and steps are small")]

use proptest::prelude::*;

use super::*;
use crate::function::builtins;
use crate::train::Loss;

fn function(text: &str) -> Function {
    Function::parse(text, &[]).unwrap()
}

fn builtin(id: &str) -> Function {
    let builtin = crate::function::builtin(id).unwrap();
    let parameters: Vec<(String, f64)> =
        builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    Function::parse(builtin.expression, &parameters).unwrap()
}

/// So many points, equally spaced.
fn spaced(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|index| low + (high - low) * index as f64 / (count - 1) as f64).collect()
}

/// Inputs in rising order, equally spaced or not; some are the same.
fn inputs() -> impl Strategy<Value = Vec<f64>> {
    let even = (2_usize..24, -3.0_f64..0.0, 0.1_f64..4.0)
        .prop_map(|(count, low, width)| spaced(low, low + width, count));
    let uneven = (-3.0_f64..3.0, prop::collection::vec(0.0_f64..0.7, 1..20)).prop_map(|(low, steps)| {
        let mut x = vec![low, low + 0.5];
        for step in steps {
            x.push(x[x.len() - 1] + if step < 0.05 { 0.0 } else { step });
        }
        x
    });
    prop_oneof![even, uneven]
}

/// Inputs with values: noise, or a smooth target.
fn data() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let noise = inputs().prop_flat_map(|x| {
        let count = x.len();
        (Just(x), prop::collection::vec(-2.0_f64..2.0, count))
    });
    let smooth =
        (inputs(), prop::array::uniform4(-1.0_f64..1.0), -20.0_f64..20.0).prop_map(|(x, factors, level)| {
            let y = x.iter().map(|x| {
                level + x * (factors[0] + x * (factors[1] + x * factors[2])) + libm::sin(factors[3] * x)
            });
            let y = y.collect();
            (x, y)
        });
    prop_oneof![noise, smooth]
}

/// Expressions with kinks, jumps and holes.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => Just("x".to_owned()),
        1 => (-2.0_f64..2.0).prop_map(|value| format!("({value:?})")),
        1 => prop::sample::select(vec!["0", "1", "0.5"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let unary = prop::sample::select(vec![
            "tanh", "sin", "cos", "sigmoid", "softplus", "atan", "erf", "normal_cdf", "abs", "relu", "floor", "round",
            "sign", "step", "sqrt", "log", "cbrt", "exp", "tan", "asin", "log1p", "sinh", "asinh",
        ]);
        prop_oneof![
            3 => (unary, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} * {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} / {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("min({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a}, {b})")),
            1 => (inner.clone(), 0_i32..4).prop_map(|(a, n)| format!("({a})^{n}")),
            1 => (inner.clone(), 0.5_f64..3.0).prop_map(|(a, p)| format!("relu({a})^{p:?}")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("if({a} > {b}, {c}, {a})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("clamp({a}, {b}, {c})")),
        ]
    })
}

/// Activations of the catalogue, of a list of awkward ones, and any at all.
fn activation() -> impl Strategy<Value = (String, Function)> {
    let catalogue = prop::sample::select(builtins().iter().map(|builtin| builtin.id).collect::<Vec<_>>())
        .prop_map(|id| (id.to_owned(), builtin(id)));
    let awkward = prop::sample::select(vec![
        "abs(x)",
        "relu(x - 0.25) + step(x - 0.5)",
        "abs(x - 1 / 256)",
        "x + 1e-10 * step(x)",
        "floor(x)",
        "max(x, -x / 2) + 1",
        "relu(x) + step(x + 3)",
        "sin(60 * x)",
        "log(x)",
        "1 / x",
        "x - tanh(x)",
        "1 - cos(x)",
        "x^3",
        "relu(x)^1.5",
        "if(x > 0, sin(900 * x), cos(900 * x))",
        "1000 + tanh(x)",
        "if(x > 0, x, 0) + if(x > 1, 1 - x, 0)",
        "0 * x",
        "1",
    ])
    .prop_map(|text| (text.to_owned(), function(text)));
    let any = expression().prop_map(|text| (text.clone(), function(&text)));
    prop_oneof![3 => catalogue, 3 => awkward, 2 => any]
}

/// A box within ±8: near 0 or not, of any size.
fn region() -> impl Strategy<Value = [(f64, f64); 2]> {
    let side = |nearest: i32| {
        let center = prop_oneof![
            Just(0.0),
            -6.0_f64..6.0,
            (nearest..0, any::<bool>()).prop_map(|(power, is_negative)| {
                libm::exp2(f64::from(power)) * if is_negative { -1.0 } else { 1.0 }
            })
        ];
        (center, -33_i32..2, 0.5_f64..1.0, 0.0_f64..1.0).prop_map(|(center, power, size, share)| {
            let width = size * libm::exp2(f64::from(power));
            (center - share * width, center + (1.0 - share) * width)
        })
    };
    [side(-33), side(-12)]
}

/// Points of a box: its corners, its middle and others.
fn points(region: [(f64, f64); 2], shares: &[(f64, f64)]) -> Vec<[f64; 2]> {
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)];
    let at = |(low, high): (f64, f64), share: f64| (low + share * (high - low)).clamp(low, high);
    corners.iter().chain(shares).map(|&(w, b)| [at(region[0], w), at(region[1], b)]).collect()
}

fn loss(function: &Function, x: &[f64], y: &[f64], parameters: &[f64]) -> f64 {
    let model_type = if parameters.len() == 1 { ModelType::ScaledInput } else { ModelType::SingleNeuron };
    Loss::new(&model_type, function, x, y).value(parameters)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// The certificate: with any parameters in a box, and the best v and c for them, the loss as the model computes it is no
    /// lower than the bound. Some boxes are searched for the least.
    #[test]
    fn no_parameters_of_a_box_are_better_than_its_bound(
        (text, function) in activation(),
        (x, y) in data(),
        regions in prop::collection::vec(region(), 16),
        shares in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 6),
    ) {
        let data = Data::new(&x, &y);
        let tables = Tables::new(&function, 9.0 * data.reach + 9.0);
        let mut bounder = Bounder::new(&data, &function, &tables);
        for (index, &region) in regions.iter().enumerate() {
            let sides = region.map(|(low, high)| Interval::new(low, high));
            let bound = bounder.bound(sides, f64::INFINITY);
            prop_assert!(bound.lower >= 0.0, "{text}: {bound:?}");
            let mut points = points(region, &shares);
            if index % 4 == 0 {
                let value = |at: [f64; 2]| profile::reached(&data, &function, at).mse;
                points.push(search::polish(value, sides, sides).1);
            }
            for at in points {
                let parameters = profile::reached(&data, &function, at).parameters;
                let loss = loss(&function, &x, &y, &parameters);
                prop_assert!(
                    loss.is_nan() || loss >= bound.lower,
                    "{text} on {x:?} {y:?}: {loss} at {parameters:?} in {region:?}, but {bound:?}"
                );
                for enough in [0.5 * loss, loss] {
                    let quick = bounder.bound(sides, enough).lower;
                    prop_assert!(loss.is_nan() || loss >= quick, "{text} on {x:?} {y:?}: {loss} at {parameters:?} in {region:?}: {quick}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// The whole search, stopped early: its bounds are in order, its upper one is the loss at its parameters, and nothing in its
    /// box is better than its lower one.
    #[test]
    fn a_search_is_right_about_its_box(
        (text, function) in activation(),
        (x, y) in data(),
        region in region(),
        budget in 1_usize..300,
        shares in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 30),
        is_scaled in any::<bool>(),
    ) {
        let form = if is_scaled { Form::ScaledInput } else { Form::SingleNeuron };
        let search = AttainableSearch { w: region[0], b: region[1], gap: 1e-3, budget };
        let found = attain(form, &function, &x, &y, &search);
        prop_assert!(found.lower >= 0.0 && found.lower <= found.upper, "{text}: {found:?}");
        if found.upper.is_finite() {
            prop_assert!(found.holds(&found.parameters), "{text}: {found:?}");
            prop_assert_eq!(found.upper.to_bits(), loss(&function, &x, &y, &found.parameters).to_bits());
        }
        let data = Data::new(&x, &y);
        for [w, b] in points(region, &shares) {
            let parameters = if is_scaled { vec![w] } else { profile::reached(&data, &function, [w, b]).parameters.to_vec() };
            let loss = loss(&function, &x, &y, &parameters);
            prop_assert!(loss.is_nan() || loss >= found.lower, "{text} on {x:?} {y:?}: {loss} at {parameters:?}, but {found:?}");
        }
        prop_assert_eq!(attain(form, &function, &x, &y, &search), found);
    }
}

/// A search of the default box.
fn search(function: &Function, x: &[f64], y: &[f64]) -> Attainable {
    attain(Form::SingleNeuron, function, x, y, &AttainableSearch::default())
}

/// The mean squared error of the best line.
fn line(x: &[f64], y: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x_mean, y_mean) = (mean(x), mean(y));
    let product = |a: &[f64], a_mean: f64, b: &[f64], b_mean: f64| {
        a.iter().zip(b).map(|(a, b)| (a - a_mean) * (b - b_mean)).sum::<f64>() / a.len() as f64
    };
    let along = product(x, x_mean, y, y_mean);
    product(y, y_mean, y, y_mean) - along * along / product(x, x_mean, x, x_mean)
}

fn polynomial(x: &[f64], coefficients: &[f64]) -> Vec<f64> {
    let polynomial = Function::polynomial(coefficients);
    x.iter().map(|x| polynomial.value(*x)).collect()
}

/// Of the benchmark.
const POLYNOMIALS: [(&str, &[f64]); 5] = [
    ("linear_pos", &[0.0, 1.2]),
    ("quadratic_u", &[0.2, 0.0, 0.6]),
    ("cubic_s", &[0.5, 1.5, -0.8, 0.4]),
    ("cubic_neg", &[0.0, -0.8, 0.3, -0.5]),
    ("quartic_w", &[0.0, 0.0, 0.0, 0.0, 0.04]),
];

/// Rows of `model,activation,target,w,b,mse`, found by SciPy: `tests/fixtures/attainable.py`.
const SCIPY: &str = include_str!("../../tests/fixtures/attainable.csv");

#[test]
fn bounds_hold_what_scipy_finds() {
    let x = spaced(-2.5, 2.5, 41);
    let mut count = 0;
    for row in SCIPY.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let (_, coefficients) = POLYNOMIALS.iter().find(|(id, _)| *id == cells[2]).unwrap();
        let y = polynomial(&x, coefficients);
        let form = if cells[0] == "scaled_input" { Form::ScaledInput } else { Form::SingleNeuron };
        let found = attain(form, &builtin(cells[1]), &x, &y, &AttainableSearch::default());
        let scipy: f64 = cells[5].parse().unwrap();
        let tolerance = 1e-6 * scipy + 1e-9 * Data::new(&x, &y).variance();
        assert!(found.lower <= scipy + tolerance, "{row}: {found:?}");
        // SciPy's search may end a little above ours, and ours a little above its.
        assert!((found.upper - scipy).abs() <= 1e-3 * scipy + tolerance, "{row}: {found:?}");
        assert!(found.is_closed, "{row}: {found:?}");
        count += 1;
    }
    assert_eq!(count, 64);
}

#[test]
fn lines_and_hinges_have_closed_forms() {
    let x = spaced(-2.5, 2.5, 40);
    for (name, coefficients) in POLYNOMIALS {
        let y = polynomial(&x, coefficients);
        let found = search(&builtin("identity"), &x, &y);
        let line = line(&x, &y);
        assert_eq!(found.method, Method::Exact, "{name}");
        assert!(
            (found.upper - line).abs() < 1e-12 && found.lower <= line + 1e-12 && found.is_closed,
            "{name}: {found:?}"
        );
    }
    // (1, 0, 1) over (−1, 0, 1): with the kink at 0 or to its right two of the values share their mean, which leaves
    // (¼ + ¼)/3; to its left, at −u, cos² is (1 − u)²/(4 (u² + u + 1)), which is greatest at u = 0.
    let found = search(&builtin("relu"), &[-1.0, 0.0, 1.0], &[1.0, 0.0, 1.0]);
    assert!((found.upper - 1.0 / 6.0).abs() < 1e-14 && found.lower > 1.0 / 6.0 - 1e-5, "{found:?}");
    // What a function is of itself it meets, with its kink anywhere.
    for (text, w, b) in [("abs(x)", 1.0, 0.3), ("relu(x)", -0.7, 0.2), ("max(x, 0.2 * x)", 2.0, -1.0)] {
        let function = function(text);
        let y: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * function.value(w * x + b)).collect();
        let found = search(&function, &x, &y);
        assert!(found.upper < 1e-20 && found.method == Method::Exact, "{text}: {found:?}");
    }
    // The best relu and the best |x| for a hinge with slopes −1 and 2, far from the origin.
    let x: Vec<f64> = spaced(-2.5, 2.5, 40).iter().map(|x| x + 300.0).collect();
    let y: Vec<f64> = x.iter().map(|x| if *x < 300.25 { 300.25 - x } else { 2.0 * (x - 300.25) }).collect();
    let search = AttainableSearch { b: (-1000.0, 1000.0), ..AttainableSearch::default() };
    let exact = attain(Form::SingleNeuron, &function("if(x > 0, 2 * x, -x)"), &x, &y, &search);
    assert!(exact.upper < 1e-18, "{exact:?}");
}

#[test]
fn constants_are_known_at_once() {
    let x = spaced(-1.0, 1.0, 20);
    // A constant target is met, though its mean is rounded.
    for id in ["tanh", "relu", "gaussian"] {
        let found = search(&builtin(id), &x, &[0.1; 20]);
        assert!(found.is_closed && found.upper < 1e-30, "{id}: {found:?}");
        assert!(
            matches!(found.method, Method::Exact | Method::BranchAndBound { regions: ..=8 }),
            "{id}: {found:?}"
        );
    }
    // A constant activation leaves the variance, here the mean of x²: (2 Σ (2k − 1)² / 19²)/20, k = 1 … 10.
    let variance = 2660.0 / 361.0 / 20.0;
    for text in ["1", "0 * x", "step(x^2 + 1)"] {
        let found = search(&function(text), &x, &x);
        assert!((found.upper - variance).abs() < 1e-14, "{text}: {found:?}");
        assert!(found.lower <= found.upper && found.is_closed, "{text}: {found:?}");
    }
    // Two values are met by anything that is not constant.
    for id in ["tanh", "relu", "sine", "gaussian", "softsign"] {
        let found = search(&builtin(id), &[-1.0, 2.0], &[5.0, 3.0]);
        assert!(found.upper < 1e-25 && found.is_closed, "{id}: {found:?}");
    }
}

#[test]
fn what_is_nowhere_finite_is_told_as_such() {
    let found = search(&function("log(-1 - x^2)"), &[0.0, 1.0, 2.0], &[0.0, 1.0, 0.5]);
    assert!(found.upper.is_infinite() && found.lower == 0.0, "{found:?}");
    // Where it is defined is found: √x fits itself.
    let x = spaced(1.0, 3.0, 15);
    let y: Vec<f64> = x.iter().map(|x| x.sqrt()).collect();
    let found = search(&function("sqrt(x)"), &x, &y);
    assert!(found.upper < 1e-6 && found.is_closed, "{found:?}");
}

/// What a kink between two cells, two branches with equal bounds, a jump beside a kink or a tiny one would hide.
#[test]
fn kinks_and_jumps_are_not_lost() {
    let x = spaced(-1.0, 1.0, 21);
    let check = |text: &str, [w, b]: [f64; 2], region: [(f64, f64); 2]| {
        let function = function(text);
        let y: Vec<f64> = x.iter().map(|x| function.value(w * x + b)).collect();
        let data = Data::new(&x, &y);
        let tables = Tables::new(&function, 9.0);
        let sides = region.map(|(low, high)| Interval::new(low, high));
        let bound = Bounder::new(&data, &function, &tables).bound(sides, f64::INFINITY);
        assert!(bound.lower < 1e-12 * data.variance(), "{text}: {bound:?}");
    };
    check("abs(x)", [0.1, 0.0], [(0.099, 0.101), (-0.02, 0.08)]);
    check("abs(x - 1 / 256)", [0.1, 0.0], [(0.099, 0.101), (-0.02, 0.08)]);
    check("relu(x)", [0.1, 0.0], [(0.099, 0.101), (-0.02, 0.08)]);
    check("relu(x) + step(x - 0.5)", [0.9, 0.0], [(-0.9, 0.9), (0.0, 0.0)]);
    check("x + 1e-10 * step(x)", [1e-9, 0.0], [(0.0, 1e-9), (0.0, 1e-12)]);
    check("floor(2 * step(x))", [1.0, 0.1], [(0.9, 1.1), (0.0, 0.2)]);
    check("if(x > 0, sin(900 * x), cos(900 * x))", [0.01, 0.0], [(0.01, 0.01), (0.0, 0.01)]);
    check("clamp(x, 1, -1)", [2.0, 0.5], [(1.5, 2.5), (0.0, 1.0)]);
    check("max(x, -0.5 * x)", [0.5, 0.1], [(0.0, 1.0), (-1.0, 1.0)]);
}

#[test]
fn laws_hold_on_the_benchmark() {
    let x = spaced(-2.5, 2.5, 25);
    for (name, coefficients) in POLYNOMIALS {
        let y = polynomial(&x, coefficients);
        let variance = Data::new(&x, &y).variance();
        let line = line(&x, &y);
        let least =
            |found: &Attainable| found.beyond.map_or(found.upper, |beyond| beyond.mse.min(found.upper));
        for id in ["relu", "leaky_relu", "abs"] {
            let function = if id == "abs" { function("abs(x)") } else { builtin(id) };
            let found = search(&function, &x, &y);
            assert!(found.upper <= line * (1.0 + 1e-9) + 1e-12, "{id} on {name}: {found:?} {line}");
        }
        // A smooth φ with a slope is nearly a line somewhere.
        for id in ["tanh", "sigmoid", "sine", "softplus", "gelu", "gaussian", "silu"] {
            let found = search(&builtin(id), &x, &y);
            assert!(
                least(&found) <= line * (1.0 + 1e-6) + 1e-9 * variance,
                "{id} on {name}: {found:?} {line}"
            );
            assert!(found.lower <= line * (1.0 + 1e-9) + 1e-12, "{id} on {name}: {found:?} {line}");
            assert!(found.is_closed, "{id} on {name}: {found:?}");
        }
        // tanh(z) is 2 σ(2 z) − 1.
        let wide = AttainableSearch { w: (-16.0, 16.0), b: (-16.0, 16.0), ..AttainableSearch::default() };
        let tanh = search(&builtin("tanh"), &x, &y);
        let sigmoid = attain(Form::SingleNeuron, &builtin("sigmoid"), &x, &y, &wide);
        let slack = 1e-6 * tanh.upper + 1e-9 * variance;
        assert!(
            tanh.lower <= sigmoid.upper + slack && sigmoid.lower <= tanh.upper + slack,
            "{name}: {tanh:?} {sigmoid:?}"
        );
        let (tanh_least, sigmoid_least) = (least(&tanh), least(&sigmoid));
        assert!(
            (tanh_least - sigmoid_least).abs() <= 1e-4 * tanh_least + 1e-6 * variance,
            "{name}: {tanh:?} {sigmoid:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// What must not change, does not: a mirrored x where φ is odd or even, another unit of y, another w for the same data.
    #[test]
    fn symmetries_of_the_problem_are_symmetries_of_its_bounds(
        id in prop::sample::select(vec!["tanh", "gaussian", "softsign", "hardtanh", "elu", "relu_squared"]),
        y in prop::collection::vec(-1.0_f64..1.0, 9),
        factor in prop::sample::select(vec![2.0, -0.25, 3.0]),
    ) {
        let function = builtin(id);
        let x = spaced(-2.0, 2.0, 9);
        let quick = AttainableSearch { gap: 0.05, ..AttainableSearch::default() };
        let found = |x: &[f64], y: &[f64], search: &AttainableSearch| attain(Form::SingleNeuron, &function, x, y, search);
        let plain = found(&x, &y, &quick);
        let agrees = |other: &Attainable, factor: f64| {
            other.lower <= factor * plain.upper * (1.0 + 1e-9) + 1e-12 && factor * plain.lower <= other.upper * (1.0 + 1e-9) + 1e-12
        };
        // The box is symmetric, so that −w stands in for −x whatever φ is.
        let mirrored: Vec<f64> = y.iter().rev().copied().collect();
        prop_assert!(agrees(&found(&x, &mirrored, &quick), 1.0), "{id} {plain:?}");
        let scaled: Vec<f64> = y.iter().map(|y| factor * y + 5.0).collect();
        prop_assert!(agrees(&found(&x, &scaled, &quick), factor * factor), "{id} {plain:?}");
        let doubled: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
        let narrow = AttainableSearch { w: (-4.0, 4.0), ..quick };
        prop_assert!(agrees(&found(&doubled, &y, &narrow), 1.0), "{id} {plain:?}");
        // Without its symmetry, a search comes to the same: x is shifted and b with it, to a box that is not symmetric.
        let shifted: Vec<f64> = x.iter().map(|x| x + 0.5).collect();
        let wide = AttainableSearch { b: (-12.0, 12.5), ..quick };
        let other = found(&shifted, &y, &wide);
        prop_assert!(other.lower <= plain.upper * (1.0 + 1e-9), "{id} {plain:?} {other:?}");
    }
}

/// Expressions that are straight in up to three pieces, with kinks and jumps, and maybe a value of its own at one of them.
fn straight() -> impl Strategy<Value = String> {
    let slope = || prop::sample::select(vec!["0", "1", "-0.5", "0.2", "(1 / 3)"]);
    let level = || {
        prop_oneof![
            prop::sample::select(vec!["0".to_owned(), "1".to_owned(), "-0.3".to_owned()]),
            (-2.0_f64..2.0).prop_map(|level| format!("({level:?})")),
        ]
    };
    let line = move || (slope(), level()).prop_map(|(slope, level)| format!("{slope} * x + {level}"));
    let place = || prop_oneof![Just(0.0), Just(1.0), -2.0_f64..2.0];
    let jumping = (line(), line(), line(), place(), place(), any::<bool>()).prop_map(
        |(left, middle, right, s, t, is_strict)| {
            let (s, t) = (s.min(t), s.max(t));
            let than = if is_strict { ">" } else { ">=" };
            format!("if(x {than} {t:?}, {right}, if(x {than} {s:?}, {middle}, {left}))")
        },
    );
    let joined = prop::sample::select(vec![
        "clamp(x, -1, 1)",
        "relu(x) + step(x + 1)",
        "x - clamp(x, -0.5, 0.5)",
        "step(x)",
        "sign(x)",
        "abs(x) + abs(x - 1)",
        "x * step(x - 1)",
        "min(relu(x), 2) - step(x - 1)",
    ]);
    prop_oneof![3 => jumping, 1 => joined.prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Cell by cell, nothing in a box is better than the bound, what is reached is reached there, and branch and bound does not
    /// contradict.
    #[test]
    fn straight_pieces_are_bounded_cell_by_cell(
        text in straight(),
        (x, y) in data(),
        region in prop_oneof![Just([(-8.0, 8.0); 2]), region()],
        shares in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 40),
    ) {
        let function = function(&text);
        let data = Data::new(&x, &y);
        let sides = region.map(|(low, high)| Interval::new(low, high));
        let Some((lower, at)) = by_cells(&data, &function, sides) else { return Ok(()) };
        let value = |at: [f64; 2]| profile::reached(&data, &function, at).mse;
        prop_assert!(sides[0].contains(at[0]) && sides[1].contains(at[1]), "{text}: {at:?}");
        prop_assert!(lower <= value(at), "{text} on {x:?} {y:?}: {lower} {}", value(at));
        for (index, point) in points(region, &shares).into_iter().enumerate() {
            let near = point.map(|side| Interval::new(side - 0.1, side + 0.1));
            let point = if index % 8 == 0 { search::polish(value, near, sides).1 } else { point };
            let parameters = profile::reached(&data, &function, point).parameters;
            let loss = loss(&function, &x, &y, &parameters);
            prop_assert!(loss >= lower, "{text} on {x:?} {y:?}: {loss} at {parameters:?} in {region:?}, but {lower}");
        }
        let tables = Tables::new(&function, 9.0 * data.reach + 9.0);
        let goal = Goal { relative: 1e-2, absolute: 1e-6, regions: 2000 };
        let mut problem = SingleNeuron { data: &data, function: &function, bounder: Bounder::new(&data, &function, &tables) };
        let found = search::minimise(&mut problem, sides, &parts(&function, sides), goal);
        prop_assert!(lower <= found.upper && found.lower <= value(at), "{text} on {x:?} {y:?}: {lower} {} {found:?}", value(at));
    }
}

/// What jumps or has several kinks is solved exactly, to the gap that is asked for.
#[test]
fn what_is_straight_in_pieces_is_solved_exactly() {
    let x = spaced(-2.5, 2.5, 101);
    for (name, coefficients) in POLYNOMIALS {
        let y = polynomial(&x, coefficients);
        for id in
            ["heaviside", "thresholded_relu", "hardshrink", "hardtanh", "relu6", "softshrink", "hard_sigmoid"]
        {
            let found = search(&builtin(id), &x, &y);
            assert!(found.is_closed && found.method == Method::Exact, "{id} on {name}: {found:?}");
        }
        // The best of two levels: between which inputs they change is all there is to choose.
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let square =
            |values: &[f64]| values.iter().map(|y| (y - mean(values)) * (y - mean(values))).sum::<f64>();
        let splits = (1..x.len()).map(|at| (square(&y[..at]) + square(&y[at..])) / x.len() as f64);
        let least = splits.fold(f64::INFINITY, f64::min);
        let found = search(&builtin("heaviside"), &x, &y);
        assert!((found.upper - least).abs() <= 1e-9 * least, "{name}: {found:?} {least}");
    }
}

/// The closed forms: what φ(w x) becomes as w → ±∞.
#[test]
fn scaled_inputs_tell_what_is_approached_beyond_the_box() {
    use std::f64::consts::FRAC_PI_2;
    let x = spaced(-2.5, 2.5, 50);
    let steps = |below: f64, above: f64| x.iter().map(|&x| if x < 0.0 { below } else { above }).collect();
    let beyond = |text: &str, y: &Vec<f64>| {
        let function = Function::parse(text, &[]).unwrap();
        attain(Form::ScaledInput, &function, &x, y, &AttainableSearch::default()).beyond
    };
    let [up, down, wide]: [Vec<f64>; 3] = [steps(-1.0, 1.0), steps(1.0, 0.0), steps(-FRAC_PI_2, FRAC_PI_2)];
    for (text, y, mse) in [
        ("atan(x)", &wide, 0.0),
        ("atan(-x)", &wide, 0.0),
        ("tanh(x / 4)", &up, 0.0),
        ("sigmoid(x / 4)", &down, 0.0),
        ("x / (1 + abs(x))", &up, 0.0),
        // Levels are not stretched: ±1 for ±π/2.
        ("tanh(x / 4)", &wide, (FRAC_PI_2 - 1.0) * (FRAC_PI_2 - 1.0)),
    ] {
        let found = beyond(text, y).unwrap();
        assert_eq!(found.place, Place::Approached(Limit::Step), "{text}: {found:?}");
        assert!((found.mse - mse).abs() < 1e-9, "{text}: {found:?}");
    }
    let nothing = vec![0.0; 25].into_iter().chain(vec![-1e-3; 25]).collect();
    let level = beyond("exp(-x * x / 9)", &nothing).unwrap();
    assert_eq!(level.place, Place::Approached(Limit::Level));
    assert!((level.mse - 0.5e-6).abs() < 1e-12);
    // A slope of 20 is no limit, but lies outside of the box; a bounded best does not.
    let line = |slope: f64| x.iter().map(|x| slope * x).collect();
    let outside = beyond("x", &line(20.0)).unwrap();
    assert!(matches!(outside.place, Place::Outside { w, b: 0.0 } if (w - 20.0).abs() < 1e-6), "{outside:?}");
    for (text, slope) in [("x", 3.0), ("sin(x)", 1.0), ("relu(x)", 0.5)] {
        assert_eq!(beyond(text, &line(slope)), None, "{text}");
    }
}
