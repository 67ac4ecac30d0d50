//! What becomes of a function far out.

use super::sample::{Samples, narrow, place};
use crate::function::Function;

/// What the values do towards one end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tail {
    /// They settle.
    Limit(f64),
    /// They grow or fall without bound; `slope` is what φ′ settles at, if it does.
    Diverges { is_positive: bool, slope: Option<f64> },
    /// They go up and down, between about these values as far as was seen, or ever further.
    Oscillates { low: f64, high: f64, is_growing: bool },
    /// They change so slowly that nothing can be said.
    Unsettled,
    /// They are no numbers.
    Undefined,
}

/// Where a function is nearly flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saturation {
    /// What it settles at.
    pub limit: f64,
    /// From here outwards |φ′| < [`FLAT`]; infinite on the other side where that holds throughout.
    pub from: f64,
}

/// Slopes below this count as flat.
pub const FLAT: f64 = 0.01;
/// Points in an octave.
const OCTAVE: usize = 8;
/// A sequence has settled when an octave changes it by no more than this share.
const SETTLED: f64 = 1e-6;

/// The tail of one of the columns of the samples.
pub(super) fn of(samples: &Samples, column: &[f64], is_left: bool) -> Tail {
    let indices = samples.outwards(is_left);
    // What overflows ends the sequence; that it grew until then is in it.
    let values: Vec<f64> = indices.iter().map(|&i| column[i]).take_while(|value| value.is_finite()).collect();
    if values.len() < 8 {
        return match indices.first().map(|&i| column[i]) {
            Some(first) if first.is_infinite() => Tail::Diverges { is_positive: first > 0.0, slope: None },
            _ => Tail::Undefined,
        };
    }
    let last = &values[values.len() - 8..];
    let end = last[7];
    let span = |values: &[f64]| {
        let fold = |start: f64, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
        (fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max))
    };
    let (low, high) = span(last);
    if high - low <= SETTLED * (1.0 + end.abs()) {
        // One that goes round 0 goes to 0.
        let is_zero = low <= 0.0 && high >= 0.0;
        return Tail::Limit(if is_zero { 0.0 } else { limit(&values) });
    }
    let steps = || last.windows(2).map(|pair| pair[1] - pair[0]);
    if steps().all(|step| step > 0.0) || steps().all(|step| step < 0.0) {
        // Growth that does not slow down is without bound; so is that of a logarithm, whose octaves are alike.
        let earlier = &values[..values.len() - 4];
        let recent = (end - earlier[earlier.len() - 1]).abs();
        let before = (earlier[earlier.len() - 1] - earlier[earlier.len() - 4]).abs();
        if recent >= 0.9 * before && end.abs() > 1.0 {
            let slopes: Vec<f64> =
                indices.iter().take(values.len()).map(|&i| samples.dy[i]).rev().take(8).collect();
            let (least, most) = span(&slopes);
            let slope = (most - least <= SETTLED * (1.0 + most.abs())).then(|| slopes[0]);
            return Tail::Diverges { is_positive: end > 0.0, slope };
        }
        return Tail::Unsettled;
    }
    let (low, high) = span(&values);
    let size = |values: &[f64]| values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let is_growing = size(last) > 100.0 * size(&values[..8]);
    Tail::Oscillates { low, high, is_growing }
}

/// Of a sequence that has settled: the last value, brought nearer to where the octaves lead (Aitken's Δ² process, exact
/// for a tail that falls off as a power).
fn limit(values: &[f64]) -> f64 {
    let end = values.len() - 1;
    let octave = |back: usize| end.checked_sub(back * OCTAVE).map_or(values[end], |i| values[i]);
    let (first, second) = (octave(0) - octave(1), octave(1) - octave(2));
    let correction = first * first / (first - second);
    let limit = if correction.abs() <= first.abs() { octave(0) - correction } else { octave(0) };
    // 0, and not what is left of a power; nor −0.
    if limit.abs() < 1e-15 { 0.0 } else { limit }
}

/// Where a function that settles towards an end begins to be flat.
pub(super) fn saturation(function: &Function, samples: &Samples, limit: f64, is_left: bool) -> Saturation {
    let is_steep = |i: &usize| samples.dy[*i].abs() >= FLAT;
    let count = samples.z.len();
    let outermost = if is_left { (0..count).find(is_steep) } else { (0..count).rev().find(is_steep) };
    let from = match outermost {
        None if is_left => f64::INFINITY,
        None => f64::NEG_INFINITY,
        Some(i) if is_left && i > 0 => {
            place(narrow(function, (samples.z[i - 1], samples.z[i]), |point| point.dy.abs() < FLAT))
        }
        Some(i) if !is_left && i + 1 < count => {
            place(narrow(function, (samples.z[i], samples.z[i + 1]), |point| point.dy.abs() >= FLAT))
        }
        Some(i) => samples.z[i],
    };
    Saturation { limit, from }
}
