//! What training did, and how it is kept.

use serde::{Deserialize, Serialize};

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
    Finished,
    /// After this many steps the loss was no longer finite.
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

    /// The bytes that [`Run::from_bytes`] reads: all numbers little-endian, every list after its length.
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
        }
        count(&mut bytes, self.halvings.len());
        for &halving in &self.halvings {
            count(&mut bytes, halving);
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
            _ => return None,
        };
        let mut halvings = Vec::new();
        for _ in 0..reader.count()? {
            halvings.push(reader.count()?);
        }
        reader.0.is_empty().then_some(Self { losses, snapshots, best, outcome, halvings })
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
        let best = (0_usize..1000, number, numbers.clone()).prop_map(|(epoch, mse, parameters)| Best {
            epoch,
            mse,
            parameters,
        });
        let outcome =
            prop_oneof![Just(Outcome::Finished), (0_usize..9).prop_map(|epoch| Outcome::Diverged { epoch })];
        (
            numbers,
            prop::collection::vec(snapshot, 0..4),
            prop::option::of(best),
            outcome,
            prop::collection::vec(0_usize..99, 0..4),
        )
            .prop_map(|(losses, snapshots, best, outcome, halvings)| Run {
                losses,
                snapshots,
                best,
                outcome,
                halvings,
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
