//! The folder: its lock, and the names in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::fault::{Fault, cannot, in_use};
use super::file;
use crate::error::Error;

/// A folder that this process alone uses, until the value is dropped or the process ends, however it ends.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where there is none, and takes its lock.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        const FAILED: &str = "the spool's folder cannot be used";
        let path = std::path::absolute(path).map_err(|cause| cannot(FAILED, cause))?;
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&path)
            .map_err(|cause| cannot(FAILED, cause))?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Never removed: whoever waits for the name would lock another file.
        let lock = options
            .open(path.join("lock"))
            .map_err(|cause| cannot(FAILED, cause))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(cause)) => Err(cannot(
                "the spool's folder cannot be locked; give it a folder on a local disk",
                cause,
            )),
        }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path.join("spool.db")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("spool.db-wal")
    }

    /// What is being made; of no worth when it is found.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.path.join("unfinished.db")
    }

    /// Returns how many bytes the spool takes on the disk.
    pub(super) fn bytes(&self) -> u64 {
        [self.file(), self.log()]
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|it| it.len())
            .sum()
    }

    /// Makes an empty file, if there is none.
    pub(super) fn settle(&self) -> Result<(), Fault> {
        remove(&self.unfinished())?;
        if !self.file().try_exists()? {
            file::make(&self.unfinished(), |db| {
                super::state::State::new().write(db)
            })?;
            fs::rename(self.unfinished(), self.file())?;
            remove(&self.unfinished())?;
            file::sync_folder(&self.path)?;
        }
        Ok(())
    }
}

/// Removes a file with what SQLite puts beside it, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Fault> {
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(name) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause.into()),
            _ => {}
        }
    }
    Ok(())
}
