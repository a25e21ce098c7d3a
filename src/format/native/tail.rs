//! The tail: entries as server-sent events.

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Value, json};

use super::describe::{responses, shared_parameters};
use super::{View, document, params};
use crate::entry::{EntryId, LogEntry};
use crate::format::fields::{Case, Field, Object};
use crate::format::openapi::{self, header, query};
use crate::format::reply::append_json;
use crate::format::{Refusal, Request, Tail, TailWriter};

/// The header field in which a reader who comes again says how far they came.
const LAST: &str = "last-event-id";
const INTERVALS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(60)];
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// Reads what is to be followed.
pub(super) fn asked(request: &Request<'_>) -> Result<Tail, Refusal> {
    let parameters = request.parameters();
    params::only_filters_and(parameters, &["search", "view", "interval"])?;
    view(request)?;
    let must = "must be a number with its unit from 250ms to 60s, as 500ms or 2s";
    let interval = parameters.get("interval")?.map(|text| {
        let interval = params::micros(text).map(Duration::from_micros);
        let interval = interval.filter(|it| (INTERVALS[0]..=INTERVALS[1]).contains(it));
        interval.ok_or_else(|| Refusal::parameter("interval", must))
    });
    let interval = interval.transpose()?.unwrap_or(DEFAULT_INTERVAL);
    let tail = Tail::new(params::filter(parameters, request.now())?, interval);
    Ok(match last_seen(request.headers())? {
        Some(id) => tail.after(id),
        None => tail,
    })
}

/// Reads how much of an entry is shown: a summary unless told otherwise.
pub(super) fn view(request: &Request<'_>) -> Result<View, Refusal> {
    match request.parameters().get("view")? {
        None => Ok(View::Summary),
        Some(_) => params::view(request.parameters()),
    }
}

fn last_seen(headers: &HeaderMap) -> Result<Option<EntryId>, Refusal> {
    let mut values = headers.get_all(LAST).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    match (id, values.next()) {
        (Some(id), None) => Ok(Some(id)),
        _ => Err(Refusal::parameter(
            "Last-Event-ID",
            "must be the UUID of an entry, once",
        )),
    }
}

/// Server-sent events, as HTML defines them.
pub(super) struct Events(pub(super) View);

impl TailWriter for Events {
    fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([
            (
                CONTENT_TYPE,
                HeaderValue::from_static("text/event-stream; charset=utf-8"),
            ),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // So that nginx hands every event on at once.
            (
                HeaderName::from_static("x-accel-buffering"),
                HeaderValue::from_static("no"),
            ),
        ])
    }

    fn entries(
        &mut self,
        entries: &[LogEntry],
        newest: EntryId,
        more: Option<u64>,
        out: &mut Vec<u8>,
    ) {
        let entries = entries.iter().map(|it| document::entry(it, self.0).into());
        let entries: Vec<Field<'_>> = entries.collect();
        let data = Object::new().with("entries", entries).with("more", more);
        event("entries", Some(newest), &data.cased(Case::Snake), out);
    }

    fn ledger(&mut self, ledger: &[u8], out: &mut Vec<u8>) {
        out.extend(b"event: ledger\ndata: ");
        append_line(ledger, out);
    }

    fn keep_alive(&mut self, out: &mut Vec<u8>) {
        out.extend(b": keep-alive\n\n");
    }

    fn failed(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        let status = refusal.status();
        let problem = Object::new()
            .with("title", status.canonical_reason())
            .with("status", u64::from(status.as_u16()));
        event("failed", None, &problem.cased(Case::Snake), out);
    }
}

fn event(name: &str, id: Option<EntryId>, data: &impl Serialize, out: &mut Vec<u8>) {
    let mut json = Vec::with_capacity(1024);
    if !append_json(&mut json, data) {
        return;
    }
    out.extend(b"event: ");
    out.extend(name.as_bytes());
    if let Some(id) = id {
        out.extend(b"\nid: ");
        out.extend(id.to_string().as_bytes());
    }
    out.extend(b"\ndata: ");
    append_line(&json, out);
}

/// Appends JSON in one line, and the end of the event. A body that is embedded as it is may have line breaks, which in JSON only stand between its tokens.
fn append_line(json: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| match byte {
        b'\r' | b'\n' => b' ',
        byte => *byte,
    };
    out.extend(json.iter().map(plain));
    out.extend(b"\n\n");
}

/// Describes the route.
pub(super) fn operation() -> Value {
    let mut parameters = shared_parameters();
    parameters.retain(|parameter| parameter["name"] != "after");
    let interval = json!({ "type": "string", "default": "1s", "examples": ["250ms", "5s"],
        "pattern": r"^[0-9]{1,12}(us|(\.[0-9]{1,3})?ms|(\.[0-9]{1,6})?s)$" });
    let views = json!({ "enum": ["full", "summary"], "default": "summary" });
    parameters.extend([
        query("view", "How much of each entry is shown", views),
        query(
            "interval",
            "How often entries are looked for: 250ms to 60s",
            interval,
        ),
        header(
            "Last-Event-ID",
            "The newest id that the reader has seen",
            json!({ "type": "string", "format": "uuid" }),
        ),
    ]);
    let stream = json!({ "type": "string", "contentMediaType": "text/event-stream" });
    openapi::operation(
        "nativeFollowEntries",
        "Follows the entries as they come, as server-sent events",
        parameters,
        responses(
            "Events, until the reader leaves or 15 minutes have passed",
            "text/event-stream",
            stream,
        ),
    )
}
