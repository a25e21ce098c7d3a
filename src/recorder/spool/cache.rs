//! The newest entries in memory, so that what is taken soon after it was spooled is not read again.

use std::collections::VecDeque;

use super::stored::Stored;

/// Holds every entry from a number on that no batch has taken.
pub(super) struct Cache {
    start: i64,
    entries: VecDeque<(Stored, usize)>,
    held_bytes: usize,
}

impl Cache {
    /// Counted in memory, not in text.
    const MOST_BYTES: usize = 16 << 20;

    /// Makes a cache of what will be spooled from `start` on.
    pub(super) fn new(start: i64) -> Self {
        Self {
            start,
            entries: VecDeque::new(),
            held_bytes: 0,
        }
    }

    /// Returns the number from which on the cache has what the file has.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    pub(super) fn push(&mut self, stored: Stored) {
        let bytes = stored.entry.size_bytes();
        self.held_bytes += bytes;
        self.entries.push_back((stored, bytes));
        while self.held_bytes > Self::MOST_BYTES
            && let Some(oldest) = self.pop()
        {
            self.start = oldest.seq + 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stored> {
        self.entries.iter().map(|(stored, _)| stored)
    }

    /// Takes out what is not above a number.
    pub(super) fn take(&mut self, high: i64) {
        while self.entries.front().is_some_and(|(it, _)| it.seq <= high) {
            self.pop();
        }
        self.start = self.start.max(high + 1);
    }

    fn pop(&mut self) -> Option<Stored> {
        let (stored, bytes) = self.entries.pop_front()?;
        self.held_bytes -= bytes;
        Some(stored)
    }

    /// Forgets everything: the cache has what will be spooled from `start` on.
    pub(super) fn restart(&mut self, start: i64) {
        *self = Self::new(start);
    }

    /// Takes out entries that are gone, by ascending numbers.
    pub(super) fn forget(&mut self, gone: &[i64]) {
        if gone.last().is_none_or(|last| *last < self.start) {
            return;
        }
        let held = &mut self.held_bytes;
        self.entries.retain(|(stored, bytes)| {
            let stays = gone.binary_search(&stored.seq).is_err();
            *held -= if stays { 0 } else { *bytes };
            stays
        });
    }
}
