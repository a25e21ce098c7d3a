//! The thread between a lane's memory and its spool.
//!
//! What the guarantee or the choice for a full queue gives to the spool is appended as it comes, in one transaction for all that waits: those whose responses
//! wait for the disk share one wait. Where the spool fails, entries stay in memory and go to the sink from there, as if there were none.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::held::{Held, Queue};
use super::vault::{Told, Vault};
use crate::contain::contain;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::recorder::delivery::{Guarantee, WhenFull};
use crate::recorder::ledger::{Book, DropReason};
use crate::recorder::spool::{Spool, SpoolBatch, SyncMode, is_in_use};
use crate::recorder::{Delivery, SpoolStats};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So often the thread looks around where nobody rings.
const LOOK: Duration = Duration::from_millis(500);
/// The most that is appended in one transaction.
const MOST_ENTRIES: usize = 4_096;
const MOST_BYTES: usize = 16 << 20;

/// The spool of a lane.
pub(super) struct Keeper {
    pub(super) settings: Spool,
    pub(super) sync: SyncMode,
    takes: Takes,
    pub(super) vault: Mutex<Vault>,
    pub(super) told: Mutex<Told>,
    thread: OnceLock<Thread>,
    pub(super) is_failing: AtomicBool,
    is_ending: AtomicBool,
    /// Whether the thread has gone, and nobody takes from memory for the file.
    has_ended: AtomicBool,
    /// How many entries are on their way from memory to the file.
    keeping: AtomicUsize,
}

/// What the thread takes out of memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Everything,
    /// What fills more than half of the queue.
    Overflow,
    /// Only what a write could not store.
    Failures,
}

/// What the thread takes out of memory at once.
struct Wanted {
    starts: Vec<Held>,
    held: Vec<Held>,
    ended: Vec<EntryId>,
}

