use super::SpoolFile;
use super::file::pragma;
use crate::error::Error;

impl SpoolFile {
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
        })
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
