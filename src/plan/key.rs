//! What enters which key.
//!
//! | | run | figure | page |
//! |--|--|--|--|
//! | model type and sizes, activation and target as compiled, data, initial parameters, training | yes | through the run | – |
//! | [`RUN_VERSION`], raised when a change of the code changes a bit of some run | yes | through the run | – |
//! | figure type with its settings, size, the run's inputs that are drawn (symbol, colour, ids, formula) | – | yes | – |
//! | [`FIGURE_VERSION`], raised when a change of the code changes a pixel of some figure | – | yes | – |
//! | titles, captions, descriptions, explanations, references, places in files | – | – | written anew |
//!
//! No key holds a path, a modification time or the order of a hash map.

use super::Case;
use crate::cache::{CacheKey, KeyBuilder, KeyField};
use crate::spec::{Activation, Figure, FigureType, ModelType, Optimizer, Panel, Schedule};

/// The version of everything that a [`Run`](crate::train::Run) comes from.
pub const RUN_VERSION: u32 = 1;
/// The version of everything that draws a figure.
pub const FIGURE_VERSION: u32 = 3;

/// The key of a case's run; `case.key` itself is not read.
pub(super) fn run_key(case: &Case) -> CacheKey {
    let mut key = KeyBuilder::new("run", RUN_VERSION);
    run(&mut key, case);
    key.finish()
}

/// What enters the key of a case's run.
pub(super) fn run_fields(case: &Case) -> Vec<KeyField> {
    let mut key = KeyBuilder::remembering("run", RUN_VERSION);
    run(&mut key, case);
    key.into_fields()
}

fn run(key: &mut KeyBuilder, case: &Case) {
    model(key, &case.model.model_type);
    key.text("activation", &case.activation.function.canonical());
    key.text("target", &case.target.function.canonical());
    key.number("domain.low", case.data.domain.0).number("domain.high", case.data.domain.1);
    key.integer("points", case.data.points as u64);
    key.numbers("initial", &case.initial);
    training(key, case);
}

fn model(key: &mut KeyBuilder, model_type: &ModelType) {
    key.text("model", model_type.name());
    if let ModelType::Mlp { hidden_sizes } = model_type {
        key.integer("layers", hidden_sizes.len() as u64);
        for &size in hidden_sizes {
            key.integer("size", size as u64);
        }
    }
}

fn training(key: &mut KeyBuilder, case: &Case) {
    let training = &case.training;
    match training.optimizer {
        Optimizer::GradientDescent => key.text("optimizer", "gradient_descent"),
        Optimizer::Momentum { momentum } => key.text("optimizer", "momentum").number("momentum", momentum),
        Optimizer::Adam { beta1, beta2, epsilon } => key
            .text("optimizer", "adam")
            .number("beta1", beta1)
            .number("beta2", beta2)
            .number("epsilon", epsilon),
    };
    key.number("learning_rate", training.learning_rate);
    key.integer("epochs", training.epochs as u64);
    key.integer("snapshot_every", training.snapshot_every as u64);
    match training.schedule {
        Schedule::Constant => key.text("schedule", "constant"),
        Schedule::HalveOnRise { every, window, minimum } => key
            .text("schedule", "halve_on_rise")
            .integer("every", every as u64)
            .integer("window", window as u64)
            .number("minimum", minimum),
    };
}

/// The key of a figure of cases.
pub(super) fn cases_key(figure: &Figure, cases: &[&Case]) -> CacheKey {
    let mut key = KeyBuilder::new("figure", FIGURE_VERSION);
    of_cases(&mut key, figure, cases);
    key.finish()
}

/// The key of an activation's own figure.
pub(super) fn activation_key(figure: &Figure, subject: &Activation) -> CacheKey {
    let mut key = KeyBuilder::new("figure", FIGURE_VERSION);
    of_activation(&mut key, figure, subject);
    key.finish()
}

/// What enters the key of a figure of cases.
pub(super) fn cases_fields(figure: &Figure, cases: &[&Case]) -> Vec<KeyField> {
    let mut key = KeyBuilder::remembering("figure", FIGURE_VERSION);
    of_cases(&mut key, figure, cases);
    key.into_fields()
}

/// What enters the key of an activation's own figure.
pub(super) fn activation_fields(figure: &Figure, subject: &Activation) -> Vec<KeyField> {
    let mut key = KeyBuilder::remembering("figure", FIGURE_VERSION);
    of_activation(&mut key, figure, subject);
    key.into_fields()
}

fn of_cases(key: &mut KeyBuilder, figure: &Figure, cases: &[&Case]) {
    self::figure(key, figure);
    key.integer("cases", cases.len() as u64);
    for case in cases {
        key.key("run", case.key);
        key.text("target", &case.target.id);
        activation(key, &case.activation);
        for (name, value) in &case.axes {
            key.text(name, value);
        }
    }
}

fn of_activation(key: &mut KeyBuilder, figure: &Figure, subject: &Activation) {
    self::figure(key, figure);
    key.text("function", &subject.function.canonical());
    activation(key, subject);
    if let FigureType::ParameterFan { .. } = figure.figure_type {
        // Other values of its parameters make other functions of the expression than the compiled one.
        key.text("expression", &subject.expression);
        for (name, value) in &subject.parameters {
            key.text("parameter", name).number("value", *value);
        }
    }
}

fn activation(key: &mut KeyBuilder, activation: &Activation) {
    key.text("activation", &activation.id).text("symbol", &activation.symbol);
    key.text("color", &activation.color.to_string());
}

fn figure(key: &mut KeyBuilder, figure: &Figure) {
    key.integer("width", figure.size.0.into()).integer("height", figure.size.1.into());
    let interval = |key: &mut KeyBuilder, name: &str, (low, high): (f64, f64)| {
        key.numbers(name, &[low, high]);
    };
    match &figure.figure_type {
        FigureType::Fit => {
            key.text("type", "fit");
        }
        FigureType::Convergence { fps, panels } => {
            key.text("type", "convergence").number("fps", *fps).integer("panels", panels.len() as u64);
            for panel in panels {
                match panel {
                    Panel::Fit => key.text("panel", "fit"),
                    Panel::Trajectory(parameter) => key.text("trajectory", parameter),
                };
            }
        }
        FigureType::Activation { z } => {
            key.text("type", "activation");
            interval(key, "z", *z);
        }
        FigureType::ParameterFan { z } => {
            key.text("type", "parameter_fan");
            interval(key, "z", *z);
        }
        FigureType::Trajectories => {
            key.text("type", "trajectories");
        }
        FigureType::LossLandscape { w, b, resolution, colormap } => {
            key.text("type", "loss_landscape");
            interval(key, "w", *w);
            interval(key, "b", *b);
            key.integer("resolution", *resolution as u64).text("colormap", &format!("{colormap:?}"));
        }
        FigureType::Comparison => {
            key.text("type", "comparison");
        }
        FigureType::LossCurve { scale } => {
            key.text("type", "loss_curve").text("scale", &format!("{scale:?}"));
        }
    }
}
