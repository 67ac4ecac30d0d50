//! The grid, the function on it, and the narrowing down between neighbours.

use std::ops::Range;

use crate::function::{Function, JetColumns};

/// The finely sampled part is ±CORE.
pub const CORE: f64 = 16.0;
/// Points per unit of the finely sampled part, and per octave beyond.
const PER_UNIT: i32 = 128;
const PER_OCTAVE: i32 = 8;
const OCTAVES: i32 = 36;
/// Puts the points beyond off the whole numbers, of which a periodic function may be fond.
const OFFSET: f64 = 1.019_137;
/// Places nearer to each other than this (relatively, beyond 1) are one.
pub(super) const CLOSE: f64 = 1e-9;

/// The most places of one kind that are narrowed down, as operations of the function; narrowing takes a few dozen values each.
const WORK: usize = 150_000;

/// The most places of one kind that are narrowed down, so that no expression takes longer than a second: all that a grid can
/// show of one that is not very long.
pub(super) fn most_places(function: &Function) -> usize {
    (WORK / function.operations().max(1)).max(MOST_FIRST)
}

/// So many are narrowed down however long it takes: more than are told of.
const MOST_FIRST: usize = 8;

/// φ, φ′ and φ″ on the grid, which is symmetric about 0.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) z: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) dy: Vec<f64>,
    pub(super) d2y: Vec<f64>,
    /// Equal where the function is on the same piece.
    pub(super) branch: Vec<u64>,
}

impl Samples {
    pub(super) fn of(function: &Function) -> Self {
        let core = (-PER_UNIT * 16..=PER_UNIT * 16).map(|index| f64::from(index) / f64::from(PER_UNIT));
        let mut beyond = Vec::new();
        let mut scale = CORE * OFFSET;
        for _ in 0..OCTAVES {
            beyond
                .extend((0..PER_OCTAVE).map(|step| scale * (1.0 + f64::from(step) / f64::from(PER_OCTAVE))));
            scale *= 2.0;
        }
        let z: Vec<f64> = beyond.iter().rev().map(|z| -z).chain(core).chain(beyond.iter().copied()).collect();
        let mut samples = Self {
            y: vec![0.0; z.len()],
            dy: vec![0.0; z.len()],
            d2y: vec![0.0; z.len()],
            branch: vec![0; z.len()],
            z: Vec::new(),
        };
        let mut columns = JetColumns {
            y: &mut samples.y,
            dy: &mut samples.dy,
            d2y: &mut samples.d2y,
            branch: &mut samples.branch,
        };
        function.values_and_two_derivatives(&z, &mut columns);
        samples.z = z;
        samples
    }

    /// The finely sampled part.
    pub(super) fn core(&self) -> Range<usize> {
        let beyond = (PER_OCTAVE * OCTAVES).unsigned_abs() as usize;
        beyond..self.z.len() - beyond
    }

    /// φ′ at a point, if it is a number, and φ too: formulas of slopes may go on where φ does not, and where a slope is infinite
    /// the sign of a zero decides which way.
    pub(super) fn slope(&self, i: usize) -> Option<f64> {
        (self.y[i].is_finite() && self.dy[i].is_finite()).then(|| self.dy[i])
    }

    /// The largest |φ′| in the finely sampled part.
    pub(super) fn steepest(&self) -> f64 {
        self.core().filter_map(|i| self.slope(i)).map(f64::abs).fold(0.0, f64::max)
    }

    /// The points beyond it on one side, outwards.
    pub(super) fn outwards(&self, is_left: bool) -> Vec<usize> {
        let core = self.core();
        if is_left { (0..core.start).rev().collect() } else { (core.end..self.z.len()).collect() }
    }

    pub(super) fn point(&self, i: usize) -> Point {
        Point { z: self.z[i], y: self.y[i], dy: self.dy[i], d2y: self.d2y[i], branch: self.branch[i] }
    }
}

/// The function at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) z: f64,
    pub(super) y: f64,
    pub(super) dy: f64,
    pub(super) d2y: f64,
    pub(super) branch: u64,
}

