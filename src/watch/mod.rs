//! Builds on every save: a thread looks for changes of what a build reads, this one builds, and open pages are told.

mod scan;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use crate::build::{Builder, Failure, Inputs, Options, Progress, Stop, Summary};
use crate::diagnostic::render;
use crate::serve::Live;
use scan::Scanner;

/// How often the wish to stop is looked at.
const PATIENCE: Duration = Duration::from_millis(50);

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticing {
    /// The system tells of changes; where it cannot, the folders are looked at again and again.
    Events,
    /// The folders are looked at again and again.
    Polling,
}

/// What happens while watching, in the order in which it happens.
#[derive(Debug)]
pub enum Happening<'h> {
    /// The system cannot tell of changes, for this reason; the folders are looked at again and again instead.
    Polling { reason: &'h str },
    /// The site is up to date with these changes of files; of none after the first build.
    Built { inputs: &'h [String], summary: &'h Summary, elapsed: Duration },
    /// It cannot be built; the last one stays.
    Failed { inputs: &'h [String], failure: &'h Failure },
}

/// Watches until told to stop, or until `tell` fails.
///
/// # Errors
///
/// Those of `tell`, or if the threads cannot be started.
pub fn watch<E: From<Failure>>(
    options: &Options,
    noticing: Noticing,
    live: &Live,
    stop: &Stop,
    progress: &dyn Progress,
    mut tell: impl FnMut(Happening<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut builder = Builder::new(options.clone())?;
    let is_outdated = Arc::new(AtomicBool::new(false));
    let scanner = Scanner::start(options.clone(), noticing, Arc::clone(&is_outdated));
    if let Some(reason) = &scanner.reason_to_poll {
        tell(Happening::Polling { reason })?;
    }
    let interruptible = Interruptible { progress, is_outdated: &is_outdated };
    let mut last: Option<Inputs> = None;
    while !stop.is_set() {
        let inputs = match scanner.inputs.recv_timeout(PATIENCE) {
            Ok(inputs) => scanner.inputs.try_iter().last().unwrap_or(inputs),
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        is_outdated.store(false, Ordering::Relaxed);
        let start = Instant::now();
        let changed = last.as_ref().map(|last| inputs.changed_since(last)).unwrap_or_default();
        let result = builder.build(&inputs, &interruptible);
        let elapsed = start.elapsed();
        match &result {
            Ok(summary) => {
                live.changed(&summary.changed);
                tell(Happening::Built { inputs: &changed, summary, elapsed })?;
            }
            // There are newer inputs on their way, or it is the end.
            Err(Failure::Stopped) => continue,
            Err(failure) => {
                let found = failure.diagnostics();
                live.failed(found.iter().map(|diagnostic| render(diagnostic, false)).collect());
                tell(Happening::Failed { inputs: &changed, failure })?;
            }
        }
        builder.tidy();
        last = Some(inputs);
    }
    Ok(())
}

/// Leaves a build as soon as it is known that it builds what is no longer wanted.
struct Interruptible<'p> {
    progress: &'p dyn Progress,
    is_outdated: &'p AtomicBool,
}

impl Progress for Interruptible<'_> {
    fn begin(&self, stage: &'static str, steps: usize) {
        self.progress.begin(stage, steps);
    }

    fn step(&self) {
        self.progress.step();
    }

    fn waiting(&self) {
        self.progress.waiting();
    }

    fn is_stopped(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed) || self.progress.is_stopped()
    }
}
