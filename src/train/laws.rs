//! Laws of whole trainings: what is done to the data and to the start is done to all that comes of them. Tests only.
//!
//! Rounding is all that may differ, and where a law only flips signs or multiplies by powers of two, nothing may.

use proptest::prelude::*;

use super::tests::case;
use super::*;
use crate::function::builtins;
use crate::plan::Points;
use crate::spec::{self, Batches, Optimizer, Schedule, Training};

/// Low, so that 25 steps do not make much of a rounding; a law that does not hold is off by more than that.
const RATE: f64 = 0.001;
const EPSILON: f64 = 1e-8;
const DECAY: f64 = 0.02;
/// The inner sizes of the network.
const SIZES: [usize; 2] = [3, 2];
/// W1 (1 × 3), b1, W2 (3 × 2), b2, Wo (2 × 1), bo.
const PARAMETERS: usize = 17;

fn descent(optimizer: Optimizer, learning_rate: f64) -> Method {
    let schedule = Schedule::Step { every: 7, factor: 0.5 };
    Method::Descent(spec::Descent { optimizer, learning_rate, schedule, batches: None })
}

/// Each way of taking steps, with the learning rate, Adam's ε, and the weight decay multiplied by factors of their own.
fn methods([rate, adaptive, epsilon, decay]: [f64; 4]) -> Vec<(&'static str, Method)> {
    let (plain, adaptive, epsilon) = (RATE * rate, RATE * adaptive, EPSILON * epsilon);
    let (beta1, beta2, weight_decay) = (0.9, 0.999, DECAY * decay);
    vec![
        ("gradient descent", descent(Optimizer::GradientDescent, plain)),
        ("momentum", descent(Optimizer::Momentum { momentum: 0.9 }, plain)),
        ("nesterov", descent(Optimizer::Nesterov { momentum: 0.9 }, plain)),
        ("rmsprop", descent(Optimizer::Rmsprop { alpha: 0.99, epsilon }, adaptive)),
        ("adam", descent(Optimizer::Adam { beta1, beta2, epsilon }, adaptive)),
        ("adamw", descent(Optimizer::Adamw { beta1, beta2, epsilon, weight_decay }, adaptive)),
        (
            "levenberg_marquardt",
            Method::Solver(Solver::LevenbergMarquardt { damping: 1e-3, tolerance: 1e-300 }),
        ),
        ("lbfgs", Method::Solver(Solver::Lbfgs { memory: 5, tolerance: 1e-300 })),
    ]
}

/// Models by what stands for them in the specs, and how many parameters they have.
const MODELS: [(&str, usize); 3] =
    [("model: single_neuron", 4), ("model: scaled_input", 1), ("model: three_two", PARAMETERS)];

/// A training on some points from some parameters.
fn run(case: &Case, method: Method, (x, y): (&[f64], &[f64]), initial: &[f64]) -> Run {
    let mut case = case.clone();
    // Solvers are where they are going in few steps, and what rounding does there is no law.
    case.training = Training {
        method,
        epochs: if matches!(method, Method::Solver(_)) { 4 } else { 25 },
        snapshot_every: 1,
        restarts: 1,
    };
    let training = Points { x: x.to_vec(), y: y.to_vec() };
    train_from(&case, &Samples { training, validation: Points::default() }, initial)
}

/// That a run is another one, mapped: all parameters of all epochs by `map`, all losses by `factor`, but for a share of their
/// size.
#[track_caller]
fn assert_follows(
    what: &str,
    plain: &Run,
    other: &Run,
    map: impl Fn(&[f64]) -> Vec<f64>,
    factor: f64,
    share: f64,
) {
    let Some(&first) = plain.losses.first() else {
        return assert!(other.losses.is_empty(), "{what}");
    };
    let size = first * factor;
    // Rounding may decide when a solver sees nothing left to gain, and when what explodes is no number any more.
    let is_decided = share > 0.0 && [plain, other].iter().any(|run| run.outcome != Outcome::Finished);
    assert!(
        is_decided || plain.losses.len() == other.losses.len(),
        "{what}: {:?} {:?}",
        plain.outcome,
        other.outcome
    );
    // What explodes makes much of everything.
    let calm = plain.losses.iter().take_while(|loss| **loss <= 2.0 * first).count();
    for (epoch, (one, two)) in plain.losses.iter().zip(&other.losses).enumerate().take(calm) {
        let error = (one * factor - two).abs();
        assert!(error <= share * size, "{what}, epoch {epoch}: a loss of {two:e}, not {:e}", one * factor);
    }
    for (one, two) in plain.snapshots.iter().zip(&other.snapshots).take(calm) {
        assert_eq!(one.epoch, two.epoch);
        let expected = map(&one.parameters);
        // One that goes through 0 has no size of its own.
        let size = expected.iter().fold(RATE, |size, parameter| size.max(parameter.abs()));
        for (at, (expected, found)) in expected.iter().zip(&two.parameters).enumerate() {
            let error = (expected - found).abs();
            assert!(
                error <= share * size,
                "{what}, epoch {}: θ{at} is {found:e}, not {expected:e}",
                one.epoch
            );
        }
    }
}

