//! Promise 1: with the layer in place the wire carries the same bytes. The same requests go to a bare and to a layered server
//! over real sockets, and what comes back is compared byte by byte.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_stream::StreamExt;
use tower::{Layer, Service, service_fn};
use tower_api_log::entry::Outcome;
use tower_api_log::layer::RequestBody;

use crate::support::{Log, soon};

pub(crate) type Answer = Response<BoxBody<Bytes, std::io::Error>>;

pub(crate) fn full(text: impl Into<Bytes>) -> BoxBody<Bytes, std::io::Error> {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed()
}

fn stream(frames: Vec<Result<Frame<Bytes>, std::io::Error>>) -> BoxBody<Bytes, std::io::Error> {
    BodyExt::boxed(StreamBody::new(tokio_stream::iter(frames)))
}

/// Every way to answer that the protocol has, over any request body.
async fn routes<B: Body<Data = Bytes, Error: std::fmt::Debug> + Send>(
    mut request: Request<B>,
) -> Result<Answer, Infallible> {
    let data = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    let mut response = Response::new(full(""));
    match request.uri().path() {
        "/json" => *response.body_mut() = full(r#"{"id":1,"token":"abc"}"#),
        "/echo" => {
            let body = request.into_body().collect().await.unwrap();
            *response.body_mut() = full(body.to_bytes());
        }
        "/unread" => *response.body_mut() = full("answered without reading"),
        "/empty" => {
            *response.body_mut() = BodyExt::boxed(Empty::new().map_err(|never| match never {}))
        }
        "/204" => *response.status_mut() = StatusCode::NO_CONTENT,
        "/304" => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
                .headers_mut()
                .insert("etag", HeaderValue::from_static("\"1\""));
        }
        "/stream" => {
            *response.body_mut() = stream(vec![data("one"), data(""), data("two"), data("three")])
        }
        "/declared" => {
            response
                .headers_mut()
                .insert("content-length", HeaderValue::from_static("6"));
            *response.body_mut() = stream(vec![data("one"), data("two")]);
        }
        "/trailers" => {
            let trailers =
                HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("9"))]);
            response
                .headers_mut()
                .insert("trailer", HeaderValue::from_static("x-sum"));
            *response.body_mut() = stream(vec![data("one"), Ok(Frame::trailers(trailers))]);
        }
        "/broken" => {
            *response.body_mut() = stream(vec![data("one"), Err(std::io::Error::other("told to"))])
        }
        "/large" => *response.body_mut() = full(vec![b'x'; 1 << 20]),
        "/headers" => {
            for value in ["a=1; Path=/", "b=2", "\"quoted\""] {
                response
                    .headers_mut()
                    .append("set-cookie", HeaderValue::from_static(value));
            }
            response
                .headers_mut()
                .insert("content-length", HeaderValue::from_static("0"));
        }
        "/sse" => {
            response.headers_mut().insert(
                "content-type",
                HeaderValue::from_static("text/event-stream"),
            );
            let first = tokio_stream::once(data("data: 1\n\n"));
            *response.body_mut() =
                BodyExt::boxed(StreamBody::new(first.chain(tokio_stream::pending())));
        }
        "/upgrade" => {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response
                .headers_mut()
                .insert("connection", HeaderValue::from_static("upgrade"));
            response
                .headers_mut()
                .insert("upgrade", HeaderValue::from_static("echo"));
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut io = TokioIo::new(upgrade.await.unwrap());
                let mut four = [0; 4];
                io.read_exact(&mut four).await.unwrap();
                io.write_all(&four).await.unwrap();
            });
        }
        "/panic" => panic!("told to"),
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}

/// Serves on a free port of the loopback address and returns it.
pub(crate) async fn serve<S, R>(service: S) -> u16
where
    S: Service<Request<Incoming>, Response = Response<R>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    R: Body<Data = Bytes, Error = std::io::Error> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let mut builder =
                    hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                builder.http1().auto_date_header(false);
                builder.http2().auto_date_header(false);
                let _ = builder
                    .serve_connection_with_upgrades(TokioIo::new(connection), service)
                    .await;
            });
        }
    });
    port
}

async fn bare() -> u16 {
    serve(service_fn(routes::<Incoming>)).await
}

pub(crate) async fn layered(log: &Log) -> u16 {
    serve(log.layer.layer(service_fn(routes))).await
}

/// Sends bytes, in pieces if there are several, and reads until the server closes.
pub(crate) async fn exchange(port: u16, pieces: &[&[u8]]) -> Vec<u8> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for piece in pieces {
        connection.write_all(piece).await.unwrap();
        connection.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    let _ = soon(connection.read_to_end(&mut answer)).await;
    answer
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(400).collect()
}

