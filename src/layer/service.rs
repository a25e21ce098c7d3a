use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::{RequestBody, ResponseBody};
use super::future::ResponseFuture;
use super::hooks::{Hooks, target};
use super::in_flight::{Open, Pending, Progress};
use super::request_id::RequestIds;
use crate::annotate::ApiLog;
use crate::capture::{Budget, Captured, CapturedBody, Fields, Policy, Tap};
use crate::clock::Clock;
use crate::entry::{EntryIds, Outcome, Timing};
use crate::recorder::{DropReason, Intake, Recorder};

/// The service that [`ApiLogLayer`](crate::ApiLogLayer) makes of another.
#[derive(Clone)]
pub struct ApiLogService<S> {
    inner: S,
    shared: Arc<Shared>,
}

/// What all services and exchanges of a layer share.
pub(super) struct Shared {
    pub(super) intake: Intake<Box<Captured>>,
    pub(super) recorder: Recorder,
    pub(super) policy: Policy,
    pub(super) hooks: Hooks,
    pub(super) request_ids: RequestIds,
    pub(super) ids: EntryIds,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) budget: Arc<Budget>,
}

impl<S> ApiLogService<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S, B, R> Service<Request<B>> for ApiLogService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut pending, request) = self.shared.begin(request);
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
        let late = self.recorder.late_notes();
        let known = request.extensions().get::<ApiLog>();
        if known.is_some_and(|log| log.is_counted_in(&late)) {
            // Another clone of the layer stands outside and records the exchange.
            return (
                Pending::default(),
                request.map(|body| RequestBody::new(body, None)),
            );
        }
        let log = ApiLog::new(late);
        let open = self.open(&request, &log);
        let tap = open.as_ref().and_then(|open| open.request_tap.clone());
        // A handler that extracts it must find it in an exchange that is left out as well.
        request.extensions_mut().insert(log);
        let pending = open.map(Pending::new).unwrap_or_default();
        (pending, request.map(|body| RequestBody::new(body, tap)))
    }

    fn open<B: Body>(self: &Arc<Self>, request: &Request<B>, log: &ApiLog) -> Option<Open> {
        let begun = self.clock.monotonic();
        let queue = self.intake.shared();
        queue.ledger.seen();
        if queue.is_closed() {
            queue.ledger.dropped(DropReason::Closed, 1);
            return None;
        }
        let uri = target(request);
        let (headers, extensions) = (request.headers(), request.extensions());
        let route = self.hooks.route(extensions, &queue.ledger);
        let chosen = self
            .policy
            .decide(request.method(), uri.path(), route.as_deref());
        let Some(chosen) = chosen else {
            queue.ledger.filtered();
            return None;
        };

        let pseudo = [
            (":scheme", uri.scheme_str()),
            (":authority", uri.authority().map(|it| it.as_str())),
            (":path", uri.path_and_query().map(|it| it.as_str())),
            (":route", route.as_deref()),
        ];
        let pseudo = pseudo
            .iter()
            .filter_map(|(name, value)| value.map(|value| (*name, value.as_bytes())));
        let size = pseudo
            .clone()
            .map(|(name, value)| Fields::size_of_field(name, value))
            .sum::<usize>();
        let size = size + Fields::size_of(headers);
        let Some(reservation) = self.budget.reserve(size + size_of::<Captured>()) else {
            queue.ledger.dropped(DropReason::OverBudget, 1);
            return None;
        };
        let mut fields = Fields::with_capacity(size);
        pseudo.for_each(|(name, value)| fields.push(name, value, false));
        fields.extend(headers);

        let limit = self.policy.of(chosen).request_body_limit(headers);
        let body = request.body();
        let request_tap = (!body.is_end_stream()).then(|| {
            Arc::new(Mutex::new(Tap::new(
                limit,
                body.size_hint().exact(),
                reservation.empty_sibling(),
            )))
        });
        let trusted_id = self.request_ids.trusted(&fields);
        let started = self.clock.now();
        let captured = Box::new(Captured {
            id: self.ids.next(started),
            started,
            method: request.method().clone(),
            version: request.version(),
            request: fields,
            request_body: CapturedBody::empty(),
            request_trailers: Fields::default(),
            response: None,
            response_body: CapturedBody::empty(),
            outcome: Outcome::LeftBeforeResponse,
            timing: Timing::default(),
            peer: self.hooks.peer(extensions, &queue.ledger),
            told: None,
            reservation,
        });
        let (shared, log, progress) = (self.clone(), log.clone(), Progress::default());
        Some(Open {
            shared,
            captured,
            chosen,
            log,
            begun,
            request_tap,
            trusted_id,
            progress,
        })
    }
}

impl<S> fmt::Debug for ApiLogService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLogService").finish_non_exhaustive()
    }
}
