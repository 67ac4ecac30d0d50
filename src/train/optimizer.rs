//! Update rules and schedules.

use crate::lanes::{self, Loop, Packs};
use crate::spec::{Optimizer, Schedule};

/// An update rule with what it remembers.
pub(super) enum Update {
    GradientDescent,
    Momentum { momentum: f64, velocity: Vec<f64> },
    Nesterov { momentum: f64, velocity: Vec<f64> },
    Rmsprop { alpha: f64, epsilon: f64, mean_square: Vec<f64> },
    Adam(Adam),
}

/// The state of Adam (Kingma and Ba, 2015) and of AdamW (Loshchilov and Hutter, 2019).
pub(super) struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// `None`: plain Adam.
    weight_decay: Option<f64>,
    mean: Vec<f64>,
    mean_square: Vec<f64>,
    /// β₁ᵗ and β₂ᵗ, as running products.
    decay1: f64,
    decay2: f64,
}

impl Update {
    pub(super) fn new(optimizer: Optimizer, parameters: usize) -> Self {
        let zeros = || vec![0.0; parameters];
        let adam = |beta1, beta2, epsilon, weight_decay| {
            Self::Adam(Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                mean: zeros(),
                mean_square: zeros(),
                decay1: 1.0,
                decay2: 1.0,
            })
        };
        match optimizer {
            Optimizer::GradientDescent => Self::GradientDescent,
            Optimizer::Momentum { momentum } => Self::Momentum { momentum, velocity: zeros() },
            Optimizer::Nesterov { momentum } => Self::Nesterov { momentum, velocity: zeros() },
            Optimizer::Rmsprop { alpha, epsilon } => Self::Rmsprop { alpha, epsilon, mean_square: zeros() },
            Optimizer::Adam { beta1, beta2, epsilon } => adam(beta1, beta2, epsilon, None),
            Optimizer::Adamw { beta1, beta2, epsilon, weight_decay } => {
                adam(beta1, beta2, epsilon, Some(weight_decay))
            }
        }
    }

    /// One step from the gradient.
    pub(super) fn step(&mut self, parameters: &mut [f64], gradient: &[f64], learning_rate: f64) {
        if let Self::Adam(adam) = self {
            adam.decay1 *= adam.beta1;
            adam.decay2 *= adam.beta2;
        }
        lanes::run_over(gradient.len(), Step { update: self, parameters, gradient, learning_rate });
    }
}

struct Step<'c> {
    update: &'c mut Update,
    parameters: &'c mut [f64],
    gradient: &'c [f64],
    learning_rate: f64,
}

impl Loop for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Packs>(self, _: P) {
        let Self { update, parameters, gradient, learning_rate } = self;
        match update {
            Update::GradientDescent => {
                for (parameter, gradient) in parameters.iter_mut().zip(gradient) {
                    *parameter -= learning_rate * gradient;
                }
            }
            Update::Momentum { momentum, velocity } => {
                for ((parameter, gradient), velocity) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *velocity = *momentum * *velocity + gradient;
                    *parameter -= learning_rate * *velocity;
                }
            }
            Update::Nesterov { momentum, velocity } => {
                for ((parameter, gradient), velocity) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *velocity = *momentum * *velocity + gradient;
                    *parameter -= learning_rate * (gradient + *momentum * *velocity);
                }
            }
            Update::Rmsprop { alpha, epsilon, mean_square } => {
                for ((parameter, gradient), square) in parameters.iter_mut().zip(gradient).zip(mean_square) {
                    *square = *alpha * *square + (1.0 - *alpha) * gradient * gradient;
                    *parameter -= learning_rate * gradient / (square.sqrt() + *epsilon);
                }
            }
            Update::Adam(adam) => {
                if let Some(weight_decay) = adam.weight_decay {
                    for parameter in &mut *parameters {
                        *parameter -= learning_rate * weight_decay * *parameter;
                    }
                }
                let moments = adam.mean.iter_mut().zip(&mut adam.mean_square);
                for ((parameter, gradient), (mean, mean_square)) in
                    parameters.iter_mut().zip(gradient).zip(moments)
                {
                    *mean = adam.beta1 * *mean + (1.0 - adam.beta1) * gradient;
                    *mean_square = adam.beta2 * *mean_square + (1.0 - adam.beta2) * gradient * gradient;
                    let corrected = *mean / (1.0 - adam.decay1);
                    let spread = (*mean_square / (1.0 - adam.decay2)).sqrt();
                    *parameter -= learning_rate * corrected / (spread + adam.epsilon);
                }
            }
        }
    }
}

