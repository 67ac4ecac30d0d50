//! How a new site takes the place of the last one: laid out beside it, then exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::has_content;
use super::manifest::{MANIFEST, Manifest};
use super::one_by_one::Placing;
use super::spare::Spare;
use crate::fs::change::{
    UNFINISHED, copy_permissions, create_folder, create_folders, duplicate, exchange, remove_all, rename,
    write_new, write_new_synced,
};
use crate::fs::{FileError, FolderLock, Stamp, at, slashed, walked};

/// The folder, in that in which files are written that take their places one by one, that has their paths.
const SITE: &str = "site";

/// A site that is to take the place of what is in the output folder: what is changed was written before, the rest lies there.
pub(super) struct Site<'s> {
    /// Its files by path, without the list of them.
    pub(super) hashes: &'s BTreeMap<String, blake3::Hash>,
    /// The paths of those that are new or changed, sorted; the list always counts as changed.
    pub(super) changed: &'s [String],
    /// The paths of the last site's files that it no longer has.
    pub(super) stale: &'s [String],
}

impl Site<'_> {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.hashes.keys().map(String::as_str).chain([MANIFEST])
    }

    /// The paths of all files of this site and the last one, but for those that others have changed.
    pub(super) fn ours(&self) -> BTreeSet<&str> {
        self.names().chain(self.stale.iter().map(String::as_str)).collect()
    }

    pub(super) fn is_changed(&self, name: &str) -> bool {
        name == MANIFEST || self.changed.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }

    /// The paths of those that are new or changed, the list of the site last.
    pub(super) fn moving(&self) -> impl Iterator<Item = &str> {
        self.changed.iter().map(String::as_str).chain([MANIFEST])
    }

    pub(super) fn folders(&self) -> BTreeSet<&str> {
        self.names().filter_map(|name| Some(name.rsplit_once('/')?.0)).collect()
    }
}

/// Where the files of a site are written before they take their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Beside the output folder, with which they are exchanged.
    Beside,
    /// In it, from where they are moved one by one.
    Inside,
}

