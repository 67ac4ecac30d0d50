//! Trainings as a whole, against results from elsewhere.

use std::sync::Arc;

use super::*;
use crate::diagnostic::SourceFile;
use crate::fs::TextFile;
use crate::plan;
use crate::spec;

/// The one case of an experiment on a target, with what is given besides.
pub(super) fn case(target: &str, activation: &str, fields: &str) -> Case {
    let text = format!(
        "kind: experiment\nid: e\ntarget: t\nactivation: {activation}\n{fields}\n---\nkind: target\nid: t\nexpression: {target}\n\
         ---\nkind: model\nid: two\ntype: mlp\nhidden_sizes: [2]\n"
    );
    let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text });
    let specs = spec::load(&[TextFile { name: "a.yaml".into(), file }], Vec::new());
    let cases = plan::plan(&specs.unwrap_or_else(|found| panic!("{fields}\n{found:?}"))).cases;
    assert_eq!(cases.len(), 1);
    Case::clone(&cases[0])
}

fn is_close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * (1.0 + expected.abs())
}

/// Written by `tests/fixtures/least_squares.py` with SciPy.
const MINIMA: &str = include_str!("../../tests/fixtures/least_squares.json");

#[test]
fn solvers_meet_the_minima_that_scipy_found() {
    let minima: serde_json::Value = serde_json::from_str(MINIMA).unwrap();
    let minima = minima["cases"].as_array().unwrap();
    assert!(minima.len() > 7);
    for minimum in minima {
        let numbers = |name: &str| -> Vec<f64> { serde_json::from_value(minimum[name].clone()).unwrap() };
        let text = |name: &str| minimum[name].as_str().unwrap();
        let (initial, expected) = (numbers("initial"), numbers("parameters"));
        let mse = minimum["loss"].as_f64().unwrap();
        for solver in ["lbfgs", "levenberg_marquardt"] {
            let init = match (text("model"), initial.as_slice()) {
                ("single_neuron", [w, b, v, c]) => format!("init: {{w: {w}, b: {b}, v: {v}, c: {c}}}"),
                (_, [w1, w2, b1, b2, v1, v2, c]) => format!(
                    "model: two\ninit: {{W1: [[{w1}, {w2}]], b1: [{b1}, {b2}], Wo: [[{v1}], [{v2}]], bo: [{c}]}}"
                ),
                other => panic!("{other:?}"),
            };
            let training = format!("training: {{optimizer: {solver}, epochs: 5000}}\n{init}");
            let case = case(text("target"), text("activation"), &training);
            let run = train(&case);
            let name = format!("{solver} {minimum}\n{:?} {:?}", run.best, run.outcome);
            let Outcome::Converged { epoch } = run.outcome else { panic!("{name}") };
            assert!(epoch > 2 && run.losses.len() == epoch + 1, "{name}");
            assert!(run.losses.windows(2).all(|pair| pair[1] < pair[0]), "every step leads lower: {name}");
            let best = run.best.as_ref().unwrap();
            assert!(is_close(best.mse, mse, 1e-11), "{name}");
            // A loss that is exact to the rounding leaves parameters half as many digits.
            let is_met = |(found, expected): (&f64, &f64)| is_close(*found, *expected, 1e-4);
            assert!(best.parameters.iter().zip(&expected).all(is_met), "{name}");
            assert_eq!(run.snapshots.last().unwrap().parameters, best.parameters);
            assert_eq!(Run::from_bytes(&run.to_bytes()), Some(run));
        }
    }
}

#[test]
fn levenberg_marquardt_solves_a_linear_problem_at_once() {
    // w x of the identity is linear in w: Σ x·3x / Σ x² = 3, and a Gauss–Newton step is exact but for its damping.
    let case = case(
        "3*x",
        "identity",
        "model: scaled_input\ninit: {w: -1}\ntraining: {optimizer: levenberg_marquardt, epochs: 100}",
    );
    let run = train(&case);
    let Outcome::Converged { epoch } = run.outcome else { panic!("{:?}", run.outcome) };
    assert!(epoch < 6, "{epoch}");
    assert!((run.best.unwrap().parameters[0] - 3.0).abs() < 1e-12);
}

#[test]
fn a_dead_neuron_converges_to_the_mean() {
    // w x + b < 0 on all data: only c can move, to the mean of the target.
    for solver in ["lbfgs", "levenberg_marquardt"] {
        let training =
            format!("training: {{optimizer: {solver}, epochs: 100}}\ninit: {{w: 0.1, b: -5, v: 1, c: 9}}");
        let case = case("x + 2", "relu", &training);
        let run = train(&case);
        assert!(matches!(run.outcome, Outcome::Converged { .. }), "{:?}", run.outcome);
        let parameters = run.best.unwrap().parameters;
        assert_eq!(parameters[..3], [0.1, -5.0, 1.0]);
        assert!((parameters[3] - 2.0).abs() < 1e-9, "{parameters:?}");
    }
}

