//! When there is nothing to do, and how to tell without doing it.
//!
//! After a build, the cache holds what it read (as a hash of the contents), and what tells whether anyone has touched a file of
//! the site or of the cache since: its number on the disk, its size, and the times of its last change, of which one is not
//! anybody's to set. While all of that holds, a build has nothing to do.
//!
//! So a `build` notices whatever happens to a file of the site or an entry of the cache by way of the file system: writing,
//! truncating, renaming, linking and removing all change its stamp, and stamps are only trusted when they are older than a tick
//! of the file system's clock. What it cannot see is what leaves none, such as a disk that gives other bytes than it was given;
//! `build --verify` reads and checks every byte all the same. Neither looks at entries that the site does not need, which
//! `cache verify` does.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::{Record, RecordHash};
use super::told::Told;
use super::{Inputs, Options, Summary};
use crate::cache::{Cache, CacheKey, EntryKind, KeyBuilder, Lookup};
use crate::fs::{Stamp, read_plain};
use crate::publish::{self, Content};

/// The version of the entry's form.
const SETTLED_VERSION: u32 = 4;

/// What a site and its cache look like while there is nothing to do.
#[derive(Serialize, Deserialize)]
pub(super) struct Settled {
    /// Of everything that was read, and of the program.
    inputs: CacheKey,
    files: Files,
    /// Of the files' stamps, in their order.
    stamps: CacheKey,
    /// What tells the record of the build that left them.
    record: RecordHash,
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

    fn recalled(self, cache: &Cache, options: &Options, inputs: &Inputs) -> Option<Summary> {
        let is_untouched = self.inputs == inputs_key(options, inputs)?
            && self.stamps == stamps_key(&self.files.stamps(cache, options)?);
        // Whoever wants to have no warnings is told by a build that looks.
        if !is_untouched || (options.is_strict && !self.warnings.is_empty()) {
            return None;
        }
        let warnings = Told::again(&self.warnings, inputs)?;
        let notes = self.record.rest(cache, options).ok()?.into_iter().collect();
        Some(Summary { warnings, notes, ..self.summary })
    }

    /// Remembers what there is after a build, if another one would have nothing to do.
    pub(super) fn note(cache: &Cache, options: &Options, inputs: &Inputs, built: &Built, summary: &Summary) {
        let Some(warnings) = Told::all(&summary.warnings, inputs) else { return };
        let Some(inputs) = inputs_key(options, inputs) else { return };
        let files = Files::of(options, built);
        let Some(stamps) = files.stamps(cache, options).filter(|stamps| is_past(stamps)) else { return };
        // By now two changes of a file cannot leave one stamp: what has the content and the stamp has the content as long as it
        // has the stamp.
        let is_as_built = built.files.par_iter().all(|(name, content)| {
            read_plain(&options.out.join(name), content.length)
                .is_ok_and(|found| blake3::hash(&found) == content.hash)
        });
        let record = RecordHash::of(cache, options);
        let (true, Some(record)) =
            (is_as_built && files.stamps(cache, options).as_ref() == Some(&stamps), record)
        else {
            return;
        };
        let stamps = stamps_key(&stamps);
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
        Self { inputs, files, stamps, record, summary, warnings }.store(cache, options);
    }

    fn store(&self, cache: &Cache, options: &Options) {
        // Without it the next build looks at everything, which is no harm.
        if let Ok(bytes) = serde_json::to_vec(self) {
            let _ = cache.store(EntryKind::Settled, Self::key(options), &bytes);
        }
    }
}

/// What a build left on the disk.
#[derive(Serialize, Deserialize)]
struct Files {
    /// The paths of the site's files.
    outputs: Vec<String>,
    /// Where in the cache the entries are that the build used, and its record.
    entries: Vec<String>,
}

impl Files {
    fn of(options: &Options, built: &Built) -> Self {
        let outputs = built.files.keys().map(String::as_str).chain([publish::MANIFEST]);
        let record = (EntryKind::Record, Record::key(options));
        let entries = built.entries.iter().chain([&record]).map(|&(kind, key)| Cache::place(kind, key));
        Self { outputs: outputs.map(str::to_owned).collect(), entries: entries.collect() }
    }

    /// The stamps of all; `None` if one is no longer there.
    fn stamps(&self, cache: &Cache, options: &Options) -> Option<Vec<Stamp>> {
        let outputs = self.outputs.par_iter().map(|name| Stamp::of(&options.out.join(name)));
        outputs.chain(self.entries.par_iter().map(|place| Stamp::of(&cache.root().join(place)))).collect()
    }
}

/// Identifies a list of stamps.
fn stamps_key(stamps: &[Stamp]) -> CacheKey {
    let mut key = KeyBuilder::new("stamps", SETTLED_VERSION);
    key.bytes("stamps", &stamps.iter().map(Stamp::bytes).collect::<Vec<_>>().concat());
    key.finish()
}

/// Longer than a tick of any clock that counts parts of seconds.
const TICK: Duration = Duration::from_millis(20);

/// Waits until all stamps are older than a tick, which they nearly are; `false` if that is not to be had.
fn is_past(stamps: &[Stamp]) -> bool {
    if stamps.iter().all(Stamp::is_coarse) {
        return false;
    }
    let Some(newest) = stamps.iter().map(Stamp::changed).max() else { return true };
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
    let program = Stamp::of(Path::new(&std::env::current_exe().ok()?))?;
    let mut key = KeyBuilder::new("inputs", SETTLED_VERSION);
    key.bytes("program", &program.bytes()).text("version", env!("CARGO_PKG_VERSION"));
    if let Some(base_url) = &options.base_url {
        key.text("base_url", base_url);
    }
    inputs.add_to(&mut key);
    Some(key.finish())
}
