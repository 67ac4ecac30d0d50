//! When there is nothing to do, and how to tell without doing it.
//!
//! After a build, the cache holds what it read (as a hash of the contents), and what tells whether anyone has touched a file of
//! the site or of the cache since: its number on the disk, its size, and the times of its last change, of which one is not
//! anybody's to set. While all of that holds, a build has nothing to do.
//!
//! So a `build` notices whatever happens to a file of the site or an entry of the cache by way of the file system: writing,
//! truncating, renaming, linking and removing all leave their marks, and marks are only trusted when they are older than a tick
//! of the file system's clock. What it cannot see is what leaves none, such as a disk that gives other bytes than it was given;
//! `build --verify` reads and checks every byte all the same. Neither looks at entries that the site does not need, which
//! `cache verify` does.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::{Record, Snapshot};
use super::told::Told;
use super::{Inputs, Options, Summary};
use crate::cache::{Cache, CacheKey, EntryKind, KeyBuilder, Lookup};
use crate::fs::{Stamp, read_plain};
use crate::publish::{self, Content};

/// The version of the entry's form.
const SETTLED_VERSION: u32 = 3;

/// What a site and its cache look like while there is nothing to do.
#[derive(Serialize, Deserialize)]
pub(super) struct Settled {
    /// Of everything that was read, and of the program.
    inputs: CacheKey,
    /// Of the site's files, by path.
    outputs: Vec<(String, Stamp)>,
    /// Of the cache's entries that the build used.
    entries: Vec<(EntryKind, CacheKey, Stamp)>,
    /// Of the record.
    record: Stamp,
    /// Whether the record says already that the last build made nothing.
    is_recorded: bool,
    /// What a build says that has nothing to do.
    summary: Summary,
    /// Its warnings, which are said again as long as there is a reason for them.
    warnings: Vec<Told>,
}

impl Settled {
    /// The key of the entry of one site, as [`Record::key`].
    pub(super) fn key(options: &Options) -> CacheKey {
        let mut key = KeyBuilder::new("settled", SETTLED_VERSION);
        key.key("record", Record::key(options));
        key.finish()
    }

    /// What a build would say, if it has nothing to do.
    ///
    /// # Errors
    ///
    /// A sentence on an entry that cannot be read.
    pub(super) fn recall(
        cache: &Cache,
        options: &Options,
        inputs: &Inputs,
    ) -> Result<Option<Summary>, String> {
        let key = Self::key(options);
        let name = EntryKind::Settled.name();
        match cache.load(EntryKind::Settled, key) {
            Lookup::Hit(bytes) => match serde_json::from_slice::<Self>(&bytes) {
                Ok(settled) => Ok(settled.recalled(cache, options, inputs)),
                Err(_) => Err(format!("the cached {name} {key} could not be read: made anew")),
            },
            Lookup::Corrupt => {
                Err(format!("the cached {name} {key} was damaged or cannot be read: made anew"))
            }
            Lookup::Miss => Ok(None),
        }
    }

    fn recalled(mut self, cache: &Cache, options: &Options, inputs: &Inputs) -> Option<Summary> {
        let settled = &mut self;
        let record = || cache.stamp(EntryKind::Record, Record::key(options));
        let is_untouched = settled.inputs == inputs_key(options, inputs)?
            && record().as_ref() == Some(&settled.record)
            && settled
                .outputs
                .par_iter()
                .all(|(name, stamp)| Stamp::of(&options.out.join(name)).as_ref() == Some(stamp))
            && settled
                .entries
                .par_iter()
                .all(|(kind, key, stamp)| cache.stamp(*kind, *key).as_ref() == Some(stamp));
        if !is_untouched {
            return None;
        }
        settled.summary.warnings = Told::again(&settled.warnings, inputs)?;
        // Whoever wants to have none is told by a build that looks.
        if options.is_strict && !settled.warnings.is_empty() {
            return None;
        }
        if !settled.is_recorded {
            let (new, None) = Record::of_build(cache, options, inputs) else { return None };
            new.store(cache, options).ok()?;
            settled.record = record()?;
            settled.is_recorded = true;
            settled.store(cache, options);
        }
        Some(self.summary)
    }