#[tokio::test]
async fn http_1_carries_the_same_bytes() {
    http_1_is_the_same(&Log::with(|builder| builder.without_request_id_header())).await;
}

/// Compares what comes with a layer, which adds no header, with what comes without.
pub(crate) async fn http_1_is_the_same(log: &Log) {
    let (bare, layered) = (bare().await, layered(log).await);
    let simple = |method: &str, path: &str, version: &str| {
        format!(
            "{method} {path} HTTP/{version}\r\nhost: x\r\nconnection: close\r\nte: trailers\r\n\r\n"
        )
        .into_bytes()
    };
    let mut requests: Vec<Vec<Vec<u8>>> = Vec::new();
    let paths = [
        "/json",
        "/unread",
        "/empty",
        "/204",
        "/304",
        "/stream",
        "/declared",
        "/trailers",
        "/broken",
        "/large",
        "/headers",
        "/panic",
        "/none?a[b]=c",
        "*",
    ];
    for path in paths {
        requests.extend(
            [
                ("GET", "1.1"),
                ("HEAD", "1.1"),
                ("GET", "1.0"),
                ("OPTIONS", "1.1"),
            ]
            .map(|(method, version)| vec![simple(method, path, version)]),
        );
    }
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    requests.push(vec![
        format!("{head}content-length: 5\r\n\r\n").into_bytes(),
        b"ab".to_vec(),
        b"cde".to_vec(),
    ]);
    let chunks = "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n";
    requests.push(vec![format!("{head}{chunks}").into_bytes()]);
    requests.push(vec![
        format!("{head}content-length: 300000\r\n\r\n").into_bytes(),
        vec![b'y'; 300_000],
    ]);
    requests.push(vec![
        head.replace("/echo", "/unread").into_bytes(),
        b"content-length: 5\r\n\r\nabcde".to_vec(),
    ]);
    let expect = format!("{head}content-length: 2\r\nexpect: 100-continue\r\n\r\nab");
    requests.push(vec![expect.clone().into_bytes()]);
    requests.push(vec![expect.replace("/echo", "/unread").into_bytes()]);
    let pipelined = "GET /json HTTP/1.1\r\nhost: x\r\n\r\nGET /stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    requests.push(vec![pipelined.as_bytes().to_vec()]);
    requests.push(vec![b"GET / HTTP/1.1\r\nbad header\r\n\r\n".to_vec()]);

    let mut answered = 0;
    for request in &requests {
        let pieces: Vec<_> = request.iter().map(Vec::as_slice).collect();
        let (with, without) = (
            exchange(layered, &pieces).await,
            exchange(bare, &pieces).await,
        );
        answered += usize::from(!with.is_empty());
        assert!(
            with == without,
            "{}\nwith: {}\nwithout: {}",
            text(&request[0]),
            text(&with),
            text(&without)
        );
    }
    assert!(
        answered * 4 > requests.len() * 3,
        "a panic and a broken body answer nothing, the rest does"
    );
    let entries = log.entries().await;
    assert_eq!(
        entries.len(),
        requests.len(),
        "one request is refused by the server, one connection has two"
    );
}

#[tokio::test]
async fn the_one_header_added_is_the_request_id() {
    let log = Log::new();
    let (bare, layered) = (bare().await, layered(&log).await);
    let request = b"GET /headers HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (with, without) = (
        exchange(layered, &[request]).await,
        exchange(bare, &[request]).await,
    );
    let id = log.entries().await[0].id;
    let line = format!("request-id: {id}\r\n");
    let with = String::from_utf8(with).unwrap();
    assert_eq!(with.matches(&line).count(), 1, "{with}");
    assert_eq!(with.replace(&line, ""), String::from_utf8(without).unwrap());
}

