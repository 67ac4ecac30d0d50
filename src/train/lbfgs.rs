//! L-BFGS: the two-loop recursion (Nocedal and Wright, *Numerical Optimization*, 2006, algorithm 7.4) with a line search for the
//! strong Wolfe conditions (algorithms 3.5 and 3.6).

use std::collections::VecDeque;

use super::model::Loss;
use super::{Step, Stepper};

/// How much of the fall that the slope promises a step must keep, and how much of the slope may be left after it.
const SUFFICIENT: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// The longest searches; what they have found by then is taken.
const MAX_EXPANSIONS: usize = 40;
const MAX_TRIALS: usize = 40;

pub(super) struct Lbfgs<'c> {
    loss: Loss<'c>,
    memory: usize,
    tolerance: f64,
    value: f64,
    gradient: Vec<f64>,
    /// Oldest first.
    pairs: VecDeque<Pair>,
}

/// A step s and the change y of the gradient along it, with sᵀy > 0.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    product: f64,
}

/// A place on the line that is searched.
#[derive(Clone)]
struct Trial {
    /// In steps of the direction.
    length: f64,
    value: f64,
    /// The derivative by the length.
    slope: f64,
    parameters: Vec<f64>,
    gradient: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl<'c> Lbfgs<'c> {
    pub(super) fn new(loss: Loss<'c>, memory: usize, tolerance: f64) -> Self {
        let (gradient, pairs) = (Vec::new(), VecDeque::new());
        Self { loss, memory, tolerance, value: f64::INFINITY, gradient, pairs }
    }

    /// −H g, with the curvature of the remembered pairs.
    fn direction(&self) -> Vec<f64> {
        let mut direction: Vec<f64> = self.gradient.iter().map(|gradient| -gradient).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.s, &direction) / pair.product;
            direction.iter_mut().zip(&pair.y).for_each(|(entry, y)| *entry -= share * y);
            shares.push(share);
        }
        if let Some(last) = self.pairs.back() {
            let scale = last.product / dot(&last.y, &last.y);
            direction.iter_mut().for_each(|entry| *entry *= scale);
        }
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let change = share - dot(&pair.y, &direction) / pair.product;
            direction.iter_mut().zip(&pair.s).for_each(|(entry, s)| *entry += change * s);
        }
        direction
    }

    fn trial(&mut self, from: &[f64], direction: &[f64], length: f64) -> Trial {
        let parameters: Vec<f64> =
            from.iter().zip(direction).map(|(parameter, entry)| parameter + length * entry).collect();
        let mut gradient = vec![0.0; parameters.len()];
        let value = self.loss.gradient(&parameters, &mut gradient);
        let slope = dot(&gradient, direction);
        Trial { length, value, slope, parameters, gradient }
    }

    /// A lower place along the direction, first looked for at `length`; `None` where there is none.
    fn search(&mut self, from: &[f64], direction: &[f64], length: f64) -> Option<Trial> {
        let start = Trial {
            length: 0.0,
            value: self.value,
            slope: dot(&self.gradient, direction),
            parameters: from.to_vec(),
            gradient: self.gradient.clone(),
        };
        let mut before = start.clone();
        let mut length = length;
        for _ in 0..MAX_EXPANSIONS {
            let trial = self.trial(from, direction, length);
            if !start.is_reached_by(&trial) || trial.value >= before.value {
                return self.zoom(from, direction, &start, before, trial);
            }
            if trial.slope.abs() <= -CURVATURE * start.slope {
                return Some(trial);
            }
            if trial.slope >= 0.0 {
                return self.zoom(from, direction, &start, trial, before);
            }
            before = trial;
            length *= 2.0;
        }
        (before.value < start.value).then_some(before)
    }

    /// Looks between `low`, the lowest place so far that falls enough, and `high`.
    fn zoom(
        &mut self,
        from: &[f64],
        direction: &[f64],
        start: &Trial,
        mut low: Trial,
        mut high: Trial,
    ) -> Option<Trial> {
        for _ in 0..MAX_TRIALS {
            let length = between(&low, &high);
            if length <= low.length.min(high.length) || length >= low.length.max(high.length) {
                break;
            }
            let trial = self.trial(from, direction, length);
            if !start.is_reached_by(&trial) || trial.value >= low.value {
                high = trial;
                continue;
            }
            if trial.slope.abs() <= -CURVATURE * start.slope {
                return Some(trial);
            }
            if trial.slope * (high.length - low.length) >= 0.0 {
                high = low;
            }
            low = trial;
        }
        (low.value < start.value).then_some(low)
    }
}

impl Trial {
    /// Whether another place is finite, and falls enough below this one, where the search began.
    fn is_reached_by(&self, other: &Self) -> bool {
        other.value.is_finite()
            && other.slope.is_finite()
            && other.value <= self.value + SUFFICIENT * other.length * self.slope
    }
}

/// Where the cubic through both values and slopes is lowest, or the middle where that is too near an end or not known.
fn between(low: &Trial, high: &Trial) -> f64 {
    let width = high.length - low.length;
    let middle = low.length + 0.5 * width;
    if !high.value.is_finite() || !high.slope.is_finite() {
        return low.length + 0.1 * width;
    }
    let d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (low.length - high.length);
    let square = d1 * d1 - low.slope * high.slope;
    if square < 0.0 {
        return middle;
    }
    let d2 = square.sqrt() * if width < 0.0 { -1.0 } else { 1.0 };
    let share = 1.0 - (high.slope + d2 - d1) / (high.slope - low.slope + 2.0 * d2);
    if (0.05..=0.95).contains(&share) { low.length + share * width } else { middle }
}

impl Stepper for Lbfgs<'_> {
    fn loss(&mut self, parameters: &[f64]) -> f64 {
        self.gradient.resize(parameters.len(), 0.0);
        self.value = self.loss.gradient(parameters, &mut self.gradient);
        self.value
    }

    fn step(&mut self, parameters: &mut [f64], _: &[f64]) -> Step {
        if self.gradient.iter().all(|entry| entry.abs() <= self.tolerance) {
            return Step::Converged;
        }
        let found = loop {
            let direction = self.direction();
            let is_downhill = dot(&direction, &self.gradient) < 0.0;
            let steepest = 1.0 / dot(&self.gradient, &self.gradient).sqrt();
            let length = if self.pairs.is_empty() { steepest.min(1.0) } else { 1.0 };
            if is_downhill && let Some(found) = self.search(parameters, &direction, length) {
                break found;
            }
            // What was remembered may mislead; the gradient itself does not.
            if self.pairs.is_empty() {
                return Step::Converged;
            }
            self.pairs.clear();
        };
        let difference = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let s = difference(&found.parameters, parameters);
        let y = difference(&found.gradient, &self.gradient);
        let product = dot(&s, &y);
        if product > f64::EPSILON * dot(&y, &y) {
            if self.pairs.len() == self.memory {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { s, y, product });
        }
        parameters.copy_from_slice(&found.parameters);
        Step::Taken
    }
}