/// The learning rate after an epoch, by the schedule: `first` is that of the first of `epochs` epochs, `losses` are those of
/// all epochs so far.
#[expect(clippy::cast_precision_loss, reason = "epochs and windows are far below 2⁵³")]
pub(super) fn scheduled(
    schedule: Schedule,
    first: f64,
    learning_rate: f64,
    losses: &[f64],
    epochs: usize,
) -> f64 {
    match schedule {
        Schedule::Constant => learning_rate,
        Schedule::Step { every, factor } if losses.len().is_multiple_of(every) => learning_rate * factor,
        Schedule::Step { .. } => learning_rate,
        Schedule::Cosine { minimum } => {
            let share = losses.len() as f64 / epochs as f64;
            minimum + (first - minimum) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * share))
        }
        Schedule::HalveOnRise { every, window, minimum } => {
            if has_risen(every, window, losses) {
                // Where it is below the minimum already, it stays.
                (learning_rate * 0.5).max(minimum).min(learning_rate)
            } else {
                learning_rate
            }
        }
    }
}

/// Whether it is time to look, and the mean of the last `window` losses is above that of the `window` before.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2⁵³")]
fn has_risen(every: usize, window: usize, losses: &[f64]) -> bool {
    if !losses.len().is_multiple_of(every) || losses.len() < 2 * window {
        return false;
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, last) = losses[losses.len() - 2 * window..].split_at(window);
    mean(last) > mean(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters after each of five steps on f(a, b) = a² + 10 b² from (1, −0.5), written by
    /// `tests/fixtures/optimizers.py` from the published definitions.
    const STEPS: &str = include_str!("../../tests/fixtures/optimizers.csv");

    const OPTIMIZERS: [(&str, Optimizer); 6] = [
        ("gradient_descent", Optimizer::GradientDescent),
        ("momentum", Optimizer::Momentum { momentum: 0.9 }),
        ("nesterov", Optimizer::Nesterov { momentum: 0.9 }),
        ("rmsprop", Optimizer::Rmsprop { alpha: 0.99, epsilon: 1e-8 }),
        ("adam", Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
        ("adamw", Optimizer::Adamw { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }),
    ];

    #[test]
    fn steps_are_those_of_the_definitions() {
        for (name, optimizer) in OPTIMIZERS {
            let mut update = Update::new(optimizer, 2);
            let mut parameters = [1.0, -0.5];
            let rows: Vec<&str> = STEPS.lines().filter(|row| row.split(',').next() == Some(name)).collect();
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
    fn many_parameters_move_as_each_would_alone() {
        let start: Vec<f64> = (0..77).map(|at| 1.0 / (f64::from(at) + 0.3) - 0.2).collect();
        let slope = |parameter: f64| 3.0 * parameter - 0.1;
        for (name, optimizer) in OPTIMIZERS {
            let mut together = start.clone();
            let mut update = Update::new(optimizer, start.len());
            for _ in 0..3 {
                let gradient: Vec<f64> = together.iter().map(|parameter| slope(*parameter)).collect();
                update.step(&mut together, &gradient, 0.05);
            }
            for (start, together) in start.iter().zip(&together) {
                let mut alone = [*start];
                let mut update = Update::new(optimizer, 1);
                for _ in 0..3 {
                    let gradient = [slope(alone[0])];
                    update.step(&mut alone, &gradient, 0.05);
                }
                assert_eq!(alone[0].to_bits(), together.to_bits(), "{name} from {start}");
            }
        }
    }

    #[test]
    fn the_learning_rate_is_halved_when_the_mean_loss_has_risen() {
        let schedule = Schedule::HalveOnRise { every: 4, window: 2, minimum: 0.3 };
        let next = |schedule, rate, losses: &[f64]| scheduled(schedule, 1.0, rate, losses, 100);
        assert_eq!(next(schedule, 1.0, &[1.0, 1.0, 2.0, 2.0]), 0.5);
        assert_eq!(next(schedule, 0.5, &[1.0, 1.0, 2.0, 2.0]), 0.3);
        assert_eq!(next(schedule, 0.2, &[1.0, 1.0, 2.0, 2.0]), 0.2);
        assert_eq!(next(schedule, 1.0, &[2.0, 2.0, 1.0, 1.0]), 1.0);
        assert_eq!(next(schedule, 1.0, &[1.0, 2.0, 3.0]), 1.0);
        assert_eq!(next(Schedule::Constant, 1.0, &[1.0, 1.0, 2.0, 2.0]), 1.0);
    }

    #[test]
    fn learning_rates_fall_as_the_schedules_say() {
        let rates = |schedule| -> Vec<f64> {
            let mut rates = vec![0.8];
            for epoch in 1..=6 {
                let losses = vec![1.0; epoch];
                rates.push(scheduled(schedule, 0.8, rates[epoch - 1], &losses, 6));
            }
            rates
        };
        assert_eq!(rates(Schedule::Step { every: 2, factor: 0.5 }), [0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1]);
        // 0.2 + 0.3 (1 + cos(π t / 6)): the cosines of 0°, 30°, … 180°.
        let half_root = 3.0_f64.sqrt() / 2.0;
        let cosines = [1.0, half_root, 0.5, 0.0, -0.5, -half_root, -1.0];
        for (rate, cosine) in rates(Schedule::Cosine { minimum: 0.2 }).iter().zip(cosines) {
            assert!((rate - (0.5 + 0.3 * cosine)).abs() < 1e-15, "{rate}");
        }
    }
}
