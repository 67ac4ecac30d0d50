//! Suprema: of φ, of −φ and of |φ′|.

use super::ROUNDING;
use super::breaks::{Found, Jump};
use super::flat::Interval;
use super::sample::{CLOSE, Samples, at, most_places, place, sign_change};
use super::tail::Tail;
use crate::function::Function;

/// Which way far out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Left,
    Right,
    Both,
}

/// A bound of a function's values, and whether it is one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// It is φ(z); of several such z the nearest to 0.
    Attained { value: f64, z: f64 },
    /// It is the limit far out, and no value.
    Approached { value: f64, towards: End },
    /// It is the limit from one side at a jump.
    AtJump { value: f64, z: f64 },
    /// There is none.
    Unbounded,
    /// No more is known than that it is not below (of an upper bound) this sampled value.
    Unknown { seen: f64 },
}

impl Bound {
    /// The bound, infinite where there is none.
    pub fn value(&self, is_upper: bool) -> f64 {
        match *self {
            Self::Attained { value, .. } | Self::Approached { value, .. } | Self::AtJump { value, .. } => {
                value
            }
            Self::Unknown { seen } => seen,
            Self::Unbounded if is_upper => f64::INFINITY,
            Self::Unbounded => f64::NEG_INFINITY,
        }
    }
}

/// sup |φ′|.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lipschitz {
    /// It is |φ′(z)|, or a one-sided limit there; of several such z the nearest to 0.
    Attained {
        value: f64,
        z: f64,
    },
    /// It is the limit of |φ′| far out.
    Approached {
        value: f64,
        towards: End,
    },
    /// φ jumps, or |φ′| grows without bound: at z, or far out.
    Unbounded {
        z: Option<f64>,
    },
    Unknown {
        seen: f64,
    },
}

impl Lipschitz {
    /// The constant, infinite where there is none.
    pub fn value(&self) -> f64 {
        match *self {
            Self::Attained { value, .. } | Self::Approached { value, .. } => value,
            Self::Unknown { seen } => seen,
            Self::Unbounded { .. } => f64::INFINITY,
        }
    }
}

/// Where φ turns.
#[derive(Debug)]
pub(super) struct Turns {
    /// From left to right; those that were not narrowed down as near as the grid tells.
    pub(super) places: Vec<f64>,
    /// Those that were.
    narrowed: Vec<f64>,
    /// What φ can be at the others.
    others: Option<(f64, f64)>,
}

/// The places within the finely sampled part where φ′ changes its sign. The nearest to 0 are narrowed down.
pub(super) fn turns(function: &Function, samples: &Samples) -> Turns {
    // Where only rounding makes a sign there is none.
    let core = samples.core();
    let steepest = samples.steepest();
    let sign = |i: usize| match samples.slope(i).unwrap_or(0.0) {
        slope if slope > ROUNDING * steepest => 1,
        slope if slope < -ROUNDING * steepest => -1,
        _ => 0,
    };
    let mut changes = Vec::new();
    let mut last = None;
    for i in core {
        if !samples.y[i].is_finite() {
            // What is on both sides of where φ is undefined is no turn.
            last = None;
            continue;
        }
        let current = sign(i);
        if current == 0 {
            continue;
        }
        if let Some((before, was)) = last
            && was != current
        {
            changes.push((before, i));
        }
        last = Some((i, current));
    }
    changes.sort_by(|a, b| samples.z[a.1].abs().total_cmp(&samples.z[b.1].abs()).then(a.cmp(b)));
    let nearest = changes.len().min(most_places(function));
    let interval = |&(before, i): &(usize, usize)| (samples.z[before], samples.z[i]);
    let narrowed: Vec<f64> = changes[..nearest]
        .iter()
        .map(|change| place(sign_change(function, interval(change), |point| point.dy)))
        .collect();
    let others = changes[nearest..].iter().map(|&(before, i)| {
        let (before, after) = (samples.point(before), samples.point(i));
        let reach = (after.z - before.z) * before.dy.abs().max(after.dy.abs());
        (before.y.min(after.y) - reach, before.y.max(after.y) + reach)
    });
    let others = others.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let mut places = narrowed.clone();
    places.extend(changes[nearest..].iter().map(interval).map(|(low, high)| f64::midpoint(low, high)));
    places.sort_by(f64::total_cmp);
    Turns { places, narrowed, others }
}

/// A value that may be the largest, with its place.
type Candidate = (f64, f64);

