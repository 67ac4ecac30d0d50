//! The data of one fit, and what is the same for all functions that are fitted to it.

/// Inputs and values, with sums that every bound needs.
#[derive(Debug)]
pub(super) struct Data {
    /// In rising order.
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// y less its mean.
    pub(super) centered: Vec<f64>,
    /// The sum of their squares.
    pub(super) square: f64,
    /// The largest |x|.
    pub(super) reach: f64,
}

impl Data {
    /// `x` rises, and both are equally long and not empty.
    pub(super) fn new(x: &[f64], y: &[f64]) -> Self {
        let mean = mean(y);
        let centered: Vec<f64> = y.iter().map(|y| y - mean).collect();
        Self {
            x: x.to_vec(),
            y: y.to_vec(),
            square: dot(&centered, &centered),
            centered,
            reach: x.iter().fold(0.0, |reach: f64, x| reach.max(x.abs())),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    pub(super) fn count(&self) -> f64 {
        self.x.len() as f64
    }

    /// The variance of y: the least mean squared error of a constant.
    pub(super) fn variance(&self) -> f64 {
        self.square / self.count()
    }

    /// The mean squared error that is left where the best fit meets y at this angle (see [`angle`]).
    pub(super) fn error_at(&self, angle: f64) -> f64 {
        let sine = libm::sin(angle);
        self.variance() * sine * sine
    }

    /// The angle between the centered y and the nearest vector of the span of some centered columns (modified
    /// Gram–Schmidt).
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

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn centered(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

fn subtract(from: &mut [f64], what: &[f64], factor: f64) {
    from.iter_mut().zip(what).for_each(|(from, what)| *from -= factor * what);
}
