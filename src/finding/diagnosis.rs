//! Diagnoses: what a run itself says of how it went, each with its numbers and in a plain sentence.

use std::fmt::Write as _;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::kind::{FAR, Kind, RISEN, STUCK};
use super::units::{Duplicate, Relation, Seen};
use super::{Ending, plateau, units};
use crate::attain::Attainable;
use crate::number::significant;
use crate::plan::{Case, Points, scale};
use crate::spec::{Descent, Method, ModelType, Schedule};
use crate::train::{Loss, Outcome, Run};

/// One diagnosis of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    pub kind: Kind,
    /// A sentence or two, complete by themselves.
    pub sentence: String,
    /// The numbers behind it.
    #[serde(serialize_with = "as_map")]
    pub evidence: Vec<Evidence>,
}

/// One number, or some, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// In `snake_case`.
    pub name: &'static str,
    pub value: Value,
}

/// What evidence consists of. All numbers are finite.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Number(f64),
    Count(usize),
    Counts(Vec<usize>),
    Units(Vec<Seen>),
    Duplicates(Vec<Duplicate>),
}

fn as_map<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(evidence.len()))?;
    for Evidence { name, value } in evidence {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

impl Diagnosis {
    fn new(kind: Kind, sentence: String) -> Self {
        Self { kind, sentence, evidence: Vec::new() }
    }

    fn number(mut self, name: &'static str, value: f64) -> Self {
        // What is not finite is no number to show, and no JSON.
        if value.is_finite() {
            self.evidence.push(Evidence { name, value: Value::Number(value) });
        }
        self
    }

    fn count(mut self, name: &'static str, value: usize) -> Self {
        self.evidence.push(Evidence { name, value: Value::Count(value) });
        self
    }

    fn value(mut self, name: &'static str, value: Value) -> Self {
        self.evidence.push(Evidence { name, value });
        self
    }
}

/// No more than so many units, epochs or pairs are named in a sentence.
const NAMED: usize = 4;

/// All that a run says of itself, the gravest first, at most one of each kind. A run that was never trained says nothing.
pub fn diagnose(case: &Case, run: &Run, attainable: Option<&Attainable>) -> Vec<Diagnosis> {
    let Points { x, y } = case.samples().training;
    let scale = scale(&y);
    let ending = Ending::new(run, attainable, scale);
    let far = attainable.and_then(|attainable| far_above(run, attainable, scale));
    let dead = units::dead(case, run, &x);
    // What is as low as it can get asks for the tail that it lies in, as a step does.
    let is_at_the_least = super::ending::is_at_the_least(run, attainable, scale);
    let saturated = if is_at_the_least { Vec::new() } else { units::saturated(case, run, &x, &dead) };
    let found = [
        diverged(case, run),
        (!dead.is_empty()).then(|| self::dead(case, run, &x, dead)),
        stuck(run, &ending, far),
        risen(case, run, scale),
        (!saturated.is_empty()).then(|| self::saturated(case, &x, saturated)),
        plateau(run, scale, far, &ending),
        not_converged(case, run, &ending, &x, &y),
        duplicates(case, run, &x),
        halved(case, run),
    ];
    found.into_iter().flatten().collect()
}

fn shown(value: f64) -> String {
    significant(value, 4)
}

fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 2))
}

/// Some things in a row, as a sentence says them; of many, the first.
fn listed(words: impl ExactSizeIterator<Item = String>) -> String {
    let count = words.len();
    let mut words: Vec<String> = if count > NAMED + 1 {
        words.take(NAMED).chain([format!("{} more", count - NAMED)]).collect()
    } else {
        words.collect()
    };
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} and {last}", words.join(", ")),
        None => String::new(),
    }
}

/// The learning rate at the start; `None` where the method has none.
fn learning_rate(case: &Case) -> Option<f64> {
    match case.training.method {
        Method::Descent(descent) => Some(descent.learning_rate),
        Method::Solver(_) => None,
    }
}

fn diverged(case: &Case, run: &Run) -> Option<Diagnosis> {
    let Outcome::Diverged { epoch } = run.outcome else { return None };
    let Some(best) = &run.best else {
        let sentence = "Training diverged at once: the loss of the initial parameters is not a finite number, so there was \
                        nothing to descend from. The activation may be undefined on these data.";
        return Some(Diagnosis::new(Kind::Diverged, sentence.into()).count("epoch", epoch));
    };
    let rate = learning_rate(case);
    let cause = rate.map_or_else(String::new, |rate| {
        format!(", most likely because the learning rate {rate} is too large: each step overshot, and made the next one longer")
    });
    let sentence = format!(
        "Training diverged: the loss stopped being a finite number at epoch {epoch}{cause}. The lowest MSE before that, {}, was \
         met at epoch {}.",
        shown(best.mse),
        best.epoch
    );
    let last = run.losses.last().copied().unwrap_or(f64::NAN);
    Some(
        Diagnosis::new(Kind::Diverged, sentence)
            .count("epoch", epoch)
            .number("last_finite_mse", last)
            .number("learning_rate", rate.unwrap_or(f64::NAN)),
    )
}

