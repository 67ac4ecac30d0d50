//! What the last build of a site read and did, kept in the cache so that `why` can tell what has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Inputs, Options};
use crate::cache::{Cache, CacheKey, EntryKind, KeyBuilder, Lookup};
use crate::diagnostic::SourceFile;
use crate::fs::{FileError, TextFile};
use crate::plan::{FIGURE_VERSION, RUN_VERSION};

/// The version of the record's form.
const RECORD_VERSION: u32 = 1;

/// What the last build read and did, and what the one read before it that read something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub now: Snapshot,
    pub before: Option<Snapshot>,
    /// The runs that it trained.
    pub trained: Vec<CacheKey>,
    /// The figures that it drew.
    pub drawn: Vec<CacheKey>,
    /// The paths of the files that it wrote or removed.
    pub changed: Vec<String>,
}

/// Everything that a build depends on, as it was for one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub program: String,
    pub run_version: u32,
    pub figure_version: u32,
    pub base_url: Option<String>,
    specs: Vec<Text>,
    templates: Vec<Text>,
    /// Hashes by path.
    statics: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    name: String,
    path: String,
    text: String,
}

impl Snapshot {
    /// What a build with these options would depend on.
    pub fn new(options: &Options, inputs: &Inputs) -> Self {
        let texts = |files: &[TextFile]| {
            let text = |text: &TextFile| Text {
                name: text.name.clone(),
                path: text.file.path.clone(),
                text: text.file.text.clone(),
            };
            files.iter().map(text).collect()
        };
        Self {
            program: env!("CARGO_PKG_VERSION").into(),
            run_version: RUN_VERSION,
            figure_version: FIGURE_VERSION,
            base_url: options.base_url.clone(),
            specs: texts(&inputs.specs),
            templates: texts(&inputs.templates),
            statics: inputs
                .statics
                .iter()
                .map(|(name, bytes)| (name.clone(), blake3::hash(bytes).to_string()))
                .collect(),
        }
    }

    /// The files of the specs.
    pub fn specs(&self) -> Vec<TextFile> {
        let file = |text: &Text| TextFile {
            name: text.name.clone(),
            file: Arc::new(SourceFile { path: text.path.clone(), text: text.text.clone() }),
        };
        self.specs.iter().map(file).collect()
    }

    /// The texts of the templates that replace embedded ones, by path.
    pub fn templates(&self) -> BTreeMap<&str, &str> {
        self.templates.iter().map(|text| (text.path.as_str(), text.text.as_str())).collect()
    }

    /// The hashes of the static files, by name.
    pub fn statics(&self) -> &BTreeMap<String, String> {
        &self.statics
    }
}

impl Record {
    /// The key of the record of one site, known by its folders: several may share a cache.
    pub(super) fn key(options: &Options) -> CacheKey {
        let place = |path: &std::path::Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            path.to_string_lossy().into_owned()
        };
        let mut key = KeyBuilder::new("record", RECORD_VERSION);
        key.text("specs", &place(&options.specs)).text("out", &place(&options.out));
        key.finish()
    }

    /// The record of a build that begins and has made nothing yet, and what there is to say of the last one's.
    pub(super) fn of_build(cache: &Cache, options: &Options, inputs: &Inputs) -> (Self, Option<String>) {
        let now = Snapshot::new(options, inputs);
        let (before, note) = match Self::load(cache, options) {
            Ok(Some(last)) if last.now == now => (last.before, None),
            Ok(Some(last)) => (Some(last.now), None),
            Ok(None) => (None, None),
            Err(note) => (None, Some(note)),
        };
        (Self { now, before, trained: Vec::new(), drawn: Vec::new(), changed: Vec::new() }, note)
    }

    /// The record of the last build, if there was one.
    ///
    /// # Errors
    ///
    /// A sentence on a record that cannot be read.
    pub fn load(cache: &Cache, options: &Options) -> Result<Option<Self>, String> {
        let key = Self::key(options);
        match cache.load(EntryKind::Record, key) {
            Lookup::Hit(bytes) => {
                let mut record: Self = serde_json::from_slice(&bytes)
                    .map_err(|_| format!("the record {key} of the last build could not be read"))?;
                if RecordHash::new(&bytes).has_rested(cache, options) {
                    record = record.of_rest();
                }
                Ok(Some(record))
            }
            Lookup::Miss => Ok(None),
            Lookup::Corrupt => {
                Err(format!("the record {key} of the last build was damaged or cannot be read"))
            }
        }
    }

    /// What it says once another build has found nothing to do.
    fn of_rest(self) -> Self {
        Self { trained: Vec::new(), drawn: Vec::new(), changed: Vec::new(), ..self }
    }

    pub(super) fn store(&self, cache: &Cache, options: &Options) -> Result<(), FileError> {
        let bytes = serde_json::to_vec(self).expect("a record has string keys and no other fallible parts");
        let key = Self::key(options);
        if cache.load(EntryKind::Record, key) == Lookup::Hit(bytes.clone()) {
            return Ok(());
        }
        cache.store(EntryKind::Record, key, &bytes)
    }
}

/// What tells a record from others. A build that finds nothing to do leaves it beside the record, in a small entry of its own:
/// to write the record anew would take longer than all the rest of such a build.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordHash([u8; 32]);

impl RecordHash {
    fn new(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// That of the record that there is.
    pub(super) fn of(cache: &Cache, options: &Options) -> Option<Self> {
        match cache.load(EntryKind::Record, Record::key(options)) {
            Lookup::Hit(bytes) => Some(Self::new(&bytes)),
            Lookup::Miss | Lookup::Corrupt => None,
        }
    }

    /// The key of the entry that says of which record a build found nothing to do.
    pub(super) fn rest_key(options: &Options) -> CacheKey {
        KeyBuilder::new("rest", RECORD_VERSION).key("record", Record::key(options)).finish()
    }

    /// Whether a build has found nothing to do since the record of this hash.
    fn has_rested(&self, cache: &Cache, options: &Options) -> bool {
        let Self(hash) = self;
        cache.load(EntryKind::Record, Self::rest_key(options)) == Lookup::Hit(hash.to_vec())
    }

    /// Notes that a build found nothing to do; returns what there is to say of an earlier note.
    pub(super) fn rest(&self, cache: &Cache, options: &Options) -> Result<Option<String>, FileError> {
        let (Self(hash), key) = (self, Self::rest_key(options));
        let is_sound = match cache.load(EntryKind::Record, key) {
            Lookup::Hit(found) if found == hash => return Ok(None),
            Lookup::Hit(found) => found.len() == hash.len(),
            Lookup::Miss => true,
            Lookup::Corrupt => false,
        };
        cache.store(EntryKind::Record, key, hash)?;
        Ok((!is_sound)
            .then(|| format!("the record {key} of a build with nothing to do was damaged: made anew")))
    }
}
