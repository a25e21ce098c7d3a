//! Writing one batch: again and again where its error may pass, by halves where the sink refuses it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::writer::{TooLate, Writer};
use crate::entry::LogEntry;
use crate::error::Error;
use crate::recorder::guarded::Guarded;
use crate::recorder::ledger::DropReason;

/// After so many entries refused one by one, and none stored, it is the sink that is at fault and not they.
const MOST_REFUSED: u32 = 8;

/// How a part of a batch ended.
enum Attempt {
    Stored,
    /// The sink will not take it as it is.
    Refused,
    /// It was tried for as long as it may.
    GivenUp,
}

/// What an error asks for.
enum Remedy {
    /// The same again.
    Repeat,
    /// Somebody who mends the sink.
    Operator,
    /// Another batch.
    Split,
}

impl Writer {
    /// Writes entries and settles each of them: stored, or dropped because the sink would not have it.
    pub(super) async fn write(&mut self, entries: &[LogEntry]) -> Result<(), TooLate> {
        let mut left = entries.len();
        let begun = Instant::now();
        // The part to be written next is the last: a batch is halved always in the same way, so that its parts are the same when it comes again.
        let mut parts: Vec<_> = std::iter::once(0..entries.len()).collect();
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let attempt = match self.attempt(&entries[part.clone()], begun).await {
                Ok(attempt) => attempt,
                Err(TooLate) => {
                    self.lane.book.dropped(DropReason::Deadline, left);
                    return Err(TooLate);
                }
            };
            match attempt {
                Attempt::Refused if part.len() > 1 => {
                    parts.extend(halves(part));
                    continue;
                }
                Attempt::Stored => {
                    self.refused = 0;
                    self.lane.book.write(|it| it.stored += part.len() as u64);
                }
                Attempt::Refused => {
                    self.refused += 1;
                    self.lane.book.dropped(DropReason::Sink, 1);
                }
                Attempt::GivenUp => self.lane.book.dropped(DropReason::Sink, part.len()),
            }
            left -= part.len();
            self.lane.writing.store(left, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes one part until the sink takes it or refuses it, or the time for it is over.
    async fn attempt(&mut self, part: &[LogEntry], begun: Instant) -> Result<Attempt, TooLate> {
        let sink = Arc::clone(&self.sink);
        loop {
            let call = Guarded::new(|| (*sink).write(part));
            let Err(error) = self.in_time(call).await? else {
                self.pace.stored();
                self.tell_health(None);
                return Ok(Attempt::Stored);
            };
            self.lane.health.failed(&error);
            let pause = match self.remedy(&error) {
                Remedy::Split => return Ok(Attempt::Refused),
                Remedy::Repeat => self.pace.failed(),
                Remedy::Operator => self.pace.broken(),
            };
            self.tell_health(Some(&error));
            if self.is_given_up(begun, pause) {
                return Ok(Attempt::GivenUp);
            }
            self.unless_too_late(tokio::time::sleep(pause)).await?;
            self.lane.health.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn remedy(&self, error: &Error) -> Remedy {
        match error {
            _ if error.is_retryable() => Remedy::Repeat,
            _ if error.needs_operator() || self.refused >= MOST_REFUSED => Remedy::Operator,
            _ => Remedy::Split,
        }
    }

    fn is_given_up(&self, begun: Instant, pause: Duration) -> bool {
        begun.elapsed() + pause > self.lane.delivery.retry_for
    }
}

/// Halves a part, the first half last.
fn halves(part: Range<usize>) -> [Range<usize>; 2] {
    let middle = part.start + part.len() / 2;
    [middle..part.end, part.start..middle]
}
