//! Files: what is read from and written to disk, with every error naming its path.

pub mod change;
mod lock;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use walkdir::{DirEntry, WalkDir};

use crate::diagnostic::{Diagnostic, SourceFile};

pub use lock::FolderLock;

/// A file that could not be read or written.
#[derive(Debug)]
pub struct FileError {
    pub path: PathBuf,
    /// What was tried: `read`, `write`.
    pub verb: &'static str,
    pub error: io::Error,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.verb, self.path.display(), self.error)
    }
}

impl std::error::Error for FileError {}

/// Names the path of an I/O error.
pub fn at<T>(path: &Path, verb: &'static str, result: io::Result<T>) -> Result<T, FileError> {
    result.map_err(|error| FileError { path: path.to_owned(), verb, error })
}

/// What is in a plain file of no more than so many bytes. What is none is not opened: a pipe may never end, and a link may lead
/// anywhere.
pub fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let metadata = path.symlink_metadata()?;
    if !metadata.is_file() {
        return Err(no_plain_file());
    }
    if metadata.len() > most { Err(io::Error::other("it is too large")) } else { fs::read(path) }
}

fn no_plain_file() -> io::Error {
    io::Error::other("it is no plain file")
}

/// What was met in a folder, or an error that names the part of it that could not be read.
pub fn walked(folder: &Path, entry: walkdir::Result<DirEntry>) -> Result<DirEntry, FileError> {
    entry.map_err(|error| {
        let path = error.path().unwrap_or(folder).to_owned();
        let told = error.to_string();
        let error = error.into_io_error().unwrap_or_else(|| io::Error::other(told));
        FileError { path, verb: "read", error }
    })
}

/// More than any text that a person writes.
const MAX_TEXT: u64 = 16 << 20;

/// More than all texts of a folder: what follows is not read.
const MAX_TEXTS: u64 = 64 << 20;

/// More than any host of static sites takes.
const MAX_PLAIN: u64 = 100 << 20;

/// What tells whether a file is still the one that was written, without reading it: its number on the disk, its size, and when
/// its content and its description changed last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub length: u64,
    number: (u64, u64),
    changed: [(i64, i64); 2],
}

impl Stamp {
    /// That of a plain file; `None` where there is none, or where the system tells too little.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            length: metadata.len(),
            number: (metadata.dev(), metadata.ino()),
            changed: [(metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec())],
        })
    }

    /// Whether the file is the same, and its content has not changed, but for whoever gives it back the time of its last change.
    pub fn has_content_of(&self, other: &Self) -> bool {
        let [changed, _] = self.changed;
        (self.length, self.number, changed) == (other.length, other.number, other.changed[0])
    }

    /// Everything that it tells.
    pub fn bytes(&self) -> [u8; 56] {
        let [(content, content_part), (description, description_part)] = self.changed;
        let unsigned = [self.length, self.number.0, self.number.1].map(u64::to_le_bytes);
        let signed = [content, content_part, description, description_part].map(i64::to_le_bytes);
        let mut bytes = [0; 56];
        let parts = unsigned.iter().chain(&signed);
        bytes.chunks_exact_mut(8).zip(parts).for_each(|(to, part)| to.copy_from_slice(part));
        bytes
    }

    /// When content or description changed last, by the file system's clock.
    pub fn changed(&self) -> SystemTime {
        let [_, (seconds, nanoseconds)] = self.changed;
        let part = |number: i64| u64::try_from(number).unwrap_or(0);
        UNIX_EPOCH + Duration::from_secs(part(seconds)) + Duration::from_nanos(part(nanoseconds))
    }

    /// Whether the file system's clock seems to count whole seconds.
    pub fn is_coarse(&self) -> bool {
        self.changed.iter().all(|(_, nanoseconds)| *nanoseconds == 0)
    }

    /// That of a plain file; `None` where there is none, or where the system tells too little.
    #[cfg(not(unix))]
    pub fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// A text file found below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Relative to the folder, with `/` between its parts: the same wherever the folder lies.
    pub name: String,
    pub file: Arc<SourceFile>,
}

