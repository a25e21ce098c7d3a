use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, Response};
use http_body::Body;

use super::hold::Hold;
use super::service::Shared;
use crate::annotate::{ApiLog, Call, Told, Waiting};
use crate::capture::{
    Captured, CapturedResponse, Chosen, Codings, Ended, Failure, Fields, InForce, Item, LeftOut,
    MatchedRoute, Origin, Policy, Share, SharedTap, Tap,
};
use crate::entry::{Note, Outcome, SkipReason, Timing};
use crate::recorder::{Journal, Parcel};

/// What is held of an exchange from its call to its end.
pub(super) struct Open {
    pub(super) shared: Arc<Shared>,
    pub(super) captured: Box<Captured>,
    /// The policy under which it began.
    pub(super) policy: Arc<InForce>,
    /// Why the exchange is left out and only its events are recorded, where it is.
    pub(super) chosen: Result<Chosen, LeftOut>,
    pub(super) log: ApiLog,
    /// The monotonic clock when the request came.
    pub(super) begun: Duration,
    pub(super) request_tap: Option<SharedTap>,
    /// The client's request id, where it is trusted.
    pub(super) trusted_id: Option<http::HeaderValue>,
    pub(super) progress: Progress,
    /// Whether its start was handed over.
    pub(super) has_start: bool,
}

/// How far the exchange has come. Times are since the request came.
#[derive(Default)]
pub(super) struct Progress {
    to_headers: Option<Duration>,
    /// When the last frame passed.
    pub(super) to_last_frame: Option<Duration>,
    pub(super) response_tap: Option<Tap>,
    /// Whether an audit route may ask for the response's body.
    is_response_read: bool,
    /// Whether the service, or its body, is being polled: what is dropped then is dropped by a panic.
    pub(super) is_polled: bool,
}

impl Open {
    pub(super) fn since_begun(&self) -> Duration {
        self.shared
            .desk
            .clock
            .monotonic()
            .saturating_sub(self.begun)
    }

