//! A case trained from many starts: where each of them ended, without the way there.

use serde::{Deserialize, Serialize};

use super::{Best, Outcome, train};
use crate::plan::Case;
use crate::spec::Training;

/// Where one start ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub seed: u64,
    /// The lowest loss of any epoch; `None` where even the first was not finite.
    pub best: Option<Best>,
    /// The last epoch's loss; `None` if training diverged.
    pub final_mse: Option<f64>,
    pub outcome: Outcome,
}

impl Trial {
    pub fn is_diverged(&self) -> bool {
        matches!(self.outcome, Outcome::Diverged { .. })
    }
}

/// Where the starts of a case ended, in the order of its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trials(pub Vec<Trial>);

/// Trains a case from the starts of each of its seeds.
pub fn trials(case: &Case) -> Trials {
    let mut one = Case { seeded: Vec::new(), ..case.clone() };
    // Only the ends count.
    one.training = Training { snapshot_every: usize::MAX, ..one.training };
    let trials = case.seeded.iter().map(|seeded| {
        let mut starts = seeded.starts.iter().cloned();
        one.initial = starts.next().unwrap_or_default();
        one.restarts = starts.collect();
        let run = train(&one);
        Trial { seed: seeded.seed, final_mse: run.final_mse(), outcome: run.outcome, best: run.best }
    });
    Trials(trials.collect())
}

impl Trials {
    /// The bytes that [`Trials::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Trials::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        let is_sound = |trial: &Trial| {
            let best = trial.best.iter();
            let numbers = best.flat_map(|best| best.parameters.iter().chain([&best.mse]));
            numbers.chain(&trial.final_mse).all(|number| number.is_finite())
        };
        read.0.iter().all(is_sound).then_some(read)
    }

    /// Whether they can be those of a case: one for each of its seeds, with as many parameters as it has.
    pub fn fits(&self, case: &Case) -> bool {
        let count = case.model.model_type.parameter_count();
        let is_sound = |trial: &Trial| trial.best.as_ref().is_none_or(|best| best.parameters.len() == count);
        self.0.iter().map(|trial| trial.seed).eq(case.seeded.iter().map(|seeded| seeded.seed))
            && self.0.iter().all(is_sound)
    }

    /// The best of all starts; of several, the first.
    pub fn best(&self) -> Option<&Best> {
        self.0.iter().filter_map(|trial| trial.best.as_ref()).min_by(|a, b| a.mse.total_cmp(&b.mse))
    }

    /// The lowest loss of each start; infinite where there is none.
    pub fn losses(&self) -> Vec<f64> {
        let losses = self.0.iter().map(|trial| trial.best.as_ref().map_or(f64::INFINITY, |best| best.mse));
        losses.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let best = Best { epoch: 7, mse: 0.1 + 0.2, parameters: vec![1.0 / 3.0, -0.0, 5e-324, 1e300] };
        let trials = Trials(vec![
            Trial { seed: u64::MAX, best: Some(best), final_mse: Some(0.5), outcome: Outcome::Finished },
            Trial { seed: 0, best: None, final_mse: None, outcome: Outcome::Diverged { epoch: 0 } },
        ]);
        let bytes = trials.to_bytes();
        assert_eq!(Trials::from_bytes(&bytes), Some(trials));
        assert_eq!(Trials::from_bytes(&bytes[1..]), None);
    }
}