#[test]
fn batches_are_shuffled_as_numpy_shuffles_and_seen_once_an_epoch() {
    // y = 2 x and w x, batches of 2 of 5 points: three steps an epoch, by hand.
    let case = case(
        "2*x",
        "identity",
        "model: scaled_input\ninit: {w: 0.5}\ndata: {domain: [-1, 1], points: 5}\n\
         training: {learning_rate: 0.1, epochs: 2, batch_size: 2, shuffle_seed: 3, snapshot_every: 1}",
    );
    let run = train(&case);
    let (x, mut w) = ([-1.0, -0.5, 0.0, 0.5, 1.0], 0.5);
    let loss = |w: f64| x.iter().map(|x| (w - 2.0) * (w - 2.0) * x * x).sum::<f64>() / 5.0;
    // numpy: rng = default_rng(3); rng.permutation(5), rng.permutation(5)
    for (epoch, order) in [[4, 2, 1, 3, 0], [3, 0, 2, 1, 4]].iter().enumerate() {
        assert!(is_close(run.losses[epoch], loss(w), 1e-14));
        for batch in order.chunks(2) {
            let gradient: f64 = batch.iter().map(|&at| 2.0 * (w - 2.0) * x[at] * x[at]).sum();
            w -= 0.1 * gradient / f64::from(u32::try_from(batch.len()).unwrap());
        }
        assert!(is_close(run.snapshots[epoch + 1].parameters[0], w, 1e-14));
    }
}

#[test]
fn noise_is_numpys_and_held_out_points_are_not_trained_on() {
    let fields = "model: scaled_input\ninit: {w: 1}\ndata: {domain: [0, 1], points: 5, noise: {std: 0.3, seed: 5}, validation: 0.4}\n\
                  training: {learning_rate: 0.1, epochs: 3}";
    let case = case("x", "identity", fields);
    // numpy: default_rng(5).normal(0, 0.3, 5)
    let noise = [
        -0.240_579_427_576_034_2,
        -0.397_307_698_688_443_46,
        -0.074_508_486_628_574_55,
        0.126_133_571_419_656_45,
        0.340_813_959_746_892_8,
    ];
    let samples = case.samples();
    assert_eq!(samples.validation.x, [0.25, 0.75]);
    assert_eq!(samples.training.x, [0.0, 0.5, 1.0]);
    assert_eq!(samples.validation.y, [0.25 + noise[1], 0.75 + noise[3]]);
    let run = train(&case);
    // At w = 1 the residuals are the noise.
    let mean = |values: &[f64]| {
        values
            .iter()
            .map(|value| value * value / f64::from(u32::try_from(values.len()).unwrap()))
            .sum::<f64>()
    };
    assert!(is_close(run.losses[0], mean(&[noise[0], noise[2], noise[4]]), 1e-14));
    assert!(is_close(run.validation[0], mean(&[noise[1], noise[3]]), 1e-14));
    assert_eq!(run.validation.len(), 3);
    // The gradient is that of the training points alone: 2/3 Σ −ε x.
    let step = 0.1 * 2.0 / 3.0 * (noise[2] * 0.5 + noise[4]);
    let next = 1.0 + step;
    let residuals = [0.25 * next - 0.25 - noise[1], 0.75 * next - 0.75 - noise[3]];
    assert!(is_close(run.validation[1], mean(&residuals), 1e-13));
}

#[test]
fn the_start_with_the_lowest_loss_is_kept() {
    let of = |restarts: usize| {
        let training = format!(
            "training: {{optimizer: levenberg_marquardt, epochs: 200, restarts: {restarts}}}\ninit: {{seed: 1, stream: shared}}"
        );
        case("0.4*x^3 - 0.8*x^2 + 1.5*x + 0.5", "tanh", &training)
    };
    let case = of(6);
    let run = train(&case);
    let restarts = run.restarts.clone().unwrap();
    // Each start is what it would be alone, whatever comes after it.
    let mut alone = of(1);
    for (start, &lowest) in restarts.lowest.iter().enumerate() {
        alone.initial = case.start(start).to_vec();
        let single = train(&alone);
        assert_eq!(single.best.as_ref().unwrap().mse, lowest);
        if start == restarts.kept {
            assert_eq!(Run { restarts: run.restarts.clone(), ..single }, run);
        }
    }
    let least = restarts.lowest.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(restarts.lowest[restarts.kept], least);
    assert!(restarts.lowest.iter().any(|&other| other > least));
    assert_eq!(of(3).restarts, case.restarts[..2]);
}
