use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body;

use super::builder::MatchedRoute;
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

/// How far the exchange has come.
#[derive(Default)]
pub(super) struct Progress {
    to_headers: Option<Duration>,
    /// When the declared length was reached, though the body has not ended.
    to_declared_length: Option<Duration>,
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
        let Some(_) = &self.open else { return poll() };
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
        if response.extensions().get::<OwnEndpoint>().is_some() {
            open.shared.intake.shared().ledger.filtered();
            self.open = None;
            return;
        }
        open.take_head(response);
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
        let Some(tap) = &mut open.progress.response_tap else {
            return;
        };
        if let Some(data) = data {
            tap.data(data);
            if tap.is_complete() && open.progress.to_declared_length.is_none() {
                open.progress.to_declared_length =
                    Some(open.shared.clock.monotonic().saturating_sub(open.begun));
            }
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
        let Progress {
            response_tap,
            is_polled,
            ..
        } = &open.progress;
        let outcome = match response_tap {
            _ if *is_polled => Outcome::Panic,
            None => Outcome::LeftBeforeResponse,
            Some(tap) if tap.is_complete() => Outcome::Completed,
            Some(_) => Outcome::LeftInBody,
        };
        self.finish(outcome);
    }
}

impl Open {
    fn take_head<B: Body>(&mut self, response: &mut Response<B>) {
        let Self {
            shared,
            captured,
            begun,
            progress,
            ..
        } = self;
        progress.to_headers = Some(shared.clock.monotonic().saturating_sub(*begun));
        shared.add_request_id(response.headers_mut(), captured.id, self.trusted_id.take());

        let route = response.extensions().get::<MatchedRoute>();
        if let Some(route) = route.filter(|_| captured.request.text(":route").is_none()) {
            captured.request.push(":route", route.0.as_bytes(), false);
        }
        let headers = response.headers();
        let size = Fields::size_of(headers);
        let mut fields = Fields::default();
        if captured.reservation.grow_head(size) {
            fields = Fields::with_capacity(size);
            fields.extend(headers);
        }
        captured.response = Some(CapturedResponse {
            status: response.status().as_u16(),
            fields,
            trailers: Fields::default(),
        });
        let limit = shared.policy.of(self.chosen).response_body_limit(headers);
        let expected = response.body().size_hint().exact();
        let mut tap = Tap::new(limit, expected, captured.reservation.empty_sibling());
        tap.polled();
        progress.response_tap = Some(tap);
    }

    fn finish(self, outcome: Outcome) {
        let Self {
            shared,
            mut captured,
            chosen,
            log,
            begun,
            request_tap,
            progress,
            ..
        } = self;
        let ledger = &shared.intake.shared().ledger;
        let now = || shared.clock.monotonic().saturating_sub(begun);
        let declared = progress
            .to_declared_length
            .filter(|_| outcome == Outcome::Completed);
        let took = declared.unwrap_or_else(now);
        let status = captured.response.as_ref().map(|response| response.status);
        let Some(told) = log
            .close()
            .filter(|_| shared.policy.of(chosen).keeps(status, outcome, took))
        else {
            ledger.filtered();
            return;
        };
        captured.told = told;
        captured.outcome = outcome;
        captured.timing = Timing::new(progress.to_headers, took);
        if let Some(tap) = request_tap {
            let (body, trailers, reservation) =
                tap.lock().unwrap_or_else(PoisonError::into_inner).take();
            captured.request_body = body;
            captured.request_trailers = trailers;
            captured.reservation.absorb(reservation);
        }
        if let (Some(mut tap), Some(response)) = (progress.response_tap, &mut captured.response) {
            let bodiless = matches!(outcome, Outcome::Upgraded) || captured.method == Method::HEAD;
            if bodiless || (outcome == Outcome::Completed && !tap.is_complete()) {
                tap.ended();
            }
            let (body, trailers, reservation) = tap.take();
            captured.response_body = body;
            response.trailers = trailers;
            captured.reservation.absorb(reservation);
        }
        shared.intake.push(captured);
    }
}
