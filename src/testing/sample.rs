//! Sample entries: one with every field, one of every variant, and strings that break what is careless.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::entry::{
    Actor, BodyRecord, Change, ChangedField, Context, CutReason, EntryId, EntryKind, EventRecord,
    Exchange, Finding, Headers, LogEntry, Masked, Note, Outcome, Place, RequestRecord, Resource,
    ResponseRecord, SkipReason, Timing, WithheldReason,
};

/// Texts that break what is careless about quotes, patterns, ends of strings, controls and code points.
pub const HOSTILE: [&str; 22] = [
    "",
    " ",
    "\0",
    "a\0b",
    "'",
    "'; DROP TABLE entry; --",
    "org1' OR 1=1 --\\",
    "\"",
    "\\",
    "%",
    "_",
    "?",
    "??1",
    ":id",
    "[a-z]*",
    "{x:String}",
    "\r\n\u{1b}[2J\u{7f}",
    "\",\"status\":200,\"x\":\"",
    "%ff%00\\xff\\u0000\\ud800",
    "\u{feff}\u{2028}\u{fffd}\u{fffe}\u{ffff}",
    "é e\u{301} ß ẞ İ ı",
    "😀\u{10ffff}",
];

/// Returns the time of the first sample, 2026-11-22T12:00:00Z.
pub fn start() -> Timestamp {
    Timestamp::from_micros(1_795_348_800_000_000)
}

/// Returns the time of the `number`th sample: a second each.
pub fn time(number: u32) -> Timestamp {
    start().plus(std::time::Duration::from_secs(u64::from(number)))
}

/// Returns the id of the `number`th sample; a larger number gives a larger id.
pub fn id(number: u32) -> EntryId {
    EntryId::first_at(time(number))
}

/// Makes an entry of a plain `GET` that was answered with 200.
pub fn plain(number: u32) -> LogEntry {
    let request = RequestRecord {
        method: "GET".into(),
        path: "/api/v1/users".into(),
        version: "1.1".into(),
        ..Default::default()
    };
    let mut exchange = Exchange::new(request, Outcome::Completed, Timing::default());
    exchange.response = Some(ResponseRecord {
        status: 200,
        ..Default::default()
    });
    let kind = EntryKind::Exchange(Box::new(exchange));
    LogEntry::new(id(number), time(number), Context::default(), kind)
}

/// Makes an entry of an exchange with every field set.
pub fn exchange(number: u32) -> LogEntry {
    let mut entry = plain(number);
    entry.context = context();
    change(&mut entry, |exchange| {
        exchange.request = request();
        exchange.request_body = BodyRecord::Whole {
            text: r#"{"a":"é😀"}"#.into(),
            bytes_seen: 14,
        };
        exchange.response = Some(response());
        exchange.response_body = BodyRecord::Truncated {
            reason: CutReason::Limit,
            text: "[1,2".into(),
            bytes_seen: u64::from(u32::MAX) + 1,
        };
        exchange.request_decoded_bytes = Some(14);
        exchange.response_decoded_bytes = Some(u64::from(u32::MAX) + 2);
        exchange.failure = Some("the upstream is down…".into());
        exchange.timing.to_headers_micros = Some(1_250);
        exchange.timing.to_last_byte_micros = 98_765_432;
        exchange.weight = 20;
        exchange.masked = vec![
            Masked::new(Place::RequestHeader, "authorization", "authorization", 58),
            Masked::new(Place::ResponseBody, "/data/0/pin", "names", 4),
        ];
        exchange.masked_count = 2;
        exchange.notes = vec![Note::new("plan", "pro"), Note::new("plan", "")];
    });
    entry
}

