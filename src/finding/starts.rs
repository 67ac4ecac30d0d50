//! What became of many starts, beside their losses: what can be counted from where each of them ended.

use crate::plan::Case;
use crate::train::{Trials, hidden_units};

/// How many of a case's starts there are, and how many of them came to grief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starts {
    pub count: usize,
    /// Their loss was no longer finite.
    pub diverged: usize,
    /// At the parameters with the lowest loss, the slope φ′ of a hidden unit is 0 on all data, so that nothing moves it.
    pub dead: usize,
}

impl Starts {
    pub fn new(case: &Case, trials: &Trials) -> Self {
        let x = case.samples().training.x;
        let is_dead = |parameters: &[f64]| {
            let layers = hidden_units(&case.model.model_type, &case.activation.function, parameters, &x);
            layers.iter().flatten().any(|unit| unit.slope.iter().all(|slope| *slope == 0.0))
        };
        let bests = trials.0.iter().filter_map(|trial| trial.best.as_ref());
        Self {
            count: trials.0.len(),
            diverged: trials.0.iter().filter(|trial| trial.is_diverged()).count(),
            dead: bests.filter(|best| is_dead(&best.parameters)).count(),
        }
    }
}
