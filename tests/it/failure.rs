//! What errors and panics say of themselves: recorded masked, and passed on as they are.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::panic::{AssertUnwindSafe, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_api_log::entry::{Exchange, Outcome, Place};
use tower_api_log::testing::ScriptedBody;
use tower_api_log::{ApiLog, Policy};

use crate::support::{Log, get};

const CANARY: &str = "canary-91b3d07e";

type Answer = Result<Response<Full<&'static [u8]>>, Infallible>;

/// Lets the service fail with an error.
async fn failed<E: fmt::Display + fmt::Debug>(log: &Log, error: E) -> Exchange {
    let mut error = Some(error);
    let mut service = log.layer.layer(service_fn(move |_| {
        ready(Err::<Response<Full<&[u8]>>, _>(error.take().unwrap()))
    }));
    service.call(get("/")).await.unwrap_err();
    last(log).await
}

/// Lets the service panic, and returns what was thrown as well.
async fn panicked(log: &Log, throw: fn()) -> (Exchange, Box<dyn std::any::Any + Send>) {
    let mut service = log.layer.layer(service_fn(move |_| async move {
        tokio::task::yield_now().await;
        throw();
        Answer::Ok(Response::default())
    }));
    let call = AssertUnwindSafe(service.call(get("/"))).catch_unwind();
    let thrown = call.await.unwrap_err();
    let exchange = last(log).await;
    assert_eq!(exchange.outcome, Outcome::Panic);
    (exchange, thrown)
}

async fn last(log: &Log) -> Exchange {
    let entries = log.entries().await;
    entries.last().unwrap().exchange().unwrap().clone()
}

/// An error that says what a function says.
struct Says<F>(F);

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Says<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

impl<F> fmt::Debug for Says<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Says")
    }
}

/// A body of one poll.
struct Once<F>(F);

impl<E, F: FnMut() -> Option<Result<Frame<&'static [u8]>, E>> + Unpin> http_body::Body for Once<F> {
    type Data = &'static [u8];
    type Error = E;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<&'static [u8]>, E>>> {
        Poll::Ready((self.0)())
    }
}

#[tokio::test]
async fn error_of_the_service_tells_what_it_said() {
    let log = Log::new();
    let exchange = failed(&log, "the upstream is down").await;
    assert_eq!(exchange.outcome, Outcome::ServiceError);
    assert_eq!(exchange.failure.as_deref(), Some("the upstream is down"));
    assert_eq!(exchange.masked_count, 0);
    let boxed: Box<dyn std::error::Error + Send + Sync> = "boxed".into();
    assert_eq!(failed(&log, boxed).await.failure.as_deref(), Some("boxed"));
    assert_eq!(failed(&log, "").await.failure, None);
}

#[tokio::test]
async fn error_and_panic_of_the_body_tell_what_they_said() {
    let log = Log::new();
    let body = Once(|| Some(Err(format!("lost the database: password={CANARY}"))));
    let mut body = log.answer(get("/"), Response::new(body)).await.into_body();
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.contains(CANARY), "the client's side gets it as it is");
    let exchange = last(&log).await;
    assert_eq!(exchange.outcome, Outcome::BodyError);
    let failure = exchange.failure.unwrap();
    assert!(!failure.contains(CANARY), "{failure}");
    assert_eq!(exchange.masked[0].place, Place::Failure);

    let body = Once(|| -> Option<Result<_, Infallible>> { panic!("in frame {}", 7) });
    let mut body = log.answer(get("/"), Response::new(body)).await.into_body();
    assert!(AssertUnwindSafe(body.frame()).catch_unwind().await.is_err());
    drop(body);
    let exchange = last(&log).await;
    assert_eq!(exchange.outcome, Outcome::Panic);
    assert_eq!(exchange.failure.as_deref(), Some("in frame 7"));
}

#[tokio::test]
async fn t12_secrets_in_errors_and_panics_do_not_show() {
    let log = Log::new();
    for said in [
        format!("cannot log in: password={CANARY}"),
        format!("cannot reach https://user:{CANARY}@db.internal/x"),
        format!("GET https://x.test/?api_key={CANARY} failed"),
        format!("refused: Authorization: Bearer {CANARY}"),
        format!(r#"{{"error":"no","token":"{CANARY}"}}"#),
        format!("bad config: {{\"secret\": \"{CANARY}\"}}"),
        format!("{}password={CANARY}", "x ".repeat(490)),
    ] {
        let exchange = failed(&log, said.clone()).await;
        assert!(exchange.failure.is_some(), "{said}");
        assert!(exchange.masked_count > 0, "{said}");
    }
    panicked(&log, || panic!("password={CANARY}")).await;
    panicked(&log, || panic!("postgres://app:{CANARY}@db/x")).await;
    let stored = serde_json::to_string(&log.entries().await).unwrap();
    assert!(!stored.contains(&CANARY[..10]), "{stored}");
}

#[tokio::test]
async fn long_error_is_cut_with_a_mark_and_asked_no_further() {
    let log = Log::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let asks = asked.clone();
    let ten_megabytes = Says(move |f: &mut fmt::Formatter<'_>| {
        for _ in 0..10_000 {
            asks.fetch_add(1, Ordering::Relaxed);
            f.write_str(&"é".repeat(512))?;
        }
        Ok(())
    });
    let begun = Instant::now();
    let failure = failed(&log, ten_megabytes).await.failure.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(failure, format!("{}…", "é".repeat(510)));
    assert!(failure.len() <= 1024);
}

