use rusqlite::Connection;

use super::batch::Batch;
use super::cache::Cache;
use super::fault::Fault;
use super::folder::Folder;
use super::state::State;
use super::write::log_pages;
use super::{Recovered, Spool, SpoolFile, SyncMode, file};
use crate::error::Error;

impl SpoolFile {
    /// Takes a folder, makes what is missing and brings what is damaged in order.
    ///
    /// # Errors
    ///
    /// A configuration error for a setting out of its range, for a folder that another process uses, and for one that cannot be written; a schema error for
    /// a file of a newer version; an error that is retryable for a disk that is full or does not answer.
    pub(crate) fn open(settings: &Spool, sync: SyncMode) -> Result<(Self, Recovered), Error> {
        settings.check()?;
        let folder = Folder::take(&settings.path)?;
        let mut spool = Self {
            db: None,
            state: State::new(),
            cache: Cache::new(1),
            batches: Vec::new(),
            confirmed: Vec::new(),
            read_from: 1,
            damaged: 0,
            unknown_damage: false,
            settings: settings.clone(),
            sync,
            folder,
        };
        spool.connect()?;
        let died = spool.bury_started()?;
        let recovered = Recovered {
            entries: spool.state.entries,
            damaged: spool.damaged,
            unknown_damage: spool.unknown_damage,
            died,
            dead_letters: spool.state.dead,
        };
        Ok((spool, recovered))
    }

    /// Opens the file, and forgets what was known of another.
    pub(super) fn connect(&mut self) -> Result<(), Fault> {
        self.folder.settle()?;
        let log_pages = log_pages(self.settings.max_bytes);
        let (db, state) = file::open(&self.folder.file(), self.sync, log_pages)?;
        let batches = Batch::read_all(&db)?;
        self.adopt(db, state, batches);
        Ok(())
    }

    pub(super) fn rescue(&mut self) -> Result<(), Fault> {
        Err(Fault::Damaged)
    }

    fn adopt(&mut self, db: Connection, state: State, batches: Vec<Batch>) {
        self.db = Some(db);
        self.state = state;
        self.batches = batches;
        self.cache = Cache::new(state.next_seq);
        self.read_from = state.first;
    }
}
