//! Promise 2: exactly one entry for each exchange, however it ends, and with the outcome that it had.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_api_log::entry::{BodyRecord, CutReason, Outcome, SkipReason};
use tower_api_log::testing::{EndOfStream, Random, ScriptedBody};

use crate::support::{Log, get, post_json};

fn json(body: ScriptedBody) -> Response<ScriptedBody> {
    Response::builder()
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(
        "grpc-status".parse().unwrap(),
        HeaderValue::from_static("0"),
    )])
}

#[tokio::test]
async fn body_that_comes_to_its_end_is_completed() {
    let log = Log::new();
    let body = ScriptedBody::new()
        .then_data("[1,")
        .then_data("2]")
        .end_of_stream(EndOfStream::Never);
    let response = log.answer(get("/"), json(body)).await;
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "[1,2]"
    );
    let exchange = log.only().await;
    assert_eq!(exchange.outcome, Outcome::Completed);
    assert_eq!(
        exchange.response_body,
        BodyRecord::Whole {
            text: "[1,2]".into(),
            bytes_seen: 5
        }
    );
}

#[tokio::test]
async fn body_that_knows_its_end_is_completed_with_its_last_frame() {
    let log = Log::new();
    let mut body = log
        .answer(get("/"), json(ScriptedBody::new().then_data("1")))
        .await
        .into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(
        log.only().await.outcome,
        Outcome::Completed,
        "though the body is still held"
    );
    drop(body);
    log.only().await;
}

#[tokio::test]
async fn satisfied_length_is_not_an_abort_whether_the_body_or_the_head_declares_it() {
    for by_head in [false, true] {
        let log = Log::new();
        let body = ScriptedBody::new()
            .then_data("12")
            .end_of_stream(EndOfStream::Never);
        let response = if by_head {
            let mut response = json(body);
            let length = HeaderValue::from_static("2");
            response.headers_mut().insert("content-length", length);
            response
        } else {
            json(body.exact_size(2))
        };
        let mut body = log.answer(get("/"), response).await.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        let exchange = log.only().await;
        assert_eq!(exchange.outcome, Outcome::Completed);
        let whole = BodyRecord::Whole {
            text: "12".into(),
            bytes_seen: 2,
        };
        assert_eq!(exchange.response_body, whole);
    }
}

#[tokio::test]
async fn trailers_are_an_end_and_are_recorded_after_a_satisfied_length_too() {
    for exact in [false, true] {
        let log = Log::new();
        let mut body = ScriptedBody::new()
            .then_data("12")
            .then_trailers(trailers())
            .end_of_stream(EndOfStream::Never);
        if exact {
            body = body.exact_size(2);
        }
        let mut body = log.answer(get("/"), json(body)).await.into_body();
        body.frame().await.unwrap().unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_trailers().unwrap(), trailers());
        drop(body);
        let exchange = log.only().await;
        assert_eq!(exchange.outcome, Outcome::Completed);
        assert_eq!(
            exchange.response.unwrap().trailers.get("grpc-status"),
            Some("0")
        );
    }
}

