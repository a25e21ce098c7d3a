use std::fs::OpenOptions;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SqliteStore;
use super::pool::Pool;
use crate::error::{Error, ErrorKind};

/// Opens a [`SqliteStore`].
#[derive(Clone, Debug)]
pub struct SqliteStoreBuilder {
    path: PathBuf,
    pub(super) max_readers: usize,
    pub(super) max_cache_bytes: u64,
    pub(super) busy_timeout: Duration,
}

impl SqliteStoreBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            max_readers: 4,
            max_cache_bytes: 8 << 20,
            busy_timeout: Duration::from_secs(5),
        }
    }

    /// Says how many questions are answered at the same time, each on a connection of its own: from 1 to 64, 4 by default.
    #[must_use]
    pub fn max_readers(mut self, readers: usize) -> Self {
        self.max_readers = readers;
        self
    }

    /// Says how many bytes of pages each connection keeps in memory: from 64 KiB to 1 TiB, 8 MiB by default.
    #[must_use]
    pub fn max_cache_bytes(mut self, bytes: u64) -> Self {
        self.max_cache_bytes = bytes;
        self
    }

    /// Says how long a write waits for another process that writes: at most an hour, 5 seconds by default.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the file, makes it if there is none, and brings its schema up to date.
    ///
    /// A file that is made here can be read by its owner only, on Unix; one that was there keeps its permissions.
    ///
    /// # Errors
    ///
    /// A configuration error for a setting out of its range, and for a file that is not a database of this store; a schema error for
    /// one that a newer version has written; otherwise when the file cannot be opened.
    pub fn open(self) -> Result<SqliteStore, Error> {
        if !(1..=64).contains(&self.max_readers) {
            return Err(Error::configuration("max_readers must be from 1 to 64"));
        }
        if !(64 << 10..=1 << 40).contains(&self.max_cache_bytes) {
            return Err(Error::configuration(
                "max_cache_bytes must be from 64 KiB to 1 TiB",
            ));
        }
        if self.busy_timeout > Duration::from_secs(3600) {
            return Err(Error::configuration("busy_timeout must be at most an hour"));
        }
        // Absolute, so that neither `:memory:` nor a later change of folder means another file.
        let path = std::path::absolute(&self.path)
            .map_err(|_| Error::configuration("the path of the SQLite file is empty"))?;
        make_private(&path)?;
        let pool = Pool::open(path, &self)?;
        Ok(SqliteStore { pool })
    }
}

/// Makes the file before SQLite would, which then gives the log file and the index beside it the same permissions.
fn make_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let message = "the SQLite file cannot be made";
            Err(Error::new(ErrorKind::Storage, message).with_source(error))
        }
    }
}
