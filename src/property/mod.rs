//! What an activation is like, computed from the function alone, so that it holds for built-ins and for expressions of
//! one's own alike: range, monotonicity, Lipschitz constant, symmetry, fixed points, dead regions, smoothness, saturation,
//! and its nearest relatives.
//!
//! The function and its exact first two derivatives are taken at the points of a fixed grid: every 1/128 within ±16, and 8
//! points an octave from there to ±2⁴⁰. Between neighbours on the grid, whatever changes sign, branch or size is narrowed
//! down to neighbouring doubles. Pieces are told apart by the branches that the compiled expression takes, so that a kink
//! is found however small it is; what lies wholly between two points of the grid is not seen. Limits are those that the
//! last octaves have settled at.

mod bound;
mod breaks;
mod fixed;
mod flat;
mod relative;
mod sample;
mod tail;

#[cfg(test)]
mod tests;

use crate::function::Function;

pub use bound::{Bound, End, Lipschitz};
pub use breaks::{Break, Jump};
pub use fixed::FixedPoint;
pub use flat::Interval;
pub use relative::{REACH, Relative, relatives};
pub use sample::CORE;
pub use tail::{FLAT, Saturation, Tail};

use sample::Samples;

/// The properties of a function φ.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    /// φ(0).
    pub at_zero: f64,
    /// The greatest lower and the least upper bound of φ.
    pub range: (Bound, Bound),
    /// All values that φ takes, from the lowest, where they are few; else empty.
    pub levels: Vec<f64>,
    pub monotonicity: Monotonicity,
    /// sup |φ′|.
    pub lipschitz: Lipschitz,
    pub symmetry: Symmetry,
    /// Where φ(z) = z, from left to right.
    pub fixed_points: Vec<FixedPoint>,
    /// Where φ(z) = z throughout, from left to right.
    pub fixed_intervals: Vec<Interval>,
    /// Where φ′ = 0 throughout, from left to right.
    pub dead: Vec<Interval>,
    /// Where φ″ = 0 throughout: φ is a straight line there.
    pub straight: Vec<Interval>,
    pub smoothness: Smoothness,
    /// Jumps of φ, φ′ and φ″ from left to right.
    pub breaks: Vec<Break>,
    /// Towards −∞ and towards +∞.
    pub tails: (Tail, Tail),
    /// Where φ settles at a limit: from which z on |φ′| stays below 0.01.
    pub saturation: (Option<Saturation>, Option<Saturation>),
    /// Where φ is not a finite number, within the finely sampled part.
    pub undefined: Vec<Interval>,
}

/// Which way a function goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Monotonicity {
    Constant,
    Increasing,
    /// Increasing, with flat parts.
    NonDecreasing,
    Decreasing,
    /// Decreasing, with flat parts.
    NonIncreasing,
    /// Both, turning at these points (within the finely sampled part).
    Neither {
        turns: Vec<f64>,
    },
}

/// What a function's mirror images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symmetry {
    /// φ(−z) = −φ(z).
    Odd,
    /// φ(−z) = φ(z).
    Even,
    /// φ(−z) = 2 φ(0) − φ(z).
    Point,
    None,
}

/// How many derivatives are continuous, as far as was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Smoothness {
    /// φ jumps.
    Discontinuous,
    /// φ′ jumps: φ has kinks.
    Continuous,
    /// φ″ jumps.
    Once,
    /// Made of pieces that meet with no jump of φ, φ′ or φ″.
    Twice,
    /// One piece, composed of functions with derivatives of every order, and no singularity found.
    Smooth,
}

