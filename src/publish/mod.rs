//! The output folder: the finished site takes the place of the last one, whole, and what others put there stays.
//!
//! `.manifest.b3` in the folder lists what we wrote, with BLAKE3 hashes (as `b3sum` writes them). A file that it does not
//! list, or that has been changed since, is never deleted.

mod manifest;
mod one_by_one;
mod spare;
mod staging;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::fs::{FileError, Stamp, at, read_plain, slashed};
use manifest::Manifest;
use staging::{Site, Staging};

pub use manifest::{MANIFEST, listed};

/// What publishing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Files that are new or changed, sorted.
    pub written: Vec<String>,
    pub unchanged: usize,
    /// Files of an earlier build that the site no longer has.
    pub removed: Vec<String>,
    /// Such files that were left because somebody has changed them.
    pub kept: Vec<String>,
    /// The list of what an earlier build wrote was not what it had been.
    pub is_list_mended: bool,
}

/// Why the site was not published; the output folder is as it was.
#[derive(Debug)]
pub enum PublishError {
    File(FileError),
    /// A file of the site would replace something that we did not write.
    Foreign {
        path: PathBuf,
        /// The list of what we wrote is damaged or cannot be read: perhaps we did write it.
        is_list_damaged: bool,
    },
    /// There is something else where the output folder should be.
    NoFolder {
        path: PathBuf,
    },
}

impl From<FileError> for PublishError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Foreign { path, is_list_damaged: false } => write!(
                f,
                "{} is in the way: it was not written by actfn-site, and the site has a file of that name",
                path.display()
            ),
            Self::Foreign { path, is_list_damaged: true } => write!(
                f,
                "{} is in the way: the list of what actfn-site wrote, {MANIFEST}, is damaged or cannot be read, and does not say whose it is",
                path.display()
            ),
            Self::NoFolder { path } => {
                let what =
                    if path.is_symlink() { "link that leads to no folder" } else { "file of that name" };
                write!(f, "the output folder {} cannot be made: there is a {what}", path.display())
            }
        }
    }
}

/// What a file holds, without holding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    pub hash: blake3::Hash,
    pub length: u64,
}

/// A site on its way into the output folder. Its files come one by one, from any thread, and none is held: what is new or
/// changed is laid out in a folder beside the output folder, which stays as it is until [`Publication::finish`].
pub struct Publication {
    out: PathBuf,
    /// `None` where nothing is written.
    staging: Option<Staging>,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    /// By path.
    placed: BTreeMap<String, Placed>,
    /// Those that could not be laid out.
    failed: BTreeMap<String, FileError>,
}

/// A file of the site that has come.
struct Placed {
    content: Content,
    lies: Lies,
}

/// Where a file lies until the site is whole.
enum Lies {
    /// Where the site is laid out: the output folder has something else, or nothing.
    Aside,
    /// In the output folder, as it was then.
    InPlace(Option<Stamp>),
}

impl Publication {
    /// Begins to publish to a folder, with `/` between the parts of paths relative to it. `waiting` is called if another
    /// process is publishing there.
    ///
    /// # Errors
    ///
    /// If there is something else in its place, or if nothing can be made around it.
    pub fn begin(out: &Path, waiting: impl FnOnce()) -> Result<Self, PublishError> {
        refuse_file(out)?;
        let staging = Staging::beside(out, waiting)?;
        Ok(Self { out: staging.out().to_owned(), staging: Some(staging), files: Mutex::default() })
    }

    /// As one after which another will follow soon: what it needs of the folders is kept, until [`remove_spare`].
    #[must_use]
    pub fn expecting_another(mut self) -> Self {
        if let Some(staging) = &mut self.staging {
            staging.expect_another();
        }
        self
    }

