//! The store of finished work, addressed by the content that it was made from.
//!
//! An entry is one file, `v1/<kind>/<first two digits>/<key>`, that holds its own key and the hash of its payload. It is
//! written to a file in `v1/unfinished` that then takes its name, and checked whenever it is read: a torn, changed or
//! misplaced entry is no entry. The next build removes what a killed one left unfinished. Nothing here looks at modification times, and keys hold no paths.

mod key;
mod lock;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::fs::change::{UNFINISHED, remove_file, remove_folder, write_aside};
use crate::fs::{FileError, Stamp, walked};

pub use key::{CacheKey, KeyBuilder, KeyField};

/// The layout of entries; raised when it changes, so that old ones are never read.
const LAYOUT: &str = "v1";
/// Beside the folders of the kinds: what is being written.
const UNFINISHED_FOLDER: &str = "unfinished";
/// What every entry starts with.
const MAGIC: &[u8; 8] = b"actfn\0\0\x01";
const HEADER: usize = MAGIC.len() + 32 + 32;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum EntryKind {
    /// A training's run.
    Run,
    /// Where the starts of a case ended.
    Trials,
    /// The least loss that a case could have.
    Attainable,
    /// Which of several cases is the best, over many starts.
    Verdict,
    /// The bytes of a figure.
    Figure,
    /// What the last build of a site read and did.
    Record,
    /// What a site and the cache look like while there is nothing to do.
    Settled,
}

impl EntryKind {
    pub const ALL: [Self; 7] =
        [Self::Run, Self::Trials, Self::Attainable, Self::Verdict, Self::Figure, Self::Record, Self::Settled];

    /// The name of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Trials => "trials",
            Self::Attainable => "attainable",
            Self::Verdict => "verdict",
            Self::Figure => "figure",
            Self::Record => "record",
            Self::Settled => "settled",
        }
    }
}

/// What the cache knows of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    Hit(Vec<u8>),
    Miss,
    /// There was an entry, but not the one that was stored, or one that cannot be read.
    Corrupt,
}

/// A folder of entries.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
}

/// How much there is of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    pub entries: u64,
    pub bytes: u64,
}

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub bytes: u64,
    /// `None` for a file that no lookup can find: of another layout, or left by a killed build.
    pub identity: Option<(EntryKind, CacheKey)>,
}

impl Cache {
    /// A store in this folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, kind: EntryKind, key: CacheKey) -> PathBuf {
        self.root.join(Self::place(kind, key))
    }

    /// Where the entry of a key is, relative to the folder of the cache.
    pub fn place(kind: EntryKind, key: CacheKey) -> String {
        let name = key.to_string();
        format!("{LAYOUT}/{}/{}/{name}", kind.name(), &name[..2])
    }

    /// The payload stored under a key, if it is still what was stored.
    pub fn load(&self, kind: EntryKind, key: CacheKey) -> Lookup {
        let path = self.path(kind, key);
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => {
                read_intact(&path, key).map_or(Lookup::Corrupt, Lookup::Hit)
            }
            // What is no file is not even opened: a pipe would never end.
            Ok(_) => Lookup::Corrupt,
            // Where the folder of the entry cannot be, or cannot be looked into, there is none; storing it will say why.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                ) && !path.is_symlink() =>
            {
                Lookup::Miss
            }
            Err(_) => Lookup::Corrupt,
        }
    }

    /// Whether there is an entry under a key, sound or not.
    pub fn contains(&self, kind: EntryKind, key: CacheKey) -> bool {
        self.path(kind, key).is_file()
    }

    /// What tells whether an entry has been touched.
    pub fn stamp(&self, kind: EntryKind, key: CacheKey) -> Option<Stamp> {
        Stamp::of(&self.path(kind, key))
    }

    /// Stores a payload under its key.
    pub fn store(&self, kind: EntryKind, key: CacheKey, payload: &[u8]) -> Result<(), FileError> {
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(blake3::hash(payload).as_bytes());
        bytes.extend_from_slice(payload);
        let path = self.path(kind, key);
        let aside = self.root.join(LAYOUT).join(UNFINISHED_FOLDER);
        let stored = write_aside(&path, &bytes, &aside);
        // A folder in the place of an entry goes if it is empty, and is somebody's if it is not.
        if stored.is_err() && path.is_dir() && remove_folder(&path).is_ok() {
            return write_aside(&path, &bytes, &aside);
        }
        stored
    }

    /// Every file of the store, in the order of their paths. Only files whose names this program gives are listed, so that
    /// nothing else is ever removed.
    pub fn entries(&self) -> Result<Vec<Entry>, FileError> {
        let mut entries = Vec::new();
        if !self.root.exists() {
            return Ok(entries);
        }
        for entry in WalkDir::new(&self.root).sort_by_file_name() {
            let entry = match walked(&self.root, entry) {
                // Another process writes and removes here as well.
                Err(error) if error.error.kind() == ErrorKind::NotFound => continue,
                entry => entry?,
            };
            let name = entry.file_name().to_str().unwrap_or_default();
            let key = CacheKey::parse(name);
            let kind = EntryKind::ALL
                .into_iter()
                .find(|&kind| key.is_some_and(|key| entry.path() == self.path(kind, key)));
            // Anything but a file in the place of an entry is a damaged entry.
            let is_ours = if entry.file_type().is_file() {
                key.is_some() || name.starts_with(UNFINISHED)
            } else {
                kind.is_some()
            };
            if is_ours {
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                let identity = kind.zip(key);
                entries.push(Entry { path: entry.into_path(), bytes, identity });
            }
        }
        Ok(entries)
    }

    /// The entries that are not what was stored under their key.
    pub fn verify(&self) -> Result<Vec<Entry>, FileError> {
        let mut corrupt = self.entries()?;
        corrupt.retain(|entry| match entry.identity {
            Some((kind, key)) => self.load(kind, key) == Lookup::Corrupt,
            // What is only unfinished will never be read.
            None => {
                !entry.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED))
            }
        });
        Ok(corrupt)
    }

    /// Removes every entry whose key is not in `keep`, and what killed builds left behind; returns what was removed.
    pub fn retain(&self, keep: &BTreeSet<(EntryKind, CacheKey)>) -> Result<Usage, FileError> {
        let mut removed = Usage::default();
        for entry in self.entries()? {
            if entry.identity.is_some_and(|identity| keep.contains(&identity)) {
                continue;
            }
            if entry.path.is_dir() && !entry.path.is_symlink() {
                // One that is not empty is somebody's.
                if remove_folder(&entry.path).is_err() {
                    continue;
                }
            } else {
                remove_file(&entry.path)?;
            }
            removed.entries += 1;
            removed.bytes += entry.bytes;
            // Folders go when they are empty; one that is not stays, and that is no error.
            for folder in entry.path.ancestors().skip(1).take_while(|folder| *folder != self.root) {
                if remove_folder(folder).is_err() {
                    break;
                }
            }
        }
        Ok(removed)
    }
}

