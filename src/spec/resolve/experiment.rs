//! Experiments: names are looked up, defaults filled in, axes spanned, and everything checked against everything else.

use std::ops::Range;
use std::sync::Arc;

use super::super::decode::{Field, Located, OneOrMany, listed};
use super::super::load::{Document, Namespace};
use super::super::typed::{self, DistributionName, OptimizerName};
use super::{Faults, Library, count, interval, look_up, look_up_all, report_repeats, require};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::{
    AttainableSearch, Data, Distribution, Experiment, Figure, FigureType, Init, Model, ModelType, Optimizer,
    Panel, Schedule, Stream, Target, Training, TrainingVariant,
};

/// More than anyone could look at, few enough for memory.
const MAX_CASES: usize = 100_000;
/// The most numbers that one training may hold at a time, for its units' values and for its snapshots.
const MAX_NUMBERS: usize = 20_000_000;
/// The frames of an animation, and the most that a run keeps.
const MAX_SNAPSHOTS: usize = 10_000;

pub(super) fn experiment(
    document: &Document,
    typed: &typed::Experiment,
    library: &Library<'_>,
    faults: &mut Faults<'_>,
) -> Option<Experiment> {
    let declared = library.declared;
    let targets = look_up_all(&typed.target, Namespace::Target, &library.targets, declared, faults);
    let activations =
        look_up_all(&typed.activation, Namespace::Activation, &library.activations, declared, faults);
    let single_neuron = OneOrMany {
        items: vec![Located { value: "single_neuron".to_owned(), span: document.id.span.clone() }],
        is_list: false,
    };
    let model_names = typed.model.or(single_neuron);
    let models = model_names
        .as_ref()
        .and_then(|names| look_up_all(names, Namespace::Model, &library.models, declared, faults));
    let data = data(&typed.data, faults);
    let trainings = trainings(&typed.training, faults);
    let figures = figures(typed, models.as_deref(), library, faults);
    let init = models.as_deref().and_then(|models| init(&typed.init, models, faults));
    let attainable = attainable(&typed.attainable, faults);
    let seeds = init.as_ref().and_then(|init| seeds(typed, init, faults));
    let success_within = match &typed.success_within {
        Field::Absent => Some(0.05),
        Field::Faulty => None,
        Field::Present(field) => {
            let is_possible = |value: f64| (0.0..=100.0).contains(&value);
            require(&field.value, is_possible, "success_within", "from 0 to 100", faults)
        }
    };
    let (targets, activations, models) = (targets?, activations?, models?);
    let (data, trainings) = (data?, trainings?);
    report_undefined(&typed.target, &targets, data, faults);
    for model in &models {
        report_too_large(document, model, data, &trainings, faults);
    }
    let cases = [targets.len(), activations.len(), models.len(), trainings.len()];
    let cases = cases.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    if cases.is_none_or(|cases| cases > MAX_CASES) {
        let place = faults.place(&document.id.span, "its axes span too many cases");
        faults
            .push(Diagnostic::error(format!("an experiment can have {MAX_CASES} cases at the most"), place));
        return None;
    }
    Some(Experiment {
        id: document.id.value.clone(),
        title: typed.title.or(document.id.value.clone())?,
        description: typed.description.or(String::new())?,
        targets,
        activations,
        models,
        models_are_an_axis: typed.model.value().is_some_and(|names| names.is_list),
        data,
        init: match seeds.as_deref() {
            Some([first, ..]) => init?.with_seed(*first),
            _ => init?,
        },
        seeds: seeds?,
        success_within: success_within?,
        case_pages: typed.case_pages.or(true)?,
        attainable: attainable?,
        trainings,
        figures: figures?,
        source: document.source.clone(),
    })
}