/// A unit's name in a model.
fn name(case: &Case, layer: usize, unit: usize) -> String {
    match &case.model.model_type {
        ModelType::Mlp { hidden_sizes } if hidden_sizes.len() > 1 => format!("unit {unit} of layer {layer}"),
        ModelType::Mlp { .. } => format!("unit {unit}"),
        _ => "the neuron".into(),
    }
}

/// Since when, as far as the snapshots can tell.
fn since(seen: &Seen) -> String {
    match seen.not_at_epoch {
        None => format!("from epoch {}", seen.since_epoch),
        Some(before) => format!("since epoch {} at the latest, not yet at epoch {before}", seen.since_epoch),
    }
}

/// The units with what they suffer from: `The neuron is dead from epoch 0`, `2 of 8 hidden units are dead: unit 1 (…), …`.
fn subject(case: &Case, units: &[Seen], adjective: &str) -> String {
    match (&case.model.model_type, units) {
        (ModelType::SingleNeuron | ModelType::ScaledInput, [neuron, ..]) => {
            format!("The neuron is {adjective} {}", since(neuron))
        }
        (ModelType::Mlp { hidden_sizes }, _) => {
            let of = hidden_sizes.iter().sum::<usize>();
            let units_are = if units.len() == 1 { "is" } else { "are" };
            let names = units.iter().map(|unit| {
                let name = name(case, unit.layer, unit.unit);
                format!("{name} ({})", since(unit))
            });
            let noun = if of == 1 { "hidden unit" } else { "hidden units" };
            format!("{} of {of} {noun} {units_are} {adjective}: {}", units.len(), listed(names))
        }
        _ => String::new(),
    }
}

fn dead(case: &Case, run: &Run, x: &[f64], dead: Vec<Seen>) -> Diagnosis {
    let points = x.len();
    let consequence = match &case.model.model_type {
        ModelType::SingleNeuron => {
            let rest = match units::constant_output(case, run, x) {
                Some(0.0) => "and as the neuron gives 0 everywhere, only c can move".into(),
                Some(value) => {
                    format!(
                        "and as the neuron gives {} everywhere, v and c move nothing but a constant",
                        shown(value)
                    )
                }
                None => "only v and c can move".to_owned(),
            };
            format!("φ′(wx + b) = 0 at all {points} points, so that w and b get no gradient; {rest}.")
        }
        ModelType::ScaledInput => {
            format!("φ′(wx) = 0 at all {points} points, so that w gets no gradient and nothing can move.")
        }
        ModelType::Mlp { hidden_sizes } => {
            let is_whole =
                |layer: usize, size: usize| dead.iter().filter(|unit| unit.layer == layer).count() == size;
            let mut sizes = (1..).zip(hidden_sizes);
            let whole = sizes.find(|&(layer, &size)| is_whole(layer, size));
            let whole = whole.map_or_else(String::new, |(layer, _)| {
                format!(" All of layer {layer} is dead: nothing up to it gets a gradient.")
            });
            format!("φ′ = 0 at all {points} points, so that what leads in gets no gradient.{whole}")
        }
    };
    let snapshots = run.snapshots.len();
    let sentence = format!("{}. {consequence}", subject(case, &dead, "dead"));
    Diagnosis::new(Kind::DeadUnit, sentence)
        .count("points", points)
        .count("snapshots", snapshots)
        .value("units", Value::Units(dead))
}

fn saturated(case: &Case, x: &[f64], saturated: Vec<Seen>) -> Diagnosis {
    let least = saturated.iter().map(|unit| unit.share_of_points).fold(1.0, f64::min);
    let at_least = if saturated.len() > 1 { "at least " } else { "" };
    let sentence = format!(
        "{}. At {at_least}{} of the {} points φ is in a flat tail, with |φ′| below {} of its largest: the gradient of what \
         leads in is next to nothing.",
        subject(case, &saturated, "saturated"),
        percent(least),
        x.len(),
        percent(units::FLAT)
    );
    Diagnosis::new(Kind::Saturated, sentence)
        .number("share_of_points", least)
        .number("flat_below", units::FLAT)
        .count("points", x.len())
        .value("units", Value::Units(saturated))
}

