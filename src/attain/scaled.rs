//! The one-parameter model ŷ = φ(w x): bounds over intervals of w.

use super::bound::Bound;
use super::data::{Data, dot};
use super::search::{Problem, Region};
use super::table::Table;
use crate::function::Function;
use crate::lanes;

/// The least loss of φ(w x); b is not used.
pub(super) struct Scaled<'a> {
    pub(super) data: &'a Data,
    pub(super) function: &'a Function,
    pub(super) table: &'a Table,
}

impl Problem for Scaled<'_> {
    /// The residuals are affine in w around the middle but for an error that φ″ bounds (with the roundings of [`super::bound`]),
    /// so that their length is at least the least of a parabola's root, less the length of the errors.
    fn bound(&mut self, [w, _]: Region, _: f64) -> Bound {
        let data = self.data;
        let (middle, half) = (w.middle(), (0.5 * w.width()).next_up());
        let z: Vec<f64> = data.x.iter().map(|x| middle * x).collect();
        let (mut h, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        self.function.values_and_derivatives(&z, &mut h, &mut slope);
        let mut square_error = 0.0;
        for at in 0..z.len() {
            let argument_error = 2.0 * f64::EPSILON * data.x[at].abs() * w.magnitude();
            let radius = data.x[at].abs() * half + argument_error;
            let stretch = self.table.stretch(z[at] - radius, z[at] + radius);
            let rounding = self.table.cell(z[at]).rounding;
            let by_curvature = 0.5 * stretch.second.magnitude() * radius * radius
                + (stretch.slope_jump + rounding.slope) * radius;
            let first = stretch.first;
            let by_slope = (first.high - slope[at]).abs().max((slope[at] - first.low).abs()) * radius;
            let least = if by_curvature < by_slope { by_curvature } else { by_slope };
            let error = least
                + stretch.value_jump
                + rounding.value
                + first.magnitude() * argument_error
                + f64::EPSILON * h[at].abs();
            square_error += error * error;
        }
        let residual: Vec<f64> = h.iter().zip(&data.y).map(|(h, y)| h - y).collect();
        let change: Vec<f64> = slope.iter().zip(&data.x).map(|(slope, x)| slope * x * half).collect();
        let (rr, rc, cc) = (dot(&residual, &residual), dot(&residual, &change), dot(&change, &change));
        let middle = rr / data.count();
        if !(square_error.is_finite() && rr.is_finite() && cc.is_finite()) {
            return Bound { lower: 0.0, middle: if middle.is_nan() { f64::INFINITY } else { middle } };
        }
        let at = if cc > 0.0 { (-rc / cc).clamp(-1.0, 1.0) } else { 0.0 };
        // The three products are off by their share of the squares of the lengths; twice |rc| is no more than their sum.
        let square = rr + at * (2.0 * rc + at * cc) - 4.0 * data.rounding * (rr + cc);
        let length = (square.max(0.0).sqrt() - square_error.sqrt() * (1.0 + data.rounding)).max(0.0);
        Bound { lower: data.computed(length * length), middle }
    }

    fn value(&self, [w, _]: [f64; 2]) -> f64 {
        let z: Vec<f64> = self.data.x.iter().map(|x| w * x).collect();
        let mut h = vec![0.0; z.len()];
        self.function.values(&z, &mut h);
        h.iter_mut().zip(&self.data.y).for_each(|(h, y)| *h -= y);
        let mse = lanes::dot(&h, &h) / self.data.count();
        if mse.is_nan() { f64::INFINITY } else { mse }
    }

    fn weights(&self) -> [f64; 2] {
        [1.0, 0.0]
    }
}
