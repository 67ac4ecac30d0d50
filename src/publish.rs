//! The output folder: the finished site takes the place of the last one, whole, and what others put there stays.
//!
//! `.manifest.b3` in the folder lists what we wrote, with BLAKE3 hashes (as `b3sum` writes them). A file that it does not
//! list, or that has been changed since, is never deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

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

/// Puts `files` (contents by path relative to the folder, with `/` between its parts) in place of what was published
/// before.
///
/// Everything is first laid out in a folder beside `out`; then the two change places. Where the platform cannot exchange
/// folders, or `out` is a mount point, each file takes its place by itself.
///
/// What was replaced is removed when it is dropped, which takes longer than all the rest and can wait.
pub fn publish(
    out: &Path,
    files: &BTreeMap<String, Arc<[u8]>>,
) -> Result<(Published, Replaced), PublishError> {
    let published = compare(out, files)?;
    // A link to a folder keeps pointing where it points: what changes is the folder.
    let out = &fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let staging = Staging::beside(out)?;
    let hashes = files.par_iter().map(|(name, bytes)| (name.clone(), blake3::hash(bytes)));
    let hashes: BTreeMap<String, blake3::Hash> = hashes.collect();
    let manifest = manifest(&hashes);
    let (changed, stale) = (&published.written, &published.removed);
    if changed.is_empty() && stale.is_empty() && has_content(&out.join(MANIFEST), manifest.as_bytes()) {
        return Ok((published, Replaced { _staging: staging }));
    }
    let contents = files.iter().map(|(name, bytes)| (name.as_str(), &**bytes));
    let contents: Vec<(&str, &[u8])> = contents.chain([(MANIFEST, manifest.as_bytes())]).collect();
    match lay_out(&staging, out, &contents, changed, stale) {
        Ok(()) => swap(&staging, out, &contents, stale)?,
        // Nothing can be laid out beside a mount point whose parent is not ours.
        Err(_) if out.exists() => replace_each(out, &contents, stale)?,
        Err(error) => return Err(error.into()),
    }
    Ok((published, Replaced { _staging: staging }))
}

/// The folder that was exchanged for the new one.
pub struct Replaced {
    _staging: Staging,
}

/// What publishing would do. Nothing is written.
///
/// # Errors
///
/// If a file of the site, or its folder, would replace something that we did not write.
pub fn compare(out: &Path, files: &BTreeMap<String, Arc<[u8]>>) -> Result<Published, PublishError> {
    refuse_file(out)?;
    let previous = read_manifest(out);
    let changed = files.par_iter().filter(|(name, bytes)| !has_content(&out.join(name), bytes));
    let mut published =
        Published { written: changed.map(|(name, _)| name.clone()).collect(), ..Published::default() };
    published.written.sort();
    published.unchanged = files.len() - published.written.len();
    for name in &published.written {
        let path = out.join(name);
        if path.symlink_metadata().is_ok() && !previous.contains_key(name) {
            return Err(PublishError::Foreign { path });
        }
    }
    for (name, hash) in previous.iter().filter(|(name, _)| !files.contains_key(*name)) {
        match fs::read(out.join(name)) {
            Ok(bytes) if blake3::hash(&bytes) == *hash => published.removed.push(name.clone()),
            Ok(_) => published.kept.push(name.clone()),
            Err(_) => {}
        }
    }
    Ok(published)
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
    path: PathBuf,
}

impl Staging {
    /// Beside the output folder, so that both are on one file system. What a killed build left there is removed: it holds
    /// nothing that is not in the output folder too.
    fn beside(out: &Path) -> Result<Self, FileError> {
        let name = out.file_name().and_then(|name| name.to_str()).unwrap_or("site");
        let path = out.with_file_name(format!(".{name}.actfn-site-staging"));
        let staging = Self { path };
        staging.remove();
        Ok(staging)
    }

