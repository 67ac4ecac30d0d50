//! Levenberg–Marquardt: Gauss–Newton steps, damped after Nielsen (Madsen, Nielsen and Tingleff, *Methods for Non-Linear Least
//! Squares Problems*, 2004, algorithm 3.16).

use super::model::Loss;
use super::{Step, Stepper};

/// A step is no step where it is shorter than this share of the parameters.
const SMALLEST: f64 = 1e-15;

pub(super) struct LevenbergMarquardt<'c> {
    loss: Loss<'c>,
    tolerance: f64,
    value: f64,
    residuals: Vec<f64>,
    /// ∂ŷ/∂θ, column by column.
    jacobian: Vec<f64>,
    /// JᵀJ / n, row by row, and Jᵀr / n, half the gradient of the loss.
    normal: Vec<f64>,
    gradient: Vec<f64>,
    /// Before the first step, the share of the largest diagonal entry that it will be.
    damping: f64,
    /// What the damping is multiplied by where a step fails.
    growth: f64,
    has_begun: bool,
}

impl<'c> LevenbergMarquardt<'c> {
    pub(super) fn new(loss: Loss<'c>, parameters: usize, damping: f64, tolerance: f64) -> Self {
        let points = loss.points();
        Self {
            loss,
            tolerance,
            value: f64::INFINITY,
            residuals: vec![0.0; points],
            jacobian: vec![0.0; points * parameters],
            normal: vec![0.0; parameters * parameters],
            gradient: vec![0.0; parameters],
            damping,
            growth: 2.0,
            has_begun: false,
        }
    }

    /// The step h of (JᵀJ/n + μ I) h = −Jᵀr/n by Cholesky's method; `None` where the matrix is not positive definite.
    fn solve(&self) -> Option<Vec<f64>> {
        let size = self.gradient.len();
        let mut lower = self.normal.clone();
        for row in 0..size {
            lower[row * size + row] += self.damping;
            for column in 0..=row {
                let products = (0..column).map(|at| lower[row * size + at] * lower[column * size + at]);
                let rest = lower[row * size + column] - products.sum::<f64>();
                lower[row * size + column] = if column < row {
                    rest / lower[column * size + column]
                } else if rest > 0.0 && rest.is_finite() {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        let mut step: Vec<f64> = self.gradient.iter().map(|entry| -entry).collect();
        for row in 0..size {
            let known: f64 = (0..row).map(|at| lower[row * size + at] * step[at]).sum();
            step[row] = (step[row] - known) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|at| lower[at * size + row] * step[at]).sum();
            step[row] = (step[row] - known) / lower[row * size + row];
        }
        Some(step)
    }
}

impl Stepper for LevenbergMarquardt<'_> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    fn loss(&mut self, parameters: &[f64]) -> f64 {
        self.value = self.loss.jacobian(parameters, &mut self.residuals, &mut self.jacobian);
        let points = self.residuals.len();
        let count = points as f64;
        let mean = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / count;
        let size = self.gradient.len();
        for (row, by_row) in self.jacobian.chunks_exact(points).enumerate() {
            self.gradient[row] = mean(by_row, &self.residuals);
            for (column, by_column) in self.jacobian.chunks_exact(points).take(row + 1).enumerate() {
                let entry = mean(by_row, by_column);
                self.normal[row * size + column] = entry;
                self.normal[column * size + row] = entry;
            }
        }
        if !self.has_begun {
            let largest = (0..size).map(|at| self.normal[at * size + at]).fold(0.0, f64::max);
            self.damping *= if largest > 0.0 && largest.is_finite() { largest } else { 1.0 };
            self.has_begun = true;
        }
        self.value
    }

    fn step(&mut self, parameters: &mut [f64], _: &[f64]) -> Step {
        if self.gradient.iter().all(|entry| 2.0 * entry.abs() <= self.tolerance) {
            return Step::Converged;
        }
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        while self.damping.is_finite() {
            if let Some(step) = self.solve() {
                if norm(&step) <= SMALLEST * (norm(parameters) + SMALLEST) {
                    return Step::Converged;
                }
                let next: Vec<f64> = parameters.iter().zip(&step).map(|(from, step)| from + step).collect();
                let value = self.loss.value(&next);
                if value.is_finite() && value < self.value {
                    let pairs = step.iter().zip(&self.gradient);
                    let promised: f64 =
                        pairs.map(|(step, gradient)| step * (self.damping * step - gradient)).sum();
                    // How much of what the linear model promised was kept.
                    let kept = (self.value - value) / promised;
                    let miss = 2.0 * kept - 1.0;
                    self.damping *= (1.0 - miss * miss * miss).max(1.0 / 3.0);
                    self.growth = 2.0;
                    parameters.copy_from_slice(&next);
                    return Step::Taken;
                }
            }
            self.damping = (self.damping * self.growth).max(f64::MIN_POSITIVE);
            self.growth *= 2.0;
        }
        Step::Converged
    }
}
