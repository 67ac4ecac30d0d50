//! One stage of a build: many results by their keys, each known, from the cache, or made.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Failure, Progress};
use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::fs::FileError;

/// What a stage works with.
#[derive(Clone, Copy)]
pub(super) struct Workshop<'b> {
    pub(super) cache: &'b Cache,
    pub(super) progress: &'b dyn Progress,
    /// Whether what neither was known nor is in the cache is made, or only counted.
    pub(super) is_making: bool,
}

/// What one stage brought.
pub(super) struct Stage<T> {
    /// By key; every one that was asked for and is there, and no other.
    pub(super) values: BTreeMap<CacheKey, T>,
    /// Those that were made.
    pub(super) is_new: Vec<CacheKey>,
    /// Those that are not there, since nothing was to be made.
    pub(super) missing: Vec<CacheKey>,
    pub(super) notes: Vec<String>,
}

/// How results of one kind are stored and made.
pub(super) struct Craft<K, T, R, M> {
    pub(super) kind: EntryKind,
    /// Says what is being done, on progress bars.
    pub(super) name: &'static str,
    /// Reads what is stored; `None` for what cannot have been.
    pub(super) read: R,
    /// Makes a result, and what to store of it.
    pub(super) make: M,
    /// What is kept of a result that could not be stored.
    pub(super) unstored: fn(T, Vec<u8>) -> T,
    /// In the order in which it is begun, see [`once`].
    pub(super) work: Vec<(CacheKey, K)>,
}

/// The work of each key once; of several for one, the last.
pub(super) fn once<K>(work: impl IntoIterator<Item = (CacheKey, K)>) -> Vec<(CacheKey, K)> {
    work.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// A result, and how it came to be.
struct Made<T> {
    value: Option<T>,
    is_new: bool,
    note: Option<String>,
}

impl<'b> Workshop<'b> {
    /// Brings every result of a stage, on all threads.
    ///
    /// # Errors
    ///
    /// Only that it was asked to stop.
    pub(super) fn run<T, K, R, M>(
        self,
        known: &BTreeMap<CacheKey, T>,
        craft: Craft<K, T, R, M>,
    ) -> Result<Stage<T>, Failure>
    where
        T: Clone + Send + Sync,
        K: Send,
        R: Fn(&K, Vec<u8>) -> Option<T> + Sync,
        M: Fn(K) -> (T, Vec<u8>) + Sync,
    {
        let Craft { kind, name, read, make, unstored, work } = craft;
        self.progress.begin(name, work.len());
        let one = |(key, work): (CacheKey, K)| {
            if self.progress.is_stopped() {
                return None;
            }
            let made = match known.get(&key) {
                Some(value) => Made { value: Some(value.clone()), is_new: false, note: None },
                None => self.make(kind, key, work, &read, &make, unstored),
            };
            self.progress.step();
            Some((key, made))
        };
        // Each for itself, so that no thread is left with many of them while others have none.
        let results: Option<Vec<(CacheKey, Made<T>)>> =
            work.into_par_iter().with_max_len(1).map(one).collect();
        let results = results.ok_or(Failure::Stopped)?;
        let keys = |is_meant: fn(&Made<T>) -> bool| {
            results.iter().filter(|(_, made)| is_meant(made)).map(|(key, _)| *key).collect()
        };
        let (is_new, missing) = (keys(|made| made.is_new), keys(|made| made.value.is_none()));
        let notes = results.iter().filter_map(|(_, made)| made.note.clone()).collect();
        let values = results.into_iter().filter_map(|(key, made)| Some((key, made.value?))).collect();
        Ok(Stage { values, is_new, missing, notes })
    }

    /// Takes a result from the cache, or makes and stores it. A cache that cannot be written slows the next build down and
    /// harms nothing, so it is a note and no failure.
    fn make<T, K>(
        self,
        kind: EntryKind,
        key: CacheKey,
        work: K,
        read: impl Fn(&K, Vec<u8>) -> Option<T>,
        new: impl Fn(K) -> (T, Vec<u8>),
        unstored: fn(T, Vec<u8>) -> T,
    ) -> Made<T> {
        let mut note = None;
        match self.cache.load(kind, key) {
            Lookup::Hit(bytes) => {
                if let Some(value) = read(&work, bytes) {
                    return Made { value: Some(value), is_new: false, note };
                }
                note = Some(format!("the cached {} {key} could not be read: made anew", kind.name()));
            }
            Lookup::Corrupt => {
                note = Some(format!(
                    "the cached {} {key} was damaged or cannot be read: made anew",
                    kind.name()
                ));
            }
            Lookup::Miss => {}
        }
        if !self.is_making {
            return Made { value: None, is_new: false, note: None };
        }
        let (mut value, bytes) = new(work);
        if let Err(error) = self.cache.store(kind, key, &bytes) {
            note = Some(unwritable(&error));
            value = unstored(value, bytes);
        }
        Made { value: Some(value), is_new: true, note }
    }
}

/// What is said of a cache that cannot be written.
pub(super) fn unwritable(error: &FileError) -> String {
    format!("{UNWRITABLE}: {error}")
}

const UNWRITABLE: &str = "the cache cannot be written";

/// Notes of an unwritable cache are alike but for the path: the first of them says it all.
pub(super) fn tell_once(notes: &mut Vec<String>) {
    let mut is_told = false;
    notes.retain(|note| !note.starts_with(UNWRITABLE) || !std::mem::replace(&mut is_told, true));
}
