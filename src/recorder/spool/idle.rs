use super::SpoolFile;
use super::file::{number, pragma};
use super::write::reserve_bytes;
use crate::error::Error;

impl SpoolFile {
    /// Free pages that stay in the file: half a megabyte.
    const KEPT_PAGES: u64 = 64;
    /// How many are given back at a time.
    const STEP_PAGES: u64 = 256;

    /// Takes what was confirmed out of the file, and makes everything durable.
    ///
    /// # Errors
    ///
    /// The same call may be made again.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if !self.confirmed.is_empty() {
            self.write(|_| Ok(()))?;
        }
        self.mend(|spool| match &spool.db {
            // The log is written to the disk, then the file.
            Some(db) => pragma(db, "wal_checkpoint", "FULL"),
            None => Ok(()),
        })?;
        self.lay_reserve();
        Ok(())
    }

    /// Lays bytes by for a full disk, where they were used.
    pub(super) fn lay_reserve(&self) {
        self.folder
            .lay_reserve(reserve_bytes(self.settings.max_bytes));
    }

    /// Does a little of what can wait: takes out what was confirmed, and gives room back to the disk. Returns whether there is more to do.
    ///
    /// # Errors
    ///
    /// The same call may be made again.
    pub(crate) fn idle(&mut self) -> Result<bool, Error> {
        if !self.confirmed.is_empty() {
            self.write(|_| Ok(()))?;
        }
        let more = self.mend(|spool| {
            let Some(db) = &spool.db else {
                return Ok(false);
            };
            let free = number(db, "PRAGMA freelist_count")?;
            if free > Self::KEPT_PAGES {
                let pages = (free - Self::KEPT_PAGES).min(Self::STEP_PAGES);
                // Takes a page with each row that it is asked for.
                db.execute_batch(&format!("PRAGMA incremental_vacuum({pages})"))?;
                return Ok(true);
            }
            spool.lay_reserve();
            if spool.has_log() {
                // The file shrinks with it.
                pragma(db, "wal_checkpoint", "TRUNCATE")?;
            }
            Ok(false)
        })?;
        Ok(more)
    }

    /// Tells whether there is a log to move into the file.
    fn has_log(&self) -> bool {
        std::fs::metadata(self.folder.log()).is_ok_and(|it| it.len() > 0)
    }

    /// Flushes, and gives the folder back.
    ///
    /// # Errors
    ///
    /// The folder is given back even so.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        self.flush()
    }
}