/// Something below a folder that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub path: String,
    /// What is wrong, in a sentence that names the path.
    pub message: String,
}

impl Unreadable {
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.message.clone(), None)
    }
}

/// Where links in a folder may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Anywhere.
    Followed,
    /// Not out of the folder: what is read becomes part of pages, and a link that came with a project of somebody else's could
    /// show the world any file of this machine.
    Inside,
}

/// Every text file below a folder whose extension is one of `extensions`, in letters of any case, sorted by name; hidden files, and files in
/// hidden folders, are left out. With them, what could not be read: a folder that is missing, files that are not UTF-8.
pub fn text_files(folder: &Path, extensions: &[&str], links: Links) -> (Vec<TextFile>, Vec<Unreadable>) {
    let is_wanted = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension
            .is_some_and(|extension| extensions.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted)))
    };
    let mut files = Vec::new();
    let mut left = MAX_TEXTS;
    let found = visit(folder, links, is_wanted, |name, path| {
        let shown = slashed(path).unwrap_or_else(|| name.clone());
        let text = read_text(path, MAX_TEXT.min(left))?;
        left -= text.len() as u64;
        files.push(TextFile { name, file: Arc::new(SourceFile { path: shown, text }) });
        Ok(())
    });
    // Names sort alike on every platform, folders among files.
    files.sort_by(|a, b| a.name.cmp(&b.name));
    (files, found)
}

/// The bytes of every file below a folder by its name relative to it, hidden ones left out; with them, what could not be
/// read, and links that lead out of the folder.
pub fn plain_files(folder: &Path) -> (BTreeMap<String, Arc<[u8]>>, Vec<Unreadable>) {
    let mut files = BTreeMap::new();
    let found = visit(
        folder,
        Links::Inside,
        |_| true,
        |name, path| {
            files.insert(name, read_limited(path, MAX_PLAIN)?.into());
            Ok(())
        },
    );
    (files, found)
}

/// Calls `take` with the name (relative, with `/`) and the path of every wanted file below a folder that is not hidden, and
/// collects what went wrong.
fn visit(
    folder: &Path,
    links: Links,
    is_wanted: impl Fn(&Path) -> bool,
    mut take: impl FnMut(String, &Path) -> Result<(), String>,
) -> Vec<Unreadable> {
    let mut found = Vec::new();
    let mut fault = |path: &Path, message: String| {
        let path = slashed(path).unwrap_or_else(|| path.display().to_string());
        found.push(Unreadable { path, message });
    };
    let is_hidden = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        // The one hidden name that the web gives a meaning (RFC 8615).
        path != folder && name.is_some_and(|name| name.starts_with('.') && name != ".well-known")
    };
    if folder.is_file() {
        fault(folder, format!("{} is a file and no folder", folder.display()));
        return found;
    }
    let root = resolved(folder);
    // They are not followed, wherever they are met.
    let outside: RefCell<Vec<PathBuf>> = RefCell::new(Vec::new());
    let leads_out = |entry: &DirEntry| {
        let path = entry.path();
        let is_out = links == Links::Inside
            && path != folder
            && entry.path_is_symlink()
            && !resolved(path).starts_with(&root);
        if is_out {
            outside.borrow_mut().push(path.to_owned());
        }
        is_out
    };
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !is_hidden(entry.path()) && !leads_out(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder);
                // A link that leads nowhere is as good as its name: Emacs locks `a.yaml` by one called `.#a.yaml`.
                let is_lost_link = path.is_symlink() && error.loop_ancestor().is_none();
                if is_hidden(path)
                    || (is_lost_link && path != folder && !is_wanted(path))
                    || is_gone(path, folder)
                {
                    continue;
                }
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                fault(path, format!("cannot read {}: {reason}", path.display()));
                continue;
            }
        };
        let path = entry.path();
        if entry.file_type().is_dir() || !is_wanted(path) {
            continue;
        }
        if !entry.file_type().is_file() {
            // Such as a pipe, which may never end.
            fault(path, format!("cannot read {}: it is no plain file", path.display()));
            continue;
        }
        match slashed(path.strip_prefix(folder).unwrap_or(path)) {
            Some(name) => match take(name, path) {
                Err(reason) if !is_gone(path, folder) => {
                    fault(path, format!("cannot read {}: {reason}", path.display()));
                }
                _ => {}
            },
            None => fault(path, format!("the name of {} is not valid Unicode", path.display())),
        }
    }
    for path in outside.into_inner() {
        let message = format!(
            "cannot read {}: it is a link that leads out of {}; copy there what is meant",
            path.display(),
            folder.display()
        );
        fault(&path, message);
    }
    found
}

