//! Tries what happens when a process is killed, or a disk is full, at any change of what is on it.
//!
//! There is nothing of this in the program itself, and no option or variable that would reach it. A test arms it in a process
//! of its own, since it counts the changes of all threads.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::Change;

/// What befalls a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is gone before this change, as with SIGKILL: nothing is tidied up, and no other thread changes anything more.
    Killed { at: usize },
    /// This change fails.
    Failing { at: usize },
    /// From this change on the disk is full.
    Full { from: usize },
}

/// The exit status of a process that was killed so.
pub(crate) const KILLED: i32 = 99;

#[derive(Debug)]
struct Trial {
    trouble: Trouble,
    /// Whether folders cannot be exchanged, as on some file systems.
    is_without_exchange: bool,
    steps: usize,
    /// The number of changes that were tried before the first exchange.
    exchange: Option<usize>,
}

static TRIAL: Mutex<Option<Trial>> = Mutex::new(None);

/// Counts changes from here on, and lets the trouble happen.
pub(crate) fn begin(trouble: Trouble, is_without_exchange: bool) {
    *TRIAL.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Trial { trouble, is_without_exchange, steps: 0, exchange: None });
}

/// Ends it; the number of changes that were tried, and how many of them before the first exchange of folders.
pub(crate) fn end() -> (usize, Option<usize>) {
    let trial = TRIAL.lock().unwrap_or_else(PoisonError::into_inner).take();
    trial.map_or((0, None), |trial| (trial.steps, trial.exchange))
}

/// Notes an exchange; whether the file system is one without.
pub(super) fn is_without_exchange() -> bool {
    let mut trial = TRIAL.lock().unwrap_or_else(PoisonError::into_inner);
    trial.as_mut().is_some_and(|trial| {
        trial.exchange.get_or_insert(trial.steps);
        trial.is_without_exchange
    })
}

pub(super) fn step(change: Change) -> io::Result<()> {
    let mut trial = TRIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(trial) = trial.as_mut() else { return Ok(()) };
    let now = trial.steps;
    trial.steps += 1;
    let is_failing = match trial.trouble {
        Trouble::Killed { at } if at == now => std::process::exit(KILLED),
        Trouble::Killed { .. } => false,
        Trouble::Failing { at } => at == now,
        Trouble::Full { from } => from <= now && change == Change::Growing,
    };
    if is_failing { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
}

/// Written one after the other, so that something can happen in the middle of a file.
pub(super) fn halves(bytes: &[u8]) -> [&[u8]; 2] {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    [first, second]
}
