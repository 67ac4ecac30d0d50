//! What enters which key.
//!
//! | | run | figure | page |
//! |--|--|--|--|
//! | model type and sizes, activation and target as compiled, data, initial parameters, training | yes | through the run | – |
//! | [`ATTAINABLE_VERSION`], with the same problem and the search; shared by all trainings of it | – | where it is shown | – |
//! | [`RUN_VERSION`], raised when a change of the code changes a bit of some run | yes | through the run | – |
//! | figure type with its settings, size, form (on light or dark ground, SVG), the run's inputs that are drawn (symbol, colour, ids, formula) | – | yes | – |
//! | [`FIGURE_VERSION`], raised when a change of the code changes a pixel of some figure | – | yes | – |
//! | titles, captions, descriptions, explanations, references, places in files | – | – | written anew |
//!
//! No key holds a path, a modification time or the order of a hash map.

use super::{Case, Form};
use crate::cache::{CacheKey, KeyBuilder, KeyField};
use crate::spec::{
    Activation, AttainableSearch, Figure, FigureType, Method, ModelType, Optimizer, Panel, Schedule, Solver,
};

/// The version of everything that a [`Run`](crate::train::Run) comes from.
pub const RUN_VERSION: u32 = 6;
/// The version of everything that draws a figure.
pub const FIGURE_VERSION: u32 = 10;

/// The version of the search for what can be attained.
pub const ATTAINABLE_VERSION: u32 = 10;

/// The version of the verdicts over many starts.
pub(super) const VERDICT_VERSION: u32 = 2;

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

/// The key of the least loss that a case could have. It does not depend on the training, so that cases share it.
pub(super) fn attainable_key(case: &Case, search: &AttainableSearch) -> CacheKey {
    let mut key = KeyBuilder::new("attainable", ATTAINABLE_VERSION);
    problem(&mut key, case);
    key.numbers("w", &[search.w.0, search.w.1]).numbers("b", &[search.b.0, search.b.1]);
    key.number("gap", search.gap).integer("budget", search.budget as u64);
    key.finish()
}

/// The key of the trials of a case's starts.
pub(super) fn trials_key(case: &Case) -> CacheKey {
    let mut key = KeyBuilder::new("trials", RUN_VERSION);
    problem(&mut key, case);
    // When parameters are kept does not matter to where they end.
    training(&mut key, case, None);
    for seeded in &case.seeded {
        key.integer("seed", seeded.seed);
        for start in &seeded.starts {
            key.numbers("initial", start);
        }
    }
    key.finish()
}

/// The key of the verdict over cases.
pub(super) fn verdict_key(trials: &[CacheKey]) -> CacheKey {
    let mut key = KeyBuilder::new("verdict", VERDICT_VERSION);
    for &trials in trials {
        key.key("trials", trials);
    }
    key.finish()
}

/// What is to be fitted by what.
fn problem(key: &mut KeyBuilder, case: &Case) {
    model(key, &case.model.model_type);
    key.text("activation", &case.activation.function.canonical());
    key.text("target", &case.target.function.canonical());
    key.number("domain.low", case.data.domain.0).number("domain.high", case.data.domain.1);
    key.integer("points", case.data.points as u64);
    // What few cases have is left out where there is none of it, so that it changes no key of the others.
    if let Some(noise) = case.data.noise {
        key.number("noise", noise.std).integer("noise_seed", noise.seed);
    }
    if let Some(validation) = case.data.validation {
        key.number("validation", validation.fraction);
        if let Some(seed) = validation.seed {
            key.integer("validation_seed", seed);
        }
    }
}

