//! What is done about a file that is damaged: every row that is sound is carried over into a new one, and the old one is put aside.
//!
//! Rows are looked for in every page, and not in the tables: neither the header, nor the schema, nor an inner page has to be there. Of a log that is
//! damaged in its middle, where SQLite forgets everything behind, the frames behind count as well. What was long confirmed is left out by the count that the
//! file keeps of itself, by the list of free pages, and by its place.

mod cells;
mod heir;
mod log;
mod pages;

use std::fs;

use rusqlite::config::DbConfig;

use self::heir::Heir;
use self::log::Log;
use self::pages::{PAGE, Pages};
use super::fault::Fault;
use super::file::PAGE_BYTES;
use super::folder::Folder;
use super::{SpoolFile, file};

/// Tells whether the log shows damage that SQLite would take for its end, or has lost its file.
pub(super) fn is_log_broken(folder: &Folder) -> Result<bool, Fault> {
    let log = Log::read(&folder.log())?;
    let length = match fs::metadata(folder.file()) {
        Ok(file) => file.len(),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => 0,
        Err(cause) => return Err(cause.into()),
    };
    let has_lost_file = length < u64::from(PAGE_BYTES) && log.file_pages.is_some();
    Ok(log.is_broken || has_lost_file)
}

impl SpoolFile {
    /// Carries over what is sound, and opens that.
    pub(super) fn rescue(&mut self) -> Result<(), Fault> {
        let heir = self.succeed()?;
        self.damaged += heir.damaged;
        self.unknown_damage |= heir.is_unknown;
        self.attach()
    }

    /// Carries over what is not confirmed, and removes the rest at once: for a disk that has no room to take it out.
    pub(super) fn rebuild(&mut self) -> Result<(), Fault> {
        if self.is_empty() {
            // Nothing to carry over: the file may go before there is another.
            self.forget_file();
            self.folder.remove_file()?;
            self.confirmed.clear();
            return self.connect();
        }
        self.succeed()?;
        self.folder.make_room()?;
        self.attach()
    }

    fn is_empty(&self) -> bool {
        let counts = self.counts();
        counts.entries + counts.dead_letters + counts.started == 0
    }

    fn forget_file(&mut self) {
        if let Some(db) = self.db.take() {
            // The log would be moved into the file.
            let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }

    fn succeed(&mut self) -> Result<Heir, Fault> {
        self.forget_file();
        let mut heir = match self.make_heir() {
            Err(Fault::DiskFull | Fault::Refused(_)) => {
                self.folder.make_room()?;
                self.make_heir()?
            }
            heir => heir?,
        };
        self.folder.inherit(self.settings.max_bytes)?;
        self.batches = std::mem::take(&mut heir.batches);
        self.confirmed.clear();
        Ok(heir)
    }

    fn make_heir(&mut self) -> Result<Heir, Fault> {
        super::folder::remove(&self.folder.unfinished())?;
        let mut pages = Pages::open(&self.folder.file(), &self.folder.log())?;
        let known = self.is_live.then_some(&self.batches[..]);
        let heir = file::make(&self.folder.unfinished(), |db| {
            Heir::fill(db, &mut pages, &self.confirmed, known)
        })?;
        self.folder.declare()?;
        Ok(heir)
    }
}