    /// Only finds out what publishing would do. Nothing is written.
    ///
    /// # Errors
    ///
    /// If there is something else in the place of the folder.
    pub fn compare(out: &Path) -> Result<Self, PublishError> {
        refuse_file(out)?;
        Ok(Self { out: out.to_owned(), staging: None, files: Mutex::default() })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the site. That it cannot be laid out is told by [`Publication::finish`].
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let content = Content { hash: blake3::hash(bytes), length: bytes.len() as u64 };
        let path = self.out.join(name);
        // Taken before the file is read, so that whatever happens to it later shows.
        let stamp = Stamp::of(&path);
        let lies = if has_content(&path, bytes) { Lies::InPlace(stamp) } else { Lies::Aside };
        if let (Lies::Aside, Some(staging)) = (&lies, &self.staging)
            && let Err(error) = staging.write(name, bytes)
        {
            self.files().failed.insert(name.to_owned(), error);
            return;
        }
        self.files().placed.insert(name.to_owned(), Placed { content, lies });
    }

    /// A file of the site that is known to lie in the output folder, with the stamp that it had when that was known.
    pub fn keep(&self, name: &str, content: Content, stamp: Stamp) {
        let placed = Placed { content, lies: Lies::InPlace(Some(stamp)) };
        self.files().placed.insert(name.to_owned(), placed);
    }

    /// What has come so far, by path.
    pub fn contents(&self) -> BTreeMap<String, Content> {
        self.files().placed.iter().map(|(name, placed)| (name.clone(), placed.content)).collect()
    }

    /// What publishing would do.
    ///
    /// # Errors
    ///
    /// If a file could not be laid out, or if one of the site, or its folder, would replace something that we did not write.
    pub fn difference(&self) -> Result<Published, PublishError> {
        difference(&self.out, &mut self.files(), &Manifest::read(&self.out))
    }

    /// Puts what has come in place of what was published before.
    ///
    /// Everything is laid out in a folder beside the output folder; then the two change places. Where the platform cannot
    /// exchange folders, or the output folder is a mount point, everything is first written into a folder in it, and then each
    /// file takes its place by itself; if one cannot, those before it are taken back.
    ///
    /// What was replaced is removed when it is dropped, which takes longer than all the rest and can wait; so does whoever else
    /// wants to publish there.
    ///
    /// # Errors
    ///
    /// Those of [`Publication::difference`], or of the disk; or if somebody has changed a file meanwhile that was to stay.
    pub fn finish(self) -> Result<(Published, Replaced), PublishError> {
        let Self { out, staging, files } = self;
        let mut files = files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let previous = Manifest::read(&out);
        let mut published = difference(&out, &mut files, &previous)?;
        let Some(mut staging) = staging else { return Ok((published, Replaced { staging: None })) };
        let hashes = files.placed.iter().map(|(name, placed)| (name.clone(), placed.content.hash));
        let hashes: BTreeMap<String, blake3::Hash> = hashes.collect();
        published.is_list_mended = is_mended(&previous, &published, &hashes);
        let list = manifest::text(&hashes);
        let (changed, stale) = (&published.written, &published.removed);
        let is_listed = has_content(&out.join(MANIFEST), list.as_bytes());
        files.placed.par_iter().try_for_each(|(name, placed)| placed.check(&out.join(name)))?;
        if !(changed.is_empty() && stale.is_empty() && is_listed) {
            staging.write_list(list.as_bytes())?;
            staging.place(&Site { hashes: &hashes, changed, stale })?;
        }
        Ok((published, Replaced { staging: Some(staging) }))
    }
}

impl Placed {
    /// Whether what was to stay is there as it was.
    fn check(&self, path: &Path) -> Result<(), FileError> {
        let Lies::InPlace(stamp) = &self.lies else { return Ok(()) };
        let is_untouched = stamp.is_some() && Stamp::of(path) == *stamp;
        // A second name leaves a mark on a file, and its content as it was.
        let has_content = || {
            let found = read_plain(path, self.content.length);
            found.is_ok_and(|bytes| blake3::hash(&bytes) == self.content.hash)
        };
        if is_untouched || has_content() {
            return Ok(());
        }
        at(path, "keep", Err(io::Error::other("it was changed while the site was being made; build again")))
    }
}