    fn remove(&self) {
        // What cannot be removed now is removed by the next build.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Lays the whole folder out: the site's files, and those of others that were in `out`.
fn lay_out(
    staging: &Staging,
    out: &Path,
    contents: &[(&str, &[u8])],
    changed: &[String],
    stale: &[String],
) -> Result<(), FileError> {
    let parent = staging.path.parent().unwrap_or(Path::new("."));
    at(parent, "create", fs::create_dir_all(parent))?;
    at(&staging.path, "create", fs::create_dir(&staging.path))?;
    let folders: BTreeSet<&str> =
        contents.iter().filter_map(|(name, _)| Some(name.rsplit_once('/')?.0)).collect();
    for folder in folders {
        let path = staging.path.join(folder);
        at(&path, "create", fs::create_dir_all(&path))?;
    }
    contents.par_iter().try_for_each(|(name, bytes)| {
        let path = staging.path.join(name);
        let is_kept =
            changed.binary_search_by(|other| other.as_str().cmp(name)).is_err() && *name != MANIFEST;
        if is_kept && fs::hard_link(out.join(name), &path).is_ok() {
            return Ok(());
        }
        at(&path, "write", fs::write(&path, bytes))
    })?;
    if !out.exists() {
        return Ok(());
    }
    let ours: BTreeSet<&str> =
        contents.iter().map(|(name, _)| *name).chain(stale.iter().map(String::as_str)).collect();
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

/// Puts the laid-out folder in the place of the output folder.
fn swap(
    staging: &Staging,
    out: &Path,
    contents: &[(&str, &[u8])],
    stale: &[String],
) -> Result<(), FileError> {
    if !out.exists() {
        return at(out, "create", fs::rename(&staging.path, out));
    }
    if exchange(&staging.path, out).is_ok() {
        return rescue(staging, out, contents, stale);
    }
    replace_each(out, contents, stale)
}

/// Puts every file that has changed in its place, one by one, and removes what has gone.
fn replace_each(out: &Path, contents: &[(&str, &[u8])], stale: &[String]) -> Result<(), FileError> {
    // What is written before something goes wrong has to be known as ours afterwards.
    let mut listed = read_manifest(out);
    listed.extend(contents.iter().map(|(name, bytes)| ((*name).to_owned(), blake3::hash(bytes))));
    listed.remove(MANIFEST);
    write_atomic(&out.join(MANIFEST), manifest(&listed).as_bytes())?;
    for (name, bytes) in contents {
        let path = out.join(name);
        if !has_content(&path, bytes) {
            write_atomic(&path, bytes)?;
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
    Ok(())
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
fn rescue(
    staging: &Staging,
    out: &Path,
    contents: &[(&str, &[u8])],
    stale: &[String],
) -> Result<(), FileError> {
    let ours: BTreeSet<&str> =
        contents.iter().map(|(name, _)| *name).chain(stale.iter().map(String::as_str)).collect();
    for entry in WalkDir::new(&staging.path).min_depth(1) {
        let entry = at(&staging.path, "read", entry.map_err(io::Error::from))?;
        let Ok(relative) = entry.path().strip_prefix(&staging.path) else { continue };
        let is_ours = slashed(relative).is_some_and(|name| ours.contains(name.as_str()));
        let new = out.join(relative);
        if !is_ours && !entry.file_type().is_dir() && new.symlink_metadata().is_err() {
            take_over(entry.path(), &new)?;
        }
    }
    Ok(())
}

fn manifest(hashes: &BTreeMap<String, blake3::Hash>) -> String {
    hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}

/// The files that the last build left in a folder, with the hashes of their contents.
pub fn listed(out: &Path) -> BTreeMap<String, blake3::Hash> {
    read_manifest(out)
}

/// What an earlier build wrote. Lines that name anything but a plain path inside the folder are ignored: the file may have
/// been edited by anyone.
fn read_manifest(out: &Path) -> BTreeMap<String, blake3::Hash> {
    let text = fs::read_to_string(out.join(MANIFEST)).unwrap_or_default();
    let line = |line: &str| {
        let (hash, name) = line.split_once("  ")?;
        let is_inside =
            !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        is_inside.then_some((name.to_owned(), blake3::Hash::from_hex(hash).ok()?))
    };
    text.lines().filter_map(line).collect()
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
        super::publish(out, files).map(|(published, _)| published)
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
        replace_each(&out, &contents, &["a/index.html".to_owned(), "b/x.png".to_owned()]).unwrap();
        assert_eq!(names(&out), [MANIFEST, "a", "a/notes.txt", "c", "c/index.html", "index.html"]);
        assert_eq!(fs::read_to_string(out.join("index.html")).unwrap(), "2");
    }

    #[test]
    fn files_that_were_replaced_before_a_failure_are_ours() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("public");
        publish(&out, &site(&[("index.html", "1"), ("old.html", "o")])).unwrap();
        fs::write(out.join("c"), "a file where a folder should be").unwrap();
        let contents: [(&str, &[u8]); 3] = [("a.html", b"a"), ("c/index.html", b"c"), (MANIFEST, b"")];
        replace_each(&out, &contents, &["old.html".to_owned()]).unwrap_err();
        fs::remove_file(out.join("c")).unwrap();
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
