//! What a model can reach on its data, whatever training finds: the least mean squared error over a box of parameters, between a
//! value that is reached and a bound that is certified.
//!
//! For a single neuron v φ(w x + b) + c the output's v and c follow from (w, b) by linear least squares, so that a search over two
//! parameters is left. Two lines joined at a kink are solved exactly (`hinge`), and so is a φ that is straight in a few pieces with kinks and jumps (`piecewise`); everything else by branch and bound
//! (`search`) over boxes whose loss is bounded from below (`bound`). The argument for the bounds is with them.
//!
//! Symmetries that follow from the expression spare the search a part of the box. Where φ(−z) is φ(z) or s − φ(z), the
//! parameters (−w, −b) have the loss of (w, b). Where φ(λ z) is λᵏ φ(z) for all λ > 0 and k is not negative, so have (λ w, λ b) with v λ⁻ᵏ: every
//! (w, b) but 0, which is no better than a constant, can be moved to an edge of a box around 0, and needs no greater |v| there.
//! (Roundings keep their share of what they are of, so that what is certified for the edge holds inside.)

mod bound;
mod data;
mod family;
mod hinge;
mod limit;
mod pieces;
mod piecewise;
mod polygon;
mod profile;
mod scaled;
mod search;
mod table;
mod terms;

use serde::{Deserialize, Serialize};

use crate::function::{Function, Interval};
use crate::plan::{Case, scale};
use crate::spec::{AttainableSearch, ModelType, linspace};
use crate::train::{Run, Trials};
use bound::{Bound, Bounder};
use data::Data;
use pieces::Piece;
use search::{Goal, Problem, Region};
use table::{Table, Tables};

pub use limit::Limit;
pub use profile::least_error;

/// Which parameters there are to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// v φ(w x + b) + c.
    SingleNeuron,
    /// φ(w x).
    ScaledInput,
}

/// What can be reached in a box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attainable {
    /// No parameters in the box have a lower mean squared error.
    pub lower: f64,
    /// These have this one.
    pub upper: f64,
    /// In the order of the model's parameters.
    pub parameters: Vec<f64>,
    /// What losses are measured by: [`scale`] of the target on the data.
    pub scale: f64,
    /// Whether lower and upper are as close as was asked for.
    pub is_closed: bool,
    /// The box: w, and for a single neuron b.
    pub w: (f64, f64),
    pub b: (f64, f64),
    pub method: Method,
    /// Where less, or as much but nowhere reached, is to be had outside of every box.
    pub beyond: Option<Beyond>,
}

/// How the bounds were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// In closed form, piece by piece between the data.
    Exact,
    /// By branch and bound over so many boxes.
    BranchAndBound { regions: usize },
}

/// A loss that is not to be had in the box.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    pub mse: f64,
    pub place: Place,
}

/// Where it is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At these parameters outside of the box.
    Outside { w: f64, b: f64 },
    /// Nowhere; it is only approached.
    Approached(Limit),
}

/// The largest |v| that is considered. A larger one would multiply the rounding of φ to something that shows.
pub const MAX_OUTPUT: f64 = 1e9;
/// Losses are told apart down to this share of the variance of y.
const ABSOLUTE_GAP: f64 = 1e-6;

/// Beyond these, a box is not widened.
const MAX_WIDENED: f64 = 1000.0;

/// Where to look for what a case could reach: the box that its experiment declares, widened to whole numbers where training, or the
/// best of many starts, found its best outside. `None` where that is not asked, or not known how.
pub fn search(case: &Case, run: &Run, trials: Option<&Trials>) -> Option<AttainableSearch> {
    let mut search = case.attainable?;
    let widen = |(low, high): &mut (f64, f64), value: f64| {
        if value.abs() <= MAX_WIDENED {
            *low = low.min(value.floor());
            *high = high.max(value.ceil());
        }
    };
    for best in run.best.iter().chain(trials.and_then(Trials::best)) {
        match *best.parameters {
            [w, b, _, _] => {
                widen(&mut search.w, w);
                widen(&mut search.b, b);
            }
            [w] => widen(&mut search.w, w),
            _ => {}
        }
    }
    Some(search)
}

