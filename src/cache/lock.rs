//! One build at a time for one cache.

use std::fs::{self, File, TryLockError};

use super::Cache;
use crate::fs::{FileError, at};

/// Held while a build runs; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Cache {
    /// Takes the cache's lock, after calling `waiting` if another process holds it.
    pub fn lock(&self, waiting: impl FnOnce()) -> Result<Lock, FileError> {
        at(self.root(), "create", fs::create_dir_all(self.root()))?;
        let path = self.root().join("lock");
        let file = at(&path, "open", File::options().create(true).append(true).open(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                at(&path, "lock", file.lock())?;
            }
            // A file system without locks, such as some network mounts: entries are written whole there too, so two builds
            // at once do double work and no harm.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Lock { _file: file })
    }
}
