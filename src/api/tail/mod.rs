//! A listing that goes on: what comes to a store, told to a reader as it comes.
//!
//! It asks the store, so that it tells what any of several nodes wrote. It is driven by the reader: nothing is asked until the last answer was taken,
//! nothing is kept for who reads slowly, and what they miss meanwhile is counted.

mod known;
mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::failed;
use super::ledger::Ledger;
use super::read::Telling;
use crate::clock::Clock;
use crate::error::Error;
use crate::format::{Refusal, Tail, TailWriter};
use crate::query::Scope;
use crate::store::LogStore;
use watch::{News, Watch};

/// How long a tail lasts: then the reader comes again, and is admitted anew or not.
const LASTS: Duration = Duration::from_secs(15 * 60);
/// How long a reader hears nothing at most.
const QUIET: Duration = Duration::from_secs(15);

/// The body of a tail.
pub(super) struct Tailing {
    state: State,
    writer: Box<dyn TailWriter>,
    interval: Duration,
    /// The ledger, where the reader may see it, and what was last told of it.
    ledger: Option<(Ledger, Bytes)>,
    ends_at: Instant,
    told_at: Instant,
    is_greeted: bool,
    /// Told when the body ends or is dropped.
    telling: Option<Telling>,
    /// The reader's place among those who may follow at a time.
    _seat: Option<OwnedSemaphorePermit>,
}

type Looking = Pin<Box<dyn Future<Output = (Box<Watch>, Result<News, Error>)> + Send>>;

enum State {
    Due(Box<Watch>),
    Looking(Looking, Instant),
    /// The next look is due at a time; it sleeps until then, or until it has been quiet for too long.
    Waiting(Box<Watch>, Instant, Pin<Box<Sleep>>),
    Ended,
}

impl Tailing {
    pub(super) fn new(
        store: Arc<dyn LogStore>,
        clock: Arc<dyn Clock>,
        scope: Scope,
        asked: Tail,
        writer: Box<dyn TailWriter>,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let now = Instant::now();
        Self {
            interval: asked.interval,
            state: State::Due(Box::new(Watch::new(store, clock, scope, asked))),
            writer,
            ledger: None,
            ends_at: now + LASTS,
            told_at: now,
            is_greeted: false,
            telling: None,
            _seat: seat,
        }
    }

    /// Tells of the ledger as well.
    pub(super) fn with_ledger(mut self, ledger: Option<Ledger>) -> Self {
        self.ledger = ledger.map(|ledger| (ledger, Bytes::new()));
        self
    }

    pub(super) fn tell(&mut self, telling: Telling) {
        self.telling = Some(telling);
    }

    /// Ends the body, and tells of it.
    fn end(&mut self, complete: bool) {
        self.state = State::Ended;
        self._seat = None;
        if let Some(mut telling) = self.telling.take() {
            telling.read.complete = complete;
        }
    }

    /// Ends the body with the reason.
    fn fail(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        self.writer.failed(refusal, out);
        self.end(false);
    }

    /// Writes what a look found.
    fn write(&mut self, watch: &Watch, news: &News, out: &mut Vec<u8>) {
        let shown = news.entries.len() as u64;
        if shown > 0 || news.more.is_some_and(|more| more > 0) {
            self.writer
                .entries(&news.entries, watch.newest(), news.more, out);
        }
        if let Some(telling) = &mut self.telling {
            telling.read.entries += shown;
        }
        if let Some((ledger, last)) = &mut self.ledger
            && !news.is_behind
        {
            let reply = (ledger.read)();
            if reply.body != *last {
                self.writer.ledger(&reply.body, out);
                *last = reply.body;
            }
        }
        if out.is_empty() && !self.is_greeted {
            self.writer.keep_alive(out);
        }
        self.is_greeted = true;
    }

    /// Sleeps until the next look, or until the reader has to hear something.
    fn wait(&mut self, watch: Box<Watch>, due: Instant, out: &mut Vec<u8>) {
        if Handle::try_current().is_err() {
            // Nobody would wake it.
            return self.fail(&Refusal::Internal, out);
        }
        let until = due.min(self.told_at + QUIET).min(self.ends_at);
        self.state = State::Waiting(watch, due, Box::pin(sleep_until(until)));
    }
}

impl Body for Tailing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let mut out = Vec::new();
        loop {
            let now = Instant::now();
            match std::mem::replace(&mut this.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                _ if now >= this.ends_at => this.end(true),
                State::Due(mut watch) => {
                    let look = async move {
                        let news = watch.look().await;
                        (watch, news)
                    };
                    this.state = State::Looking(Box::pin(look), now);
                }
                State::Looking(mut look, begun) => match look.as_mut().poll(cx) {
                    Poll::Pending => {
                        this.state = State::Looking(look, begun);
                        return Poll::Pending;
                    }
                    Poll::Ready((_, Err(error))) => this.fail(&failed(&error), &mut out),
                    Poll::Ready((watch, Ok(news))) => {
                        this.write(&watch, &news, &mut out);
                        if !out.is_empty() {
                            this.told_at = now;
                        }
                        // A store that is slow is asked half of the time at most.
                        let due = now + this.interval.max(now - begun);
                        match news.is_behind {
                            true => this.state = State::Due(watch),
                            false => this.wait(watch, due, &mut out),
                        }
                    }
                },
                State::Waiting(watch, due, mut sleep) => {
                    if sleep.as_mut().poll(cx).is_pending() {
                        this.state = State::Waiting(watch, due, sleep);
                        return Poll::Pending;
                    }
                    if now >= this.told_at + QUIET {
                        this.writer.keep_alive(&mut out);
                        this.told_at = now;
                    }
                    match now >= due {
                        true => this.state = State::Due(watch),
                        false => this.wait(watch, due, &mut out),
                    }
                }
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(out.into()))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}