/// The folders beside the output folder through which a site goes; gone when dropped. Only one process at a time has them.
///
/// A site is laid out in one, takes another name when it is whole, and is then exchanged with the output folder. So whatever
/// a killed build leaves tells by its name whether files of others can be in it that are nowhere else.
pub(super) struct Staging {
    out: PathBuf,
    unfinished: PathBuf,
    whole: PathBuf,
    spare: Spare,
    /// Whether there will be another site soon, for which the folder of the last one is worth keeping.
    keeps_spare: bool,
    /// Decided by the first file that is written.
    place: Mutex<Option<Place>>,
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
        if is_folder(&whole) {
            let (last, now) = (Manifest::read(&whole), Manifest::read(&out));
            let ours = last.hashes.keys().chain(now.hashes.keys()).map(String::as_str).chain([MANIFEST]);
            rescue(&whole, &out, &ours.collect(), Missed::WhatIsNotThere)?;
        }
        let spare = Spare::new(beside("spare"));
        let (place, keeps_spare) = (Mutex::default(), false);
        let staging =
            Self { out, unfinished, whole, spare, keeps_spare, place, is_needed: false, _lock: lock };
        staging.remove();
        Ok(staging)
    }

    /// The output folder, links resolved.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// As where another site will follow soon.
    pub(super) fn expect_another(&mut self) {
        self.keeps_spare = true;
    }

    /// Keeps the folder of the last site for the next one, and removes the rest.
    pub(super) fn keep(&self) {
        if self.keeps_spare && !self.is_needed && self.whole.exists() {
            // Without it the next site takes longer.
            let _ = self.spare.keep(&self.whole);
        }
        self.remove();
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
        if is_folder(&self.whole) && rename(&self.whole, &self.unfinished).is_ok() {
            let _ = remove_all(&self.unfinished);
        }
    }

    /// Where files are written that take their places one by one.
    fn inside(&self) -> PathBuf {
        self.out.join(format!("{UNFINISHED}staging"))
    }

    /// Where a changed file lies in such a place.
    fn written(&self, place: Place, name: &str) -> PathBuf {
        match place {
            Place::Beside => self.unfinished.join(name),
            Place::Inside => self.inside().join(SITE).join(name),
        }
    }

    /// Where files are written, which is made for the first of them.
    fn place_to_write(&self) -> Result<Place, FileError> {
        let mut decided = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = *decided {
            return Ok(place);
        }
        let is_there = self.out.exists();
        // Beside a mount point is another file system, and what is mounted keeps its place.
        let place = if is_there && is_mount_point(&self.out) {
            self.open_inside()?
        } else {
            match create_folder(&self.unfinished) {
                Ok(()) => Place::Beside,
                // The folder around is not ours to write in, which is no reason not to write in this one.
                Err(error) if is_there && is_forbidden(&error.error) => self.open_inside()?,
                Err(error) => return Err(error),
            }
        };
        *decided = Some(place);
        Ok(place)
    }

    fn open_inside(&self) -> Result<Place, FileError> {
        create_folder(&self.inside())?;
        create_folder(&self.inside().join(SITE))?;
        Ok(Place::Inside)
    }

    /// As where there is no folder beside the output folder to write in.
    #[cfg(test)]
    pub(super) fn stay_inside(&self) {
        *self.place.lock().unwrap() = Some(self.open_inside().unwrap());
    }

    /// Writes a file that is new or changed to where the site is laid out.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let place = self.place_to_write()?;
        if place == Place::Beside && self.keeps_spare && self.spare.write(name, bytes) {
            return Ok(());
        }
        let path = self.written(place, name);
        if let Some(folder) = path.parent() {
            create_folders(folder)?;
        }
        write_new(&path, bytes)
    }

    /// Writes the list of the site, which is on the disk before anything takes its place: without it, nobody would know after a
    /// power failure whose the files are that it left without their bytes.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub(super) fn write_list(&self, bytes: &[u8]) -> Result<(), FileError> {
        write_new_synced(&self.written(self.place_to_write()?, MANIFEST), bytes)
    }

    /// Puts a site, of which all that is changed and the list are written, in the place of what is in the output folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from taking its place; the output folder is then as it was.
    pub(super) fn place(&mut self, site: &Site<'_>) -> Result<(), FileError> {
        if self.place_to_write()? == Place::Inside {
            return self.place_each(site);
        }
        if !self.takes_spare(site)? {
            self.lay_out(site)?;
            rename(&self.unfinished, &self.whole)?;
        }
        match exchange(&self.whole, &self.out) {
            Ok(()) => rescue(&self.whole, &self.out, &site.ours(), Missed::WhatIsOther).inspect_err(|_| {
                // Nothing of others is lost: the old folder takes its place again, or stays where it is.
                self.is_needed = exchange(&self.whole, &self.out).is_err();
            }),
            Err(_) if !self.out.exists() => rename(&self.whole, &self.out),
            Err(_) => {
                self.take_inside(site)?;
                self.place_each(site)
            }
        }
    }

    /// Whether the site was laid out where the one before the last lay, and is whole.
    fn takes_spare(&self, site: &Site<'_>) -> Result<bool, FileError> {
        if !self.keeps_spare || !self.spare.is_there() {
            return Ok(false);
        }
        let renewed = self.spare.renew(site, &self.unfinished, &self.out);
        let is_whole = renewed.and_then(|()| rename(&self.spare.folder(), &self.whole)).is_ok();
        if !is_whole {
            self.spare.give_back(&self.unfinished)?;
            self.spare.remove();
        }
        Ok(is_whole)
    }

    /// Takes what was written beside the output folder into it: the two cannot be exchanged.
    fn take_inside(&self, site: &Site<'_>) -> Result<(), FileError> {
        // It will not be whole for long.
        let laid_out = if self.unfinished.exists() {
            self.spare.keep(&self.whole)?;
            self.spare.folder()
        } else {
            rename(&self.whole, &self.unfinished)?;
            self.unfinished.clone()
        };
        self.open_inside()?;
        for name in site.moving() {
            take_over(&laid_out.join(name), &self.written(Place::Inside, name))?;
        }
        // What cannot be removed now is removed with the rest.
        let _ = remove_all(&self.unfinished);
        Ok(())
    }

    /// Completes the folder that has what is changed: with the site's other files, and those of others that are in the output
    /// folder.
    fn lay_out(&self, site: &Site<'_>) -> Result<(), FileError> {
        let (folder, out) = (&self.unfinished, &self.out);
        for name in site.folders() {
            create_folders(&folder.join(name))?;
        }
        let unchanged: Vec<&str> = site.names().filter(|name| !site.is_changed(name)).collect();
        unchanged.par_iter().try_for_each(|name| duplicate(&out.join(name), &folder.join(name)))?;
        if !out.exists() {
            return Ok(());
        }
        let (files, empty) = others(out, &site.ours())?;
        files.iter().try_for_each(|relative| take_over(&out.join(relative), &folder.join(relative)))?;
        empty.iter().try_for_each(|relative| create_folders(&folder.join(relative)))?;
        // Where permissions cannot be set there are none to keep.
        let _ = copy_permissions(out, folder);
        Ok(())
    }

    /// Puts every file that has changed in its place, one by one.
    fn place_each(&self, site: &Site<'_>) -> Result<(), FileError> {
        let inside = self.inside();
        Placing::prepare(&self.out, &inside, inside.join(SITE), site)?.place()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.remove();
        if !self.keeps_spare {
            // Of a build that was killed.
            self.spare.remove();
        }
    }
}

/// What is of others in a folder: the paths of files, and of folders that are empty; those of ours that have become empty are not
/// seen as such, since they hold what is to go.
pub(super) fn others(out: &Path, ours: &BTreeSet<&str>) -> Result<(Vec<PathBuf>, Vec<PathBuf>), FileError> {
    let (mut files, mut empty) = (Vec::new(), Vec::new());
    // The last entry, if it is a folder in which nothing has been found yet.
    let mut last: Option<PathBuf> = None;
    for entry in WalkDir::new(out).min_depth(1) {
        let entry = walked(out, entry)?;
        let Ok(relative) = entry.path().strip_prefix(out) else { continue };
        empty.extend(last.take().filter(|folder| !relative.starts_with(folder)));
        if slashed(relative).is_some_and(|name| ours.contains(name.as_str())) {
            continue;
        }
        match entry.file_type().is_dir() {
            true => last = Some(relative.to_owned()),
            false => files.push(relative.to_owned()),
        }
    }
    empty.extend(last);
    Ok((files, empty))
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
        let entry = walked(from, entry)?;
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
pub(super) fn take_over(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(folder) = to.parent() {
        create_folders(folder)?;
    }
    duplicate(from, to)
}

/// Whether there is a folder itself: what a link leads to is somebody else's.
pub(super) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
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
