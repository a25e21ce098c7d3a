//! The spool's file, as the two threads of a lane use it, and what the ledger says of it.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::keeper::Keeper;
use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};
use crate::recorder::SpoolStats;
use crate::recorder::ledger::{Book, Counts, DropReason};
use crate::recorder::spool::{DeadLetter, SpoolFile};

/// The file, which one thread uses at a time.
#[derive(Default)]
pub(super) struct Vault {
    /// `None` while it could not be opened.
    pub(super) file: Option<SpoolFile>,
    pub(super) is_closed: bool,
    /// How many of those found damaged stand in the ledger.
    pub(super) damaged: u64,
    /// How many entries of the file are out with the writer.
    pub(super) out: u64,
}

/// What is known of the file without waiting for it.
#[derive(Default)]
pub(super) struct Told {
    pub(super) stats: SpoolStats,
    /// How many entries wait for a batch, and since when the first.
    pub(super) waiting: u64,
    pub(super) since: Option<Instant>,
    /// How many came since the last batch was given out.
    pub(super) arrived: u64,
    /// Before then nothing is given out, so that the sink is not run over.
    pub(super) not_before: Option<Instant>,
    /// Whether nothing was changed since the file was put in order.
    pub(super) is_tidy: bool,
}

impl Keeper {
    /// Takes those of a batch out of the file that the sink has stored, and counts them.
    pub(super) fn confirm(&self, book: &Book, batch: u64, ids: &[EntryId]) {
        let mut vault = self.vault();
        let stored = ids.len() as u64;
        let is_whole = stored == vault.out;
        let Some(file) = &mut vault.file else { return };
        if is_whole {
            file.confirm(batch);
        } else if file.confirm_some(batch, ids).is_err() {
            // They come again, and the sink knows them.
            return;
        }
        vault.out = vault.out.saturating_sub(stored);
        self.count(book, &mut vault, |it| it.stored += stored);
    }

    /// Sets an entry aside that the sink refuses.
    pub(super) fn set_aside(&self, book: &Book, id: EntryId, error: &Error, at: Timestamp) {
        let mut vault = self.vault();
        let Some(file) = &mut vault.file else { return };
        if let Ok(done) = file.set_aside(id, &error.to_string(), at) {
            vault.out = vault.out.saturating_sub(u64::from(done.was_found));
            self.count(book, &mut vault, |it| {
                it.drop(DropReason::Sink, done.dropped_oldest as usize);
            });
        }
    }

    /// Returns entries that were set aside.
    pub(super) fn dead_letters(
        &self,
        book: &Book,
        limit: usize,
        after: Option<i64>,
    ) -> Result<Vec<DeadLetter>, Error> {
        self.with_file(book, |vault| {
            let Some(file) = &mut vault.file else {
                return Ok(Vec::new());
            };
            let letters = file.dead_letters(limit, after)?;
            self.count(book, vault, |_| {});
            Ok(letters)
        })
    }

    /// Puts entries that were set aside into the queue again, and returns how many.
    pub(super) fn replay(&self, book: &Book, ids: Option<&[EntryId]>) -> Result<u64, Error> {
        self.with_file(book, |vault| {
            let Some(file) = &mut vault.file else {
                return Ok(0);
            };
            let replayed = file.replay(ids);
            self.count(book, vault, |_| {});
            replayed
        })
    }

    /// Takes a batch back that could not be written.
    pub(super) fn release(&self, book: &Book, batch: u64) {
        let mut vault = self.vault();
        if let Some(file) = &mut vault.file {
            file.release(batch);
            vault.out = 0;
            self.count(book, &mut vault, |_| {});
        }
    }

    /// Closes the file.
    pub(super) fn close(&self, book: &Book) {
        let mut vault = self.vault();
        if vault.file.is_some() {
            self.count(book, &mut vault, |_| {});
        }
        vault.is_closed = true;
        if let Some(file) = vault.file.take() {
            // What was confirmed and is not taken out comes again, and the sink knows it.
            let _ = file.close();
        }
    }

    /// Uses the file, and opens it before if need be.
    pub(super) fn with_file<T>(
        &self,
        book: &Book,
        used: impl FnOnce(&mut Vault) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut vault = self.vault();
        let result = match vault.file {
            Some(_) => Ok(()),
            None if vault.is_closed => Err(closed()),
            None => self.open_file(book, &mut vault),
        };
        let result = result.and_then(|()| used(&mut vault));
        self.is_failing.store(result.is_err(), Ordering::SeqCst);
        result
    }

    /// Does a little of what can wait, once the sink has been given what waits for it. Tells whether there is more to do.
    pub(super) fn idle(&self, book: &Book) -> bool {
        if !self.told().is_idle() {
            return false;
        }
        self.with_file(book, |vault| {
            let more = match &mut vault.file {
                Some(file) => file.idle()?,
                None => false,
            };
            self.count(book, vault, |_| {});
            let mut told = self.told();
            told.is_tidy = !more;
            Ok(more)
        })
        .unwrap_or(false)
    }

    fn open_file(&self, book: &Book, vault: &mut Vault) -> Result<(), Error> {
        let (mut file, recovered) = SpoolFile::open(&self.settings, self.sync)?;
        // Lays bytes by for a full disk; where there is no room for them, there is for entries.
        let _ = file.flush();
        *vault = Vault {
            file: Some(file),
            ..Vault::default()
        };
        let seen = recovered.entries + recovered.damaged + recovered.dead_letters;
        self.count(book, vault, |it| it.seen += seen);
        Ok(())
    }

    /// Brings the ledger in line with the file, together with another change of it.
    pub(super) fn count(&self, book: &Book, vault: &mut Vault, change: impl FnOnce(&mut Counts)) {
        let Some(file) = &vault.file else { return };
        let counts = file.counts();
        let damaged = counts.damaged.saturating_sub(vault.damaged);
        vault.damaged = counts.damaged;
        book.write(|it| {
            change(it);
            it.drop(DropReason::Damaged, damaged as usize);
            it.spooled = counts.entries;
            it.dead_lettered = counts.dead_letters;
        });
        let mut told = self.told();
        told.stats = SpoolStats {
            entries: counts.entries,
            bytes: counts.bytes,
            file_bytes: counts.file_bytes,
            dead_letters: counts.dead_letters,
            is_failing: false,
        };
        told.is_tidy = false;
        told.waiting = counts.entries.saturating_sub(vault.out);
        match told.waiting {
            0 => told.since = None,
            _ => {
                told.since.get_or_insert_with(Instant::now);
            }
        }
    }

    pub(super) fn vault(&self) -> MutexGuard<'_, Vault> {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Tells whether nothing waits, and there may be something to put in order.
    fn is_idle(&self) -> bool {
        self.stats.entries == 0 && !self.is_tidy
    }

    /// Notes that entries were given out, and when the next may be: so many a second of what has gathered, beside what comes.
    pub(super) fn gave_out(&mut self, entries: u64, rate: Option<u32>, now: Instant) {
        let gathered = entries.saturating_sub(std::mem::take(&mut self.arrived));
        self.not_before = rate.map(|rate| {
            let pause = Duration::from_secs_f64(gathered as f64 / f64::from(rate.max(1)));
            now + pause
        });
        if entries > 0 {
            // What is left waits from now on.
            self.since = (self.waiting > 0).then_some(now);
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the recorder has been shut down")
}
