//! What many starts say: how the losses of a case spread, and whether one case is better than the others by more than chance.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::plan::{Case, Generator};

/// How the lowest losses of a case's starts spread. Infinite where so many starts never had a finite loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    pub starts: usize,
    pub best: f64,
    pub lower_quartile: f64,
    pub median: f64,
    pub upper_quartile: f64,
    pub worst: f64,
    /// How many starts came close enough to what can be attained, and what was close enough; `None` where that is not known.
    pub success: Option<Success>,
}

/// How many starts succeeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Success {
    pub starts: usize,
    /// The largest loss that counts as success.
    pub threshold: f64,
}

/// A loss below this share of the target's variance is nothing but rounding.
pub const NOTHING: f64 = 1e-12;

/// A loss below this share of the target's variance is a success whatever could be attained: where a target can be met
/// exactly, no share of nothing could ever be reached.
pub const AS_GOOD_AS_NOTHING: f64 = 1e-3;

/// How the starts of a case spread; `None` without starts.
pub fn spread(case: &Case, finding: &Finding) -> Option<Spread> {
    let trials = finding.trials.as_ref()?;
    let mut losses = trials.losses();
    losses.sort_by(f64::total_cmp);
    let attained = finding.attained().zip(finding.attainable.as_ref());
    let success = attained.map(|(attained, attainable)| {
        let threshold = (attained * (1.0 + case.success_within)).max(AS_GOOD_AS_NOTHING * attainable.scale);
        Success { starts: losses.iter().filter(|loss| **loss <= threshold).count(), threshold }
    });
    Some(Spread {
        starts: losses.len(),
        best: quantile(&losses, 0.0),
        lower_quartile: quantile(&losses, 0.25),
        median: quantile(&losses, 0.5),
        upper_quartile: quantile(&losses, 0.75),
        worst: quantile(&losses, 1.0),
        success,
    })
}

/// The loss that a case is ranked by: the median of its starts, or of one start the lowest; infinite where there is none.
pub fn typical_loss(finding: &Finding) -> f64 {
    match &finding.trials {
        Some(trials) => median(&mut trials.losses()),
        None => finding.run.best.as_ref().map_or(f64::INFINITY, |best| best.mse),
    }
}

/// A quantile of sorted numbers, between two of them by linear interpolation, as numpy has it by default; `NaN` of none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index"
)]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let (index, rest) = (place as usize, place.fract());
    let low = sorted[index];
    if rest == 0.0 || !low.is_finite() {
        return low;
    }
    low + rest * (sorted[index + 1] - low)
}

/// Which of several cases has the lowest losses, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The one with the lowest median; the first of equal ones.
    pub leader: usize,
    /// Those that cannot be told apart from it.
    pub tied: Vec<usize>,
    /// How many samples were drawn.
    pub resamples: usize,
}

impl Verdict {
    /// The bytes that [`Verdict::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Verdict::to_bytes`] wrote on so many cases; `None` for anything else.
    pub fn from_bytes(bytes: &[u8], cases: usize) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        let is_sound =
            read.leader < cases && read.tied.iter().all(|&tied| tied < cases && tied != read.leader);
        is_sound.then_some(read)
    }
}

/// The share of the samples in which the leader has to be ahead: a two-sided test at 5 %.
pub const CONFIDENCE: f64 = 0.975;
const RESAMPLES: usize = 2000;
const LEAST_RESAMPLES: usize = 400;
/// The most losses that are looked at for one verdict.
const WORK: usize = 20_000_000;

