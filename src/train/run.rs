//! What training did, and how it is kept.

use serde::{Deserialize, Serialize};

use crate::plan::Case;

/// The marks of what stands at the end of a run's bytes.
const VALIDATION: usize = 1;
const RESTARTS: usize = 2;

/// What training did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The loss (mean squared error of all training data) of each epoch, taken before its first step; all finite. As many
    /// as there were epochs, or as many as came before divergence; of a converged run, one more than it took steps.
    pub losses: Vec<f64>,
    /// The loss of the points that are held out, beside each of [`Self::losses`]; empty without such points.
    pub validation: Vec<f64>,
    /// Before the step of epochs 0, n, 2n, … and once more after the last step; of a diverged run, those that came
    /// before divergence. Parameters are finite. Empty only where the initial parameters' loss is not finite.
    pub snapshots: Vec<Snapshot>,
    /// The lowest loss and its parameters; `None` only where even the first epoch's loss is not finite.
    pub best: Option<Best>,
    pub outcome: Outcome,
    /// The epochs after which the schedule halved the learning rate, counted from 1.
    pub halvings: Vec<usize>,
    /// `None` where there was one start.
    pub restarts: Option<Restarts>,
}

/// The runs of which this one was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Restarts {
    /// Which start this run is from, as [`Case::start`](crate::plan::Case::start) counts.
    pub kept: usize,
    /// The lowest loss of each start; infinite where even the first was not finite.
    pub lowest: Vec<f64>,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub epoch: usize,
    pub mse: f64,
    pub parameters: Vec<f64>,
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All epochs were trained.
    Finished,
    /// After this many steps there was nothing left to gain: the gradient was as small as asked for, or no step led lower.
    Converged { epoch: usize },
    /// After this many steps the loss, that of the held-out points included, was no longer finite.
    Diverged { epoch: usize },
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl Run {
    /// A run before its first epoch.
    pub fn new() -> Self {
        Self {
            losses: Vec::new(),
            validation: Vec::new(),
            snapshots: Vec::new(),
            best: None,
            outcome: Outcome::Finished,
            halvings: Vec::new(),
            restarts: None,
        }
    }

    /// The last epoch's loss; `None` if training diverged.
    pub fn final_mse(&self) -> Option<f64> {
        if self.is_diverged() { None } else { self.losses.last().copied() }
    }

    pub fn is_diverged(&self) -> bool {
        matches!(self.outcome, Outcome::Diverged { .. })
    }

    /// The loss of the held-out points with the best parameters.
    pub fn validation_at_best(&self) -> Option<f64> {
        self.validation.get(self.best.as_ref()?.epoch).copied()
    }

    /// The epoch with the lowest loss of the held-out points, and that loss.
    pub fn best_validation(&self) -> Option<(usize, f64)> {
        let mut losses = self.validation.iter().copied().enumerate();
        let first = losses.next()?;
        Some(losses.fold(first, |best, other| if other.1 < best.1 { other } else { best }))
    }

    /// Whether it can be the run of a case: whether there is as much of everything as there must be. What is read from a cache
    /// is sound bytes, and could still be those of another case.
    pub fn fits(&self, case: &Case) -> bool {
        let Self { losses, validation, snapshots, best, outcome, halvings, restarts } = self;
        let (count, epochs) = (case.model.model_type.parameter_count(), case.training.epochs);
        let expected = match *outcome {
            Outcome::Finished => epochs,
            Outcome::Diverged { epoch } => epoch,
            Outcome::Converged { epoch } => epoch.saturating_add(1),
        };
        let are_snapshots_sound =
            snapshots.iter().all(|it| it.parameters.len() == count && it.epoch <= epochs)
                && snapshots.windows(2).all(|pair| pair[0].epoch < pair[1].epoch);
        let is_best_sound = match best {
            Some(best) => best.parameters.len() == count && best.epoch < losses.len(),
            None => losses.is_empty(),
        };
        let are_starts_sound = match restarts {
            Some(restarts) => {
                restarts.lowest.len() == case.restarts.len() + 1 && restarts.kept < restarts.lowest.len()
            }
            None => case.restarts.is_empty(),
        };
        losses.len() == expected
            && expected <= epochs.saturating_add(1)
            && (case.data.held_out() > 0 && validation.len() == losses.len() || validation.is_empty())
            && snapshots.is_empty() == losses.is_empty()
            && are_snapshots_sound
            && is_best_sound
            && are_starts_sound
            && halvings.iter().all(|&halving| halving <= epochs)
    }

    /// Which of the case's starts it is from.
    pub fn start(&self) -> usize {
        self.restarts.as_ref().map_or(0, |restarts| restarts.kept)
    }

    /// The bytes that [`Run::from_bytes`] reads: all numbers little-endian, every list after its length. What few runs have
    /// stands at the end, and not at all where there is none of it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let count = |bytes: &mut Vec<u8>, value: usize| bytes.extend((value as u64).to_le_bytes());
        let numbers = |bytes: &mut Vec<u8>, values: &[f64]| {
            bytes.extend((values.len() as u64).to_le_bytes());
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        };
        numbers(&mut bytes, &self.losses);
        count(&mut bytes, self.snapshots.len());
        for snapshot in &self.snapshots {
            count(&mut bytes, snapshot.epoch);
            numbers(&mut bytes, &snapshot.parameters);
            numbers(&mut bytes, &[snapshot.loss]);
        }
        count(&mut bytes, usize::from(self.best.is_some()));
        if let Some(best) = &self.best {
            count(&mut bytes, best.epoch);
            numbers(&mut bytes, &best.parameters);
            numbers(&mut bytes, &[best.mse]);
        }
        match self.outcome {
            Outcome::Finished => count(&mut bytes, 0),
            Outcome::Diverged { epoch } => {
                count(&mut bytes, 1);
                count(&mut bytes, epoch);
            }
            Outcome::Converged { epoch } => {
                count(&mut bytes, 2);
                count(&mut bytes, epoch);
            }
        }
        count(&mut bytes, self.halvings.len());
        for &halving in &self.halvings {
            count(&mut bytes, halving);
        }
        if !self.validation.is_empty() {
            count(&mut bytes, VALIDATION);
            numbers(&mut bytes, &self.validation);
        }
        if let Some(restarts) = &self.restarts {
            count(&mut bytes, RESTARTS);
            count(&mut bytes, restarts.kept);
            count(&mut bytes, restarts.lowest.len());
            for &lowest in &restarts.lowest {
                count(&mut bytes, usize::from(lowest.is_finite()));
                numbers(&mut bytes, &[if lowest.is_finite() { lowest } else { 0.0 }]);
            }
        }
        bytes
    }

    /// Reads what [`Run::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let losses = reader.numbers()?;
        let mut snapshots = Vec::new();
        for _ in 0..reader.count()? {
            let (epoch, parameters) = (reader.count()?, reader.numbers()?);
            snapshots.push(Snapshot { epoch, parameters, loss: reader.single()? });
        }
        let best = match reader.count()? {
            0 => None,
            1 => {
                let (epoch, parameters) = (reader.count()?, reader.numbers()?);
                Some(Best { epoch, parameters, mse: reader.single()? })
            }
            _ => return None,
        };
        let outcome = match reader.count()? {
            0 => Outcome::Finished,
            1 => Outcome::Diverged { epoch: reader.count()? },
            2 => Outcome::Converged { epoch: reader.count()? },
            _ => return None,
        };
        let mut halvings = Vec::new();
        for _ in 0..reader.count()? {
            halvings.push(reader.count()?);
        }
        let (mut validation, mut restarts) = (Vec::new(), None);
        while !reader.0.is_empty() {
            match reader.count()? {
                VALIDATION if validation.is_empty() => validation = reader.numbers()?,
                RESTARTS if restarts.is_none() => {
                    let kept = reader.count()?;
                    let mut lowest = Vec::new();
                    for _ in 0..reader.count()? {
                        let is_finite = reader.count()? == 1;
                        let value = reader.single()?;
                        lowest.push(if is_finite { value } else { f64::INFINITY });
                    }
                    restarts = Some(Restarts { kept, lowest });
                }
                _ => return None,
            }
        }
        Some(Self { losses, validation, snapshots, best, outcome, halvings, restarts })
    }
}

