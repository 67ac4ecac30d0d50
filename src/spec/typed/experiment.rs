//! Experiments as typed: what to train on what, from which start, and how.

use serde_json::json;

use super::super::decode::{
    Decode, Faults, Field, Located, OneOrMany, Schema, fields, mismatch, names, report_duplicates,
    unknown_key,
};
use super::super::yaml::{Entry, Node, Value};
use super::training::Training;
use crate::diagnostic::nearest;
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
            training: Located<Training>,
        }
        optional {
            /// The model, or a list of them.
            model: OneOrMany<String> = "single_neuron",
            /// Its name on pages; the id without one.
            title: String,
            /// Markdown for its page.
            description: String,
            /// The day on which it was written, `2026-01-31`; those with one stand in the site's feed.
            date: Located<String>,
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

names!(Stream, "a stream", ["shared" => Self::Shared, "common" => Self::Common, "per_case" => Self::PerCase]);

fields! {
    /// Equally spaced points on the target.
    Data, "data" {
        optional {
            /// The first and the last point.
            domain: Located<(Located<f64>, Located<f64>)> = [-2.5, 2.5],
            /// How many points, from 2 to 100,000.
            points: Located<u64> = 200,
            /// Normal draws to add to y: `{std: 0.3, seed: 1}`; without it the points lie on the target.
            noise: Noise,
            /// The share of the points to hold out, spread evenly; drawn where it is `{fraction: 0.2, seed: 1}`.
            validation: Validation,
        }
    }
}

fields! {
    /// Normal draws that are added to y, those of numpy's `default_rng`.
    Noise, "noise" {
        required {
            /// The standard deviation of the draws.
            std: Located<f64>,
        }
        optional {
            /// The seed of the generator.
            seed: u64 = 0,
        }
    }
}

fields! {
    /// Points to hold out, written as a mapping.
    HeldOut, "a validation split" {
        required {
            /// The share of the points that is held out.
            fraction: Located<f64>,
        }
        optional {
            /// Which points: those that numpy's `default_rng` of this seed draws. Without it, they are spread evenly.
            seed: u64,
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
            /// `per_case`: each case draws from a stream of its own; `common`: all cases start from the same draws; `shared`:
            /// they draw one after the other from one stream.
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
                let known = &RANDOM_INIT_FIELDS;
                let diagnostic = unknown_key(stray, "a random initialisation", known, None, faults);
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

/// A share of the points to hold out: a number, or a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) struct Validation {
    pub(in crate::spec) fraction: Located<f64>,
    pub(in crate::spec) seed: Field<u64>,
}

impl Decode for Validation {
    fn expected() -> String {
        "a share of the points, or a mapping with `fraction` and `seed`".into()
    }

    fn schema() -> Schema {
        json!({ "anyOf": [f64::schema(), HeldOut::schema()] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Mapping(_) => {
                let HeldOut { fraction, seed } = HeldOut::decode(node, faults)?;
                Some(Self { fraction, seed })
            }
            Value::Integer(_) | Value::Number(_) => {
                Some(Self { fraction: Located::decode(node, faults)?, seed: Field::Absent })
            }
            _ => mismatch(node, faults),
        }
    }
}
