//! Clients that leave and layers that lose patience: whatever part of an exchange is cut off, it is one entry with an outcome.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_stream::StreamExt;
use tower::timeout::Timeout;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_api_log::entry::{BodyRecord, CutReason, Exchange, Outcome};
use tower_api_log::layer::RequestBody;

use crate::support::{Log, get, soon, until};
use crate::transparent::{Answer, full, serve};

const PATHS: [&str; 3] = ["/head", "/body", "/upload"];

/// Says when it was called, or has read or sent the first bytes, and then waits for what never comes.
async fn wait(
    request: Request<RequestBody<Incoming>>,
    reached: Arc<Notify>,
) -> Result<Answer, Infallible> {
    match request.uri().path() {
        "/head" => {
            reached.notify_one();
            pending().await
        }
        "/body" => {
            let first = tokio_stream::once(Ok(Frame::data(Bytes::from_static(b"first"))));
            let rest = futures_util::stream::poll_fn(move |_| {
                reached.notify_one();
                std::task::Poll::Pending
            });
            Ok(Response::new(BodyExt::boxed(StreamBody::new(
                first.chain(rest),
            ))))
        }
        _ => {
            let mut body = request.into_body();
            let first = body.frame().await.unwrap().unwrap();
            assert_eq!(first.into_data().unwrap(), "[1,");
            reached.notify_one();
            // The server drops this future where it hears of the end first.
            let error = body.frame().await.unwrap().unwrap_err();
            let mut response = Response::new(full(error.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            Ok(response)
        }
    }
}

/// Holds that there is one entry, and that it says how far the exchange came.
async fn holds(log: &Log, path: &str) {
    until("it has ended", || {
        let balance = log.recorder.stats().balance;
        (balance.seen(), balance.in_flight()) == (1, 0)
    })
    .await;
    let exchange = log.only().await;
    let outcome = exchange.outcome;
    match path {
        "/head" => assert_eq!(outcome, Outcome::LeftBeforeResponse),
        "/body" => {
            assert_eq!(
                (outcome, exchange.status()),
                (Outcome::LeftInBody, Some(200))
            );
            assert_eq!(exchange.response_body.bytes_seen(), 5);
        }
        _ => {
            holds_upload(&exchange);
            let known = [
                Outcome::LeftBeforeResponse,
                Outcome::LeftInBody,
                Outcome::Completed,
            ];
            assert!(known.contains(&outcome), "{outcome:?}");
        }
    }
}

#[track_caller]
fn holds_upload(exchange: &Exchange) {
    let BodyRecord::Truncated {
        reason, bytes_seen, ..
    } = &exchange.request_body
    else {
        panic!("{:?}", exchange.request_body)
    };
    assert_eq!((*reason, *bytes_seen), (CutReason::Unfinished, 3));
}

#[tokio::test]
async fn t29_client_of_http_1_that_leaves_at_any_part_leaves_one_entry() {
    for path in PATHS {
        let log = Log::new();
        let reached = Arc::new(Notify::new());
        let service = {
            let reached = reached.clone();
            service_fn(move |request| wait(request, reached.clone()))
        };
        let port = serve(log.layer.layer(service)).await;
        let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = match path {
            "/upload" => format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[1,"
            ),
            _ => format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"),
        };
        connection.write_all(request.as_bytes()).await.unwrap();
        soon(reached.notified()).await;
        drop(connection);
        holds(&log, path).await;
    }
}

#[tokio::test]
async fn t29_client_of_http_2_that_resets_at_any_part_leaves_one_entry() {
    for path in PATHS {
        let log = Log::new();
        let reached = Arc::new(Notify::new());
        let service = {
            let reached = reached.clone();
            service_fn(move |request| wait(request, reached.clone()))
        };
        let port = serve(log.layer.layer(service)).await;
        let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let handshake =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(connection));
        let (mut sender, connection) = handshake.await.unwrap();
        let driver = tokio::spawn(connection);
        let data = match path {
            "/upload" => vec![Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"[1,")))],
            _ => Vec::new(),
        };
        let is_upload = !data.is_empty();
        let body =
            tokio_stream::iter(data).chain(futures_util::stream::poll_fn(
                move |_| match is_upload {
                    true => std::task::Poll::Pending,
                    false => std::task::Poll::Ready(None),
                },
            ));
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(StreamBody::new(Box::pin(body)))
            .unwrap();
        // The connection stays: the stream alone is reset.
        let response = sender.send_request(request);
        let call = tokio::spawn(async move { response.await.unwrap().into_body().collect().await });
        soon(reached.notified()).await;
        call.abort();
        assert!(call.await.is_err_and(|it| it.is_cancelled()));
        holds(&log, path).await;
        assert!(!driver.is_finished() && !sender.is_closed());
    }
}

/// A service that never answers.
async fn never<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    pending().await
}

#[tokio::test]
async fn t29_time_out_inside_is_an_error_of_the_service_and_outside_a_client_that_left() {
    let patience = Duration::from_millis(10);
    let inside = Log::new();
    let service = Timeout::new(service_fn(never), patience);
    let mut service = inside.layer.layer(service);
    let error = soon(service.ready().await.unwrap().call(get("/"))).await;
    assert!(error.is_err_and(|it| it.is::<tower::timeout::error::Elapsed>()));
    let exchange = inside.only().await;
    assert_eq!(
        (exchange.outcome, exchange.status()),
        (Outcome::ServiceError, None)
    );

    let outside = Log::new();
    let mut service = Timeout::new(outside.layer.layer(service_fn(never)), patience);
    let error = soon(service.ready().await.unwrap().call(get("/"))).await;
    assert!(error.is_err_and(|it| it.is::<tower::timeout::error::Elapsed>()));
    let exchange = outside.only().await;
    assert_eq!(
        (exchange.outcome, exchange.status()),
        (Outcome::LeftBeforeResponse, None)
    );
}
