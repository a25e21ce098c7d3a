//! What has come to a store since it was last looked at.
//!
//! An entry's id is of its beginning and it is stored at its end, so that the newest entry of a listing is not the last one that came: a call that took long
//! appears behind newer ones. Therefore what was seen is remembered by its id, and each look goes over more than what can be new:
//!
//! - the newest entries of the last minute, page by page, on to one without news or to [`GRACE`] before the last look, at most [`MAX_PAGES`];
//! - the calls of the last ten minutes that took a second or more, less often.
//!
//! Where more has come than those pages hold, the others are counted and not read. An entry below the ids that are remembered is never news, so that none
//! comes twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::known::Known;
use crate::clock::{Clock, Timestamp};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::format::Tail;
use crate::query::{Filter, LogQuery, Page, Position, Scope};
use crate::store::LogStore;

/// How many entries are asked of the store at a time.
const PAGE_ENTRIES: u32 = 100;
/// How many pages a look reads.
const MAX_PAGES: u32 = 5;
/// The most entries that are shown of a look.
pub(super) const MAX_SHOWN: usize = 200;
/// The most bytes of them, in memory.
const MAX_SHOWN_BYTES: usize = 8 * 1024 * 1024;
/// How far back a look goes where little comes.
const WINDOW: Duration = Duration::from_secs(60);
/// How far a look goes behind the one before: most calls that began before it and are stored after it began since.
const GRACE: Duration = Duration::from_secs(5);
/// What is a long call, how far back they are looked for and how often at most.
const LONG_MICROS: u64 = 1_000_000;
const LONG_WINDOW: Duration = Duration::from_secs(600);
const LONG_EVERY: Duration = Duration::from_secs(5);
/// Looking for long calls takes at most the twentieth part of the time.
const LONG_SHARE: u32 = 20;
/// How much a reader who comes again is told of what they missed, and in how many questions.
const MAX_MISSED: usize = 1000;
const MAX_MISSED_PAGES: u32 = 20;

/// Looks for what has come.
pub(super) struct Watch {
    store: Arc<dyn LogStore>,
    clock: Arc<dyn Clock>,
    scope: Scope,
    filter: Filter,
    phase: Phase,
    /// The newest id that was seen.
    newest: EntryId,
    recent: Known,
    long: Known,
    long_due: Option<Instant>,
    looked_at: Timestamp,
    anchor: Option<Anchor>,
}

enum Phase {
    /// Nothing was asked yet; goes on after an id, if the reader has one.
    Fresh(Option<EntryId>),
    /// Tells what was missed.
    Missed {
        shown: usize,
        pages: u32,
    },
    Live,
}

/// A number of entries from a time on that was told already: what there is beyond it is new.
struct Anchor {
    from: Timestamp,
    told: u64,
}

/// What a look found.
#[derive(Default)]
pub(super) struct News {
    /// The oldest first.
    pub(super) entries: Vec<LogEntry>,
    /// How many others have come; `None` where nobody knows.
    pub(super) more: Option<u64>,
    /// Whether the next look is due at once.
    pub(super) is_behind: bool,
}

/// What is gathered of a look.
#[derive(Default)]
struct Gathered {
    entries: Vec<LogEntry>,
    bytes: usize,
    count: u64,
}

impl Gathered {
    fn add(&mut self, entry: LogEntry) {
        self.count += 1;
        let bytes = self.bytes + entry.size_bytes();
        if self.entries.len() < MAX_SHOWN && (bytes <= MAX_SHOWN_BYTES || self.entries.is_empty()) {
            self.bytes = bytes;
            self.entries.push(entry);
        }
    }
}

impl Watch {
    pub(super) fn new(
        store: Arc<dyn LogStore>,
        clock: Arc<dyn Clock>,
        scope: Scope,
        asked: Tail,
    ) -> Self {
        Self {
            looked_at: clock.now(),
            store,
            clock,
            scope,
            filter: asked.filter,
            phase: Phase::Fresh(asked.after),
            newest: EntryId::MIN,
            recent: Known::new(),
            long: Known::new(),
            long_due: None,
            anchor: None,
        }
    }

