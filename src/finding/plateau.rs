//! Plateaus: long stretches of training on which nothing lower was found.

use super::ending::NEGLIGIBLE;

/// A stretch on which the lowest loss so far hardly fell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plateau {
    /// Its first and last epoch.
    pub(super) first: usize,
    pub(super) last: usize,
    /// The lowest loss up to its first and to its last epoch.
    pub(super) from: f64,
    pub(super) to: f64,
    /// The lowest loss of all, where it fell on; `None` where training ended on the plateau.
    pub(super) then: Option<f64>,
}

/// The least length, as a share of all epochs: what is shorter is a bend of the curve.
pub(super) const LONG: f64 = 0.2;
/// And in epochs: a few steps are no stretch.
const LEAST_EPOCHS: usize = 10;
/// The most that the lowest loss falls on it, as a share of itself.
pub(super) const FLAT: f64 = 0.01;
/// The least that it falls afterwards. The pace is then at least five times that of the flattest stretch of this length, which
/// no loss that merely decays shows: its pace only falls.
pub(super) const FALL: f64 = 0.2;

/// The longest plateau after which the loss fell on or, where a run may have `ended` on one, the one at its end. Losses that are
/// a negligible share of the target's variance have none.
pub(super) fn plateau(losses: &[f64], scale: f64, may_end_on_it: bool) -> Option<Plateau> {
    let lowest: Vec<f64> = losses
        .iter()
        .scan(f64::INFINITY, |lowest, &loss| {
            *lowest = loss.min(*lowest);
            Some(*lowest)
        })
        .collect();
    let end = *lowest.last()?;
    let enough = least_length(losses.len());
    let is_flat = |first: usize, last: usize| lowest[last] >= (1.0 - FLAT) * lowest[first];
    let mut longest: Option<Plateau> = None;
    let mut last = 0;
    for first in 0..lowest.len() {
        while last + 1 < lowest.len() && is_flat(first, last + 1) {
            last += 1;
        }
        let (from, to) = (lowest[first], lowest[last]);
        let length = last - first + 1;
        let is_longest = longest.is_none_or(|other| length > other.last - other.first + 1);
        if length < enough || to <= NEGLIGIBLE * scale || !is_longest {
            continue;
        }
        let then = (end <= (1.0 - FALL) * to).then_some(end);
        if then.is_some() || (may_end_on_it && last + 1 == lowest.len()) {
            longest = Some(Plateau { first, last, from, to, then });
        }
    }
    longest
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn least_length(epochs: usize) -> usize {
    ((LONG * epochs as f64).ceil() as usize).max(LEAST_EPOCHS)
}
