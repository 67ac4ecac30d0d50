//! The folder that the last site was exchanged for, kept for the next one while somebody builds again and again.
//!
//! Nearly all that the next site needs lies in it already, under second names, so that an edit of a large site links what has
//! changed and not everything, and files that change are written there at once. Nothing is taken for granted: whatever is in it stays only if it is the very file that lies in the
//! output folder, or was just written, and whatever else is found in it is removed.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::staging::{Site, is_folder, others};
use crate::fs::change::{
    copy_permissions, create_folder, create_folders, duplicate, remove_all, remove_file, remove_folder,
    rename, write_new, write_over,
};
use crate::fs::{FileError, Stamp, at, slashed, walked};

/// Where it lies, in a folder around it that tells Git to leave it alone.
#[derive(Debug)]
pub(super) struct Spare {
    around: PathBuf,
    /// The names of the files of the next site that were written in it.
    written: Mutex<BTreeSet<String>>,
}

/// What Git reads, and what it says: that nothing here counts.
const IGNORED: (&str, &str) = (".gitignore", "*\n");

impl Spare {
    pub(super) fn new(around: PathBuf) -> Self {
        Self { around, written: Mutex::default() }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.around.join("site")
    }

    /// A link of that name is somebody's, and leads to what is not ours.
    pub(super) fn is_there(&self) -> bool {
        is_folder(&self.around) && is_folder(&self.folder())
    }

    /// Writes a file of the next site, if the folder that it belongs in is there; tells whether it did.
    ///
    /// What lies in its place is written over if it is nowhere else and small: file systems take long to find room for new files
    /// and folders while they remember many that were just removed (ext4 goes through all of them). Whoever still reads it opened
    /// it two sites ago, and reads so much at once.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> bool {
        let folder = self.folder();
        let mut folders = name.match_indices('/').map(|(at, _)| folder.join(&name[..at]));
        if !(self.is_there() && folders.all(|folder| is_folder(&folder))) {
            return false;
        }
        self.written().remove(name);
        let path = folder.join(name);
        let written = match path.symlink_metadata() {
            Ok(there) if there.is_dir() => return false,
            Ok(there) if is_small_and_alone(&there) => write_over(&path, bytes),
            Ok(_) => remove_file(&path).and_then(|()| write_new(&path, bytes)),
            Err(_) => write_new(&path, bytes),
        };
        written.is_ok() && self.written().insert(name.to_owned())
    }

    fn written(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what was written here to where the site is laid out instead.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub(super) fn give_back(&self, to: &Path) -> Result<(), FileError> {
        for name in std::mem::take(&mut *self.written()) {
            let path = to.join(&name);
            if let Some(folder) = path.parent() {
                create_folders(folder)?;
            }
            rename(&self.folder().join(&name), &path)?;
        }
        Ok(())
    }

    /// Keeps a folder for the next site.
    pub(super) fn keep(&self, folder: &Path) -> Result<(), FileError> {
        self.remove();
        create_folder(&self.around)?;
        write_new(&self.around.join(IGNORED.0), IGNORED.1.as_bytes())?;
        rename(folder, &self.folder())
    }

    /// What cannot be removed now is removed by the next build.
    pub(super) fn remove(&self) {
        if self.around.symlink_metadata().is_ok() {
            let _ = remove_all(&self.around);
        }
    }

    /// Makes the folder hold what a site is to hold: it or `written` has what is changed, `out` the rest and what is of others.
    ///
    /// # Errors
    ///
    /// Those of the disk, and whatever is not as it should be; the folder is then of no use.
    pub(super) fn renew(&self, site: &Site<'_>, written: &Path, out: &Path) -> Result<(), FileError> {
        let folder = self.folder();
        let (files, empty) = others(out, &site.ours())?;
        let source = |name: &str| if site.is_changed(name) { written.join(name) } else { out.join(name) };
        let names: BTreeSet<&str> = site.names().collect();
        let taken_over: BTreeSet<&Path> = files.iter().map(PathBuf::as_path).collect();
        let is_wanted = |relative: &Path| {
            slashed(relative).is_some_and(|name| names.contains(name.as_str()))
                || taken_over.contains(relative)
        };
        remove_others(&folder, is_wanted)?;
        for name in site.folders() {
            create_folders(&folder.join(name))?;
        }
        let here = self.written();
        let missing = names.iter().filter(|name| !(site.is_changed(name) && here.contains(**name)));
        let missing: Vec<&&str> = missing.collect();
        missing.par_iter().try_for_each(|name| provide(&source(name), &folder.join(name)))?;
        for relative in &files {
            if let Some(parent) = folder.join(relative).parent() {
                create_folders(parent)?;
            }
            provide(&out.join(relative), &folder.join(relative))?;
        }
        for relative in empty {
            create_folders(&folder.join(relative))?;
        }
        let _ = copy_permissions(out, &folder);
        Ok(())
    }
}

#[cfg(unix)]
fn is_small_and_alone(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.is_file() && file.nlink() == 1 && file.len() <= 64 << 10
}

/// How many names a file has is not known.
#[cfg(not(unix))]
fn is_small_and_alone(_: &Metadata) -> bool {
    false
}

/// Removes all files of a folder but these, and the folders that are empty then.
fn remove_others(folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> Result<(), FileError> {
    // Whether something stays in the folder that is being gone through at each depth.
    let mut stays: Vec<bool> = Vec::new();
    // What is in a folder comes before the folder.
    for entry in WalkDir::new(folder).min_depth(1).contents_first(true) {
        let entry = walked(folder, entry)?;
        let (path, depth) = (entry.path(), entry.depth());
        let is_kept = if entry.file_type().is_dir() {
            stays.get_mut(depth + 1).is_some_and(std::mem::take)
        } else {
            path.strip_prefix(folder).is_ok_and(&is_wanted)
        };
        match (is_kept, entry.file_type().is_dir()) {
            (true, _) => {
                stays.resize(stays.len().max(depth + 1), false);
                stays[depth] = true;
            }
            (false, true) => at(path, "remove", remove_folder(path))?,
            (false, false) => remove_file(path)?,
        }
    }
    Ok(())
}

/// Makes a file appear in a place where something else may be.
fn provide(from: &Path, to: &Path) -> Result<(), FileError> {
    let there = Stamp::of(to);
    if there.is_some() && there == Stamp::of(from) {
        return Ok(());
    }
    if to.symlink_metadata().is_ok() {
        remove_file(to)?;
    }
    duplicate(from, to)
}
