//! What the snapshots show of a model's hidden units: dead, saturated, or one like another.

use serde::Serialize;

use crate::function::Function;
use crate::plan::Case;
use crate::spec::ModelType;
use crate::train::{Run, Snapshot, Unit, hidden_units};

/// A unit, and since when it is as it is. Parameters are known at snapshots only: it was so at each from `since_epoch` to the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Seen {
    /// Both counted from 1.
    pub layer: usize,
    pub unit: usize,
    pub since_epoch: usize,
    /// The snapshot before that, at which it was not so; `None` where it was so from the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_at_epoch: Option<usize>,
    /// The share of the data at which it is so at the last snapshot.
    pub share_of_points: f64,
}

/// Two units of a layer that give the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Duplicate {
    /// All counted from 1.
    pub layer: usize,
    pub first: usize,
    pub second: usize,
    pub relation: Relation,
    /// The norm of the difference of their outputs (for mirrored ones: of the sum), each less its mean, as a share of the larger
    /// of theirs.
    pub difference: f64,
    /// Whether their incoming weights are the same or mirrored too, and not their outputs alone.
    pub has_such_weights: bool,
    /// Whether it was so at every snapshot.
    pub is_from_start: bool,
}

/// How two units are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Their outputs differ by a constant at most, which the next bias makes good.
    Same,
    /// So do one's and the other's times −1.
    Mirrored,
}

/// A slope below this share of the activation's largest is flat.
pub(super) const FLAT: f64 = 0.01;
/// The largest slope counts as no more than the identity's: of a slope without a bound (exp, x²), every other would be a tiny share.
const STEEPEST: f64 = 1.0;
/// A unit that is in a flat tail at this share of the data has next to no gradient left.
pub(super) const NEARLY_ALL: f64 = 0.95;
/// Outputs that differ by less than this share of how much they vary are the same to the eye.
pub(super) const SAME_OUTPUT: f64 = 0.01;
/// Incoming weights that differ by less than this share of their norm are the same.
const SAME_WEIGHTS: f64 = 1e-3;
/// A unit that varies by less than this share of its size is a constant.
const CONSTANT: f64 = 1e-9;

fn units_at(case: &Case, snapshot: &Snapshot, x: &[f64]) -> Vec<Vec<Unit>> {
    hidden_units(&case.model.model_type, &case.activation.function, &snapshot.parameters, x)
}

