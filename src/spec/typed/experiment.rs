//! Experiments as typed: what to train on what, from which start, and how.

use serde_json::json;

use super::super::decode::{
    Decode, Faults, Field, Located, OneOrMany, Schema, fields, mismatch, names, report_duplicates,
    unknown_key,
};
use super::super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::Stream;

fields! {
    /// An experiment: a matrix of cases.
    Experiment, "an experiment" {
        required {
            /// The target, or a list of them.
            target: OneOrMany<String>,
            /// The activation, or a list of them.
            activation: OneOrMany<String>,
            /// How to train; any field may be a list.
            training: Training,
        }
        optional {
            /// The model, or a list of them.
            model: OneOrMany<String> = "single_neuron",
            /// Its name on pages; the id without one.
            title: String,
            /// Markdown for its page.
            description: String,
            /// Where the data lie.
            data: Data,
            /// Where the initial parameters come from.
            init: Located<Init>,
            /// Train every case from so many starts, or from those of these seeds, and say how sure the result is.
            seeds: Located<Seeds>,
            /// A start succeeds if its loss is above the attainable one by no more than this share of it.
            success_within: Located<f64> = 0.05,
            /// Whether every case has a page; without, one page shows them all.
            case_pages: bool = true,
            /// Where to look for the least loss that can be reached, and how closely.
            attainable: Attainable,
            /// The figures to draw, by id.
            figures: Vec<Located<String>>,
        }
    }
}

/// The starts of every case: how many, or by which seeds.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) enum Seeds {
    Count(u64),
    List(Vec<Located<u64>>),
}

impl Decode for Seeds {
    fn expected() -> String {
        "a number of seeds, or a list of them".into()
    }

    fn schema() -> Schema {
        let one = u64::schema();
        json!({ "anyOf": [{ "type": "integer", "minimum": 2 }, { "type": "array", "items": one, "minItems": 2 }] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Sequence(_) => Vec::decode(node, faults).map(Self::List),
            Value::Integer(_) => u64::decode(node, faults).map(Self::Count),
            _ => mismatch(node, faults),
        }
    }
}

fields! {
    /// The search for the least loss that a single neuron or a scaled input can have.
    Attainable, "a search for the attainable loss" {
        optional {
            /// The least and the largest w.
            w: Located<(Located<f64>, Located<f64>)> = [-8, 8],
            /// The least and the largest b.
            b: Located<(Located<f64>, Located<f64>)> = [-8, 8],
            /// The gap between what is reached and what is certified at which to stop, as a share of the loss.
            gap: Located<f64> = 0.001,
            /// The most boxes of (w, b) to bound; 0 for no search.
            budget: Located<u64> = 60_000,
        }
    }
}

names!(Stream, "a stream", ["shared" => Self::Shared, "per_case" => Self::PerCase]);

fields! {
    /// Equally spaced, noise-free data.
    Data, "data" {
        optional {
            /// The first and the last point.
            domain: Located<(Located<f64>, Located<f64>)> = [-2.5, 2.5],
            /// How many points, from 2 to 100,000.
            points: Located<u64> = 200,
        }
    }
}

/// The names of the distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum DistributionName {
    Normal,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
}

names!(DistributionName, "a distribution", [
    "normal" => Self::Normal,
    "glorot_normal" => Self::GlorotNormal,
    "glorot_uniform" => Self::GlorotUniform,
    "he_normal" => Self::HeNormal,
    "he_uniform" => Self::HeUniform,
]);

/// The names of the generators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Generator {
    Numpy,
}

names!(Generator, "a generator", ["numpy" => Self::Numpy]);

/// A tensor's name and its entries, row by row.
pub(in crate::spec) type GivenTensor = (Located<String>, Located<Vec<Located<f64>>>);

/// Initial parameters: drawn, or given one by one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) enum Init {
    Random(Box<RandomInit>),
    /// By the name of the parameter or tensor; a tensor's entries row by row.
    Explicit(Vec<GivenTensor>),
}

