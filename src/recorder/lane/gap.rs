use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, Timestamp};
use crate::entry::{Context, EntryIds, EntryKind, EventRecord, LogEntry};
use crate::recorder::ledger::{Balance, DropReason};

/// The reasons for which the log has a gap while it goes on.
const TOLD: [DropReason; 8] = [
    DropReason::QueueFull,
    DropReason::OverBudget,
    DropReason::Refused,
    DropReason::Masking,
    DropReason::Sink,
    DropReason::SinkBehind,
    DropReason::SpoolFull,
    DropReason::Damaged,
];
/// Between two markers passes at least this long.
const APART: Duration = Duration::from_secs(10);

/// What was dropped, as far as the log itself has been told.
pub(super) struct Gaps {
    clock: Arc<dyn Clock>,
    ids: EntryIds,
    told: [u64; TOLD.len()],
    /// When the counts were as they were told.
    since: Timestamp,
    last: Option<Duration>,
}

impl Gaps {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            since: clock.now(),
            clock,
            ids: EntryIds::default(),
            told: [0; TOLD.len()],
            last: None,
        }
    }

    /// Returns an entry that tells what was dropped since the last that did.
    pub(super) fn look(&mut self, balance: &Balance) -> Option<LogEntry> {
        let dropped = TOLD.map(|reason| balance.dropped(reason));
        let (from, now) = (self.since, self.clock.now());
        if dropped == self.told {
            self.since = now;
            return None;
        }
        let at = self.clock.monotonic();
        if self
            .last
            .is_some_and(|last| at.saturating_sub(last) < APART)
        {
            return None;
        }
        let new = std::array::from_fn::<_, { TOLD.len() }, _>(|it| dropped[it] - self.told[it]);
        (self.told, self.since, self.last) = (dropped, now, Some(at));
        Some(self.marker(&new, from, now))
    }

    fn marker(&self, new: &[u64], from: Timestamp, to: Timestamp) -> LogEntry {
        let count = new.iter().sum::<u64>();
        let reasons: serde_json::Map<_, _> = TOLD
            .iter()
            .zip(new)
            .filter(|(_, count)| **count > 0)
            .map(|(reason, count)| (reason.as_str().to_owned(), json!(count)))
            .collect();
        let names: Vec<_> = reasons.keys().map(String::as_str).collect();
        let entries = match count {
            1 => "1 entry".to_owned(),
            _ => format!("{count} entries"),
        };
        let title = format!(
            "{entries} dropped between {from} and {to}: {}",
            names.join(", ")
        );
        let mut event = EventRecord::new("api_log", "entries_dropped");
        event.title = Some(title);
        event.data = json!({ "count": count, "from": from, "to": to, "reasons": reasons });
        let kind = EntryKind::Event(Box::new(event));
        LogEntry::new(self.ids.next(to), to, Context::default(), kind)
    }
}