/// A best of training that is far above what is attainable.
#[derive(Debug, Clone, Copy)]
struct Far {
    best: f64,
    attainable: f64,
}

fn far_above(run: &Run, attainable: &Attainable, scale: f64) -> Option<Far> {
    let best = run.best.as_ref()?.mse;
    let far = best > STUCK * attainable.upper && best - attainable.upper > FAR * scale;
    far.then_some(Far { best, attainable: attainable.upper })
}

/// What is attainable, and how much less that is.
fn compared(far: Far) -> String {
    let factor = far.best / far.attainable;
    // Beyond that, what is attainable is nothing but rounding.
    if factor.is_finite() && factor < 1e6 {
        format!("{} times the attainable {}", significant(factor, 3), shown(far.attainable))
    } else {
        "though the target can be met".into()
    }
}

fn stuck(run: &Run, ending: &Ending, far: Option<Far>) -> Option<Diagnosis> {
    let far = far.filter(|_| ending.is_at_rest())?;
    let sentence = format!(
        "Stuck far above what is attainable: the loss all but came to rest at {}, {}.",
        shown(far.best),
        compared(far)
    );
    let epoch = run.best.as_ref().map_or(0, |best| best.epoch);
    Some(
        Diagnosis::new(Kind::Stuck, sentence)
            .number("best_mse", far.best)
            .count("best_epoch", epoch)
            .number("attainable_upper", far.attainable)
            .number("factor", far.best / far.attainable),
    )
}

fn risen(case: &Case, run: &Run, scale: f64) -> Option<Diagnosis> {
    let best = run.best.as_ref().filter(|_| !run.is_diverged())?;
    let last = run.losses.last().copied()?;
    if last <= RISEN * best.mse || last - best.mse <= FAR * scale {
        return None;
    }
    let rate = learning_rate(case);
    let cause = rate.map_or_else(String::new, |rate| {
        format!(", most likely because the learning rate {rate} is too large to stay there")
    });
    let sentence = format!(
        "The loss rose again: it had met {} at epoch {}, and ended at {}{cause}. Figures and ranks are of the lowest.",
        shown(best.mse),
        best.epoch,
        shown(last)
    );
    Some(
        Diagnosis::new(Kind::Risen, sentence)
            .number("best_mse", best.mse)
            .count("best_epoch", best.epoch)
            .number("final_mse", last)
            .number("learning_rate", rate.unwrap_or(f64::NAN)),
    )
}

fn plateau(run: &Run, scale: f64, far: Option<Far>, ending: &Ending) -> Option<Diagnosis> {
    let may_end_on_it = far.is_some() && *ending != Ending::Diverged;
    let found = plateau::plateau(&run.losses, scale, may_end_on_it)?;
    let after = match (found.then, far) {
        (Some(then), _) => format!("Then it fell on, to {}.", shown(then)),
        // Where it is stuck, that is said already.
        (None, Some(far)) if !ending.is_at_rest() => format!("Training ended on it, at {}.", compared(far)),
        (None, _) => "Training ended on it.".into(),
    };
    let sentence = format!(
        "Plateau: from epoch {} to {} the lowest loss so far fell by only {}, from {} to {}. {after}",
        found.first,
        found.last,
        percent(1.0 - found.to / found.from),
        shown(found.from),
        shown(found.to)
    );
    let diagnosis = Diagnosis::new(Kind::Plateau, sentence)
        .count("first_epoch", found.first)
        .count("last_epoch", found.last)
        .number("mse_at_first", found.from)
        .number("mse_at_last", found.to);
    Some(match found.then {
        Some(then) => diagnosis.number("lowest_mse_after", then),
        None => diagnosis,
    })
}

fn not_converged(case: &Case, run: &Run, ending: &Ending, x: &[f64], y: &[f64]) -> Option<Diagnosis> {
    let norm = gradient_norm(case, run, x, y);
    let gradient = norm.map_or_else(String::new, |norm| {
        format!(" The gradient’s norm at the end is {}.", significant(norm, 3))
    });
    match *ending {
        Ending::Falling { over, from, to } => {
            let per_epoch = super::ending::per_epoch(over, from, to);
            let sentence = format!(
                "Not converged: over the last {over} epochs the loss still fell by {} per epoch, {} in all, to {}. More \
                 epochs might find less.{gradient}",
                significant(per_epoch, 3),
                percent(1.0 - to / from),
                shown(to)
            );
            let diagnosis = Diagnosis::new(Kind::NotConverged, sentence)
                .count("over_last_epochs", over)
                .number("mse_before", from)
                .number("mse_at_end", to)
                .number("fall_per_epoch", per_epoch);
            Some(diagnosis.number("gradient_norm", norm.unwrap_or(f64::NAN)))
        }
        Ending::Restless { over, low, high } => {
            let best = run.best.as_ref()?;
            let sentence = format!(
                "Not converged: the loss does not come to rest. Over the last {over} epochs it moved between {} and {}; the \
                 lowest, {}, was met at epoch {}.{gradient}",
                shown(low),
                shown(high),
                shown(best.mse),
                best.epoch
            );
            let diagnosis = Diagnosis::new(Kind::NotConverged, sentence)
                .count("over_last_epochs", over)
                .number("lowest_of_these", low)
                .number("highest_of_these", high);
            Some(diagnosis.number("gradient_norm", norm.unwrap_or(f64::NAN)))
        }
        _ => None,
    }
}