/// Whether what is unchanged was listed otherwise, or the list holds what no build has written.
fn is_mended(previous: &Manifest, published: &Published, hashes: &BTreeMap<String, blake3::Hash>) -> bool {
    // Who writes a site where it stands already need not have the list.
    let is_listed = |(name, hash): (&String, &blake3::Hash)| {
        previous.hashes.get(name) == Some(hash) || published.written.binary_search(name).is_ok()
    };
    previous.is_damaged || (!previous.hashes.is_empty() && !hashes.iter().all(is_listed))
}

/// The folder that was exchanged for the new one, and the right to publish, which nobody else has before it is dropped.
pub struct Replaced {
    /// `None` where nothing was to be written.
    staging: Option<Staging>,
}

impl Replaced {
    /// Removes the folder, or keeps it where another site was said to follow.
    pub fn clear(&self) {
        if let Some(staging) = &self.staging {
            staging.keep();
        }
    }
}

/// Removes what was kept for another site.
pub fn remove_spare(out: &Path) {
    // Only who publishes may do that: it is what a publication does at its end that expects no other.
    drop(Staging::beside(out, || ()));
}

fn difference(out: &Path, files: &mut Files, previous: &Manifest) -> Result<Published, PublishError> {
    if let Some((_, error)) = files.failed.pop_first() {
        return Err(error.into());
    }
    let placed = &files.placed;
    let changed = placed.iter().filter(|(_, placed)| matches!(placed.lies, Lies::Aside));
    let mut published =
        Published { written: changed.map(|(name, _)| name.clone()).collect(), ..Published::default() };
    published.unchanged = placed.len() - published.written.len();
    for (name, hash) in previous.hashes.iter().filter(|(name, _)| !placed.contains_key(*name)) {
        let path = out.join(name);
        // What is larger is none of ours.
        match read_plain(&path, 1 << 30) {
            Ok(bytes) if blake3::hash(&bytes) == *hash => published.removed.push(name.clone()),
            // It is gone, be there a folder now.
            Err(_) if path.symlink_metadata().map_or(true, |metadata| metadata.is_dir()) => {}
            _ => published.kept.push(name.clone()),
        }
    }
    match foreign(out, &published, previous) {
        Some(path) => Err(PublishError::Foreign { path, is_list_damaged: previous.is_damaged }),
        None => Ok(published),
    }
}

/// The first thing of others in whose place a file or a folder of the site would be.
fn foreign(out: &Path, published: &Published, previous: &Manifest) -> Option<PathBuf> {
    let is_removed = |name: &String| published.removed.binary_search(name).is_ok();
    let parents =
        published.written.iter().flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..at]));
    let parents: BTreeSet<&str> = parents.collect();
    let in_place_of_folder = parents.into_iter().find(|name| {
        let is_file = out.join(name).symlink_metadata().is_ok_and(|metadata| !metadata.is_dir());
        is_file && !is_removed(&(*name).to_owned())
    });
    let is_others = |entry: &walkdir::DirEntry| {
        let name = entry.path().strip_prefix(out).ok().and_then(slashed);
        !entry.file_type().is_dir() && name.is_none_or(|name| !is_removed(&name))
    };
    let in_place_of_file = published.written.iter().find(|name| {
        let path = out.join(name);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                WalkDir::new(path).into_iter().filter_map(Result::ok).any(|entry| is_others(&entry))
            }
            Ok(_) => !previous.hashes.contains_key(*name),
            Err(_) => false,
        }
    });
    in_place_of_folder.or(in_place_of_file.map(String::as_str)).map(|name| out.join(name))
}

/// Refuses an output folder that is something else: it would be exchanged for the site, and lost.
pub fn refuse_file(out: &Path) -> Result<(), PublishError> {
    if out.symlink_metadata().is_ok() && !out.is_dir() {
        return Err(PublishError::NoFolder { path: out.to_owned() });
    }
    Ok(())
}

/// Whether a plain file has exactly this content.
fn has_content(path: &Path, bytes: &[u8]) -> bool {
    let is_candidate = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64);
    is_candidate && fs::read(path).is_ok_and(|found| found == bytes)
}

#[cfg(test)]
mod tests;
