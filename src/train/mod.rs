//! Training: a [`Case`](crate::plan::Case) → its [`Run`]. Pure; the same case gives the same bits on every machine.

/// What training did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The loss (mean squared error) of each epoch, taken before its step; all finite. As many as there were epochs, or
    /// as many as came before divergence.
    pub losses: Vec<f64>,
    /// Before the step of epochs 0, n, 2n, … and once more after the last step; of a diverged run, those that came
    /// before divergence. Parameters are finite. Empty only where the initial parameters' loss is not finite.
    pub snapshots: Vec<Snapshot>,
    /// The lowest loss and its parameters; `None` only where even the first epoch's loss is not finite.
    pub best: Option<Best>,
    pub outcome: Outcome,
    /// The epochs after which the schedule halved the learning rate, counted from 1.
    pub halvings: Vec<usize>,
}

/// The parameters at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// How many steps had been taken.
    pub epoch: usize,
    /// In the order of [`ModelType::tensors`](crate::spec::ModelType::tensors).
    pub parameters: Vec<f64>,
    /// The loss at these parameters; of the snapshot after the last step too. Finite.
    pub loss: f64,
}

/// The lowest loss of any epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    pub epoch: usize,
    pub mse: f64,
    pub parameters: Vec<f64>,
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    /// The loss or the gradient of this epoch, counted from 0, was not finite.
    Diverged {
        epoch: usize,
    },
}

impl Run {
    /// The last epoch's loss; `None` if training diverged.
    pub fn final_mse(&self) -> Option<f64> {
        match self.outcome {
            Outcome::Finished => self.losses.last().copied(),
            Outcome::Diverged { .. } => None,
        }
    }
}
pub fn train(_case: &crate::plan::Case) -> Run {
    unimplemented!()
}
impl Run {
    pub fn to_bytes(&self) -> Vec<u8> {
        unimplemented!()
    }
    pub fn from_bytes(_b: &[u8]) -> Option<Run> {
        unimplemented!()
    }
}
