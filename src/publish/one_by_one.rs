//! How a new site takes the place of the last one where folders cannot be exchanged: file by file, all of which is undone if
//! one cannot.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{self, MANIFEST, Manifest};
use super::staging::{Site, take_over};
use crate::fs::change::{
    create_folder, create_folders, remove_file, remove_folder, rename, write_new_synced,
};
use crate::fs::{FileError, at};

/// How a step is undone. Nothing of it needs space on the disk, which may be what there is not.
enum Undo {
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    Rename { from: PathBuf, to: PathBuf },
}

/// A site on its way into the output folder.
pub(super) struct Placing<'s> {
    out: &'s Path,
    site: &'s Site<'s>,
    /// Where what is new or changed was written.
    written: PathBuf,
    /// Where the files are kept, by a second name or by none other, that are replaced or have gone.
    kept: PathBuf,
    /// Where the folders go that nothing is left in.
    emptied: PathBuf,
    /// A list of the files of both sites.
    both: PathBuf,
    /// What was done, the list first.
    done: Vec<Undo>,
}

impl<'s> Placing<'s> {
    /// Does all that can be done while the last site stands as it is: after this, only new folders need space on the disk.
    ///
    /// `inside` is a folder in the output folder for this alone, in which `written` has what is new or changed.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub(super) fn prepare(
        out: &'s Path,
        inside: &Path,
        written: PathBuf,
        site: &'s Site<'s>,
    ) -> Result<Self, FileError> {
        let (kept, emptied) = (inside.join("kept"), inside.join("emptied"));
        let (both, done) = (inside.join("both"), Vec::new());
        create_folder(&kept)?;
        create_folder(&emptied)?;
        // Whatever happens, what is there is to be known as ours.
        let mut listed = Manifest::read(out).hashes;
        listed.extend(site.hashes.iter().map(|(name, hash)| (name.clone(), *hash)));
        write_new_synced(&both, manifest::text(&listed).as_bytes())?;
        for name in site.moving().filter(|name| is_file(&out.join(name))) {
            take_over(&out.join(name), &kept.join(name))?;
        }
        for name in site.stale {
            create_folders(kept.join(name).parent().unwrap_or(&kept))?;
        }
        Ok(Self { out, site, written, kept, emptied, both, done })
    }

    /// Puts every file that has changed in its place, and takes away what has gone; or nothing of it.
    ///
    /// # Errors
    ///
    /// Those of the disk. The output folder is as it was, unless the disk did not let that be either: then it has some of both
    /// sites, and a list that says so.
    pub(super) fn place(mut self) -> Result<(), FileError> {
        let placed = self.place_each();
        if placed.is_err() {
            self.undo();
        }
        placed
    }

    fn place_each(&mut self) -> Result<(), FileError> {
        let site = self.site;
        let (folders, names) = (site.folders(), site.names().collect::<BTreeSet<&str>>());
        let is_in_the_way = |name: &&String| {
            let parents = name.match_indices('/').map(|(at, _)| &name[..at]);
            folders.contains(name.as_str()) || parents.into_iter().any(|parent| names.contains(parent))
        };
        // What has gone may be where a folder has to be, or the other way round.
        let (first, last): (Vec<&String>, Vec<&String>) = site.stale.iter().partition(is_in_the_way);
        self.move_in(&self.both.clone(), MANIFEST)?;
        first.iter().try_for_each(|name| self.take_away(name))?;
        folders.iter().try_for_each(|name| self.make_folders(name))?;
        let changed = site.changed.iter();
        changed.into_iter().try_for_each(|name| self.move_in(&self.written.join(name), name))?;
        last.iter().try_for_each(|name| self.take_away(name))?;
        // The list comes last: what is to go is known as ours until it has gone.
        rename(&self.written.join(MANIFEST), &self.out.join(MANIFEST))
    }

    /// Makes a folder of the site and those around it, where they are missing.
    fn make_folders(&mut self, name: &str) -> Result<(), FileError> {
        for end in name.match_indices('/').map(|(at, _)| at).chain([name.len()]) {
            let path = self.out.join(&name[..end]);
            if !path.is_dir() {
                create_folder(&path)?;
                self.done.push(Undo::RemoveFolder(path));
            }
        }
        Ok(())
    }

    /// Gives a file its place, where there may be another.
    fn move_in(&mut self, from: &Path, name: &str) -> Result<(), FileError> {
        let (path, kept) = (self.out.join(name), self.kept.join(name));
        rename(from, &path)?;
        let is_kept = is_file(&kept);
        self.done.push(if is_kept { Undo::Rename { from: kept, to: path } } else { Undo::RemoveFile(path) });
        Ok(())
    }

    /// Takes away a file that has gone, and folders that become empty by that.
    fn take_away(&mut self, name: &str) -> Result<(), FileError> {
        let path = self.out.join(name);
        if is_file(&path) {
            self.rename_away(&path, self.kept.join(name))?;
        }
        let out = self.out;
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
            let aside = self.emptied.join(self.done.len().to_string());
            if !is_empty(folder) || self.rename_away(folder, aside.clone()).is_err() {
                break;
            }
            // Somebody may have written to it since it was looked at.
            if !is_empty(&aside) {
                let error = io::Error::other("something came to be in it meanwhile; build again");
                return at(folder, "remove", Err(error));
            }
        }
        Ok(())
    }

    fn rename_away(&mut self, path: &Path, aside: PathBuf) -> Result<(), FileError> {
        let renamed = rename(path, &aside);
        // The error is to name what is in the site.
        renamed.map_err(|error| FileError { path: path.to_owned(), verb: "remove", error: error.error })?;
        self.done.push(Undo::Rename { from: aside, to: path.to_owned() });
        Ok(())
    }

    /// Undoes what was done, the last first, as far as that is possible.
    fn undo(&mut self) {
        let mut is_undone = true;
        for (index, step) in self.done.iter().enumerate().rev() {
            // Where something is left, so is the list that has it.
            if index == 0 && !is_undone {
                break;
            }
            is_undone &= match step {
                Undo::RemoveFile(path) => remove_file(path).is_ok(),
                Undo::RemoveFolder(path) => remove_folder(path).is_ok(),
                Undo::Rename { from, to } => rename(from, to).is_ok(),
            };
        }
    }
}

/// Whether there is something that is no folder.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir())
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
