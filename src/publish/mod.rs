//! The output folder: the finished site takes the place of the last one, whole, and what others put there stays.
//!
//! `.manifest.b3` in the folder lists what we wrote, with BLAKE3 hashes (as `b3sum` writes them). A file that it does not
//! list, or that has been changed since, is never deleted.

mod manifest;
mod staging;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::fs::{FileError, slashed};
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
        /// The list of what we wrote is damaged: perhaps we did write it.
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
                "{} is in the way: the list of what actfn-site wrote, {MANIFEST}, is damaged and does not say whose it is",
                path.display()
            ),
            Self::NoFolder { path } => {
                write!(f, "the output folder {} cannot be made: there is a file of that name", path.display())
            }
        }
    }
}

/// Puts `files` (contents by path relative to the folder, with `/` between its parts) in place of what was published
/// before.
///
/// Everything is first laid out in a folder beside `out`; then the two change places. Where the platform cannot exchange
/// folders, or `out` is a mount point, everything is first written into a folder in `out`, and then each file takes its place
/// by itself. `waiting` is called if another process is publishing there.
///
/// What was replaced is removed when it is dropped, which takes longer than all the rest and can wait; so does whoever else
/// wants to publish there.
pub fn publish(
    out: &Path,
    files: &BTreeMap<String, Arc<[u8]>>,
    waiting: impl FnOnce(),
) -> Result<(Published, Replaced), PublishError> {
    refuse_file(out)?;
    let mut staging = Staging::beside(out, waiting)?;
    let previous = Manifest::read(staging.out());
    let mut published = difference(staging.out(), files, &previous)?;
    let hashes = files.par_iter().map(|(name, bytes)| (name.clone(), blake3::hash(bytes)));
    let hashes: BTreeMap<String, blake3::Hash> = hashes.collect();
    published.is_list_mended = is_mended(&previous, &published, &hashes);
    let list = manifest::text(&hashes);
    let (changed, stale) = (&published.written, &published.removed);
    let is_listed = has_content(&staging.out().join(MANIFEST), list.as_bytes());
    if !(changed.is_empty() && stale.is_empty() && is_listed) {
        let contents = files.iter().map(|(name, bytes)| (name.as_str(), &**bytes));
        let contents: Vec<(&str, &[u8])> = contents.chain([(MANIFEST, list.as_bytes())]).collect();
        staging.place(&Site { contents: &contents, changed, stale })?;
    }
    Ok((published, Replaced { staging }))
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
    staging: Staging,
}

impl Replaced {
    /// Removes the folder.
    pub fn clear(&self) {
        self.staging.remove();
    }
}

/// What publishing would do. Nothing is written.
///
/// # Errors
///
/// If a file of the site, or its folder, would replace something that we did not write.
pub fn compare(out: &Path, files: &BTreeMap<String, Arc<[u8]>>) -> Result<Published, PublishError> {
    refuse_file(out)?;
    difference(out, files, &Manifest::read(out))
}

