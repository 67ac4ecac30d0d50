//! One build at a time for one cache.

use super::{Cache, LAYOUT, UNFINISHED_FOLDER};
use crate::fs::change::{create_folders, create_lock, remove_all};
use crate::fs::{FileError, FolderLock, at};

impl Cache {
    /// Takes the cache's lock, after calling `waiting` if another process holds it, and removes what killed builds were
    /// writing. Where the file system knows no locks, two builds at once do double work and no harm: entries are written
    /// whole there too.
    ///
    /// # Errors
    ///
    /// If the cache cannot be written.
    pub fn lock(&self, waiting: impl FnOnce()) -> Result<FolderLock, FileError> {
        create_folders(self.root())?;
        let path = self.root().join("lock");
        let lock = at(&path, "lock", FolderLock::of(create_lock(&path)?, waiting))?;
        let unfinished = self.root().join(LAYOUT).join(UNFINISHED_FOLDER);
        if lock.is_held() && unfinished.exists() {
            // What cannot be removed is in nobody's way.
            let _ = remove_all(&unfinished);
        }
        Ok(lock)
    }
}
