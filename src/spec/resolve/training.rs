//! Trainings: optimizers with their settings, axes spanned, and every field checked against the optimizers that it is for.

use std::ops::Range;

use super::super::decode::{Decode, Field, Located, OneOrMany};
use super::super::limits::Limits;
use super::super::typed::{self, OptimizerName, OptimizerSettings};
use super::{Faults, count, count_to, does_not_apply, report_repeats, require};
use crate::diagnostic::Diagnostic;
use crate::spec::{
    Batches, Data, Descent, Init, Method, Optimizer, Schedule, Solver, Training, TrainingVariant,
};

/// What `optimizer` says of the method.
#[derive(Clone, Copy)]
enum Choice {
    /// An update rule, with a learning rate of its own where it has one.
    Rule(Optimizer, Option<f64>),
    /// A method that finds the length of its steps itself.
    Solver(Solver),
}

impl Choice {
    /// Whether it takes the training's learning rate.
    fn takes_rate(&self) -> bool {
        matches!(self, Self::Rule(_, None))
    }
}

/// Every combination of the training's fields, the optimizers outermost.
pub(super) fn trainings(
    located: &Located<typed::Training>,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Vec<TrainingVariant>> {
    let typed = &located.value;
    let epochs = checked(&typed.epochs, faults, |located, faults| {
        count_to(located, 1, limits.epochs, "epochs", faults)
    });
    let rates = optional(&typed.learning_rate, faults, |located, faults| rate(located, faults).map(Some));
    let choices = optional(&typed.optimizer, faults, choice);
    let snapshots = optional(&typed.snapshot_every, faults, |located, faults| {
        count_to(located, 1, limits.epochs, "snapshot_every", faults).map(Some)
    });
    let schedules = optional(&typed.schedule, faults, schedule);
    let sizes = optional(&typed.batch_size, faults, |located, faults| {
        count_to(located, 1, limits.points, "batch_size", faults).map(Some)
    });
    let seeds = optional(&typed.shuffle_seed, faults, |located, _| Some(located.value));
    let restarts = optional(&typed.restarts, faults, |located, faults| {
        count_to(located, 1, limits.restarts, "restarts", faults)
    });
    let (epochs, rates, choices) = (epochs?, rates?, choices?);
    let (snapshots, schedules, sizes) = (snapshots?, schedules?, sizes?);
    let (seeds, restarts) = (seeds?, restarts?);

    let choices = choices.unwrap_or_else(|| Axis::single(Choice::Rule(Optimizer::GradientDescent, None)));
    let is_sound = report_inapplicable(located, &choices, faults);
    let rates = rates.unwrap_or_else(|| Axis::single(None));
    let snapshots = snapshots.unwrap_or_else(|| Axis::single(None));
    let schedules = schedules.unwrap_or_else(|| Axis::single(Schedule::Constant));
    let sizes = sizes.unwrap_or_else(|| Axis::single(None));
    let seeds = seeds.unwrap_or_else(|| Axis::single(0));
    let restarts = restarts.unwrap_or_else(|| Axis::single(1));
    report_alike(
        &typed.learning_rate,
        &rates,
        |rate| rate.map_or_else(String::new, |rate| rate.to_string()),
        faults,
    );
    report_repeats(&labelled(&typed.epochs, &epochs, usize::to_string), faults);
    report_alike(&typed.optimizer, &choices, choice_label, faults);
    report_alike(&typed.snapshot_every, &snapshots, option_label, faults);
    report_alike(&typed.schedule, &schedules, schedule_label, faults);
    report_alike(&typed.batch_size, &sizes, option_label, faults);
    report_alike(&typed.shuffle_seed, &seeds, u64::to_string, faults);
    report_alike(&typed.restarts, &restarts, usize::to_string, faults);
    if !is_sound {
        return None;
    }

    let lengths = [
        choices.values.len(),
        rates.values.len(),
        epochs.values.len(),
        snapshots.values.len(),
        schedules.values.len(),
        sizes.values.len(),
        seeds.values.len(),
        restarts.values.len(),
    ];
    let product = lengths.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    let Some(product) = product.filter(|&product| !limits.cases.is_exceeded(product)) else {
        let place = faults.place(&typed.epochs.items[0].span, "its axes span too many cases");
        let message = format!("all experiments together can have {} cases at the most", limits.cases.most);
        faults.push(
            Diagnostic::error(message, place).help(limits.cases.help(product.unwrap_or(usize::MAX) as u64)),
        );
        return None;
    };
    let mut variants = Vec::new();
    for index in 0..product {
        let at = position(index, lengths);
        let (choice, schedule) = (choices.values[at[0]], schedules.values[at[4]]);
        let epochs_value = epochs.values[at[2]];
        // A fortieth of the epochs makes an animation of forty-one frames.
        let snapshot_every = snapshots.values[at[3]].unwrap_or((epochs_value / 40).max(1));
        report_crowded(typed, epochs_value, snapshot_every, limits, faults);
        let batches = sizes.values[at[5]].map(|size| Batches { size, seed: seeds.values[at[6]] });
        let mut axes = Vec::new();
        choices.label(&mut axes, "optimizer", at[0], choice_label);
        rates.label(&mut axes, "learning_rate", at[1], |rate| rate.unwrap_or(f64::NAN).to_string());
        epochs.label(&mut axes, "epochs", at[2], usize::to_string);
        snapshots.label(&mut axes, "snapshot_every", at[3], option_label);
        schedules.label(&mut axes, "schedule", at[4], schedule_label);
        sizes.label(&mut axes, "batch_size", at[5], option_label);
        seeds.label(&mut axes, "shuffle_seed", at[6], u64::to_string);
        restarts.label(&mut axes, "restarts", at[7], usize::to_string);
        let method = match choice {
            Choice::Solver(solver) => Method::Solver(solver),
            Choice::Rule(optimizer, own) => {
                let learning_rate = own.or(rates.values[at[1]])?;
                Method::Descent(Descent { optimizer, learning_rate, schedule, batches })
            }
        };
        let training =
            Training { method, epochs: epochs_value, snapshot_every, restarts: restarts.values[at[7]] };
        variants.push(TrainingVariant { training, axes });
    }
    Some(variants)
}

/// Where the n-th combination stands on each axis; those of the last axis follow one another.
fn position<const N: usize>(mut index: usize, lengths: [usize; N]) -> [usize; N] {
    let mut at = [0; N];
    for axis in (0..N).rev() {
        at[axis] = index % lengths[axis];
        index /= lengths[axis];
    }
    at
}

/// Reports fields that mean nothing to the optimizers, and a missing learning rate; returns whether there was none.
///
/// A learning rate is for those that take one: where optimizers are compared, the others do without. All else that only some
/// of them take would make cases that look comparable and are not.
fn report_inapplicable(
    located: &Located<typed::Training>,
    choices: &Axis<Choice>,
    faults: &mut Faults<'_>,
) -> bool {
    let typed = &located.value;
    let before = faults.found.len();
    let solver = choices.values.iter().find(|choice| matches!(choice, Choice::Solver(_)));
    if let Some(choice) = solver {
        let to = match choice {
            Choice::Solver(Solver::Lbfgs { .. }) => "L-BFGS, which searches along each step",
            _ => "Levenberg–Marquardt, whose damping sets the length of a step",
        };
        does_not_apply(&typed.schedule, "schedule", to, faults);
        let to = match choice {
            Choice::Solver(Solver::Lbfgs { .. }) => "L-BFGS, which needs all data in every step",
            _ => "Levenberg–Marquardt, which needs all data in every step",
        };
        does_not_apply(&typed.batch_size, "batch_size", to, faults);
        does_not_apply(&typed.shuffle_seed, "shuffle_seed", to, faults);
    } else if typed.batch_size.value().is_none() {
        does_not_apply(&typed.shuffle_seed, "shuffle_seed", "full batches: there is no `batch_size`", faults);
    }
    let other = choices.values.iter().find(|choice| !choice.takes_rate());
    match (&typed.learning_rate, other) {
        (Field::Absent, _) if choices.values.iter().any(Choice::takes_rate) => {
            let place = faults.place(&located.span, "`learning_rate` is missing");
            let message = format!("a training needs `learning_rate`: {}", OneOrMany::<f64>::expected());
            let help = "of all optimizers, only `lbfgs` and `levenberg_marquardt` do without";
            faults.push(Diagnostic::error(message, place).help(help));
        }
        (Field::Present(field), Some(other))
            if field.value.is_list || !choices.values.iter().any(Choice::takes_rate) =>
        {
            let to = match other {
                Choice::Rule(..) => "an optimizer with a `learning_rate` of its own",
                Choice::Solver(Solver::Lbfgs { .. }) => "L-BFGS, which searches along each step",
                Choice::Solver(_) => "Levenberg–Marquardt, whose damping sets the length of a step",
            };
            does_not_apply(&typed.learning_rate, "learning_rate", to, faults);
            if choices.values.iter().any(Choice::takes_rate)
                && let Some(diagnostic) = faults.found.pop()
            {
                let help = "a list here is an axis of all optimizers; each can have a `learning_rate` of its own instead";
                faults.push(diagnostic.help(help));
            }
        }
        _ => {}
    }
    faults.found.len() == before
}

/// Reports what cannot go together with the data and the initial parameters.
pub(super) fn report_unfit(
    typed: &typed::Training,
    variants: &[TrainingVariant],
    data: Data,
    init: Option<&Init>,
    faults: &mut Faults<'_>,
) {
    if let (Some(span), Some(Init::Explicit(_))) = (typed.restarts.name_span(), init) {
        let place = faults.place(span, "all of them would be the same");
        let message = "`restarts` needs initial parameters that are drawn, and `init` gives them";
        faults.push(
            Diagnostic::error(message, place).help("draw them from a distribution, or leave `restarts` out"),
        );
    }
    for item in typed.batch_size.value().map_or(&[][..], |sizes| &sizes.items) {
        let points = data.training_points();
        if usize::try_from(item.value).is_ok_and(|size| size > points) {
            let place = faults.place(&item.span, "more than there are");
            let message =
                format!("a batch of {} needs more than the {points} points to train on", item.value);
            faults.push(
                Diagnostic::error(message, place).help("without `batch_size`, every step takes them all"),
            );
        }
    }
    for variant in variants {
        if let Method::Descent(Descent { learning_rate, schedule: Schedule::Cosine { minimum }, .. }) =
            variant.training.method
            && minimum >= learning_rate
            && let Some(schedules) = typed.schedule.value()
        {
            let place = faults.place(&schedules.items[0].span, "would not fall");
            let message =
                format!("the schedule's `minimum` {minimum} is not below the learning rate {learning_rate}");
            let diagnostic = Diagnostic::error(message, place);
            if !faults.found.contains(&diagnostic) {
                faults.push(diagnostic);
            }
        }
    }
}

/// The checked values of a field, and whether it was written as a list.
struct Axis<T> {
    values: Vec<T>,
    is_list: bool,
}

impl<T> Axis<T> {
    fn single(value: T) -> Self {
        Self { values: vec![value], is_list: false }
    }

    fn label(&self, axes: &mut Vec<(String, String)>, name: &str, at: usize, text: impl Fn(&T) -> String) {
        if self.is_list {
            axes.push((name.to_owned(), text(&self.values[at])));
        }
    }
}

fn checked<T, U>(
    typed: &OneOrMany<T>,
    faults: &mut Faults<'_>,
    check: impl Fn(&Located<T>, &mut Faults<'_>) -> Option<U>,
) -> Option<Axis<U>> {
    let values: Vec<Option<U>> = typed.items.iter().map(|item| check(item, faults)).collect();
    Some(Axis { values: values.into_iter().collect::<Option<_>>()?, is_list: typed.is_list })
}

/// As [`checked`], of a field that may be absent; the outer `None` is a fault.
#[expect(clippy::option_option, reason = "a faulty field and an absent one are different things")]
fn optional<T, U>(
    field: &Field<OneOrMany<T>>,
    faults: &mut Faults<'_>,
    check: impl Fn(&Located<T>, &mut Faults<'_>) -> Option<U>,
) -> Option<Option<Axis<U>>> {
    match field {
        Field::Absent => Some(None),
        Field::Faulty => None,
        Field::Present(field) => checked(&field.value, faults, check).map(Some),
    }
}

fn option_label(value: &Option<usize>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn labelled<T, U>(
    typed: &OneOrMany<T>,
    axis: &Axis<U>,
    label: impl Fn(&U) -> String,
) -> Vec<Located<String>> {
    let pairs = axis.values.iter().zip(&typed.items);
    pairs.map(|(value, item)| Located { value: label(value), span: item.span.clone() }).collect()
}

/// Reports two values of an axis that the pages could not tell apart.
fn report_alike<T, U>(
    typed: &Field<OneOrMany<T>>,
    axis: &Axis<U>,
    label: impl Fn(&U) -> String,
    faults: &mut Faults<'_>,
) {
    if let Some(typed) = typed.value() {
        report_repeats(&labelled(typed, axis, label), faults);
    }
}

/// Reports a training that would keep more snapshots than any animation can show.
fn report_crowded(
    typed: &typed::Training,
    epochs: usize,
    snapshot_every: usize,
    limits: &Limits,
    faults: &mut Faults<'_>,
) {
    let snapshots = epochs / snapshot_every;
    if !limits.snapshots.is_exceeded(snapshots) {
        return;
    }
    let span: &Range<usize> = match typed.snapshot_every.value() {
        Some(items) => &items.items[0].span,
        None => &typed.epochs.items[0].span,
    };
    let place = faults.place(span, "too many snapshots");
    let message = format!(
        "a snapshot every {snapshot_every} of {epochs} epochs makes {snapshots}; {} is the most",
        limits.snapshots.most
    );
    let diagnostic = Diagnostic::error(message, place).help(limits.snapshots.help(snapshots as u64));
    if !faults.found.contains(&diagnostic) {
        faults.push(diagnostic);
    }
}

fn rate(located: &Located<f64>, faults: &mut Faults<'_>) -> Option<f64> {
    let is_possible = |value: f64| value > 0.0 && value <= 1e6;
    require(located, is_possible, "learning_rate", "above 0, and 1e6 at the most", faults)
}

/// What each optimizer is called in messages, and the settings that it has.
fn known(name: OptimizerName) -> (&'static str, &'static [&'static str]) {
    match name {
        OptimizerName::GradientDescent => ("gradient descent", &["learning_rate"]),
        OptimizerName::Momentum => ("momentum", &["learning_rate", "momentum"]),
        OptimizerName::Nesterov => ("Nesterov’s momentum", &["learning_rate", "momentum"]),
        OptimizerName::Rmsprop => ("RMSProp", &["learning_rate", "alpha", "epsilon"]),
        OptimizerName::Adam => ("Adam", &["learning_rate", "beta1", "beta2", "epsilon"]),
        OptimizerName::Adamw => ("AdamW", &["learning_rate", "beta1", "beta2", "epsilon", "weight_decay"]),
        OptimizerName::Lbfgs => ("L-BFGS", &["memory", "tolerance"]),
        OptimizerName::LevenbergMarquardt => ("Levenberg–Marquardt", &["damping", "tolerance"]),
    }
}

fn choice(located: &Located<typed::Optimizer>, faults: &mut Faults<'_>) -> Option<Choice> {
    let typed::Optimizer { name, settings } = &located.value;
    let (to, applicable) = known(*name);
    let OptimizerSettings { learning_rate, momentum, alpha, beta1, beta2, epsilon, .. } = settings;
    let OptimizerSettings { weight_decay, memory, damping, tolerance, .. } = settings;
    let before = faults.found.len();
    for (field, setting) in [
        (learning_rate, "learning_rate"),
        (momentum, "momentum"),
        (alpha, "alpha"),
        (beta1, "beta1"),
        (beta2, "beta2"),
        (epsilon, "epsilon"),
        (weight_decay, "weight_decay"),
        (damping, "damping"),
        (tolerance, "tolerance"),
    ] {
        if !applicable.contains(&setting) {
            does_not_apply(field, setting, to, faults);
        }
    }
    if !applicable.contains(&"memory") {
        does_not_apply(memory, "memory", to, faults);
    }
    let share = |field: &Field<Located<f64>>, standard: f64, name: &str, faults: &mut Faults<'_>| {
        number(field, standard, faults, |located, faults| {
            require(located, |value| (0.0..1.0).contains(&value), name, "from 0 to below 1", faults)
        })
    };
    let positive = |field: &Field<Located<f64>>, standard: f64, name: &str, faults: &mut Faults<'_>| {
        let is_possible = |value: f64| value > 0.0 && value <= 1.0;
        number(field, standard, faults, |located, faults| {
            require(located, is_possible, name, "above 0, and 1 at the most", faults)
        })
    };
    let momentum = share(momentum, 0.9, "momentum", faults);
    let alpha = share(alpha, 0.99, "alpha", faults);
    let (beta1, beta2) = (share(beta1, 0.9, "beta1", faults), share(beta2, 0.999, "beta2", faults));
    let epsilon = positive(epsilon, 1e-8, "epsilon", faults);
    let weight_decay = number(weight_decay, 0.01, faults, |located, faults| {
        let is_possible = |value: f64| (0.0..=1e3).contains(&value);
        require(located, is_possible, "weight_decay", "from 0 to 1000", faults)
    });
    let memory = match memory {
        Field::Absent => Some(10),
        Field::Faulty => None,
        Field::Present(field) => count(&field.value, 1..=1000, "memory", faults),
    };
    let damping = positive(damping, 1e-3, "damping", faults);
    let tolerance = number(tolerance, 1e-10, faults, |located, faults| {
        let is_possible = |value: f64| (0.0..=1.0).contains(&value);
        require(located, is_possible, "tolerance", "from 0 to 1", faults)
    });
    let own = match learning_rate {
        Field::Absent => Some(None),
        Field::Faulty => None,
        Field::Present(field) => rate(&field.value, faults).map(Some),
    };
    if faults.found.len() > before {
        return None;
    }
    let rule = match name {
        OptimizerName::Lbfgs => {
            return Some(Choice::Solver(Solver::Lbfgs { memory: memory?, tolerance: tolerance? }));
        }
        OptimizerName::LevenbergMarquardt => {
            let solver = Solver::LevenbergMarquardt { damping: damping?, tolerance: tolerance? };
            return Some(Choice::Solver(solver));
        }
        OptimizerName::GradientDescent => Optimizer::GradientDescent,
        OptimizerName::Momentum => Optimizer::Momentum { momentum: momentum? },
        OptimizerName::Nesterov => Optimizer::Nesterov { momentum: momentum? },
        OptimizerName::Rmsprop => Optimizer::Rmsprop { alpha: alpha?, epsilon: epsilon? },
        OptimizerName::Adam => Optimizer::Adam { beta1: beta1?, beta2: beta2?, epsilon: epsilon? },
        OptimizerName::Adamw => {
            Optimizer::Adamw { beta1: beta1?, beta2: beta2?, epsilon: epsilon?, weight_decay: weight_decay? }
        }
    };
    Some(Choice::Rule(rule, own?))
}

/// A setting, or what holds without it.
fn number(
    field: &Field<Located<f64>>,
    standard: f64,
    faults: &mut Faults<'_>,
    check: impl Fn(&Located<f64>, &mut Faults<'_>) -> Option<f64>,
) -> Option<f64> {
    match field {
        Field::Absent => Some(standard),
        Field::Faulty => None,
        Field::Present(field) => check(&field.value, faults),
    }
}

/// How an optimizer is called where it is a value of an axis: by its name, with the settings that differ from the usual.
fn choice_label(choice: &Choice) -> String {
    let (optimizer, own) = match *choice {
        Choice::Rule(optimizer, own) => (optimizer, own),
        Choice::Solver(Solver::Lbfgs { memory: 10, tolerance: 1e-10 }) => return "lbfgs".into(),
        Choice::Solver(Solver::Lbfgs { memory, tolerance }) => {
            return format!("lbfgs({memory}, {tolerance})");
        }
        Choice::Solver(Solver::LevenbergMarquardt { damping: 1e-3, tolerance: 1e-10 }) => {
            return "levenberg_marquardt".into();
        }
        Choice::Solver(Solver::LevenbergMarquardt { damping, tolerance }) => {
            return format!("levenberg_marquardt({damping}, {tolerance})");
        }
    };
    let label = match optimizer {
        Optimizer::GradientDescent => "gradient_descent".into(),
        Optimizer::Momentum { momentum: 0.9 } => "momentum".into(),
        Optimizer::Momentum { momentum } => format!("momentum({momentum})"),
        Optimizer::Nesterov { momentum: 0.9 } => "nesterov".into(),
        Optimizer::Nesterov { momentum } => format!("nesterov({momentum})"),
        Optimizer::Rmsprop { alpha: 0.99, epsilon: 1e-8 } => "rmsprop".into(),
        Optimizer::Rmsprop { alpha, epsilon } => format!("rmsprop({alpha}, {epsilon})"),
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } => "adam".into(),
        Optimizer::Adam { beta1, beta2, epsilon } => format!("adam({beta1}, {beta2}, {epsilon})"),
        Optimizer::Adamw { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 } => "adamw".into(),
        Optimizer::Adamw { beta1, beta2, epsilon, weight_decay } => {
            format!("adamw({beta1}, {beta2}, {epsilon}, {weight_decay})")
        }
    };
    own.map_or_else(|| label.clone(), |rate| format!("{label} at {rate}"))
}

fn schedule(located: &Located<typed::Schedule>, faults: &mut Faults<'_>) -> Option<Schedule> {
    let every = |field: &Located<u64>, faults: &mut Faults<'_>| count(field, 1..=10_000_000, "every", faults);
    let minimum = |field: &Field<Located<f64>>, faults: &mut Faults<'_>| {
        number(field, 0.0, faults, |located, faults| {
            require(located, |value: f64| value >= 0.0, "minimum", "0 or above", faults)
        })
    };
    match &located.value {
        typed::Schedule::Constant => Some(Schedule::Constant),
        typed::Schedule::Cosine(typed) => Some(Schedule::Cosine { minimum: minimum(typed, faults)? }),
        typed::Schedule::Step(typed) => {
            let every = every(&typed.every, faults);
            let is_possible = |value: f64| value > 0.0 && value < 1.0;
            let factor = require(&typed.factor, is_possible, "factor", "above 0 and below 1", faults);
            Some(Schedule::Step { every: every?, factor: factor? })
        }
        typed::Schedule::HalveOnRise(typed) => {
            let every = every(&typed.every, faults);
            let window = match &typed.window {
                Field::Absent => Some(50),
                Field::Faulty => None,
                Field::Present(field) => count(&field.value, 1..=10_000_000, "window", faults),
            };
            let minimum = minimum(&typed.minimum, faults);
            Some(Schedule::HalveOnRise { every: every?, window: window?, minimum: minimum? })
        }
    }
}

fn schedule_label(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Constant => "constant".into(),
        Schedule::Step { every, factor } => format!("step({every}, {factor})"),
        Schedule::Cosine { minimum: 0.0 } => "cosine".into(),
        Schedule::Cosine { minimum } => format!("cosine({minimum})"),
        Schedule::HalveOnRise { every, window, minimum } => {
            format!("halve_on_rise({every}, {window}, {minimum})")
        }
    }
}
