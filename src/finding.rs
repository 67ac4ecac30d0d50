//! What is known of a case: what training found, what could have been reached, and what the two say together.

use std::sync::Arc;

use crate::attain::Attainable;
use crate::plan::Case;
use crate::train::{Best, Run};

/// All that is known of a case.
#[derive(Debug, Clone)]
pub struct Finding {
    pub run: Arc<Run>,
    /// `None` where that was not asked, or is not known how to find.
    pub attainable: Option<Arc<Attainable>>,
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
    /// Puts together what is known of a case. Where the search found no parameters with a finite loss, nothing is known.
    ///
    /// # Errors
    ///
    /// If training found less than what was certified to be the least.
    pub fn new(run: Arc<Run>, attainable: Option<Arc<Attainable>>) -> Result<Self, Violation> {
        let attainable = attainable.filter(|attainable| attainable.upper.is_finite());
        if let (Some(best), Some(attainable)) = (&run.best, &attainable) {
            let slack = ROUNDING * (attainable.lower + attainable.upper);
            if attainable.holds(&best.parameters) && best.mse < attainable.lower - slack {
                return Err(Violation { trained: best.mse, certified: attainable.lower });
            }
        }
        Ok(Self { run, attainable })
    }

    /// The best of training, where it lies in the box and is a little lower than what the search found.
    fn better_trained(&self) -> Option<&Best> {
        let attainable = self.attainable.as_ref()?;
        let best = self.run.best.as_ref()?;
        (attainable.holds(&best.parameters) && best.mse < attainable.upper).then_some(best)
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

    /// How much lower than the best of training the loss could have been: at least 0. `None` where either is not known.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attain::Method;
    use crate::train::Outcome;

    fn finding(mse: f64, w: f64, (lower, upper): (f64, f64)) -> Result<Finding, Violation> {
        let best = Best { epoch: 3, mse, parameters: vec![w, 0.5, 2.0, -1.0] };
        let run = Run {
            losses: vec![mse],
            snapshots: Vec::new(),
            best: Some(best),
            outcome: Outcome::Finished,
            halvings: Vec::new(),
        };
        let attainable = Attainable {
            lower,
            upper,
            parameters: vec![1.0, 0.0, 1.0, 0.0],
            is_closed: true,
            w: (-8.0, 8.0),
            b: (-8.0, 8.0),
            method: Method::Exact,
            beyond: None,
        };
        Finding::new(Arc::new(run), Some(Arc::new(attainable)))
    }

    #[test]
    fn training_below_the_certificate_is_refused() {
        let violation = finding(0.2, 3.0, (0.25, 0.26)).unwrap_err();
        assert_eq!(violation, Violation { trained: 0.2, certified: 0.25 });
        // Within rounding, or outside of the box, it is not below.
        assert!(finding(0.25 - 1e-11, 3.0, (0.25, 0.26)).is_ok());
        assert!(finding(0.2, 9.0, (0.25, 0.26)).is_ok());
    }

    #[test]
    fn what_is_attained_is_the_better_of_search_and_training() {
        let searched = finding(0.3, 3.0, (0.25, 0.26)).unwrap();
        assert_eq!(searched.attained(), Some(0.26));
        assert_eq!(searched.attained_parameters(), Some([1.0, 0.0, 1.0, 0.0].as_slice()));
        assert_eq!(searched.bounds(), Some((0.25, 0.26)));
        assert!((searched.training_gap().unwrap() - 0.04).abs() < 1e-15);
        let trained = finding(0.255, 3.0, (0.25, 0.26)).unwrap();
        assert_eq!(trained.attained(), Some(0.255));
        assert_eq!(trained.attained_parameters(), Some([3.0, 0.5, 2.0, -1.0].as_slice()));
        assert_eq!(trained.training_gap(), Some(0.0));
        // Better, but with a w outside of the box.
        let outside = finding(0.2, 9.0, (0.25, 0.26)).unwrap();
        assert_eq!(outside.attained(), Some(0.26));
        assert_eq!(outside.attained_parameters(), Some([1.0, 0.0, 1.0, 0.0].as_slice()));
        assert_eq!(outside.training_gap(), Some(0.0));
    }

    #[test]
    fn a_search_that_found_nothing_says_nothing() {
        let nothing = finding(0.3, 3.0, (0.0, f64::INFINITY)).unwrap();
        assert_eq!(nothing.attained(), None);
        assert_eq!(nothing.attained_parameters(), None);
        assert_eq!(nothing.training_gap(), None);
    }
}