#[tokio::test]
async fn t29_client_that_leaves_mid_body_is_recorded_as_left_in_body() {
    let log = Log::new();
    let body = ScriptedBody::new().then_data(r#"{"a":1,"#).then_pending();
    let mut body = log.answer(get("/"), json(body)).await.into_body();
    body.frame().await.unwrap().unwrap();
    assert!(body.frame().now_or_never().is_none());
    drop(body);
    let exchange = log.only().await;
    assert_eq!(exchange.outcome, Outcome::LeftInBody);
    let BodyRecord::Truncated {
        reason, bytes_seen, ..
    } = exchange.response_body
    else {
        panic!("it is cut")
    };
    assert_eq!((reason, bytes_seen), (CutReason::Unfinished, 7));
}

#[tokio::test]
async fn t29_body_dropped_before_its_first_poll_is_recorded_as_left_in_body() {
    let log = Log::new();
    drop(
        log.answer(get("/"), json(ScriptedBody::new().then_data("1")))
            .await,
    );
    assert_eq!(log.only().await.outcome, Outcome::LeftInBody);
}

#[tokio::test]
async fn error_of_the_body_is_recorded_and_passed_on() {
    let log = Log::new();
    let body = ScriptedBody::new().then_data("1").then_error();
    let mut body = log.answer(get("/"), json(body)).await.into_body();
    body.frame().await.unwrap().unwrap();
    assert!(body.frame().await.unwrap().is_err());
    drop(body);
    assert_eq!(log.only().await.outcome, Outcome::BodyError);
}

#[tokio::test]
async fn t29_panic_of_the_body_is_recorded_and_passed_on() {
    let log = Log::new();
    let body = ScriptedBody::new().then_data("1").then_panic();
    let mut body = log.answer(get("/"), json(body)).await.into_body();
    body.frame().await.unwrap().unwrap();
    assert!(AssertUnwindSafe(body.frame()).catch_unwind().await.is_err());
    drop(body);
    let exchange = log.only().await;
    assert_eq!(
        (exchange.outcome, exchange.status()),
        (Outcome::Panic, Some(200))
    );
}

#[tokio::test]
async fn t29_client_that_leaves_before_the_response_is_recorded() {
    let log = Log::new();
    let mut service = log.layer.layer(service_fn(|_| {
        pending::<Result<Response<Full<&[u8]>>, Infallible>>()
    }));
    let mut future = Box::pin(service.call(get("/")));
    assert!(future.as_mut().now_or_never().is_none());
    drop(future);
    let exchange = log.only().await;
    assert_eq!(
        (exchange.outcome, exchange.status()),
        (Outcome::LeftBeforeResponse, None)
    );
}

#[tokio::test]
async fn t29_future_that_is_never_polled_is_recorded() {
    let log = Log::new();
    let mut service = log.layer.layer(service_fn(|_| {
        pending::<Result<Response<Full<&[u8]>>, Infallible>>()
    }));
    drop(service.call(get("/")));
    assert_eq!(log.only().await.outcome, Outcome::LeftBeforeResponse);
}

#[tokio::test]
async fn t29_error_of_the_service_is_recorded_and_passed_on() {
    let log = Log::new();
    let mut service = log.layer.layer(service_fn(|_| {
        ready(Err::<Response<Full<&[u8]>>, _>("told to"))
    }));
    assert_eq!(service.call(get("/")).await.unwrap_err(), "told to");
    assert_eq!(log.only().await.outcome, Outcome::ServiceError);
}

#[tokio::test]
async fn t29_panic_of_the_service_is_recorded_at_any_point() {
    type Answer = Result<Response<Full<&'static [u8]>>, Infallible>;
    let at_call = Log::new();
    let mut service = at_call
        .layer
        .layer(service_fn(|_| -> std::future::Ready<Answer> {
            panic!("told to")
        }));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| drop(service.call(get("/"))))).is_err());
    assert_eq!(at_call.only().await.outcome, Outcome::Panic);

    let at_poll = Log::new();
    let mut service = at_poll
        .layer
        .layer(service_fn(|_| async { panic!("told to") as Answer }));
    assert!(
        AssertUnwindSafe(service.call(get("/")))
            .catch_unwind()
            .await
            .is_err()
    );
    assert_eq!(at_poll.only().await.outcome, Outcome::Panic);

    let in_task = Log::new();
    let mut service = in_task.layer.layer(service_fn(|_| async {
        tokio::task::yield_now().await;
        panic!("told to") as Answer
    }));
    let call = service.call(get("/"));
    assert!(
        tokio::spawn(async move { drop(call.await) })
            .await
            .unwrap_err()
            .is_panic()
    );
    assert_eq!(in_task.only().await.outcome, Outcome::Panic);
}

