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
    Loss::new(&model_type, function, x.to_vec(), y.to_vec()).value(parameters)
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
                    !(loss < bound.lower),
                    "{text} on {x:?} {y:?}: {loss} at {parameters:?} in {region:?}, but {bound:?}"
                );
                for enough in [0.5 * loss, loss] {
                    let quick = bounder.bound(sides, enough).lower;
                    prop_assert!(!(loss < quick), "{text} on {x:?} {y:?}: {loss} at {parameters:?} in {region:?}: {quick}");
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
            prop_assert!(!(loss < found.lower), "{text} on {x:?} {y:?}: {loss} at {parameters:?}, but {found:?}");
        }
        prop_assert_eq!(attain(form, &function, &x, &y, &search), found);
    }
}