fn data(field: &Field<typed::Data>, faults: &mut Faults<'_>) -> Option<Data> {
    let standard = Data { domain: (-2.5, 2.5), points: 200 };
    let typed = match field {
        Field::Absent => return Some(standard),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let domain = match &typed.domain {
        Field::Absent => Some(standard.domain),
        Field::Faulty => None,
        Field::Present(field) => interval(&field.value, "domain", faults),
    };
    let points = match &typed.points {
        Field::Absent => Some(standard.points),
        Field::Faulty => None,
        Field::Present(field) => count(&field.value, 2..=100_000, "points", faults),
    };
    Some(Data { domain: domain?, points: points? })
}

/// The most starts of a case.
const MAX_SEEDS: u64 = 10_000;

/// The seeds of an experiment: those that it lists, or so many from that of its initialisation on; none if it does not ask.
fn seeds(typed: &typed::Experiment, init: &Init, faults: &mut Faults<'_>) -> Option<Vec<u64>> {
    let located = match &typed.seeds {
        Field::Absent => return Some(Vec::new()),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let Init::Random { seed: first, .. } = *init else {
        let place = faults.place(&located.span, "every start would be the same");
        faults.push(
            Diagnostic::error("`seeds` needs initial parameters that are drawn", place)
                .help("draw them from a distribution, or leave `seeds` out"),
        );
        return None;
    };
    match &located.value {
        typed::Seeds::Count(number) => {
            let number = Located { value: *number, span: located.span.clone() };
            let number = count(&number, 2..=MAX_SEEDS, "seeds", faults)? as u64;
            if first.checked_add(number).is_none() {
                let place = faults.place(&located.span, "counts beyond the largest seed");
                faults.push(Diagnostic::error(format!("there are no {number} seeds from {first} on"), place));
                return None;
            }
            Some((first..first + number).collect())
        }
        typed::Seeds::List(list) => {
            let number = Located { value: list.len() as u64, span: located.span.clone() };
            count(&number, 2..=MAX_SEEDS, "the number of seeds", faults)?;
            let names: Vec<Located<String>> = list
                .iter()
                .map(|seed| Located { value: seed.value.to_string(), span: seed.span.clone() })
                .collect();
            report_repeats(&names, faults);
            let given = match &typed.init {
                Field::Present(field) => match &field.value.value {
                    typed::Init::Random(random) => random.seed.name_span(),
                    typed::Init::Explicit(_) => None,
                },
                _ => None,
            };
            if let Some(span) = given {
                let place = faults.place(&span, "the seeds are listed");
                faults.push(
                    Diagnostic::error("`seed` means nothing beside a list of `seeds`", place)
                        .help("remove it; the first of the list is that of the runs that are shown"),
                );
                return None;
            }
            Some(list.iter().map(|seed| seed.value).collect())
        }
    }
}

/// Where to look for the attainable loss, and how closely; a budget of 0 is no search.
fn attainable(field: &Field<typed::Attainable>, faults: &mut Faults<'_>) -> Option<AttainableSearch> {
    let standard = AttainableSearch::default();
    let typed = match field {
        Field::Absent => return Some(standard),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let mut side = |field: &Field<Located<(Located<f64>, Located<f64>)>>, standard, name| match field {
        Field::Absent => Some(standard),
        Field::Faulty => None,
        Field::Present(field) => {
            let side = interval(&field.value, name, faults)?;
            let is_sane = |value: f64| value.abs() <= 1000.0;
            let ends = [&field.value.value.0, &field.value.value.1];
            let ends = ends.map(|end| require(end, is_sane, name, "of numbers within ±1000", faults));
            (ends[0].is_some() && ends[1].is_some()).then_some(side)
        }
    };
    let (w, b) = (side(&typed.w, standard.w, "w"), side(&typed.b, standard.b, "b"));
    let gap = match &typed.gap {
        Field::Absent => Some(standard.gap),
        Field::Faulty => None,
        Field::Present(field) => {
            let is_possible = |value: f64| (1e-6..=1.0).contains(&value);
            require(&field.value, is_possible, "gap", "from 1e-6 to 1", faults)
        }
    };
    let budget = match &typed.budget {
        Field::Absent => Some(standard.budget),
        Field::Faulty => None,
        Field::Present(field) => count(&field.value, 0..=10_000_000, "budget", faults),
    };
    Some(AttainableSearch { w: w?, b: b?, gap: gap?, budget: budget? })
}

/// Reports targets that have no finite value at some data point, such as a logarithm left of 0.
fn report_undefined(names: &OneOrMany<String>, targets: &[Arc<Target>], data: Data, faults: &mut Faults<'_>) {
    let inputs = data.inputs();
    let mut values = vec![0.0; inputs.len()];
    for (name, target) in names.items.iter().zip(targets) {
        target.function.values(&inputs, &mut values);
        // Squares of larger values overflow, and no loss could be told from another.
        let fault = inputs.iter().zip(&values).find(|(_, y)| !y.is_finite() || y.abs() > 1e100);
        if let Some((x, y)) = fault {
            let place = faults.place(&name.span, "undefined on these data");
            let (low, high) = data.domain;
            let message = format!("the target `{}` has no usable value at x = {x}: {y}", target.id);
            faults.push(Diagnostic::error(message, place).help(format!(
                "the data of this experiment lie on [{low}, {high}]; change `data`, or the target"
            )));
        }
    }
}

/// Reports a training that would not fit into memory.
fn report_too_large(
    document: &Document,
    model: &Model,
    data: Data,
    trainings: &[TrainingVariant],
    faults: &mut Faults<'_>,
) {
    let units: usize = match &model.model_type {
        ModelType::SingleNeuron | ModelType::ScaledInput => 1,
        ModelType::Mlp { hidden_sizes } => hidden_sizes.iter().sum(),
    };
    let snapshots =
        trainings.iter().map(|variant| variant.training.epochs / variant.training.snapshot_every + 2);
    let kept = snapshots.max().unwrap_or(0).saturating_mul(model.model_type.parameter_count());
    let reason = if units.saturating_mul(data.points) > MAX_NUMBERS {
        format!("{units} units at {} points", data.points)
    } else if kept > MAX_NUMBERS {
        format!("the snapshots of {} parameters", model.model_type.parameter_count())
    } else {
        return;
    };
    let place = faults.place(&document.id.span, "too large to train");
    let message = format!("the model `{}` would need {reason}: more than {MAX_NUMBERS} numbers", model.id);
    faults.push(
        Diagnostic::error(message, place).help("take fewer points, smaller layers, or fewer snapshots"),
    );
}

fn figures(
    typed: &typed::Experiment,
    models: Option<&[Arc<Model>]>,
    library: &Library<'_>,
    faults: &mut Faults<'_>,
) -> Option<Vec<Arc<Figure>>> {
    let names = typed.figures.or(Vec::new())?;
    report_repeats(&names, faults);
    let found: Vec<Option<Arc<Figure>>> = names
        .iter()
        .map(|name| {
            let figure = look_up(name, Namespace::Figure, &library.figures, library.declared, faults)?;
            for model in models.unwrap_or_default() {
                report_unsuited(name, &figure, model, faults);
            }
            Some(figure)
        })
        .collect();
    found.into_iter().collect()
}

/// Reports a figure that cannot be drawn of a model.
fn report_unsuited(name: &Located<String>, figure: &Figure, model: &Model, faults: &mut Faults<'_>) {
    let tensors = model.model_type.tensors();
    let scalars: Vec<&str> =
        tensors.iter().filter(|tensor| tensor.shape.is_empty()).map(|tensor| tensor.name.as_str()).collect();
    let reason = match &figure.figure_type {
        FigureType::LossLandscape { .. } if model.model_type != ModelType::SingleNeuron => {
            Some("a loss landscape over (w, b) is that of a single neuron".to_owned())
        }
        FigureType::Convergence { panels, .. } => panels.iter().find_map(|panel| match panel {
            Panel::Trajectory(parameter) if !scalars.contains(&parameter.as_str()) => {
                Some(match scalars.as_slice() {
                    [] => format!(
                        "it shows the trajectory of `{parameter}`, but the model's parameters are tensors"
                    ),
                    known => format!(
                        "it shows the trajectory of `{parameter}`, but the model has {}",
                        listed(known.to_vec())
                    ),
                })
            }
            _ => None,
        }),
        _ => None,
    };
    if let Some(reason) = reason {
        let place = faults.place(&name.span, format!("not for `{}`", model.id));
        let message = format!("the figure `{}` cannot be drawn of the model `{}`", figure.id, model.id);
        faults.push(Diagnostic::error(message, place).help(reason));
    }
}

fn init(field: &Field<Located<typed::Init>>, models: &[Arc<Model>], faults: &mut Faults<'_>) -> Option<Init> {
    let all_mlps = models.iter().all(|model| matches!(model.model_type, ModelType::Mlp { .. }));
    let standard =
        if all_mlps { Distribution::GlorotNormal } else { Distribution::Normal { mean: 0.0, std: 0.5 } };
    let located = match field {
        Field::Absent => {
            return Some(Init::Random { distribution: standard, seed: 0, stream: Stream::PerCase });
        }
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    match &located.value {
        typed::Init::Explicit(given) => explicit(&located.span, given, models, faults),
        typed::Init::Random(random) => {
            let distribution = distribution(random, standard, faults)?;
            random.generator.or(typed::Generator::Numpy)?;
            Some(Init::Random {
                distribution,
                seed: random.seed.or(0)?,
                stream: random.stream.or(Stream::PerCase)?,
            })
        }
    }
}

fn distribution(
    random: &typed::RandomInit,
    standard: Distribution,
    faults: &mut Faults<'_>,
) -> Option<Distribution> {
    let name = match &random.distribution {
        Field::Faulty => return None,
        Field::Present(field) => field.value,
        Field::Absent if random.std.value().is_some() || random.mean.value().is_some() => {
            DistributionName::Normal
        }
        Field::Absent => return Some(standard),
    };
    let is_sane = |value: f64| value.abs() <= 1e6;
    if name == DistributionName::Normal {
        let mean = match &random.mean {
            Field::Absent => 0.0,
            Field::Faulty => return None,
            Field::Present(field) => require(&field.value, is_sane, "mean", "within ±1e6", faults)?,
        };
        let std = match &random.std {
            Field::Absent => 0.5,
            Field::Faulty => return None,
            Field::Present(field) => {
                require(&field.value, |value| (0.0..=1e6).contains(&value), "std", "from 0 to 1e6", faults)?
            }
        };
        return Some(Distribution::Normal { mean, std });
    }
    let to = "a distribution whose spread follows from the sizes of the layers";
    super::does_not_apply(&random.mean, "mean", to, faults);
    super::does_not_apply(&random.std, "std", to, faults);
    Some(match name {
        DistributionName::Normal => unreachable!("handled above"),
        DistributionName::GlorotNormal => Distribution::GlorotNormal,
        DistributionName::GlorotUniform => Distribution::GlorotUniform,
        DistributionName::HeNormal => Distribution::HeNormal,
        DistributionName::HeUniform => Distribution::HeUniform,
    })
}

/// One number per parameter; every model of the experiment must have the same parameters.
fn explicit(
    span: &Range<usize>,
    given: &[typed::GivenTensor],
    models: &[Arc<Model>],
    faults: &mut Faults<'_>,
) -> Option<Init> {
    let model = models.first()?;
    let tensors = model.model_type.tensors();
    if let Some(other) = models.iter().find(|other| other.model_type.tensors() != tensors) {
        let place = faults.place(span, "fits only one of them");
        let message = format!("`{}` and `{}` have different parameters", model.id, other.id);
        faults.push(Diagnostic::error(message, place).help("draw them from a distribution instead"));
        return None;
    }
    let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let mut is_sound = true;
    for (name, _) in given.iter().filter(|(name, _)| !names.contains(&name.value.as_str())) {
        let place = faults.place(&name.span, "not a parameter of the model");
        let message = format!("the model `{}` has no parameter `{}`", model.id, name.value);
        let diagnostic = Diagnostic::error(message, place);
        faults.push(match nearest(&name.value, names.iter().copied()) {
            Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
            None => diagnostic.help(format!("its parameters are {}", listed(names.clone()))),
        });
        is_sound = false;
    }
    let mut values = Vec::new();
    for tensor in &tensors {
        let Some((_, numbers)) = given.iter().find(|(name, _)| name.value == tensor.name) else {
            let place = faults.place(span, format!("`{}` is missing", tensor.name));
            faults.push(Diagnostic::error(
                format!("the initial value of `{}` is not given", tensor.name),
                place,
            ));
            is_sound = false;
            continue;
        };
        if numbers.value.len() != tensor.size() {
            let place = faults.place(&numbers.span, format!("holds {}", numbers.value.len()));
            let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
            let shape = if shape.is_empty() {
                "one number".into()
            } else {
                format!("{} numbers", shape.join(" × "))
            };
            faults.push(Diagnostic::error(format!("`{}` needs {shape}", tensor.name), place));
            is_sound = false;
        }
        for number in &numbers.value {
            values.extend(require(
                number,
                |value: f64| value.abs() <= 1e6,
                &tensor.name,
                "within ±1e6",
                faults,
            ));
        }
    }
    (is_sound && values.len() == model.model_type.parameter_count()).then_some(Init::Explicit(values))
}

/// Every combination of the training's fields, those that come first in [`Training`] outermost.
fn trainings(typed: &typed::Training, faults: &mut Faults<'_>) -> Option<Vec<TrainingVariant>> {
    let epochs =
        checked(&typed.epochs, faults, |located, faults| count(located, 1..=10_000_000, "epochs", faults));
    let learning_rates = checked(&typed.learning_rate, faults, |located, faults| {
        let is_possible = |value: f64| value > 0.0 && value <= 1e6;
        require(located, is_possible, "learning_rate", "above 0, and 1e6 at the most", faults)
    });
    let optimizers = optional(&typed.optimizer, faults, optimizer);
    let snapshots = optional(&typed.snapshot_every, faults, |located, faults| {
        count(located, 1..=10_000_000, "snapshot_every", faults)
    });
    let schedules = optional(&typed.schedule, faults, schedule);
    let (epochs, learning_rates) = (epochs?, learning_rates?);
    let (optimizers, snapshots, schedules) = (optimizers?, snapshots?, schedules?);

    let optimizers = optimizers.unwrap_or_else(|| Axis::single(Optimizer::GradientDescent));
    let schedules = schedules.unwrap_or_else(|| Axis::single(Schedule::Constant));
    let lengths =
        [epochs.values.len(), learning_rates.values.len(), optimizers.values.len(), schedules.values.len()];
    if lengths.iter().product::<usize>() > MAX_CASES {
        let place = faults.place(&typed.epochs.items[0].span, "its axes span too many cases");
        faults
            .push(Diagnostic::error(format!("an experiment can have {MAX_CASES} cases at the most"), place));
        return None;
    }
    report_alike(&typed.learning_rate, &learning_rates, f64::to_string, faults);
    report_alike(&typed.epochs, &epochs, usize::to_string, faults);
    if let Some(items) = typed.optimizer.value() {
        report_alike(items, &optimizers, optimizer_label, faults);
    }
    if let (Some(items), Some(axis)) = (typed.snapshot_every.value(), &snapshots) {
        report_alike(items, axis, usize::to_string, faults);
    }
    if let Some(items) = typed.schedule.value() {
        report_alike(items, &schedules, schedule_label, faults);
    }

    let mut variants = Vec::new();
    for optimizer in &optimizers.values {
        for learning_rate in &learning_rates.values {
            for epochs_value in &epochs.values {
                // A fortieth of the epochs makes an animation of forty-one frames.
                let standard = Axis::single((epochs_value / 40).max(1));
                let snapshots = snapshots.as_ref().unwrap_or(&standard);
                for snapshot_every in &snapshots.values {
                    report_crowded(typed, *epochs_value, *snapshot_every, faults);
                    for schedule in &schedules.values {
                        let mut axes = Vec::new();
                        optimizers.label(&mut axes, "optimizer", optimizer_label(optimizer));
                        learning_rates.label(&mut axes, "learning_rate", learning_rate.to_string());
                        epochs.label(&mut axes, "epochs", epochs_value.to_string());
                        snapshots.label(&mut axes, "snapshot_every", snapshot_every.to_string());
                        schedules.label(&mut axes, "schedule", schedule_label(schedule));
                        let training = Training {
                            optimizer: *optimizer,
                            learning_rate: *learning_rate,
                            epochs: *epochs_value,
                            snapshot_every: *snapshot_every,
                            schedule: *schedule,
                        };
                        variants.push(TrainingVariant { training, axes });
                    }
                }
            }
        }
    }
    Some(variants)
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

    fn label(&self, axes: &mut Vec<(String, String)>, name: &str, value: String) {
        if self.is_list {
            axes.push((name.to_owned(), value));
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

/// Reports two values of an axis that the pages could not tell apart.
fn report_alike<T, U>(
    typed: &OneOrMany<T>,
    axis: &Axis<U>,
    label: impl Fn(&U) -> String,
    faults: &mut Faults<'_>,
) {
    let names: Vec<Located<String>> = axis
        .values
        .iter()
        .zip(&typed.items)
        .map(|(value, item)| Located { value: label(value), span: item.span.clone() })
        .collect();
    report_repeats(&names, faults);
}

/// Reports a training that would keep more snapshots than any animation can show.
fn report_crowded(typed: &typed::Training, epochs: usize, snapshot_every: usize, faults: &mut Faults<'_>) {
    if epochs / snapshot_every <= MAX_SNAPSHOTS {
        return;
    }
    let span = match typed.snapshot_every.value() {
        Some(items) => &items.items[0].span,
        None => &typed.epochs.items[0].span,
    };
    let place = faults.place(span, "too many snapshots");
    let message = format!(
        "a snapshot every {snapshot_every} of {epochs} epochs makes {}; {MAX_SNAPSHOTS} is the most",
        epochs / snapshot_every
    );
    let diagnostic = Diagnostic::error(message, place);
    if !faults.found.contains(&diagnostic) {
        faults.push(diagnostic);
    }
}

fn optimizer(located: &Located<typed::Optimizer>, faults: &mut Faults<'_>) -> Option<Optimizer> {
    let settings = &located.value.settings;
    let name = located.value.name;
    let to = match name {
        OptimizerName::GradientDescent => "gradient descent",
        OptimizerName::Momentum => "momentum",
        OptimizerName::Adam => "Adam",
    };
    if name != OptimizerName::Momentum {
        super::does_not_apply(&settings.momentum, "momentum", to, faults);
    }
    if name != OptimizerName::Adam {
        super::does_not_apply(&settings.beta1, "beta1", to, faults);
        super::does_not_apply(&settings.beta2, "beta2", to, faults);
        super::does_not_apply(&settings.epsilon, "epsilon", to, faults);
    }
    let share = |field: &Field<Located<f64>>, standard: f64, name: &str, faults: &mut Faults<'_>| match field
    {
        Field::Absent => Some(standard),
        Field::Faulty => None,
        Field::Present(field) => {
            require(&field.value, |value| (0.0..1.0).contains(&value), name, "from 0 to below 1", faults)
        }
    };
    Some(match name {
        OptimizerName::GradientDescent => Optimizer::GradientDescent,
        OptimizerName::Momentum => {
            Optimizer::Momentum { momentum: share(&settings.momentum, 0.9, "momentum", faults)? }
        }
        OptimizerName::Adam => Optimizer::Adam {
            beta1: share(&settings.beta1, 0.9, "beta1", faults)?,
            beta2: share(&settings.beta2, 0.999, "beta2", faults)?,
            epsilon: match &settings.epsilon {
                Field::Absent => 1e-8,
                Field::Faulty => return None,
                Field::Present(field) => {
                    let is_possible = |value: f64| value > 0.0 && value <= 1.0;
                    require(&field.value, is_possible, "epsilon", "above 0, and 1 at the most", faults)?
                }
            },
        },
    })
}

fn optimizer_label(optimizer: &Optimizer) -> String {
    match *optimizer {
        Optimizer::GradientDescent => "gradient_descent".into(),
        Optimizer::Momentum { momentum: 0.9 } => "momentum".into(),
        Optimizer::Momentum { momentum } => format!("momentum({momentum})"),
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } => "adam".into(),
        Optimizer::Adam { beta1, beta2, epsilon } => format!("adam({beta1}, {beta2}, {epsilon})"),
    }
}

fn schedule(located: &Located<typed::Schedule>, faults: &mut Faults<'_>) -> Option<Schedule> {
    let typed::Schedule::HalveOnRise(typed) = &located.value else { return Some(Schedule::Constant) };
    let every = count(&typed.every, 1..=10_000_000, "every", faults);
    let window = match &typed.window {
        Field::Absent => Some(50),
        Field::Faulty => None,
        Field::Present(field) => count(&field.value, 1..=10_000_000, "window", faults),
    };
    let minimum = match &typed.minimum {
        Field::Absent => Some(0.0),
        Field::Faulty => None,
        Field::Present(field) => {
            require(&field.value, |value: f64| value >= 0.0, "minimum", "0 or above", faults)
        }
    };
    Some(Schedule::HalveOnRise { every: every?, window: window?, minimum: minimum? })
}

fn schedule_label(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Constant => "constant".into(),
        Schedule::HalveOnRise { every, window, minimum } => {
            format!("halve_on_rise({every}, {window}, {minimum})")
        }
    }
}
