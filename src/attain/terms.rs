//! φ around the arguments that the data points have in the middle of a box of (w, b): what a table says of each point is gathered,
//! and what follows from it is computed for [`WIDTH`] points at once.

use super::family::Columns;
use super::search::Region;
use super::table::{Parabola, Stretch, Table};
use crate::function::{Function, Interval};
use crate::lanes::{self, Loop, Pack, Packs, WIDTH};

/// A box of (w, b), by the arguments w x + b in it as they are computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    w_middle: f64,
    b_middle: f64,
    w_half: f64,
    b_half: f64,
    w_size: f64,
    b_size: f64,
}

impl Spread {
    pub(super) fn of([w, b]: Region) -> Self {
        let half = |side: Interval| (0.5 * side.width()).next_up();
        Self {
            w_middle: w.middle(),
            b_middle: b.middle(),
            w_half: half(w),
            b_half: half(b),
            w_size: w.magnitude(),
            b_size: b.magnitude(),
        }
    }

    /// The argument in the middle of the box.
    #[inline(always)]
    fn argument(&self, x: f64) -> f64 {
        self.w_middle * x + self.b_middle
    }

    /// What a computed argument and that in the middle can be off together.
    #[inline(always)]
    fn argument_error(&self, x: f64) -> f64 {
        2.0 * f64::EPSILON * (x.abs() * self.w_size + self.b_size)
    }

    /// How far computed arguments can be from the middle's.
    #[inline(always)]
    fn radius(&self, x: f64) -> f64 {
        x.abs() * self.w_half + self.b_half + self.argument_error(x)
    }
}

/// Arguments at which φ is computed, since no cell's parabola is close enough.
#[derive(Debug, Default)]
pub(super) struct Direct {
    /// Which points, in rising order.
    at: Vec<usize>,
    z: Vec<f64>,
    h: Vec<f64>,
    slope: Vec<f64>,
}

impl Direct {
    /// Computes φ where the table does not stand for it.
    fn fill(&mut self, function: &Function, table: &Table, x: &[f64], spread: &Spread) {
        self.at.clear();
        self.z.clear();
        if table.stands_for_all() {
            return;
        }
        for (at, x) in x.iter().enumerate() {
            let z = spread.argument(*x);
            if !table.is_fine() || table.cell(z).is_kinked {
                self.at.push(at);
                self.z.push(z);
            }
        }
        self.h.resize(self.z.len(), 0.0);
        self.slope.resize(self.z.len(), 0.0);
        function.values_and_derivatives(&self.z, &mut self.h, &mut self.slope);
    }

    /// φ around the argument of this place in the list.
    fn parabola(&self, place: usize, stretch: &Stretch) -> Parabola {
        let bend = if stretch.second.is_finite() { 0.5 * stretch.second.middle() } else { 0.0 };
        Parabola { middle: self.z[place], value: self.h[place], slope: self.slope[place], bend, twist: None }
    }
}

/// A smaller jump of φ′ is the rounding with which a kink of φ″ was found.
pub(super) const NO_JUMP: f64 = 1e-9;
/// A smaller jump of φ is what it varies by where a kink's place is not known.
const NO_GAP: f64 = 1e-12;

/// Kinks that matter are bent or torn.
#[inline(always)]
fn is_felt(value_jump: f64, slope_jump: f64) -> bool {
    value_jump > NO_GAP || slope_jump > NO_JUMP
}

type Numbers = [f64; WIDTH];

/// What a table says around some arguments.
struct Block {
    middle: Numbers,
    value: Numbers,
    slope: Numbers,
    bend: Numbers,
    twist: Numbers,
    bend_error: Numbers,
    value_rounding: Numbers,
    slope_rounding: Numbers,
    first: [Numbers; 2],
    second: [Numbers; 2],
    third: [Numbers; 2],
    value_jump: Numbers,
    slope_jump: Numbers,
}

impl Block {
    const EMPTY: Self = {
        let zeros = [0.0; WIDTH];
        Self {
            middle: zeros,
            value: zeros,
            slope: zeros,
            bend: zeros,
            twist: zeros,
            bend_error: zeros,
            value_rounding: zeros,
            slope_rounding: zeros,
            first: [zeros; 2],
            second: [zeros; 2],
            third: [zeros; 2],
            value_jump: zeros,
            slope_jump: zeros,
        }
    };

