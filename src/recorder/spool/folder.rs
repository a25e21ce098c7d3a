//! The folder: its lock, and the names in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::fault::{Fault, cannot, in_use};
use super::file;
use super::state::State;
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
        log_of(&self.file())
    }

    /// What is being made; of no worth when it is found.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.path.join("unfinished.db")
    }

    /// Returns how many bytes the spool takes on the disk.
    pub(super) fn bytes(&self) -> u64 {
        bytes(&self.file()) + bytes(&self.log()) + bytes(&self.reserve())
    }

    /// Makes an empty file, if there is none, and ends what an earlier life has begun.
    pub(super) fn settle(&self, max_bytes: u64) -> Result<(), Fault> {
        if self.heir().try_exists()? {
            self.inherit(max_bytes)?;
        }
        remove(&self.unfinished())?;
        if !self.file().try_exists()? && !self.log().try_exists()? {
            file::make(&self.unfinished(), |db| State::new().write(db))?;
            fs::rename(self.unfinished(), self.file())?;
            remove(&self.unfinished())?;
            file::sync_folder(&self.path)?;
        }
        Ok(())
    }

    /// What was rescued, complete, until it takes the place of the file.
    fn heir(&self) -> PathBuf {
        self.path.join("rescued.db")
    }

    fn damaged(&self, number: u8) -> PathBuf {
        self.path.join(format!("damaged-{number}.db"))
    }

    /// Says that what was rescued is complete.
    pub(super) fn declare(&self) -> Result<(), Fault> {
        fs::rename(self.unfinished(), self.heir())?;
        remove(&self.unfinished())?;
        file::sync_folder(&self.path)
    }

    /// Puts what was rescued in the place of the file, which is kept beside it with its log. Goes on where it was stopped.
    pub(super) fn inherit(&self, max_bytes: u64) -> Result<(), Fault> {
        if self.file().try_exists()? {
            remove(&self.damaged(2))?;
            rename(&self.damaged(1), &self.damaged(2))?;
            rename(&log_of(&self.damaged(1)), &log_of(&self.damaged(2)))?;
            rename(&self.file(), &self.damaged(1))?;
        }
        // A log of another file must not be beside the new one.
        rename(&self.log(), &log_of(&self.damaged(1)))?;
        fs::rename(self.heir(), self.file())?;
        file::sync_folder(&self.path)?;
        for number in [2, 1] {
            let kept =
                [1, 2].map(|it| bytes(&self.damaged(it)) + bytes(&log_of(&self.damaged(it))));
            if kept.iter().sum::<u64>() > max_bytes {
                remove(&self.damaged(number))?;
            }
        }
        Ok(())
    }

    fn reserve(&self) -> PathBuf {
        self.path.join("reserve")
    }

    /// Lays bytes by for when the disk is full, if it is not. A spool works without.
    pub(super) fn lay_reserve(&self, bytes: u64) {
        if self::bytes(&self.reserve()) < bytes && self.fill_reserve(bytes).is_err() {
            let _ = fs::remove_file(self.reserve());
        }
    }

    fn fill_reserve(&self, bytes: u64) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.reserve())?;
        // Written, since a hole takes no room.
        std::io::copy(&mut std::io::repeat(0).take(bytes), &mut &file).map(drop)
    }

    pub(super) fn free_reserve(&self) -> Result<(), Fault> {
        remove(&self.reserve())
    }

    /// Removes the file, its log first: a log alone would be taken for one that has lost its file.
    pub(super) fn remove_file(&self) -> Result<(), Fault> {
        remove(&self.log())?;
        remove(&self.file())
    }

    /// Makes room: removes the reserve, and the damaged files that were kept.
    pub(super) fn make_room(&self) -> Result<(), Fault> {
        self.free_reserve()?;
        [1, 2].iter().try_for_each(|it| remove(&self.damaged(*it)))
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |it| it.len())
}

/// Renames a file, if it is there.
fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    match fs::rename(from, to) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause.into()),
        _ => Ok(()),
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
