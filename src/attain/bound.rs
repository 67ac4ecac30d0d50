//! A lower bound of the loss of a single neuron over a box of (w, b), whatever v and c.
//!
//! With the best v and c, the loss is the variance of y times sin² of the angle between y and h = φ(w x + b), both centered: only
//! the direction of h counts. Four ways to bound it, of which the best holds:
//!
//! 1. **Values.** h is affine in (w, b) around the middle of the box but for an error that φ″ bounds (and the jumps of φ′, where
//!    an argument can cross a kink). Good wherever h is not nearly constant.
//! 2. **Slopes.** h/w is the running sum of the slopes of φ between neighbouring inputs, which stay what they are as w → 0:
//!    the profile's line there. Again affine but for an error that the spread of φ″ bounds.
//! 3. **Parabolas.** Where φ′ can vanish near b and φ″ cannot, h with a small w is a line plus a parabola in any proportion, but
//!    for a small share: as good as the best parabola, and hardly better.
//! 4. **Hinges.** Where φ has a kink near b, h with a small w is two lines that meet anywhere.
//!
//! All bounds of φ, φ′ and φ″ come from interval arithmetic with outward rounding ([`super::table`]). The sums over the data are
//! computed plainly; they err by some 1e-14 of their size, and are given a margin of 1e-13.

use super::MAX_OUTPUT;
use super::affine::Family;
use super::data::{Data, dot};
use super::hinge;
use super::table::{Kink, Table, Tables};
use crate::function::{Function, Interval};

/// Bounds boxes of (w, b) for one activation on one set of data. Keeps its memory from box to box.
pub(super) struct Bounder<'a> {
    data: &'a Data,
    function: &'a Function,
    tables: &'a Tables<'a>,
    /// Midpoints of, and distances between, neighbouring inputs.
    middles: Vec<f64>,
    steps: Vec<f64>,
    /// The angle between y and the nearest parabola; the distance of x² from the lines, and its length.
    parabola_angle: f64,
    parabola_distance: f64,
    square_length: f64,
}

/// What is known of a box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// No (w, b) in the box has a lower loss.
    pub(super) lower: f64,
    /// The loss in its middle.
    pub(super) middle: f64,
}

/// Slopes are looked at where |w| times the reach of the data is smaller than this.
const SLOPES_BELOW: f64 = 6.0;
/// A smaller jump of φ′ is the rounding with which a kink of φ″ was found.
const NO_JUMP: f64 = 1e-9;

impl<'a> Bounder<'a> {
    pub(super) fn new(data: &'a Data, function: &'a Function, tables: &'a Tables<'a>) -> Self {
        let pairs = || data.x.windows(2);
        let squares: Vec<f64> = data.x.iter().map(|x| x * x).collect();
        let line = super::data::centered(&data.x);
        let bend = super::data::centered(&squares);
        let along = dot(&bend, &line) / dot(&line, &line);
        let apart: Vec<f64> = bend.iter().zip(&line).map(|(bend, line)| bend - along * line).collect();
        Self {
            data,
            function,
            tables,
            middles: pairs().map(|pair| 0.5 * (pair[0] + pair[1])).collect(),
            steps: pairs().map(|pair| pair[1] - pair[0]).collect(),
            parabola_angle: data.angle_to_span(&[data.x.clone(), squares.clone()]),
            parabola_distance: dot(&apart, &apart).sqrt(),
            square_length: dot(&squares, &squares).sqrt(),
        }
    }

    /// Bounds the loss on a box of w and b.
    pub(super) fn bound(&self, [w, b]: [Interval; 2]) -> Bound {
        let z = self.arguments(w, b);
        let local = self.tables.local(z);
        let table = local.as_deref().unwrap_or(&self.tables.base);
        let (mut square, middle) = self.by_values(table, w, b);
        if w.magnitude() * self.data.reach < SLOPES_BELOW {
            square = square.max(self.by_slopes(table, w, b));
        }
        if w.contains(0.0) || w.low.abs().min(w.high.abs()) < w.width() {
            let angle = self.by_parabolas(table, z).max(self.by_hinges(table, z));
            square = square.max(self.data.count() * self.data.error_at(angle));
        }
        Bound { lower: square / self.data.count(), middle }
    }

