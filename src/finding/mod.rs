//! What is known of a case: what training found, what could have been reached, and what the two say together.

mod diagnosis;
mod ending;
mod kind;
mod plateau;
mod starts;
mod units;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::attain::Attainable;
use crate::plan::{Case, scale};
use crate::train::{Best, Run, Trials};

pub use diagnosis::{Diagnosis, Evidence, Value, diagnose};
pub use ending::{Ending, Rest};
pub use kind::{Kind, Weight};
pub use starts::Starts;
pub use units::{Duplicate, Relation, Seen};

/// All that is known of a case.
#[derive(Debug, Clone)]
pub struct Finding {
    pub run: Arc<Run>,
    /// Where the other starts ended; `None` where the experiment asks for none.
    pub trials: Option<Arc<Trials>>,
    /// What became of them.
    pub starts: Option<Starts>,
    /// `None` where that was not asked, or is not known how to find.
    pub attainable: Option<Arc<Attainable>>,
    /// The gravest first.
    pub diagnoses: Vec<Diagnosis>,
}

/// A loss below what was certified to be the lowest: the certificate is wrong, and so is this program.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    pub trained: f64,
    pub certified: f64,
}

/// What a computed loss can be off, as a share of it and in itself, per unit of the target's variance.
const ROUNDING: f64 = 1e-9;

impl Finding {
    /// What is known before training.
    pub fn blank() -> Self {
        Self {
            run: Arc::new(Run::new()),
            trials: None,
            starts: None,
            attainable: None,
            diagnoses: Vec::new(),
        }
    }

    /// Whether it was put together from these very results.
    pub fn is_of(
        &self,
        run: &Arc<Run>,
        trials: Option<&Arc<Trials>>,
        attainable: Option<&Arc<Attainable>>,
    ) -> bool {
        let attainable = attainable.filter(|attainable| attainable.upper.is_finite());
        Arc::ptr_eq(&self.run, run)
            && self.trials.as_ref().map(Arc::as_ptr) == trials.map(Arc::as_ptr)
            && self.attainable.as_ref().map(Arc::as_ptr) == attainable.map(Arc::as_ptr)
    }

    /// Puts together what is known of a case. Where the search found no parameters with a finite loss, nothing is known.
    ///
    /// # Errors
    ///
    /// If training found less than what was certified to be the least.
    pub fn new(
        case: &Case,
        run: Arc<Run>,
        trials: Option<Arc<Trials>>,
        attainable: Option<Arc<Attainable>>,
    ) -> Result<Self, Violation> {
        let attainable = attainable.filter(|attainable| attainable.upper.is_finite());
        for (best, attainable) in bests(&run, trials.as_deref()).zip(attainable.iter().cycle()) {
            let slack = ROUNDING * (attainable.lower + attainable.upper);
            if attainable.holds(&best.parameters) && best.mse < attainable.lower - slack {
                return Err(Violation { trained: best.mse, certified: attainable.lower });
            }
        }
        let diagnoses = diagnose(case, &run, attainable.as_deref());
        let starts = trials.as_deref().map(|trials| Starts::new(case, trials));
        Ok(Self { run, trials, starts, attainable, diagnoses })
    }

    /// The best of its start in the middle, by the lowest loss; of an even number the lower of the two. Of one start its own.
    pub fn typical(&self) -> Option<&Best> {
        let Some(trials) = self.trials.as_deref() else { return self.run.best.as_ref() };
        let mut starts: Vec<Option<&Best>> = trials.0.iter().map(|trial| trial.best.as_ref()).collect();
        starts.sort_by(|a, b| {
            let [a, b] = [a, b].map(|best| best.map_or(f64::INFINITY, |best| best.mse));
            a.total_cmp(&b)
        });
        starts.get(starts.len().saturating_sub(1) / 2).copied().flatten()
    }

    /// The best of any of its starts.
    pub fn lowest(&self) -> Option<&Best> {
        bests(&self.run, self.trials.as_deref()).min_by(|a, b| a.mse.total_cmp(&b.mse))
    }

    /// How training ended.
    pub fn ending(&self, case: &Case) -> Ending {
        let scale = match &self.attainable {
            Some(attainable) => attainable.scale,
            None => scale(&case.samples().training.y),
        };
        Ending::new(&self.run, self.attainable.as_deref(), scale)
    }

    /// The best of any start that lies in the box, where it is a little lower than what the search found.
    fn better_trained(&self) -> Option<&Best> {
        let attainable = self.attainable.as_ref()?;
        let held = bests(&self.run, self.trials.as_deref()).filter(|best| attainable.holds(&best.parameters));
        held.min_by(|a, b| a.mse.total_cmp(&b.mse)).filter(|best| best.mse < attainable.upper)
    }

    /// The least loss that is known to be reached within the box: by the search or, where that is a little lower, by training.
    pub fn attained(&self) -> Option<f64> {
        let attainable = self.attainable.as_ref()?;
        Some(self.better_trained().map_or(attainable.upper, |best| best.mse))
    }

    /// The parameters that reach it, in the order of the model's.
    pub fn attained_parameters(&self) -> Option<&[f64]> {
        let attainable = self.attainable.as_ref()?;
        Some(self.better_trained().map_or(&attainable.parameters, |best| &best.parameters))
    }

    /// How much lower than the best of the run the loss could have been: at least 0. `None` where either is not known.
    pub fn training_gap(&self) -> Option<f64> {
        Some((self.run.best.as_ref()?.mse - self.attained()?).max(0.0))
    }

    /// The certified bounds of the least loss: none lower, and one as low.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let upper = self.attained()?;
        Some((self.attainable.as_ref()?.lower.min(upper), upper))
    }

    /// Whether the box was widened, since training found its best outside of what the experiment declares.
    pub fn is_widened(&self, case: &Case) -> bool {
        let searched = self.attainable.as_ref().map(|attainable| (attainable.w, attainable.b));
        searched.zip(case.attainable).is_some_and(|(searched, declared)| searched != (declared.w, declared.b))
    }
}

/// What every start had when its loss was lowest: the run, and the trials beside it.
fn bests<'a>(run: &'a Run, trials: Option<&'a Trials>) -> impl Iterator<Item = &'a Best> {
    let of_trials = trials.into_iter().flat_map(|trials| &trials.0).filter_map(|trial| trial.best.as_ref());
    run.best.iter().chain(of_trials)
}
