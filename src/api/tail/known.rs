use std::collections::BTreeSet;

use crate::entry::EntryId;

/// The ids that were seen: bounded, and none below the floor, where nothing is news.
#[derive(Debug)]
pub(super) struct Known {
    ids: BTreeSet<EntryId>,
    floor: EntryId,
}

impl Known {
    /// The most ids that are remembered.
    const MAX: usize = 10_000;

    pub(super) fn new() -> Self {
        Self {
            ids: BTreeSet::new(),
            floor: EntryId::MIN,
        }
    }

    /// Remembers an id, and tells whether it is news.
    pub(super) fn is_news(&mut self, id: EntryId) -> bool {
        let is_news = id >= self.floor && self.ids.insert(id);
        if self.ids.len() > Self::MAX {
            self.ids.pop_first();
            self.floor = self.ids.first().copied().unwrap_or(self.floor);
        }
        is_news
    }

    /// Takes everything below an id for known.
    pub(super) fn raise(&mut self, floor: EntryId) {
        if floor > self.floor {
            self.floor = floor;
            self.ids = self.ids.split_off(&floor);
        }
    }

    /// Forgets what is newer than an id.
    pub(super) fn forget_after(&mut self, id: EntryId) {
        let newer = self.ids.split_off(&id);
        if newer.contains(&id) {
            self.ids.insert(id);
        }
    }

    /// Counts what is known from an id on.
    pub(super) fn count_from(&self, id: EntryId) -> u64 {
        self.ids.range(id..).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> EntryId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        EntryId::from_bytes(bytes)
    }

    #[test]
    fn id_is_news_once_and_never_below_the_floor() {
        let mut known = Known::new();
        assert!(known.is_news(id(5)) && !known.is_news(id(5)));
        known.raise(id(5));
        assert!(!known.is_news(id(4)) && !known.is_news(id(5)) && known.is_news(id(6)));
        known.raise(id(3));
        assert!(!known.is_news(id(4)), "the floor does not sink");
    }

    #[test]
    fn no_more_ids_are_kept_than_the_most_and_those_let_go_are_no_news() {
        let mut known = Known::new();
        for number in 0..12_000 {
            assert!(known.is_news(id(number)));
        }
        assert_eq!(known.ids.len(), Known::MAX);
        assert!((0..12_000).all(|number| !known.is_news(id(number))));
    }

    #[test]
    fn what_is_newer_is_forgotten_and_counted_from_an_id_on() {
        let mut known = Known::new();
        (0..10).for_each(|number| assert!(known.is_news(id(number))));
        known.forget_after(id(6));
        assert!(!known.is_news(id(6)) && known.is_news(id(7)));
        assert_eq!(known.count_from(id(5)), 3);
    }
}