    /// The least sum of squares in the box, and the mean of squares in its middle.
    fn by_values(&self, table: &Table, w: Interval, b: Interval) -> (f64, f64) {
        let data = self.data;
        let (w_middle, b_middle) = (w.middle(), b.middle());
        let (w_half, b_half) = (half(w), half(b));
        let z: Vec<f64> = data.x.iter().map(|x| w_middle * x + b_middle).collect();
        let (mut h, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        self.function.values_and_derivatives(&z, &mut h, &mut slope);
        let middle = super::profile::least_error(&h, &data.y);
        let (mut p, mut q) = (Vec::with_capacity(z.len()), Vec::with_capacity(z.len()));
        let mut square_error = 0.0;
        // The points whose arguments cross no kink in the box.
        let mut clear = Vec::with_capacity(z.len());
        let mut clear_square_error = 0.0;
        for (at, ((z, x), (h, slope))) in z.iter().zip(&data.x).zip(h.iter().zip(&slope)).enumerate() {
            p.push(slope * x * w_half);
            q.push(slope * b_half);
            let radius = x.abs() * w_half + b_half + 1e-15 * z.abs();
            let stretch = table.stretch(z - radius, z + radius);
            let by_curvature =
                0.5 * stretch.second.magnitude() * radius * radius + stretch.slope_jump * radius;
            let by_slope = off(stretch.first, *slope) * radius;
            let rounding = table.rounding(*z) + 1e-14 * (h.abs() + slope.abs() * radius);
            let error =
                nan_is_infinite(by_curvature).min(nan_is_infinite(by_slope)) + stretch.value_jump + rounding;
            square_error += error * error;
            if stretch.value_jump == 0.0 && stretch.slope_jump < NO_JUMP {
                clear.push(at);
                clear_square_error += error * error;
            }
        }
        if !middle.is_finite() {
            return (0.0, data.variance());
        }
        let family = |h: &[f64], p: &[f64], q: &[f64], square_error: f64, y: &[f64]| {
            if !square_error.is_finite() {
                return 0.0;
            }
            Family { h, p, q, error: square_error.sqrt() }.least_square(y, MAX_OUTPUT)
        };
        let mut square = family(&h, &p, &q, square_error, &data.y);
        // What is left of some points is no more than what is left of all.
        if clear.len() < z.len() && clear.len() > 2 {
            let part = |values: &[f64]| -> Vec<f64> { clear.iter().map(|&at| values[at]).collect() };
            square = square.max(family(&part(&h), &part(&p), &part(&q), clear_square_error, &part(&data.y)));
        }
        (square, middle)
    }

    fn by_slopes(&self, table: &Table, w: Interval, b: Interval) -> f64 {
        let (w_middle, b_middle) = (w.middle(), b.middle());
        let (w_half, b_half) = (half(w), half(b));
        let z: Vec<f64> = self.middles.iter().map(|x| w_middle * x + b_middle).collect();
        let (mut h, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        self.function.values_and_derivatives(&z, &mut h, &mut slope);
        let count = z.len();
        let (mut p, mut q, mut errors) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        for at in 0..count {
            let (x, step) = (self.middles[at], self.steps[at]);
            // From the middle of the pair in the middle of the box to its ends anywhere in the box.
            let radius = x.abs() * w_half + b_half + 0.5 * w.magnitude() * step + 1e-15 * z[at].abs();
            let stretch = table.stretch(z[at] - radius, z[at] + radius);
            if stretch.value_jump > 1e-9 {
                return 0.0;
            }
            let curvature = table.second(z[at]);
            let by_curvature = off(stretch.second, curvature) * radius + stretch.slope_jump;
            let by_slope = off(stretch.first, slope[at]);
            let error = if nan_is_infinite(by_curvature) < nan_is_infinite(by_slope) {
                p[at] = step * curvature * x * w_half;
                q[at] = step * curvature * b_half;
                by_curvature
            } else {
                by_slope
            };
            errors[at] = step * (error + 1e-14 * slope[at].abs());
            slope[at] *= step;
        }
        if !errors.iter().all(|error| error.is_finite()) || !slope.iter().all(|slope| slope.is_finite()) {
            return 0.0;
        }
        let errors = running(&errors);
        // Errors grow away from the middle, whatever their signs.
        let from = errors[count / 2];
        let square_error: f64 = errors.iter().map(|error| (error - from) * (error - from)).sum();
        let (h, p, q) = (running(&slope), running(&p), running(&q));
        Family { h: &h, p: &p, q: &q, error: square_error.sqrt() }.least_square(&self.data.y, f64::INFINITY)
    }

    /// What arguments the data can have in the box.
    fn arguments(&self, w: Interval, b: Interval) -> Interval {
        let radius = w.magnitude() * self.data.reach;
        Interval::new(b.low - radius, b.high + radius)
    }

    fn by_parabolas(&self, table: &Table, z: Interval) -> f64 {
        let stretch = table.stretch(z.low, z.high);
        let second = stretch.second;
        if stretch.value_jump > 0.0 || stretch.slope_jump > 0.0 || second.contains(0.0) || !second.is_finite()
        {
            return 0.0;
        }
        // h − φ(b) = φ′(b) w x + w² x² κ/2 with κ between the bounds of φ″, point by point.
        let (middle, radius) = (second.middle().abs(), 0.5 * second.width());
        let share = radius * self.square_length / (middle * self.parabola_distance);
        if share < 1.0 { (self.parabola_angle - libm::asin(share)).max(0.0) } else { 0.0 }
    }

    /// φ′ between two arguments, on which nothing jumps.
    fn slopes(&self, low: f64, high: f64) -> Interval {
        let at = |part: u32| low + (high - low) * f64::from(part) / f64::from(PARTS);
        let part = |part: u32| self.function.enclosure(Interval::new(at(part), at(part + 1))).first;
        (0..PARTS).map(part).reduce(Interval::hull).unwrap_or(Interval::ENTIRE)
    }

    fn by_hinges(&self, table: &Table, z: Interval) -> f64 {
        let jumps = |kink: &&Kink| kink.high >= z.low && kink.low <= z.high && kink.slope_jump > NO_JUMP;
        let mut kinks = table.kinks.iter().filter(jumps);
        let (Some(kink), None) = (kinks.next(), kinks.next()) else { return 0.0 };
        if kink.value_jump > 1e-9 {
            return 0.0;
        }
        let (left, right) = (self.slopes(z.low, kink.low), self.slopes(kink.high, z.high));
        if !left.is_finite() || !right.is_finite() {
            return 0.0;
        }
        let side = |slope: Interval| (slope.middle(), 0.5 * slope.width());
        let fit = hinge::best(self.data, side(left), side(right));
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

/// Sums of the first 0, 1, 2, … values.
fn running(values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = values.iter().map(|value| {
        sum += value;
        sum
    });
    std::iter::once(0.0).chain(sums).collect()
}