fields! {
    /// Initial parameters that are drawn.
    RandomInit, "an initialisation" {
        optional {
            /// `normal`, `glorot_normal`, `glorot_uniform`, `he_normal` or `he_uniform`. Without it, `normal`; for MLPs
            /// alone `glorot_normal`, unless `mean` or `std` is given.
            distribution: DistributionName,
            /// The mean of `normal`.
            mean: Located<f64> = 0.0,
            /// The standard deviation of `normal`.
            std: Located<f64> = 0.5,
            /// The seed of the generator.
            seed: u64 = 0,
            /// `numpy`: the draws of numpy's `default_rng`.
            generator: Generator = "numpy",
            /// `shared`: one stream for all cases, in order; `per_case`: each case its own.
            stream: Stream = "per_case",
        }
    }
}

const RANDOM_INIT_FIELDS: [&str; 6] = ["distribution", "mean", "std", "seed", "generator", "stream"];

impl Decode for Init {
    fn expected() -> String {
        "an initialisation: a distribution with a seed, or a value for every parameter".into()
    }

    fn schema() -> Schema {
        let number = json!({ "type": "number" });
        let list = |items: &Schema| json!({ "type": "array", "items": items });
        let row = list(&number);
        let explicit = json!({
            "type": "object",
            "description": "The value of every parameter; a tensor's entries row by row.",
            "propertyNames": { "pattern": "^.{1,3}$", "not": { "enum": RANDOM_INIT_FIELDS } },
            "minProperties": 1,
            "additionalProperties": { "anyOf": [number, row, list(&row)] },
        });
        json!({ "anyOf": [RandomInit::schema(), explicit] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else { return mismatch(node, faults) };
        // One field that only a distribution has decides; a mapping with neither is taken as parameters only where every
        // name could be one, so that a mistyped `distribution` is reported as what it is.
        let is_random = |entry: &Entry| RANDOM_INIT_FIELDS.contains(&entry.key.as_str());
        let resembles_random =
            |entry: &Entry| entry.key.len() > 3 && nearest(&entry.key, RANDOM_INIT_FIELDS).is_some();
        if entries.is_empty() || entries.iter().any(|entry| is_random(entry) || resembles_random(entry)) {
            if let Some(stray) = entries.iter().find(|entry| is_parameter_name(&entry.key)) {
                let known = RANDOM_INIT_FIELDS;
                let diagnostic = unknown_key(stray, "a random initialisation", known, faults);
                faults.push(
                    diagnostic.help("either give every parameter its value, or a distribution to draw from"),
                );
                return None;
            }
            return Some(Self::Random(Box::new(RandomInit::decode(node, faults)?)));
        }
        report_duplicates(entries, faults);
        let decoded: Vec<Option<_>> = entries
            .iter()
            .map(|entry| {
                let name = Located { value: entry.key.clone(), span: entry.key_span.clone() };
                let mut numbers = Vec::new();
                flatten(&entry.value, &mut numbers, faults)?;
                Some((name, Located { value: numbers, span: entry.value.span.clone() }))
            })
            .collect();
        decoded.into_iter().collect::<Option<Vec<_>>>().map(Self::Explicit)
    }
}

fn is_parameter_name(name: &str) -> bool {
    name.len() <= 3 && !RANDOM_INIT_FIELDS.contains(&name)
}

/// A number, or lists of them to any depth, row by row.
fn flatten(node: &Node, numbers: &mut Vec<Located<f64>>, faults: &mut Faults<'_>) -> Option<()> {
    match &node.value {
        Value::Sequence(items) => items.iter().try_for_each(|item| flatten(item, numbers, faults)),
        _ => {
            numbers.push(Located::decode(node, faults)?);
            Some(())
        }
    }
}

fields! {
    /// How to train: full-batch gradient steps on the mean squared error.
    Training, "a training" {
        required {
            /// The factor of every step.
            learning_rate: OneOrMany<f64>,
            /// How many steps.
            epochs: OneOrMany<u64>,
        }
        optional {
            /// `gradient_descent`, `momentum` or `adam`, or a mapping with `type` and its settings.
            optimizer: OneOrMany<Optimizer> = "gradient_descent",
            /// A snapshot (a frame of the animations) every so many epochs; a fortieth of the epochs without it.
            snapshot_every: OneOrMany<u64>,
            /// How the learning rate changes: `constant`, or `{type: halve_on_rise, every: 250}`.
            schedule: OneOrMany<Schedule> = "constant",
        }
    }
}

/// The update rule, with its numbers where they differ from the usual.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) struct Optimizer {
    pub(in crate::spec) name: OptimizerName,
    pub(in crate::spec) settings: OptimizerSettings,
}

/// The names of the optimizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum OptimizerName {
    GradientDescent,
    Momentum,
    Adam,
}