fn run(key: &mut KeyBuilder, case: &Case) {
    problem(key, case);
    key.numbers("initial", &case.initial);
    for start in &case.restarts {
        key.numbers("restart", start);
    }
    training(key, case, Some(case.training.snapshot_every));
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

/// How parameters change, and which of them are kept.
fn training(key: &mut KeyBuilder, case: &Case, snapshot_every: Option<usize>) {
    let training = &case.training;
    match training.method {
        Method::Descent(descent) => {
            optimizer(key, descent.optimizer);
            key.number("learning_rate", descent.learning_rate);
        }
        Method::Solver(solver) => self::solver(key, solver),
    }
    key.integer("epochs", training.epochs as u64);
    if let Some(snapshot_every) = snapshot_every {
        key.integer("snapshot_every", snapshot_every as u64);
    }
    if let Method::Descent(descent) = training.method {
        schedule(key, descent.schedule);
        if let Some(batches) = descent.batches {
            key.integer("batch_size", batches.size as u64).integer("shuffle_seed", batches.seed);
        }
    }
}

fn optimizer(key: &mut KeyBuilder, optimizer: Optimizer) {
    match optimizer {
        Optimizer::GradientDescent => key.text("optimizer", "gradient_descent"),
        Optimizer::Momentum { momentum } => key.text("optimizer", "momentum").number("momentum", momentum),
        Optimizer::Nesterov { momentum } => key.text("optimizer", "nesterov").number("momentum", momentum),
        Optimizer::Rmsprop { alpha, epsilon } => {
            key.text("optimizer", "rmsprop").number("alpha", alpha).number("epsilon", epsilon)
        }
        Optimizer::Adam { beta1, beta2, epsilon } => key
            .text("optimizer", "adam")
            .number("beta1", beta1)
            .number("beta2", beta2)
            .number("epsilon", epsilon),
        Optimizer::Adamw { beta1, beta2, epsilon, weight_decay } => key
            .text("optimizer", "adamw")
            .number("beta1", beta1)
            .number("beta2", beta2)
            .number("epsilon", epsilon)
            .number("weight_decay", weight_decay),
    };
}

fn solver(key: &mut KeyBuilder, solver: Solver) {
    match solver {
        Solver::Lbfgs { memory, tolerance } => {
            key.text("optimizer", "lbfgs").integer("memory", memory as u64).number("tolerance", tolerance)
        }
        Solver::LevenbergMarquardt { damping, tolerance } => key
            .text("optimizer", "levenberg_marquardt")
            .number("damping", damping)
            .number("tolerance", tolerance),
    };
}

fn schedule(key: &mut KeyBuilder, schedule: Schedule) {
    match schedule {
        Schedule::Constant => key.text("schedule", "constant"),
        Schedule::Step { every, factor } => {
            key.text("schedule", "step").integer("every", every as u64).number("factor", factor)
        }
        Schedule::Cosine { minimum } => key.text("schedule", "cosine").number("minimum", minimum),
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
    of_cases(&mut key, figure, cases, Form::Main);
    key.finish()
}

/// The key of an activation's own figure.
pub(super) fn activation_key(figure: &Figure, subject: &Activation) -> CacheKey {
    let mut key = KeyBuilder::new("figure", FIGURE_VERSION);
    of_activation(&mut key, figure, subject);
    key.finish()
}

/// What enters the key of a figure of cases.
pub(super) fn cases_fields(figure: &Figure, cases: &[&Case], form: Form) -> Vec<KeyField> {
    let mut key = KeyBuilder::remembering("figure", FIGURE_VERSION);
    of_cases(&mut key, figure, cases, form);
    key.into_fields()
}

/// What enters the key of an activation's own figure.
pub(super) fn activation_fields(figure: &Figure, subject: &Activation) -> Vec<KeyField> {
    let mut key = KeyBuilder::remembering("figure", FIGURE_VERSION);
    of_activation(&mut key, figure, subject);
    key.into_fields()
}

/// The key of a figure in another form than the main one.
pub(super) fn form_key(main: CacheKey, form: Form) -> CacheKey {
    let Some(name) = form_name(form) else { return main };
    let mut key = KeyBuilder::new("form", FIGURE_VERSION);
    key.key("main", main).text("form", name);
    key.finish()
}

/// The key of an experiment's card, which shows titles.
pub(super) fn card_key(figure: &Figure, cases: &[&Case]) -> CacheKey {
    let mut key = KeyBuilder::new("card", FIGURE_VERSION);
    of_cases(&mut key, figure, cases, Form::Card);
    key.text("title", &figure.title).text("site_title", &figure.caption);
    key.finish()
}

/// What enters the key of a figure in some form.
pub(super) fn with_form(mut fields: Vec<KeyField>, figure: &Figure, form: Form) -> Vec<KeyField> {
    let mut add = |name: &str, value: &str| {
        fields.push(KeyField { name: name.into(), value: value.into() });
    };
    if let Some(name) = form_name(form) {
        add("form", name);
    }
    if form == Form::Card {
        add("title", &figure.title);
        add("site_title", &figure.caption);
    }
    fields
}

fn form_name(form: Form) -> Option<&'static str> {
    match form {
        Form::Main | Form::Card => None,
        Form::Dark => Some("dark"),
        Form::Svg => Some("svg"),
    }
}

/// What enters the key of a picture of cases: `form` is [`Form::Card`] or any other.
fn of_cases(key: &mut KeyBuilder, figure: &Figure, cases: &[&Case], form: Form) {
    self::figure(key, figure);
    key.integer("cases", cases.len() as u64);
    // What was attained is the best of all starts too.
    let shows_attainable = matches!(
        figure.figure_type,
        FigureType::LossBoxes
            | FigureType::Matrix { .. }
            | FigureType::LossLandscape { .. }
            | FigureType::Attainable
    );
    let shows_starts = shows_attainable || form == Form::Card;
    for case in cases {
        key.key("run", case.key);
        if shows_starts && let Some(trials) = case.trials_key {
            key.key("trials", trials).number("success_within", case.success_within);
        }
        // Where else the search goes depends on the run alone.
        if shows_attainable && let Some(search) = &case.attainable {
            key.key("attainable", attainable_key(case, search));
        }
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
        FigureType::Attainable => {
            key.text("type", "attainable");
        }
        FigureType::LossBoxes => {
            key.text("type", "loss_boxes");
        }
        FigureType::Matrix { value } => {
            key.text("type", "matrix").text("shows", &format!("{value:?}"));
        }
        FigureType::LossComparison { scale } => {
            key.text("type", "loss_comparison").text("scale", &format!("{scale:?}"));
        }
        FigureType::LossCurve { scale } => {
            key.text("type", "loss_curve").text("scale", &format!("{scale:?}"));
        }
    }
}