    /// Takes the response's head.
    pub(super) fn take_head<B: Body>(&mut self, response: &mut Response<B>) {
        self.progress.to_headers = Some(self.since_begun());
        // Whether a call is of the sample is nothing that its caller sees.
        if self.chosen != Err(LeftOut::Filtered) {
            let (request_ids, trusted) = (self.shared.request_ids, self.trusted_id.take());
            request_ids.add(response.headers_mut(), self.captured.id, trusted);
        }
        if !self.take_late_route(response.extensions()) {
            self.leave_out();
        }
        let audit = self.shared.audit.as_ref();
        self.progress.is_response_read =
            audit.is_some_and(|audit| audit.may_read_response(self.call()));
        let limit = self.response_body_limit(response.headers());
        let Self {
            captured,
            chosen,
            progress,
            ..
        } = self;
        let headers = response.headers();
        let size = Fields::size_of(headers);
        let is_needed = chosen.is_ok() || progress.is_response_read;
        let fits = is_needed && captured.reservation.grow_head(size);
        let fields = fits.then(|| {
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
        // A server drops the body at the length that the head declares, without asking for its end.
        let declared = || headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let expected = response.body().size_hint().exact().or_else(declared);
        let tap = Tap::new(limit, expected, captured.reservation.empty_sibling());
        let mut tap = tap.coded(Codings::of(headers));
        tap.polled();
        progress.response_tap = Some(tap);
    }

    /// Says how many bytes of the response's body are kept; also those that only an audit route reads.
    fn response_body_limit(&mut self, headers: &HeaderMap) -> Result<usize, SkipReason> {
        let policy = &self.policy;
        let limit = match self.chosen {
            Ok(chosen) => policy.of(chosen).response_body_limit(headers),
            Err(_) => Err(SkipReason::Policy),
        };
        if limit == Err(SkipReason::Policy) && self.progress.is_response_read {
            self.captured.hides_response_body = Some(SkipReason::Policy);
            return Policy::default().response_body_limit(headers);
        }
        limit
    }

    /// Returns the request's head as an audit route is compared with it.
    fn call(&self) -> Call<'_> {
        Call {
            method: self.captured.method.as_str(),
            path: self.captured.path(),
            route: self.captured.request.text(":route"),
        }
    }

    /// Takes a route that the response tells and the request did not, and what its policy says; `false` when the policy leaves it out.
    fn take_late_route(&mut self, extensions: &Extensions) -> bool {
        let Self {
            policy,
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
        let Ok(found) = policy.decide(&captured.method, captured.path(), Some(route)) else {
            return false;
        };
        // What was left out at once stays left out.
        *chosen = chosen.and(Ok(found));
        if let Some(tap) = request_tap {
            let limit = policy.of(found).request_body_limit(&HeaderMap::new());
            tap.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .narrow(limit);
        }
        true
    }

    /// Keeps nothing more of the exchange but its events.
    pub(super) fn leave_out(&mut self) {
        self.chosen = Err(LeftOut::Filtered);
        if let Some(tap) = self.request_tap.take() {
            // The service may go on reading.
            tap.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// Takes what a failure says of itself, if the exchange is recorded and the budget has room.
    pub(super) fn take_failure(&mut self, read: impl FnOnce() -> Option<Failure>) {
        if self.chosen.is_ok() {
            let reservation = &mut self.captured.reservation;
            self.captured.failure = read().filter(|it| reservation.grow_head(it.size_bytes()));
        }
    }

    /// Hands over the events that were told since the last time.
    pub(super) fn hand_over_told(&self) {
        if let Some(waiting) = self.log.take_events() {
            self.hand_over(waiting);
        }
    }

    fn hand_over(&self, waiting: Waiting) {
        let Waiting { events, context } = waiting;
        let captured = &self.captured;
        let reservation = captured.reservation.empty_sibling();
        let origin = Origin::of(context, &captured.request, captured.peer, reservation);
        let origin = Arc::new(origin);
        for mut event in events {
            event.origin = Some(origin.clone());
            let item = Item::Event(Box::new(event));
            self.shared.intake.push(Parcel::urgent(item));
        }
    }

    /// Hands over that the exchange has started, where that is asked for. Returns what its service waits for, if it has to.
    pub(super) fn hand_over_start(&mut self) -> Option<Hold> {
        let shared = self.shared.intake.shared();
        if !shared.journals || self.chosen.is_err() {
            return None;
        }
        let captured = &self.captured;
        let mut reservation = captured.reservation.empty_sibling();
        if !reservation.grow_head(captured.reservation.bytes()) {
            return None;
        }
        let start = Box::new(captured.started(reservation));
        let (ticket, hold) = Hold::of(&self.shared.intake).unzip();
        self.has_start = self.shared.intake.push(Parcel {
            item: Item::Start(start),
            is_urgent: true,
            ticket,
            journal: Journal::Starts,
        });
        hold
    }

    /// Hands the exchange over. Returns what the end of its response waits for, if it may have to wait.
    pub(super) fn finish(mut self, outcome: Outcome) -> Option<Hold> {
        let took = match (outcome, self.progress.to_last_frame) {
            (Outcome::Completed, Some(last)) => last,
            _ => self.since_begun(),
        };
        self.take_response_body(outcome);
        self.captured.outcome = outcome;
        if !outcome.is_failure() {
            // It panicked and was polled again.
            self.captured.failure = None;
        }
        let mut told = self.log.close();
        if let Some(waiting) = told.take_events() {
            self.hand_over(waiting);
        }
        match self.settle(&told, took) {
            Ok(share) => self.captured.share = share,
            Err(left_out) => {
                self.leave_out();
                if !self.is_event() {
                    self.shared.count_left_out(left_out);
                    if self.has_start {
                        self.shared.intake.shared().cancel_start(self.captured.id);
                    }
                    return None;
                }
                self.captured.left_out = Some(left_out);
            }
        }
        self.captured.timing = Timing::new(self.progress.to_headers, took);
        self.take_request_body();
        self.take_told(told);
        let Self {
            shared,
            captured,
            has_start,
            ..
        } = self;
        let (ticket, hold) = Hold::of(&shared.intake).unzip();
        shared.intake.push(Parcel {
            is_urgent: captured.has_failed(),
            journal: match has_start {
                true => Journal::Ends(captured.id),
                false => Journal::Nothing,
            },
            item: Item::Exchange(captured),
            ticket,
        });
        hold
    }

    /// Tells whether an audit route makes an event of the exchange.
    fn is_event(&self) -> bool {
        let audit = self.shared.audit.as_ref();
        audit.is_some_and(|audit| audit.fires(self.call(), self.captured.was_not_done()))
    }

    /// Decides whether it is kept.
    fn settle(&self, told: &Told, took: Duration) -> Result<Share, LeftOut> {
        let chosen = self.chosen?;
        if told.is_excluded {
            return Err(LeftOut::Filtered);
        }
        self.policy.settle(Ended {
            chosen,
            id: self.captured.id,
            lot: self.captured.lot,
            took,
            at: self.begun.saturating_add(took),
            has_failed: || self.captured.has_failed(),
        })
    }

    /// Takes what the service has told, which is bounded by the handle and never left out.
    fn take_told(&mut self, told: Told) {
        let captured = &mut self.captured;
        if told.leaves_out_request_body {
            captured.request_body.skip(SkipReason::Application);
        }
        match told.leaves_out_response_body {
            true if self.progress.is_response_read => {
                captured.hides_response_body = Some(SkipReason::Application);
            }
            true => captured.response_body.skip(SkipReason::Application),
            false => {}
        }
        let context = told.context.as_ref().map_or(0, |it| it.size_bytes());
        let notes = told.notes.iter().map(Note::size_bytes).sum::<usize>();
        if context + notes > 0 {
            let bytes = captured.reservation.bytes() + context + notes;
            captured.reservation.stand_for(bytes);
        }
        (captured.told, captured.notes) = (told.context, told.notes);
    }

    fn take_request_body(&mut self) {
        let Self {
            captured,
            request_tap,
            ..
        } = self;
        let Some(tap) = request_tap else { return };
        let (body, trailers, reservation) =
            tap.lock().unwrap_or_else(PoisonError::into_inner).take();
        captured.request_body = body;
        captured.request_trailers = trailers;
        captured.reservation.absorb(reservation);
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
