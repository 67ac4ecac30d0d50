//! Trainings as typed: the optimizer, its schedule and batches, and for how long.

use serde_json::json;

use super::super::decode::{Decode, Faults, Field, Located, OneOrMany, Schema, fields, names};
use super::super::yaml::{Node, Value};
use crate::diagnostic::Diagnostic;

fields! {
    /// How to train: steps that make the mean squared error smaller.
    Training, "a training" {
        required {
            /// For how many epochs at the most.
            epochs: OneOrMany<u64>,
        }
        optional {
            /// The factor of every step. `lbfgs` and `levenberg_marquardt` have none, the other optimizers need it, here or
            /// as a setting of their own.
            learning_rate: OneOrMany<f64>,
            /// `gradient_descent`, `momentum`, `nesterov`, `rmsprop`, `adam`, `adamw`, `lbfgs` or `levenberg_marquardt`, or a
            /// mapping with `type` and its settings.
            optimizer: OneOrMany<Optimizer> = "gradient_descent",
            /// A snapshot (a frame of the animations) every so many epochs; a fortieth of the epochs without it.
            snapshot_every: OneOrMany<u64>,
            /// How the learning rate changes: `constant`, `cosine`, `{type: step, every: 200, factor: 0.5}` or
            /// `{type: halve_on_rise, every: 250}`.
            schedule: OneOrMany<Schedule> = "constant",
            /// How many points make a step; an epoch is then a pass over batches of shuffled points. All of them without it.
            batch_size: OneOrMany<u64>,
            /// The seed of the shuffling: numpy's `default_rng`.
            shuffle_seed: OneOrMany<u64> = 0,
            /// How many initialisations are trained; the run with the lowest loss is kept.
            restarts: OneOrMany<u64> = 1,
        }
    }
}

/// The optimizer, with its numbers where they differ from the usual.
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
    Nesterov,
    Rmsprop,
    Adam,
    Adamw,
    Lbfgs,
    LevenbergMarquardt,
}

names!(OptimizerName, "an optimizer", [
    "gradient_descent" => Self::GradientDescent,
    "momentum" => Self::Momentum,
    "nesterov" => Self::Nesterov,
    "rmsprop" => Self::Rmsprop,
    "adam" => Self::Adam,
    "adamw" => Self::Adamw,
    "lbfgs" => Self::Lbfgs,
    "levenberg_marquardt" => Self::LevenbergMarquardt,
]);

fields! {
    /// An optimizer written as a mapping.
    OptimizerSettings, "an optimizer" {
        required {
            /// The optimizer's name.
            r#type: OptimizerName,
        }
        optional {
            /// Its own learning rate, in the place of the training's.
            learning_rate: Located<f64>,
            /// The share of the last step that `momentum` and `nesterov` keep.
            momentum: Located<f64> = 0.9,
            /// RMSProp's decay of the mean squared gradient.
            alpha: Located<f64> = 0.99,
            /// Adam's and AdamW's decay of the mean gradient.
            beta1: Located<f64> = 0.9,
            /// Adam's and AdamW's decay of the mean squared gradient.
            beta2: Located<f64> = 0.999,
            /// The guard of `rmsprop`, `adam` and `adamw` against division by zero.
            epsilon: Located<f64> = 1e-8,
            /// The share of the parameters that AdamW takes away in every step, times the learning rate.
            weight_decay: Located<f64> = 0.01,
            /// How many of the last steps L-BFGS remembers.
            memory: Located<u64> = 10,
            /// The first damping of Levenberg–Marquardt, as a share of the largest diagonal entry of the normal equations.
            damping: Located<f64> = 1e-3,
            /// `lbfgs` and `levenberg_marquardt` have converged where no entry of the gradient is larger.
            tolerance: Located<f64> = 1e-10,
        }
    }
}