    /// Remembers what there is after a build, if another one would have nothing to do.
    pub(super) fn note(cache: &Cache, options: &Options, inputs: &Inputs, built: &Built, summary: &Summary) {
        let Some(warnings) = Told::all(&summary.warnings, inputs) else { return };
        let Some(inputs) = inputs_key(options, inputs) else { return };
        let entries = || -> Option<Vec<_>> {
            let entries = built.entries.iter();
            entries.map(|&(kind, key)| Some((kind, key, cache.stamp(kind, key)?))).collect()
        };
        let (Some(outputs), Some(used)) = (output_stamps(options, built), entries()) else { return };
        let stamps = outputs.iter().map(|(_, stamp)| stamp).chain(used.iter().map(|(_, _, stamp)| stamp));
        if !is_past(stamps) {
            return;
        }
        // By now two changes of a file cannot leave one mark: what has the content and the mark has the content as long as it has
        // the mark.
        let is_as_built = outputs.par_iter().all(|(name, stamp)| {
            let path = options.out.join(name);
            let has_content = built.files.get(name).is_none_or(|content| {
                read_plain(&path, content.length).is_ok_and(|found| blake3::hash(&found) == content.hash)
            });
            has_content && Stamp::of(&path).as_ref() == Some(stamp)
        });
        let record = cache.stamp(EntryKind::Record, Record::key(options));
        let (true, Some(entries), Some(record)) =
            (is_as_built && entries().as_ref() == Some(&used), Some(used), record)
        else {
            return;
        };
        let is_recorded = summary.trained + summary.drawn + summary.changed.len() == 0;
        let summary = Summary {
            trained: 0,
            reused_runs: summary.reused_runs + summary.trained,
            tried: 0,
            searched: 0,
            drawn: 0,
            reused_figures: summary.reused_figures + summary.drawn,
            files_written: 0,
            files_unchanged: built.files.len(),
            files_removed: 0,
            notes: Vec::new(),
            changed: Vec::new(),
            ..summary.clone()
        };
        Self { inputs, outputs, entries, record, is_recorded, summary, warnings }.store(cache, options);
    }

    fn store(&self, cache: &Cache, options: &Options) {
        // Without it the next build looks at everything, which is no harm.
        if let Ok(bytes) = serde_json::to_vec(self) {
            let _ = cache.store(EntryKind::Settled, Self::key(options), &bytes);
        }
    }
}

/// The marks of all files of the site.
fn output_stamps(options: &Options, built: &Built) -> Option<Vec<(String, Stamp)>> {
    let names = built.files.keys().map(String::as_str).chain([publish::MANIFEST]);
    names.map(|name| Some((name.to_owned(), Stamp::of(&options.out.join(name))?))).collect()
}

/// Longer than a tick of any clock that counts parts of seconds.
const TICK: Duration = Duration::from_millis(20);

/// Waits until all marks are older than a tick, which they nearly are; `false` if that is not to be had.
fn is_past<'s>(stamps: impl Iterator<Item = &'s Stamp> + Clone) -> bool {
    if stamps.clone().all(Stamp::is_coarse) {
        return false;
    }
    let Some(newest) = stamps.map(Stamp::changed).max() else { return true };
    match SystemTime::now().duration_since(newest) {
        Ok(age) => {
            thread::sleep(TICK.saturating_sub(age));
            true
        }
        // Of another machine, whose clock says something else.
        Err(_) => false,
    }
}

/// What a build published, and from which entries of the cache.
pub(super) struct Built {
    pub(super) files: BTreeMap<String, Content>,
    pub(super) entries: Vec<(EntryKind, CacheKey)>,
}

/// Of everything that a build depends on; `None` where a program cannot be told from another one of the same version.
fn inputs_key(options: &Options, inputs: &Inputs) -> Option<CacheKey> {
    if !inputs.are_whole() {
        return None;
    }
    let snapshot = serde_json::to_string(&Snapshot::new(options, inputs)).ok()?;
    let program = Stamp::of(Path::new(&std::env::current_exe().ok()?))?;
    let mut key = KeyBuilder::new("inputs", SETTLED_VERSION);
    key.text("read", &snapshot).text("program", &serde_json::to_string(&program).ok()?);
    Some(key.finish())
}
