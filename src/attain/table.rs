//! What an activation can do on every small piece of the line: bounds of its derivatives, and its kinks.
//!
//! Bounding a box of (w, b) needs, for each data point, how much φ′ and φ″ can vary between two arguments. Interval arithmetic
//! gives that once for each of a few thousand cells; a table of hulls over 1, 2, 4, … cells answers for any stretch of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::function::{Enclosure, Function, Interval};

/// The width of a cell, where the reach allows it.
const CELL: f64 = 1.0 / 128.0;
const MAX_CELLS: u32 = 32_768;
/// The cells of a table of its own for a short stretch; the stretch takes half of them at the most.
const LOCAL_CELLS: usize = 128;
/// How many such tables are kept.
const MAX_LOCAL: usize = 1_000;
/// A kink is known to within this, for arguments of the size of 1.
const KINK: f64 = 1e-13;
/// How often one cell is looked at to find its kinks, and all of them.
const LOOKS_PER_CELL: usize = 400;
const LOOKS: usize = 100_000;

/// Where φ or φ′ can jump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kink {
    pub(super) low: f64,
    pub(super) high: f64,
    /// The most by which φ, and φ′, can differ between its two sides.
    pub(super) value_jump: f64,
    pub(super) slope_jump: f64,
}

/// What φ can do on a stretch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// φ′ wherever it exists.
    pub(super) first: Interval,
    /// φ″ beside the kinks.
    pub(super) second: Interval,
    /// The jumps of φ and of φ′ at the kinks of the stretch, added up.
    pub(super) value_jump: f64,
    pub(super) slope_jump: f64,
}

/// Bounds of φ over all arguments from −reach to reach.
#[derive(Debug)]
pub(super) struct Table {
    low: f64,
    width: f64,
    /// `hulls[k][i]` holds cells i to i + 2ᵏ − 1.
    hulls: Vec<Vec<(Interval, Interval)>>,
    /// How much a computed φ can be off, by cell.
    rounding: Vec<f64>,
    pub(super) kinks: Vec<Kink>,
}

impl Table {
    /// Over all arguments from −reach to reach.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of cells")]
    pub(super) fn new(function: &Function, reach: f64) -> Self {
        let mut width = CELL;
        while 2.0 * reach > width * f64::from(MAX_CELLS) {
            width *= 2.0;
        }
        let side = (reach / width).ceil() + 1.0;
        Self::over(function, -side * width, width, 2 * side as usize)
    }

    /// Over so many cells from `low`; both `low` and `width` have few binary digits, so that the edges are exact.
    #[expect(clippy::cast_precision_loss, reason = "counts of cells")]
    fn over(function: &Function, low: f64, width: f64, cells: usize) -> Self {
        let edge = |index: usize| low + index as f64 * width;
        let mut builder = Builder { function, kinks: Vec::new(), looks: LOOKS };
        let mut bottom = Vec::with_capacity(cells);
        let mut rounding = Vec::with_capacity(cells);
        for index in 0..cells {
            let cell = Interval::new(edge(index), edge(index + 1));
            bottom.push(builder.cell(cell));
            // The rounding of a point varies little within a cell; four times that of its middle is an ample margin.
            rounding.push(4.0 * function.enclosure(Interval::point(cell.middle())).value.width());
        }
        let mut hulls = vec![bottom];
        while let Some(last) = hulls.last().filter(|last| last.len() > 1) {
            let step = 1 << (hulls.len() - 1);
            if last.len() <= step {
                break;
            }
            let next = (0..last.len() - step).map(|index| {
                let (a, b) = (last[index], last[index + step]);
                (a.0.hull(b.0), a.1.hull(b.1))
            });
            let next: Vec<_> = next.collect();
            hulls.push(next);
        }
        Self { low, width, hulls, rounding, kinks: merged(builder.kinks, function) }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells")]
    fn index(&self, z: f64) -> usize {
        (((z - self.low) / self.width).max(0.0) as usize).min(self.rounding.len() - 1)
    }

    /// What φ can do between two arguments.
    pub(super) fn stretch(&self, low: f64, high: f64) -> Stretch {
        // One cell more on each side covers the rounding of the index.
        let margin = 1e-9 * self.width;
        let (from, to) = (self.index(low - margin), self.index(high + margin));
        let level = (to - from + 1).ilog2() as usize;
        let hulls = &self.hulls[level];
        let (a, b) = (hulls[from], hulls[to + 1 - (1 << level)]);
        let mut stretch =
            Stretch { first: a.0.hull(b.0), second: a.1.hull(b.1), value_jump: 0.0, slope_jump: 0.0 };
        for kink in &self.kinks {
            if kink.high >= low && kink.low <= high {
                stretch.value_jump += kink.value_jump;
                stretch.slope_jump += kink.slope_jump;
            }
        }
        stretch
    }

    /// A value of φ″ in the middle of what it can be around an argument.
    pub(super) fn second(&self, z: f64) -> f64 {
        self.hulls[0][self.index(z)].1.middle()
    }

    /// How much a computed φ(z) can be off.
    pub(super) fn rounding(&self, z: f64) -> f64 {
        self.rounding[self.index(z)]
    }

    /// Whether φ has a smooth extremum, where φ′ changes its sign and φ″ does not.
    pub(super) fn has_extremum(&self) -> bool {
        let sign = |slope: Interval| {
            if slope.low > 0.0 {
                1
            } else if slope.high < 0.0 {
                -1
            } else {
                0
            }
        };
        let mut before = 0;
        self.hulls[0].iter().enumerate().any(|(index, (first, second))| {
            let now = sign(*first);
            let is_turning = now != 0 && before != 0 && now != before;
            if now != 0 {
                before = now;
            }
            let here = self.low + index as f64 * self.width;
            let is_kinked = self.kinks.iter().any(|kink| (kink.low - here).abs() <= 2.0 * self.width);
            let has_bend = !second.contains(0.0);
            is_turning && has_bend && !is_kinked
        })
    }

    /// The slopes and the one kink of a φ that is two straight lines joined at a kink, or one line.
    pub(super) fn as_hinge(&self) -> Option<Hinge> {
        let cells = &self.hulls[0];
        let is_straight = |cells: &[(Interval, Interval)]| {
            let first = cells.first()?.0;
            let is_line = |(slope, curvature): &(Interval, Interval)| {
                *curvature == Interval::ZERO && *slope == first && first.low == first.high
            };
            cells.iter().all(is_line).then_some(first.low)
        };
        match self.kinks.as_slice() {
            [] => {
                let slope = is_straight(cells)?;
                Some(Hinge { at: 0.0, left: slope, right: slope })
            }
            &[kink] => {
                let is_joined = kink.value_jump <= 1e-9 * (1.0 + kink.high.abs());
                let split = self.index(0.5 * (kink.low + kink.high));
                // The cell with the kink holds both slopes, unless the kink lies on its edge.
                let (left, right) = (is_straight(&cells[..split])?, is_straight(&cells[split + 1..])?);
                let (slope, curvature) = cells[split];
                let is_between = slope.low >= left.min(right) && slope.high <= left.max(right);
                (is_joined && is_between && curvature == Interval::ZERO).then_some(Hinge {
                    at: 0.5 * (kink.low + kink.high),
                    left,
                    right,
                })
            }
            _ => None,
        }
    }
}

/// The table of all arguments, and finer ones of the short stretches that are asked for.
#[derive(Debug)]
pub(super) struct Tables<'f> {
    function: &'f Function,
    pub(super) base: Table,
    local: RefCell<BTreeMap<(i32, i64), Rc<Table>>>,
}

