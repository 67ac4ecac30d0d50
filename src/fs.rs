//! Files: what is read from and written to disk, with every error naming its path.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::diagnostic::{Diagnostic, SourceFile};

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

/// More than any text that a person writes.
const MAX_TEXT: u64 = 16 << 20;

/// A text file found below a folder.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Relative to the folder, with `/` between its parts: the same wherever the folder lies.
    pub name: String,
    pub file: Arc<SourceFile>,
}

/// Every text file below a folder whose extension is one of `extensions`, sorted by name; hidden files, and files in
/// hidden folders, are left out. With them, what could not be read: a folder that is missing, files that are not UTF-8.
pub fn text_files(folder: &Path, extensions: &[&str]) -> (Vec<TextFile>, Vec<Diagnostic>) {
    let mut files = Vec::new();
    let mut found = Vec::new();
    let is_hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !is_hidden(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder).display().to_string();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                found.push(Diagnostic::error(format!("cannot read {path}: {reason}"), None));
                continue;
            }
        };
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        if !entry.file_type().is_file() || !extension.is_some_and(|extension| extensions.contains(&extension))
        {
            continue;
        }
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        match (slashed(name), slashed(entry.path()), read_text(entry.path())) {
            (Some(name), Some(path), Ok(text)) => {
                files.push(TextFile { name, file: Arc::new(SourceFile { path, text }) });
            }
            (_, _, Err(reason)) => {
                found.push(Diagnostic::error(
                    format!("cannot read {}: {reason}", entry.path().display()),
                    None,
                ));
            }
            _ => {
                let message = format!("the name of {} is not valid Unicode", entry.path().display());
                found.push(Diagnostic::error(message, None));
            }
        }
    }
    // Names sort alike on every platform, folders among files.
    files.sort_by(|a, b| a.name.cmp(&b.name));
    (files, found)
}

/// The path with `/` between its parts, whatever the platform's separator is.
pub fn slashed(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { text.to_owned() } else { text.replace('\\', "/") })
}

fn read_text(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(format!("it is larger than {} MB", MAX_TEXT >> 20));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|&byte| byte == b'\n').count();
        format!("it is not UTF-8 text (line {line})")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Writes a file whole or not at all: to a temporary file beside it, which then takes its name. Makes missing folders.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    at(folder, "create", fs::create_dir_all(folder))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".actfn-site-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = at(path, "write", builder.tempfile_in(folder))?;
    at(path, "write", file.write_all(bytes))?;
    at(path, "write", file.persist(path).map_err(|error| error.error))?;
    Ok(())
}
