//! A lower bound of the loss of a single neuron over a box of (w, b), whatever v and c.
//!
//! With the best v and c, the loss is the variance of y times sin² of the angle between y and h = φ(w x + b), both centered: only
//! the direction of h counts. Four ways to bound it, of which the best holds:
//!
//! 1. **Values.** Around the middle of the box each h is a polynomial of second degree in (w, b), up to an error of third order
//!    ([`super::table`]): a family of columns whose angle with y can be bounded ([`super::family`]). Good wherever h is not nearly
//!    constant. The same for some of the points, since they leave no more of y than all do.
//! 2. **Slopes.** h/w is the running sum of the slopes of φ between neighbouring inputs, which stay what they are as w → 0:
//!    the profile's line there. The mean of φ′ = c₁ + 2 c₂ (z − m) between two arguments is its value between them, so that the
//!    sums are affine in (w, b) but for an error that the spread of φ″ bounds.
//! 3. **Parabolas.** Where φ′ can vanish near b and φ″ cannot, h with a small w is a line plus a parabola in any proportion, but
//!    for a small share: as good as the best parabola, and hardly better.
//! 4. **Hinges.** Where φ has a kink near b, h with a small w is two lines that meet anywhere.
//!
//! # Rounding
//!
//! The bound is one of what the model *computes*, for any c and any |v| up to [`MAX_OUTPUT`]:
//!
//! - The computed argument of φ is off from w x + b by at most one unit in the last place of |w x| + |b|: half for the product,
//!   half for the sum. The middle's own argument is off by as much. Both are added to the radius of the stretch that an argument
//!   can lie in and, times the largest φ′ there, to the error.
//! - The computed φ is off by what [`Function::rounding`] bounds, from the expression.
//! - The product v h is rounded: half a unit in the last place of h.
//! - The sums with c and y, and the mean of squares: see [`Data::computed`].
//!
//! The first three are errors of h. In the first way they are part of the column's error; in the others, which look at true
//! slopes, they are noise that v multiplies: it shortens what is left of y by no more than [`MAX_OUTPUT`] times its length.
//! Jumps of φ are errors, or noise, in the same places: no way takes φ to be continuous where interval arithmetic does not show
//! it, and a kink whose place is known to some units in the last place is taken to jump by what φ varies over them.
//!
//! The sums over the data are computed plainly and in order, with [`Data::rounding`] for what they can be off.

use super::MAX_OUTPUT;
use super::data::{Data, centered, dot};
use super::family::{Columns, Family};
use super::hinge::{self, Pair};
use super::table::{Kink, Stretch, Table, Tables};
use super::terms::{Direct, NO_JUMP, Slopes, Spread, Terms};
use crate::function::{Function, Interval};
use crate::lanes;

/// Bounds boxes of (w, b) for one activation on one set of data. Keeps its memory from box to box.
pub(super) struct Bounder<'a> {
    data: &'a Data,
    function: &'a Function,
    tables: &'a Tables,
    pairs: Vec<Pair>,
    /// The angle between y and the nearest parabola; the distance of t² from the lines, and its length (t is x, shifted).
    parabola_angle: f64,
    parabola_distance: f64,
    square_length: f64,
    terms: Terms,
    /// Some of them.
    part: Terms,
    slopes: Slopes,
    direct: Direct,
    columns: Columns,
    errors: Vec<f64>,
}

/// What is known of a box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// No (w, b) in the box has a lower loss.
    pub(super) lower: f64,
    /// The loss in its middle, roughly.
    pub(super) middle: f64,
}

/// Slopes are looked at where |w| times the reach of the data is smaller than this, and values bound less than this share of what
/// is enough: elsewhere they seldom tell more, and two halves that need no slopes cost less than one box that does.
const SLOPES_BELOW: f64 = 1.0;
const SLOPES_FROM: f64 = 0.8;
/// Points whose errors are larger than this share of the values of φ are left out where all of them together tell nothing.
const CLEAR: f64 = 0.05;
/// The slopes beside a kink are looked at where they change by less than this share of its jump.
const STRAIGHT: f64 = 0.1;