impl Properties {
    /// Examines a function.
    pub fn of(function: &Function) -> Self {
        let samples = Samples::of(function);
        let mut found = breaks::find(function, &samples);
        let (undefined, edges) = flat::undefined(function, &samples);
        let dead = flat::intervals(&samples, &found, |i| samples.dy[i] == 0.0);
        let straight = flat::intervals(&samples, &found, |i| samples.d2y[i] == 0.0);
        let tails = (tail::of(&samples, &samples.y, true), tail::of(&samples, &samples.y, false));
        let slopes = (tail::of(&samples, &samples.dy, true), tail::of(&samples, &samples.dy, false));
        let slopes = (&slopes.0, &slopes.1);
        let turns = bound::turns(function, &samples);
        let range = bound::range(function, &samples, &found, &dead, &turns, &edges, (&tails.0, &tails.1));
        let (fixed_points, fixed_intervals) = fixed::find(function, &samples, &found, slopes);
        let lipschitz = bound::lipschitz(function, &samples, &found, &straight, &edges, slopes);
        // A pole of φ′ between two points of the grid has shown itself by its height only.
        if let Lipschitz::Unbounded { z: Some(z) } = lipschitz
            && undefined.is_empty()
            && found.breaks.iter().all(|one| one.z != z)
        {
            let of = if function.value(z).abs() > 1e7 { Jump::Value } else { Jump::Slope };
            let infinite = |slope: f64| f64::INFINITY.copysign(slope);
            let sides = [-1.0, 1.0].map(|side| breaks::limit(function, z, side));
            let [left, right] =
                sides.map(|point| infinite(if of == Jump::Value { point.y } else { point.dy }));
            found.breaks.push(Break { z, of, left, right });
            found.breaks.sort_by(|a, b| a.z.total_cmp(&b.z));
        }
        let first = |order: Jump| found.breaks.iter().any(|one| one.of == order);
        let smoothness = if first(Jump::Value) {
            Smoothness::Discontinuous
        } else if first(Jump::Slope) {
            Smoothness::Continuous
        } else if first(Jump::Curvature) {
            Smoothness::Once
        } else if found.switches.is_empty() {
            Smoothness::Smooth
        } else {
            Smoothness::Twice
        };
        let saturates = |tail: &Tail, is_left| match tail {
            Tail::Limit(limit) => Some(tail::saturation(function, &samples, *limit, is_left)),
            _ => None,
        };
        Self {
            at_zero: function.value(0.0),
            range,
            levels: flat::levels(function, &dead).unwrap_or_default(),
            monotonicity: monotonicity(&samples, &found, &dead, turns.places),
            lipschitz,
            symmetry: symmetry(&samples),
            fixed_points,
            fixed_intervals,
            dead,
            straight,
            smoothness,
            saturation: (saturates(&tails.0, true), saturates(&tails.1, false)),
            tails,
            undefined,
            breaks: found.breaks,
        }
    }

    /// Whether no value of φ is a finite number, as far as was seen.
    pub fn is_nowhere_defined(&self) -> bool {
        let is_whole = |one: &Interval| one.low.is_infinite() && one.high.is_infinite();
        self.undefined.first().is_some_and(is_whole)
    }

    /// Whether φ is a straight line between finitely many points.
    pub fn is_piecewise_linear(&self) -> bool {
        let mut straight = self.straight.iter();
        let Some(first) = straight.next() else { return false };
        let mut end = (first.low == f64::NEG_INFINITY).then_some(first.high);
        for interval in straight {
            end = end
                .filter(|&end| interval.low <= end + sample::CLOSE * (1.0 + end.abs()))
                .map(|_| interval.high);
        }
        end == Some(f64::INFINITY)
    }
}

/// The share of a number's size that sums of a few roundings stay below.
const ROUNDING: f64 = 1e-12;

fn monotonicity(
    samples: &Samples,
    found: &breaks::Found,
    dead: &[Interval],
    turns: Vec<f64>,
) -> Monotonicity {
    let (mut rises, mut falls) = (false, false);
    for i in 1..samples.z.len() {
        let (before, after) = (samples.y[i - 1], samples.y[i]);
        let rounding = ROUNDING * (before.abs() + after.abs());
        // A comparison with NaN is false, and so decides nothing.
        rises |= after - before > rounding;
        falls |= before - after > rounding;
    }
    let steepest = samples.steepest();
    let slopes = || (0..samples.z.len()).filter_map(|i| samples.slope(i));
    rises |= slopes().any(|slope| slope > ROUNDING * steepest);
    falls |= slopes().any(|slope| slope < -ROUNDING * steepest);
    for jump in found.breaks.iter().filter(|one| one.of == Jump::Value) {
        rises |= jump.right > jump.left;
        falls |= jump.right < jump.left;
    }
    match (rises, falls) {
        (false, false) => Monotonicity::Constant,
        (true, false) if dead.is_empty() => Monotonicity::Increasing,
        (true, false) => Monotonicity::NonDecreasing,
        (false, true) if dead.is_empty() => Monotonicity::Decreasing,
        (false, true) => Monotonicity::NonIncreasing,
        (true, true) => Monotonicity::Neither { turns },
    }
}

fn symmetry(samples: &Samples) -> Symmetry {
    let middle = samples.z.len() / 2;
    let origin = samples.y[middle];
    let scale = samples.y[samples.core()].iter().fold(0.0_f64, |most, value| most.max(value.abs())).min(1.0);
    let holds = |residual: &dyn Fn(f64, f64) -> f64| {
        (1..=middle).all(|i| {
            let (left, right) = (samples.y[middle - i], samples.y[middle + i]);
            let size = left.abs().max(right.abs()).max(scale);
            // Where neither is a number there is nothing to tell.
            (!left.is_finite() && !right.is_finite()) || residual(left, right).abs() <= ROUNDING * size
        })
    };
    // A constant is even, and point-symmetric as well; the first says more.
    if holds(&|left, right| left - right) {
        Symmetry::Even
    } else if origin == 0.0 && holds(&|left, right| left + right) {
        Symmetry::Odd
    } else if holds(&|left, right| left + right - 2.0 * origin) {
        Symmetry::Point
    } else {
        Symmetry::None
    }
}
