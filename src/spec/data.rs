//! The data of an experiment: where the points lie, what blurs them, and which are held out.

/// Equally spaced points on the target, as exact as it is unless there is noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Data {
    /// Both ends are points.
    pub domain: (f64, f64),
    /// At least 2.
    pub points: usize,
    pub noise: Option<Noise>,
    /// Which points are kept from training; it leaves at least 2.
    pub validation: Option<Validation>,
}

/// Normal draws that are added to y, point after point: numpy's `default_rng(seed).normal(0, std, points)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Above 0.
    pub std: f64,
    pub seed: u64,
}

/// The share of the points that training does not see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validation {
    /// Above 0 and below 1.
    pub fraction: f64,
    /// `None`: spread evenly; else the first of numpy's `default_rng(seed).permutation(points)`.
    pub seed: Option<u64>,
}

impl Data {
    /// The inputs x of all points, spaced as numpy's `linspace` spaces them: both ends are met exactly.
    pub fn inputs(&self) -> Vec<f64> {
        linspace(self.domain, self.points)
    }

    /// How many points are held out.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are small, and a share of one is none below 0"
    )]
    pub fn held_out(&self) -> usize {
        self.validation.map_or(0, |validation| (validation.fraction * self.points as f64).round() as usize)
    }

    /// How many points are left to train on.
    pub fn training_points(&self) -> usize {
        self.points - self.held_out().min(self.points)
    }
}

/// `points` equally spaced numbers, at least 2, from one end of an interval to the other, as numpy's `linspace` rounds them.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub fn linspace((low, high): (f64, f64), points: usize) -> Vec<f64> {
    let step = (high - low) / (points - 1) as f64;
    let mut values: Vec<f64> = (0..points).map(|index| index as f64 * step + low).collect();
    if let Some(last) = values.last_mut() {
        *last = high;
    }
    values
}
