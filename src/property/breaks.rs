//! Where a function or one of its first two derivatives jumps.

use super::sample::{CLOSE, Point, Samples, at, most_places, narrow, place, sign_change};
use crate::function::Function;

/// A jump, or a pole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Break {
    pub z: f64,
    /// What jumps: the lowest derivative that does.
    pub of: Jump,
    /// Its one-sided limits; infinite where it has none.
    pub left: f64,
    pub right: f64,
}

impl Break {
    /// Whether it grows without bound on one side at least.
    pub fn is_pole(&self) -> bool {
        self.left.is_infinite() || self.right.is_infinite()
    }
}

/// Which derivative jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Jump {
    Value,
    Slope,
    Curvature,
}

/// What was found between the points of the grid.
#[derive(Debug)]
pub(super) struct Found {
    /// Where the function goes from one piece to the next, smoothly or not, from left to right: the last place before and
    /// the first after.
    pub(super) switches: Vec<(f64, f64)>,
    /// From left to right.
    pub(super) breaks: Vec<Break>,
}

impl Found {
    /// A switch or break between two places, or as near to them as makes no difference.
    pub(super) fn between(&self, low: f64, high: f64) -> Option<f64> {
        let margin = |z: f64| CLOSE * (1.0 + z.abs());
        let (low, high) = (low - margin(low), high + margin(high));
        let switch = self.switches.iter().find(|&&(before, after)| before <= high && after >= low);
        let other = self.breaks.iter().map(|one| one.z).find(|&z| z >= low && z <= high);
        switch.map(|&pair| place(pair)).or(other)
    }
}

/// The most switches that are looked into in the finely sampled part, and beyond it; a staircase has no end of them.
const MOST: usize = 200;
const MOST_BEYOND: usize = 16;

pub(super) fn find(function: &Function, samples: &Samples) -> Found {
    let mut found = Found { switches: Vec::new(), breaks: Vec::new() };
    let core = samples.core();
    let most = MOST.min(most_places(function));
    let mut poles = most;
    for i in core.start + 1..core.end {
        between(function, samples, i, most, &mut found);
        if poles > 0
            && let Some(pair) = steep(function, samples.point(i - 1), samples.point(i))
        {
            poles -= 1;
            found.breaks.extend(pole(function, pair));
        }
    }
    let most = found.switches.len() + MOST_BEYOND.min(most);
    for i in (1..=core.start).chain(core.end..samples.z.len()) {
        between(function, samples, i, most, &mut found);
    }
    found.switches.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.breaks.sort_by(|a, b| a.z.total_cmp(&b.z).then(a.of.cmp(&b.of)));
    found.breaks.dedup_by(|b, a| (a.z - b.z).abs() <= CLOSE * (1.0 + a.z.abs()));
    found
}

/// Looks between a point of the grid and the one before it.
fn between(function: &Function, samples: &Samples, i: usize, most: usize, found: &mut Found) {
    let (mut before, after) = (samples.point(i - 1), samples.point(i));
    if !before.y.is_finite() {
        return;
    }
    if !after.y.is_finite() {
        // A single place without a value between two with one.
        if samples.y.get(i + 1).is_some_and(|next| next.is_finite()) {
            found.breaks.extend(hole(function, after.z));
        }
        return;
    }
    if before.branch == after.branch {
        found.breaks.extend(hidden(function, before, after));
    }
    // Several pieces may lie between two points of the grid.
    let mut pieces = 0;
    while before.branch != after.branch && pieces < 8 && found.switches.len() < most {
        let pair = narrow(function, (before.z, after.z), |point| point.branch == before.branch);
        found.switches.push(pair);
        found.breaks.extend(jump_at(function, pair));
        before = at(function, pair.1);
        pieces += 1;
    }
}

/// Values beyond this so near to a break have no limit, if they were far smaller a little further off.
const POLE: f64 = 1e7;

/// What φ comes to on one side of a place: infinite at a pole.
pub(super) fn limit(function: &Function, z: f64, side: f64) -> Point {
    let step = side * CLOSE * z.abs().max(1.0);
    let (near, off) = (at(function, z + step), at(function, z + 1e3 * step));
    let is_pole = near.y.abs() > POLE.max(10.0 * off.y.abs());
    if is_pole { Point { y: f64::INFINITY.copysign(near.y), ..near } } else { near }
}

/// Where between two points of one piece there may be a pole that their slopes do not tell from a slope: φ goes from one sign to
/// the other against its slopes there (as tan does), or grows towards both (as tan² does).
fn steep(function: &Function, before: Point, after: Point) -> Option<(f64, f64)> {
    let width = after.z - before.z;
    // Near a pole of the order k the distance times φ′ is k times φ.
    let is_steep = |point: Point| width * point.dy.abs() >= 0.5 * point.y.abs() && point.y != 0.0;
    if before.branch != after.branch || !is_steep(before) || !is_steep(after) {
        return None;
    }
    let ends = (before.z, after.z);
    let change = after.y - before.y;
    if before.y * after.y < 0.0 && change * before.dy < 0.0 && change * after.dy < 0.0 {
        Some(sign_change(function, ends, |point| point.y))
    } else if before.y * after.y > 0.0 && before.y * before.dy > 0.0 && after.y * after.dy < 0.0 {
        Some(sign_change(function, ends, |point| point.dy))
    } else {
        None
    }
}