fn difference(
    out: &Path,
    files: &BTreeMap<String, Arc<[u8]>>,
    previous: &Manifest,
) -> Result<Published, PublishError> {
    let changed = files.par_iter().filter(|(name, bytes)| !has_content(&out.join(name), bytes));
    let mut published =
        Published { written: changed.map(|(name, _)| name.clone()).collect(), ..Published::default() };
    published.written.sort();
    published.unchanged = files.len() - published.written.len();
    for (name, hash) in previous.hashes.iter().filter(|(name, _)| !files.contains_key(*name)) {
        match fs::read(out.join(name)) {
            Ok(bytes) if blake3::hash(&bytes) == *hash => published.removed.push(name.clone()),
            Ok(_) => published.kept.push(name.clone()),
            Err(_) => {}
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
mod tests {
    use super::*;

    fn site(files: &[(&str, &str)]) -> BTreeMap<String, Arc<[u8]>> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into())).collect()
    }

    fn counts(published: &Published) -> (usize, usize, usize) {
        (published.written.len(), published.unchanged, published.removed.len())
    }

    /// Publishes, and removes what was replaced.
    fn publish(out: &Path, files: &BTreeMap<String, Arc<[u8]>>) -> Result<Published, PublishError> {
        super::publish(out, files, || ()).map(|(published, _)| published)
    }

    fn place_each(out: &Path, site: &Site<'_>) -> Result<(), FileError> {
        Staging::beside(out, || ()).unwrap().place_each(site)
    }

    fn names(out: &Path) -> Vec<String> {
        let files = WalkDir::new(out).min_depth(1).sort_by_file_name().into_iter();
        files.map(|entry| slashed(entry.unwrap().path().strip_prefix(out).unwrap()).unwrap()).collect()
    }

    #[test]
    fn a_site_replaces_the_last_one_and_leaves_what_others_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        let first =
            publish(&out, &site(&[("index.html", "1"), ("a/index.html", "a"), ("b/x.png", "b")])).unwrap();
        assert_eq!(counts(&first), (3, 0, 0));
        fs::write(out.join("CNAME"), "example.org").unwrap();
        fs::create_dir_all(out.join("a/mine")).unwrap();
        fs::write(out.join("a/mine/notes.txt"), "mine").unwrap();
        let second = publish(&out, &site(&[("index.html", "2"), ("a/index.html", "a")])).unwrap();
        assert_eq!(counts(&second), (1, 1, 1));
        assert_eq!(
            names(&out),
            [MANIFEST, "CNAME", "a", "a/index.html", "a/mine", "a/mine/notes.txt", "index.html"]
        );
        assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
        assert_eq!(names(folder.path())[0], "public", "no staging folder is left");
        let third = publish(&out, &site(&[("index.html", "2"), ("a/index.html", "a")])).unwrap();
        assert_eq!(counts(&third), (0, 2, 0));
    }

    #[test]
    fn files_can_be_replaced_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        publish(&out, &site(&[("index.html", "1"), ("a/index.html", "a"), ("b/x.png", "b")])).unwrap();
        fs::write(out.join("a/notes.txt"), "mine").unwrap();
        let contents: [(&str, &[u8]); 2] = [("index.html", b"2"), ("c/index.html", b"c")];
        let stale = ["a/index.html".to_owned(), "b/x.png".to_owned()];
        place_each(&out, &Site { contents: &contents, changed: &[], stale: &stale }).unwrap();
        assert_eq!(names(&out), [MANIFEST, "a", "a/notes.txt", "c", "c/index.html", "index.html"]);
        assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    }

    #[test]
    fn files_that_were_replaced_before_a_failure_are_ours() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        publish(&out, &site(&[("index.html", "1"), ("old.html", "o")])).unwrap();
        fs::create_dir_all(out.join("c/a folder where a file should be")).unwrap();
        let contents: [(&str, &[u8]); 3] = [("a.html", b"a"), ("c", b"c"), (MANIFEST, b"")];
        let stale = ["old.html".to_owned()];
        place_each(&out, &Site { contents: &contents, changed: &[], stale: &stale }).unwrap_err();
        assert_eq!(fs::read_to_string(out.join("a.html")).unwrap(), "a");
        fs::remove_dir_all(out.join("c")).unwrap();
        let published = publish(&out, &site(&[("a.html", "another"), ("index.html", "1")])).unwrap();
        assert_eq!(
            (published.written, published.removed),
            (vec!["a.html".to_owned()], vec!["old.html".to_owned()])
        );
    }

    #[test]
    fn a_foreign_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "mine").unwrap();
        let error = publish(folder.path(), &site(&[("index.html", "ours"), ("a.html", "a")])).unwrap_err();
        assert!(matches!(error, PublishError::Foreign { .. }));
        assert_eq!(names(folder.path()), ["index.html"]);
        assert_eq!(fs::read_to_string(folder.path().join("index.html")).unwrap(), "mine");
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        fs::write(&out, "mine").unwrap();
        let error = publish(&out, &site(&[("index.html", "ours")])).unwrap_err();
        assert!(matches!(error, PublishError::NoFolder { .. }));
        assert_eq!(
            (names(folder.path()), fs::read_to_string(&out).unwrap()),
            (vec!["public".into()], "mine".into())
        );
    }

    #[test]
    fn a_changed_file_of_an_earlier_build_is_not_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        publish(&out, &site(&[("index.html", "1"), ("a.html", "a")])).unwrap();
        fs::write(out.join("a.html"), "edited").unwrap();
        let published = publish(&out, &site(&[("index.html", "1")])).unwrap();
        assert_eq!((published.removed, published.kept), (vec![], vec!["a.html".to_owned()]));
        assert!(out.join("a.html").exists());
    }

    #[test]
    fn a_manifest_cannot_name_what_lies_outside() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        fs::create_dir(&out).unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "v").unwrap();
        let hash = blake3::hash(b"v");
        let lines = format!("{hash}  ../victim\n{hash}  {}\nnonsense\n", victim.display());
        fs::write(out.join(MANIFEST), lines).unwrap();
        publish(&out, &site(&[("index.html", "1")])).unwrap();
        assert!(victim.exists());
    }
}
