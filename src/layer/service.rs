use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::{RequestBody, ResponseBody};
use super::future::ResponseFuture;
use super::hooks::{Hooks, target};
use super::in_flight::Pending;
use super::open::{Open, Progress};
use super::request_id::RequestIds;
use super::switch::Switch;
use super::warnings::Warnings;
use crate::annotate::{ApiLog, Call, CompiledRoutes};
use crate::capture::{
    Captured, CapturedBody, Codings, Desk, Fields, Item, LeftOut, Lot, Origin, Policy, Share,
    SharedTap, Tap,
};
use crate::clock::Timestamp;
use crate::entry::{EntryId, Exchange, LogEntry, Outcome, Timing};
use crate::recorder::{DropReason, Intake, Recorder, is_own_thread};

/// The service that [`ApiLogLayer`](crate::ApiLogLayer) makes of another.
#[derive(Clone)]
pub struct ApiLogService<S> {
    inner: S,
    shared: Arc<Shared>,
}

/// What all services and exchanges of a layer share.
pub(super) struct Shared {
    pub(super) intake: Intake<Item>,
    pub(super) recorder: Recorder,
    pub(super) switch: Switch,
    pub(super) hooks: Hooks,
    pub(super) request_ids: RequestIds,
    pub(super) desk: Arc<Desk>,
    pub(super) audit: Option<Arc<CompiledRoutes>>,
    /// What of the masking rules cannot be meant, in words.
    pub(super) warnings: Warnings,
}

/// What becomes of an exchange when it begins.
#[expect(
    clippy::large_enum_variant,
    reason = "it moves on at once, and a box would cost each request an allocation"
)]
enum Begun {
    Open(Open),
    /// It is counted, and nothing of it is taken.
    LeftOut,
    /// It is counted as dropped.
    Lost,
}

/// What a request is given when it comes.
struct Seen {
    id: EntryId,
    started: Timestamp,
    lot: Option<Lot>,
}

impl<S> ApiLogService<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S, B, R> Service<Request<B>> for ApiLogService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    S::Error: fmt::Display,
    B: Body,
    R: Body<Error: fmt::Display>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut pending, request) = self.shared.begin(request);
        let recorder = self.shared.intake.shared();
        if recorder.refuses && pending.must_refuse(|| recorder.must_refuse()) {
            return ResponseFuture::refused(pending);
        }
        let inner = pending.polling(|| self.inner.call(request));
        ResponseFuture::new(inner, pending)
    }
}

impl Shared {
    /// Decides on a request and takes its head.
    fn begin<B: Body>(
        self: &Arc<Self>,
        mut request: Request<B>,
    ) -> (Pending, Request<RequestBody<B>>) {
        let known = request.extensions().get::<ApiLog>();
        if known.is_some_and(|log| log.is_of(&self.desk)) {
            // Another clone of the layer stands outside and records the exchange.
            return (
                Pending::default(),
                request.map(|body| RequestBody::new(body, None)),
            );
        }
        let (begun, log) = self.open(&request);
        #[cfg(feature = "explorer")]
        note_replay(&request, &log);
        let tap = match &begun {
            Begun::Open(open) => open.request_tap.clone(),
            _ => None,
        };
        // A handler that extracts it must find it in an exchange that is left out as well.
        request.extensions_mut().insert(log);
        let pending = match begun {
            Begun::Open(mut open) => {
                let hold = open.hand_over_start();
                Pending::new(open, hold)
            }
            Begun::LeftOut => Pending::default(),
            Begun::Lost => Pending::lost(),
        };
        (pending, request.map(|body| RequestBody::new(body, tap)))
    }

    fn open<B: Body>(self: &Arc<Self>, request: &Request<B>) -> (Begun, ApiLog) {
        let begun = self.desk.clock.monotonic();
        let ledger = &self.intake.shared().ledger;
        ledger.seen(1);
        let told = self.hooks.context(request.extensions(), ledger);
        let log = |id, is_held| ApiLog::new(self.desk.clone(), id, is_held, told);
        if is_own_thread() {
            ledger.filtered();
            return (Begun::LeftOut, log(None, false));
        }
        if self.intake.shared().is_closed() {
            ledger.dropped(DropReason::Closed, 1);
            return (Begun::Lost, log(None, false));
        }
        let route = self.hooks.route(request.extensions(), ledger);
        let path = target(request).path();
        let policy = self.switch.policy();
        let mut chosen = match self.switch.is_paused() {
            true => Err(LeftOut::Filtered),
            false => policy.decide(request.method(), path, route.as_deref()),
        };
        let started = self.desk.clock.now();
        let id = self.desk.ids.next(started);
        let lot = policy.draw(request.headers());
        let is_route_known = route.is_some();
        if chosen.is_ok_and(|it| policy.leaves_out_at_once(it, is_route_known, lot, id)) {
            chosen = Err(LeftOut::Sampled);
        }
        let seen = Seen { id, started, lot };
        let Some(captured) = self.take(request, route.as_deref(), chosen.is_ok(), seen) else {
            let call = Call {
                method: request.method().as_str(),
                path,
                route: route.as_deref(),
            };
            let begun = match chosen {
                Err(why) if !self.may_be_event(call) => {
                    self.count_left_out(why);
                    Begun::LeftOut
                }
                _ => {
                    ledger.dropped(DropReason::OverBudget, 1);
                    Begun::Lost
                }
            };
            return (begun, log(None, false));
        };
        let request_tap = chosen
            .ok()
            .and_then(|it| tap(request, policy.of(it), &captured));
        let open = Open {
            shared: self.clone(),
            policy,
            chosen,
            log: log(chosen.ok().map(|_| captured.id), true),
            begun,
            request_tap,
            trusted_id: self.request_ids.trusted(&captured.request),
            captured,
            progress: Progress::default(),
            has_start: false,
        };
        let log = open.log.clone();
        (Begun::Open(open), log)
    }