/// How many arguments of an activation are tried before it is taken to have no value anywhere.
const TRIED: usize = 4097;

/// What a case can reach within a search; `None` where no parameters were found whose loss is finite.
pub fn of_case(case: &Case, search: &AttainableSearch) -> Option<Attainable> {
    let form = match case.model.model_type {
        ModelType::ScaledInput => Form::ScaledInput,
        _ => Form::SingleNeuron,
    };
    let points = case.samples().training;
    let function = &case.activation.function;
    let largest = |(low, high): (f64, f64)| low.abs().max(high.abs());
    let reach = points.x.iter().fold(0.0_f64, |reach, x| reach.max(x.abs()));
    let reach = largest(search.w) * reach + largest(search.b);
    let mut values = vec![0.0; TRIED];
    function.values(&linspace((-reach, reach), TRIED), &mut values);
    if !values.iter().any(|value| value.is_finite()) {
        return None;
    }
    let found = attain(form, function, &points.x, &points.y, search);
    found.upper.is_finite().then_some(found)
}

impl Attainable {
    /// The bytes that [`Attainable::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Attainable::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        let numbers = [read.lower, read.upper, read.w.0, read.w.1, read.b.0, read.b.1];
        let is_sound = numbers.iter().chain(&read.parameters).all(|number| number.is_finite());
        (is_sound && read.lower <= read.upper && !read.parameters.is_empty()).then_some(read)
    }

    /// Whether it can be what a search found for a case: whether it has as many parameters.
    pub fn fits(&self, case: &Case) -> bool {
        self.parameters.len() == case.model.model_type.parameter_count()
    }

    /// Whether the box holds parameters, so that its bounds hold for them.
    pub fn holds(&self, parameters: &[f64]) -> bool {
        let within = |(low, high): (f64, f64), value: f64| low <= value && value <= high;
        match *parameters {
            [w, b, v, _] => within(self.w, w) && within(self.b, b) && v.abs() <= MAX_OUTPUT,
            [w] => within(self.w, w),
            _ => false,
        }
    }
}

/// The least mean squared error over a box. `x` rises and is as long as `y`, at least 2.
pub fn attain(
    form: Form,
    function: &Function,
    x: &[f64],
    y: &[f64],
    search: &AttainableSearch,
) -> Attainable {
    let data = Data::new(x, y);
    let box_of = |(low, high): (f64, f64)| Interval::new(low, high);
    let (w, b) = (box_of(search.w), box_of(search.b));
    let absolute = (ABSOLUTE_GAP * data.variance()).max(data.nothing());
    let goal = Goal { relative: search.gap, absolute, regions: search.budget };
    match form {
        Form::SingleNeuron => single_neuron(&data, function, [w, b], goal),
        Form::ScaledInput => {
            let table = Table::new(function, w.magnitude() * data.reach);
            let mut problem = scaled::Scaled { data: &data, function, table: &table };
            let region = [w, Interval::ZERO];
            let found = search::minimise(&mut problem, region, &[region], goal);
            let limits = limit::of_scaled_input(&data, function).into_iter().collect();
            let beyond = beyond(&data, [region, [FREE, region[1]]], (found.upper, found.at), limits, |at| {
                problem.value(at)
            });
            Attainable {
                lower: found.lower,
                upper: found.upper,
                parameters: vec![found.at[0]],
                scale: scale(&data.y),
                is_closed: is_closed(found.lower, found.upper, goal),
                w: search.w,
                b: search.b,
                method: Method::BranchAndBound { regions: found.regions },
                beyond,
            }
        }
    }
}

fn is_closed(lower: f64, upper: f64, goal: Goal) -> bool {
    upper - lower <= 1.000_001 * (goal.relative * upper).max(goal.absolute)
}

struct SingleNeuron<'a> {
    data: &'a Data,
    function: &'a Function,
    bounder: Bounder<'a>,
}

impl Problem for SingleNeuron<'_> {
    fn bound(&mut self, region: Region, enough: f64) -> Bound {
        self.bounder.bound(region, enough)
    }

    fn value(&self, at: [f64; 2]) -> f64 {
        profile::reached(self.data, self.function, at).mse
    }

    fn weights(&self) -> [f64; 2] {
        [self.data.reach.max(1e-9), 1.0]
    }
}