#[tokio::test]
async fn responses_without_a_body_on_the_wire_are_completed_at_their_head() {
    for (method, status) in [
        (Method::HEAD, StatusCode::OK),
        (Method::GET, StatusCode::NO_CONTENT),
        (Method::GET, StatusCode::NOT_MODIFIED),
    ] {
        let log = Log::new();
        let request = Request::builder()
            .method(method)
            .body(Full::default())
            .unwrap();
        let mut response = json(
            ScriptedBody::new()
                .then_data("never sent")
                .end_of_stream(EndOfStream::Never),
        );
        *response.status_mut() = status;
        let response = log.answer(request, response).await;
        let exchange = log.only().await;
        assert_eq!(
            (exchange.outcome, exchange.status()),
            (Outcome::Completed, Some(status.as_u16()))
        );
        assert_eq!(exchange.response_body, BodyRecord::Empty);
        drop(response);
        log.only().await;
    }
}

#[tokio::test]
async fn upgrade_ends_the_exchange_at_its_head() {
    let upgrades = [
        (
            Method::GET,
            StatusCode::SWITCHING_PROTOCOLS,
            Outcome::Upgraded,
        ),
        (Method::CONNECT, StatusCode::OK, Outcome::Upgraded),
        (Method::CONNECT, StatusCode::FORBIDDEN, Outcome::Completed),
    ];
    for (method, status, outcome) in upgrades {
        let log = Log::new();
        let request = Request::builder()
            .method(method)
            .uri("example.com:80")
            .body(Full::default())
            .unwrap();
        let mut response = Response::new(Full::<&[u8]>::default());
        *response.status_mut() = status;
        log.answer(request, response).await;
        assert_eq!(log.only().await.outcome, outcome);
    }
}

#[tokio::test]
async fn request_body_is_recorded_as_far_as_the_service_read_it() {
    let whole = Log::new();
    let collect = |request: Request<tower_api_log::layer::RequestBody<Full<_>>>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok(Response::new(Full::new(body)))
    };
    whole
        .call(post_json("/", r#"{"a":1}"#), collect)
        .await
        .into_body()
        .collect()
        .await
        .unwrap();
    let exchange = whole.only().await;
    assert_eq!(
        exchange.request_body,
        BodyRecord::Whole {
            text: r#"{"a":1}"#.into(),
            bytes_seen: 7
        }
    );

    let unread = Log::new();
    unread
        .answer(
            post_json("/", r#"{"a":1}"#),
            Response::new(Full::<&[u8]>::default()),
        )
        .await;
    let skipped = BodyRecord::Skipped {
        reason: SkipReason::Unread,
        bytes_seen: 0,
    };
    assert_eq!(unread.only().await.request_body, skipped);

    let partly = Log::new();
    let body = ScriptedBody::new()
        .then_data("[1,")
        .then_data("2]")
        .end_of_stream(EndOfStream::Never);
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let read_one = |request: Request<tower_api_log::layer::RequestBody<ScriptedBody>>| async {
        request.into_body().frame().await.unwrap().unwrap();
        Ok(Response::new(Full::<&[u8]>::default()))
    };
    partly.call(request, read_one).await;
    let BodyRecord::Truncated {
        reason, bytes_seen, ..
    } = partly.only().await.request_body
    else {
        panic!("cut")
    };
    assert_eq!((reason, bytes_seen), (CutReason::Unfinished, 3));
}

#[tokio::test]
async fn request_body_that_outlives_the_response_changes_nothing() {
    let log = Log::new();
    let kept = Arc::new(Mutex::new(None));
    let body = ScriptedBody::new().then_data("[1,").then_data("2]");
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let keep = kept.clone();
    let handle = move |request: Request<tower_api_log::layer::RequestBody<ScriptedBody>>| {
        *keep.lock().unwrap() = Some(request.into_body());
        ready(Ok(Response::new(Full::<&[u8]>::default())))
    };
    log.call(request, handle).await;
    log.only().await;
    let body = kept.lock().unwrap().take().unwrap();
    assert_eq!(
        body.collect().await.unwrap().to_bytes(),
        "[1,2]",
        "the service still reads all of it"
    );
    log.only().await;
}

#[tokio::test]
async fn t29_any_script_dropped_at_any_point_leaves_exactly_one_entry() {
    let mut random = Random::new(7);
    let log = Log::new();
    let rounds = 2_000;
    for round in 0..rounds {
        let mut body = ScriptedBody::new();
        for _ in 0..random.below(4) {
            body = match random.below(6) {
                0..=2 => body.then_data("1"),
                3 => body.then_trailers(trailers()),
                4 => body.then_error(),
                _ => body.then_panic(),
            };
        }
        let ends = [EndOfStream::WhenDone, EndOfStream::Never];
        body = body.end_of_stream(random.pick(&ends));
        if random.chance(50) {
            body = body.exact_size(u64::from(random.below(3)));
        }
        let mut body = log
            .answer(get(&format!("/{round}")), json(body))
            .await
            .into_body();
        for _ in 0..random.below(5) {
            if !matches!(
                AssertUnwindSafe(body.frame()).catch_unwind().await,
                Ok(Some(Ok(_)))
            ) {
                break;
            }
        }
    }
    let entries = log.entries().await;
    let paths = entries
        .iter()
        .map(|entry| entry.exchange().unwrap().request.path.clone());
    assert!(
        paths.eq((0..rounds).map(|round| format!("/{round}"))),
        "each once, and in order"
    );
    let balance = log.recorder.stats().balance;
    assert_eq!(
        (balance.seen(), balance.stored(), balance.in_flight()),
        (rounds as u64, rounds as u64, 0)
    );
}

#[tokio::test]
async fn panic_in_the_buffer_of_a_frame_is_a_panic_of_the_body() {
    struct Broken;
    impl bytes::Buf for Broken {
        fn remaining(&self) -> usize {
            1
        }
        fn chunk(&self) -> &[u8] {
            panic!("told to")
        }
        fn advance(&mut self, _: usize) {}
    }
    struct Frames;
    impl http_body::Body for Frames {
        type Data = Broken;
        type Error = Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Broken>, Infallible>>> {
            std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Broken))))
        }
    }
    let log = Log::new();
    let mut body = log
        .answer(get("/"), Response::new(Frames))
        .await
        .into_body();
    assert!(AssertUnwindSafe(body.frame()).catch_unwind().await.is_err());
    drop(body);
    assert_eq!(log.only().await.outcome, Outcome::Panic);
}

