//! The store in memory, which is also the readable reference of what a store answers.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use super::{Erasure, LogStore, Outdated, Retention};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Position, Scope, Stats, StatsQuery};
use crate::sink::LogSink;

/// Keeps the newest entries in memory, for development, tests and small services.
///
/// It holds at most [`MemoryStore::DEFAULT_ENTRIES`] entries and [`MemoryStore::DEFAULT_BYTES`] bytes, as
/// [`LogEntry::size_bytes`] counts them, unless told otherwise. What does not fit pushes out the entries of the smallest ids;
/// an entry larger than the whole store is not kept. Clones share one store.
///
/// Every question walks the entries and asks [`LogQuery::matches`]: it is the reference that other stores are held to.
#[derive(Clone)]
pub struct MemoryStore {
    ring: Arc<RwLock<Ring>>,
}

struct Ring {
    entries: BTreeMap<EntryId, Held>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
    /// What is held by [`Retention::hold`].
    kept: BTreeSet<EntryId>,
}

struct Held {
    entry: Arc<LogEntry>,
    bytes: usize,
}

impl MemoryStore {
    /// How many entries [`MemoryStore::new`] holds.
    pub const DEFAULT_ENTRIES: usize = 10_000;
    /// How many bytes a store holds unless [`MemoryStore::max_bytes`] says otherwise: 64 MiB.
    pub const DEFAULT_BYTES: usize = 64 << 20;

    /// Makes a store of the default size.
    pub fn new() -> Self {
        Self::with_capacity(Self::DEFAULT_ENTRIES)
    }

    /// Makes a store of at most `entries` entries and the default number of bytes.
    pub fn with_capacity(entries: usize) -> Self {
        Self {
            ring: Arc::new(RwLock::new(Ring {
                entries: BTreeMap::new(),
                bytes: 0,
                max_entries: entries,
                max_bytes: Self::DEFAULT_BYTES,
                kept: BTreeSet::new(),
            })),
        }
    }

    /// Says how many bytes the store holds at most; the clones of the store follow.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        let mut ring = self.write_ring();
        ring.max_bytes = bytes;
        ring.evict();
        drop(ring);
        self
    }

    /// Returns how many entries it holds.
    pub fn len(&self) -> usize {
        self.read_ring().entries.len()
    }

    /// Tells whether it holds no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // A panic under the lock leaves every entry either in or out, so that a poisoned lock is still good.
    fn read_ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_ring(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Ring {
    fn insert(&mut self, entry: &LogEntry) {
        if !self.entries.contains_key(&entry.id) {
            let held = Held::new(entry.clone());
            if held.bytes <= self.max_bytes {
                self.bytes += held.bytes;
                self.entries.insert(entry.id, held);
                self.evict();
            }
        }
    }

    fn evict(&mut self) {
        self.shrink(self.max_entries, self.max_bytes);
    }

    /// Pushes out the entries of the smallest ids that are not held, until so many entries and bytes are left, and returns how many there were.
    fn shrink(&mut self, entries: usize, bytes: usize) -> u64 {
        let mut gone = 0;
        let mut from = EntryId::MIN;
        while self.entries.len() > entries || self.bytes > bytes {
            let mut rest = self.entries.range(from..);
            let Some(id) = rest.find(|(id, _)| !self.kept.contains(id)) else {
                break;
            };
            from = *id.0;
            if let Some(held) = self.entries.remove(&from) {
                self.bytes -= held.bytes;
                gone += 1;
            }
        }
        gone
    }

    /// Takes out what goes and is not held, and returns how many entries there were.
    fn remove(&mut self, goes: impl Fn(&LogEntry) -> bool) -> u64 {
        let Self {
            entries,
            bytes,
            kept,
            ..
        } = self;
        let before = entries.len();
        entries.retain(|id, held| {
            let stays = kept.contains(id) || !goes(&held.entry);
            *bytes -= if stays { 0 } else { held.bytes };
            stays
        });
        (before - entries.len()) as u64
    }

    /// Returns the entries of a listing between two ids, newest first.
    fn listing<'a>(
        &'a self,
        query: &'a LogQuery,
        ids: (Bound<EntryId>, Bound<EntryId>),
    ) -> impl DoubleEndedIterator<Item = &'a Arc<LogEntry>> {
        self.entries
            .range(ids)
            .rev()
            .map(|(_, held)| &held.entry)
            .filter(|entry| query.matches(entry))
    }
}

impl Held {
    fn new(entry: LogEntry) -> Self {
        Self {
            bytes: entry.size_bytes(),
            entry: Arc::new(entry),
        }
    }
}

