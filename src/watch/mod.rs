//! Builds on every save: a thread looks for changes of what a build reads, this one builds, and open pages are told.

mod scan;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use crate::build::{Builder, Failure, Inputs, Options, Progress, Stop, Summary};
use crate::diagnostic::render;
use crate::serve::Live;
use scan::Finding;

/// How often the wish to stop is looked at.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long after something that is no fault of the specs a build is tried again.
const RETRY: Duration = Duration::from_secs(1);

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
    let mut builder = Builder::lasting(options.clone())?;
    let is_outdated = Arc::new(AtomicBool::new(false));
    let findings = scan::start(options.clone(), noticing, Arc::clone(&is_outdated));
    let mut last: Option<Inputs> = None;
    let mut obstacle: Option<Obstacle> = None;
    while !stop.is_set() {
        let first = match findings.recv_timeout(PATIENCE) {
            Ok(finding) => Some(finding),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut newest = None;
        for finding in first.into_iter().chain(findings.try_iter()) {
            match finding {
                Finding::Inputs(inputs) => newest = Some(inputs),
                Finding::Polling { reason } => tell(Happening::Polling { reason: &reason })?,
            }
        }
        let is_new = newest.is_some();
        let again = || obstacle.as_ref().filter(|obstacle| obstacle.met.elapsed() >= RETRY).and(last.clone());
        let Some(inputs) = newest.or_else(again) else { continue };
        is_outdated.store(false, Ordering::Relaxed);
        let start = Instant::now();
        let changed = last.as_ref().map(|last| inputs.changed_since(last)).unwrap_or_default();
        // What is only tried again is nothing to show.
        let progress = Interruptible { progress, is_outdated: &is_outdated, is_shown: is_new, live };
        let result = builder.build(&inputs, &progress);
        let elapsed = start.elapsed();
        let old = obstacle.take();
        match &result {
            Ok(summary) => {
                live.changed(&summary.changed);
                tell(Happening::Built { inputs: &changed, summary, elapsed })?;
            }
            // There are newer inputs on their way, or it is the end.
            Err(Failure::Stopped) => continue,
            Err(failure) => {
                let found = failure.diagnostics();
                let problems: Vec<String> =
                    found.iter().map(|diagnostic| render(diagnostic, false)).collect();
                if is_new || old.is_none_or(|old| old.problems != problems) {
                    live.failed(problems.clone());
                    tell(Happening::Failed { inputs: &changed, failure })?;
                }
                let is_of_authors = matches!(failure, Failure::Specs(_));
                obstacle = (!is_of_authors).then(|| Obstacle { problems, met: Instant::now() });
            }
        }
        builder.tidy();
        last = Some(inputs);
    }
    Ok(())
}

/// What keeps a site from being published though its specs are sound, such as a file in the way or a full disk: it can go
/// away without a change of what is watched.
struct Obstacle {
    problems: Vec<String>,
    met: Instant,
}

/// Leaves a build as soon as it is known that it builds what is no longer wanted.
struct Interruptible<'p> {
    progress: &'p dyn Progress,
    is_outdated: &'p AtomicBool,
    is_shown: bool,
    live: &'p Live,
}

impl Progress for Interruptible<'_> {
    fn begin(&self, stage: &'static str, steps: usize) {
        if self.is_shown {
            self.progress.begin(stage, steps);
        }
    }

    fn step(&self) {
        if self.is_shown {
            self.progress.step();
        }
    }

    fn waiting(&self) {
        self.progress.waiting();
    }

    fn is_open(&self, path: &str) -> bool {
        self.live.is_open(path)
    }

    fn ready(&self, path: &str, html: &Arc<[u8]>) {
        self.live.ready(path, html);
    }

    fn is_stopped(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed) || self.progress.is_stopped()
    }
}