/// The units that are so at the last snapshot, and since when; `share` is the share of the data at which a unit is.
fn seen(
    case: &Case,
    run: &Run,
    x: &[f64],
    share: impl Fn(&Unit) -> f64,
    enough: f64,
    is_asked: impl Fn(usize, usize) -> bool,
) -> Vec<Seen> {
    let mut snapshots = run.snapshots.iter().rev();
    let Some(last) = snapshots.next() else { return Vec::new() };
    let mut found: Vec<Seen> = Vec::new();
    for (layer, units) in (1..).zip(units_at(case, last, x)) {
        for (unit, values) in (1..).zip(&units) {
            let share_of_points = share(values);
            if share_of_points >= enough && is_asked(layer, unit) {
                let since_epoch = last.epoch;
                found.push(Seen { layer, unit, since_epoch, not_at_epoch: None, share_of_points });
            }
        }
    }
    for snapshot in snapshots {
        if found.iter().all(|seen| seen.not_at_epoch.is_some()) {
            break;
        }
        let layers = units_at(case, snapshot, x);
        for seen in found.iter_mut().filter(|seen| seen.not_at_epoch.is_none()) {
            let unit = layers.get(seen.layer - 1).and_then(|units| units.get(seen.unit - 1));
            if unit.is_some_and(|unit| share(unit) >= enough) {
                seen.since_epoch = snapshot.epoch;
            } else {
                seen.not_at_epoch = Some(snapshot.epoch);
            }
        }
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn share_of(count: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

/// The units whose slope is 0 on all data. An undefined slope is not 0.
pub(super) fn dead(case: &Case, run: &Run, x: &[f64]) -> Vec<Seen> {
    let share =
        |unit: &Unit| share_of(unit.slope.iter().filter(|slope| **slope == 0.0).count(), unit.slope.len());
    seen(case, run, x, share, 1.0, |_, _| true)
}

/// The units that are in a flat tail at nearly all data, those that are dead apart.
pub(super) fn saturated(case: &Case, run: &Run, x: &[f64], dead: &[Seen]) -> Vec<Seen> {
    let Some(tails) = Tails::of(&case.activation.function) else { return Vec::new() };
    let share = |unit: &Unit| share_of(unit.z.iter().filter(|z| tails.hold(**z)).count(), unit.z.len());
    let is_alive =
        |layer: usize, unit: usize| !dead.iter().any(|dead| (dead.layer, dead.unit) == (layer, unit));
    seen(case, run, x, share, NEARLY_ALL, is_alive)
}

/// What the neuron gives at all data at the last snapshot, where that is one number.
pub(super) fn constant_output(case: &Case, run: &Run, x: &[f64]) -> Option<f64> {
    let layers = units_at(case, run.snapshots.last()?, x);
    let output = &layers.first()?.first()?.output;
    let first = *output.first()?;
    output.iter().all(|value| *value == first).then_some(first)
}

/// Where an activation is flat from some place on, outwards. Flatness in between, as at the bottom of a parabola, is no
/// saturation: from there a unit gets away.
struct Tails {
    /// Flat below; −∞ without such a tail.
    low: f64,
    /// Flat above; ∞ without such a tail.
    high: f64,
}

impl Tails {
    /// `None` where there is no tail, or no slope to compare with. Looks at the slope at places up to ±1000, which get farther apart
    /// outwards; what is flat must be so at all of them from some place on.
    fn of(function: &Function) -> Option<Self> {
        let places = places();
        let (mut value, mut slope) = (vec![0.0; places.len()], vec![0.0; places.len()]);
        function.values_and_derivatives(&places, &mut value, &mut slope);
        let finite = slope.iter().map(|slope| slope.abs()).filter(|slope| slope.is_finite());
        let largest = finite.fold(0.0, f64::max).min(STEEPEST);
        let is_steep = |slope: &f64| slope.is_nan() || slope.abs() >= FLAT * largest;
        let first = slope.iter().position(is_steep)?;
        let last = slope.iter().rposition(is_steep)?;
        // The tail begins at the first place that was seen to be flat, and not before.
        let low = first.checked_sub(1).map_or(f64::NEG_INFINITY, |at| places[at]);
        let high = places.get(last + 1).copied().unwrap_or(f64::INFINITY);
        (largest > 0.0 && (low.is_finite() || high.is_finite())).then_some(Self { low, high })
    }

    fn hold(&self, z: f64) -> bool {
        z <= self.low || z >= self.high
    }
}

/// Rising places to look at an activation: every 1/16 up to ±16, then in steps that grow by a tenth up to ±1000.
fn places() -> Vec<f64> {
    let mut right: Vec<f64> = (1..=256).map(|step| f64::from(step) / 16.0).collect();
    let mut next = 17.6;
    while next < 1000.0 {
        right.push(next);
        next *= 1.1;
    }
    right.push(1000.0);
    let left = right.iter().rev().map(|z| -z);
    left.chain([0.0]).chain(right.iter().copied()).collect()
}

/// The pairs of units of one layer that give the same at the last snapshot. Units that give a constant are not compared: of
/// them, [`dead`] and [`saturated`] speak.
pub(super) fn duplicates(case: &Case, run: &Run, x: &[f64]) -> Vec<Duplicate> {
    let ModelType::Mlp { hidden_sizes } = &case.model.model_type else { return Vec::new() };
    let mut snapshots = run.snapshots.iter().rev();
    let Some(last) = snapshots.next() else { return Vec::new() };
    let mut found = Vec::new();
    for (layer, units) in (1..).zip(units_at(case, last, x)) {
        let columns: Vec<Option<Vec<f64>>> = units.iter().map(|unit| varying(&unit.output)).collect();
        for (second, of_second) in columns.iter().enumerate() {
            for (first, of_first) in columns[..second].iter().enumerate() {
                let (Some(of_first), Some(of_second)) = (of_first, of_second) else { continue };
                let Some((relation, difference)) = alike(of_first, of_second, SAME_OUTPUT) else { continue };
                let weights = |unit| incoming(hidden_sizes, &last.parameters, layer, unit);
                let by_weights = alike(&weights(first), &weights(second), SAME_WEIGHTS);
                found.push(Duplicate {
                    layer,
                    first: first + 1,
                    second: second + 1,
                    relation,
                    difference,
                    has_such_weights: by_weights.is_some(),
                    is_from_start: true,
                });
            }
        }
    }
    for snapshot in snapshots {
        if found.iter().all(|pair: &Duplicate| !pair.is_from_start) {
            break;
        }
        let layers = units_at(case, snapshot, x);
        for pair in found.iter_mut().filter(|pair| pair.is_from_start) {
            let column = |unit: usize| varying(&layers.get(pair.layer - 1)?.get(unit - 1)?.output);
            let both = column(pair.first).zip(column(pair.second));
            pair.is_from_start = both.is_some_and(|(a, b)| alike(&a, &b, SAME_OUTPUT).is_some());
        }
    }
    found
}

/// Values less their mean; `None` for a constant, or what is not finite.
fn varying(values: &[f64]) -> Option<Vec<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centered: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let size = norm(&centered);
    (size.is_finite() && size > CONSTANT * norm(values)).then_some(centered)
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Whether two vectors are the same, or the same times −1, to within a share of the longer.
fn alike(a: &[f64], b: &[f64], tolerance: f64) -> Option<(Relation, f64)> {
    let size = norm(a).max(norm(b));
    let distance = |sign: f64| {
        let squares = a.iter().zip(b).map(|(a, b)| (a - sign * b) * (a - sign * b));
        squares.sum::<f64>().sqrt() / size
    };
    let (same, mirrored) = (distance(1.0), distance(-1.0));
    if same <= tolerance {
        Some((Relation::Same, same))
    } else {
        (mirrored <= tolerance).then_some((Relation::Mirrored, mirrored))
    }
}

/// The weights and the bias that lead into a unit, counted from 0, of a layer, counted from 1.
fn incoming(hidden_sizes: &[usize], parameters: &[f64], layer: usize, unit: usize) -> Vec<f64> {
    let mut rest = parameters;
    let mut fan_in = 1;
    for (at, &fan_out) in (1..).zip(hidden_sizes) {
        let (weights, after) = rest.split_at(fan_in * fan_out);
        if at == layer {
            let column = weights.iter().skip(unit).step_by(fan_out).copied();
            return column.chain([after[unit]]).collect();
        }
        rest = &after[fan_out..];
        fan_in = fan_out;
    }
    Vec::new()
}