/// Makes an entry of an audit event with every field set.
pub fn event(number: u32) -> LogEntry {
    let event = EventRecord {
        category: "project".into(),
        action: "updated".into(),
        ref_id: Some("prj_1".into()),
        title: Some("Jane renamed the project".into()),
        change: Some(Box::new(Change {
            before: json!({"name": "a", "n": 0.1 + 0.2, "gone": null}),
            after: json!({"name": "b", "n": u64::MAX}),
            fields: vec![
                ChangedField {
                    pointer: "/name".into(),
                    before: Some(json!("a")),
                    after: Some(json!("b")),
                },
                ChangedField {
                    pointer: "/gone".into(),
                    before: Some(Value::Null),
                    after: None,
                },
            ],
            fields_count: 3,
        })),
        errors: vec![Finding::new("the name is taken").pointer("/name")],
        alerts: vec![Finding::new("the quota is nearly used up")],
        data: json!({"list": [null, -1]}),
        exchange: Some(id(number)),
        masked: vec![Masked::new(Place::EventAfter, "/pin", "names", 4)],
        masked_count: 1,
    };
    let kind = EntryKind::Event(Box::new(event));
    LogEntry::new(id(number), time(number), context(), kind)
}

/// Makes entries that hold every variant of every enum of the record, with the numbers from `first` on.
pub fn variants(first: u32) -> Vec<LogEntry> {
    let mut made = Vec::new();
    let mut number = first;
    let mut add = |from: fn(u32) -> LogEntry, edit: &dyn Fn(&mut LogEntry)| {
        let mut entry = from(number);
        edit(&mut entry);
        number += 1;
        made.push(entry);
    };
    add(plain, &|_| {});
    add(exchange, &|_| {});
    add(event, &|_| {});
    add(event, &|entry| {
        entry.kind = EntryKind::Event(Box::new(EventRecord::new("", "")));
    });
    add(exchange, &|entry| change(entry, |it| it.response = None));
    add(exchange, &|entry| {
        entry.context.actor = Some(Actor::service("nightly"));
        entry.context.client_ip = Some(IpAddr::V6(Ipv6Addr::LOCALHOST));
        entry.context.peer_ip = Some(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped()));
    });
    for outcome in Outcome::ALL {
        add(exchange, &|entry| change(entry, |it| it.outcome = outcome));
    }
    for body in bodies() {
        add(exchange, &|entry| {
            change(entry, |it| it.request_body = body.clone());
        });
        add(exchange, &|entry| {
            change(entry, |it| it.response_body = body.clone());
        });
    }
    for place in [
        Place::Authority,
        Place::Path,
        Place::Query,
        Place::RequestHeader,
        Place::RequestBody,
        Place::RequestTrailer,
        Place::ResponseHeader,
        Place::ResponseBody,
        Place::ResponseTrailer,
        Place::Failure,
        Place::Note,
        Place::EventTitle,
        Place::EventData,
        Place::EventBefore,
        Place::EventAfter,
        Place::EventError,
        Place::EventAlert,
        Place::Context,
    ] {
        let masked = Masked::new(place, "/a", "rule", 3);
        add(exchange, &|entry| {
            change(entry, |it| it.masked = vec![masked.clone()]);
        });
    }
    made
}

/// Makes an entry that holds `text` in every field that can hold a text.
pub fn everywhere(number: u32, text: &str) -> LogEntry {
    let mut entry = exchange(number);
    let some = || Some(text.to_owned());
    let context = &mut entry.context;
    context.actor = Some(Actor::user(text).email(text).name(text, text));
    (context.session, context.api_key, context.impersonator) = (some(), some(), some());
    (context.resource, context.project_name) = (Some(Resource::new(text, text)), some());
    (context.organisation, context.project, context.environment) = (some(), some(), some());
    (context.request_id, context.user_agent) = (some(), some());
    (context.trace_id, context.api_version) = (some(), some());
    change(&mut entry, |exchange| {
        let fields = Headers::from_iter([(text, text), ("x", text)]);
        exchange.request = RequestRecord {
            method: text.into(),
            scheme: some(),
            authority: some(),
            path: text.into(),
            route: some(),
            query: some(),
            version: text.to_owned().into(),
            headers: fields.clone(),
            trailers: fields.clone(),
        };
        exchange.response = Some(ResponseRecord {
            status: 200,
            headers: fields.clone(),
            headers_left_out: false,
            trailers: fields,
        });
        let body = BodyRecord::Whole {
            text: text.into(),
            bytes_seen: text.len() as u64,
        };
        (exchange.request_body, exchange.response_body) = (body.clone(), body);
        exchange.masked = vec![Masked::new(Place::Query, text, text, text.len())];
        exchange.failure = some();
        exchange.notes = vec![Note::new(text, text)];
    });
    entry
}

