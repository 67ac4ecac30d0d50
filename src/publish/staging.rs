//! How a new site takes the place of the last one: laid out beside it, then exchanged.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::has_content;
use super::manifest::{self, MANIFEST, Manifest};
use crate::fs::change::{
    UNFINISHED, copy_permissions, create_folder, create_folders, duplicate, exchange, hard_link, remove_all,
    remove_file, remove_folder, rename, write_new,
};
use crate::fs::{FileError, FolderLock, Stamp, at, slashed};

/// A site that is to take the place of what is in the output folder.
pub(super) struct Site<'s> {
    /// Its files by path, sorted, and the list of them last.
    pub(super) contents: &'s [(&'s str, &'s [u8])],
    /// The paths of those that are new or changed, sorted; the list always counts as changed.
    pub(super) changed: &'s [String],
    /// The paths of the last site's files that it no longer has.
    pub(super) stale: &'s [String],
}

impl Site<'_> {
    /// The paths of all files of this site and the last one, but for those that others have changed.
    fn ours(&self) -> BTreeSet<&str> {
        let names = self.contents.iter().map(|(name, _)| *name);
        names.chain(self.stale.iter().map(String::as_str)).collect()
    }

    fn is_changed(&self, name: &str) -> bool {
        name == MANIFEST || self.changed.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }

    fn folders(&self) -> BTreeSet<&str> {
        self.contents.iter().filter_map(|(name, _)| Some(name.rsplit_once('/')?.0)).collect()
    }
}

/// The folders beside the output folder through which a site goes; gone when dropped. Only one process at a time has them.
///
/// A site is laid out in one, takes another name when it is whole, and is then exchanged with the output folder. So whatever
/// a killed build leaves tells by its name whether files of others can be in it that are nowhere else.
pub(super) struct Staging {
    out: PathBuf,
    unfinished: PathBuf,
    whole: PathBuf,
    /// Whether there is something of others in it that could not be taken over.
    is_needed: bool,
    _lock: FolderLock,
}

impl Staging {
    /// Beside the output folder, so that all are on one file system, after calling `waiting` if another process publishes
    /// there. What a killed build left is removed.
    ///
    /// # Errors
    ///
    /// If the folder around cannot be made, or a killed build has left something of others that cannot be taken over.
    pub(super) fn beside(out: &Path, waiting: impl FnOnce()) -> Result<Self, FileError> {
        // A link to a folder keeps pointing where it points: what changes is the folder.
        let is_indirect = out.is_symlink() || out.file_name().is_none();
        let real = fs::canonicalize(out).ok().filter(|_| is_indirect);
        let out = real.unwrap_or_else(|| out.to_owned());
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        create_folders(parent)?;
        let lock = at(parent, "lock", FolderLock::of_folder(parent, waiting))?;
        let name = out.file_name().and_then(|name| name.to_str()).unwrap_or("site");
        // Shorter than the longest name that file systems take.
        let name: String = name.chars().take(50).collect();
        let beside = |state: &str| out.with_file_name(format!(".{name}{UNFINISHED}{state}"));
        let (unfinished, whole) = (beside("staging"), beside("whole"));
        if whole.exists() {
            let (last, now) = (Manifest::read(&whole), Manifest::read(&out));
            let ours = last.hashes.keys().chain(now.hashes.keys()).map(String::as_str).chain([MANIFEST]);
            rescue(&whole, &out, &ours.collect(), Missed::WhatIsNotThere)?;
        }
        let staging = Self { out, unfinished, whole, is_needed: false, _lock: lock };
        staging.remove();
        Ok(staging)
    }

    /// The output folder, links resolved.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// Removes what is not needed any more.
    pub(super) fn remove(&self) {
        if self.is_needed {
            return;
        }
        // What cannot be removed now is removed by the next build.
        for path in [&self.unfinished, &self.inside()] {
            if path.symlink_metadata().is_ok() {
                let _ = remove_all(path);
            }
        }
        // One that is removed in part is not whole any more, and must not be taken for it.
        if self.whole.symlink_metadata().is_ok() && rename(&self.whole, &self.unfinished).is_ok() {
            let _ = remove_all(&self.unfinished);
        }
    }

    /// Where files are written that take their places one by one.
    fn inside(&self) -> PathBuf {
        self.out.join(format!("{UNFINISHED}staging"))
    }

    /// Puts a site in the place of what is in the output folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being written; the output folder is then as it was, unless files had to take their places one by
    /// one and one of them could not.
    pub(super) fn place(&mut self, site: &Site<'_>) -> Result<(), FileError> {
        let is_there = self.out.exists();
        // Beside a mount point is another file system, and what is mounted keeps its place.
        if is_there && is_mount_point(&self.out) {
            return self.place_each(site);
        }
        match create_folder(&self.unfinished) {
            Ok(()) => {}
            // The folder around is not ours to write in, which is no reason not to write in this one.
            Err(error) if is_there && is_forbidden(&error.error) => return self.place_each(site),
            Err(error) => return Err(error),
        }
        self.lay_out(site)?;
        rename(&self.unfinished, &self.whole)?;
        match exchange(&self.whole, &self.out) {
            Ok(()) => rescue(&self.whole, &self.out, &site.ours(), Missed::WhatIsOther).inspect_err(|_| {
                // Nothing of others is lost: the old folder takes its place again, or stays where it is.
                self.is_needed = exchange(&self.whole, &self.out).is_err();
            }),
            Err(_) if !self.out.exists() => rename(&self.whole, &self.out),
            Err(_) => {
                self.remove();
                self.place_each(site)
            }
        }
    }

