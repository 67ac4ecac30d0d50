//! Update rules and schedules.

use crate::spec::{Optimizer, Schedule};

/// An update rule with what it remembers.
pub(super) enum Update {
    GradientDescent,
    Momentum { momentum: f64, velocity: Vec<f64> },
    Adam(Adam),
}

/// The state of Adam (Kingma and Ba, 2015).
pub(super) struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    mean: Vec<f64>,
    mean_square: Vec<f64>,
    /// β₁ᵗ and β₂ᵗ, as running products.
    decay1: f64,
    decay2: f64,
}

impl Update {
    pub(super) fn new(optimizer: Optimizer, parameters: usize) -> Self {
        let zeros = || vec![0.0; parameters];
        match optimizer {
            Optimizer::GradientDescent => Self::GradientDescent,
            Optimizer::Momentum { momentum } => Self::Momentum { momentum, velocity: zeros() },
            Optimizer::Adam { beta1, beta2, epsilon } => Self::Adam(Adam {
                beta1,
                beta2,
                epsilon,
                mean: zeros(),
                mean_square: zeros(),
                decay1: 1.0,
                decay2: 1.0,
            }),
        }
    }

    /// One step from the gradient.
    pub(super) fn step(&mut self, parameters: &mut [f64], gradient: &[f64], learning_rate: f64) {
        match self {
            Self::GradientDescent => {
                for (parameter, gradient) in parameters.iter_mut().zip(gradient) {
                    *parameter -= learning_rate * gradient;
                }
            }
            Self::Momentum { momentum, velocity } => {
                for ((parameter, gradient), velocity) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *velocity = *momentum * *velocity + gradient;
                    *parameter -= learning_rate * *velocity;
                }
            }
            Self::Adam(adam) => adam.step(parameters, gradient, learning_rate),
        }
    }
}

impl Adam {
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64], learning_rate: f64) {
        self.decay1 *= self.beta1;
        self.decay2 *= self.beta2;
        let moments = self.mean.iter_mut().zip(&mut self.mean_square);
        for ((parameter, gradient), (mean, mean_square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean = self.beta1 * *mean + (1.0 - self.beta1) * gradient;
            *mean_square = self.beta2 * *mean_square + (1.0 - self.beta2) * gradient * gradient;
            let corrected = *mean / (1.0 - self.decay1);
            let spread = (*mean_square / (1.0 - self.decay2)).sqrt();
            *parameter -= learning_rate * corrected / (spread + self.epsilon);
        }
    }
}

/// The learning rate after an epoch, by the schedule; `losses` are those of all epochs so far.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2⁵³")]
pub(super) fn scheduled(schedule: Schedule, learning_rate: f64, losses: &[f64]) -> f64 {
    let Schedule::HalveOnRise { every, window, minimum } = schedule else { return learning_rate };
    if !losses.len().is_multiple_of(every) || losses.len() < 2 * window {
        return learning_rate;
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, last) = losses[losses.len() - 2 * window..].split_at(window);
    // Where it is below the minimum already, it stays.
    if mean(last) > mean(before) {
        (learning_rate * 0.5).max(minimum).min(learning_rate)
    } else {
        learning_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters after each of five steps on f(a, b) = a² + 10 b² from (1, −0.5), written by
    /// `tests/fixtures/optimizers.py` from the published definitions.
    const STEPS: &str = include_str!("../../tests/fixtures/optimizers.csv");

    #[test]
    fn steps_are_those_of_the_definitions() {
        for name in ["gradient_descent", "momentum", "adam"] {
            let optimizer = match name {
                "gradient_descent" => Optimizer::GradientDescent,
                "momentum" => Optimizer::Momentum { momentum: 0.9 },
                _ => Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            };
            let mut update = Update::new(optimizer, 2);
            let mut parameters = [1.0, -0.5];
            let rows: Vec<&str> = STEPS.lines().filter(|row| row.starts_with(name)).collect();
            assert_eq!(rows.len(), 5);
            for row in rows {
                let gradient = [2.0 * parameters[0], 20.0 * parameters[1]];
                update.step(&mut parameters, &gradient, 0.05);
                let expected: Vec<f64> = row.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect();
                for (found, expected) in parameters.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-14, "{row}: {parameters:?}");
                }
            }
        }
    }

    #[test]
    fn the_learning_rate_is_halved_when_the_mean_loss_has_risen() {
        let schedule = Schedule::HalveOnRise { every: 4, window: 2, minimum: 0.3 };
        assert_eq!(scheduled(schedule, 1.0, &[1.0, 1.0, 2.0, 2.0]), 0.5);
        assert_eq!(scheduled(schedule, 0.5, &[1.0, 1.0, 2.0, 2.0]), 0.3);
        assert_eq!(scheduled(schedule, 0.2, &[1.0, 1.0, 2.0, 2.0]), 0.2);
        assert_eq!(scheduled(schedule, 1.0, &[2.0, 2.0, 1.0, 1.0]), 1.0);
        assert_eq!(scheduled(schedule, 1.0, &[1.0, 2.0, 3.0]), 1.0);
        assert_eq!(scheduled(Schedule::Constant, 1.0, &[1.0, 1.0, 2.0, 2.0]), 1.0);
    }
}
