use http::HeaderMap;

use super::refusal::Refusal;
use crate::entry::{EntryId, LogEntry};

/// Writes a listing that goes on, as its entries come. The endpoint looks for the next ones once the reader has taken the last.
pub trait TailWriter: Send + 'static {
    /// Returns the header fields, the content type among them.
    fn headers(&self) -> HeaderMap;

    /// Appends entries that have come, the oldest first. `newest` is the newest id that was seen so far, for the reader to go on from; `more` tells how many others
    /// have come and are not among the entries, `None` where nobody knows.
    fn entries(
        &mut self,
        entries: &[LogEntry],
        newest: EntryId,
        more: Option<u64>,
        out: &mut Vec<u8>,
    );

    /// Appends the ledger, JSON without line breaks, as it has become.
    fn ledger(&mut self, ledger: &[u8], out: &mut Vec<u8>);

    /// Appends what says nothing, so that nobody between takes the connection for a dead one.
    fn keep_alive(&mut self, out: &mut Vec<u8>);

    /// Appends why the tail ends before its time.
    fn failed(&mut self, refusal: &Refusal, out: &mut Vec<u8>);
}
