//! The data of one fit, and what is the same for all functions that are fitted to it.

use crate::lanes;

pub(super) use crate::lanes::dot;

/// Inputs and values, with sums that every bound needs.
#[derive(Debug)]
pub(super) struct Data {
    /// In rising order.
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// x less one of them in the middle: differences are exact to their own size, wherever the data lie.
    pub(super) offsets: Vec<f64>,
    /// y less its mean.
    pub(super) centered: Vec<f64>,
    /// The sum of their squares.
    pub(super) square: f64,
    /// The length of y.
    length: f64,
    /// The largest |x|.
    pub(super) reach: f64,
    /// What a sum over the data can be off, as a share of the sum of absolute values: at most a unit in the last place per term,
    /// in whatever order, and some for the terms themselves (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002,
    /// §4.2). Twice that.
    pub(super) rounding: f64,
}

impl Data {
    /// `x` rises, and both are equally long and not empty.
    pub(super) fn new(x: &[f64], y: &[f64]) -> Self {
        // Less one of them first, so that the mean is rounded as their differences are and not as they themselves.
        let centered = centered(&y.iter().map(|value| value - y[y.len() / 2]).collect::<Vec<_>>());
        let mut data = Self {
            x: x.to_vec(),
            y: y.to_vec(),
            offsets: x.iter().map(|value| value - x[x.len() / 2]).collect(),
            square: dot(&centered, &centered),
            centered,
            length: dot(y, y).sqrt(),
            reach: x.iter().fold(0.0, |reach: f64, x| reach.max(x.abs())),
            rounding: 0.0,
        };
        data.rounding = (data.count() + 32.0) * f64::EPSILON;
        data
    }

    /// A mean of squares that is none: the values of y are not known to more than their last places.
    pub(super) fn nothing(&self) -> f64 {
        f64::EPSILON * f64::EPSILON * self.length * self.length / self.count()
    }

    /// A lower bound of the mean of squares as the model computes it, from one of the sum of squares that is exact but for φ.
    ///
    /// A computed residual v h + c − y is off by the roundings of the two sums, half a unit in the last place each: of the
    /// first, which is the residual and y, and of itself. (The rounding of v h is counted as one of h.) The root of the sum of
    /// their squares is thus off by that share of itself and of the length of y; and the computed sum by its own rounding.
    pub(super) fn computed(&self, square: f64) -> f64 {
        let rest = (square.sqrt() * (1.0 - 2.0 * f64::EPSILON) - f64::EPSILON * self.length).max(0.0);
        rest * rest * (1.0 - self.rounding) / self.count()
    }

    /// A sum of squares for which [`Self::computed`] gives this mean, or more.
    pub(super) fn square_for(&self, mean: f64) -> f64 {
        let rest =
            (mean * self.count() * (1.0 + 3.0 * self.rounding)).sqrt() + 2.0 * f64::EPSILON * self.length;
        rest * rest * (1.0 + 16.0 * f64::EPSILON)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    pub(super) fn count(&self) -> f64 {
        self.x.len() as f64
    }

    /// The variance of y: the least mean squared error of a constant.
    pub(super) fn variance(&self) -> f64 {
        self.square / self.count()
    }

    /// The mean squared error that is left where the best fit meets y at this angle.
    pub(super) fn error_at(&self, angle: f64) -> f64 {
        let sine = libm::sin(angle);
        self.variance() * sine * sine
    }

    /// The angle between y and the nearest line.
    pub(super) fn line_angle(&self) -> f64 {
        self.angle_to_span(std::slice::from_ref(&self.offsets))
    }

    /// The angle between y and the nearest parabola.
    pub(super) fn parabola_angle(&self) -> f64 {
        self.angle_to_span(&[self.offsets.clone(), self.squares()])
    }

    /// Squares of the offsets.
    pub(super) fn squares(&self) -> Vec<f64> {
        self.offsets.iter().map(|offset| offset * offset).collect()
    }

    /// The angle between the centered y and the nearest vector of the span of some centered columns (modified
    /// Gram–Schmidt), but for rounding.
    pub(super) fn angle_to_span(&self, columns: &[Vec<f64>]) -> f64 {
        let mut rest = self.centered.clone();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for column in columns {
            let mut direction = centered(column);
            for other in &basis {
                let along = dot(&direction, other);
                subtract(&mut direction, other, along);
            }
            let norm = dot(&direction, &direction).sqrt();
            if norm > 0.0 {
                direction.iter_mut().for_each(|value| *value /= norm);
                let along = dot(&rest, &direction);
                subtract(&mut rest, &direction, along);
                basis.push(direction);
            }
        }
        let explained = (self.square - dot(&rest, &rest)).max(0.0).sqrt();
        libm::atan2(dot(&rest, &rest).sqrt(), explained)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(super) fn mean(values: &[f64]) -> f64 {
    lanes::total(values) / values.len() as f64
}

pub(super) fn centered(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

fn subtract(from: &mut [f64], what: &[f64], factor: f64) {
    from.iter_mut().zip(what).for_each(|(from, what)| *from -= factor * what);
}
