//! What an activation can do on every small piece of the line: a cubic that follows it, bounds of its derivatives, and its
//! kinks.
//!
//! Bounding a box of (w, b) needs, for each data point, how far φ can be from a parabola between two arguments. Interval
//! arithmetic gives φ′, φ″ and φ‴ once for each of a few thousand cells; a table of hulls over 1, 2, 4, … cells answers for any
//! stretch of them.
//!
//! Around the middle m of a cell, with c₀ = φ(m), c₁ = φ′(m) and any c₂, and with κ the largest |φ″ − 2 c₂| between m and ζ,
//! Taylor's theorem says |φ(ζ) − c₀ − c₁ (ζ − m) − c₂ (ζ − m)²| ≤ κ (ζ − m)²/2. A kink on the way adds the jump of φ′ there
//! times what is left of the way, and the jump of φ. With c₂ = 0 and λ the largest |φ′ − c₁|, the error is at most λ |ζ − m| and
//! the jumps of φ. Where there is no kink on the way, with c₂ = φ″(m)/2, any c₃ and μ the largest |φ‴ − 6 c₃|, φ is no further than
//! μ |ζ − m|³/6 from c₀ + c₁ (ζ − m) + c₂ (ζ − m)² + c₃ (ζ − m)³.
//!
//! A kink's place is known to a few units in the last place only: φ is taken to jump there by as much as it varies on that piece.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::function::{Enclosure, Function, Interval, Rounding};

/// The width of a cell, where the reach allows it.
const CELL: f64 = 1.0 / 32.0;
const MAX_CELLS: u32 = 32_768;
/// The cells of a table of its own for a short stretch; the stretch takes half of them at the most.
const LOCAL_CELLS: usize = 128;
/// How often their cells are halved at most: to some 10⁻¹⁰, far above the rounding of arguments, which two cells of room cover.
const MAX_LEVEL: i32 = 26;
/// How many such tables are kept, of some 60 kB each.
const MAX_LOCAL: usize = 250;
/// A kink is known to within this, for arguments of the size of 1.
const KINK: f64 = 4e-16;
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

impl Kink {
    fn new(function: &Function, piece: Interval) -> Self {
        let Enclosure { value, first, .. } = function.enclosure(piece);
        Self { low: piece.low, high: piece.high, value_jump: width(value), slope_jump: width(first) }
    }
}

/// What φ can do on a stretch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// φ′ beside the kinks.
    pub(super) first: Interval,
    /// φ″ beside the kinks.
    pub(super) second: Interval,
    /// φ‴; everything where φ″ can jump.
    pub(super) third: Interval,
    /// The jumps of φ and of φ′ at the kinks of the stretch, added up.
    pub(super) value_jump: f64,
    pub(super) slope_jump: f64,
}

/// What makes a parabola around an argument where φ″ is known a cubic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twist {
    /// c₃.
    pub(super) twist: f64,
    /// How far c₂ can be from φ″/2 there.
    pub(super) bend_error: f64,
}

/// A parabola beside φ, or a cubic: c₀, c₁ and c₂ around an argument, up to the rounding of c₀ and c₁.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parabola {
    pub(super) middle: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) bend: f64,
    /// What makes it a cubic; `None` at a kink, and where φ″ or φ‴ is not bounded.
    pub(super) twist: Option<Twist>,
}

/// One cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// Around the middle.
    pub(super) parabola: Parabola,
    /// How far computed values and slopes can be from the true ones; at a kink, values as far as φ jumps.
    pub(super) rounding: Rounding,
    /// Whether there is a kink, so that φ should be looked at closer by than the middle.
    pub(super) is_kinked: bool,
}

/// φ′, φ″ and φ‴ on some cells, their kinks apart.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Derivatives {
    first: Interval,
    second: Interval,
    third: Interval,
}

impl Derivatives {
    #[inline(always)]
    fn hull(self, other: Self) -> Self {
        Self {
            first: self.first.hull(other.first),
            second: self.second.hull(other.second),
            third: self.third.hull(other.third),
        }
    }
}