impl Keeper {
    /// Opens the spool of a lane, if it has one.
    ///
    /// # Errors
    ///
    /// When the settings cannot be meant, or another process uses the folder. A spool that fails otherwise is tried again later: it keeps no service from
    /// starting.
    pub(super) fn open(delivery: &Delivery, book: &Book) -> Result<Option<Self>, Error> {
        let Some(settings) = delivery.spool.clone() else {
            return Ok(None);
        };
        settings.check()?;
        let sync = match delivery.guarantee {
            Guarantee::BeforeResponse => SyncMode::Full,
            _ => SyncMode::Normal,
        };
        let takes = match (delivery.guarantee, delivery.when_full) {
            (Guarantee::BestEffort, WhenFull::SpillToSpool) => Takes::Overflow,
            (Guarantee::BestEffort, _) => Takes::Failures,
            _ => Takes::Everything,
        };
        let keeper = Self {
            settings,
            sync,
            takes,
            vault: Mutex::default(),
            told: Mutex::default(),
            thread: OnceLock::new(),
            is_failing: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            keeping: AtomicUsize::new(0),
        };
        match keeper.with_file(book, |_| Ok(())) {
            Err(error) if is_in_use(&error) => Err(error),
            _ => Ok(Some(keeper)),
        }
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the machine gives none: a configuration error.
    pub(super) fn start(lane: Arc<Shared>) -> Result<(), Error> {
        let name = format!("api-log-{}-spool", lane.name);
        let run = move || {
            if let Some(keeper) = &lane.keeper {
                let _ = keeper.thread.set(std::thread::current());
                keeper.run(&lane);
            }
        };
        let thread = std::thread::Builder::new().name(name).spawn(run);
        thread.map(|_| ()).map_err(|source| {
            Error::configuration("a thread of the recorder could not be started")
                .with_source(source)
        })
    }

    /// Tells whether what is held in memory is the thread's to take, and not the writer's.
    pub(super) fn takes_everything(&self) -> bool {
        self.takes == Takes::Everything && self.is_working()
    }

    /// Tells whether what is given to the thread comes into the file.
    pub(super) fn is_working(&self) -> bool {
        !self.is_failing() && !self.has_ended()
    }

    /// Tells whether the last use of the file failed.
    pub(super) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::SeqCst)
    }

    pub(super) fn stats(&self) -> SpoolStats {
        SpoolStats {
            is_failing: self.is_failing(),
            ..self.told().stats
        }
    }

    /// Wakes the thread.
    pub(super) fn ring(&self) {
        if self.takes != Takes::Failures
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Tells whether the thread has ended: nothing is on its way to the file any more.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    /// Ends the thread once it has put everything that is held into the file.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn run(&self, lane: &Shared) {
        let _gone = Gone(self, lane);
        let mut pause = FIRST_PAUSE;
        loop {
            let is_ending = self.is_ending.load(Ordering::SeqCst);
            let (wanted, taken) = self.wanted(lane, is_ending);
            let Wanted {
                starts,
                held,
                ended,
            } = wanted;
            let was_empty = held.is_empty() && starts.is_empty() && ended.is_empty();
            self.begin(lane, starts);
            let kept = self.keep(lane, held);
            self.forget(lane, ended);
            drop(taken);
            match kept {
                Ok(()) if !was_empty => pause = FIRST_PAUSE,
                Ok(()) if is_ending => break,
                Ok(()) if self.idle(&lane.book) => {}
                Ok(()) => std::thread::park_timeout(LOOK),
                Err(_) if is_ending => break,
                Err(_) => {
                    self.pause(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Waits before the file is tried again; what comes meanwhile rings, and does not end the wait.
    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.is_ending.load(Ordering::SeqCst)
            && let Some(left) = until.checked_duration_since(Instant::now())
        {
            std::thread::park_timeout(left);
        }
    }

    /// Takes out of memory what is the thread's. What has started is taken with the entries, since it must be written down before them.
    fn wanted(&self, lane: &Shared, is_ending: bool) -> (Wanted, Taken<'_>) {
        let mut queue = lane.queue();
        let (starts, ended) = queue.take_journal();
        let takes = match self.takes {
            _ if is_ending => true,
            Takes::Everything => true,
            Takes::Overflow => queue.is_half_full(),
            Takes::Failures => false,
        };
        let most = if takes { MOST_ENTRIES } else { 0 };
        let (held, taken) = self.take(&mut queue, most);
        let wanted = Wanted {
            starts,
            held,
            ended,
        };
        (wanted, taken)
    }

    /// Takes entries out, and counts them before the queue is let go of: they are in one place or the other at every moment.
    fn take(&self, queue: &mut Queue, most: usize) -> (Vec<Held>, Taken<'_>) {
        let held = queue.take(most, MOST_BYTES);
        self.keeping.fetch_add(held.len(), Ordering::SeqCst);
        let taken = Taken(&self.keeping, held.len());
        (held, taken)
    }

    /// Puts all that waits in memory into the file, as far as it takes it, and waits for what another thread puts there.
    pub(super) fn take_all(&self, lane: &Shared) {
        loop {
            let (held, taken) = self.take(&mut lane.queue(), MOST_ENTRIES);
            if held.is_empty() || self.keep(lane, held).is_err() {
                break;
            }
            drop(taken);
        }
        while self.keeping() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Returns how many entries are on their way from memory to the file.
    pub(super) fn keeping(&self) -> usize {
        self.keeping.load(Ordering::SeqCst)
    }

    /// Puts entries into the file, or back into memory.
    ///
    /// # Errors
    ///
    /// They are in memory again, and nobody waits for them any more.
    fn keep(&self, lane: &Shared, held: Vec<Held>) -> Result<(), Error> {
        let held = lane.refine(held);
        let entries: Vec<_> = held.iter().map(|it| it.entry().clone()).collect();
        let was_failing = self.is_failing();
        if entries.is_empty() && !was_failing {
            return Ok(());
        }
        let kept = self.append(&lane.book, &entries);
        match &kept {
            Ok(0) => {}
            // Which of them found no room is not told, so that none counts as safe.
            Ok(_) => held.iter().for_each(Held::tell_lost),
            Err(_) => {
                let lost = lane.queue().put_back(held);
                lane.book.dropped(DropReason::Deadline, lost);
            }
        }
        if kept.is_err() != was_failing || kept.is_ok() {
            lane.bell.notify_one();
        }
        if kept.is_err() != was_failing {
            contain(|| super::alerts::spool(&lane.name, kept.as_ref().err()));
        }
        kept.map(drop)
    }

    /// Puts entries into the file, and returns how many of them found no room.
    ///
    /// # Errors
    ///
    /// None of them is there then.
    pub(super) fn append(&self, book: &Book, entries: &[Arc<LogEntry>]) -> Result<u64, Error> {
        self.with_file(book, |vault| {
            let Some(file) = &mut vault.file else {
                return Ok(0);
            };
            let appended = file.append(entries)?;
            let dropped = appended.dropped_oldest + appended.dropped_newest;
            self.count(book, vault, |it| {
                it.drop(DropReason::SpoolFull, dropped as usize);
            });
            self.told().arrived += appended.accepted;
            Ok(appended.dropped_newest)
        })
    }

    /// Gives out the next batch of the file, if one is due.
    ///
    /// # Errors
    ///
    /// As the file's; nothing is out then.
    pub(super) fn next_batch(
        &self,
        lane: &Shared,
        is_pressed: bool,
        now: Instant,
    ) -> Result<Option<SpoolBatch>, Error> {
        if !self.is_due(&lane.delivery, is_pressed, now) {
            return Ok(None);
        }
        let Delivery {
            batch_entries,
            batch_bytes,
            ..
        } = lane.delivery;
        self.with_file(&lane.book, |vault| {
            let Some(file) = &mut vault.file else {
                return Ok(None);
            };
            let batch = file.next_batch(batch_entries, batch_bytes as u64)?;
            vault.out = batch.as_ref().map_or(0, |it| it.entries.len() as u64);
            self.count(&lane.book, vault, |_| {});
            self.told()
                .gave_out(vault.out, self.settings.drain_rate(), now);
            Ok(batch)
        })
    }

    fn is_due(&self, delivery: &Delivery, is_pressed: bool, now: Instant) -> bool {
        let told = self.told();
        let is_old = |since: Instant| now.saturating_duration_since(since) >= delivery.batch_age;
        let is_held_back = told.not_before.is_some_and(|it| now < it);
        let is_full = told.waiting >= delivery.batch_entries as u64;
        told.waiting > 0
            && !is_held_back
            && (is_pressed || is_full || told.since.is_some_and(is_old))
    }

    /// Tells whether what waits in the file is given out only later.
    pub(super) fn is_held_back(&self, now: Instant) -> bool {
        let told = self.told();
        told.waiting > 0 && !self.is_failing() && told.not_before.is_some_and(|it| now < it)
    }

    /// Returns how long nothing of the file is due; `None` where nothing waits.
    pub(super) fn rest(&self, age: Duration, now: Instant) -> Option<Duration> {
        let told = self.told();
        let old = told.since.filter(|_| told.waiting > 0)?.checked_add(age);
        let next = old.into_iter().chain(told.not_before).max()?;
        Some(next.saturating_duration_since(now))
    }

    /// Tells whether anything of the file waits or is out.
    pub(super) fn is_empty(&self) -> bool {
        self.told().stats.entries == 0
    }
}

/// The end of the thread, on whatever road it comes: the writer takes from memory what is left there.
struct Gone<'a>(&'a Keeper, &'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let Self(keeper, lane) = self;
        keeper.has_ended.store(true, Ordering::SeqCst);
        lane.bell.notify_one();
    }
}

/// Entries on their way from memory to the file, which are counted until this is dropped.
struct Taken<'a>(&'a AtomicUsize, usize);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::SeqCst);
    }
}