fn single_neuron(data: &Data, function: &Function, region: Region, goal: Goal) -> Attainable {
    let tables = Tables::of(function, region[0].magnitude() * data.reach + region[1].magnitude());
    let value = |at: [f64; 2]| profile::reached(data, function, at).mse;
    let exact = exact(data, function, &tables.base, region);
    let by_cells = if exact.is_none() { by_cells(data, function, region) } else { None };
    let closed = by_cells.filter(|&(lower, at)| is_closed(lower, value(at), goal));
    let (lower, at, method) = match exact.or(closed) {
        Some((lower, at)) => (lower, at, Method::Exact),
        None => {
            let mut problem = SingleNeuron { data, function, bounder: Bounder::new(data, function, &tables) };
            let found = search::minimise(&mut problem, region, &parts(function, region), goal);
            let (mut lower, mut at) = (found.lower, found.at);
            if let Some((other, place)) = by_cells {
                lower = lower.max(other);
                at = if value(place) < found.upper { place } else { at };
            }
            (lower, at, Method::BranchAndBound { regions: found.regions })
        }
    };
    let reached = profile::reached(data, function, at);
    let lower = lower.min(reached.mse);
    let limits = limit::limits(data, function, &tables.base);
    let beyond = beyond(data, [region, [FREE; 2]], (reached.mse, at), limits, value);
    Attainable {
        lower,
        upper: reached.mse,
        parameters: reached.parameters.to_vec(),
        scale: scale(&data.y),
        is_closed: is_closed(lower, reached.mse, goal),
        w: (region[0].low, region[0].high),
        b: (region[1].low, region[1].high),
        method,
        beyond,
    }
}

/// Parts of a box in which every loss of the box is to be had, by the symmetries of φ.
fn parts(function: &Function, region: Region) -> Vec<Region> {
    let [w, b] = region;
    let is_around_0 = w.low < 0.0 && w.high > 0.0 && b.low < 0.0 && b.high > 0.0;
    let edges = |side: Interval| [side.low, side.high].map(Interval::point);
    let mut parts = if is_around_0 && function.is_homogeneous() {
        let across = edges(w).map(|w| [w, b]);
        across.into_iter().chain(edges(b).map(|b| [w, b])).collect()
    } else {
        vec![region]
    };
    if is_mirrored(function, region) {
        parts.retain(|[w, _]| w.high >= 0.0);
        for [w, _] in &mut parts {
            w.low = w.low.max(0.0);
        }
    }
    parts
}

/// Whether what is left of w = 0 in a box has its mirror image on the right.
fn is_mirrored(function: &Function, [w, b]: Region) -> bool {
    b.low == -b.high && -w.low <= w.high && function.is_symmetric()
}

/// The certified loss and the place of the best fit of an activation that is straight in a few pieces.
fn by_cells(data: &Data, function: &Function, region: Region) -> Option<(f64, [f64; 2])> {
    let reach = region[0].magnitude() * data.reach + region[1].magnitude();
    // Computed arguments are off by two units in the last place.
    let pieces = pieces::pieces(function, reach * (1.0 + 8.0 * f64::EPSILON))?;
    let found = piecewise::least(data, &pieces, region, is_mirrored(function, region))?;
    let greatest = |of: fn(&Piece) -> f64| pieces.iter().map(of).fold(0.0, f64::max);
    let size = greatest(|piece| piece.slope.abs()) * reach + greatest(|piece| piece.level.abs());
    // In units in the last place: two of the argument and half of v h; seven of a column's entries, which are a line's values
    // less their mean; and five of a product of columns.
    let noise = greatest(|piece| piece.error) + 15.0 * f64::EPSILON * size;
    let rest = (found.length - MAX_OUTPUT * noise * data.count().sqrt() * (1.0 + data.rounding)).max(0.0);
    let losses = found.near.map(|at| (profile::reached(data, function, at).mse, at));
    let (mse, at) = losses.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    mse.is_finite().then(|| (data.computed(rest * rest * (1.0 - 4.0 * f64::EPSILON)), at))
}

