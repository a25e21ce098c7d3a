//! What several tests need: a service of one line inside the layer, and what the log then holds.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use tower_api_log::entry::Exchange;
use tower_api_log::layer::{ApiLogLayerBuilder, RequestBody, ResponseBody};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, LogEntry, Recorder};

/// A layer whose entries a test can look at.
pub(crate) struct Log {
    pub(crate) sink: GateSink,
    pub(crate) layer: ApiLogLayer,
    pub(crate) recorder: Recorder,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(configure: impl FnOnce(ApiLogLayerBuilder) -> ApiLogLayerBuilder) -> Self {
        let sink = GateSink::open();
        let layer = configure(ApiLogLayer::builder(sink.clone()))
            .build()
            .unwrap();
        let recorder = layer.recorder();
        Self {
            sink,
            layer,
            recorder,
        }
    }

    /// Calls a service of one function inside the layer.
    pub(crate) async fn call<B, R, F>(
        &self,
        request: Request<B>,
        handle: impl FnMut(Request<RequestBody<B>>) -> F,
    ) -> Response<ResponseBody<R>>
    where
        B: http_body::Body,
        R: http_body::Body<Error: std::fmt::Display>,
        F: Future<Output = Result<Response<R>, Infallible>>,
    {
        self.layer
            .layer(service_fn(handle))
            .call(request)
            .await
            .unwrap()
    }

    /// Calls a service that answers any request with one response.
    pub(crate) async fn answer<R: http_body::Body<Error: std::fmt::Display>>(
        &self,
        request: Request<Full<Bytes>>,
        response: Response<R>,
    ) -> Response<ResponseBody<R>> {
        let mut response = Some(response);
        self.call(request, move |_| ready(Ok(response.take().unwrap())))
            .await
    }

    /// Waits for what has ended, and returns all entries.
    pub(crate) async fn entries(&self) -> Vec<LogEntry> {
        self.recorder.flush().await.unwrap();
        self.sink.entries()
    }

    /// Returns the only exchange, once every exchange that began has ended.
    #[track_caller]
    pub(crate) fn only(&self) -> impl Future<Output = Exchange> {
        let caller = std::panic::Location::caller();
        async move {
            let entries = self.entries().await;
            assert_eq!(entries.len(), 1, "exactly one entry, at {caller}");
            let balance = self.recorder.stats().balance;
            assert_eq!((balance.seen(), balance.in_flight()), (1, 0), "at {caller}");
            entries[0].exchange().unwrap().clone()
        }
    }
}

pub(crate) fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

pub(crate) fn post_json(uri: &str, body: &'static str) -> Request<Full<Bytes>> {
    let request = Request::post(uri).header("content-type", "application/json");
    request.body(Full::from(body)).unwrap()
}

/// Bounds a wait that a broken layer would make endless.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("it hangs")
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Prepares this binary to run one of its tests in another process.
pub(crate) fn child(test: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads", "1"]);
    child
}

/// Runs a test in a process of its own, where its memory is nobody else's; `true` in that process.
pub(crate) fn is_alone(test: &str) -> bool {
    const CHILD: &str = "TEST_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut child = child(test);
    // To say where something panicked, the symbols of the whole binary are read: a hundred megabytes. And glibc gives each of many threads an arena of
    // its own, whose gaps hold more than what is in use.
    let environment = [
        (CHILD, "1"),
        ("RUST_BACKTRACE", "0"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    child.envs(environment);
    let output = child.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}{wrong}");
    assert!(told.contains("1 passed"), "{told}");
    println!("{told}");
    false
}

/// The runtime of a service that is put under load in a process of its own.
pub(crate) fn two_workers() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}