    #[inline(always)]
    fn set(&mut self, part: usize, parabola: Parabola, stretch: &Stretch) {
        let Parabola { middle, value, slope, bend, twist } = parabola;
        self.middle[part] = middle;
        self.value[part] = value;
        self.slope[part] = slope;
        self.bend[part] = bend;
        let (twist, bend_error) = twist.map_or((0.0, f64::INFINITY), |cubic| (cubic.twist, cubic.bend_error));
        self.twist[part] = twist;
        self.bend_error[part] = bend_error;
        let ends = |to: &mut [Numbers; 2], interval: Interval| {
            to[0][part] = interval.low;
            to[1][part] = interval.high;
        };
        ends(&mut self.first, stretch.first);
        ends(&mut self.second, stretch.second);
        ends(&mut self.third, stretch.third);
        self.value_jump[part] = stretch.value_jump;
        self.slope_jump[part] = stretch.slope_jump;
    }
}

/// Looks up what a table says around one argument after the other.
struct Lookup<'a> {
    table: &'a Table,
    direct: &'a Direct,
    next: usize,
}

impl Lookup<'_> {
    #[inline(always)]
    fn look(&mut self, block: &mut Block, part: usize, at: usize, z: f64, radius: f64) {
        let cell = self.table.cell(z);
        let stretch = self.table.stretch(z - radius, z + radius);
        block.value_rounding[part] = cell.rounding.value;
        block.slope_rounding[part] = cell.rounding.slope;
        if self.direct.at.get(self.next) == Some(&at) {
            block.set(part, self.direct.parabola(self.next, &stretch), &stretch);
            self.next += 1;
        } else {
            block.set(part, cell.parabola, &stretch);
        }
    }
}

/// How far a number can be from what is in an interval.
#[inline(always)]
fn off([low, high]: [Numbers; 2], value: Pack) -> Pack {
    (Pack::of(&high) - value).abs().greatest((value - Pack::of(&low)).abs())
}

/// φ around the argument z of each point of the data: h + s ℓ + r ℓ² at z + ℓ, up to an error.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    h: Vec<f64>,
    s: Vec<f64>,
    r: Vec<f64>,
    pub(super) error: Vec<f64>,
    /// What of the error is no property of a smooth φ: rounding and jumps.
    pub(super) noise: Vec<f64>,
    /// Whether no argument in the box crosses a kink that counts.
    is_clear: Vec<bool>,
    /// Which of others' terms these are.
    taken: Vec<usize>,
}

impl Terms {
    /// Of all points of some data.
    pub(super) fn new(x: &[f64], y: &[f64]) -> Self {
        let column = || vec![0.0; x.len()];
        Self {
            x: x.to_vec(),
            y: y.to_vec(),
            h: column(),
            s: column(),
            r: column(),
            error: column(),
            noise: column(),
            is_clear: vec![true; x.len()],
            taken: Vec::new(),
        }
    }

    /// Around the middle of a box.
    pub(super) fn fill(&mut self, function: &Function, table: &Table, spread: &Spread, direct: &mut Direct) {
        struct Fill<'a>(&'a mut Terms, &'a Spread, Lookup<'a>);
        impl Loop for Fill<'_> {
            type Output = ();