/// Longer payloads, which only the largest trainings have, are not taken into memory before they are known to be whole.
const LONG: u64 = 1 << 26;

/// The payload of a file, if it is what was stored under the key. A file that is no entry may be of any size, and takes no memory.
fn read_intact(path: &Path, key: CacheKey) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let mut header = [0; HEADER];
    file.read_exact(&mut header).ok()?;
    let (magic, hashes) = header.split_at(MAGIC.len());
    let (own_key, hash) = hashes.split_at(32);
    if magic != MAGIC || own_key != key.as_bytes() {
        return None;
    }
    if file.metadata().ok()?.len() > LONG {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&file).ok()?;
        if hash != hasher.finalize().as_bytes() {
            return None;
        }
        file.seek(SeekFrom::Start(HEADER as u64)).ok()?;
    }
    let mut payload = Vec::new();
    file.read_to_end(&mut payload).ok()?;
    (hash == blake3::hash(&payload).as_bytes()).then_some(payload)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("cache"));
        (folder, cache)
    }

    fn key(name: &str) -> CacheKey {
        KeyBuilder::new(name, 1).finish()
    }

    #[test]
    fn what_is_stored_is_found() {
        let (_folder, cache) = cache();
        assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Miss);
        cache.store(EntryKind::Run, key("a"), b"payload").unwrap();
        assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Hit(b"payload".to_vec()));
        assert_eq!(cache.load(EntryKind::Figure, key("a")), Lookup::Miss);
        assert!(cache.verify().unwrap().is_empty());
    }

    #[test]
    fn every_flipped_or_missing_byte_is_noticed() {
        let (_folder, cache) = cache();
        cache.store(EntryKind::Run, key("a"), b"payload").unwrap();
        let path = cache.path(EntryKind::Run, key("a"));
        let sound = fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Corrupt, "byte {at} flipped");
            fs::write(&path, &sound[..at]).unwrap();
            assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Corrupt, "cut at {at}");
        }
        assert_eq!(cache.verify().unwrap().len(), 1);
    }

    #[test]
    fn long_entries_are_read_and_their_damage_is_noticed() {
        let (_folder, cache) = cache();
        let payload = vec![7; usize::try_from(LONG).unwrap() + 1];
        cache.store(EntryKind::Run, key("a"), &payload).unwrap();
        assert!(cache.load(EntryKind::Run, key("a")) == Lookup::Hit(payload));
        let path = cache.path(EntryKind::Run, key("a"));
        fs::File::options().write(true).open(&path).unwrap().set_len(LONG * 2).unwrap();
        assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Corrupt);
    }

    #[test]
    fn an_entry_in_anothers_place_is_no_entry() {
        let (_folder, cache) = cache();
        cache.store(EntryKind::Run, key("a"), b"a").unwrap();
        cache.store(EntryKind::Run, key("b"), b"b").unwrap();
        fs::copy(cache.path(EntryKind::Run, key("a")), cache.path(EntryKind::Run, key("b"))).unwrap();
        assert_eq!(cache.load(EntryKind::Run, key("b")), Lookup::Corrupt);
    }

    #[test]
    fn retaining_removes_what_is_ours_and_nothing_else() {
        let (_folder, cache) = cache();
        cache.store(EntryKind::Run, key("a"), b"a").unwrap();
        cache.store(EntryKind::Run, key("b"), b"b").unwrap();
        fs::write(cache.root().join("notes.txt"), "mine").unwrap();
        let removed = cache.retain(&BTreeSet::from([(EntryKind::Run, key("a"))])).unwrap();
        assert_eq!(removed.entries, 1);
        assert_eq!(cache.load(EntryKind::Run, key("a")), Lookup::Hit(b"a".to_vec()));
        assert_eq!(cache.load(EntryKind::Run, key("b")), Lookup::Miss);
        assert!(cache.root().join("notes.txt").exists());
    }
}