/// ‖∂loss/∂θ‖ at the last snapshot, after the last step.
fn gradient_norm(case: &Case, run: &Run, x: &[f64], y: &[f64]) -> Option<f64> {
    let parameters = &run.snapshots.last()?.parameters;
    if parameters.len() != case.model.model_type.parameter_count() {
        return None;
    }
    let mut gradient = vec![0.0; parameters.len()];
    let function = &case.activation.function;
    Loss::new(&case.model.model_type, function, x, y).gradient(parameters, &mut gradient);
    let norm = gradient.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    norm.is_finite().then_some(norm)
}

fn duplicates(case: &Case, run: &Run, x: &[f64]) -> Option<Diagnosis> {
    let found = units::duplicates(case, run, x);
    let first = found.first()?;
    let pair = |pair: &Duplicate| {
        let layer = match &case.model.model_type {
            ModelType::Mlp { hidden_sizes } if hidden_sizes.len() > 1 => format!(" of layer {}", pair.layer),
            _ => String::new(),
        };
        let weights = if pair.has_such_weights { ", as do their incoming weights" } else { "" };
        let what = match pair.relation {
            Relation::Same => "agree",
            Relation::Mirrored => "mirror each other",
        };
        format!(
            "units {} and {}{layer} {what} to within {}{weights}",
            pair.first,
            pair.second,
            percent(pair.difference)
        )
    };
    let when = if found.iter().all(|pair| pair.is_from_start) {
        " They did so from the start: what is alike gets a like gradient."
    } else {
        ""
    };
    let pairs = listed(found.iter().map(pair));
    let mut sentence = pairs.replacen("units", "Units", 1);
    let them = if found.len() == 1 { "one of them" } else { "one of each pair" };
    // Writing to a string cannot fail.
    let _ = write!(sentence, " on all data: {them} would do.{when}");
    let smallest = found.iter().map(|pair| pair.difference).fold(first.difference, f64::min);
    Some(
        Diagnosis::new(Kind::DuplicateUnits, sentence)
            .count("pairs", found.len())
            .number("smallest_difference", smallest)
            .value("units", Value::Duplicates(found)),
    )
}

fn halved(case: &Case, run: &Run) -> Option<Diagnosis> {
    let first = *run.halvings.first()?;
    let rate = learning_rate(case)?;
    let minimum = match case.training.method {
        Method::Descent(Descent { schedule: Schedule::HalveOnRise { minimum, .. }, .. }) => minimum,
        _ => 0.0,
    };
    let last = run.halvings.iter().fold(rate, |rate, _| (rate * 0.5).max(minimum).min(rate));
    let epochs = listed(run.halvings.iter().map(usize::to_string));
    let when = match run.halvings.len() {
        1 => format!("once, after epoch {first}"),
        times => format!("{times} times, after epochs {epochs}"),
    };
    let sentence = format!(
        "The learning rate was halved {when}, since the loss had risen: from {rate} to {}.",
        significant(last, 4)
    );
    Some(
        Diagnosis::new(Kind::LearningRateHalved, sentence)
            .count("times", run.halvings.len())
            .value("after_epochs", Value::Counts(run.halvings.clone()))
            .number("learning_rate_at_end", last),
    )
}

impl Value {
    /// As pages show it.
    pub fn text(&self) -> String {
        match self {
            Self::Number(value) => shown(*value),
            Self::Count(value) => value.to_string(),
            Self::Counts(values) => listed(values.iter().map(usize::to_string)),
            Self::Units(units) => listed(units.iter().map(|unit| {
                format!("unit {} of layer {}, since epoch {}", unit.unit, unit.layer, unit.since_epoch)
            })),
            Self::Duplicates(pairs) => listed(
                pairs
                    .iter()
                    .map(|pair| format!("layer {} units {} and {}", pair.layer, pair.first, pair.second)),
            ),
        }
    }
}