    pub(super) fn count_left_out(&self, why: LeftOut) {
        let ledger = &self.intake.shared().ledger;
        match why {
            LeftOut::Filtered => ledger.filtered(),
            LeftOut::Sampled => ledger.sampled_out(),
        }
    }

    /// Tells whether an audit route may make an event of a call.
    fn may_be_event(&self, call: Call<'_>) -> bool {
        let audit = self.audit.as_ref();
        audit.is_some_and(|audit| audit.fires(call, false))
    }

    /// Takes the head of a request, if the budget has room: all of it, or only what the events of one that is left out need.
    fn take<B>(
        &self,
        request: &Request<B>,
        route: Option<&str>,
        is_recorded: bool,
        seen: Seen,
    ) -> Option<Box<Captured>> {
        let (uri, headers) = (target(request), request.headers());
        let pseudo = [
            (":scheme", uri.scheme_str()),
            (":authority", uri.authority().map(|it| it.as_str())),
            (":path", uri.path_and_query().map(|it| it.as_str())),
            (":route", route),
        ];
        let pseudo = pseudo
            .iter()
            .filter_map(|(name, value)| value.map(|value| (*name, value.as_bytes())));
        let size = pseudo
            .clone()
            .map(|(name, value)| Fields::size_of_field(name, value))
            .sum::<usize>();
        let size = size
            + match is_recorded {
                true => Fields::size_of(headers),
                false => Fields::size_of_only(headers, Origin::is_needed),
            };
        let held = match is_recorded {
            // What its entry will take, if that is more: the budget is then not overdrawn when it is masked.
            true => size_of::<Captured>().max(size_of::<LogEntry>() + size_of::<Exchange>()),
            false => size_of::<Captured>(),
        };
        let reservation = self.desk.budget.reserve(size + held)?;
        let mut fields = Fields::with_capacity(size);
        pseudo.for_each(|(name, value)| fields.push(name, value, false));
        match is_recorded {
            true => fields.extend(headers),
            false => fields.extend_only(headers, Origin::is_needed),
        }
        let Seen { id, started, lot } = seen;
        let ledger = &self.intake.shared().ledger;
        Some(Box::new(Captured {
            id,
            started,
            method: request.method().clone(),
            version: request.version(),
            request: fields,
            request_body: CapturedBody::empty(),
            request_trailers: Fields::default(),
            response: None,
            response_body: CapturedBody::empty(),
            outcome: Outcome::LeftBeforeResponse,
            failure: None,
            timing: Timing::default(),
            peer: self.hooks.peer(request.extensions(), ledger),
            told: None,
            notes: Vec::new(),
            lot,
            share: Share::default(),
            left_out: None,
            hides_response_body: None,
            reservation,
        }))
    }
}

/// Notes that a request is sent once more, and tells who sends it where it is recorded.
#[cfg(feature = "explorer")]
fn note_replay<B>(request: &Request<B>, log: &ApiLog) {
    let mark = request.extensions().get::<crate::entry::Replayed>();
    if let (Some(mark), Some(id)) = (mark, log.exchange_id()) {
        mark.record(id);
        log.note("replay_of", mark.of());
        if let Some(by) = mark.by() {
            log.note("replayed_by", by);
        }
    }
}

/// Makes the tap of a request's body, if it has one.
fn tap<B: Body>(request: &Request<B>, policy: &Policy, captured: &Captured) -> Option<SharedTap> {
    let body = request.body();
    (!body.is_end_stream()).then(|| {
        Arc::new(Mutex::new(
            Tap::new(
                policy.request_body_limit(request.headers()),
                body.size_hint().exact(),
                captured.reservation.empty_sibling(),
            )
            .coded(Codings::of(request.headers())),
        ))
    })
}

impl<S> fmt::Debug for ApiLogService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLogService").finish_non_exhaustive()
    }
}