#[tokio::test]
async fn t29_panic_of_a_layer_outside_is_a_panic() {
    let log = Log::new();
    let mut service = log.layer.layer(service_fn(|_| {
        pending::<Result<Response<Full<&[u8]>>, Infallible>>()
    }));
    let call = service.call(get("/"));
    let outside = AssertUnwindSafe(async move {
        let _call = call;
        panic!("told to");
    });
    assert!(outside.catch_unwind().await.is_err());
    assert_eq!(log.only().await.outcome, Outcome::Panic);
}

#[tokio::test]
async fn exchange_that_passes_two_clones_of_a_layer_is_recorded_once() {
    let log = Log::new();
    let inner = log.layer.layer(service_fn(|_| {
        ready(Ok::<_, Infallible>(Response::new(Full::<&[u8]>::default())))
    }));
    log.layer.layer(inner).call(get("/")).await.unwrap();
    log.only().await;
}

#[tokio::test]
async fn exchange_left_out_at_its_end_keeps_nothing_of_a_body_that_is_still_read() {
    let log = Log::with(|builder| builder.policy(tower_api_log::Policy::default().only_errors()));
    let kept = Arc::new(Mutex::new(None));
    let frame = "1".repeat(10_000);
    let body = ScriptedBody::new()
        .then_data(frame.clone())
        .then_data(frame);
    let request = Request::post("/")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let keep = kept.clone();
    let handle = move |request: Request<tower_api_log::layer::RequestBody<ScriptedBody>>| {
        *keep.lock().unwrap() = Some(request.into_body());
        ready(Ok(Response::new(Full::<&[u8]>::default())))
    };
    log.call(request, handle).await;
    let body = kept.lock().unwrap().take().unwrap();
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), 20_000);
    assert_eq!(log.recorder.stats().balance.filtered(), 1);
    assert_eq!(log.recorder.stats().captured_bytes, 0);
}
