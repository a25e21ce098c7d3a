//! Writing one batch: again and again where its error may pass, by halves where the sink refuses it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::writer::{TooLate, Writer};
use super::{Origin, SinkState};
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
    Refused(Error),
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
    /// Writes entries and settles each of them: stored; set aside or dropped because the sink would not have it; or moved to the spool, to be tried again.
    pub(super) async fn write(
        &mut self,
        entries: &[LogEntry],
        origin: Origin,
    ) -> Result<(), TooLate> {
        let mut left = entries.len();
        let begun = Instant::now();
        // The part to be written next is the last: a batch is halved always in the same way, so that its parts are the same when it comes again.
        let mut parts: Vec<_> = std::iter::once(0..entries.len()).collect();
        while let Some(range) = parts.pop() {
            let part = &entries[range.clone()];
            if part.is_empty() {
                continue;
            }
            let attempt = match self.attempt(part, origin, begun).await {
                Ok(attempt) => attempt,
                Err(TooLate) => {
                    for range in parts.into_iter().chain([range]) {
                        self.lane
                            .keep_or_drop(&entries[range], origin, DropReason::Deadline);
                    }
                    return Err(TooLate);
                }
            };
            match attempt {
                Attempt::Refused(_) if part.len() > 1 => {
                    parts.extend(halves(range));
                    continue;
                }
                Attempt::Stored => {
                    self.refused = 0;
                    self.lane.stored(part, origin);
                }
                Attempt::Refused(error) => {
                    self.refused += 1;
                    let at = self.clock.now();
                    self.lane.refused(&part[0], origin, &error, at);
                }
                Attempt::GivenUp => self.lane.keep_or_drop(part, origin, DropReason::Sink),
            }
            left -= part.len();
            self.lane.set_writing(origin, left);
        }
        Ok(())
    }

    /// Writes one part until the sink takes it or refuses it, or the time for it is over.
    async fn attempt(
        &mut self,
        part: &[LogEntry],
        origin: Origin,
        begun: Instant,
    ) -> Result<Attempt, TooLate> {
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
                Remedy::Split => return Ok(Attempt::Refused(error)),
                Remedy::Repeat => self.pace.failed(),
                Remedy::Operator => self.pace.broken(),
            };
            self.tell_health(Some(&error));
            if self.is_given_up(origin, begun, pause) {
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

    /// Tells whether to give up: never where the part is in the spool, soon where it can go there.
    fn is_given_up(&self, origin: Origin, begun: Instant, pause: Duration) -> bool {
        let is_over = begun.elapsed() + pause > self.lane.delivery.retry_for;
        let is_down = matches!(self.pace.state(), SinkState::Down | SinkState::Broken);
        match origin {
            Origin::Memory => is_over || is_down && self.lane.has_spool(),
            Origin::Spool(_) => false,
        }
    }
}

/// Halves a part, the first half last.
fn halves(part: Range<usize>) -> [Range<usize>; 2] {
    let middle = part.start + part.len() / 2;
    [middle..part.end, part.start..middle]
}
