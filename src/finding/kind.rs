//! The kinds of diagnoses: their names, what they mean, and how much they matter.

use serde::Serialize;

use super::{ending, plateau, units};

/// A loss this many times the attainable one is far above it. At 1.5, a fit that has found nothing but the line counts where a
/// curve is to be had, and one that lies a little beside the best place does not.
pub(super) const STUCK: f64 = 1.5;
/// And no difference is far that is less than this share of the target's variance: a fit that explains 99.9 % of what
/// another explains is as good to the eye, however many times its loss.
pub(super) const FAR: f64 = 1e-3;
/// A final loss this many times the lowest has left it: noise of mini-batches and the swing of large steps stay below.
pub(super) const RISEN: f64 = 2.0;
/// What a run can suffer from, the gravest first. Results name it in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Diverged,
    DeadUnit,
    Stuck,
    Risen,
    Saturated,
    Plateau,
    NotConverged,
    DuplicateUnits,
    LearningRateHalved,
}

/// How much a diagnosis matters to who reads the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The result says little of what the activation can do.
    Bad,
    /// The result may be worse than it had to be.
    Doubtful,
    /// To know, and no more.
    Note,
}

impl Kind {
    /// All of them, the gravest first.
    pub const ALL: [Self; 9] = [
        Self::Diverged,
        Self::DeadUnit,
        Self::Stuck,
        Self::Risen,
        Self::Saturated,
        Self::Plateau,
        Self::NotConverged,
        Self::DuplicateUnits,
        Self::LearningRateHalved,
    ];

    /// Its name in results.
    pub fn id(self) -> &'static str {
        match self {
            Self::Diverged => "diverged",
            Self::DeadUnit => "dead_unit",
            Self::Stuck => "stuck",
            Self::Risen => "risen",
            Self::Saturated => "saturated",
            Self::Plateau => "plateau",
            Self::NotConverged => "not_converged",
            Self::DuplicateUnits => "duplicate_units",
            Self::LearningRateHalved => "learning_rate_halved",
        }
    }

    /// Its name on a badge and in a count: `3 dead`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Diverged => "diverged",
            Self::DeadUnit => "dead",
            Self::Stuck => "stuck",
            Self::Risen => "risen",
            Self::Saturated => "saturated",
            Self::Plateau => "plateau",
            Self::NotConverged => "not converged",
            Self::DuplicateUnits => "duplicate units",
            Self::LearningRateHalved => "rate halved",
        }
    }

    pub fn weight(self) -> Weight {
        match self {
            Self::Diverged | Self::DeadUnit | Self::Stuck => Weight::Bad,
            Self::Risen | Self::Saturated | Self::Plateau | Self::NotConverged => Weight::Doubtful,
            Self::DuplicateUnits | Self::LearningRateHalved => Weight::Note,
        }
    }

    /// What it means, with the thresholds.
    pub fn meaning(self) -> String {
        let percent = |share: f64| format!("{} %", 100.0 * share);
        match self {
            Self::Diverged => "The loss stopped being a finite number.".into(),
            Self::DeadUnit => "φ′ = 0 at all data: what leads into the unit gets no gradient.".into(),
            Self::Stuck => format!(
                "The loss came to rest at more than {STUCK} times what is attainable, and that by more than {} of the target’s \
                 variance.",
                percent(FAR)
            ),
            Self::Risen => format!(
                "The loss ended at more than {RISEN} times the lowest that it had met, and that by more than {} of the target’s \
                 variance.",
                percent(FAR)
            ),
            Self::Saturated => format!(
                "At {} of the data or more, φ is in a flat tail: |φ′| is below {} of its largest there and farther out.",
                percent(units::NEARLY_ALL),
                percent(units::FLAT)
            ),
            Self::Plateau => format!(
                "For {} of the epochs or more the lowest loss so far fell by no more than {}; then it fell on by {} or more, \
                 or training ended there, far above what is attainable.",
                percent(plateau::LONG),
                percent(plateau::FLAT),
                percent(plateau::FALL)
            ),
            Self::NotConverged => format!(
                "Over the last tenth of the epochs the loss still fell by more than {}, or moved up and down by more than {}.",
                percent(ending::SETTLED),
                percent(ending::RESTLESS)
            ),
            Self::DuplicateUnits => format!(
                "Two units of a layer give the same, or the same mirrored, to within {}: one of them would do.",
                percent(units::SAME_OUTPUT)
            ),
            Self::LearningRateHalved => {
                "The schedule halved the learning rate, since the loss had risen.".into()
            }
        }
    }
}
