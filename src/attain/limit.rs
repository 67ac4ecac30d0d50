//! What a single neuron, or a scaled input, tends to as (w, b) leave every box, and how well that fits.
//!
//! Which limits an activation has is read off its behaviour far out, at fixed arguments, so that user-written ones have theirs too.

use super::data::Data;
use super::hinge;
use super::table::Table;
use crate::function::{Function, Interval};

/// What a neuron tends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// As w → 0: only the slope of φ at b is left.
    Line,
    /// As w → 0 at an extremum of φ.
    Parabola,
    /// As b leaves along a tail of φ that falls like an exponential.
    Exponential,
    /// As w → ±∞, for a φ that saturates at two levels.
    Step,
    /// As w → ±∞, for a φ(w x) that tends to the same number on both sides.
    Level,
    /// As w → ∞, for a φ with two asymptotes of different slopes.
    Hinge,
}

impl Limit {
    /// How it is approached, and what it is.
    pub fn description(self) -> &'static str {
        match self {
            Self::Line => "as w → 0, where only a line is left of the activation",
            Self::Parabola => "as w → 0 at an extremum of the activation, where a parabola is left of it",
            Self::Exponential => {
                "as b leaves every box along a tail of the activation, where an exponential is left of it"
            }
            Self::Step => "as |w| → ∞, where the activation becomes a step",
            Self::Level => "as |w| → ∞, where only a level is left of the activation",
            Self::Hinge => "as w → ∞, where two lines with a kink are left of the activation",
        }
    }
}

/// The limits that an activation has, each with the least loss that it comes to.
pub(super) fn limits(data: &Data, function: &Function, table: &Table) -> Vec<(Limit, f64)> {
    let mut limits = Vec::new();
    let far = far_out(function);
    if has_slope(function) {
        limits.push((Limit::Line, data.error_at(data.line_angle())));
    }
    if table.has_extremum() {
        limits.push((Limit::Parabola, data.error_at(data.parabola_angle())));
    }
    if [-1.0, 1.0].into_iter().any(|side| has_exponential_tail(function, side)) {
        limits.push((Limit::Exponential, exponential(data)));
    }
    if far.iter().all(|end| end.slope == 0.0) && are_apart(far) {
        limits.push((Limit::Step, step(data)));
    }
    let [left, right] = far.map(|end| end.slope);
    if left.is_finite() && right.is_finite() && (left - right).abs() > 1e-3 * left.abs().max(right.abs()) {
        let fit = hinge::best(data, &hinge::pairs(data), (left, 0.0), (right, 0.0));
        limits.push((Limit::Hinge, data.error_at(fit.angle)));
    }
    limits
}

/// The limit of φ(w x) as w → ±∞, whichever of the two is the better: one level of φ below 0, the other above, and φ(0) at 0. Nothing
/// is left to fit them.
pub(super) fn of_scaled_input(data: &Data, function: &Function) -> Option<(Limit, f64)> {
    let far = far_out(function);
    if far.iter().any(|end| end.slope != 0.0) {
        return None;
    }
    let [left, right] = far.map(|end| end.level);
    let middle = function.value(0.0);
    let loss = |below: f64, above: f64| {
        let residuals = data.x.iter().zip(&data.y).map(|(&x, y)| {
            let level = if x < 0.0 { below } else { above };
            if x == 0.0 { middle - y } else { level - y }
        });
        residuals.map(|residual| residual * residual).sum::<f64>() / data.count()
    };
    let least = loss(left, right).min(loss(right, left));
    let limit = if are_apart(far) { Limit::Step } else { Limit::Level };
    least.is_finite().then_some((limit, least))
}

/// Arguments at which φ shows what it does far out.
const FAR: f64 = 1e6;
/// Slopes and differences below this are none.
const NOTHING: f64 = 1e-4;

/// The end of φ on one side.
#[derive(Debug, Clone, Copy)]
struct End {
    /// 0 where φ tends to a number; NaN where it neither does that nor tends to a line.
    slope: f64,
    /// That number. What a tail like that of arctan lacks at some z, it lacks twice at half of it.
    level: f64,
}

fn are_apart(ends: [End; 2]) -> bool {
    let [left, right] = ends.map(|end| (end.level * 1e3).round());
    left != right
}

fn far_out(function: &Function) -> [End; 2] {
    [-1.0, 1.0].map(|side| {
        let at = |share: f64| function.value(side * share * FAR);
        let (whole, half, quarter) = (at(1.0), at(0.5), at(0.25));
        let outer = side * (whole - half) / (0.5 * FAR);
        let inner = side * (half - quarter) / (0.25 * FAR);
        let is_line = (outer - inner).abs() <= NOTHING * (outer.abs() + inner.abs()).max(NOTHING);
        let is_level = (whole - half).abs() <= NOTHING * (1.0 + whole.abs()) && whole.is_finite();
        let slope = if is_level {
            0.0
        } else if is_line {
            outer
        } else {
            f64::NAN
        };
        End { slope, level: 2.0 * whole - half }
    })
}

/// Whether φ′ is something anywhere near 0.
fn has_slope(function: &Function) -> bool {
    let z: Vec<f64> = (-64..=64).map(|step| f64::from(step) / 8.0 + 0.03).collect();
    let (mut y, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
    function.values_and_derivatives(&z, &mut y, &mut slope);
    slope.iter().any(|slope| slope.is_finite() && *slope != 0.0)
}

/// Whether φ falls off like an exponential, or faster: φ′/φ″ hardly changes.
fn has_exponential_tail(function: &Function, side: f64) -> bool {
    let ratio = |z: f64| {
        let bounds = function.enclosure(Interval::point(side * z));
        bounds.first.middle() / bounds.second.middle()
    };
    let (near, far) = (ratio(18.0), ratio(20.0));
    near != 0.0 && far != 0.0 && far.abs() <= 20.0 && (far - near).abs() / 2.0 < 0.05
}

/// The least loss of v e^(κ x) + c.
fn exponential(data: &Data) -> f64 {
    let loss = |rate: f64| {
        // The largest value is 1, on whichever side.
        let h: Vec<f64> = data.x.iter().map(|x| libm::exp(rate * x - rate.abs() * data.reach)).collect();
        let loss = data.error_at(data.angle_to_span(&[h]));
        if loss.is_nan() { f64::INFINITY } else { loss }
    };
    let mut least = f64::INFINITY;
    for sign in [-1.0, 1.0] {
        let rates: Vec<f64> = (0..=80)
            .map(|step| sign * libm::exp(f64::from(step) * 0.1 - 4.0) / data.reach.max(1e-9))
            .collect();
        let losses: Vec<f64> = rates.iter().map(|rate| loss(*rate)).collect();
        let best = (0..rates.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])).unwrap_or(0);
        let (mut low, mut high) = (rates[best.saturating_sub(1)], rates[(best + 1).min(rates.len() - 1)]);
        // Ternary search between the neighbours.
        for _ in 0..60 {
            let third = (high - low) / 3.0;
            if loss(low + third) <= loss(high - third) { high -= third } else { low += third }
        }
        least = least.min(losses[best]).min(loss(0.5 * (low + high)));
    }
    least
}

/// The least loss of two levels that change between two inputs.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn step(data: &Data) -> f64 {
    let count = data.count();
    let mut below = 0.0;
    let mut explained: f64 = 0.0;
    for (index, y) in data.centered.iter().enumerate().take(data.x.len() - 1) {
        below += y;
        // Both sides' sums are ±below, since y is centered.
        let left = (index + 1) as f64;
        explained = explained.max(below * below / left + below * below / (count - left));
    }
    ((data.square - explained) / count).max(0.0)
}
