//! The data of a case: the target at its points, blurred where the specs say so, and split into what is trained on and what
//! is held out.

use super::Case;
use super::numpy::Generator;
use crate::spec::{Data, Validation};

/// The points of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// What training sees, at least 2 points.
    pub training: Points,
    /// What is held out; empty without a split.
    pub validation: Points,
}

/// Points (x, y) in the order of x.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Points {
    pub x: Vec<f64>,
    /// As long as `x`.
    pub y: Vec<f64>,
}

/// What the losses of fits to these values are measured by: their variance, which the best constant leaves. That of a constant
/// is nothing but rounding, and a measure for nothing; what its last places make of its mean square, or of 1 where all is 0,
/// is the least that is taken.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub fn scale(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean_of = |term: &dyn Fn(f64) -> f64| values.iter().map(|&value| term(value)).sum::<f64>() / count;
    let mean = mean_of(&|value| value);
    let square = mean_of(&|value| value * value);
    let least = f64::EPSILON * if square > 0.0 { square } else { 1.0 };
    mean_of(&|value| (value - mean) * (value - mean)).max(least)
}

impl Case {
    /// What it is trained on, and what is held out.
    pub fn samples(&self) -> Samples {
        let x = self.data.inputs();
        let mut y = vec![0.0; x.len()];
        self.target.function.values(&x, &mut y);
        if let Some(noise) = self.data.noise {
            let mut generator = Generator::new(&[noise.seed]);
            y.iter_mut().for_each(|y| *y += generator.normal(0.0, noise.std));
        }
        let mut samples = Samples { training: Points::default(), validation: Points::default() };
        let is_held_out = held_out(self.data);
        for ((x, y), is_held_out) in x.into_iter().zip(y).zip(is_held_out) {
            let points = if is_held_out { &mut samples.validation } else { &mut samples.training };
            points.x.push(x);
            points.y.push(y);
        }
        samples
    }
}

/// Which points are held out: as many as [`Data::held_out`] says.
fn held_out(data: Data) -> Vec<bool> {
    let (points, count) = (data.points, data.held_out());
    let mut is_held_out = vec![false; points];
    let chosen: Vec<usize> = match data.validation {
        None => Vec::new(),
        Some(Validation { seed: Some(seed), .. }) => {
            Generator::new(&[seed]).permutation(points).into_iter().take(count).collect()
        }
        // The middles of so many equal parts, so that the held-out points lie among the others.
        Some(Validation { seed: None, .. }) => {
            (0..count).map(|part| (2 * part + 1) * points / (2 * count)).collect()
        }
    };
    for index in chosen {
        is_held_out[index] = true;
    }
    is_held_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(points: usize, fraction: f64, seed: Option<u64>) -> Vec<usize> {
        let validation = Some(Validation { fraction, seed });
        let data = Data { domain: (0.0, 1.0), points, noise: None, validation };
        let is_held_out = held_out(data);
        (0..points).filter(|&index| is_held_out[index]).collect()
    }

    #[test]
    fn held_out_points_are_spread_evenly_or_drawn() {
        assert_eq!(chosen(10, 0.2, None), [2, 7]);
        assert_eq!(chosen(9, 0.35, None), [1, 4, 7]);
        assert_eq!(chosen(4, 0.5, None), [1, 3]);
        // numpy: sorted(default_rng(1).permutation(10)[:3])
        assert_eq!(chosen(10, 0.3, Some(1)), [4, 7, 8]);
    }
}
