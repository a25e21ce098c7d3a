use std::ops::RangeInclusive;

use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::query::Filter;

/// How far the times inside of ids and the times of entries lie apart at most, in milliseconds, over everything in a store.
///
/// A range of time is asked of `created_at`, and pages run by id. Ids carry their time, so that a range of time is a range of ids
/// as well, but only about: clocks go back, and a store takes any id. The store keeps the bounds of what it has seen, and a
/// range of time widened by them is a range of ids that is always right. Without it a page of last hour's entries would
/// read on to the oldest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Drift {
    /// How far an id is ahead of its entry's time at most.
    pub(in crate::store) ahead_millis: i64,
    /// How far an id is behind its entry's time at most.
    pub(in crate::store) behind_millis: i64,
}

const MAX_ID_MILLIS: i64 = (1 << 48) - 1;

impl Drift {
    /// Takes an entry in.
    #[must_use]
    pub(in crate::store) fn with(self, entry: &LogEntry) -> Self {
        let id_time = u128::from_be_bytes(*entry.id.as_bytes()) >> 80;
        // 48 bits always fit.
        let ahead = i64::try_from(id_time).unwrap_or(MAX_ID_MILLIS) - millis(entry.created_at);
        Self {
            ahead_millis: self.ahead_millis.max(ahead),
            behind_millis: self.behind_millis.max(-ahead),
        }
    }

    /// Returns the ids that the entries within a filter's range of time can have.
    pub(in crate::store) fn ids(self, filter: &Filter) -> RangeInclusive<EntryId> {
        let first = filter.from.map_or(EntryId::MIN, |it| self.first_from(it));
        let last = filter.to.map_or(EntryId::MAX, |it| self.last_to(it));
        first..=last
    }

    /// Returns the smallest id that an entry created at `from` or later can have.
    fn first_from(self, from: Timestamp) -> EntryId {
        edge(millis(from).saturating_sub(self.behind_millis), 0)
    }

    /// Returns the largest id that an entry created at `to` or earlier can have.
    fn last_to(self, to: Timestamp) -> EntryId {
        edge(
            millis(to).saturating_add(self.ahead_millis),
            u128::MAX >> 48,
        )
    }
}

fn millis(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1000)
}

fn edge(millis: i64, rest: u128) -> EntryId {
    let millis = u128::from(millis.clamp(0, MAX_ID_MILLIS).unsigned_abs());
    EntryId::from_bytes((millis << 80 | rest).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Context, EntryKind};

    #[test]
    fn every_entry_lies_within_the_ids_of_its_time() {
        let times = [Timestamp::MIN, Timestamp::MAX].map(Timestamp::as_micros);
        let micros = [-1, 0, 1, 999, 1_700_000_000_000_123];
        let ids = [EntryId::MIN, EntryId::MAX].into_iter().chain(
            [0, 1_700_000_000_000_000, 1_700_000_000_999_999]
                .map(|at| EntryId::first_at(Timestamp::from_micros(at))),
        );
        let mut drift = Drift::default();
        let mut entries = Vec::new();
        for id in ids {
            for at in micros.into_iter().chain(times) {
                let kind = EntryKind::Event(Box::default());
                let at = Timestamp::from_micros(at);
                entries.push(LogEntry::new(id, at, Context::default(), kind));
            }
        }
        for (seen, entry) in entries.iter().enumerate() {
            drift = drift.with(entry);
            for earlier in &entries[..=seen] {
                assert!(drift.first_from(earlier.created_at) <= earlier.id);
                assert!(drift.last_to(earlier.created_at) >= earlier.id);
            }
        }
    }
}