impl OptimizerSettings {
    /// An optimizer of which nothing but the name is given.
    pub(in crate::spec) fn of(name: OptimizerName) -> Self {
        Self {
            r#type: name,
            learning_rate: Field::Absent,
            momentum: Field::Absent,
            alpha: Field::Absent,
            beta1: Field::Absent,
            beta2: Field::Absent,
            epsilon: Field::Absent,
            weight_decay: Field::Absent,
            memory: Field::Absent,
            damping: Field::Absent,
            tolerance: Field::Absent,
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
        Some(Self { name, settings: OptimizerSettings::of(name) })
    }
}

/// How the learning rate changes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) enum Schedule {
    Constant,
    Step(StepSchedule),
    /// Its minimum.
    Cosine(Field<Located<f64>>),
    HalveOnRise(HalveOnRise),
}

/// The names of the schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum ScheduleName {
    Constant,
    Step,
    Cosine,
    HalveOnRise,
}

names!(ScheduleName, "a schedule", [
    "constant" => Self::Constant,
    "step" => Self::Step,
    "cosine" => Self::Cosine,
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
    /// The learning rate falls in steps.
    StepSchedule, "a step schedule" {
        required {
            /// The name `step`.
            r#type: ScheduleName,
            /// How many epochs between two steps.
            every: Located<u64>,
            /// What the learning rate is multiplied by at each of them.
            factor: Located<f64>,
        }
    }
}

fields! {
    /// The learning rate falls along half a wave of the cosine, until the last epoch.
    CosineSchedule, "a cosine schedule" {
        required {
            /// The name `cosine`.
            r#type: ScheduleName,
        }
        optional {
            /// Where the learning rate ends.
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

/// Reports a schedule that is named without what it needs.
fn needs_settings(node: &Node, message: &str, example: &str, faults: &mut Faults<'_>) -> Option<Schedule> {
    let place = faults.place(&node.span, "needs its settings");
    faults.push(Diagnostic::error(message, place).help(format!("write {example}")));
    None
}

impl Decode for Schedule {
    fn expected() -> String {
        format!("{}, or a mapping with `type` and its settings", ScheduleName::expected())
    }

    fn schema() -> Schema {
        let named = |mut schema: Schema, name: &str| {
            schema["properties"]["type"]["enum"] = json!([name]);
            schema
        };
        json!({ "anyOf": [
            { "enum": ["constant", "cosine"] },
            named(HalveOnRise::schema(), "halve_on_rise"),
            named(StepSchedule::schema(), "step"),
            named(CosineSchedule::schema(), "cosine"),
            named(ConstantSchedule::schema(), "constant"),
        ] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            return match ScheduleName::decode(node, faults)? {
                ScheduleName::Constant => Some(Self::Constant),
                ScheduleName::Cosine => Some(Self::Cosine(Field::Absent)),
                ScheduleName::Step => needs_settings(
                    node,
                    "`step` needs to know when and how far to fall",
                    "{type: step, every: 200, factor: 0.5}",
                    faults,
                ),
                ScheduleName::HalveOnRise => needs_settings(
                    node,
                    "`halve_on_rise` needs to know how often to look",
                    "{type: halve_on_rise, every: 250, window: 50, minimum: 1.0e-5}",
                    faults,
                ),
            };
        };
        let name = match entries.iter().find(|entry| entry.key == "type") {
            Some(entry) => ScheduleName::decode(&entry.value, faults)?,
            // What the mapping lacks is reported there.
            None => ScheduleName::Constant,
        };
        match name {
            ScheduleName::Constant => ConstantSchedule::decode(node, faults).map(|_| Self::Constant),
            ScheduleName::Step => StepSchedule::decode(node, faults).map(Self::Step),
            ScheduleName::Cosine => {
                CosineSchedule::decode(node, faults).map(|cosine| Self::Cosine(cosine.minimum))
            }
            ScheduleName::HalveOnRise => HalveOnRise::decode(node, faults).map(Self::HalveOnRise),
        }
    }
}