    /// Returns the newest id that was seen.
    pub(super) fn newest(&self) -> EntryId {
        self.newest
    }

    /// Looks once. The first look tells nothing: it learns what is there.
    pub(super) async fn look(&mut self) -> Result<News, Error> {
        match self.phase {
            Phase::Fresh(after) => self.begin(after).await,
            Phase::Missed { shown, pages } => self.tell_missed(shown, pages).await,
            Phase::Live => self.tell_new().await,
        }
    }

    async fn begin(&mut self, after: Option<EntryId>) -> Result<News, Error> {
        self.newest = EntryId::first_at(self.looked_at);
        let mut known = Gathered::default();
        self.sweep(self.looked_at, &mut known).await?;
        self.find_long(&mut known).await?;
        self.phase = Phase::Live;
        if let Some(id) = after {
            self.recent.forget_after(id);
            self.long.forget_after(id);
            self.newest = id;
            self.phase = Phase::Missed { shown: 0, pages: 0 };
        }
        Ok(News {
            is_behind: after.is_some(),
            more: Some(0),
            ..News::default()
        })
    }

    /// Tells the next entries that a reader missed.
    async fn tell_missed(&mut self, shown: usize, pages: u32) -> Result<News, Error> {
        let position = Position::Before(self.newest);
        let page = self.list(self.filter.clone(), position).await?;
        let mut entries = page.entries;
        entries.reverse();
        for entry in &entries {
            self.learn(entry);
        }
        let last = entries.last();
        let (shown, pages) = (shown + entries.len(), pages + 1);
        let reached = page.searched_to.or(last.map(|entry| entry.id));
        let goes_on = page.has_newer && reached.is_some_and(|id| id > self.newest);
        self.phase = match goes_on && shown < MAX_MISSED && pages < MAX_MISSED_PAGES {
            true => Phase::Missed { shown, pages },
            false => Phase::Live,
        };
        if goes_on && matches!(self.phase, Phase::Live) {
            // The first look from now on counts what is left.
            let from = last.map_or(self.looked_at, |entry| entry.created_at);
            let told = entries.iter().filter(|entry| entry.created_at >= from);
            self.anchor = Some(Anchor {
                told: told.count() as u64,
                from,
            });
        }
        self.newest = self.newest.max(reached.unwrap_or(EntryId::MIN));
        Ok(News {
            entries,
            more: Some(0),
            is_behind: true,
        })
    }

    async fn tell_new(&mut self) -> Result<News, Error> {
        let now = self.clock.now();
        let reach = self.looked_at.minus(GRACE);
        let told = self.recent.count_from(EntryId::first_at(reach));
        let mut found = Gathered::default();
        let is_whole = self.sweep(now, &mut found).await?;
        self.find_long(&mut found).await?;
        let count = match (is_whole && self.anchor.is_none(), &self.filter.text) {
            (true, _) => Some(found.count),
            // To count what a search finds would be to search again, and without an end.
            (false, Some(_)) => None,
            (false, None) => {
                let anchor = self.anchor.take();
                let anchor = anchor.unwrap_or(Anchor { from: reach, told });
                Some(self.count(anchor, now).await?.max(found.count))
            }
        };
        if is_whole {
            self.anchor = None;
        }
        self.looked_at = now;
        let mut entries = found.entries;
        entries.sort_unstable_by_key(|entry| entry.id);
        let shown = entries.len() as u64;
        Ok(News {
            entries,
            more: count.map(|count| count.saturating_sub(shown)),
            is_behind: false,
        })
    }

