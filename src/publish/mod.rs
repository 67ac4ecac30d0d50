//! The output folder: the finished site takes the place of the last one, whole, and what others put there stays.
//!
//! `.manifest.b3` in the folder lists what we wrote, with BLAKE3 hashes (as `b3sum` writes them). A file that it does not
//! list, or that has been changed since, is never deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::fs::{FileError, at, slashed, write_atomic};

/// The list of what we wrote, in the output folder.
pub const MANIFEST: &str = ".manifest.b3";

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
}

/// Why the site was not published; the output folder is as it was.
#[derive(Debug)]
pub enum PublishError {
    File(FileError),
    /// A file of the site would replace one that we did not write.
    Foreign {
        path: PathBuf,
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
            Self::Foreign { path } => write!(
                f,
                "{} is in the way: it was not written by actfn-site, and the site has a file of that name",
                path.display()
            ),
            Self::NoFolder { path } => {
                write!(f, "the output folder {} cannot be made: there is a file of that name", path.display())
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

/// A site on its way into the output folder. Its files come one by one, from any thread, and none is held: what is new or changed
/// is laid out in a folder beside the output folder, which stays as it is until [`Publication::finish`].
pub struct Publication {
    out: PathBuf,
    staging: Staging,
    /// Whether anything is written at all.
    is_writing: bool,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    /// By path, and whether the output folder holds something else there.
    placed: BTreeMap<String, (Content, bool)>,
    /// Those that could not be laid out.
    failed: BTreeMap<String, FileError>,
}

/// How the new files take their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// The whole folder in one step, for which every file of it is linked into the new one.
    Whole,
    /// One after the other, which costs what has changed and not what there is.
    Each,
}

impl Publication {
    /// Begins to publish to a folder, with `/` between the parts of paths relative to it.
    ///
    /// # Errors
    ///
    /// If there is something else in its place.
    pub fn begin(out: &Path) -> Result<Self, PublishError> {
        Self::new(out, true)
    }

    /// Only finds out what publishing would do.
    ///
    /// # Errors
    ///
    /// If there is something else in the place of the folder.
    pub fn compare(out: &Path) -> Result<Self, PublishError> {
        Self::new(out, false)
    }

    fn new(out: &Path, is_writing: bool) -> Result<Self, PublishError> {
        refuse_file(out)?;
        // A link to a folder keeps pointing where it points: what changes is the folder.
        let out = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
        let staging = Staging::beside(&out);
        if is_writing {
            staging.remove();
        }
        Ok(Self { out, staging, is_writing, files: Mutex::default() })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the site.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let content = Content { hash: blake3::hash(bytes), length: bytes.len() as u64 };
        let is_new = !has_content(&self.out.join(name), bytes);
        if is_new
            && self.is_writing
            && let Err(error) = self.staging.write(name, bytes)
        {
            self.files().failed.insert(name.to_owned(), error);
            return;
        }
        self.files().placed.insert(name.to_owned(), (content, is_new));
    }

    /// A file of the site that is known to lie in the output folder already.
    pub fn keep(&self, name: &str, content: Content) {
        self.files().placed.insert(name.to_owned(), (content, false));
    }

    /// What has come so far, by path.
    pub fn contents(&self) -> BTreeMap<String, Content> {
        self.files().placed.iter().map(|(name, (content, _))| (name.clone(), *content)).collect()
    }

    /// What publishing would do.
    ///
    /// # Errors
    ///
    /// If a file could not be laid out, or if one of the site, or its folder, would replace something that we did not write.
    pub fn difference(&self) -> Result<Published, PublishError> {
        self.difference_to(&read_manifest(&self.out))
    }

    /// As [`Publication::difference`], by what the last build wrote.
    fn difference_to(&self, previous: &BTreeMap<String, blake3::Hash>) -> Result<Published, PublishError> {
        let mut files = self.files();
        if let Some((_, error)) = files.failed.pop_first() {
            return Err(error.into());
        }
        let mut published = Published::default();
        for (name, (_, is_new)) in &files.placed {
            if !is_new {
                published.unchanged += 1;
                continue;
            }
            let path = self.out.join(name);
            if path.symlink_metadata().is_ok() && !previous.contains_key(name) {
                return Err(PublishError::Foreign { path });
            }
            published.written.push(name.clone());
        }
        for (name, hash) in previous.iter().filter(|(name, _)| !files.placed.contains_key(*name)) {
            match fs::read(self.out.join(name)) {
                Ok(bytes) if blake3::hash(&bytes) == *hash => published.removed.push(name.clone()),
                Ok(_) => published.kept.push(name.clone()),
                Err(_) => {}
            }
        }
        Ok(published)
    }

    /// Puts what has come in place of what was published before. Where the platform cannot exchange folders, or the output
    /// folder is a mount point, each file takes its place by itself.
    ///
    /// What was replaced is removed when it is dropped, which takes longer than all the rest and can wait.
    ///
    /// # Errors
    ///
    /// Those of [`Publication::difference`], or of the disk.
    pub fn finish(self, exchange: Exchange) -> Result<(Published, Replaced), PublishError> {
        let previous = read_manifest(&self.out);
        let published = self.difference_to(&previous)?;
        let Self { out, staging, files, .. } = self;
        let placed = files.into_inner().unwrap_or_else(PoisonError::into_inner).placed;
        let names: Vec<&str> = placed.keys().map(String::as_str).collect();
        let manifest = manifest(placed.iter().map(|(name, (content, _))| (name.as_str(), content.hash)));
        let (changed, stale) = (&published.written, &published.removed);
        if changed.is_empty() && stale.is_empty() && has_content(&out.join(MANIFEST), manifest.as_bytes()) {
            return Ok((published, Replaced { _staging: staging }));
        }
        let site = Site { out: &out, names: &names, manifest: &manifest, changed, stale };
        let is_whole = (exchange == Exchange::Whole || !out.exists())
            // Nothing can be laid out beside a mount point whose parent is not ours.
            && match staging.is_beside() {
                true => match lay_out(&staging, site) {
                    Ok(()) => true,
                    Err(_) if out.exists() => false,
                    Err(error) => return Err(error.into()),
                },
                false => false,
            };
        if !(is_whole && swap(&staging, site)?) {
            replace_each(&staging, site, previous)?;
        }
        Ok((published, Replaced { _staging: staging }))
    }
}

/// A site of which all files are there: the changed ones in the staging folder, the others in the output folder.
#[derive(Clone, Copy)]
struct Site<'s> {
    out: &'s Path,
    /// All but the manifest, sorted.
    names: &'s [&'s str],
    manifest: &'s str,
    changed: &'s [String],
    stale: &'s [String],
}