            #[inline(always)]
            fn run<P: Packs>(mut self, _: P) {
                for start in (0..self.0.x.len()).step_by(WIDTH) {
                    self.0.fill_block(start, self.1, &mut self.2);
                }
            }
        }
        direct.fill(function, table, &self.x, spread);
        lanes::run(Fill(self, spread, Lookup { table, direct, next: 0 }));
    }

    /// Taylor's theorem around the middle of each cell, to second and to third degree, and the mean value theorem (see [`super::table`]): of
    /// these, the closest.
    #[inline(always)]
    fn fill_block(&mut self, start: usize, spread: &Spread, lookup: &mut Lookup<'_>) {
        let end = (start + WIDTH).min(self.x.len());
        let mut block = Block::EMPTY;
        let (mut z, mut radius, mut argument_error) = ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
        for (part, at) in (start..end).enumerate() {
            let x = self.x[at];
            (z[part], radius[part], argument_error[part]) =
                (spread.argument(x), spread.radius(x), spread.argument_error(x));
            lookup.look(&mut block, part, at, z[part], radius[part]);
            self.is_clear[at] = !is_felt(block.value_jump[part], block.slope_jump[part]);
        }
        let all = Pack::all;
        let (radius, argument_error) = (Pack::of(&radius), Pack::of(&argument_error));
        let (value, slope) = (Pack::of(&block.value), Pack::of(&block.slope));
        let (mut bend, cubic) = (Pack::of(&block.bend), Pack::of(&block.twist));
        let (slope_rounding, value_jump) = (Pack::of(&block.slope_rounding), Pack::of(&block.value_jump));
        let from = Pack::of(&z) - Pack::of(&block.middle);
        let way = radius + from.abs();
        let by_curvature = all(0.5) * off(block.second, all(2.0) * bend) * way * way
            + Pack::of(&block.slope_jump) * radius
            + slope_rounding * way;
        let by_slope = (off(block.first, slope) * way).or_infinity();
        let beside = off(block.third, all(6.0) * cubic) / all(6.0) * way + Pack::of(&block.bend_error);
        let by_twist = cubic.abs() * radius * radius * radius + beside * way * way + slope_rounding * way;
        let mut least = by_curvature.or_infinity();
        let mut twist = by_twist.if_less(least, cubic, Pack::ZERO);
        least = by_twist.if_less(least, by_twist, least);
        twist = least.if_less(by_slope, twist, Pack::ZERO);
        bend = least.if_less(by_slope, bend, Pack::ZERO);
        least = least.if_less(by_slope, least, by_slope);
        let h = value + from * (slope + from * (bend + from * twist));
        let steepest = off(block.first, Pack::ZERO);
        // Half a unit in the last place of h for v h, and less than two for the polynomial in the middle.
        let product = all(f64::EPSILON) * (value.abs() + steepest * way);
        let noise = value_jump + Pack::of(&block.value_rounding) + steepest * argument_error + product;
        let steps = slope.abs() + from.abs() * (bend.abs() + from.abs() * twist.abs());
        let evaluation = all(f64::EPSILON) * (h.abs() + all(4.0) * steps * from.abs());
        let s = slope + from * (all(2.0) * bend + all(3.0) * twist * from);
        let r = bend + all(3.0) * twist * from;
        let columns = [&mut self.h, &mut self.s, &mut self.r, &mut self.error, &mut self.noise];
        for (column, numbers) in columns.into_iter().zip([h, s, r, least + noise + evaluation, noise]) {
            column[start..end].copy_from_slice(&numbers.numbers()[..end - start]);
        }
    }

    /// Takes over those of some terms that cross no kink and whose error is no larger than this, and tells how many they are;
    /// nothing where they are all or too few to tell anything.
    pub(super) fn take_clear(&mut self, all: &Self, largest: f64) -> Option<usize> {
        // An error that is not known is none that is small enough.
        let largest = largest.min(f64::MAX);
        let (count, mut taken) = (all.x.len(), 0);
        self.taken.resize(count, 0);
        for (at, (error, is_clear)) in all.error.iter().zip(&all.is_clear).enumerate() {
            self.taken[taken] = at;
            taken += usize::from(*is_clear && *error <= largest);
        }
        if taken == count || taken < 3 {
            return None;
        }
        let from = [&all.x, &all.y, &all.h, &all.s, &all.r, &all.error];
        let to = [&mut self.x, &mut self.y, &mut self.h, &mut self.s, &mut self.r, &mut self.error];
        for (to, from) in to.into_iter().zip(from) {
            to.clear();
            to.extend(self.taken[..taken].iter().map(|&at| from[at]));
        }
        Some(taken)
    }

    /// How far the values differ from one in their middle, or as much of their errors as counts where they do not.
    pub(super) fn widest(&self) -> f64 {
        let reference = self.h[self.h.len() / 2];
        let width = |(h, error): (&f64, &f64)| (h - reference).abs() + FLAT * error;
        self.h.iter().zip(&self.error).map(width).fold(0.0, f64::max)
    }

    /// The family of columns in the box: y, h, and h's changes by both parameters.
    pub(super) fn fill_columns(&self, spread: &Spread, columns: &mut Columns) {
        struct Fill<'a>(&'a Terms, &'a Spread, [&'a mut [f64]; 6]);
        impl Loop for Fill<'_> {
            type Output = ();

            #[inline(always)]
            fn run<P: Packs>(self, _: P) {
                let Self(Terms { x, h, s, r, .. }, Spread { w_half, b_half, .. }, [to_h, p, q, r1, r2, r3]) =
                    self;
                let count = x.len();
                let (x, h, s, r) = (&x[..count], &h[..count], &s[..count], &r[..count]);
                let reference = h[count / 2];
                for at in 0..count {
                    let by_w = x[at] * w_half;
                    to_h[at] = h[at] - reference;
                    p[at] = s[at] * by_w;
                    q[at] = s[at] * b_half;
                    r1[at] = r[at] * by_w * by_w;
                    r2[at] = 2.0 * r[at] * by_w * b_half;
                    r3[at] = r[at] * b_half * b_half;
                }
            }
        }
        let count = self.x.len();
        columns.iter_mut().for_each(|column| column.resize(count, 0.0));
        columns[0].copy_from_slice(&self.y);
        let [_, others @ ..] = columns;
        lanes::run(Fill(self, spread, others.each_mut().map(|column| &mut column[..count])));
    }
}