pub(super) fn at(function: &Function, z: f64) -> Point {
    let (mut y, mut dy, mut d2y, mut branch) = ([0.0], [0.0], [0.0], [0]);
    let mut columns = JetColumns { y: &mut y, dy: &mut dy, d2y: &mut d2y, branch: &mut branch };
    function.values_and_two_derivatives(&[z], &mut columns);
    Point { z, y: y[0], dy: dy[0], d2y: d2y[0], branch: branch[0] }
}

/// Narrows a place between two down to neighbouring doubles: `is_before` holds at the first of them and not at the
/// second, as it does at the ends.
pub(super) fn narrow(
    function: &Function,
    (low, high): (f64, f64),
    is_before: impl Fn(Point) -> bool,
) -> (f64, f64) {
    let (mut low, mut high) = (ordinal(low), ordinal(high));
    // From −16 to 16 there are more doubles than an i64 counts.
    while low.abs_diff(high) > 1 {
        let middle = low.saturating_add_unsigned(low.abs_diff(high) / 2);
        if is_before(at(function, from_ordinal(middle))) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (from_ordinal(low), from_ordinal(high))
}

/// Narrows a place between two down to neighbouring doubles: `number` changes its sign between them, as it does between the
/// ends. As [`narrow`], but in far fewer steps where the number is smooth: by the false position, of which the number at an end
/// that stays is halved (the Illinois method; Dowell and Jarratt, 1971), and by halves where that is no faster.
pub(super) fn sign_change(
    function: &Function,
    (low, high): (f64, f64),
    number: impl Fn(Point) -> f64,
) -> (f64, f64) {
    let number = |z: f64| number(at(function, z));
    let (mut at_low, mut at_high) = (number(low), number(high));
    let starts_above = at_low > 0.0;
    let (mut low, mut high) = (ordinal(low), ordinal(high));
    // How many doubles lay between both before the last step and the one before it.
    let mut widths = [u64::MAX; 2];
    let mut last_was_low = None;
    loop {
        let width = low.abs_diff(high);
        if width <= 1 {
            return (from_ordinal(low), from_ordinal(high));
        }
        let middle = low.saturating_add_unsigned(width / 2);
        let (from, to) = (from_ordinal(low), from_ordinal(high));
        let between = ordinal(from + (to - from) * (at_low / (at_low - at_high)));
        // A number that is not finite compares with nothing.
        let is_useful = at_low.is_finite() && at_high.is_finite() && widths[0] / 2 >= width;
        let next = if is_useful { between.clamp(low + 1, high - 1) } else { middle };
        widths = [widths[1], width];
        let found = number(from_ordinal(next));
        if (found > 0.0) == starts_above {
            (low, at_low) = (next, found);
            if last_was_low == Some(true) {
                at_high *= 0.5;
            }
            last_was_low = Some(true);
        } else {
            (high, at_high) = (next, found);
            if last_was_low == Some(false) {
                at_low *= 0.5;
            }
            last_was_low = Some(false);
        }
    }
}

/// The place between two doubles that it is most likely meant to be: one with few digits, and 0 if it is near.
pub(super) fn place((low, high): (f64, f64)) -> f64 {
    let middle = f64::midpoint(low, high);
    if middle.abs() < 1e-12 {
        return 0.0;
    }
    let short: f64 = format!("{middle:.12e}").parse().unwrap_or(middle);
    if (short - middle).abs() <= 4.5e-16 * middle.abs() { short } else { middle }
}

/// Doubles in their order, as whole numbers one apart.
#[expect(clippy::cast_possible_wrap, reason = "the bits without the sign fit")]
fn ordinal(x: f64) -> i64 {
    let size = x.abs().to_bits() as i64;
    if x.is_sign_negative() { -size } else { size }
}

fn from_ordinal(ordinal: i64) -> f64 {
    let size = f64::from_bits(ordinal.unsigned_abs());
    if ordinal < 0 { -size } else { size }
}
