use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Method, Response, StatusCode, Version};
use http_body::Body;

use super::hold::Hold;
use super::open::Open;
use crate::capture::Failure;
use crate::entry::{Outcome, OwnEndpoint};

/// The record of an exchange that is under way. Dropping it finishes it.
#[derive(Default)]
pub(super) struct Pending {
    /// `None` once finished, and for exchanges of which nothing is taken.
    open: Option<Open>,
    /// What the end of the response waits for.
    hold: Option<Hold>,
    /// Whether it was dropped when it began.
    is_lost: bool,
}

impl Pending {
    /// Makes one whose service is called once nothing is held.
    pub(super) fn new(open: Open, hold: Option<Hold>) -> Self {
        Self {
            open: Some(open),
            hold,
            is_lost: false,
        }
    }

    /// Makes that of an exchange that was dropped when it began.
    pub(super) fn lost() -> Self {
        Self {
            open: None,
            hold: None,
            is_lost: true,
        }
    }

    /// Tells whether it is known already that the response is to be refused, where no entry can be made safe or this one is lost. One that is left out
    /// is not.
    pub(super) fn must_refuse(&self, is_none_safe: impl FnOnce() -> bool) -> bool {
        let is_recorded = self.open.as_ref().is_some_and(|it| it.chosen.is_ok());
        self.is_lost || is_recorded && is_none_safe()
    }

    /// Runs a poll of the service or of its body. A panic goes on as it came, and finishes the record where that is dropped: what the service's own
    /// parts say while they are dropped still belongs to the exchange.
    pub(super) fn polling<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let Some(open) = &mut self.open else {
            return poll();
        };
        open.progress.is_polled = true;
        let polled = catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|thrown| {
            open.take_failure(|| Failure::of_panic(&*thrown));
            resume_unwind(thrown)
        });
        open.progress.is_polled = false;
        polled
    }

    /// Takes the head of the response, and finishes where no body will follow.
    pub(super) fn respond<B: Body>(&mut self, response: &mut Response<B>) {
        let Some(open) = &mut self.open else { return };
        if response.extensions().get::<OwnEndpoint>().is_some() {
            open.leave_out();
        }
        open.take_head(response);
        open.hand_over_told();
        let status = response.status();
        let method = &open.captured.method;
        let is_upgrade = status == StatusCode::SWITCHING_PROTOCOLS
            || (method == Method::CONNECT && status.is_success());
        let is_bodiless = method == Method::HEAD
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || response.body().is_end_stream();
        if is_upgrade {
            self.finish(Outcome::Upgraded);
        } else if is_bodiless {
            self.finish(Outcome::Completed);
        }
    }

    /// Takes a frame of the response body; `has_ended` when no frame follows.
    pub(super) fn frame(
        &mut self,
        data: Option<&[u8]>,
        trailers: Option<&HeaderMap>,
        has_ended: bool,
    ) {
        let Some(open) = &mut self.open else { return };
        if data.is_some() || trailers.is_some() {
            open.progress.to_last_frame = Some(open.since_begun());
        }
        open.hand_over_told();
        let Some(tap) = &mut open.progress.response_tap else {
            return;
        };
        if let Some(data) = data {
            tap.data(data);
        }
        if let Some(trailers) = trailers {
            tap.trailers(trailers);
        }
        // An HTTP/1 server that has the declared length does not ask for the end, which may have to wait. A later one does, and may get trailers.
        let is_last = open.shared.intake.shared().holds
            && open.captured.version < Version::HTTP_2
            && tap.is_complete();
        if has_ended || is_last || trailers.is_some() {
            tap.ended();
            self.finish(Outcome::Completed);
        }
    }

    /// Ends the record with an error, which is read here because it moves on to the caller.
    pub(super) fn fail(&mut self, outcome: Outcome, error: &dyn Display) {
        if let Some(open) = &mut self.open {
            let shared = open.shared.clone();
            let ledger = &shared.intake.shared().ledger;
            open.take_failure(|| Failure::of_error(error, || ledger.callback_panicked()));
        }
        self.finish(outcome);
    }

    /// Ends the record and hands it to the recorder. Does nothing the second time.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if let Some(open) = self.open.take() {
            self.hold = open.finish(outcome);
        }
    }

    /// Waits until the end of the response may go on; `false` where it is to be refused.
    pub(super) fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(hold) = &mut self.hold else {
            return Poll::Ready(true);
        };
        let may_go = ready!(hold.poll(cx));
        self.hold = None;
        Poll::Ready(may_go)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Some(open) = &self.open else { return };
        let outcome = match &open.progress.response_tap {
            // A panic of this service, or of one around it that unwinds through here.
            _ if open.progress.is_polled || std::thread::panicking() => Outcome::Panic,
            None => Outcome::LeftBeforeResponse,
            Some(tap) if tap.is_complete() => Outcome::Completed,
            Some(_) => Outcome::LeftInBody,
        };
        self.finish(outcome);
    }
}