names!(OptimizerName, "an optimizer", [
    "gradient_descent" => Self::GradientDescent,
    "momentum" => Self::Momentum,
    "adam" => Self::Adam,
]);

fields! {
    /// An optimizer written as a mapping.
    OptimizerSettings, "an optimizer" {
        required {
            /// `gradient_descent`, `momentum` or `adam`.
            r#type: OptimizerName,
        }
        optional {
            /// The share of the last step that `momentum` keeps.
            momentum: Located<f64> = 0.9,
            /// Adam's decay of the mean gradient.
            beta1: Located<f64> = 0.9,
            /// Adam's decay of the mean squared gradient.
            beta2: Located<f64> = 0.999,
            /// Adam's guard against division by zero.
            epsilon: Located<f64> = 1e-8,
        }
    }
}

impl Decode for Optimizer {
    fn expected() -> String {
        format!("{}, or a mapping with `type` and its settings", OptimizerName::expected())
    }

    fn schema() -> Schema {
        json!({ "anyOf": [OptimizerName::schema(), OptimizerSettings::schema()] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            let settings = OptimizerSettings::decode(node, faults)?;
            return Some(Self { name: settings.r#type, settings });
        }
        let name = OptimizerName::decode(node, faults)?;
        let settings = OptimizerSettings {
            r#type: name,
            momentum: Field::Absent,
            beta1: Field::Absent,
            beta2: Field::Absent,
            epsilon: Field::Absent,
        };
        Some(Self { name, settings })
    }
}

/// How the learning rate changes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) enum Schedule {
    Constant,
    HalveOnRise(HalveOnRise),
}

/// The names of the schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum ScheduleName {
    Constant,
    HalveOnRise,
}

names!(ScheduleName, "a schedule", [
    "constant" => Self::Constant,
    "halve_on_rise" => Self::HalveOnRise,
]);

fields! {
    /// The learning rate is halved when the mean loss has risen.
    HalveOnRise, "a halve_on_rise schedule" {
        required {
            /// `halve_on_rise`.
            r#type: ScheduleName,
            /// How many epochs between two looks at the losses.
            every: Located<u64>,
        }
        optional {
            /// How many losses make a mean.
            window: Located<u64> = 50,
            /// The learning rate never falls below it.
            minimum: Located<f64> = 0.0,
        }
    }
}

fields! {
    /// A schedule that has no settings.
    ConstantSchedule, "a constant schedule" {
        required {
            /// `constant`.
            r#type: ScheduleName,
        }
    }
}

impl Decode for Schedule {
    fn expected() -> String {
        format!("{}, or a mapping with `type` and its settings", ScheduleName::expected())
    }

    fn schema() -> Schema {
        let (mut halving, mut constant) = (HalveOnRise::schema(), ConstantSchedule::schema());
        halving["properties"]["type"]["enum"] = json!(["halve_on_rise"]);
        constant["properties"]["type"]["enum"] = json!(["constant"]);
        json!({ "anyOf": [{ "const": "constant" }, halving, constant] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            return match ScheduleName::decode(node, faults)? {
                ScheduleName::Constant => Some(Self::Constant),
                ScheduleName::HalveOnRise => {
                    let place = faults.place(&node.span, "needs its settings");
                    let diagnostic =
                        Diagnostic::error("`halve_on_rise` needs to know how often to look", place);
                    faults.push(
                        diagnostic
                            .help("write {type: halve_on_rise, every: 250, window: 50, minimum: 1.0e-5}"),
                    );
                    None
                }
            };
        };
        match entries.iter().find(|entry| entry.key == "type") {
            Some(entry) if ScheduleName::decode(&entry.value, faults)? == ScheduleName::HalveOnRise => {
                HalveOnRise::decode(node, faults).map(Self::HalveOnRise)
            }
            _ => ConstantSchedule::decode(node, faults).map(|_| Self::Constant),
        }
    }
}
