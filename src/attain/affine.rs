//! How well y can be fitted by a function that depends on two numbers from −1 to 1 affinely, but for a known error.

use super::data::{centered, dot};

/// The columns h + p δ₁ + q δ₂ for δ in the square [−1, 1]², each of them up to a vector of a length of at most `error`.
pub(super) struct Family<'a> {
    pub(super) h: &'a [f64],
    pub(super) p: &'a [f64],
    pub(super) q: &'a [f64],
    pub(super) error: f64,
}

/// A polynomial of second degree: constant, by δ₁, by δ₂, by δ₁², by δ₁ δ₂, by δ₂².
#[derive(Debug, Clone, Copy)]
struct Quadratic([f64; 6]);

/// What computed sums can be off, relative to the sums of absolute values.
const ROUNDING: f64 = 1e-13;

impl Quadratic {
    fn at(&self, a: f64, b: f64) -> f64 {
        let [k, ka, kb, kaa, kab, kbb] = self.0;
        k + ka * a + kb * b + kaa * a * a + kab * a * b + kbb * b * b
    }

    /// An upper bound on the square, exact but for rounding: the greatest value is met at a corner, on an edge, or, if the
    /// polynomial is concave, at its one flat point.
    fn greatest(&self) -> f64 {
        let [_, ka, kb, kaa, kab, kbb] = self.0;
        let mut greatest = f64::NEG_INFINITY;
        for side in [-1.0, 1.0] {
            for end in [-1.0, 1.0] {
                greatest = greatest.max(self.at(side, end));
            }
            if kbb < 0.0 {
                greatest = greatest.max(self.at(side, (-(kb + kab * side) / (2.0 * kbb)).clamp(-1.0, 1.0)));
            }
            if kaa < 0.0 {
                greatest = greatest.max(self.at((-(ka + kab * side) / (2.0 * kaa)).clamp(-1.0, 1.0), side));
            }
        }
        let determinant = 4.0 * kaa * kbb - kab * kab;
        if kaa < 0.0 && determinant > 0.0 {
            let a = (kab * kb - 2.0 * kbb * ka) / determinant;
            let b = (kab * ka - 2.0 * kaa * kb) / determinant;
            if a.abs() <= 1.0 && b.abs() <= 1.0 {
                greatest = greatest.max(self.at(a, b));
            }
        }
        let size: f64 = self.0.iter().map(|term| term.abs()).sum();
        greatest + ROUNDING * size
    }

    fn plus(&self, factor: f64, other: &Self) -> Self {
        let mut sum = *self;
        sum.0.iter_mut().zip(other.0).for_each(|(sum, other)| *sum += factor * other);
        sum
    }
}

impl Family<'_> {
    /// A lower bound of the sum of squares that the best v h + c leaves of y, over the family and |v| ≤ `max_output`.
    ///
    /// With h and y centered, the best v leaves |y|² sin² of the angle between them. Among the affine columns, cos² is
    /// N²/(|y|² D) with N = y·h linear and D = |h|² quadratic in δ; it stays below t where N² − t |y|² D, a quadratic, stays
    /// below 0 on the square. An error e turns a column by no more than asin(|e|/|h|). And whatever its direction, a column
    /// can take no more than `max_output` |h| off the length of y.
    pub(super) fn least_square(&self, y: &[f64], max_output: f64) -> f64 {
        let (y, h, p, q) = (&centered(y), centered(self.h), centered(self.p), centered(self.q));
        let yy = dot(y, y);
        let (yh, yp, yq) = (dot(y, &h), dot(y, &p), dot(y, &q));
        let square = Quadratic([yh * yh, 2.0 * yh * yp, 2.0 * yh * yq, yp * yp, 2.0 * yp * yq, yq * yq]);
        let (hh, pp, qq) = (dot(&h, &h), dot(&p, &p), dot(&q, &q));
        let norm = Quadratic([hh, 2.0 * dot(&h, &p), 2.0 * dot(&h, &q), pp, 2.0 * dot(&p, &q), qq]);
        let longest = hh.sqrt() + pp.sqrt() + qq.sqrt() + self.error;
        let rest = (yy.sqrt() * (1.0 - ROUNDING) - max_output * longest * (1.0 + ROUNDING)).max(0.0);
        let sine = libm::sin(self.least_angle(yy, yh, &square, &norm));
        (rest * rest).max(yy * sine * sine)
    }

    /// The least angle between y and the line of a column, over the family: 0 where nothing better is known.
    fn least_angle(&self, yy: f64, yh: f64, square: &Quadratic, norm: &Quadratic) -> f64 {
        let negated = Quadratic([0.0; 6]).plus(-1.0, norm);
        let shortest = -negated.greatest();
        if !(shortest > 0.0 && self.error < shortest.sqrt()) {
            return 0.0;
        }
        let turn = libm::asin(self.error / shortest.sqrt());
        // The least t that holds, between the middle's and 1, from above.
        let holds = |t: f64| square.plus(-t * yy, norm).greatest() <= 0.0;
        let (mut low, mut high) = (yh * yh / (yy * norm.0[0]), 1.0);
        if !holds(high) {
            return 0.0;
        }
        for _ in 0..44 {
            let middle = 0.5 * (low + high);
            if holds(middle) { high = middle } else { low = middle }
        }
        // acos of its root, without the cancellation near 1.
        let angle = libm::atan2((1.0 - high).max(0.0).sqrt(), high.sqrt());
        (angle - turn).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::data::Data;
    use super::*;

    proptest! {
        /// No column of a family comes nearer to y than the bound says, and some column comes about as near.
        #[test]
        fn the_least_square_is_the_least(
            y in prop::collection::vec(-1.0_f64..1.0, 7),
            h in prop::collection::vec(-1.0_f64..1.0, 7),
            p in prop::collection::vec(-0.3_f64..0.3, 7),
            q in prop::collection::vec(-0.3_f64..0.3, 7),
        ) {
            let x: Vec<f64> = (0..7).map(f64::from).collect();
            let data = Data::new(&x, &y);
            let bound = Family { h: &h, p: &p, q: &q, error: 0.0 }.least_square(&y, 1e9);
            let mut least = f64::INFINITY;
            for a in -20..=20 {
                for b in -20..=20 {
                    let (a, b) = (f64::from(a) / 20.0, f64::from(b) / 20.0);
                    let column: Vec<f64> = (0..7).map(|at| h[at] + a * p[at] + b * q[at]).collect();
                    let angle = data.angle_to_span(&[column]);
                    least = least.min(7.0 * data.error_at(angle));
                }
            }
            prop_assert!(bound <= least + 1e-9, "{bound} {least}");
            prop_assert!(bound >= least - 0.2 || bound == 0.0, "{bound} {least}");
        }
    }
}
