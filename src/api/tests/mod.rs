mod access;
mod any_request;
mod around;
mod bad_input;
mod conditional;
mod document360;
mod facets;
mod gorules;
#[cfg(feature = "jwt")]
mod jwt;
mod lago;
mod ledger;
mod native;
mod native_export;
mod native_params;
mod openapi;
mod persona;
mod persona_audit;
mod rate;
mod read;
mod scope;
mod served;
mod sums;
mod tail;
mod truth;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::clock::Timestamp;
use crate::entry::{
    Actor, BodyRecord, Context, EntryId, EntryKind, EventRecord, Exchange, Headers, LogEntry,
    Outcome, OwnEndpoint, RequestRecord, ResponseRecord, Timing,
};
use crate::error::{Error, ErrorKind};
use crate::format::{Lago, Native, Persona};
use crate::query::{Filter, LogQuery, Page, Position, Scope, Stats, StatsQuery};
use crate::sink::LogSink;
use crate::store::MemoryStore;
use crate::testing::ManualClock;

/// A reader who sees everything, and those of two tenants.
const ALL: &str = "token-of-everything-1";
const A: &str = "token-of-tenant-a-0001";
const B: &str = "token-of-tenant-b-0001";

/// The reference store, a record of what it was asked, and failures to order.
#[derive(Clone)]
struct SpyStore {
    entries: MemoryStore,
    asked: Arc<Mutex<Vec<LogQuery>>>,
    failing: Option<ErrorKind>,
}

impl SpyStore {
    fn new(entries: Vec<LogEntry>) -> Self {
        let store = MemoryStore::new();
        let written = store.write(&entries).now_or_never();
        written.expect("memory does not wait").unwrap();
        Self {
            entries: store,
            asked: Arc::default(),
            failing: None,
        }
    }

    fn failing(kind: ErrorKind) -> Self {
        Self {
            failing: Some(kind),
            ..Self::new(Vec::new())
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self.failing {
            Some(kind) => Err(Error::new(kind, "disk /dev/secret0 at 10.0.0.7 is on fire")),
            None => Ok(()),
        }
    }

    fn last_asked(&self) -> LogQuery {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl LogStore for SpyStore {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        self.check()?;
        self.entries.get(scope, id).await
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        self.check()?;
        self.asked.lock().unwrap().push(query.clone());
        self.entries.list(query).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        self.check()?;
        self.entries.count(scope, filter).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        self.check()?;
        self.entries.stats(query).await
    }
}

/// The id of the sample entry of a number; larger numbers are newer.
fn id(number: u8) -> EntryId {
    let mut bytes = *EntryId::first_at(at(number)).as_bytes();
    bytes[15] = number;
    EntryId::from_bytes(bytes)
}

fn at(number: u8) -> Timestamp {
    let seed: Timestamp = "2023-09-20T20:20:03.485Z".parse().unwrap();
    seed.plus(std::time::Duration::from_secs(u64::from(number)))
}

fn whole(text: &str) -> BodyRecord {
    BodyRecord::Whole {
        text: text.to_owned(),
        bytes_seen: text.len() as u64,
    }
}

/// A sample exchange, changed as the test needs it.
fn exchange(number: u8, change: impl FnOnce(&mut Exchange, &mut Context)) -> LogEntry {
    let request = RequestRecord {
        method: "GET".into(),
        path: "/api/v1/inquiries".into(),
        version: "1.1".into(),
        ..RequestRecord::default()
    };
    let timing = Timing {
        to_headers_micros: Some(1200),
        to_last_byte_micros: 1500,
    };
    let mut exchange = Exchange::new(request, Outcome::Completed, timing);
    exchange.response = Some(ResponseRecord {
        status: 200,
        ..ResponseRecord::default()
    });
    let mut context = Context {
        client_ip: Some(IpAddr::from([127, 0, 0, 1])),
        ..Context::default()
    };
    change(&mut exchange, &mut context);
    let kind = EntryKind::Exchange(Box::new(exchange));
    LogEntry::new(id(number), at(number), context, kind)
}

fn builder(store: SpyStore) -> Builder<Box<dyn Access>> {
    let tokens = BearerTokens::new([
        (ALL, Scope::all()),
        (A, Scope::organisation("org_a").unwrap()),
        (B, Scope::organisation("org_b").unwrap()),
    ]);
    // A minute after the sample entries, which every format still shows then.
    LogApi::new(store)
        .access(tokens.unwrap())
        .clock(ManualClock::new(at(60)))
}

fn native(entries: Vec<LogEntry>) -> LogApi {
    builder(SpyStore::new(entries))
        .format(Native)
        .build()
        .unwrap()
}

/// One reply, read to its end.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    #[track_caller]
    fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(api: &LogApi, request: Request<()>) -> Got {
    let response: Response<ApiBody> = api.clone().oneshot(request).await.unwrap();
    assert!(response.extensions().get::<OwnEndpoint>().is_some());
    let (parts, body) = response.into_parts();
    let is_tail = parts
        .headers
        .get("content-type")
        .is_some_and(|it| it.as_bytes().starts_with(b"text/event-stream"));
    let bytes = match is_tail {
        // It goes on; what it knows at once is in the first frame.
        true => {
            let mut body = body;
            let frame = body.frame().await;
            frame.map_or_else(bytes::Bytes::new, |frame| {
                frame.unwrap().into_data().unwrap()
            })
        }
        false => body.collect().await.unwrap().to_bytes(),
    };
    Got {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// Asks as a reader; an empty token is no token.
async fn get_as(api: &LogApi, token: &str, uri: &str) -> Got {
    let mut request = Request::builder().method(Method::GET).uri(uri);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    send(api, request.body(()).unwrap()).await
}

async fn get(api: &LogApi, uri: &str) -> Got {
    get_as(api, ALL, uri).await
}

/// A golden file with the entry's id put in place, written as compactly as a reply is.
#[track_caller]
fn golden(file: &str, id: &str) -> Value {
    serde_json::from_str(
        &file
            .replace("req_ID", id)
            .replace("\"ID\"", &format!("{id:?}")),
    )
    .unwrap()
}

/// The names and texts of a golden file in their order, without the white space between them.
fn compact(file: &str, id: &str) -> String {
    let file = file
        .replace("req_ID", id)
        .replace("\"ID\"", &format!("{id:?}"));
    let lines = file
        .lines()
        .map(|line| line.trim_start().replacen("\": ", "\":", 1));
    lines.collect()
}

fn event(number: u8) -> LogEntry {
    let mut event = EventRecord::new("project", "updated");
    event.ref_id = Some("project_1".into());
    event.data = serde_json::json!({ "projectName": "x" });
    event.exchange = Some(id(number));
    LogEntry::new(
        id(number),
        at(number),
        Context::default(),
        EntryKind::Event(Box::new(event)),
    )
}

/// A sample event, changed as the test needs it.
fn audit(number: u8, change: impl FnOnce(&mut EventRecord, &mut Context)) -> LogEntry {
    let mut entry = event(number);
    if let EntryKind::Event(event) = &mut entry.kind {
        change(event, &mut entry.context);
    }
    entry
}