impl<'a> Bounder<'a> {
    pub(super) fn new(data: &'a Data, function: &'a Function, tables: &'a Tables) -> Self {
        let squares = data.squares();
        let line = centered(&data.offsets);
        let bend = centered(&squares);
        let along = dot(&bend, &line) / dot(&line, &line);
        let apart: Vec<f64> = bend.iter().zip(&line).map(|(bend, line)| bend - along * line).collect();
        let (distance, length) = (dot(&apart, &apart).sqrt(), dot(&squares, &squares).sqrt());
        // The rounding of a direction is that of t² over its distance from the lines.
        let margin = 16.0 * data.rounding * (1.0 + length / distance);
        Self {
            data,
            function,
            tables,
            pairs: hinge::pairs(data),
            parabola_angle: data.parabola_angle() - margin,
            parabola_distance: distance * (1.0 - margin),
            square_length: length * (1.0 + margin),
            terms: Terms::new(&data.x, &data.y),
            part: Terms::default(),
            slopes: Slopes::new(&data.x),
            direct: Direct::default(),
            columns: Columns::default(),
            errors: Vec::new(),
        }
    }

    /// Bounds the loss on a box of w and b. A bound of `enough` is as good as a greater one.
    pub(super) fn bound(&mut self, [w, b]: [Interval; 2], enough: f64) -> Bound {
        let z = self.arguments(w, b);
        let tables = self.tables;
        let local = tables.local(z);
        let table = local.as_deref().unwrap_or(&tables.base);
        let enough = self.data.square_for(enough);
        let spread = Spread::of([w, b]);
        let (mut square, middle, noise) = self.by_values(table, &spread, enough);
        let noise = noise + self.jumps(table, z);
        if square < SLOPES_FROM * enough && w.magnitude() * self.data.reach < SLOPES_BELOW {
            let rest = enough.sqrt() + MAX_OUTPUT * noise * (1.0 + 2.0 * self.data.rounding);
            let left = self.by_slopes(table, &spread, rest * rest * (1.0 + 16.0 * f64::EPSILON));
            square = square.max(self.less_noise(left, noise));
        }
        if square < enough {
            let stretch = table.stretch(z.low, z.high);
            let is_near_0 = w.contains(0.0) || w.low.abs().min(w.high.abs()) < w.width();
            let is_straight = stretch.second.magnitude() * z.width() < STRAIGHT * stretch.slope_jump;
            let by_parabolas = if is_near_0 { self.by_parabolas(&stretch) } else { 0.0 };
            let angle =
                if is_near_0 || is_straight { self.by_hinges(table, z).max(by_parabolas) } else { 0.0 };
            let sine = libm::sin(angle);
            let left = self.data.square * (1.0 - self.data.rounding) * sine * sine;
            square = square.max(self.less_noise(left, noise));
        }
        Bound { lower: self.data.computed(square), middle: middle / self.data.count() }
    }

    /// A sum of squares of what is left of y, if every h can be off by some noise as well.
    fn less_noise(&self, square: f64, noise: f64) -> f64 {
        if square == 0.0 {
            return 0.0;
        }
        let rest = (square.sqrt() - MAX_OUTPUT * noise * (1.0 + self.data.rounding)).max(0.0);
        rest * rest * (1.0 - 4.0 * f64::EPSILON)
    }

    /// The length of what jumps of φ can add up to between the first input and each of the others.
    fn jumps(&self, table: &Table, z: Interval) -> f64 {
        let stretch = table.stretch(z.low, z.high);
        stretch.value_jump * self.data.count().sqrt()
    }

    /// The least sum of squares in the box, that in its middle, and the length of the noise.
    fn by_values(&mut self, table: &Table, spread: &Spread, enough: f64) -> (f64, f64, f64) {
        let Self { data, function, terms, part, columns, direct, .. } = self;
        let length =
            |column: &[f64]| nan_is_infinite(lanes::dot(column, column).sqrt() * (1.0 + data.rounding));
        terms.fill(function, table, spread, direct);
        terms.fill_columns(spread, columns);
        let family = Family::new(columns, length(&terms.error), data.rounding);
        let mut square = family.least_square(MAX_OUTPUT, enough);
        if square < enough && family.is_worse(enough, columns, &terms.error) {
            square = enough;
        }
        // What is left of some points is no more than what is left of all: those at kinks are left out, and those with the
        // largest errors, again and again while few are: far out on a tail, each point is nothing beside the one before.
        let mut limit = if square < enough { CLEAR * terms.widest() } else { 0.0 };
        while square < enough {
            let Some(left) = part.take_clear(terms, limit) else { break };
            part.fill_columns(spread, columns);
            let family = Family::new(columns, length(&part.error), data.rounding);
            square = square.max(family.least_square(MAX_OUTPUT, enough));
            if square < enough && family.is_worse(enough, columns, &part.error) {
                square = enough;
            }
            limit = CLEAR * part.error.iter().fold(0.0, |largest: f64, error| largest.max(*error));
            if 5 * left < 4 * terms.x.len() || limit == 0.0 {
                break;
            }
        }
        (square, family.middle(), length(&terms.noise))
    }