    /// Goes over the newest entries. Tells whether it came as far as it had to.
    async fn sweep(&mut self, now: Timestamp, found: &mut Gathered) -> Result<bool, Error> {
        // Who reads slowly has not looked for longer.
        let window = now.minus(WINDOW).min(self.looked_at.minus(GRACE));
        self.recent.raise(EntryId::first_at(window));
        let enough = EntryId::first_at(self.looked_at.minus(GRACE));
        let filter = self.since(window);
        let mut position = Position::First;
        for number in 0..MAX_PAGES {
            let page = self.list(filter.clone(), position).await?;
            let last = page.entries.last().map(|entry| entry.id);
            let reached = page.searched_to.or(last);
            let count = found.count;
            for entry in page.entries {
                self.newest = self.newest.max(entry.id);
                if self.learn(&entry) {
                    found.add(entry);
                }
            }
            // A search may find nothing in what it has looked at, and go on.
            let goes_on = number == 0 || found.count > count || page.searched_to.is_some();
            match reached {
                Some(id) if page.has_older && id >= enough && goes_on => {
                    position = Position::After(id);
                }
                _ => {
                    if let (Some(id), true, Phase::Fresh(_)) =
                        (reached, page.has_older, &self.phase)
                    {
                        self.recent.raise(id);
                    }
                    return Ok(true);
                }
            }
        }
        if let (Position::After(id), Phase::Fresh(_)) = (position, &self.phase) {
            self.recent.raise(id);
        }
        Ok(false)
    }

    /// Goes over the newest long calls, if that is due.
    async fn find_long(&mut self, found: &mut Gathered) -> Result<(), Error> {
        let begun = Instant::now();
        let too_short = self
            .filter
            .max_micros
            .is_some_and(|most| most < LONG_MICROS);
        if too_short || self.long_due.is_some_and(|due| begun < due) {
            return Ok(());
        }
        let window = self.clock.now().minus(LONG_WINDOW);
        self.long.raise(EntryId::first_at(window));
        let least = self.filter.min_micros.unwrap_or_default();
        let filter = Filter {
            min_micros: Some(least.max(LONG_MICROS)),
            ..self.since(window)
        };
        let page = self.list(filter, Position::First).await?;
        let last = page.entries.last().map(|entry| entry.id);
        for entry in page.entries {
            if self.long.is_news(entry.id) {
                self.recent.is_news(entry.id);
                self.newest = self.newest.max(entry.id);
                found.add(entry);
            }
        }
        if let (Some(id), true, None) = (last, page.has_older, self.long_due) {
            self.long.raise(id);
        }
        let pause = LONG_EVERY.max(begun.elapsed() * LONG_SHARE);
        self.long_due = Some(Instant::now() + pause);
        Ok(())
    }

    /// Remembers an entry, and tells whether it is news.
    fn learn(&mut self, entry: &LogEntry) -> bool {
        let took = entry.exchange().map(|it| it.timing.to_last_byte_micros);
        if took.is_some_and(|micros| micros >= LONG_MICROS) {
            self.long.is_news(entry.id);
        }
        self.recent.is_news(entry.id)
    }

    /// Counts what has come beyond an anchor, and sets the next one.
    async fn count(&mut self, anchor: Anchor, now: Timestamp) -> Result<u64, Error> {
        let all = self.count_since(anchor.from).await?;
        let from = now.minus(GRACE);
        self.anchor = Some(match anchor.from < now.minus(GRACE * 2) {
            true => Anchor {
                told: self.count_since(from).await?,
                from,
            },
            false => Anchor {
                told: all,
                from: anchor.from,
            },
        });
        Ok(all.saturating_sub(anchor.told))
    }

    async fn count_since(&self, from: Timestamp) -> Result<u64, Error> {
        self.store.count(&self.scope, &self.since(from)).await
    }

    /// Returns the reader's filter, narrowed to what began from a time on.
    fn since(&self, from: Timestamp) -> Filter {
        Filter {
            from: self.filter.from.max(Some(from)),
            ..self.filter.clone()
        }
    }

    async fn list(&self, filter: Filter, position: Position) -> Result<Page, Error> {
        let query = LogQuery::new(self.scope.clone())
            .filter(filter)
            .position(position)
            .limit(PAGE_ENTRIES);
        self.store.list(&query).await
    }
}