#[tokio::test]
async fn expect_100_continue_is_answered_when_the_service_reads_and_not_before() {
    let log = Log::new();
    let (called, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gates = (called.clone(), release.clone());
    let read_late = move |request: Request<RequestBody<Incoming>>| {
        let (called, release) = gates.clone();
        async move {
            called.notify_one();
            release.notified().await;
            routes(request).await
        }
    };
    let port = serve(log.layer.layer(service_fn(read_late))).await;
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head =
        b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    connection.write_all(head).await.unwrap();
    soon(called.notified()).await;
    let early = connection.try_read(&mut [0]).unwrap_err();
    assert_eq!(
        early.kind(),
        std::io::ErrorKind::WouldBlock,
        "the service has not read yet"
    );
    release.notify_one();
    let mut interim = [0; 25];
    soon(connection.read_exact(&mut interim)).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"ab").await.unwrap();
    let mut rest = [0; 15];
    soon(connection.read_exact(&mut rest)).await.unwrap();
    assert_eq!(&rest, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn body_that_the_server_drops_at_its_declared_length_is_completed() {
    let log = Log::new();
    let layered = layered(&log).await;
    let answer = exchange(
        layered,
        &[b"GET /declared HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
    )
    .await;
    assert!(answer.ends_with(b"\r\n\r\nonetwo"), "{}", text(&answer));
    assert_eq!(log.only().await.outcome, Outcome::Completed);
}

#[tokio::test]
async fn upgraded_connection_carries_the_other_protocol() {
    let log = Log::new();
    let layered = layered(&log).await;
    let request: &[u8] =
        b"GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let answer = exchange(layered, &[request, b"ping"]).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"),
        "{}",
        text(&answer)
    );
    assert!(answer.ends_with(b"\r\n\r\nping"), "{}", text(&answer));
    assert_eq!(log.only().await.outcome, Outcome::Upgraded);
}

#[tokio::test]
async fn first_event_of_a_stream_comes_at_once_and_leaving_ends_the_exchange() {
    let log = Log::new();
    let layered = layered(&log).await;
    let mut connection = TcpStream::connect(("127.0.0.1", layered)).await.unwrap();
    connection
        .write_all(b"GET /sse HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"data: 1\n\n\r\n") {
        let mut piece = [0; 512];
        let length = soon(connection.read(&mut piece)).await.unwrap();
        answer.extend_from_slice(&piece[..length]);
    }
    assert_eq!(log.recorder.stats().balance.in_flight(), 1, "it goes on");
    drop(connection);
    soon(async {
        while log.recorder.stats().balance.in_flight() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert_eq!(log.only().await.outcome, Outcome::LeftInBody);
}

#[tokio::test]
async fn http_2_carries_the_same_heads_bodies_and_trailers() {
    http_2_is_the_same(&Log::with(|builder| builder.without_request_id_header())).await;
}

/// Compares what comes with a layer, which adds no header, with what comes without.
pub(crate) async fn http_2_is_the_same(log: &Log) {
    let (bare, layered) = (bare().await, layered(log).await);
    let paths = [
        "/json",
        "/echo",
        "/unread",
        "/empty",
        "/204",
        "/304",
        "/stream",
        "/declared",
        "/trailers",
        "/broken",
        "/headers",
    ];
    let mut count = 0;
    for path in paths {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let (with, without) = (
                http_2(layered, &method, path).await,
                http_2(bare, &method, path).await,
            );
            assert_eq!(with, without, "{method} {path}");
            assert_eq!(with.is_err(), path == "/broken", "{method} {path}");
            count += 1;
        }
    }
    assert_eq!(log.entries().await.len(), count);
}

/// What a client sees of a response: the head and the frames, adjacent data frames joined, or the error in its stead.
type Seen = Result<(StatusCode, HeaderMap, Vec<String>), String>;

async fn http_2(port: u16, method: &Method, path: &str) -> Seen {
    let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(connection));
    let (mut sender, connection) = handshake.await.unwrap();
    let driver = tokio::spawn(connection);
    let body = if method == Method::POST { "abcde" } else { "" };
    let uri = format!("http://x{path}");
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = soon(sender.send_request(request))
        .await
        .map_err(|error| format!("{error:?}"))?;
    let (parts, mut body) = response.into_parts();
    let mut frames = vec![String::new()];
    while let Some(frame) = soon(body.frame()).await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => frames
                .last_mut()
                .unwrap()
                .push_str(&String::from_utf8(data.into()).unwrap()),
            Ok(Err(trailers)) => frames.push(format!("{:?}", trailers.into_trailers().unwrap())),
            Err(error) => {
                frames.push(format!("{error:?}"));
                break;
            }
        }
    }
    driver.abort();
    Ok((parts.status, parts.headers, frames))
}

#[tokio::test]
async fn size_hint_and_end_of_stream_are_those_of_the_service() {
    let log = Log::new();
    let response = log
        .answer(crate::support::get("/"), Response::new(full("abc")))
        .await;
    assert_eq!(response.body().size_hint().exact(), Some(3));
    assert!(!response.body().is_end_stream());
    let response = log
        .answer(crate::support::get("/"), Response::new(full("")))
        .await;
    assert!(response.body().is_end_stream());
}
