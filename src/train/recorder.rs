//! What is noted of a training while it goes on.

use super::model::Loss;
use super::run::{Best, Outcome, Run, Snapshot};
use crate::lanes;
use crate::plan::{Case, Points};

/// A run in the making.
pub(super) struct Recorder<'c> {
    run: Run,
    snapshot_every: usize,
    /// `None` where no points are held out.
    validation: Option<Loss<'c>>,
}

impl<'c> Recorder<'c> {
    pub(super) fn new(case: &'c Case, validation: &Points) -> Self {
        let is_split = !validation.x.is_empty();
        let validation = is_split.then(|| super::loss_of(case, validation));
        Self { run: Run::new(), snapshot_every: case.training.snapshot_every, validation }
    }

    /// The losses so far.
    pub(super) fn losses(&self) -> &[f64] {
        &self.run.losses
    }

    /// Notes the loss before the first step of an epoch. Returns whether training can go on: where the loss is no longer
    /// finite it has diverged.
    pub(super) fn note(&mut self, epoch: usize, mse: f64, parameters: &[f64]) -> bool {
        let validation = self.validation.as_mut().map(|loss| loss.value(parameters));
        let is_finite = mse.is_finite() && validation.is_none_or(f64::is_finite);
        if !is_finite || !lanes::are_finite(parameters) {
            self.run.outcome = Outcome::Diverged { epoch };
            return false;
        }
        self.run.losses.push(mse);
        self.run.validation.extend(validation);
        if self.run.best.as_ref().is_none_or(|best| mse < best.mse) {
            // The buffer is kept: in a good run almost every epoch is the best so far.
            let parameters_then = || Best { epoch, mse, parameters: parameters.to_vec() };
            let best = self.run.best.get_or_insert_with(parameters_then);
            best.epoch = epoch;
            best.mse = mse;
            best.parameters.copy_from_slice(parameters);
        }
        if epoch.is_multiple_of(self.snapshot_every) {
            self.run.snapshots.push(Snapshot { epoch, parameters: parameters.to_vec(), loss: mse });
        }
        true
    }

    /// Notes that the learning rate was halved after so many epochs.
    pub(super) fn halved(&mut self, epochs: usize) {
        self.run.halvings.push(epochs);
    }

    /// The run as it is: one that diverged.
    pub(super) fn diverged(self) -> Run {
        self.run
    }

    /// The run after all of its epochs, with the loss that they led to.
    pub(super) fn finished(mut self, epochs: usize, mse: f64, parameters: Vec<f64>) -> Run {
        if mse.is_finite() && lanes::are_finite(&parameters) {
            self.run.snapshots.push(Snapshot { epoch: epochs, parameters, loss: mse });
        } else {
            self.run.outcome = Outcome::Diverged { epoch: epochs };
        }
        self.run
    }

    /// The run after its last step, that before an epoch which has been noted already.
    pub(super) fn converged(mut self, epoch: usize, parameters: Vec<f64>) -> Run {
        self.run.outcome = Outcome::Converged { epoch };
        if let Some(&loss) = self.run.losses.last()
            && self.run.snapshots.last().is_none_or(|snapshot| snapshot.epoch != epoch)
        {
            self.run.snapshots.push(Snapshot { epoch, parameters, loss });
        }
        self.run
    }
}