impl Site<'_> {
    /// Whether a file is ours, or was.
    fn is_ours(self, name: &str) -> bool {
        let stale = self.stale.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
        name == MANIFEST || stale || self.names.binary_search(&name).is_ok()
    }
}

/// The folder that was exchanged for the new one.
pub struct Replaced {
    _staging: Staging,
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

/// The folder in which a site is laid out; gone when dropped.
struct Staging {
    /// Beside the output folder, so that both are on one file system.
    path: PathBuf,
    /// In the output folder, for where nothing can be laid out beside it.
    inside: PathBuf,
    /// Whether it lies inside, known once something is laid out.
    is_inside: OnceLock<bool>,
}

impl Staging {
    fn beside(out: &Path) -> Self {
        let name = out.file_name().and_then(|name| name.to_str()).unwrap_or("site");
        let path = out.with_file_name(format!(".{name}.actfn-site-staging"));
        Self { path, inside: out.join(".actfn-site-staging"), is_inside: OnceLock::new() }
    }

    /// Whether it is, or can be made, beside the output folder.
    fn is_beside(&self) -> bool {
        let is_inside =
            || fs::create_dir_all(&self.path).is_err() && self.inside.parent().is_some_and(Path::is_dir);
        !*self.is_inside.get_or_init(is_inside)
    }

    fn folder(&self) -> &Path {
        if self.is_beside() { &self.path } else { &self.inside }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let path = self.folder().join(name);
        if let Err(error) = fs::write(&path, bytes) {
            if error.kind() != io::ErrorKind::NotFound {
                return at(&path, "write", Err(error));
            }
            let folder = path.parent().unwrap_or(Path::new("."));
            at(folder, "create", fs::create_dir_all(folder))?;
            at(&path, "write", fs::write(&path, bytes))?;
        }
        Ok(())
    }