    /// The least sum of squares in the box, jumps and rounding apart.
    fn by_slopes(&mut self, table: &Table, spread: &Spread, enough: f64) -> f64 {
        let Self { data, function, slopes, columns, direct, errors, .. } = self;
        slopes.fill(function, table, spread, direct);
        let count = data.x.len();
        columns.iter_mut().for_each(|column| {
            column.clear();
            column.resize(count, 0.0);
        });
        columns[0].copy_from_slice(&data.y);
        errors.clear();
        errors.push(0.0);
        let (mut sums, mut sum, mut variation) = ([0.0; 3], 0.0, 0.0);
        for at in 0..count - 1 {
            for column in 0..3 {
                let entry = slopes.entries[column][at];
                sums[column] += entry;
                variation += entry.abs();
                columns[1 + column][at + 1] = sums[column];
            }
            sum += slopes.error[at];
            errors.push(sum);
        }
        // Errors grow away from the middle, whatever their signs.
        let from = errors[(count - 1) / 2];
        errors.iter_mut().for_each(|error| *error = (*error - from).abs());
        let plain = data.rounding * variation;
        let error = lanes::dot(errors, errors).sqrt() * (1.0 + data.rounding) + plain * data.count().sqrt();
        let family = Family::new(columns, nan_is_infinite(error), data.rounding);
        let square = family.least_square(f64::INFINITY, enough);
        errors.iter_mut().for_each(|error| *error += plain);
        if square < enough && family.is_worse(enough, columns, errors) { enough } else { square }
    }

    /// What arguments the data can have in the box, as they are computed.
    fn arguments(&self, w: Interval, b: Interval) -> Interval {
        let radius = w.magnitude() * self.data.reach;
        let error = 2.0 * f64::EPSILON * (radius + b.magnitude());
        Interval::new(b.low - radius - error, b.high + radius + error)
    }

    fn by_parabolas(&self, stretch: &Stretch) -> f64 {
        let second = stretch.second;
        if stretch.slope_jump > 0.0 || second.contains(0.0) || !second.is_finite() {
            return 0.0;
        }
        // With t = x − x₀ and z₀ = w x₀ + b: h − φ(z₀) = φ′(z₀) w t + w² t² κ/2 with κ between the bounds of φ″, point by point.
        let (middle, radius) = (second.middle().abs(), 0.5 * second.width());
        let share = radius * self.square_length / (middle * self.parabola_distance) * (1.0 + 1e-15);
        if share < 1.0 { (self.parabola_angle - libm::asin(share)).max(0.0) } else { 0.0 }
    }

    /// φ′ between two arguments.
    fn slopes(&self, low: f64, high: f64) -> Interval {
        let at = |part: u32| low + (high - low) * f64::from(part) / f64::from(PARTS);
        let part = |part: u32| self.function.enclosure(Interval::new(at(part), at(part + 1))).first;
        let last = Interval::new(at(PARTS), high);
        (0..PARTS).map(part).fold(self.function.enclosure(last).first, Interval::hull)
    }

    /// For one kink at which φ′ jumps: on either side of it φ rises or falls as its slopes there allow. What jumps there are of φ
    /// itself is left to the noise.
    fn by_hinges(&self, table: &Table, z: Interval) -> f64 {
        let jumps = |kink: &&Kink| kink.high >= z.low && kink.low <= z.high && kink.slope_jump > NO_JUMP;
        let mut kinks = table.kinks.iter().filter(jumps);
        let (Some(kink), None) = (kinks.next(), kinks.next()) else { return 0.0 };
        let (left, right) =
            (self.slopes(z.low.min(kink.low), kink.low), self.slopes(kink.high, z.high.max(kink.high)));
        if !left.is_finite() || !right.is_finite() {
            return 0.0;
        }
        let side = |slope: Interval| (slope.middle(), (0.5 * slope.width()).next_up() - 5e-324);
        let fit = hinge::best(self.data, &self.pairs, side(left), side(right));
        if fit.relative_error < 1.0 { (fit.angle - libm::asin(fit.relative_error)).max(0.0) } else { 0.0 }
    }
}

/// Into how many parts a stretch beside a kink is cut to bound its slopes.
const PARTS: u32 = 16;

fn nan_is_infinite(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}
