//! Notices that what a build reads has changed.
//!
//! The events of the system are only a reason to look: they can be late, lost, or about anything. What counts is the
//! content of the files, all of which are read again; two readings that are equal are no change, so that neither our own
//! output nor a touched file starts a build. From time to time the folders are looked at without a reason, for events that
//! never came.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Noticing;
use crate::build::{Inputs, Options};

/// A save is over when nothing has happened for so long …
const QUIET: Duration = Duration::from_millis(10);
/// … but something that goes on and on is looked at after so long.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// How long a file that was just emptied may take to be filled again.
const REFILL: Duration = Duration::from_millis(250);
/// How often folders are looked at if the system cannot tell of changes …
const POLL: Duration = Duration::from_millis(300);
/// … and if it can.
const DISTRUST: Duration = Duration::from_secs(3);

/// What the thread that looks has to say.
pub(super) enum Finding {
    /// What there is to build from: at first, and whenever it has changed.
    Inputs(Inputs),
    /// The system cannot tell of all changes, for this reason; said once.
    Polling { reason: String },
}

/// Starts a thread that looks, until nobody listens to what it finds. Sets `is_outdated` whenever it sends new inputs.
pub(super) fn start(options: Options, noticing: Noticing, is_outdated: Arc<AtomicBool>) -> Receiver<Finding> {
    let (sender, findings) = channel();
    thread::spawn(move || Scanner { options, noticing, findings: sender, is_outdated }.look());
    findings
}

struct Scanner {
    options: Options,
    noticing: Noticing,
    findings: Sender<Finding>,
    is_outdated: Arc<AtomicBool>,
}

fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "the limit of watched folders is reached".into(),
        ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

impl Scanner {
    /// Sends what there is whenever it is not what it was, until nobody listens.
    fn look(&self) {
        // Keeps the channel open where there are no events.
        let (nudge, nudges) = channel();
        let mut events = None;
        let mut interval = POLL;
        if self.noticing == Noticing::Events {
            match Events::new(&self.options, nudge.clone()) {
                Ok(made) => (events, interval) = (Some(made), DISTRUST),
                Err(error) => self.find(Finding::Polling { reason: reason(&error) }),
            }
        }
        let mut last = Inputs::read(&self.options);
        let mut is_heard = self.send(last.clone());
        let mut has_site = false;
        while is_heard {
            match nudges.recv_timeout(interval) {
                Ok(()) => settle(&nudges),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if let Some(events) = &mut events {
                let renewed = events.renew(&self.options);
                if let Some(error) = renewed.err().filter(|_| interval != POLL) {
                    interval = POLL;
                    self.find(Finding::Polling { reason: reason(&error) });
                }
            }
            let inputs = read(&self.options, &last, &nudges);
            // A site that somebody has removed is made again.
            let had_site = std::mem::replace(&mut has_site, self.options.out.exists());
            if inputs != last || (had_site && !has_site) {
                last.clone_from(&inputs);
                self.is_outdated.store(true, Ordering::Relaxed);
                is_heard = self.send(inputs);
            }
        }
    }

    fn find(&self, finding: Finding) {
        // That nobody listens is seen with the next inputs.
        let _ = self.findings.send(finding);
    }

    /// Whether somebody listens.
    fn send(&self, inputs: Inputs) -> bool {
        self.findings.send(Finding::Inputs(inputs)).is_ok()
    }
}

/// Waits until nothing more happens.
fn settle(nudges: &Receiver<()>) {
    let start = Instant::now();
    while start.elapsed() < LONGEST_WAIT && nudges.recv_timeout(QUIET).is_ok() {}
}

/// Reads everything. Some editors empty a file before they fill it; what lies between is nothing that anyone wrote.
fn read(options: &Options, last: &Inputs, nudges: &Receiver<()>) -> Inputs {
    let start = Instant::now();
    loop {
        let inputs = Inputs::read(options);
        if start.elapsed() > REFILL || !inputs.has_emptied_since(last) {
            return inputs;
        }
        let _ = nudges.recv_timeout(QUIET);
    }
}

/// The system's events for the folders that a build reads.
struct Events {
    watcher: RecommendedWatcher,
    /// What is watched, with what tells a folder from one that took its name later.
    watched: Vec<(PathBuf, RecursiveMode, Option<Identity>)>,
    /// A folder that came to be could not be watched, since there are too many.
    is_limited: Arc<AtomicBool>,
}

/// Tells a folder from another one of the same name.
type Identity = (u64, u64);

impl Events {
    fn new(options: &Options, nudge: Sender<()>) -> Result<Self, notify::Error> {
        let is_limited = Arc::new(AtomicBool::new(false));
        let limited = Arc::clone(&is_limited);
        let watcher = notify::recommended_watcher(move |event: Result<notify::Event, notify::Error>| {
            if event.as_ref().is_err_and(|error| matches!(error.kind, ErrorKind::MaxFilesWatch)) {
                limited.store(true, Ordering::Relaxed);
            }
            // Our own reading is an event too; an error may mean that events were lost.
            let is_reading = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)));
            if !is_reading {
                // If nobody listens any more, the watcher is about to be dropped.
                let _ = nudge.send(());
            }
        })?;
        let mut events = Self { watcher, watched: Vec::new(), is_limited };
        events.watch_all(options)?;
        Ok(events)
    }

    /// Each folder with all that is in it, and the folder around it, in which it may be made anew.
    fn wanted(options: &Options) -> Vec<(PathBuf, RecursiveMode)> {
        let folders = [&options.specs, &options.templates.path, &options.statics.path];
        let mut wanted = Vec::new();
        for folder in folders {
            wanted.push((folder.clone(), RecursiveMode::Recursive));
            let parent = match folder.parent() {
                Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
                Some(parent) => parent,
                None => continue,
            };
            wanted.push((parent.to_owned(), RecursiveMode::NonRecursive));
        }
        // Of two ways to watch one folder, the deeper one.
        wanted.sort_by_key(|(path, mode)| (path.clone(), *mode != RecursiveMode::Recursive));
        wanted.dedup_by_key(|(path, _)| path.clone());
        wanted
    }

    /// # Errors
    ///
    /// If a folder that exists cannot be watched.
    fn watch_all(&mut self, options: &Options) -> Result<(), notify::Error> {
        self.watched.clear();
        let mut result = Ok(());
        for (path, mode) in Self::wanted(options) {
            let identity = identity(&path);
            if identity.is_some() {
                result = result.and(self.watcher.watch(&path, mode));
            }
            self.watched.push((path, mode, identity));
        }
        result
    }

    /// Watches what has come to be, or was replaced, since the last time.
    ///
    /// # Errors
    ///
    /// If something that exists cannot be watched; what can be is.
    fn renew(&mut self, options: &Options) -> Result<(), notify::Error> {
        if self.is_limited.swap(false, Ordering::Relaxed) {
            return Err(notify::Error::new(ErrorKind::MaxFilesWatch));
        }
        let is_stale =
            |(path, _, known): &(PathBuf, RecursiveMode, Option<Identity>)| identity(path) != *known;
        if !self.watched.iter().any(is_stale) {
            return Ok(());
        }
        for (path, _, known) in &self.watched {
            if known.is_some() {
                // The system has forgotten a folder that is gone.
                let _ = self.watcher.unwatch(path);
            }
        }
        self.watch_all(options)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    let created = metadata.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((created.as_secs(), created.subsec_nanos().into()))
}
