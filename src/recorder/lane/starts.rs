//! The journal of exchanges that have started, in the spool's file.

use super::Shared;
use super::held::Held;
use super::keeper::Keeper;
use crate::entry::{EntryId, LogEntry};

impl Keeper {
    /// Writes down that exchanges have started. What waits for it is let go of in any case.
    pub(super) fn begin(&self, lane: &Shared, starts: Vec<Held>) {
        let starts = lane.refine(starts);
        if starts.is_empty() {
            return;
        }
        let entries: Vec<_> = starts
            .iter()
            .map(|it| LogEntry::clone(it.entry()))
            .collect();
        let begun = self.with_file(&lane.book, |vault| match &mut vault.file {
            Some(file) => file.begin(&entries),
            None => Ok(0),
        });
        if begun.is_err() {
            starts.into_iter().for_each(Held::lose);
        }
    }

    /// Takes starts out that have no entry.
    pub(super) fn forget(&self, lane: &Shared, ended: Vec<EntryId>) {
        if ended.is_empty() {
            return;
        }
        let forgotten = self.with_file(&lane.book, |vault| match &mut vault.file {
            Some(file) => file.cancel(&ended),
            None => Ok(()),
        });
        if forgotten.is_err() {
            lane.queue().end(ended);
        }
    }
}