/// Bounds of φ over all arguments from −reach to reach.
#[derive(Debug)]
pub(super) struct Table {
    low: f64,
    pub(super) width: f64,
    per_width: f64,
    cells: Vec<Cell>,
    /// `hulls[k][i]` holds cells i to i + 2ᵏ − 1.
    hulls: Vec<Vec<Derivatives>>,
    pub(super) kinks: Vec<Kink>,
    /// Whether any cell holds a kink.
    is_kinked: bool,
}

impl Table {
    /// Over all arguments from −reach to reach.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of cells")]
    pub(super) fn new(function: &Function, reach: f64) -> Self {
        let mut width = CELL;
        while 2.0 * reach > width * f64::from(MAX_CELLS) {
            width *= 2.0;
        }
        let side = (reach / width).ceil() + 2.0;
        Self::over(function, -side * width, width, 2 * side as usize)
    }

    /// Over so many cells from `low`; both `low` and `width` have few binary digits, so that the edges are exact.
    #[expect(clippy::cast_precision_loss, reason = "counts of cells")]
    fn over(function: &Function, low: f64, width: f64, cells: usize) -> Self {
        let edge = |index: usize| low + index as f64 * width;
        let mut builder = Builder { function, kinks: Vec::new(), looks: LOOKS };
        let pieces: Vec<Piece> =
            (0..cells).map(|index| builder.cell(Interval::new(edge(index), edge(index + 1)))).collect();
        let middles: Vec<f64> = (0..cells).map(|index| edge(index) + 0.5 * width).collect();
        let (mut values, mut slopes) = (vec![0.0; cells], vec![0.0; cells]);
        function.values_and_derivatives(&middles, &mut values, &mut slopes);
        let cell = |(index, piece): (usize, &Piece)| {
            let (middle, Derivatives { second, third, .. }) = (middles[index], piece.derivatives);
            let bend = if second.is_finite() { second } else { Interval::ZERO };
            let is_smooth = !piece.is_kinked && third.is_finite();
            let at_middle = is_smooth.then(|| function.enclosure(Interval::point(middle)).second);
            let known = at_middle.filter(|second| second.is_finite());
            let twist = known.map(|second| Twist {
                twist: third.middle() / 6.0,
                bend_error: 0.5 * second.width() + f64::EPSILON * second.magnitude(),
            });
            let bend = 0.5 * known.unwrap_or(bend).middle();
            let parabola = Parabola { middle, value: values[index], slope: slopes[index], bend, twist };
            Cell { parabola, rounding: piece.rounding, is_kinked: piece.is_kinked }
        };
        let cells: Vec<Cell> = pieces.iter().enumerate().map(cell).collect();
        let mut hulls: Vec<Vec<_>> = vec![pieces.iter().map(|piece| piece.derivatives).collect()];
        while let Some(last) = hulls.last().filter(|last| last.len() > 1) {
            let step = 1 << (hulls.len() - 1);
            if last.len() <= step {
                break;
            }
            let next = (0..last.len() - step).map(|index| last[index].hull(last[index + step]));
            let next: Vec<_> = next.collect();
            hulls.push(next);
        }
        let is_kinked = cells.iter().any(|cell| cell.is_kinked);
        let kinks = merged(builder.kinks, function);
        Self { low, width, per_width: 1.0 / width, cells, hulls, kinks, is_kinked }
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the cells")]
    fn index(&self, z: f64) -> usize {
        // What is negative or no number becomes 0.
        (((z - self.low) * self.per_width) as usize).min(self.cells.len() - 1)
    }

    /// What φ can do between two arguments of the table.
    ///
    /// The division by a width that is a power of two is exact, and z − low is off by less than 10⁻¹¹ of a cell (its size is at most 2¹⁵ cells), so
    /// that a billionth of a cell more on each side covers what an index can be off.
    #[inline(always)]
    pub(super) fn stretch(&self, low: f64, high: f64) -> Stretch {
        let margin = 1e-9 * self.width;
        let (from, to) = (self.index(low - margin), self.index(high + margin));
        let level = (to - from + 1).ilog2() as usize;
        let hulls = &self.hulls[level];
        let Derivatives { first, second, third } = hulls[from].hull(hulls[to + 1 - (1 << level)]);
        let mut stretch = Stretch { first, second, third, value_jump: 0.0, slope_jump: 0.0 };
        for kink in &self.kinks {
            if kink.high >= low && kink.low <= high {
                // What a parabola does on the piece of the kink, φ need not.
                let width = kink.high - kink.low;
                let passed = if width > 0.0 { width * stretch.first.magnitude() } else { 0.0 };
                stretch.value_jump += kink.value_jump + passed;
                stretch.slope_jump += kink.slope_jump;
                stretch.third = Interval::ENTIRE;
            }
        }
        stretch
    }

    /// The cell of an argument.
    #[inline(always)]
    pub(super) fn cell(&self, z: f64) -> &Cell {
        &self.cells[self.index(z)]
    }

    /// How far a computed φ can be from the true one anywhere, kinks apart; and its greatest size, or no less.
    pub(super) fn rounding(&self) -> f64 {
        self.cells.iter().map(|cell| cell.rounding.value).fold(0.0, f64::max)
    }

    pub(super) fn magnitude(&self) -> f64 {
        let size = |(cell, derivatives): (&Cell, &Derivatives)| {
            cell.parabola.value.abs() + derivatives.first.magnitude() * self.width
        };
        self.cells.iter().zip(&self.hulls[0]).map(size).fold(0.0, f64::max)
    }

    /// Whether a cell is small enough for its parabola to stand for φ.
    pub(super) fn is_fine(&self) -> bool {
        self.width <= CELL
    }

    /// Whether the parabola of every cell stands for φ.
    pub(super) fn stands_for_all(&self) -> bool {
        self.is_fine() && !self.is_kinked
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
        self.hulls[0].iter().enumerate().any(|(index, Derivatives { first, second, .. })| {
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
        let is_straight = |cells: &[Derivatives]| {
            let slope = cells.first()?.first;
            let is_line = |cell: &Derivatives| {
                cell.second == Interval::ZERO && cell.first == slope && slope.low == slope.high
            };
            cells.iter().all(is_line).then_some(slope.low)
        };
        match self.kinks.as_slice() {
            [] => {
                let slope = is_straight(cells)?;
                Some(Hinge { at: 0.0, left: slope, right: slope, jump: 0.0 })
            }
            &[kink] => {
                let is_joined = kink.value_jump <= NO_GAP * (1.0 + kink.high.abs());
                let split = self.index(0.5 * (kink.low + kink.high));
                // The cell with the kink holds both slopes, unless the kink lies on its edge.
                let (left, right) = (is_straight(&cells[..split])?, is_straight(&cells[split + 1..])?);
                let Derivatives { first, second, .. } = cells[split];
                let is_between = first.low >= left.min(right) && first.high <= left.max(right);
                (is_joined && is_between && second == Interval::ZERO).then_some(Hinge {
                    at: 0.5 * (kink.low + kink.high),
                    left,
                    right,
                    jump: kink.value_jump,
                })
            }
            _ => None,
        }
    }
}

/// The table of all arguments, and finer ones of the short stretches that are asked for.
#[derive(Debug)]
pub(super) struct Tables {
    function: Function,
    reach: f64,
    pub(super) base: Table,
    local: RefCell<BTreeMap<(i32, i64), Rc<Table>>>,
}

impl Tables {
    pub(super) fn new(function: &Function, reach: f64) -> Self {
        let base = Table::new(function, reach);
        Self { function: function.clone(), reach, base, local: RefCell::new(BTreeMap::new()) }
    }

    /// Those of this thread's last search, if it was of the same activation: they take a good part of a search, and are the same for
    /// all targets.
    pub(super) fn of(function: &Function, reach: f64) -> Rc<Self> {
        thread_local! {
            static LAST: RefCell<Option<Rc<Tables>>> = const { RefCell::new(None) };
        }
        let is_theirs = |tables: &Rc<Self>| tables.reach == reach && tables.function == *function;
        let last = LAST.take().filter(is_theirs);
        let tables = last.unwrap_or_else(|| Rc::new(Self::new(function, reach)));
        LAST.set(Some(Rc::clone(&tables)));
        tables
    }

    /// A finer table that holds a stretch, if the stretch is short.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small whole numbers")]
    pub(super) fn local(&self, stretch: Interval) -> Option<Rc<Table>> {
        const HALF: f64 = (LOCAL_CELLS / 2) as f64;
        let mut level = 0;
        let mut width = CELL;
        // Two cells of room at each end.
        while level < MAX_LEVEL && stretch.width() + 4.0 * width < 0.5 * HALF * width {
            width *= 0.5;
            level += 1;
        }
        if level == 0 || width >= self.base.width {
            return None;
        }
        let window = ((stretch.low - 2.0 * width) / (HALF * width)).floor();
        // Larger edges would not be exact.
        if window.abs() > 1e13 {
            return None;
        }
        let mut local = self.local.borrow_mut();
        if local.len() >= MAX_LOCAL {
            local.clear();
        }
        let table = local.entry((level, window as i64)).or_insert_with(|| {
            Rc::new(Table::over(&self.function, window * HALF * width, width, LOCAL_CELLS))
        });
        Some(Rc::clone(table))
    }
}

/// A smaller jump of φ is what it varies by where a kink's place is not known.
const NO_GAP: f64 = 1e-12;

/// Two lines joined at a kink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hinge {
    pub(super) at: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    /// By how much they can miss one another.
    pub(super) jump: f64,
}

struct Builder<'f> {
    function: &'f Function,
    kinks: Vec<Kink>,
    looks: usize,
}

/// What is known of a cell.
struct Piece {
    derivatives: Derivatives,
    rounding: Rounding,
    is_kinked: bool,
}

impl Piece {
    const UNKNOWN: Self = Self {
        derivatives: Derivatives {
            first: Interval::ENTIRE,
            second: Interval::ENTIRE,
            third: Interval::ENTIRE,
        },
        rounding: Rounding { value: f64::INFINITY, slope: f64::INFINITY },
        is_kinked: true,
    };
}

impl Builder<'_> {
    /// The derivatives of φ on a cell, its kinks apart. Computed values on the piece of a kink are in the bounds of φ there.
    fn cell(&mut self, cell: Interval) -> Piece {
        let mut whole: Option<Piece> = None;
        let mut looks = LOOKS_PER_CELL;
        let mut pieces = vec![cell];
        let mut jump = Rounding { value: 0.0, slope: 0.0 };
        while let Some(piece) = pieces.pop() {
            let Enclosure { value, first, second, third } = self.function.enclosure(piece);
            let is_smooth = second.is_finite() && first.is_finite();
            let is_point = piece.width() <= KINK * (1.0 + piece.magnitude());
            if is_smooth {
                let rounding = self.function.rounding(piece);
                let derivatives = Derivatives { first, second, third };
                let piece = Piece { derivatives, rounding, is_kinked: false };
                whole = Some(match whole {
                    None => piece,
                    Some(whole) => Piece {
                        derivatives: whole.derivatives.hull(derivatives),
                        rounding: whole.rounding.or(rounding),
                        is_kinked: false,
                    },
                });
            } else if is_point {
                let kink = Kink::new(self.function, piece);
                jump = jump.or(Rounding { value: width(value), slope: width(first) });
                self.kinks.push(kink);
            } else if looks == 0 || self.looks == 0 {
                return Piece::UNKNOWN;
            } else {
                looks -= 1;
                self.looks -= 1;
                let middle = piece.middle();
                pieces.push(Interval::new(piece.low, middle));
                pieces.push(Interval::new(middle, piece.high));
            }
        }
        let is_kinked = jump.value > 0.0 || jump.slope > 0.0;
        whole.map_or(Piece::UNKNOWN, |whole| Piece { is_kinked, ..whole })
    }
}

fn width(interval: Interval) -> f64 {
    let width = interval.width();
    if width.is_nan() { f64::INFINITY } else { width }
}

/// Kinks that touch are one, seen from two cells.
fn merged(mut kinks: Vec<Kink>, function: &Function) -> Vec<Kink> {
    kinks.sort_by(|a, b| a.low.total_cmp(&b.low));
    let mut merged: Vec<Kink> = Vec::new();
    for kink in kinks {
        match merged.last_mut().filter(|last| kink.low - last.high <= KINK * (1.0 + kink.high.abs())) {
            Some(last) => *last = Kink::new(function, Interval::new(last.low, kink.high)),
            None => merged.push(kink),
        }
    }
    merged
}
