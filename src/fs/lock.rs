//! One process at a time for what lies in a folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Held by one process at a time; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct FolderLock {
    /// `None` where the file system knows no locks.
    file: Option<File>,
}

impl FolderLock {
    /// Locks an open file or folder, after calling `waiting` if another process holds it.
    pub fn of(file: File, waiting: impl FnOnce()) -> io::Result<Self> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock()?;
            }
            // A file system without locks, such as some network mounts.
            Err(TryLockError::Error(_)) => return Ok(Self { file: None }),
        }
        Ok(Self { file: Some(file) })
    }

    /// Locks a folder itself, which leaves no file behind; where the system cannot, nothing is locked.
    pub fn of_folder(folder: &Path, waiting: impl FnOnce()) -> io::Result<Self> {
        match File::open(folder) {
            Ok(file) => Self::of(file, waiting),
            Err(_) => Ok(Self { file: None }),
        }
    }

    /// Whether no other process holds the lock; `false` also where there are no locks.
    pub fn is_held(&self) -> bool {
        self.file.is_some()
    }
}
