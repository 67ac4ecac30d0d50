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
use super::family::Family;
use super::hinge::{self, Pair};
use super::table::{Cell, Kink, Parabola, Stretch, Table, Tables};
use crate::function::{Function, Interval};

/// Bounds boxes of (w, b) for one activation on one set of data. Keeps its memory from box to box.
pub(super) struct Bounder<'a> {
    data: &'a Data,
    function: &'a Function,
    tables: &'a Tables<'a>,
    /// Midpoints of, and distances between, neighbouring inputs.
    middles: Vec<f64>,
    steps: Vec<f64>,
    pairs: Vec<Pair>,
    /// The angle between y and the nearest parabola; the distance of t² from the lines, and its length (t is x, shifted).
    parabola_angle: f64,
    parabola_distance: f64,
    square_length: f64,
    terms: Vec<Term>,
    clear: Vec<usize>,
    direct: Direct,
    columns: Vec<[f64; 3]>,
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

/// φ around one argument z of the middle of a box: h + s ℓ + r ℓ² at z + ℓ, up to an error.
#[derive(Debug, Clone, Copy)]
struct Term {
    h: f64,
    s: f64,
    r: f64,
    error: f64,
    /// What of the error is no property of a smooth φ: rounding and jumps.
    noise: f64,
    /// Whether no argument in the box crosses a kink that counts.
    is_clear: bool,
}

/// Arguments at which φ is computed, since no cell's parabola is close enough.
#[derive(Debug, Default)]
struct Direct {
    at: Vec<usize>,
    z: Vec<f64>,
    h: Vec<f64>,
    slope: Vec<f64>,
}

impl Direct {
    fn clear(&mut self) {
        self.at.clear();
        self.z.clear();
    }

