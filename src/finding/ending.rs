//! How a run ended: whether its loss had come to rest.

use crate::attain::Attainable;
use crate::number::significant;
use crate::train::{Outcome, Run};

/// How a run ended. Losses are compared over its last tenth: long enough to see through single steps, short enough to be its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    /// Not an epoch has a loss.
    Untrained,
    Diverged,
    /// The method found nothing left to gain after so many epochs.
    Converged {
        epochs: usize,
    },
    /// Too few epochs to say.
    TooShort,
    /// The lowest loss before the last tenth, and the lowest in it, which is lower still.
    Falling {
        over: usize,
        from: f64,
        to: f64,
    },
    /// The lowest and the highest loss of the last tenth.
    Restless {
        over: usize,
        low: f64,
        high: f64,
    },
    /// It had come to rest, or there was nothing left to gain.
    Settled {
        over: usize,
        from: f64,
        to: f64,
        why: Rest,
    },
}

/// Why a loss counts as at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It hardly fell.
    Still,
    /// It fell, but by next to nothing of the target's variance.
    Negligible,
    /// It fell, but is as good as the certified least already.
    AtTheLeast,
}

/// A relative fall over the last tenth below which a loss counts as settled: ten times as many epochs at that pace would not
/// gain 1 %.
pub(super) const SETTLED: f64 = 1e-3;
/// A loss that moves up and down by more than this share of itself is not at rest: the minibatches and the momentum of a good
/// training stay below it near a minimum.
pub(super) const RESTLESS: f64 = 0.1;
/// Differences of less than this share of the target's variance are none: the same at which attainable losses are no longer
/// told apart. A fit that reaches 10⁻⁸ and goes on falling towards 0 is not unfinished.
pub(super) const NEGLIGIBLE: f64 = 1e-6;
/// A loss within this share of the certified least is as good as that.
const AS_GOOD: f64 = 0.01;
/// How many standard errors a trend must be away from none, so that noise does not pass for a fall.
const CERTAIN: f64 = 3.0;

impl Ending {
    /// `scale` is that of the target on the data, [`crate::plan::scale`].
    pub fn new(run: &Run, attainable: Option<&Attainable>, scale: f64) -> Self {
        if run.losses.is_empty() && run.outcome == Outcome::Finished {
            return Self::Untrained;
        }
        match run.outcome {
            Outcome::Finished => Self::of_losses(run, attainable, scale),
            Outcome::Converged { epoch } => Self::Converged { epochs: epoch },
            Outcome::Diverged { .. } => Self::Diverged,
        }
    }

    fn of_losses(run: &Run, attainable: Option<&Attainable>, scale: f64) -> Self {
        let losses = &run.losses;
        let over = losses.len() / 10;
        let (before, last) = losses.split_at(losses.len() - over);
        if over == 0 {
            return Self::TooShort;
        }
        let lowest = |losses: &[f64]| losses.iter().copied().fold(f64::INFINITY, f64::min);
        let (from, to) = (lowest(before), lowest(last));
        let negligible = NEGLIGIBLE * scale;
        let fall = from - to;
        let has_trend = trend(last).is_none_or(|errors| errors < -CERTAIN);
        if fall > SETTLED * from && has_trend {
            let settled = |why| Self::Settled { over, from, to, why };
            if fall <= negligible {
                return settled(Rest::Negligible);
            }
            return if is_at_the_least(run, attainable, scale) {
                settled(Rest::AtTheLeast)
            } else {
                Self::Falling { over, from, to }
            };
        }
        let high = last.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if high - to > (RESTLESS * to).max(negligible) {
            return Self::Restless { over, low: to, high };
        }
        Self::Settled { over, from, to, why: Rest::Still }
    }

    /// Whether the loss no longer moved.
    pub fn is_at_rest(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Converged { .. })
    }

    /// What no diagnosis says already: that training ran, and whether it was done.
    pub fn sentence(&self, run: &Run) -> String {
        let shown = |mse: f64| significant(mse, 4);
        let epochs = run.losses.len();
        let last = run.losses.last().map(|&loss| shown(loss));
        let after = run.snapshots.last().filter(|snapshot| snapshot.epoch == epochs);
        let after = after.map(|snapshot| shown(snapshot.loss)).filter(|after| last.as_ref() != Some(after));
        let ran = match after {
            Some(after) => format!(
                "Training ran for all of its {epochs} epochs. Losses are those before each epoch; after the last it was {after}."
            ),
            None => format!("Training ran for all of its {epochs} epochs."),
        };
        match *self {
            Self::Untrained => "Training ended without a loss.".into(),
            Self::Diverged => String::new(),
            Self::Converged { epochs } => format!(
                "Training converged after {epochs} epochs: the gradient had vanished, or no step led to a lower loss."
            ),
            Self::Falling { .. } | Self::Restless { .. } => ran,
            Self::TooShort => format!("{ran} That is too few to say whether it had settled."),
            Self::Settled { over, from, to, why } => {
                let last = run.losses.last().copied();
                let over = if over == 1 { "the last epoch".to_owned() } else { format!("the last {over}") };
                match (why, &run.best, last) {
                    (Rest::Still, Some(best), Some(last)) if last > best.mse * (1.0 + SETTLED) => format!(
                        "{ran} The lowest loss was met before the end, at epoch {}; the final one is {}.",
                        best.epoch,
                        shown(last)
                    ),
                    (Rest::Still, ..) => {
                        format!("{ran} Over {over} the loss fell by less than 0.1 %: it had all but settled.")
                    }
                    (Rest::Negligible, ..) => format!(
                        "{ran} Over {over} the loss still fell, from {} to {}: that is less than a millionth of the \
                         target’s variance, and as good as settled.",
                        shown(from),
                        shown(to)
                    ),
                    (Rest::AtTheLeast, ..) => format!(
                        "{ran} Over {over} the loss still fell, by {} %, but it is as low as it can get to within \
                         1 %.",
                        significant(100.0 * (1.0 - to / from), 2)
                    ),
                }
            }
        }
    }
}

/// The mean fall per epoch over so many.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(super) fn per_epoch(over: usize, from: f64, to: f64) -> f64 {
    (from - to) / over as f64
}

/// Whether the best of training is as good as the certified least, in the box and beyond it. Where that is not known for where
/// training went, only a loss that is as good as none is.
pub(super) fn is_at_the_least(run: &Run, attainable: Option<&Attainable>, scale: f64) -> bool {
    let Some(best) = &run.best else { return false };
    let held = attainable.filter(|attainable| attainable.holds(&best.parameters));
    let least = held.map_or(0.0, |attainable| {
        attainable.beyond.map_or(attainable.lower, |beyond| beyond.mse.min(attainable.lower))
    });
    best.mse - least <= (AS_GOOD * best.mse).max(NEGLIGIBLE * scale)
}

/// The slope of the least-squares line through some losses, in its standard errors; `None` where there are too few for one, or
/// where they lie on a line.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn trend(losses: &[f64]) -> Option<f64> {
    if losses.len() < 3 {
        return None;
    }
    let count = losses.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, losses.iter().sum::<f64>() / count);
    let (mut moment, mut square, mut rest) = (0.0, 0.0, 0.0);
    for (index, loss) in losses.iter().enumerate() {
        let at = index as f64 - middle;
        moment += at * (loss - mean);
        square += at * at;
    }
    let slope = moment / square;
    for (index, loss) in losses.iter().enumerate() {
        let residual = loss - mean - slope * (index as f64 - middle);
        rest += residual * residual;
    }
    let error = (rest / (count - 2.0) / square).sqrt();
    let errors = slope / error;
    errors.is_finite().then_some(errors)
}