#[tokio::test]
async fn error_that_cannot_be_told_changes_nothing() {
    let log = Log::new();
    let gives_up = Says(|_: &mut fmt::Formatter<'_>| Err(fmt::Error));
    let exchange = failed(&log, gives_up).await;
    assert_eq!(
        (exchange.outcome, exchange.failure),
        (Outcome::ServiceError, None)
    );
    let panics = Says(|_: &mut fmt::Formatter<'_>| panic!("in Display"));
    let exchange = failed(&log, panics).await;
    assert_eq!(
        (exchange.outcome, exchange.failure),
        (Outcome::ServiceError, None)
    );
    assert_eq!(log.recorder.stats().callback_panics, 1);
}

#[tokio::test]
async fn panic_goes_on_with_what_was_thrown() {
    #[derive(Debug, PartialEq)]
    struct Own(u32);
    let log = Log::new();
    let (exchange, thrown) = panicked(&log, || panic!("static")).await;
    assert_eq!(exchange.failure.as_deref(), Some("static"));
    assert_eq!(thrown.downcast_ref(), Some(&"static"));
    let (exchange, thrown) = panicked(&log, || panic!("made of {}", String::from("parts"))).await;
    assert_eq!(exchange.failure.as_deref(), Some("made of parts"));
    assert_eq!(thrown.downcast_ref(), Some(&"made of parts".to_owned()));
    let (exchange, thrown) = panicked(&log, || panic_any(Own(7))).await;
    assert_eq!(exchange.failure, None);
    assert_eq!(thrown.downcast_ref(), Some(&Own(7)));
    let long = || panic!("{}", "y".repeat(1 << 20));
    let (exchange, thrown) = panicked(&log, long).await;
    assert!(exchange.failure.unwrap().ends_with("y…"));
    assert_eq!(thrown.downcast_ref::<String>().unwrap().len(), 1 << 20);
}

#[tokio::test]
async fn panic_in_the_call_itself_tells_what_it_said() {
    let log = Log::new();
    let mut service = log
        .layer
        .layer(service_fn(|_| -> std::future::Ready<Answer> {
            panic!("at once")
        }));
    let call = std::panic::catch_unwind(AssertUnwindSafe(|| drop(service.call(get("/")))));
    assert!(call.is_err());
    assert_eq!(last(&log).await.failure.as_deref(), Some("at once"));
}

#[tokio::test]
async fn what_is_said_while_a_panic_unwinds_belongs_to_the_exchange() {
    struct Farewell(ApiLog, Arc<AtomicBool>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            self.0.note("left", "open");
            self.1.store(std::thread::panicking(), Ordering::Relaxed);
        }
    }
    let log = Log::new();
    let saw_panic = Arc::new(AtomicBool::new(false));
    let saw = saw_panic.clone();
    let mut service = log.layer.layer(service_fn(move |request: Request<_>| {
        let farewell = Farewell(
            request.extensions().get::<ApiLog>().unwrap().clone(),
            saw.clone(),
        );
        async move {
            let _farewell = farewell;
            tokio::task::yield_now().await;
            panic!("told to") as Answer
        }
    }));
    let call = AssertUnwindSafe(service.call(get("/"))).catch_unwind();
    assert!(call.await.is_err());
    let exchange = log.only().await;
    assert_eq!(exchange.notes[0].value, "open");
    assert!(
        saw_panic.load(Ordering::Relaxed),
        "it is dropped while it unwinds, as without the layer"
    );
}

#[tokio::test]
async fn service_that_panics_and_is_polled_again_is_recorded_as_it_ends() {
    struct Second(bool);
    impl Future for Second {
        type Output = Answer;
        fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
            if !std::mem::replace(&mut self.0, true) {
                panic!("the first time");
            }
            Poll::Ready(Ok(Response::default()))
        }
    }
    let log = Log::new();
    let mut service = log.layer.layer(service_fn(|_| Second(false)));
    let mut call = service.call(get("/"));
    assert!(AssertUnwindSafe(&mut call).catch_unwind().await.is_err());
    call.await.unwrap().into_body().collect().await.unwrap();
    let exchange = log.only().await;
    assert_eq!(
        (exchange.outcome, exchange.failure),
        (Outcome::Completed, None)
    );
}

#[tokio::test]
async fn exchange_that_is_left_out_asks_no_error_for_its_text() {
    let log = Log::with(|builder| builder.policy(Policy::default().without_path("/")));
    let mut service = log.layer.layer(service_fn(|_| {
        let error = Says(|_: &mut fmt::Formatter<'_>| panic!("nobody asks"));
        ready(Err::<Response<Full<&[u8]>>, _>(error))
    }));
    service.call(get("/")).await.unwrap_err();
    assert!(log.entries().await.is_empty());
    assert_eq!(log.recorder.stats().callback_panics, 0);
}

#[tokio::test]
async fn exchanges_that_did_not_fail_tell_nothing() {
    let log = Log::new();
    let body = ScriptedBody::new().then_data("1");
    let answer = log.answer(get("/"), Response::new(body)).await;
    answer.into_body().collect().await.unwrap();
    let exchange = log.only().await;
    assert_eq!(exchange.failure, None);
    let json = serde_json::to_value(&exchange).unwrap();
    assert!(json.get("failure").is_none());
}
