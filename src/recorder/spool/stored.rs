//! An entry as a row of the queue.

use std::sync::Arc;

use super::row::{Kind, Row, seal};
use crate::entry::{EntryId, LogEntry};

/// What an entry's head says beside the checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Whether it outlives others when the spool is full.
    pub(super) stays: bool,
    /// How many times it has been set aside before.
    pub(super) attempts: u32,
}

impl Marks {
    pub(super) fn of(entry: &LogEntry) -> Self {
        Self {
            stays: entry.exchange().is_none_or(|it| it.has_failed()),
            attempts: 0,
        }
    }

    pub(super) fn seal(self, seq: i64, id: &[u8], text: &[u8]) -> Vec<u8> {
        let mut more = [u8::from(self.stays), 0, 0, 0, 0];
        more[1..].copy_from_slice(&self.attempts.to_le_bytes());
        seal(Kind::Entry, seq, id, &more, text)
    }

    pub(super) fn open(row: &Row<'_>) -> Option<Self> {
        let (&stays, attempts) = row.open(Kind::Entry)?.split_first()?;
        Some(Self {
            stays: stays != 0,
            attempts: u32::from_le_bytes(attempts.try_into().ok()?),
        })
    }

    /// Reads whether the entry stays, of a head whose checksum is not looked at.
    pub(super) fn stays(head: &[u8]) -> bool {
        head.get(5).is_some_and(|stays| *stays != 0)
    }
}

/// One entry of the queue.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) seq: i64,
    /// Bytes of its text.
    pub(super) bytes: u64,
    pub(super) entry: Arc<LogEntry>,
}

/// Reads an entry, if the text is one that this version understands and has the id of its row.
pub(super) fn parse(id: &[u8], text: &[u8]) -> Option<LogEntry> {
    let entry: LogEntry = serde_json::from_slice(text).ok()?;
    (entry.id.as_bytes() == id).then_some(entry)
}

/// Reads the id of a row.
pub(super) fn id_of(id: &[u8]) -> Option<EntryId> {
    Some(EntryId::from_bytes(id.try_into().ok()?))
}
