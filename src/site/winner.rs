//! Who is first among the cases on a target: by what training found, and by what could be reached.

use super::gallery::{Gallery, Trained};
use crate::spec::Experiment;

/// Attainable losses this close to one another are alike: they are known no better.
pub(super) const ALIKE: f64 = 1.002;
/// A loss counts as another only from this ratio on.
const LESS: f64 = 1.01;

/// The two orders of the cases on one target.
pub(super) struct Winner<'g> {
    /// Training's first.
    pub(super) found: Trained<'g>,
    /// The least that it could have reached itself.
    pub(super) own: f64,
    /// Those that can reach the least, in the order of what training found; at least one.
    pub(super) best: Vec<Trained<'g>>,
    pub(super) least: f64,
    /// What is less than this is nothing but rounding.
    pub(super) nothing: f64,
}

impl<'g> Winner<'g> {
    /// Of cases on one target, in the order of what training found; `None` where that is not known.
    pub(super) fn of(ranked: &[Trained<'g>]) -> Option<Self> {
        let found = *ranked.first().filter(|first| ranked.len() > 1 && first.typical_mse().is_finite())?;
        let attained = |trained: &Trained<'_>| trained.finding.attained();
        let least = ranked.iter().filter_map(attained).fold(f64::INFINITY, f64::min);
        let own = attained(&found)?;
        let nothing = 1e-9 * found.finding.attainable.as_ref()?.scale;
        let is_best =
            |trained: &&Trained<'_>| attained(trained).is_some_and(|mse| mse <= ALIKE * least + nothing);
        let best = ranked.iter().filter(is_best).copied().collect();
        Some(Self { found, own, best, least, nothing })
    }

    /// Whether training's first is one of those that can reach the least.
    pub(super) fn is_confirmed(&self) -> bool {
        self.best.iter().any(|best| best.index == self.found.index)
    }

    /// Whether another could have come clearly before training's first, so that its place says more of training.
    pub(super) fn is_artefact(&self) -> bool {
        self.own > LESS * self.least + self.nothing
    }

    /// Of one target of an experiment.
    pub(super) fn on(gallery: Gallery<'g>, experiment: &Experiment, target: &str) -> Option<Self> {
        Self::of(&gallery.ranked(&experiment.id, target))
    }
}
