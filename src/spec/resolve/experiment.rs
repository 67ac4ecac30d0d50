//! Experiments: names are looked up, defaults filled in, axes spanned, and everything checked against everything else.

use std::ops::Range;
use std::sync::Arc;

use super::super::decode::{Field, Located, OneOrMany, listed};
use super::super::limits::Limits;
use super::super::load::{Document, Namespace};
use super::super::typed::{self, DistributionName};
use super::{Faults, Library, data, date, evidence, look_up, look_up_all, report_repeats, require, training};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::{
    Data, Distribution, Experiment, Figure, FigureType, Init, Method, Model, ModelType, Panel, Solver,
    Stream, Target, TrainingVariant,
};

/// What the experiments of a site ask for so far.
#[derive(Debug, Default)]
pub(super) struct Asked {
    cases: usize,
    figures: usize,
}

pub(super) fn experiment(
    document: &Document,
    typed: &typed::Experiment,
    library: &Library<'_>,
    asked: &mut Asked,
    faults: &mut Faults<'_>,
) -> Option<Experiment> {
    let (declared, limits) = (library.declared, library.limits);
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
    let data = data::data(&typed.data, limits, faults);
    let trainings = training::trainings(&typed.training, limits, faults);
    let figures = figures(typed, models.as_deref(), library, faults);
    let init = models.as_deref().and_then(|models| init(&typed.init, models, faults));
    let attainable = evidence::attainable(&typed.attainable, limits, faults);
    let seeds = init.as_ref().and_then(|init| evidence::seeds(typed, init, limits, faults));
    let date = date(&typed.date, faults);
    let success_within = evidence::success_within(&typed.success_within, faults);
    let (targets, activations, models) = (targets?, activations?, models?);
    let (data, trainings) = (data?, trainings?);
    report_undefined(&typed.target, &targets, data, faults);
    training::report_unfit(&typed.training.value, &trainings, data, init.as_ref(), faults);
    for model in &models {
        report_too_large(document, model, data, &trainings, limits, faults);
    }
    let lengths = [targets.len(), activations.len(), models.len(), trainings.len()];
    let cases = lengths.iter().fold(1_usize, |product, &length| product.saturating_mul(length));
    asked.report_too_many(document, cases, figures.as_deref(), limits, faults)?;
    let sizes = models.iter().map(|model| model.model_type.parameter_count());
    let each = Starts {
        cases: cases / models.len(),
        seeds: seeds.as_ref().map_or(0, Vec::len),
        trainings: &trainings,
    };
    report_too_many_starts(document, each, sizes.sum(), limits, faults)?;
    Some(Experiment {
        id: document.id.value.clone(),
        title: typed.title.or(document.id.value.clone())?,
        description: typed.description.or(String::new())?,
        date,
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
    limits: &Limits,
    faults: &mut Faults<'_>,
) {
    let units: usize = match &model.model_type {
        ModelType::SingleNeuron | ModelType::ScaledInput => 1,
        ModelType::Mlp { hidden_sizes } => hidden_sizes.iter().sum(),
    };
    let snapshots =
        trainings.iter().map(|variant| variant.training.epochs / variant.training.snapshot_every + 2);
    let kept = snapshots.max().unwrap_or(0).saturating_mul(model.model_type.parameter_count());
    let parameters = model.model_type.parameter_count();
    // The Jacobian, and the normal equations.
    let matrices = parameters.saturating_mul(data.points.saturating_add(parameters));
    let is_squares = |variant: &TrainingVariant| {
        matches!(variant.training.method, Method::Solver(Solver::LevenbergMarquardt { .. }))
    };
    let memories = trainings.iter().map(|variant| match variant.training.method {
        Method::Solver(Solver::Lbfgs { memory, .. }) => 2 * memory,
        _ => 0,
    });
    let memory = memories.max().unwrap_or(0);
    let epochs = trainings.iter().map(|variant| variant.training.epochs).max().unwrap_or(0);
    let needs = [
        (
            if trainings.iter().any(is_squares) { matrices } else { 0 },
            format!("the Jacobian of {parameters} parameters at {} points", data.points),
        ),
        (units.saturating_mul(data.points), format!("{units} units at {} points", data.points)),
        (kept, format!("the snapshots of {parameters} parameters")),
        (memory.saturating_mul(parameters), format!("{memory} remembered steps of {parameters} parameters")),
        (epochs, format!("the losses of {epochs} epochs")),
    ];
    let limit = limits.numbers;
    let Some((numbers, reason)) = needs.into_iter().find(|(numbers, _)| limit.is_exceeded(*numbers)) else {
        return;
    };
    let place = faults.place(&document.id.span, "too large to train");
    let message = format!("the model `{}` would need {reason}: more than {} numbers", model.id, limit.most);
    let diagnostic = Diagnostic::error(message, place);
    faults.push(
        diagnostic
            .help("take fewer points, smaller layers, fewer epochs, or fewer snapshots")
            .help(limit.help(numbers as u64)),
    );
}

/// From where an experiment's cases start.
#[derive(Clone, Copy)]
struct Starts<'t> {
    /// The cases of each model.
    cases: usize,
    seeds: usize,
    trainings: &'t [TrainingVariant],
}

/// Reports starts that are more numbers than allowed: they are all drawn before anything is trained. `parameters` are those of
/// all models.
fn report_too_many_starts(
    document: &Document,
    starts: Starts<'_>,
    parameters: usize,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<()> {
    let Starts { cases, seeds, trainings } = starts;
    let restarts = trainings.iter().map(|variant| variant.training.restarts).fold(0, usize::saturating_add);
    let vectors = (cases / trainings.len()).saturating_mul(restarts).saturating_mul(1 + seeds);
    let numbers = vectors.saturating_mul(parameters);
    if !limits.numbers.is_exceeded(numbers) {
        return Some(());
    }
    let place = faults.place(&document.id.span, "too many starts");
    let message =
        format!("the starts of all cases are {numbers} numbers; {} is the most", limits.numbers.most);
    let diagnostic = Diagnostic::error(message, place).help("take fewer seeds, restarts, or cases");
    faults.push(diagnostic.help(limits.numbers.help(numbers as u64)));
    None
}

impl Asked {
    /// Counts the cases and figures of a further experiment, and reports those that are more than allowed.
    fn report_too_many(
        &mut self,
        document: &Document,
        cases: usize,
        figures: Option<&[Arc<Figure>]>,
        limits: &Limits,
        faults: &mut Faults<'_>,
    ) -> Option<()> {
        let of_cases = figures.unwrap_or_default().iter().filter(|figure| !figure.figure_type.spans_cases());
        let figures = of_cases.count().saturating_mul(cases);
        for (limit, asked, more, noun) in [
            (limits.cases, &mut self.cases, cases, "cases"),
            (limits.figures, &mut self.figures, figures, "figures of cases"),
        ] {
            let total = asked.saturating_add(more);
            if limit.is_exceeded(total) {
                let place = faults.place(&document.id.span, format!("asks for {more} {noun}"));
                let message = format!("all experiments together can have {} {noun} at the most", limit.most);
                faults.push(Diagnostic::error(message, place).help(limit.help(total as u64)));
                return None;
            }
            *asked = total;
        }
        Some(())
    }
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
            if typed.case_pages.value() == Some(&false) && !figure.figure_type.spans_cases() {
                let place = faults.place(&name.span, "is drawn for every case");
                let message = format!("`{}` has no page to stand on: this experiment has no case pages", name.value);
                faults.push(
                    Diagnostic::error(message, place)
                        .help("leave it out, or let the cases have pages; the page of the experiment shows their fits anyway"),
                );
            }
            for model in models.unwrap_or_default() {
                report_unsuited(name, &figure, model, faults);
            }
            let is_searched =
                |model: &Arc<Model>| !matches!(model.model_type, ModelType::Mlp { .. });
            let reason = match figure.figure_type {
                FigureType::LossBoxes if matches!(typed.seeds, Field::Absent) => {
                    "it shows the losses of many starts, and this experiment has one: `seeds: 16` asks for more"
                }
                FigureType::Attainable if models.is_some_and(|models| !models.iter().any(is_searched)) => {
                    "it shows what can be attained, which is known of single neurons and scaled inputs only"
                }
                _ => return Some(figure),
            };
            let place = faults.place(&name.span, "nothing to show");
            let message = format!("the figure `{}` would be empty", name.value);
            faults.push(Diagnostic::error(message, place).help(reason));
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