#[async_trait]
impl LogSink for MemoryStore {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        let mut ring = self.write_ring();
        for entry in batch {
            ring.insert(entry);
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl LogStore for MemoryStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        let found = self
            .read_ring()
            .entries
            .get(&id)
            .map(|held| Arc::clone(&held.entry));
        Ok(found.filter(|entry| scope.allows(entry)).map(unshare))
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        use Bound::{Excluded, Included, Unbounded};
        let limit = query.limit.clamp(1, LogQuery::MAX_LIMIT) as usize;
        let ring = self.read_ring();
        let all = (Unbounded, Unbounded);

        let (mut found, has_older, has_newer);
        match query.position {
            Position::First => {
                found = share(ring.listing(query, all).take(limit + 1));
                has_newer = false;
                has_older = found.len() > limit;
                found.truncate(limit);
            }
            Position::After(id) => {
                found = share(
                    ring.listing(query, (Unbounded, Excluded(id)))
                        .take(limit + 1),
                );
                has_newer = ring
                    .listing(query, (Included(id), Unbounded))
                    .next()
                    .is_some();
                has_older = found.len() > limit;
                found.truncate(limit);
            }
            Position::Before(id) => {
                let newer = ring.listing(query, (Excluded(id), Unbounded)).rev();
                found = share(newer.take(limit + 1));
                has_newer = found.len() > limit;
                has_older = ring
                    .listing(query, (Unbounded, Included(id)))
                    .next()
                    .is_some();
                found.truncate(limit);
                found.reverse();
            }
            Position::Number(number) => {
                let before = usize::try_from(number.saturating_sub(1))
                    .ok()
                    .and_then(|pages| pages.checked_mul(limit))
                    .unwrap_or(usize::MAX);
                found = share(ring.listing(query, all).skip(before).take(limit + 1));
                has_newer = before > 0 && ring.listing(query, all).next().is_some();
                has_older = found.len() > limit;
                found.truncate(limit);
            }
            Position::FromOldest(number) => {
                let before = usize::try_from(number.saturating_sub(1))
                    .ok()
                    .and_then(|pages| pages.checked_mul(limit))
                    .unwrap_or(usize::MAX);
                let oldest_first = ring.listing(query, all).rev();
                found = share(oldest_first.skip(before).take(limit + 1));
                has_older = before > 0 && ring.listing(query, all).next().is_some();
                has_newer = found.len() > limit;
                found.truncate(limit);
            }
        }
        drop(ring);
        Ok(Page::new(
            found.into_iter().map(unshare).collect(),
            has_older,
            has_newer,
        ))
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        let query = LogQuery::new(scope.clone()).filter(filter.clone());
        let ring = self.read_ring();
        Ok(ring
            .listing(&query, (Bound::Unbounded, Bound::Unbounded))
            .count() as u64)
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        let ring = self.read_ring();
        Ok(query.sum(ring.entries.values().map(|held| &*held.entry)))
    }
}

#[async_trait]
impl Retention for MemoryStore {
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error> {
        Ok(self.write_ring().remove(|entry| outdated.matches(entry)))
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        Ok(self.read_ring().bytes as u64)
    }

    async fn shrink(&self, bytes: u64) -> Result<u64, Error> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(self.write_ring().shrink(usize::MAX, bytes))
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error> {
        self.write_ring().kept.extend(ids);
        Ok(())
    }

    async fn release(&self, ids: &[EntryId]) -> Result<(), Error> {
        let mut ring = self.write_ring();
        ids.iter().for_each(|id| _ = ring.kept.remove(id));
        Ok(())
    }

    async fn held(&self) -> Result<Vec<EntryId>, Error> {
        Ok(self.read_ring().kept.iter().rev().copied().collect())
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error> {
        let mut ring = self.write_ring();
        let Ring { entries, kept, .. } = &mut *ring;
        let (mut erasure, mut freed, mut taken) = (Erasure::default(), 0, 0);
        for (id, held) in entries {
            let actor = held.entry.context.actor.as_ref();
            if actor.is_none_or(|actor| actor.id != actor_id) {
                continue;
            }
            if kept.contains(id) {
                erasure.held += 1;
                continue;
            }
            let mut entry = LogEntry::clone(&held.entry);
            entry.erase_person();
            erasure = erasure.with(&entry);
            freed += held.bytes;
            *held = Held::new(entry);
            taken += held.bytes;
        }
        ring.bytes = ring.bytes + taken - freed;
        Ok(erasure)
    }
}

/// Shares the entries, so that the lock is not held while they are copied.
fn share<'a>(entries: impl Iterator<Item = &'a Arc<LogEntry>>) -> Vec<Arc<LogEntry>> {
    entries.cloned().collect()
}

fn unshare(entry: Arc<LogEntry>) -> LogEntry {
    Arc::unwrap_or_clone(entry)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.read_ring();
        f.debug_struct("MemoryStore")
            .field("entries", &ring.entries.len())
            .field("bytes", &ring.bytes)
            .finish_non_exhaustive()
    }
}