impl<'f> Tables<'f> {
    pub(super) fn new(function: &'f Function, reach: f64) -> Self {
        Self { function, base: Table::new(function, reach), local: RefCell::new(BTreeMap::new()) }
    }

    /// A finer table that holds a stretch, if the stretch is short.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small whole numbers")]
    pub(super) fn local(&self, stretch: Interval) -> Option<Rc<Table>> {
        const HALF: f64 = (LOCAL_CELLS / 2) as f64;
        let mut level = 0;
        let mut width = CELL;
        // Two cells of room at each end.
        while level < 40 && stretch.width() + 4.0 * width < 0.5 * HALF * width {
            width *= 0.5;
            level += 1;
        }
        if level == 0 || width >= self.base.width {
            return None;
        }
        let window = ((stretch.low - 2.0 * width) / (HALF * width)).floor();
        if window.abs() > 1e15 {
            return None;
        }
        let mut local = self.local.borrow_mut();
        if local.len() >= MAX_LOCAL {
            local.clear();
        }
        let table = local.entry((level, window as i64)).or_insert_with(|| {
            Rc::new(Table::over(self.function, window * HALF * width, width, LOCAL_CELLS))
        });
        Some(Rc::clone(table))
    }
}

/// Two lines joined at a kink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hinge {
    pub(super) at: f64,
    pub(super) left: f64,
    pub(super) right: f64,
}

struct Builder<'f> {
    function: &'f Function,
    kinks: Vec<Kink>,
    looks: usize,
}

impl Builder<'_> {
    /// φ′ and φ″ on a cell, its kinks apart.
    fn cell(&mut self, cell: Interval) -> (Interval, Interval) {
        let mut hull: Option<(Interval, Interval)> = None;
        let mut looks = LOOKS_PER_CELL;
        let mut pieces = vec![cell];
        while let Some(piece) = pieces.pop() {
            let Enclosure { value, first, second } = self.function.enclosure(piece);
            let is_smooth = second.is_finite() && first.is_finite();
            let is_point = piece.width() <= KINK * (1.0 + piece.magnitude());
            if is_smooth {
                hull = Some(hull.map_or((first, second), |hull| (hull.0.hull(first), hull.1.hull(second))));
            } else if is_point {
                self.kinks.push(Kink {
                    low: piece.low,
                    high: piece.high,
                    value_jump: finite(value.width()),
                    slope_jump: finite(first.width()),
                });
            } else if looks == 0 || self.looks == 0 {
                return (Interval::ENTIRE, Interval::ENTIRE);
            } else {
                looks -= 1;
                self.looks -= 1;
                let middle = piece.middle();
                pieces.push(Interval::new(piece.low, middle));
                pieces.push(Interval::new(middle, piece.high));
            }
        }
        hull.unwrap_or((Interval::ENTIRE, Interval::ENTIRE))
    }
}

fn finite(width: f64) -> f64 {
    if width.is_nan() { f64::INFINITY } else { width }
}

/// Kinks that touch are one, seen from two cells.
fn merged(mut kinks: Vec<Kink>, function: &Function) -> Vec<Kink> {
    kinks.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut merged: Vec<Kink> = Vec::new();
    for kink in kinks {
        match merged.last_mut().filter(|last| kink.low - last.high <= KINK * (1.0 + kink.high.abs())) {
            Some(last) => {
                let both = function.enclosure(Interval::new(last.low, kink.high));
                *last = Kink {
                    low: last.low,
                    high: kink.high,
                    value_jump: finite(both.value.width()),
                    slope_jump: finite(both.first.width()),
                };
            }
            None => merged.push(kink),
        }
    }
    merged
}