/// Where all values are about the same, the share of the largest error is what counts.
const FLAT: f64 = 1e-3;

/// The slopes of φ between neighbouring points, each times the distance of the two: in the middle of the box, and their changes by
/// both parameters.
#[derive(Debug)]
pub(super) struct Slopes {
    /// Midpoints of, and distances between, neighbouring inputs.
    middles: Vec<f64>,
    steps: Vec<f64>,
    pub(super) entries: [Vec<f64>; 3],
    pub(super) error: Vec<f64>,
}

impl Slopes {
    pub(super) fn new(x: &[f64]) -> Self {
        let middles: Vec<f64> = x.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        let column = || vec![0.0; middles.len()];
        Self {
            steps: x.windows(2).map(|pair| pair[1] - pair[0]).collect(),
            entries: std::array::from_fn(|_| column()),
            error: column(),
            middles,
        }
    }

    /// Around the middle of a box.
    pub(super) fn fill(&mut self, function: &Function, table: &Table, spread: &Spread, direct: &mut Direct) {
        struct Fill<'a>(&'a mut Slopes, &'a Spread, Lookup<'a>);
        impl Loop for Fill<'_> {
            type Output = ();

            #[inline(always)]
            fn run<P: Packs>(mut self, _: P) {
                for start in (0..self.0.middles.len()).step_by(WIDTH) {
                    self.0.fill_block(start, self.1, &mut self.2);
                }
            }
        }
        direct.fill(function, table, &self.middles, spread);
        lanes::run(Fill(self, spread, Lookup { table, direct, next: 0 }));
    }

    #[inline(always)]
    fn fill_block(&mut self, start: usize, spread: &Spread, lookup: &mut Lookup<'_>) {
        let end = (start + WIDTH).min(self.middles.len());
        let mut block = Block::EMPTY;
        let (mut x, mut step, mut z) = ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
        let (mut radius, mut argument_error) = ([0.0; WIDTH], [0.0; WIDTH]);
        for (part, at) in (start..end).enumerate() {
            (x[part], step[part]) = (self.middles[at], self.steps[at]);
            (z[part], argument_error[part]) = (spread.argument(x[part]), spread.argument_error(x[part]));
            // From the middle of the pair in the middle of the box to its ends anywhere in the box.
            radius[part] = spread.radius(x[part]) + 0.5 * spread.w_size * step[part];
            lookup.look(&mut block, part, at, z[part], radius[part]);
        }
        let all = Pack::all;
        let (x, step) = (Pack::of(&x), Pack::of(&step));
        let (slope, mut twice) = (Pack::of(&block.slope), all(2.0) * Pack::of(&block.bend));
        let from = Pack::of(&z) - Pack::of(&block.middle);
        let by_curvature = off(block.second, twice) * (Pack::of(&radius) + from.abs())
            + Pack::of(&block.slope_jump)
            + Pack::of(&block.slope_rounding)
            + twice.abs() * Pack::of(&argument_error);
        let by_curvature = by_curvature.or_infinity();
        let by_slope = off(block.first, slope).or_infinity();
        twice = by_curvature.if_less(by_slope, twice, Pack::ZERO);
        let error = by_curvature.if_less(by_slope, by_curvature, by_slope);
        let slope = slope + twice * from;
        let error = step * (error + all(4.0 * f64::EPSILON) * slope.abs());
        let changes = [slope, twice * x * all(spread.w_half), twice * all(spread.b_half)];
        for (column, change) in self.entries.iter_mut().zip(changes) {
            column[start..end].copy_from_slice(&(step * change).numbers()[..end - start]);
        }
        self.error[start..end].copy_from_slice(&error.numbers()[..end - start]);
    }
}
