use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::read::Telling;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::format::ExportWriter;
use crate::query::{LogQuery, Page, Position};
use crate::store::LogStore;

/// How many entries are asked of the store at a time.
const PAGE_ENTRIES: u32 = 100;
/// A frame is sent once it has as many bytes: entries written out can be many times as long as they are in the store.
const FRAME_BYTES: usize = 256 * 1024;

/// The body of an export: page by page, as the reader takes them. A failure of the store ends it with an error, so that a part is never
/// taken for the whole.
pub(super) struct Exporting {
    store: Arc<dyn LogStore>,
    query: LogQuery,
    left: u64,
    writer: Box<dyn ExportWriter>,
    state: State,
    /// Told when the body ends or is dropped.
    telling: Option<Telling>,
}

enum State {
    Fresh,
    Asking(Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>),
    /// Writes the entries of a page; more may follow.
    Writing(std::vec::IntoIter<LogEntry>, bool),
    Ended,
}

impl Exporting {
    pub(super) fn new(
        store: Arc<dyn LogStore>,
        query: LogQuery,
        max_entries: u64,
        writer: Box<dyn ExportWriter>,
    ) -> Self {
        Self {
            store,
            query,
            left: max_entries,
            writer,
            state: State::Fresh,
            telling: None,
        }
    }

    pub(super) fn tell(&mut self, mut telling: Telling) {
        telling.read.complete = false;
        self.telling = Some(telling);
    }

    /// Ends the body, and tells how.
    fn end(&mut self, complete: bool) {
        self.state = State::Ended;
        if let Some(mut telling) = self.telling.take() {
            telling.read.complete = complete;
        }
    }

    /// Asks for the next page, or writes the end.
    fn go_on(&mut self, has_more: bool, out: &mut Vec<u8>) {
        if self.left == 0 || !has_more {
            self.writer.end(out);
            self.end(true);
            return;
        }
        let limit = u32::try_from(self.left).map_or(PAGE_ENTRIES, |left| left.min(PAGE_ENTRIES));
        let (store, query) = (self.store.clone(), self.query.clone().limit(limit));
        self.state = State::Asking(Box::pin(async move { store.list(&query).await }));
    }
}

impl Body for Exporting {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        loop {
            let mut out = Vec::new();
            match &mut this.state {
                State::Fresh => {
                    this.writer.begin(&mut out);
                    this.go_on(true, &mut out);
                }
                State::Asking(page) => match ready!(page.as_mut().poll(cx)) {
                    Ok(page) => {
                        let last = page.entries.last().map(|entry| entry.id);
                        let reached = page.searched_to.or(last);
                        if let Some(id) = reached {
                            this.query.position = Position::After(id);
                        }
                        let has_more = page.has_older && reached.is_some();
                        this.state = State::Writing(page.entries.into_iter(), has_more);
                    }
                    Err(error) => {
                        this.end(false);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Writing(entries, has_more) => {
                    let (has_more, mut shown) = (*has_more, 0);
                    for entry in entries.by_ref() {
                        this.writer.entry(&entry, &mut out);
                        shown += 1;
                        if out.len() >= FRAME_BYTES {
                            break;
                        }
                    }
                    let is_done = entries.as_slice().is_empty();
                    this.left = this.left.saturating_sub(shown);
                    if let Some(telling) = &mut this.telling {
                        telling.read.entries += shown;
                    }
                    if is_done {
                        this.go_on(has_more, &mut out);
                    }
                }
                State::Ended => return Poll::Ready(None),
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