    /// What a killed build left there holds nothing that is not in the output folder too, or made again.
    fn remove(&self) {
        // What cannot be removed now is removed by the next build.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_dir_all(&self.inside);
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.is_inside.get().is_some() {
            self.remove();
        }
    }
}

/// Completes the folder that has the changed files: with those that are as they were, and those of others that were in `out`.
fn lay_out(staging: &Staging, site: Site<'_>) -> Result<(), FileError> {
    let Site { out, names, manifest, changed, .. } = site;
    staging.write(MANIFEST, manifest.as_bytes())?;
    let is_changed = |name: &str| changed.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
    let same: Vec<&str> = names.iter().copied().filter(|name| !is_changed(name)).collect();
    let folders: BTreeSet<&str> = same.iter().filter_map(|name| Some(name.rsplit_once('/')?.0)).collect();
    for folder in folders {
        let path = staging.path.join(folder);
        at(&path, "create", fs::create_dir_all(&path))?;
    }
    same.par_iter().try_for_each(|name| take_over(&out.join(name), &staging.path.join(name)))?;
    if !out.exists() {
        return Ok(());
    }
    for entry in WalkDir::new(out).min_depth(1) {
        let entry = at(out, "read", entry.map_err(io::Error::from))?;
        let Ok(relative) = entry.path().strip_prefix(out) else { continue };
        if slashed(relative).is_some_and(|name| site.is_ours(&name)) {
            continue;
        }
        // A folder of others that is empty is kept too; one of ours that has become empty is not.
        if entry.file_type().is_dir() {
            let is_empty = fs::read_dir(entry.path()).is_ok_and(|mut entries| entries.next().is_none());
            if is_empty {
                let path = staging.path.join(relative);
                at(&path, "create", fs::create_dir_all(&path))?;
            }
            continue;
        }
        take_over(entry.path(), &staging.path.join(relative))?;
    }
    Ok(())
}

/// Makes a file of others appear in the new folder as well: the same file where the file system can, else a copy.
fn take_over(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(folder) = to.parent() {
        at(folder, "create", fs::create_dir_all(folder))?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    if let Ok(target) = fs::read_link(from) {
        return at(to, "write", std::os::unix::fs::symlink(target, to));
    }
    at(to, "write", fs::copy(from, to)).map(drop)
}

/// Puts the laid-out folder in the place of the output folder; whether that could be done.
fn swap(staging: &Staging, site: Site<'_>) -> Result<bool, FileError> {
    let out = site.out;
    if !out.exists() {
        at(out, "create", fs::rename(&staging.path, out))?;
        return Ok(true);
    }
    if exchange(&staging.path, out).is_err() {
        return Ok(false);
    }
    rescue(staging, site)?;
    Ok(true)
}

/// Puts every file that has changed in its place, one by one, and removes what has gone.
fn replace_each(
    staging: &Staging,
    site: Site<'_>,
    previous: BTreeMap<String, blake3::Hash>,
) -> Result<(), FileError> {
    let Site { out, manifest, changed, stale, .. } = site;
    // What is replaced before something goes wrong has to be known as ours afterwards.
    let list = out.join(MANIFEST);
    if stale.is_empty() {
        write_atomic(&list, manifest.as_bytes())?;
    } else {
        let mut listed = previous;
        listed.extend(manifest.lines().filter_map(manifest_line));
        let lines = listed.iter().map(|(name, hash)| (name.as_str(), *hash));
        write_atomic(&list, self::manifest(lines).as_bytes())?;
    }
    for name in changed {
        let (from, path) = (staging.folder().join(name), out.join(name));
        if fs::rename(&from, &path).is_err() {
            // A folder is missing, or this is another file system.
            write_atomic(&path, &at(&from, "read", fs::read(&from))?)?;
        }
    }
    for name in stale {
        let path = out.join(name);
        at(&path, "remove", fs::remove_file(&path))?;
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
    if stale.is_empty() { Ok(()) } else { write_atomic(&list, manifest.as_bytes()) }
}

/// Exchanges two folders in one step.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// After the exchange, moves what others put into the old folder while the new one was laid out.
fn rescue(staging: &Staging, site: Site<'_>) -> Result<(), FileError> {
    for entry in WalkDir::new(&staging.path).min_depth(1) {
        let entry = at(&staging.path, "read", entry.map_err(io::Error::from))?;
        let Ok(relative) = entry.path().strip_prefix(&staging.path) else { continue };
        let is_ours = slashed(relative).is_some_and(|name| site.is_ours(&name));
        let new = site.out.join(relative);
        if !is_ours && !entry.file_type().is_dir() && new.symlink_metadata().is_err() {
            take_over(entry.path(), &new)?;
        }
    }
    Ok(())
}

fn manifest<'f>(files: impl Iterator<Item = (&'f str, blake3::Hash)>) -> String {
    let mut text = String::new();
    for (name, hash) in files {
        text.push_str(&hash.to_hex());
        text.push_str("  ");
        text.push_str(name);
        text.push('\n');
    }
    text
}

/// The files that the last build left in a folder, with the hashes of their contents.
pub fn listed(out: &Path) -> BTreeMap<String, blake3::Hash> {
    read_manifest(out)
}

/// What an earlier build wrote. Lines that name anything but a plain path inside the folder are ignored: the file may have
/// been edited by anyone.
fn read_manifest(out: &Path) -> BTreeMap<String, blake3::Hash> {
    let text = fs::read_to_string(out.join(MANIFEST)).unwrap_or_default();
    text.lines().filter_map(manifest_line).collect()
}

/// A file's path and hash.
fn manifest_line(line: &str) -> Option<(String, blake3::Hash)> {
    let (hash, name) = line.split_once("  ")?;
    let is_inside =
        !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then_some((name.to_owned(), blake3::Hash::from_hex(hash).ok()?))
}

#[cfg(test)]
mod tests;
