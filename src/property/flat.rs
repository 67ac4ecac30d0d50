//! Stretches on which something holds throughout.

use super::breaks::{Break, Found, Jump};
use super::sample::{CLOSE, Samples, narrow, place};
use crate::function::Function;

/// From `low` to `high`, either of which may be infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub(super) fn contains(&self, z: f64) -> bool {
        self.low <= z && z <= self.high
    }

    /// A place within it, near the end that is nearer to 0.
    pub(super) fn within(&self) -> f64 {
        let z = 0.0_f64.clamp(self.low, self.high);
        let inwards = CLOSE * (1.0 + z.abs());
        if z == self.low {
            z + inwards
        } else if z == self.high {
            z - inwards
        } else {
            z
        }
    }
}

/// The stretches of the grid on which `holds` at every point, of at least two points, that end where the function goes from
/// one piece to another. One that ends elsewhere is where a double underflows or rounds, and no property of the function.
pub(super) fn intervals(samples: &Samples, found: &Found, holds: impl Fn(usize) -> bool) -> Vec<Interval> {
    let last = samples.z.len() - 1;
    let mut intervals: Vec<Interval> = Vec::new();
    let mut i = 0;
    while i <= last {
        if !holds(i) {
            i += 1;
            continue;
        }
        let first = i;
        while i < last && holds(i + 1) {
            i += 1;
        }
        let low = match first {
            0 => Some(f64::NEG_INFINITY),
            _ => found.between(samples.z[first - 1], samples.z[first]),
        };
        let high =
            if i == last { Some(f64::INFINITY) } else { found.between(samples.z[i], samples.z[i + 1]) };
        if let (Some(mut low), Some(high), true) = (low, high, i > first) {
            // At a jump or a kink one stretch ends and another begins.
            let is_end = |one: &&Break| one.of != Jump::Curvature && one.z > low && one.z < high;
            for end in found.breaks.iter().filter(is_end).map(|one| one.z).collect::<Vec<_>>() {
                intervals.push(Interval { low, high: end });
                low = end;
            }
            intervals.push(Interval { low, high });
        }
        i += 1;
    }
    intervals
}

/// More levels than these are no few.
const MOST_LEVELS: usize = 8;

/// The values of a φ that is flat throughout, from the lowest: those of its flat stretches and those between them. `None` where
/// it is more than that, or takes many.
pub(super) fn levels(function: &Function, dead: &[Interval]) -> Option<Vec<f64>> {
    let (first, last) = (dead.first()?, dead.last()?);
    let is_whole = first.low == f64::NEG_INFINITY
        && last.high == f64::INFINITY
        && dead.windows(2).all(|pair| pair[0].high == pair[1].low);
    if !is_whole || dead.len() > MOST_LEVELS {
        return None;
    }
    let places = dead.iter().map(Interval::within).chain(dead.windows(2).map(|pair| pair[0].high));
    // Of two zeros one is enough, whatever their signs.
    let mut levels: Vec<f64> = places.map(|z| function.value(z) + 0.0).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    Some(levels).filter(|levels| levels.len() <= MOST_LEVELS && levels.iter().all(|value| value.is_finite()))
}

/// Where φ is not a finite number, from left to right, and the places next to there where it still is.
pub(super) fn undefined(function: &Function, samples: &Samples) -> (Vec<Interval>, Vec<f64>) {
    let core = samples.core();
    let is_defined = |i: usize| samples.y[i].is_finite();
    let (mut intervals, mut edges) = (Vec::new(), Vec::new());
    let mut i = core.start;
    while i < core.end {
        if is_defined(i) {
            i += 1;
            continue;
        }
        let first = i;
        while i + 1 < core.end && !is_defined(i + 1) {
            i += 1;
        }
        let mut edge = |from: usize, to: usize| {
            let starts = is_defined(from);
            let pair =
                narrow(function, (samples.z[from], samples.z[to]), |point| point.y.is_finite() == starts);
            edges.push(if starts { pair.0 } else { pair.1 });
            place(pair)
        };
        let low = if first == core.start { f64::NEG_INFINITY } else { edge(first - 1, first) };
        let high = if i + 1 == core.end { f64::INFINITY } else { edge(i, i + 1) };
        intervals.push(Interval { low, high });
        i += 1;
    }
    (intervals, edges)
}
