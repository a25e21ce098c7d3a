//! What people use instead, set up as their documentation does, and a layer that does nothing.

use std::path::Path;
use std::task::{Context, Poll};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use outlet::{RequestData, RequestHandler, RequestLoggerConfig, RequestLoggerLayer, ResponseData};
use tower::{Layer, Service};
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;

/// Sends the process's tracing events as JSON lines into a file, from a thread of their own.
pub fn log_to(file: &Path) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::fs::File::create(file).unwrap());
    tracing_subscriber::fmt()
        .json()
        .with_writer(writer)
        .with_max_level(Level::INFO)
        .init();
    guard
}

/// Method, URI, status and latency: one event a request.
pub fn trace() -> TraceLayer<SharedClassifier<ServerErrorsAsFailures>> {
    TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO))
}

/// The middleware that everybody writes: both bodies collected, one event with everything, nothing masked.
pub async fn handwritten(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let request_body = to_bytes(body, usize::MAX).await.unwrap();
    let (method, uri, headers) = (
        parts.method.clone(),
        parts.uri.clone(),
        parts.headers.clone(),
    );
    let again = Request::from_parts(parts, Body::from(request_body.clone()));
    let (parts, body) = next.run(again).await.into_parts();
    let response_body = to_bytes(body, usize::MAX).await.unwrap();
    tracing::info!(
        method = %method,
        path = uri.path(),
        query = uri.query(),
        request_headers = ?headers,
        request_body = String::from_utf8_lossy(&request_body).as_ref(),
        status = parts.status.as_u16(),
        response_headers = ?parts.headers,
        response_body = String::from_utf8_lossy(&response_body).as_ref(),
        "exchange"
    );
    Response::from_parts(parts, Body::from(response_body))
}

/// Headers and both bodies, thrown away.
pub fn outlet() -> RequestLoggerLayer {
    RequestLoggerLayer::new(RequestLoggerConfig::default(), Forget)
}

#[derive(Clone)]
pub struct Forget;

impl RequestHandler for Forget {
    async fn handle_request(&self, _: RequestData) {}

    async fn handle_response(&self, _: RequestData, _: ResponseData) {}
}

/// A layer that only forwards: what any layer costs.
pub fn noop() -> Noop {
    Noop
}

#[derive(Clone, Copy)]
pub struct Noop;

impl<S> Layer<S> for Noop {
    type Service = NoopService<S>;

    fn layer(&self, inner: S) -> NoopService<S> {
        NoopService(inner)
    }
}

#[derive(Clone)]
pub struct NoopService<S>(S);

impl<S: Service<Request>> Service<Request> for NoopService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.0.call(request)
    }
}
