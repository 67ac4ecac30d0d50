//! Branch and bound over a box of parameters, best first; and the polish of what it finds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bound::Bound;
use crate::function::Interval;

/// A box of two parameters; a problem in one parameter has a second that is a point.
pub(super) type Region = [Interval; 2];

/// A problem to minimise.
pub(super) trait Problem {
    /// What is known of the loss on a region, for a search to which a bound of `enough` is as good as a greater one.
    fn bound(&mut self, region: Region, enough: f64) -> Bound;
    /// The loss at a point, as the model computes it.
    fn value(&self, at: [f64; 2]) -> f64;
    /// How much each parameter matters per unit: the one whose side times this is longest is halved.
    fn weights(&self) -> [f64; 2];
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// The gap at which the search ends, as a share of the least loss …
    pub(super) relative: f64,
    /// … and as a loss.
    pub(super) absolute: f64,
    /// The most regions to bound.
    pub(super) regions: usize,
}

/// What the search found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minimum {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) at: [f64; 2],
    pub(super) regions: usize,
}

/// A region in the queue, ordered by its bound; the least first, of equal ones the oldest, so that large ones come first.
struct Entry {
    lower: f64,
    order: usize,
    region: Region,
}

impl Entry {
    fn key(&self) -> (u64, usize) {
        // Bounds are not negative, and such floats are ordered as their bits are.
        (self.lower.max(0.0).to_bits(), self.order)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Below this share of what is enough, a bound is so far from it that the halves of a region would hardly be settled either:
/// their halves are looked at instead.
const FAR: f64 = 0.5;
/// A middle is polished if it is better than the best so far by this, or if there were few yet.
const PROMISING: f64 = 0.9;
/// So many regions are looked at before polishing begins, so that it does not begin anywhere.
const FIRST_LOOK: usize = 256;

/// The least value of a problem on a region, all of whose values are to be had in some parts of it as well.
pub(super) fn minimise(problem: &mut impl Problem, region: Region, parts: &[Region], goal: Goal) -> Minimum {
    let mut queue = BinaryHeap::new();
    let middle = |region: Region| region.map(Interval::middle);
    let mut best =
        Minimum { lower: 0.0, upper: problem.value(middle(region)), at: middle(region), regions: 0 };
    let mut early: Vec<(f64, Region)> = Vec::new();
    // The least bound of the regions that need no further look.
    let mut settled = f64::INFINITY;
    for &region in parts {
        best.regions += 1;
        queue.push(Reverse(Entry { lower: 0.0, order: best.regions, region }));
    }
    while let Some(Reverse(entry)) = queue.pop() {
        let enough = |upper: f64| {
            if upper.is_finite() {
                (upper - (goal.relative * upper).max(goal.absolute)).max(0.0)
            } else {
                upper
            }
        };
        if entry.lower >= enough(best.upper) || best.regions >= goal.regions {
            settled = settled.min(entry.lower);
            break;
        }
        let weights = problem.weights();
        let is_far = entry.lower < FAR * enough(best.upper);
        let parts = halves(entry.region, weights).into_iter().flat_map(|half| {
            let quarters = if is_far { Some(halves(half, weights)) } else { None };
            quarters.map_or([Some(half), None], |quarters| quarters.map(Some)).into_iter().flatten()
        });
        for part in parts {
            let bound = problem.bound(part, enough(best.upper));
            best.regions += 1;
            let lower = bound.lower.max(entry.lower);
            if bound.middle < best.upper {
                if best.regions <= FIRST_LOOK {
                    early.push((bound.middle, part));
                } else if bound.middle < PROMISING * best.upper || lower < enough(best.upper) {
                    improve(problem, &mut best, part, region);
                }
            }
            if best.regions == FIRST_LOOK {
                begin(problem, &mut best, std::mem::take(&mut early), region);
            }
            if lower >= enough(best.upper) {
                settled = settled.min(lower);
            } else {
                queue.push(Reverse(Entry { lower, order: best.regions, region: part }));
            }
        }
    }
    if best.regions < FIRST_LOOK {
        begin(problem, &mut best, early, region);
    }
    let open = queue.iter().map(|Reverse(entry)| entry.lower).fold(settled, f64::min);
    best.lower = open.min(best.upper);
    best
}

/// So many of the first regions are polished roughly, and so many of what that gives to the end.
const STARTS: usize = 8;
const FINALISTS: usize = 2;

/// Polishes the best of the first regions, which come with the losses in their middles.
fn begin<P: Problem>(problem: &P, best: &mut Minimum, mut early: Vec<(f64, Region)>, within: Region) {
    early.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rough = early.into_iter().take(STARTS).map(|(_, start)| {
        let (value, at) =
            simplex(&|at| problem.value(at), start.map(Interval::middle), halves_of(start), within, ROUGH);
        let side = |axis: usize| {
            let radius = 0.1 * halves_of(start)[axis];
            Interval::new(at[axis] - radius, at[axis] + radius)
        };
        (value, [side(0), side(1)])
    });
    let mut rough: Vec<(f64, Region)> = rough.collect();
    rough.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, start) in rough.into_iter().take(FINALISTS) {
        improve(problem, best, start, within);
    }
}

/// Polishes the middle of a region, and keeps the result if it is better.
fn improve<P: Problem>(problem: &P, best: &mut Minimum, start: Region, within: Region) {
    let (upper, at) = polish(|at| problem.value(at), start, within);
    if upper < best.upper {
        best.upper = upper;
        best.at = at;
    }
}

fn halves(region: Region, weights: [f64; 2]) -> [Region; 2] {
    let side = |at: usize| region[at].width() * weights[at];
    let at = usize::from(side(1) > side(0));
    let middle = region[at].middle();
    let (mut low, mut high) = (region, region);
    low[at] = Interval::new(region[at].low, middle);
    high[at] = Interval::new(middle, region[at].high);
    [low, high]
}

const POLISH_STEPS: usize = 400;
/// How large the simplex still is in the end, as a share of the parameters.
const FINE: f64 = 1e-10;
const ROUGH: f64 = 1e-3;

fn halves_of(region: Region) -> [f64; 2] {
    region.map(|side| 0.5 * side.width())
}

/// [`simplex`] from the middle of a region and about as large; begun anew from its result until that no longer helps.
pub(super) fn polish(value: impl Fn([f64; 2]) -> f64, start: Region, within: Region) -> (f64, [f64; 2]) {
    let mut size = halves_of(start);
    let mut best = simplex(&value, start.map(Interval::middle), size, within, FINE);
    for _ in 0..3 {
        size = size.map(|size| (0.1 * size).max(1e-6));
        let before = best.0;
        let next = simplex(&value, best.1, size, within, FINE);
        if next.0 < best.0 {
            best = next;
        }
        if before - best.0 <= 1e-12 * before {
            break;
        }
    }
    best
}

/// The simplex method of Nelder and Mead (1965) with its usual coefficients, kept within a region. What is no number is as bad as
/// can be.
fn simplex(
    value: &impl Fn([f64; 2]) -> f64,
    center: [f64; 2],
    size: [f64; 2],
    within: Region,
    tolerance: f64,
) -> (f64, [f64; 2]) {
    let clamp = |at: [f64; 2]| {
        [at[0].clamp(within[0].low, within[0].high), at[1].clamp(within[1].low, within[1].high)]
    };
    let vertex = |at: [f64; 2]| {
        let value = value(at);
        (if value.is_nan() { f64::INFINITY } else { value }, at)
    };
    let corner = |axis: usize| {
        let mut at = center;
        at[axis] += size[axis];
        // Into the region, where the other way leads out of it.
        if at[axis] > within[axis].high {
            at[axis] = center[axis] - size[axis];
        }
        clamp(at)
    };
    let mut simplex = [clamp(center), corner(0), corner(1)].map(vertex);
    for _ in 0..POLISH_STEPS {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let spread = (0..2).map(|axis| {
            let side = |vertex: usize| (simplex[vertex].1[axis] - simplex[0].1[axis]).abs();
            side(1).max(side(2)) / (1e-3 + simplex[0].1[axis].abs())
        });
        if spread.fold(0.0, f64::max) < tolerance {
            break;
        }
        let look = |share: f64| {
            vertex(clamp(std::array::from_fn(|axis| {
                let middle = 0.5 * (simplex[0].1[axis] + simplex[1].1[axis]);
                middle + share * (middle - simplex[2].1[axis])
            })))
        };
        let reflected = look(1.0);
        let next = if reflected.0 < simplex[0].0 {
            let expanded = look(2.0);
            if expanded.0 < reflected.0 { expanded } else { reflected }
        } else if reflected.0 < simplex[1].0 {
            reflected
        } else {
            look(if reflected.0 < simplex[2].0 { 0.5 } else { -0.5 })
        };
        if next.0 < simplex[2].0 {
            simplex[2] = next;
        } else {
            for other in 1..3 {
                let at = std::array::from_fn(|axis| 0.5 * (simplex[0].1[axis] + simplex[other].1[axis]));
                simplex[other] = vertex(at);
            }
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0]
}