/// The verdict of a paired bootstrap over seeds (Efron and Tibshirani, 1993): seeds are drawn with replacement, the same for all
/// cases, and the leader has to have the lower median in at least [`CONFIDENCE`] of the samples to be told apart from another.
///
/// `losses` are those of each case, seed by seed, the same seeds for all; infinite where a start never had a loss. The draws are
/// `(rng.random(n) * n).astype(int)` of numpy's `default_rng(0)`. `None` for fewer than two cases, or seeds that do not match.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "indices and counts"
)]
pub fn verdict(losses: &[Vec<f64>]) -> Option<Verdict> {
    let starts = losses.first()?.len();
    if losses.len() < 2 || starts < 2 || losses.iter().any(|others| others.len() != starts) {
        return None;
    }
    let medians: Vec<f64> = losses.iter().map(|losses| median(&mut losses.clone())).collect();
    let leader = (0..medians.len()).min_by(|a, b| medians[*a].total_cmp(&medians[*b]))?;
    let resamples = (WORK / (starts * losses.len())).clamp(LEAST_RESAMPLES, RESAMPLES);
    let mut generator = Generator::new(&[0]);
    let mut ahead = vec![0_usize; losses.len()];
    let (mut drawn, mut sample) = (vec![0; starts], vec![0.0; starts]);
    for _ in 0..resamples {
        drawn.fill_with(|| ((generator.uniform(0.0, 1.0) * starts as f64) as usize).min(starts - 1));
        let mut median_of = |losses: &[f64]| {
            sample.iter_mut().zip(&drawn).for_each(|(sample, index)| *sample = losses[*index]);
            median(&mut sample)
        };
        let own = median_of(&losses[leader]);
        for (ahead, losses) in ahead.iter_mut().zip(losses) {
            *ahead += usize::from(own < median_of(losses));
        }
    }
    let needed = (CONFIDENCE * resamples as f64).ceil() as usize;
    let tied = (0..losses.len()).filter(|other| *other != leader && ahead[*other] < needed).collect();
    Some(Verdict { leader, tied, resamples })
}

/// The middle number, or the middle between the two middle ones; reorders them.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::INFINITY;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut middle, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    if is_even && middle.is_finite() {
        let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return lower + 0.5 * (middle - lower);
    }
    middle
}

/// The losses of cases, for [`verdict`]; `None` where one has no starts.
pub fn losses<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Option<Vec<Vec<f64>>> {
    let of_one = |finding: &Finding| {
        let nothing = NOTHING * finding.attainable.as_ref().map_or(0.0, |attainable| attainable.scale);
        let losses = finding.trials.as_ref()?.losses();
        Some(losses.into_iter().map(|loss| if loss < nothing { 0.0 } else { loss }).collect())
    };
    findings.into_iter().map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.quantile([1, 2, 4, 8, 16, 32], [0, .25, .5, .75, 1])`.
    #[test]
    fn quantiles_are_those_of_numpy() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        let found = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| quantile(&sorted, share));
        assert_eq!(found, [1.0, 2.5, 6.0, 14.0, 32.0]);
        assert_eq!(median(&mut [32.0, 1.0, 8.0, 2.0, 16.0, 4.0]), 6.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        let with_infinite = [1.0, 2.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(quantile(&with_infinite, 0.25), 1.75);
        assert_eq!(quantile(&with_infinite, 0.5), f64::INFINITY);
        assert_eq!(quantile(&with_infinite, 0.75), f64::INFINITY);
    }

    #[test]
    fn a_winner_is_one_that_chance_does_not_make() {
        let spread = |level: f64, noise: f64| -> Vec<f64> {
            (0..32).map(|seed| level + noise * f64::from((seed * 7) % 32) / 32.0).collect()
        };
        // Ranges that do not meet: every sample has the same order.
        let apart = verdict(&[spread(3.0, 1.0), spread(1.0, 1.0), spread(5.0, 1.0)]).unwrap();
        assert_eq!((apart.leader, apart.tied.as_slice()), (1, [].as_slice()));
        // The same losses on the same seeds cannot be told apart; nor can the same in another order.
        let same = verdict(&[spread(1.0, 1.0), spread(1.0, 1.0), spread(3.0, 0.0)]).unwrap();
        assert_eq!((same.leader, same.tied.as_slice()), (0, [1].as_slice()));
        // A small advantage on every seed is one: the samples are paired.
        let shifted: Vec<f64> = spread(1.0, 1.0).iter().map(|loss| loss - 1e-6).collect();
        let paired = verdict(&[spread(1.0, 1.0), shifted]).unwrap();
        assert_eq!((paired.leader, paired.tied.as_slice()), (1, [].as_slice()));
        // A start that diverged has no loss, and is no advantage.
        let diverged = verdict(&[vec![f64::INFINITY; 32], spread(1.0, 1.0)]).unwrap();
        assert_eq!((diverged.leader, diverged.tied.as_slice()), (1, [].as_slice()));
        assert_eq!(verdict(&[spread(1.0, 1.0)]), None);
        assert_eq!(verdict(&[vec![1.0, 2.0], vec![1.0]]), None);
    }
}