/// The largest of some candidates; of equal ones the nearest to 0, and of those the one on the right.
fn largest(candidates: impl Iterator<Item = Candidate>) -> Option<Candidate> {
    candidates.filter(|(value, _)| value.is_finite()).fold(None, |best, (value, z)| {
        let Some((other, other_z)): Option<Candidate> = best else { return Some((value, z)) };
        let rounding = ROUNDING * (value.abs() + other.abs());
        let is_nearer =
            z.abs() < other_z.abs() - CLOSE || ((z.abs() - other_z.abs()).abs() <= CLOSE && z > other_z);
        if value > other + rounding || (value >= other - rounding && is_nearer) {
            Some((value, z))
        } else {
            best
        }
    })
}

/// The higher of two limits; alike, they are one towards both ends.
fn higher(limit: Option<(f64, End)>, (value, end): (f64, End)) -> Option<(f64, End)> {
    match limit {
        Some((other, _)) if (other - value).abs() <= CLOSE * (other.abs() + value.abs()) => {
            Some((other.max(value), End::Both))
        }
        Some((other, _)) if other > value => limit,
        _ => Some((value, end)),
    }
}

/// How far within its domain φ is compared with its value at the edge.
const EDGE: f64 = 1e-6;

/// The greatest lower and least upper bound of φ.
pub(super) fn range(
    function: &Function,
    samples: &Samples,
    found: &Found,
    dead: &[Interval],
    turns: &Turns,
    edges: &[f64],
    tails: (&Tail, &Tail),
) -> (Bound, Bound) {
    let mut exact: Vec<Candidate> = turns.narrowed.iter().map(|&z| (function.value(z), z)).collect();
    exact.extend(
        dead.iter()
            .map(|interval| (function.value(interval.within()), 0.0_f64.clamp(interval.low, interval.high))),
    );
    let jumps = || found.breaks.iter().filter(|one| one.of == Jump::Value);
    // φ on the jump itself is a value like any other.
    exact.extend(jumps().map(|one| (function.value(one.z), one.z)));
    // At the edge of where it is defined φ may have its bound, or a pole (which grows near it by far).
    exact.extend(edges.iter().filter_map(|&z| {
        let value = function.value(z);
        let inside =
            [-EDGE, EDGE].map(|step| function.value(z + step)).into_iter().find(|value| value.is_finite())?;
        ((value - inside).abs() <= 0.01 * (1.0 + inside.abs())).then(|| (value, place((z, z))))
    }));
    // Next to an edge at which it has a pole φ is a number for the last time.
    let beyond: Vec<f64> = edges
        .iter()
        .flat_map(|edge| [edge.next_down(), edge.next_up()])
        .map(|z| function.value(z))
        .filter(|value| value.is_infinite())
        .collect();
    let bound = |sign: f64| {
        let attained = largest(exact.iter().map(|&(value, z)| (sign * value, z)));
        let is_pole = jumps()
            .flat_map(|one| [one.left, one.right])
            .chain(beyond.iter().copied())
            .any(|limit| sign * limit == f64::INFINITY);
        let at_jump = largest(jumps().flat_map(|one| [(sign * one.left, one.z), (sign * one.right, one.z)]));
        let seen =
            samples.y.iter().filter(|y| y.is_finite()).fold(f64::NEG_INFINITY, |most, y| most.max(sign * y));
        let mut limit = None;
        for (tail, end) in [(tails.0, End::Left), (tails.1, End::Right)] {
            match *tail {
                Tail::Diverges { is_positive, .. } if is_positive == (sign > 0.0) => return Bound::Unbounded,
                Tail::Oscillates { is_growing: true, .. } => return Bound::Unbounded,
                Tail::Limit(value) => limit = higher(limit, (sign * value, end)),
                _ => {}
            }
        }
        let reaches = |value: f64, other: f64| value >= other - ROUNDING * (1.0 + other.abs());
        let others = turns.others.map_or(seen, |(low, high)| if sign > 0.0 { high } else { -low });
        let highest = limit.map_or(seen, |(value, _)| value.max(seen)).max(others);
        match (attained, at_jump, limit) {
            _ if is_pole => Bound::Unbounded,
            (Some((value, z)), ..) if reaches(value, highest) => Bound::Attained { value: sign * value, z },
            (_, Some((value, z)), _) if reaches(value, highest) => Bound::AtJump { value: sign * value, z },
            // The last samples are as good as the limit.
            (_, _, Some((value, towards))) if value >= seen.max(others) - 1e-6 * (1.0 + seen.abs()) => {
                // Without −0.
                Bound::Approached { value: sign * value.max(seen) + 0.0, towards }
            }
            _ => Bound::Unknown { seen: sign * seen },
        }
    };
    (bound(-1.0), bound(1.0))
}

