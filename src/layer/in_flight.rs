use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, Method, Response, StatusCode};
use http_body::Body;

use super::hooks::MatchedRoute;
use super::service::Shared;
use crate::annotate::ApiLog;
use crate::capture::{Captured, CapturedResponse, Chosen, Fields, SharedTap, Tap};
use crate::entry::{Outcome, OwnEndpoint, Timing};

/// The record of an exchange that is under way. Dropping it finishes it.
#[derive(Default)]
pub(super) struct Pending {
    /// `None` once finished, and for exchanges that are not recorded.
    open: Option<Open>,
}

pub(super) struct Open {
    pub(super) shared: Arc<Shared>,
    pub(super) captured: Box<Captured>,
    pub(super) chosen: Chosen,
    pub(super) log: ApiLog,
    /// The monotonic clock when the request came.
    pub(super) begun: Duration,
    pub(super) request_tap: Option<SharedTap>,
    /// The client's request id, where it is trusted.
    pub(super) trusted_id: Option<http::HeaderValue>,
    pub(super) progress: Progress,
}

/// How far the exchange has come. Times are since the request came.
#[derive(Default)]
pub(super) struct Progress {
    to_headers: Option<Duration>,
    /// When the last frame passed.
    to_last_frame: Option<Duration>,
    response_tap: Option<Tap>,
    /// Whether the service, or its body, is being polled: what is dropped then is dropped by a panic.
    is_polled: bool,
}

impl Pending {
    pub(super) fn new(open: Open) -> Self {
        Self { open: Some(open) }
    }

    /// Runs a poll of the service or of its body.
    pub(super) fn polling<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        self.mark(true);
        let polled = poll();
        self.mark(false);
        polled
    }

    fn mark(&mut self, is_polled: bool) {
        if let Some(open) = &mut self.open {
            open.progress.is_polled = is_polled;
        }
    }

    /// Takes the head of the response, and finishes where no body will follow.
    pub(super) fn respond<B: Body>(&mut self, response: &mut Response<B>) {
        let Some(open) = &mut self.open else { return };
        if response.extensions().get::<OwnEndpoint>().is_some() || !open.take_head(response) {
            if let Some(open) = self.open.take() {
                open.leave_out();
            }
            return;
        }
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
        let Some(tap) = &mut open.progress.response_tap else {
            return;
        };
        if let Some(data) = data {
            tap.data(data);
        }
        if let Some(trailers) = trailers {
            tap.trailers(trailers);
        }
        if has_ended || trailers.is_some() {
            tap.ended();
            self.finish(Outcome::Completed);
        }
    }

    /// Ends the record and hands it to the recorder. Does nothing the second time.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if let Some(open) = self.open.take() {
            open.finish(outcome);
        }
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

impl Open {
    fn since_begun(&self) -> Duration {
        self.shared.clock.monotonic().saturating_sub(self.begun)
    }

    /// Takes the response's head; `false` when the route, known only now, is left out by the policy.
    fn take_head<B: Body>(&mut self, response: &mut Response<B>) -> bool {
        self.progress.to_headers = Some(self.since_begun());
        let (request_ids, trusted) = (self.shared.request_ids, self.trusted_id.take());
        request_ids.add(response.headers_mut(), self.captured.id, trusted);
        if !self.take_late_route(response.extensions()) {
            return false;
        }
        let Self {
            shared,
            captured,
            chosen,
            progress,
            ..
        } = self;
        let headers = response.headers();
        let size = Fields::size_of(headers);
        let fields = captured.reservation.grow_head(size).then(|| {
            let mut fields = Fields::with_capacity(size);
            fields.extend(headers);
            fields
        });
        let status = response.status().as_u16();
        captured.response = Some(CapturedResponse {
            status,
            fields,
            trailers: Fields::default(),
        });
        let limit = shared.policy.of(*chosen).response_body_limit(headers);
        // A server drops the body at the length that the head declares, without asking for its end.
        let declared = || headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let expected = response.body().size_hint().exact().or_else(declared);
        let mut tap = Tap::new(limit, expected, captured.reservation.empty_sibling());
        tap.polled();
        progress.response_tap = Some(tap);
        true
    }

    /// Takes a route that the response tells and the request did not, and what its policy says.
    fn take_late_route(&mut self, extensions: &Extensions) -> bool {
        let Self {
            shared,
            captured,
            chosen,
            request_tap,
            ..
        } = self;
        let Some(MatchedRoute(route)) = extensions.get() else {
            return true;
        };
        let size = Fields::size_of_field(":route", route.as_bytes());
        if captured.request.text(":route").is_some() || !captured.reservation.grow_head(size) {
            return true;
        }
        captured.request.push(":route", route.as_bytes(), false);
        let target = captured.request.text(":path").unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let Some(found) = shared.policy.decide(&captured.method, path, Some(route)) else {
            return false;
        };
        *chosen = found;
        if let Some(tap) = request_tap {
            let limit = shared
                .policy
                .of(found)
                .request_body_limit(&HeaderMap::new());
            tap.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .narrow(limit);
        }
        true
    }

    /// Ends without an entry.
    fn leave_out(self) {
        self.log.close();
        if let Some(tap) = &self.request_tap {
            // The service may go on reading; nothing more is kept.
            tap.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        self.shared.intake.shared().ledger.filtered();
    }

    fn finish(mut self, outcome: Outcome) {
        let took = match (outcome, self.progress.to_last_frame) {
            (Outcome::Completed, Some(last)) => last,
            _ => self.since_begun(),
        };
        self.take_response_body(outcome);
        self.captured.outcome = outcome;
        let policy = self.shared.policy.of(self.chosen);
        let told = self
            .log
            .close()
            .filter(|_| policy.keeps(|| self.captured.has_failed(), took));
        let Some(told) = told else {
            return self.leave_out();
        };
        let Self {
            shared,
            mut captured,
            request_tap,
            progress,
            ..
        } = self;
        captured.timing = Timing::new(progress.to_headers, took);
        if let Some(told) = told {
            // Bounded by the handle; what the service has told is never left out.
            let bytes = captured.reservation.bytes() + told.size_bytes();
            captured.reservation.stand_for(bytes);
            captured.told = Some(told);
        }
        if let Some(tap) = request_tap {
            let (body, trailers, reservation) =
                tap.lock().unwrap_or_else(PoisonError::into_inner).take();
            captured.request_body = body;
            captured.request_trailers = trailers;
            captured.reservation.absorb(reservation);
        }
        shared.intake.push(captured);
    }

    fn take_response_body(&mut self, outcome: Outcome) {
        let Self {
            captured, progress, ..
        } = self;
        let (Some(mut tap), Some(response)) =
            (progress.response_tap.take(), &mut captured.response)
        else {
            return;
        };
        if matches!(outcome, Outcome::Completed | Outcome::Upgraded) {
            tap.ended();
        }
        let (body, trailers, reservation) = tap.take();
        captured.response_body = body;
        response.trailers = trailers;
        captured.reservation.absorb(reservation);
    }
}
