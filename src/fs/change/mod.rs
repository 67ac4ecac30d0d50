//! Every change that this program makes to a disk.
//!
//! All of them go through here, so that tests can try what a kill or a full disk does at each of them (`trial`); that no other
//! file of the program changes anything, `tests/architecture.rs` sees to.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{FileError, at, no_plain_file};
use Change::{Growing, Moving};

#[cfg(test)]
pub(crate) mod trial;

#[cfg(test)]
use trial::{halves as parts, step};

/// What a change asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Space, which there may not be.
    Growing,
    /// Only that names lead elsewhere.
    Moving,
}

/// What happens before every change: nothing, but where tests try it.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "that of the tests fails")]
fn step(_: Change) -> io::Result<()> {
    Ok(())
}

/// What is written at once.
#[cfg(not(test))]
fn parts(bytes: &[u8]) -> [&[u8]; 1] {
    [bytes]
}

/// What the names of files begin with while they are being written.
pub const UNFINISHED: &str = ".actfn-site-";

/// Makes a folder and those around it, where they are missing.
pub fn create_folders(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    at(path, "create", step(Growing).and_then(|()| fs::create_dir_all(path)))
}

/// Makes a folder that must not be there yet.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    at(path, "create", step(Growing).and_then(|()| fs::create_dir(path)))
}

/// Opens a file that is there to be locked, and makes it where it is missing.
pub fn create_lock(path: &Path) -> Result<File, FileError> {
    // To open a pipe may take for ever.
    let is_other = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    let open = || {
        if is_other { Err(no_plain_file()) } else { File::options().create(true).append(true).open(path) }
    };
    at(path, "open", step(Growing).and_then(|()| open()))
}

/// Writes a file where there is none.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    at(path, "write", create_and_fill(path, bytes).map(drop))
}

/// Writes a file where there is none, and waits until the disk has it: whatever names it afterwards finds it whole, also when
/// the power has failed.
pub fn write_new_synced(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let written = create_and_fill(path, bytes).and_then(|file| {
        step(Growing)?;
        file.sync_data()
    });
    at(path, "write", written)
}

/// Writes over what is in a file. (Nothing is cut off before: some file systems then write to the disk at once.)
pub fn write_over(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || {
        step(Growing)?;
        let mut file = File::options().write(true).open(path)?;
        for part in parts(bytes) {
            step(Growing)?;
            file.write_all(part)?;
        }
        step(Moving)?;
        file.set_len(bytes.len() as u64)
    };
    at(path, "write", write())
}

fn create_and_fill(path: &Path, bytes: &[u8]) -> io::Result<File> {
    step(Growing)?;
    let mut file = File::options().write(true).create_new(true).open(path)?;
    for part in parts(bytes) {
        step(Growing)?;
        file.write_all(part)?;
    }
    Ok(file)
}

/// Writes a file whole or not at all: to another one beside it, which then takes its name. Makes missing folders.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_aside(path, bytes, path.parent().unwrap_or(Path::new(".")))
}

/// As [`write_atomic`], with the other file in the folder `aside`, on the same file system.
pub fn write_aside(path: &Path, bytes: &[u8], aside: &Path) -> Result<(), FileError> {
    create_folders(path.parent().unwrap_or(Path::new(".")))?;
    create_folders(aside)?;
    let unfinished = loop {
        let unfinished = aside.join(unfinished_name());
        match create_and_fill(&unfinished, bytes) {
            Ok(_) => break unfinished,
            // Of a killed process that had the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                // What cannot be removed now is seen as unfinished by its name.
                let _ = fs::remove_file(&unfinished);
                return at(path, "write", Err(error));
            }
        }
    };
    let renamed = step(Moving).and_then(|()| fs::rename(&unfinished, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    at(path, "write", renamed)
}

/// A name that no other thread and no other process that runs has.
fn unfinished_name() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{UNFINISHED}{}-{count}", std::process::id()).into()
}

/// Gives a file or folder another name; what had that name is replaced.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    at(to, "write", step(Moving).and_then(|()| fs::rename(from, to)))
}

/// Exchanges two folders in one step, where the system can.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    step(Moving)?;
    #[cfg(test)]
    if trial::is_without_exchange() {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// Exchanges two folders in one step, where the system can.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Gives a file a second name.
pub fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    step(Growing)?;
    fs::hard_link(from, to)
}

/// Makes a file, or a link, appear a second time: the same file where the file system can, else a copy.
pub fn duplicate(from: &Path, to: &Path) -> Result<(), FileError> {
    if hard_link(from, to).is_ok() {
        return Ok(());
    }
    #[cfg(unix)]
    if let Ok(target) = fs::read_link(from) {
        return at(to, "write", step(Growing).and_then(|()| std::os::unix::fs::symlink(target, to)));
    }
    at(to, "write", step(Growing).and_then(|()| fs::copy(from, to)).map(drop))
}

/// Gives a folder the permissions of another one.
pub fn copy_permissions(from: &Path, to: &Path) -> io::Result<()> {
    step(Moving)?;
    fs::set_permissions(to, from.metadata()?.permissions())
}

pub fn remove_file(path: &Path) -> Result<(), FileError> {
    at(path, "remove", step(Moving).and_then(|()| fs::remove_file(path)))
}

/// Removes a folder that is empty.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    step(Moving)?;
    fs::remove_dir(path)
}

/// Removes a folder with all that is in it, also where somebody has made folders in it read-only. What is no folder, such as a
/// link to one, is somebody's, and stays.
pub fn remove_all(path: &Path) -> io::Result<()> {
    if !path.symlink_metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::NotADirectory));
    }
    match remove_contents(path) {
        #[cfg(unix)]
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            use std::os::unix::fs::PermissionsExt;
            for folder in walkdir::WalkDir::new(path).into_iter().filter_map(Result::ok) {
                if folder.file_type().is_dir() {
                    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
                }
            }
            remove_contents(path)?;
        }
        removed => removed?,
    }
    remove_folder(path)
}

/// One after the other, so that tests can stop in the middle.
fn remove_contents(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        step(Moving)?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