/// An activation, points and initial parameters.
fn situation() -> impl Strategy<Value = (usize, Vec<f64>, Vec<f64>, Vec<f64>)> {
    let numbers = |count: usize| prop::collection::vec(-1.5_f64..1.5, count);
    (5_usize..12).prop_flat_map(move |points| {
        (0..builtins().len(), numbers(points), numbers(points), numbers(PARAMETERS))
    })
}

fn model_case(activation: &str, model: &str) -> Case {
    let sizes = SIZES.map(|size| size.to_string()).join(", ");
    let fields = format!(
        "{model}\ntraining: {{epochs: 1, learning_rate: 0.1}}\n---\nkind: model\nid: three_two\ntype: mlp\nhidden_sizes: [{sizes}]"
    );
    case("x", activation, &fields)
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}

/// The parameters with signs changed in these places.
fn flipped(places: impl Iterator<Item = usize> + Clone) -> impl Fn(&[f64]) -> Vec<f64> {
    move |values| {
        let mut values = values.to_vec();
        places.clone().for_each(|place| values[place] = -values[place]);
        values
    }
}

const UNCHANGED: [f64; 4] = [1.0; 4];

/// What rounding may do to a run.
const ROUNDING: f64 = 1e-7;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_the_points_does_not_change_a_training((activation, x, y, initial) in situation(), turn in 1_usize..5) {
        let turned = |values: &[f64]| {
            let mut values = values.to_vec();
            values.rotate_left(turn);
            values.swap(0, 2);
            values
        };
        let twice = |values: &[f64]| [values, values].concat();
        for (model, count) in MODELS {
            let (case, start) = (model_case(builtins()[activation].id, model), &initial[..count]);
            for (name, method) in methods(UNCHANGED) {
                let what = format!("{} {model} {name}", builtins()[activation].id);
                let plain = run(&case, method, (&x, &y), start);
                let other = run(&case, method, (&turned(&x), &turned(&y)), start);
                assert_follows(&what, &plain, &other, <[f64]>::to_vec, 1.0, ROUNDING);
                // And what stands twice counts as what stands once.
                let other = run(&case, method, (&twice(&x), &twice(&y)), start);
                assert_follows(&what, &plain, &other, <[f64]>::to_vec, 1.0, ROUNDING);
            }
        }
    }

    #[test]
    fn mirrored_points_are_learnt_by_mirrored_weights((activation, x, y, initial) in situation()) {
        for ((model, count), first) in MODELS.into_iter().zip([1, 1, SIZES[0]]) {
            let (case, start) = (model_case(builtins()[activation].id, model), &initial[..count]);
            let mirrored = flipped(0..first);
            for (name, mut method) in methods(UNCHANGED) {
                let what = format!("{} {model} {name}", builtins()[activation].id);
                for batches in [None, Some(Batches { size: 2, seed: 5 })] {
                    if let Method::Descent(descent) = &mut method {
                        descent.batches = batches;
                    }
                    let plain = run(&case, method, (&x, &y), start);
                    let other = run(&case, method, (&negated(&x), &y), &mirrored(start));
                    assert_follows(&what, &plain, &other, &mirrored, 1.0, 0.0);
                }
            }
        }
    }

    #[test]
    fn symmetric_activations_learn_mirrored_points_by_mirrored_biases((_, x, y, initial) in situation()) {
        let mut met = 0;
        for builtin in builtins() {
            let is_odd = match builtin.id {
                "tanh" | "sine" | "identity" | "softsign" | "arctan" | "erf" | "isru" | "hardtanh" | "tanhshrink"
                | "softshrink" | "hardshrink" | "lecun_tanh" | "gcu" => true,
                "gaussian" | "absolute" | "lisht" => false,
                _ => continue,
            };
            met += 1;
            for (model, count) in [MODELS[0], MODELS[2]] {
                // An odd activation hands the sign on, up to the output; an even one takes it.
                let places: Vec<usize> = match (count, is_odd) {
                    (4, true) => vec![1, 2],
                    (4, false) => vec![1],
                    (_, true) => (3..6).chain(12..16).collect(),
                    (_, false) => (3..6).collect(),
                };
                let mirrored = flipped(places.into_iter());
                let (case, start) = (model_case(builtin.id, model), &initial[..count]);
                for (name, method) in methods(UNCHANGED) {
                    let what = format!("{} {model} {name}", builtin.id);
                    let plain = run(&case, method, (&x, &y), start);
                    let other = run(&case, method, (&negated(&x), &y), &mirrored(start));
                    assert_follows(&what, &plain, &other, &mirrored, 1.0, ROUNDING);
                }
            }
        }
        prop_assert_eq!(met, 16);
    }

    /// φ(w x) with s x and w/s is what it was, and its gradient s times as large: steps of w/s are right with η/s², or, where
    /// they do not depend on the size of gradients, with η/s. (A scaled x or y of the other models asks for a rate of its own
    /// for each parameter; L-BFGS begins with a step of a length of its own.)
    #[test]
    fn scaled_inputs_are_learnt_at_another_rate((activation, x, y, initial) in situation(), power in -2_i32..3) {
        let scale = libm::ldexp(1.0, power);
        let case = model_case(builtins()[activation].id, "model: scaled_input");
        let scaled: Vec<f64> = x.iter().map(|x| x * scale).collect();
        let factors = [1.0 / (scale * scale), 1.0 / scale, scale, scale];
        for ((name, method), (_, other)) in methods(UNCHANGED).into_iter().zip(methods(factors)).take(7) {
            let what = format!("{} {name}", builtins()[activation].id);
            let plain = run(&case, method, (&x, &y), &initial[..1]);
            let other = run(&case, other, (&scaled, &y), &[initial[0] / scale]);
            assert_follows(&what, &plain, &other, |w| vec![w[0] / scale], 1.0, 0.0);
        }
    }

    /// w x with s y and s w has s times the residuals: gradient steps are right as they are, others with s η and s ε.
    #[test]
    fn scaled_targets_are_learnt_by_a_scaled_weight((_, x, y, initial) in situation(), power in -3_i32..4, any in 0.1_f64..9.0) {
        let case = model_case("identity", "model: scaled_input");
        for (scale, share) in [(libm::ldexp(1.0, power), 0.0), (any, ROUNDING)] {
            let scaled: Vec<f64> = y.iter().map(|y| y * scale).collect();
            let factors = [1.0, scale, scale, 1.0 / scale];
            for ((name, method), (_, other)) in methods(UNCHANGED).into_iter().zip(methods(factors)).take(7) {
                let plain = run(&case, method, (&x, &y), &initial[..1]);
                let other = run(&case, other, (&x, &scaled), &[initial[0] * scale]);
                assert_follows(name, &plain, &other, |w| vec![w[0] * scale], scale * scale, share);
            }
        }
    }

    /// All that a shift changes is the output's bias, which AdamW pulls to zero.
    #[test]
    fn shifted_targets_are_learnt_by_a_shifted_bias((activation, x, y, initial) in situation(), shift in -2.0_f64..2.0) {
        let shifted_y: Vec<f64> = y.iter().map(|y| y + shift).collect();
        let shifted = |values: &[f64]| {
            let mut values = values.to_vec();
            *values.last_mut().unwrap() += shift;
            values
        };
        for (model, count) in [MODELS[0], MODELS[2]] {
            let (case, start) = (model_case(builtins()[activation].id, model), &initial[..count]);
            for (name, method) in methods(UNCHANGED).into_iter().filter(|(name, _)| *name != "adamw") {
                let what = format!("{} {model} {name}", builtins()[activation].id);
                let plain = run(&case, method, (&x, &y), start);
                let other = run(&case, method, (&x, &shifted_y), &shifted(start));
                assert_follows(&what, &plain, &other, shifted, 1.0, ROUNDING);
            }
        }
    }

    #[test]
    fn hidden_units_that_change_places_learn_the_same((activation, x, y, initial) in situation()) {
        // W1, b1: (2, 0, 1) of three units; b2, and the columns of W2 and rows of Wo: two exchanged.
        let places = [2, 0, 1, 5, 3, 4, 11, 10, 7, 6, 9, 8, 13, 12, 15, 14, 16];
        let exchanged = |values: &[f64]| places.map(|place| values[place]).to_vec();
        let case = model_case(builtins()[activation].id, "model: three_two");
        for (name, method) in methods(UNCHANGED) {
            let what = format!("{} {name}", builtins()[activation].id);
            let plain = run(&case, method, (&x, &y), &initial);
            let other = run(&case, method, (&x, &y), &exchanged(&initial));
            assert_follows(&what, &plain, &other, exchanged, 1.0, ROUNDING);
        }
    }
}