/// The certified loss and the place of the best fit of two lines joined at a kink, where the activation is that and the box
/// holds every kink that there can be.
fn exact(data: &Data, function: &Function, table: &Table, region: Region) -> Option<(f64, [f64; 2])> {
    let hinge = table.as_hinge()?;
    let [w, b] = region;
    // With a small enough |w| every place of the kink near the data is in the box, and further out it is a line anyway.
    let largest = w.high.min(-w.low);
    let room = (b.high - hinge.at).min(hinge.at - b.low);
    if !(largest > 0.0 && room > 0.0) {
        return None;
    }
    // What the model computes is off the hinge by this, anywhere in the box (see `bound`).
    let reach = w.magnitude() * data.reach + b.magnitude();
    let steepest = hinge.left.abs().max(hinge.right.abs());
    let noise = table.rounding() + hinge.jump + f64::EPSILON * (2.0 * steepest * reach + table.magnitude());
    // If nothing but the size of (w, b) sets the size of φ and of its roundings, they are a share of |w| where the kink is in
    // the data and so |b| no more than |w| times their reach.
    let is_homogeneous = function.is_homogeneous() && hinge.at.abs() <= hinge.jump;
    let error = if is_homogeneous { 2.0 * data.reach * noise / reach } else { 0.0 };
    let found = hinge::exact(data, hinge, largest.min(room / data.reach.max(1e-9)).min(1.0), error);
    // At the edge of the box, a last place can be too many.
    let (w, b) = (found.at.0.clamp(w.low, w.high), found.at.1.clamp(b.low, b.high));
    let mse = profile::reached(data, function, [w, b]).mse;
    let square = |angle: f64, noise: f64| {
        let length = data.square.sqrt() * (1.0 - data.rounding) * libm::sin(angle);
        let rest = (length - MAX_OUTPUT * noise * data.count().sqrt()).max(0.0);
        rest * rest
    };
    let between = square(found.between, if is_homogeneous { 0.0 } else { noise });
    let lower = data.computed(between.min(square(found.outside, noise)));
    let nominal = data.error_at(found.between.min(found.outside));
    (mse <= nominal + 1e-9 * data.variance()).then_some((lower, [w, b]))
}

/// How far a way is followed.
const FREE: Interval = Interval { low: -1e3, high: 1e3 };

/// What is better outside of the box than the least loss that is reached in it, if anything is: a limit of these, or the end of a
/// way down from there, wherever it leads.
fn beyond(
    data: &Data,
    [region, everywhere]: [Region; 2],
    (reached, [w, b]): (f64, [f64; 2]),
    limits: Vec<(Limit, f64)>,
    value: impl Fn([f64; 2]) -> f64,
) -> Option<Beyond> {
    let near = |at: f64, side: Interval| {
        let radius = 0.1 * side.width();
        Interval::new(at - radius, at + radius)
    };
    let (free, at) = search::polish(value, [near(w, region[0]), near(b, region[1])], everywhere);
    let least = limits.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    if data.variance() <= data.nothing() {
        return None;
    }
    let tie = (1e-12 * data.variance()).max(data.nothing());
    // Limits come from sums that are a little less exact than the residuals.
    let is_less = |mse: f64| mse < reached.min(free) * (1.0 - 1e-6) - (1e-9 * data.variance()).max(tie);
    if let Some((limit, mse)) = least {
        let is_vanishing = matches!(limit, Limit::Line | Limit::Parabola) && w.abs() * data.reach < 0.02;
        // Close to a limit, what is found in its stead is the limit and some rounding.
        let is_limit_of_free = mse <= free + 1e-6 * free.max(mse) && free < reached - tie;
        if is_less(mse) || is_limit_of_free || (is_vanishing && mse <= reached + tie) {
            return Some(Beyond { mse, place: Place::Approached(limit) });
        }
    }
    let is_outside = !(region[0].contains(at[0]) && region[1].contains(at[1]));
    (is_outside && free < reached - tie)
        .then_some(Beyond { mse: free, place: Place::Outside { w: at[0], b: at[1] } })
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