/// sup |φ′|.
pub(super) fn lipschitz(
    function: &Function,
    samples: &Samples,
    found: &Found,
    straight: &[Interval],
    edges: &[f64],
    slopes: (&Tail, &Tail),
) -> Lipschitz {
    let jumps = found.breaks.iter().filter(|one| one.of == Jump::Value);
    if let Some(jump) = jumps.min_by(|a, b| a.z.abs().total_cmp(&b.z.abs())) {
        return Lipschitz::Unbounded { z: Some(jump.z) };
    }
    if let Some(&edge) = edges.iter().find(|&&edge| at(function, edge).dy.abs() > 1e7) {
        return Lipschitz::Unbounded { z: Some(place((edge, edge))) };
    }
    let is_steep = |slope: f64| slope.is_infinite();
    if let Some(one) =
        found.breaks.iter().find(|one| one.of == Jump::Slope && (is_steep(one.left) || is_steep(one.right)))
    {
        return Lipschitz::Unbounded { z: Some(one.z) };
    }
    let sizes = samples.dy.iter().map(|slope| slope.abs()).filter(|slope| slope.is_finite());
    let seen = sizes.fold(0.0, f64::max);
    let mut exact: Vec<Candidate> = found
        .breaks
        .iter()
        .filter(|one| one.of == Jump::Slope)
        .flat_map(|one| [(one.left.abs(), one.z), (one.right.abs(), one.z)])
        .collect();
    // A kink that is no candidate for φ′ still ends a piece on which φ′ may be steepest.
    exact.extend(
        found
            .switches
            .iter()
            .flat_map(|&(low, high)| [low, high].map(|z| (at(function, z).dy.abs(), place((low, high))))),
    );
    exact.extend(straight.iter().map(|interval| {
        let z = 0.0_f64.clamp(interval.low, interval.high);
        let inwards = CLOSE * (1.0 + z.abs());
        let inside = if z == interval.low {
            z + inwards
        } else if z == interval.high {
            z - inwards
        } else {
            z
        };
        (at(function, inside).dy.abs(), z)
    }));
    // A bend that a rounding of φ′ could make is none.
    let bend = |i: usize| {
        let is_real =
            samples.d2y[i].abs() * samples.z[i].abs().max(1.0) > 100.0 * ROUNDING * samples.dy[i].abs();
        if is_real { samples.d2y[i] } else { 0.0 }
    };
    let mut bends = Vec::new();
    for i in 1..samples.z.len() {
        let (before, after) = (samples.point(i - 1), samples.point(i));
        // What cannot beat the steepest sample need not be looked at.
        let reach = before.dy.abs().max(after.dy.abs())
            + (after.z - before.z) * before.d2y.abs().max(after.d2y.abs());
        if bend(i - 1) * bend(i) < 0.0 && reach >= seen {
            bends.push((reach, (before.z, after.z)));
        } else if i > 1 && bend(i - 2) * bend(i) < 0.0 && bend(i - 1) == 0.0 {
            exact.push((before.dy.abs(), before.z));
        }
    }
    // Those that can be the steepest first.
    bends.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most = most_places(function);
    for &(_, interval) in bends.iter().take(most) {
        let pair = sign_change(function, interval, |point| point.d2y);
        exact.push((at(function, pair.0).dy.abs(), place(pair)));
    }
    let others = bends.get(most).map_or(seen, |(reach, _)| *reach);
    let attained = largest(exact.into_iter());
    let mut limit = None;
    for (end, tail) in [(End::Left, slopes.0), (End::Right, slopes.1)] {
        match *tail {
            Tail::Diverges { .. } | Tail::Oscillates { is_growing: true, .. } => {
                return Lipschitz::Unbounded { z: None };
            }
            Tail::Limit(value) => limit = higher(limit, (value.abs(), end)),
            _ => {}
        }
    }
    let highest = limit.map_or(seen, |(value, _)| value.max(seen)).max(others);
    match (attained, limit) {
        // Between two samples |φ′| has outgrown every sample by far: it has a pole there.
        (Some((value, z)), _) if value > 1e6 * (1.0 + seen) => Lipschitz::Unbounded { z: Some(z) },
        (Some((value, z)), _) if value >= highest - ROUNDING * (1.0 + highest) => {
            Lipschitz::Attained { value, z }
        }
        (_, Some((value, towards))) if value >= seen.max(others) - 1e-6 * (1.0 + seen) => {
            Lipschitz::Approached { value: value.max(seen), towards }
        }
        _ => Lipschitz::Unknown { seen },
    }
}