    fn compute(&mut self, function: &Function) {
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

/// Slopes are looked at where |w| times the reach of the data is smaller than this.
const SLOPES_BELOW: f64 = 6.0;
/// A smaller jump of φ′ is the rounding with which a kink of φ″ was found.
const NO_JUMP: f64 = 1e-9;
/// A smaller jump of φ is what it varies by where a kink's place is not known.
const NO_GAP: f64 = 1e-12;
/// Points whose errors are larger than this share of the values of φ are left out where all of them together tell nothing.
const CLEAR: f64 = 0.05;
/// Where all values are about the same, the share of the largest error is what counts.
const FLAT: f64 = 1e-3;
/// The slopes beside a kink are looked at where they change by less than this share of its jump.
const STRAIGHT: f64 = 0.1;

/// Kinks that matter are bent or torn.
fn is_felt(value_jump: f64, slope_jump: f64) -> bool {
    value_jump > NO_GAP || slope_jump > NO_JUMP
}

impl<'a> Bounder<'a> {
    pub(super) fn new(data: &'a Data, function: &'a Function, tables: &'a Tables<'a>) -> Self {
        let pairs = || data.x.windows(2);
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
            middles: pairs().map(|pair| 0.5 * (pair[0] + pair[1])).collect(),
            steps: pairs().map(|pair| pair[1] - pair[0]).collect(),
            pairs: hinge::pairs(data),
            parabola_angle: data.parabola_angle() - margin,
            parabola_distance: distance * (1.0 - margin),
            square_length: length * (1.0 + margin),
            terms: Vec::new(),
            clear: Vec::new(),
            direct: Direct::default(),
            columns: Vec::new(),
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
        let (mut square, middle, noise) = self.by_values(table, w, b, enough);
        let noise = noise + self.jumps(table, z);
        if square < enough && w.magnitude() * self.data.reach < SLOPES_BELOW {
            let rest = enough.sqrt() + MAX_OUTPUT * noise * (1.0 + 2.0 * self.data.rounding);
            let left = self.by_slopes(table, w, b, rest * rest * (1.0 + 16.0 * f64::EPSILON));
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

    /// φ over the arguments z ± radius, from what it is around the middle of a cell or in z itself.
    fn term(
        cell: &Cell,
        parabola: Parabola,
        stretch: &Stretch,
        z: f64,
        radius: f64,
        argument_error: f64,
    ) -> Term {
        let Parabola { middle, value, slope, bend, twist } = parabola;
        let from = z - middle;
        let way = radius + from.abs();
        let by_curvature = 0.5 * off(stretch.second, 2.0 * bend) * way * way
            + stretch.slope_jump * radius
            + cell.rounding.slope * way;
        let by_slope = nan_is_infinite(off(stretch.first, slope) * way);
        let (cubic, mut twist, mut bend, mut least) = (twist, 0.0, bend, nan_is_infinite(by_curvature));
        if let Some(cubic) = cubic {
            let beside = off(stretch.third, 6.0 * cubic.twist) / 6.0 * way + cubic.bend_error;
            let by_twist =
                cubic.twist.abs() * radius * radius * radius + beside * way * way + cell.rounding.slope * way;
            if by_twist < least {
                (twist, least) = (cubic.twist, by_twist);
            }
        }
        if by_slope <= least {
            (twist, bend, least) = (0.0, 0.0, by_slope);
        }
        let h = value + from * (slope + from * (bend + from * twist));
        let steepest = stretch.first.magnitude();
        // Half a unit in the last place of h for v h, and less than two for the polynomial in the middle.
        let product = f64::EPSILON * (value.abs() + steepest * way);
        let noise = stretch.value_jump + cell.rounding.value + steepest * argument_error + product;
        let steps = slope.abs() + from.abs() * (bend.abs() + from.abs() * twist.abs());
        let evaluation = f64::EPSILON * (h.abs() + 4.0 * steps * from.abs());
        Term {
            h,
            s: slope + from * (2.0 * bend + 3.0 * twist * from),
            r: bend + 3.0 * twist * from,
            error: least + noise + evaluation,
            noise,
            is_clear: !is_felt(stretch.value_jump, stretch.slope_jump),
        }
    }

    /// The least sum of squares in the box, that in its middle, and the length of the noise.
    fn by_values(&mut self, table: &Table, w: Interval, b: Interval, enough: f64) -> (f64, f64, f64) {
        let data = self.data;
        let (w_middle, b_middle) = (w.middle(), b.middle());
        let (w_half, b_half) = (half(w), half(b));
        let (w_size, b_size) = (w.magnitude(), b.magnitude());
        self.terms.clear();
        self.direct.clear();
        for (at, x) in data.x.iter().enumerate() {
            let z = w_middle * x + b_middle;
            let cell = table.cell(z);
            if cell.is_kinked || !table.is_fine() {
                self.direct.at.push(at);
                self.direct.z.push(z);
            }
            let argument_error = 2.0 * f64::EPSILON * (x.abs() * w_size + b_size);
            let radius = x.abs() * w_half + b_half + argument_error;
            let stretch = table.stretch(z - radius, z + radius);
            self.terms.push(Self::term(cell, cell.parabola, &stretch, z, radius, argument_error));
        }
        if !self.direct.at.is_empty() {
            self.direct.compute(self.function);
            for (place, &at) in self.direct.at.iter().enumerate() {
                let (x, z) = (data.x[at], self.direct.z[place]);
                let argument_error = 2.0 * f64::EPSILON * (x.abs() * w_size + b_size);
                let radius = x.abs() * w_half + b_half + argument_error;
                let stretch = table.stretch(z - radius, z + radius);
                let parabola = self.direct.parabola(place, &stretch);
                self.terms[at] = Self::term(table.cell(z), parabola, &stretch, z, radius, argument_error);
            }
        }
        let reference = self.terms[self.terms.len() / 2].h;
        let (mut error, mut noise, mut widest) = (0.0, 0.0, 0.0);
        for term in &self.terms {
            error += term.error * term.error;
            noise += term.noise * term.noise;
            widest = f64::max(widest, (term.h - reference).abs() + FLAT * term.error);
        }
        let length = |square: f64| nan_is_infinite(square.sqrt() * (1.0 + data.rounding));
        let column = |at: usize| {
            let (Term { h, s, r, .. }, x) = (self.terms[at], data.x[at]);
            let (p, q) = (x * w_half, b_half);
            [h - reference, s * p, s * q, r * p * p, 2.0 * r * p * q, r * q * q]
        };
        let family = Family::new(&data.y, column, length(error), data.rounding);
        let mut square = family.least_square(MAX_OUTPUT, enough);
        if square < enough
            && family.is_worse(enough, &data.y, |at| (self.terms[at].h - reference, self.terms[at].error))
        {
            square = enough;
        }
        // What is left of some points is no more than what is left of all: those at kinks are left out, and those with the
        // largest errors, again and again while few are: far out on a tail, each point is nothing beside the one before.
        let mut limit = CLEAR * widest;
        while square < enough {
            self.clear.clear();
            let (mut part_error, mut largest) = (0.0, 0.0);
            for (at, term) in self.terms.iter().enumerate() {
                if term.is_clear && term.error <= limit && term.error.is_finite() {
                    self.clear.push(at);
                    part_error += term.error * term.error;
                    largest = f64::max(largest, term.error);
                }
            }
            let (all, left) = (self.terms.len(), self.clear.len());
            if left == all || left < 3 {
                break;
            }
            let y: Vec<f64> = self.clear.iter().map(|&at| data.y[at]).collect();
            let part = Family::new(&y, |at| column(self.clear[at]), length(part_error), data.rounding);
            square = square.max(part.least_square(MAX_OUTPUT, enough));
            let term = |at: usize| {
                let term = self.terms[self.clear[at]];
                (term.h - reference, term.error)
            };
            if square < enough && part.is_worse(enough, &y, term) {
                square = enough;
            }
            limit = CLEAR * largest;
            if 5 * left < 4 * all || limit == 0.0 {
                break;
            }
        }
        (square, family.middle(), length(noise))
    }

    /// The least sum of squares in the box, jumps and rounding apart.
    fn by_slopes(&mut self, table: &Table, w: Interval, b: Interval, enough: f64) -> f64 {
        let data = self.data;
        let (w_middle, b_middle) = (w.middle(), b.middle());
        let (w_half, b_half) = (half(w), half(b));
        let (w_size, b_size) = (w.magnitude(), b.magnitude());
        let count = self.middles.len();
        self.direct.clear();
        for (at, x) in self.middles.iter().enumerate() {
            let z = w_middle * x + b_middle;
            if !table.is_fine() || table.cell(z).is_kinked {
                self.direct.at.push(at);
                self.direct.z.push(z);
            }
        }
        self.direct.compute(self.function);
        let mut next = 0;
        let (mut sums, mut errors, mut variation) = ([0.0; 3], 0.0, 0.0);
        self.columns.clear();
        self.columns.push(sums);
        self.errors.clear();
        self.errors.push(errors);
        for (at, (x, step)) in self.middles.iter().zip(&self.steps).enumerate() {
            let z = w_middle * x + b_middle;
            let argument_error = 2.0 * f64::EPSILON * (x.abs() * w_size + b_size);
            // From the middle of the pair in the middle of the box to its ends anywhere in the box.
            let radius = x.abs() * w_half + b_half + 0.5 * w_size * step + argument_error;
            let stretch = table.stretch(z - radius, z + radius);
            let cell = table.cell(z);
            let parabola = if self.direct.at.get(next) == Some(&at) {
                next += 1;
                self.direct.parabola(next - 1, &stretch)
            } else {
                cell.parabola
            };
            let from = z - parabola.middle;
            let twice = 2.0 * parabola.bend;
            let by_curvature = off(stretch.second, twice) * (radius + from.abs())
                + stretch.slope_jump
                + cell.rounding.slope
                + twice.abs() * argument_error;
            let by_slope = off(stretch.first, parabola.slope);
            let (twice, error) = if nan_is_infinite(by_curvature) < nan_is_infinite(by_slope) {
                (twice, by_curvature)
            } else {
                (0.0, nan_is_infinite(by_slope))
            };
            let slope = parabola.slope + twice * from;
            let entries = [slope, twice * x * w_half, twice * b_half].map(|entry| step * entry);
            sums = std::array::from_fn(|column| sums[column] + entries[column]);
            variation += entries.iter().map(|entry| entry.abs()).sum::<f64>();
            errors += step * (error + 4.0 * f64::EPSILON * slope.abs());
            self.columns.push(sums);
            self.errors.push(errors);
        }
        // Errors grow away from the middle, whatever their signs.
        let from = self.errors[count / 2];
        let error: f64 = self.errors.iter().map(|error| (error - from) * (error - from)).sum();
        let error = error.sqrt() * (1.0 + data.rounding) + data.rounding * variation * data.count().sqrt();
        let columns = &self.columns;
        let column = |at: usize| {
            let [h, p, q] = columns[at];
            [h, p, q, 0.0, 0.0, 0.0]
        };
        let family = Family::new(&data.y, column, nan_is_infinite(error), data.rounding);
        let square = family.least_square(f64::INFINITY, enough);
        let plain = data.rounding * variation;
        let term = |at: usize| (columns[at][0], (self.errors[at] - from).abs() + plain);
        if square < enough && family.is_worse(enough, &data.y, term) { enough } else { square }
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

/// How far a number can be from what is in an interval.
fn off(interval: Interval, value: f64) -> f64 {
    (interval.high - value).abs().max((value - interval.low).abs())
}

fn half(interval: Interval) -> f64 {
    (0.5 * interval.width()).next_up()
}

fn nan_is_infinite(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}