/// Whether something below a folder was there when the folder was listed, and no longer is.
fn is_gone(path: &Path, folder: &Path) -> bool {
    path != folder && path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The path without links and without steps back, as far as there is something there: two that lead to one place are equal.
pub fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = absolute.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
    match found {
        Some((ancestor, real)) => match absolute.strip_prefix(ancestor) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => absolute,
    }
}

/// The path with `/` between its parts, whatever the platform's separator is.
pub fn slashed(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { text.to_owned() } else { text.replace('\\', "/") })
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    // The size is only a guess: it may have changed since, and files of the system have none.
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(match limit {
            MAX_TEXT | MAX_PLAIN => format!("it is larger than {} MB", limit >> 20),
            _ => format!("with it, the texts of the folder are larger than {} MB", MAX_TEXTS >> 20),
        });
    }
    Ok(bytes)
}

fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    let bytes = read_limited(path, limit)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|&byte| byte == b'\n').count();
        format!("it is not UTF-8 text (line {line})")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_nowhere_matter_only_where_a_text_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.yaml"), "a").unwrap();
        // The lock of an editor, and something that is no spec.
        symlink("somebody@host.1234:5678", path(".#a.yaml")).unwrap();
        symlink("nowhere", path("notes.txt")).unwrap();
        let (texts, unreadable) = text_files(folder.path(), &["yaml"], Links::Followed);
        assert_eq!((texts.len(), unreadable), (1, vec![]));
        symlink("nowhere", path("b.yaml")).unwrap();
        symlink(".", path("again")).unwrap();
        let (texts, unreadable) = text_files(folder.path(), &["yaml"], Links::Followed);
        let paths: Vec<&str> = unreadable.iter().map(|it| it.path.rsplit('/').next().unwrap()).collect();
        assert_eq!((texts.len(), paths), (1, vec!["again", "b.yaml"]));
    }

    #[test]
    fn links_out_of_a_folder_are_not_read_where_they_could_be_shown() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.html"), "s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("sub")).unwrap();
        fs::write(path("sub/a.html"), "a").unwrap();
        symlink("sub/a.html", path("b.html")).unwrap();
        symlink(outside.path().join("secret.html"), path("c.html")).unwrap();
        symlink(outside.path(), path("d")).unwrap();
        let names = |texts: &[TextFile]| texts.iter().map(|text| text.name.clone()).collect::<Vec<_>>();
        let (texts, unreadable) = text_files(folder.path(), &["html"], Links::Inside);
        assert_eq!(names(&texts), ["b.html", "sub/a.html"]);
        let leading_out = unreadable.iter().filter(|it| it.message.contains("leads out of")).count();
        assert_eq!(leading_out, 2, "{unreadable:?}");
        let (statics, unreadable) = plain_files(folder.path());
        assert_eq!(statics.keys().collect::<Vec<_>>(), ["b.html", "sub/a.html"]);
        assert!(unreadable.iter().any(|it| it.path.ends_with("c.html")), "{unreadable:?}");
    }
}