/// The pole at a place, if there is one.
fn pole(function: &Function, (low, high): (f64, f64)) -> Option<Break> {
    let (left, right) = (limit(function, low, -1.0).y, limit(function, high, 1.0).y);
    (left.is_infinite() && right.is_infinite()).then(|| {
        let z = place((low, high));
        Break { z, of: Jump::Value, left, right }
    })
}

/// The numbers on both sides of a switch, far enough from it for a value on the switch alone not to count.
fn jump_at(function: &Function, (low, high): (f64, f64)) -> Option<Break> {
    if let Some(pole) = pole(function, (low, high)) {
        return Some(pole);
    }
    let step = CLOSE * low.abs().max(1.0);
    let (left, right) = (limit(function, low, -1.0), limit(function, high, 1.0));
    let z = place((low, high));
    let is_jump = |left: f64, right: f64, change: f64, share: f64| {
        // What is infinite or NaN on one side only is a jump too.
        let same = left.is_nan() && right.is_nan();
        let difference = (left - right).abs();
        !same
            && (difference.is_nan() && left.to_bits() != right.to_bits()
                || difference > share * (1.0 + left.abs().min(right.abs())) + 4.0 * step * change)
    };
    let or_infinite = |number: f64| if number.is_nan() { f64::INFINITY } else { number };
    // So near to a place where it has no limit a slope is as large as this.
    let steep = |number: f64| if number.abs() > POLE { f64::INFINITY.copysign(number) } else { number };
    let steepness = finite(left.dy.abs() + right.dy.abs());
    let bend = finite(left.d2y.abs() + right.d2y.abs());
    // The limits lie a step further in than the numbers.
    let towards = |number: f64, slope: f64, step: f64| number + finite(slope) * step;
    if is_jump(left.y, right.y, steepness, 1e-8) {
        let (left, right) = (towards(left.y, left.dy, step), towards(right.y, right.dy, -step));
        return Some(Break { z, of: Jump::Value, left: or_infinite(left), right: or_infinite(right) });
    }
    if is_jump(left.dy, right.dy, bend, 1e-8) {
        let (left, right) = (towards(left.dy, left.d2y, step), towards(right.dy, right.d2y, -step));
        let (left, right) = (steep(or_infinite(left)), steep(or_infinite(right)));
        return Some(Break { z, of: Jump::Slope, left, right });
    }
    is_jump(left.d2y, right.d2y, 0.0, 1e-6).then(|| Break {
        z,
        of: Jump::Curvature,
        left: steep(or_infinite(left.d2y)),
        right: steep(or_infinite(right.d2y)),
    })
}

/// A place without a value: a break, unless both sides lead to one value.
fn hole(function: &Function, z: f64) -> Option<Break> {
    let (left, right) = (limit(function, z, -1.0).y, limit(function, z, 1.0).y);
    let is_break = left.is_infinite() || (left - right).abs() > 1e-6 * (1.0 + left.abs());
    is_break.then_some(Break { z, of: Jump::Value, left, right })
}

fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

/// A jump of φ or φ′ on one piece, which only a singularity can make (√(z²), 1/z, ∛z): the half in which more happens than
/// the derivatives account for is halved again and again.
fn hidden(function: &Function, mut before: Point, mut after: Point) -> Option<Break> {
    if after.dy.is_infinite() {
        let [left, right] = [-1.0, 1.0].map(|side| limit(function, after.z, side));
        // At the edge of where φ is defined there is nothing to jump to.
        let is_within = left.y.is_finite() && right.y.is_finite();
        let infinite = |slope: f64| f64::INFINITY.copysign(slope);
        let (left, right) = (infinite(left.dy), infinite(right.dy));
        return is_within.then_some(Break { z: after.z, of: Jump::Slope, left, right });
    }
    if before.dy.is_infinite() {
        return None;
    }
    let unexplained = |a: &Point, b: &Point| {
        let width = 4.0 * (b.z - a.z);
        let value = (b.y - a.y).abs() - width * finite(a.dy).abs().max(finite(b.dy).abs());
        let slope = (b.dy - a.dy).abs() - width * finite(a.d2y).abs().max(finite(b.d2y).abs());
        (value - 1e-6 * (1.0 + a.y.abs().min(b.y.abs())), slope - 1e-6 * (1.0 + a.dy.abs().min(b.dy.abs())))
    };
    let is_unexplained = |a: &Point, b: &Point| {
        let (value, slope) = unexplained(a, b);
        value > 0.0 || slope > 0.0
    };
    while is_unexplained(&before, &after) {
        let middle = f64::midpoint(before.z, after.z);
        if middle <= before.z || middle >= after.z || (after.z - before.z) < 1e-13 * (1.0 + middle.abs()) {
            let z = place((before.z, after.z));
            let (value, _) = unexplained(&before, &after);
            let of = if value > 0.0 { Jump::Value } else { Jump::Slope };
            let (left, right) = if value > 0.0 { (before.y, after.y) } else { (before.dy, after.dy) };
            // A derivative that is wrong at one point only is no limit.
            return jump_at(function, (before.z, after.z)).or(Some(Break { z, of, left, right }));
        }
        let point = at(function, middle);
        if !point.y.is_finite() {
            return hole(function, middle);
        }
        let (left, right) = (unexplained(&before, &point), unexplained(&point, &after));
        if left.0.max(left.1) >= right.0.max(right.1) {
            after = point;
        } else {
            before = point;
        }
    }
    None
}
