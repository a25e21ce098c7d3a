use std::fmt;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::in_flight::Pending;
use crate::capture::SharedTap;
use crate::entry::Outcome;

pin_project! {
    /// The request's body as the service reads it: the client's, observed.
    pub struct RequestBody<B> {
        #[pin]
        inner: B,
        tap: Option<SharedTap>,
        was_polled: bool,
    }
}

pin_project! {
    /// The response's body as the client reads it: the service's, observed.
    pub struct ResponseBody<B> {
        // `None` where there is no body but the end.
        #[pin]
        inner: Option<B>,
        pending: Pending,
        // The last frame, or the end after it, which waits until the entry is where it should be.
        held: Option<Last>,
    }
}

/// A body's last frame, or `None` where its end comes alone.
type Last = Option<Frame<Bytes>>;

impl<B> RequestBody<B> {
    pub(super) fn new(inner: B, tap: Option<SharedTap>) -> Self {
        Self {
            inner,
            tap,
            was_polled: false,
        }
    }

    /// Returns the body inside, which from then on is not observed.
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(inner: B, pending: Pending) -> Self {
        Self {
            inner: Some(inner),
            pending,
            held: None,
        }
    }

    /// Makes the body of an answer in the service's place.
    pub(super) fn empty() -> Self {
        Self {
            inner: None,
            pending: Pending::default(),
            held: None,
        }
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let polled = this.inner.as_mut().poll_frame(cx);
        let polled = polled.map(|frame| frame.map(|frame| frame.map(into_bytes)));
        let Some(tap) = this.tap else { return polled };
        if polled.is_pending() && *this.was_polled {
            return polled;
        }
        let has_ended = polled.is_ready() && this.inner.is_end_stream();
        let mut tap = tap.lock().unwrap_or_else(PoisonError::into_inner);
        *this.was_polled = true;
        tap.polled();
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    tap.data(data);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    tap.trailers(trailers);
                }
                if has_ended {
                    tap.ended();
                }
            }
            Poll::Ready(None) => tap.ended(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Body<Error: fmt::Display>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let last = match this.held.take() {
            Some(last) => last,
            None => {
                let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
                    return Poll::Ready(None);
                };
                // With an exact length the peer never polls for the end, so it is asked for after each frame.
                let (frame, has_ended) = ready!(this.pending.polling(|| {
                    let polled = inner.as_mut().poll_frame(cx);
                    polled.map(|frame| {
                        (
                            frame.map(|frame| frame.map(into_bytes)),
                            inner.is_end_stream(),
                        )
                    })
                }));
                match &frame {
                    Some(Ok(frame)) => {
                        let data = frame.data_ref().map(|data| &**data);
                        this.pending.frame(data, frame.trailers_ref(), has_ended);
                    }
                    Some(Err(error)) => this.pending.fail(Outcome::BodyError, error),
                    None => this.pending.frame(None, None, true),
                }
                match frame {
                    Some(Ok(frame)) => Some(frame),
                    None => None,
                    failed => return Poll::Ready(failed),
                }
            }
        };
        // A head that has gone out cannot be refused any more.
        if this.pending.poll_hold(cx).is_pending() {
            *this.held = Some(last);
            return Poll::Pending;
        }
        Poll::Ready(last.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.inner.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let none = || SizeHint::with_exact(0);
        let mut hint = self.inner.as_ref().map_or_else(none, B::size_hint);
        if let Some(Some(frame)) = &self.held
            && let Some(data) = frame.data_ref()
        {
            let held = data.len() as u64;
            // The upper bound first: a lower one above it is a panic.
            if let Some(upper) = hint.upper() {
                hint.set_upper(upper.saturating_add(held));
            }
            hint.set_lower(hint.lower().saturating_add(held));
        }
        hint
    }
}

/// Free for `Bytes`, right for any `Buf`, which may lie in several pieces.
fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}

impl<B: Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::new(B::default(), Pending::default())
    }
}

impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