    /// Lays the whole folder out: the site's files, and those of others that are in the output folder.
    fn lay_out(&self, site: &Site<'_>) -> Result<(), FileError> {
        let (folder, out) = (&self.unfinished, &self.out);
        for name in site.folders() {
            create_folders(&folder.join(name))?;
        }
        site.contents.par_iter().try_for_each(|(name, bytes)| {
            let path = folder.join(name);
            if !site.is_changed(name) && hard_link(&out.join(name), &path).is_ok() {
                return Ok(());
            }
            write_new(&path, bytes)
        })?;
        if !out.exists() {
            return Ok(());
        }
        let ours = site.ours();
        for entry in WalkDir::new(out).min_depth(1) {
            let entry = at(out, "read", entry.map_err(io::Error::from))?;
            let Ok(relative) = entry.path().strip_prefix(out) else { continue };
            if slashed(relative).is_some_and(|name| ours.contains(name.as_str())) {
                continue;
            }
            // A folder of others that is empty is kept too; one of ours that has become empty is not.
            if entry.file_type().is_dir() {
                let is_empty = fs::read_dir(entry.path()).is_ok_and(|mut entries| entries.next().is_none());
                if is_empty {
                    create_folders(&folder.join(relative))?;
                }
                continue;
            }
            take_over(entry.path(), &folder.join(relative))?;
        }
        // Where permissions cannot be set there are none to keep.
        let _ = copy_permissions(out, folder);
        Ok(())
    }

    /// Puts every file that has changed in its place, one by one, and removes what has gone. All of them are written before the
    /// first takes its place, so that a full disk changes nothing.
    pub(super) fn place_each(&self, site: &Site<'_>) -> Result<(), FileError> {
        let (out, inside) = (&self.out, self.inside());
        create_folder(&inside)?;
        // What takes its place before something goes wrong has to be known as ours afterwards.
        let mut listed = Manifest::read(out).hashes;
        listed.extend(site.contents.iter().map(|(name, bytes)| ((*name).to_owned(), blake3::hash(bytes))));
        listed.remove(MANIFEST);
        let both = inside.join("both");
        write_new(&both, manifest::text(&listed).as_bytes())?;
        let mut written = Vec::new();
        for (name, bytes) in site.contents {
            // Also what somebody has changed since it was compared.
            if site.is_changed(name) || !has_content(&out.join(name), bytes) {
                let path = inside.join(written.len().to_string());
                write_new(&path, bytes)?;
                written.push((path, out.join(name)));
            }
        }
        // What has gone may be where a folder has to be, or the other way round.
        let (folders, names) = (site.folders(), site.contents.iter().map(|(name, _)| *name));
        let names: BTreeSet<&str> = names.collect();
        let is_in_the_way = |name: &&String| {
            let parents = name.match_indices('/').map(|(at, _)| &name[..at]);
            folders.contains(name.as_str()) || parents.into_iter().any(|parent| names.contains(parent))
        };
        let (first, last): (Vec<&String>, Vec<&String>) = site.stale.iter().partition(is_in_the_way);
        if first.is_empty() {
            // Folders need space too.
            for name in &folders {
                create_folders(&out.join(name))?;
            }
        }
        rename(&both, &out.join(MANIFEST))?;
        remove_each(out, &first)?;
        for name in folders {
            create_folders(&out.join(name))?;
        }
        // The list comes last: what is to be removed is known as ours until it is.
        let list = written.pop();
        for (from, to) in written {
            rename(&from, &to)?;
        }
        remove_each(out, &last)?;
        list.map_or(Ok(()), |(from, to)| rename(&from, &to))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes files, and folders that become empty by that.
fn remove_each(out: &Path, names: &[&String]) -> Result<(), FileError> {
    for name in names {
        let path = out.join(name);
        match remove_file(&path) {
            Err(error) if error.error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
            if remove_folder(folder).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Which files of others are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    WhatIsNotThere,
    /// Also those that are there, but not as they are where they are taken from.
    WhatIsOther,
}

/// Makes files of others appear in the output folder that are in another one and not there: what came to be in the old folder,
/// or changed in it, while the new one was laid out.
fn rescue(from: &Path, out: &Path, ours: &BTreeSet<&str>, missed: Missed) -> Result<(), FileError> {
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = at(from, "read", entry.map_err(io::Error::from))?;
        let (path, Ok(relative)) = (entry.path(), entry.path().strip_prefix(from)) else { continue };
        let is_ours = slashed(relative).is_some_and(|name| ours.contains(name.as_str()));
        if is_ours || entry.file_type().is_dir() {
            continue;
        }
        let new = out.join(relative);
        if new.symlink_metadata().is_err() {
            take_over(path, &new)?;
        } else if missed == Missed::WhatIsOther && entry.file_type().is_file() && !is_same(path, &new) {
            let aside = out.join(format!("{UNFINISHED}rescued"));
            duplicate(path, &aside)?;
            rename(&aside, &new)?;
        }
    }
    Ok(())
}

/// Whether two names lead to one file, or to two with the same content.
fn is_same(a: &Path, b: &Path) -> bool {
    let stamps = (Stamp::of(a), Stamp::of(b));
    (stamps.0.is_some() && stamps.0 == stamps.1) || fs::read(a).is_ok_and(|bytes| has_content(b, &bytes))
}

/// Makes a file of others appear in another folder as well.
fn take_over(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(folder) = to.parent() {
        create_folders(folder)?;
    }
    duplicate(from, to)
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Whether another file system is mounted in a folder; that the same one is mounted there again is seen when the exchange fails.
#[cfg(unix)]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => return true,
    };
    match (path.metadata(), parent.metadata()) {
        (Ok(own), Ok(around)) => own.dev() != around.dev(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_mount_point(_: &Path) -> bool {
    false
}
