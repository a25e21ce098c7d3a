//! The service that is measured, and the two requests it is asked.

use std::collections::HashMap;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::response::IntoResponse;
use axum::routing::post;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{Request, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tower::Service as _;

/// Which exchange.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `POST`, 1 KiB of JSON each way.
    Post,
    /// `GET` with a query, 1 KiB of JSON back.
    Get,
}

pub const SHAPES: [Shape; 2] = [Shape::Post, Shape::Get];

const PATH: &str = "/v1/inquiries";
const QUERY: &str = "filter[reference_id]=user_8123&page[size]=10";

const HEADERS: [(&str, &str); 12] = [
    ("host", "api.example.com"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    ),
    ("accept", "application/json"),
    ("accept-language", "en-GB,en;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    (
        "authorization",
        "Bearer persona_production_61bd73de-ce28-4f5a-9d3b-0c1f5a7e2b90",
    ),
    (
        "cookie",
        "session=7f9c2ba4e88f827d616045507605853e; theme=dark",
    ),
    ("content-type", "application/json"),
    ("x-request-id", "6f1c2ab0-3f0e-4f4f-9a55-1d9df1a5d3a1"),
    (
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    ("x-forwarded-for", "203.0.113.7, 10.1.2.3"),
    ("idempotency-key", "b2f1c9f0-8f0b-4c69-93a8-0a6f4b8f7c55"),
];

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Get => "get",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Post => "POST 1 KiB -> 1 KiB",
            Self::Get => "GET -> 1 KiB",
        }
    }

    pub fn named(name: &str) -> Self {
        *SHAPES.iter().find(|shape| shape.name() == name).unwrap()
    }

    fn target(self) -> String {
        match self {
            Self::Post => PATH.to_owned(),
            Self::Get => format!("{PATH}?{QUERY}"),
        }
    }

    /// Makes the request as a server hands it to the router.
    pub fn request(self) -> Request<Body> {
        let mut request = Request::builder().uri(self.target());
        for (name, value) in HEADERS {
            request = request.header(name, value);
        }
        let (method, body) = match self {
            Self::Post => ("POST", Body::from(Bytes::from_static(DOCUMENT.as_bytes()))),
            Self::Get => ("GET", Body::empty()),
        };
        request.method(method).body(body).unwrap()
    }

    /// Makes the request as it goes over the wire.
    pub fn wire(self) -> Vec<u8> {
        let (method, body) = match self {
            Self::Post => ("POST", DOCUMENT),
            Self::Get => ("GET", ""),
        };
        let mut wire = format!("{method} {} HTTP/1.1\r\n", self.target());
        for (name, value) in HEADERS {
            wire += &format!("{name}: {value}\r\n");
        }
        if self == Self::Post {
            wire += &format!("content-length: {}\r\n", body.len());
        }
        (wire + "\r\n" + body).into_bytes()
    }
}

/// The service without any middleware.
pub fn bare() -> Router {
    Router::new().route(PATH, post(create).get(list))
}

async fn create(body: Bytes) -> impl IntoResponse {
    (StatusCode::CREATED, HEAD, body)
}

async fn list(Query(query): Query<HashMap<String, String>>) -> impl IntoResponse {
    assert!(query.contains_key("filter[reference_id]"));
    (HEAD, DOCUMENT)
}

const HEAD: [(http::HeaderName, &str); 3] = [
    (CONTENT_TYPE, "application/json"),
    (CACHE_CONTROL, "no-store"),
    (VARY, "accept-encoding"),
];

/// Calls the service and reads the response as a server does: to the end that the body itself tells.
pub async fn call(app: &mut Router, request: Request<Body>) {
    let response = app.call(request).await.unwrap();
    assert!(response.status().is_success());
    let mut body = response.into_body();
    let mut length = 0;
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        length += frame.unwrap().data_ref().map_or(0, Bytes::len);
    }
    assert_eq!(length, DOCUMENT.len());
}

/// Runs what was spawned on the request's thread: it is part of the exchange's cost.
pub async fn finish_tasks() {
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// 1 KiB, with two fields that are masked.
pub const DOCUMENT: &str = include_str!("document.json");
