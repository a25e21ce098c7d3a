use super::batch::Batch;
use super::cache::Cache;
use super::fault::Fault;
use super::folder::Folder;
use super::state::State;
use super::write::log_pages;
use super::{Recovered, Spool, SpoolFile, SyncMode, file, rescue};
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
            is_live: false,
            settings: settings.clone(),
            sync,
            folder,
        };
        spool.connect()?;
        let died = spool.bury_started()?;
        spool.is_live = true;
        let recovered = Recovered {
            entries: spool.state.entries,
            damaged: spool.damaged,
            unknown_damage: spool.unknown_damage,
            died,
            dead_letters: spool.state.dead,
        };
        Ok((spool, recovered))
    }

    /// Opens the file, or what can be saved of it.
    pub(super) fn connect(&mut self) -> Result<(), Fault> {
        self.folder.settle(self.settings.max_bytes)?;
        let attached = match rescue::is_log_broken(&self.folder)? {
            true => Err(Fault::Damaged),
            false => self.attach(),
        };
        match attached {
            Err(Fault::Damaged) => self.rescue(),
            attached => attached,
        }
    }

    /// Opens the file, and forgets what was known of another.
    pub(super) fn attach(&mut self) -> Result<(), Fault> {
        let log_pages = log_pages(self.settings.max_bytes);
        let (db, state) = file::open(&self.folder.file(), self.sync, log_pages)?;
        if !self.is_live {
            self.batches = Batch::read_all(&db)?;
        }
        self.cache = Cache::new(state.next_seq);
        self.read_from = state.first;
        self.state = state;
        self.db = Some(db);
        Ok(())
    }
}