/// Edits the exchange of an entry, if it is one.
pub fn change(entry: &mut LogEntry, edit: impl FnOnce(&mut Exchange)) {
    if let EntryKind::Exchange(exchange) = &mut entry.kind {
        edit(exchange);
    }
}

/// Returns a body record of every state and reason.
pub fn bodies() -> Vec<BodyRecord> {
    let mut bodies = vec![BodyRecord::Empty];
    for text in ["", "plain", "{\"a\":1}", "nul \0 é😀"] {
        let (text, bytes_seen) = (text.to_owned(), 99);
        bodies.push(BodyRecord::Whole { text, bytes_seen });
    }
    for reason in [CutReason::Limit, CutReason::Budget, CutReason::Unfinished] {
        bodies.push(BodyRecord::Truncated {
            reason,
            text: "{\"a\":".into(),
            bytes_seen: 1 << 40,
        });
    }
    for reason in [
        SkipReason::Policy,
        SkipReason::ContentType,
        SkipReason::ContentCoding,
        SkipReason::Unread,
        SkipReason::Budget,
        SkipReason::Application,
        SkipReason::Erased,
    ] {
        let bytes_seen = 1;
        bodies.push(BodyRecord::Skipped { reason, bytes_seen });
    }
    for reason in [
        WithheldReason::Malformed,
        WithheldReason::NotUtf8,
        WithheldReason::UnknownType,
        WithheldReason::Unstructured,
        WithheldReason::TooDeep,
        WithheldReason::Expands,
    ] {
        bodies.push(BodyRecord::Withheld {
            reason,
            bytes_seen: 7,
            keyed_hash: "00112233445566778899aabbccddeeff".into(),
        });
    }
    bodies
}

fn context() -> Context {
    Context {
        actor: Some(
            Actor::user("user_1")
                .email("jane@example.com")
                .name("Jane", "Doe"),
        ),
        impersonator: Some("support@example.com".into()),
        session: Some("ses_1".into()),
        api_key: Some("key_1".into()),
        organisation: Some("org_1".into()),
        project: Some("prj_1".into()),
        project_name: Some("First".into()),
        environment: Some("production".into()),
        resource: Some(Resource::new("inquiry", "inq_1")),
        request_id: Some("client-request-1".into()),
        client_ip: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))),
        peer_ip: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
        user_agent: Some("curl/8.5.0".into()),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        api_version: Some("v1".into()),
    }
}

fn request() -> RequestRecord {
    RequestRecord {
        method: "PATCH".into(),
        scheme: Some("https".into()),
        authority: Some("api.example.com:8443".into()),
        path: "/api/v1/inquiries/inq_1".into(),
        route: Some("/api/v1/inquiries/{id}".into()),
        query: Some("filter[reference_id]=random-id&ids[]=1".into()),
        version: "2".into(),
        headers: Headers::from_iter([
            ("content-type", "application/json"),
            ("x-twice", "1"),
            ("x-twice", ""),
        ]),
        trailers: Headers::from_iter([("x-checksum", "abc")]),
    }
}

fn response() -> ResponseRecord {
    ResponseRecord {
        status: 422,
        headers: Headers::from_iter([
            ("content-type", "application/json"),
            ("request-id", "req_1"),
        ]),
        headers_left_out: true,
        trailers: Headers::from_iter([("grpc-status", "0")]),
    }
}
