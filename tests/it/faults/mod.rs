//! What delivery does when something else goes wrong: it loses nothing that it has confirmed, counts what it loses, and never gets in the way of the service.

mod around;
mod disk;
mod guests;
mod kill;
mod refused;
mod shutdown;
mod sinks;
pub(crate) mod small_disk;
mod stream;
mod subscriber;

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_api_log::layer::RequestBody;
use tower_api_log::recorder::{Balance, Delivery, Stats};
use tower_api_log::{ApiLogLayer, Error, ErrorKind, Recorder};

pub(crate) fn quick() -> Delivery {
    Delivery::default().batch_age(Duration::from_millis(5))
}

pub(crate) fn away() -> Error {
    Error::new(ErrorKind::Unavailable, "away").retryable()
}

/// A service that sends back what it got, in a layer.
#[derive(Clone)]
pub(crate) struct Stand {
    pub(crate) layer: ApiLogLayer,
    pub(crate) recorder: Recorder,
}

/// What a client got.
pub(crate) type Answer = (StatusCode, HeaderMap, Bytes);

impl Stand {
    pub(crate) fn new(layer: ApiLogLayer) -> Self {
        Self {
            recorder: layer.recorder(),
            layer,
        }
    }

    pub(crate) async fn call(&self, uri: &str) -> Answer {
        self.post(uri, Bytes::from_static(br#"{"a":1}"#)).await
    }

    pub(crate) async fn post(&self, uri: &str, body: Bytes) -> Answer {
        let request = Request::post(uri).header("content-type", "application/json");
        let request = request.body(Full::new(body)).unwrap();
        let mut service = self.layer.layer(service_fn(echo));
        let (parts, body) = service.call(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, body)
    }

    pub(crate) async fn calls(&self, count: usize) {
        for number in 0..count {
            self.call(&format!("/{number}")).await;
        }
    }

    pub(crate) fn balance(&self) -> Balance {
        self.recorder.stats().balance
    }
}

async fn echo(
    request: Request<RequestBody<Full<Bytes>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let response = Response::builder().header("content-type", "application/json");
    ready(Ok(response.body(Full::new(body)).unwrap())).await
}

/// Looks at the ledgers all the time until it is dropped.
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Watch {
    pub(crate) fn over(recorder: &Recorder) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let (recorder, stop) = (recorder.clone(), is_over.clone());
        let look = move || {
            let mut looks = 0;
            let mut seen = 0;
            while !stop.load(Ordering::SeqCst) {
                let stats = recorder.stats();
                is_balanced(&stats);
                assert!(stats.balance.seen() >= seen, "nothing is unseen again");
                seen = stats.balance.seen();
                looks += 1;
                std::thread::sleep(Duration::from_micros(200));
            }
            looks
        };
        Self {
            is_over,
            thread: Some(std::thread::spawn(look)),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let looks = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            assert!(looks.unwrap() > 0, "the ledger was looked at");
        }
    }
}

/// Asserts that no ledger has settled more than it has seen.
pub(crate) fn is_balanced(stats: &Stats) {
    for sink in &stats.sinks {
        let it = sink.balance;
        assert!(settled(&it) <= it.seen(), "{}: {it:?}", sink.name);
    }
}

pub(crate) fn settled(it: &Balance) -> u64 {
    let kept = it.stored() + it.spooled() + it.dead_lettered();
    kept + it.dropped_total() + it.filtered() + it.sampled_out()
}

/// The bytes of memory that this process has.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}