/// Takes values from the front of some bytes.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Option<[u8; 8]> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*word)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.word()?)).ok()
    }

    /// Finite numbers, as many as their length says; memory is taken only for what is there.
    fn numbers(&mut self) -> Option<Vec<f64>> {
        let length = self.count()?;
        if length > self.0.len() / 8 {
            return None;
        }
        let values: Option<Vec<f64>> = (0..length).map(|_| self.word().map(f64::from_le_bytes)).collect();
        values.filter(|values| values.iter().all(|value| value.is_finite()))
    }

    fn single(&mut self) -> Option<f64> {
        match self.numbers()?.as_slice() {
            &[value] => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run() -> impl Strategy<Value = Run> {
        let number = -1e300..1e300_f64;
        let numbers = prop::collection::vec(number.clone(), 0..5);
        let snapshot = (0_usize..1000, numbers.clone(), number.clone())
            .prop_map(|(epoch, parameters, loss)| Snapshot { epoch, parameters, loss });
        let best = (0_usize..1000, number.clone(), numbers.clone())
            .prop_map(|(epoch, mse, parameters)| Best { epoch, mse, parameters });
        let outcome = prop_oneof![
            Just(Outcome::Finished),
            (0_usize..9).prop_map(|epoch| Outcome::Diverged { epoch }),
            (0_usize..9).prop_map(|epoch| Outcome::Converged { epoch }),
        ];
        let lowest = prop_oneof![number.clone(), Just(f64::INFINITY)];
        let restarts = (0_usize..9, prop::collection::vec(lowest, 0..4))
            .prop_map(|(kept, lowest)| Restarts { kept, lowest });
        (
            numbers.clone(),
            prop::collection::vec(snapshot, 0..4),
            prop::option::of(best),
            outcome,
            prop::collection::vec(0_usize..99, 0..4),
            numbers,
            prop::option::of(restarts),
        )
            .prop_map(|(losses, snapshots, best, outcome, halvings, validation, restarts)| Run {
                losses,
                validation,
                snapshots,
                best,
                outcome,
                halvings,
                restarts,
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(run in run()) {
            prop_assert_eq!(Run::from_bytes(&run.to_bytes()), Some(run));
        }

        #[test]
        fn no_bytes_make_it_panic(run in run(), at in 0_usize..200, byte in 0_u8.., length in 0_usize..400) {
            let mut bytes = run.to_bytes();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(length);
            let _ = Run::from_bytes(&bytes);
        }
    }
}
