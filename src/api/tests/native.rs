use super::*;
use crate::entry::{
    Change, ChangedField, CutReason, Finding, Masked, Note, Place, Resource, SkipReason,
};

/// An exchange with every field.
pub(super) fn full() -> LogEntry {
    let mut entry = exchange(1, |exchange, context| {
        let request = &mut exchange.request;
        request.method = "POST".into();
        request.scheme = Some("https".into());
        request.authority = Some("api.example.com".into());
        request.path = "/api/v1/users/7".into();
        request.route = Some("/api/v1/users/{id}".into());
        request.query = Some("filter[a]=b&dryRun=1".into());
        request.version = "2".into();
        request.headers = Headers::from_iter([
            ("content-type", "application/json"),
            ("x-a", "1"),
            ("x-a", "2"),
        ]);
        exchange.request_body = whole(r#"{ "userName": 1 }"#);
        exchange.response = Some(ResponseRecord {
            status: 201,
            headers: Headers::from_iter([("content-type", "text/plain")]),
            headers_left_out: false,
            trailers: Headers::from_iter([("grpc-status", "0")]),
        });
        exchange.response_body = BodyRecord::Truncated {
            reason: CutReason::Limit,
            text: "hello".into(),
            bytes_seen: 99_000,
        };
        exchange.outcome = Outcome::LeftInBody;
        exchange.weight = 20;
        let spot = Masked::new(Place::RequestHeader, "authorization", "authorization", 40);
        (exchange.masked, exchange.masked_count) = (vec![spot], 120);
        exchange.notes = vec![Note::new("plan", "pro"), Note::new("plan", "")];
        *context = Context {
            actor: Some(
                Actor::user("user_1")
                    .email("jane@example.com")
                    .name("Jane", "Doe"),
            ),
            impersonator: Some("support@example.com".into()),
            session: Some("session_1".into()),
            api_key: Some("key_1".into()),
            organisation: Some("org_a".into()),
            project: Some("project_1".into()),
            project_name: Some("Apollo".into()),
            environment: Some("production".into()),
            resource: Some(Resource::new("user", "7")),
            request_id: Some("theirs-1".into()),
            client_ip: Some(IpAddr::from([203, 0, 113, 7])),
            peer_ip: Some(IpAddr::from([10, 0, 0, 1])),
            user_agent: Some("curl/8".into()),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
            api_version: Some("v1".into()),
        };
    });
    entry.created_at = "2025-06-20T14:34:25.000250Z".parse().unwrap();
    entry
}

/// An event with every field.
pub(super) fn full_event() -> LogEntry {
    let mut entry = event(2);
    if let EntryKind::Event(event) = &mut entry.kind {
        event.title = Some("Jane renamed the project".into());
        event.change = Some(Box::new(Change {
            before: serde_json::json!({ "Name": "a", "gone": null }),
            after: serde_json::json!({ "Name": "b" }),
            fields: vec![
                ChangedField {
                    pointer: "/Name".into(),
                    before: Some("a".into()),
                    after: Some("b".into()),
                },
                ChangedField {
                    pointer: "/gone".into(),
                    before: Some(Value::Null),
                    after: None,
                },
            ],
            fields_count: 2,
        }));
        event.errors = vec![Finding::new("the name is taken").pointer("/Name")];
        event.alerts = vec![Finding::new("the quota is nearly used up")];
        event.masked = vec![Masked::new(Place::EventData, "/pin", "names", 4)];
        event.masked_count = 1;
    }
    entry
}

async fn retrieved(entry: LogEntry) -> Value {
    let uri = format!("/api-log/v1/entries/{}", entry.id);
    get(&native(vec![entry]), &uri).await.ok()
}

#[tokio::test]
async fn list_gives_the_newest_first_and_links_to_the_older() {
    let api = native((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let list = get(&api, "/api-log/v1/entries?limit=2&path=/api/*")
        .await
        .ok();
    assert_eq!(list["entries"][0]["id"], id(5).to_string());
    assert_eq!(list["entries"][1]["id"], id(4).to_string());
    assert_eq!(list["page"]["after"], id(4).to_string());
    assert_eq!(list["page"]["before"], Value::Null);
    assert_eq!(list["page"]["total"], Value::Null);
    let next = list["links"]["next"].as_str().unwrap();
    assert_eq!(
        next,
        format!(
            "/api-log/v1/entries?limit=2&path=%2Fapi%2F*&after={}",
            id(4)
        )
    );
    let second = get(&api, next).await.ok();
    assert_eq!(second["entries"][0]["id"], id(3).to_string());
    let prev = second["links"]["prev"].as_str().unwrap();
    assert_eq!(get(&api, prev).await.ok()["entries"], list["entries"]);
}

#[tokio::test]
async fn exchange_is_written_whole_and_in_the_documented_order() {
    let api = native(vec![full()]);
    let got = get(&api, &format!("/api-log/v1/entries/{}", id(1))).await;
    let file = include_str!("../../format/golden/native_exchange.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
    let names = [
        "\"id\"",
        "\"context\"",
        "\"request\"",
        "\"response\"",
        "\"outcome\"",
        "\"masked\"",
    ];
    assert!(names.map(|name| got.text.find(name)).is_sorted());
    assert!(
        got.text.contains(r#""json":{ "userName": 1 }"#),
        "the body's own bytes"
    );
}

#[tokio::test]
async fn event_is_written_whole() {
    let file = include_str!("../../format/golden/native_event.json");
    let wanted = golden(file, &id(2).to_string());
    assert_eq!(retrieved(full_event()).await, wanted);
}

#[tokio::test]
async fn what_an_entry_does_not_have_is_null() {
    let entry = retrieved(exchange(1, |exchange, _| exchange.response = None)).await;
    assert_eq!(entry["response"], Value::Null);
    let without = retrieved(event(1)).await;
    for name in ["title", "change"] {
        assert_eq!(without["event"][name], Value::Null, "{name}");
    }
    for name in ["errors", "alerts"] {
        assert_eq!(without["event"][name], serde_json::json!([]), "{name}");
    }
    assert_eq!(without["context"]["resource"], Value::Null);
}

#[tokio::test]
async fn summary_is_the_entry_without_the_documented_fields_and_no_other() {
    let api = native(vec![full(), full_event()]);
    let whole = get(&api, "/api-log/v1/entries?view=full").await.ok();
    assert_eq!(whole, get(&api, "/api-log/v1/entries").await.ok());
    let summary = get(&api, "/api-log/v1/entries?view=summary").await.ok();
    let mut wanted = whole["entries"].clone();
    for (pointer, names) in [
        ("/0/event", "change errors alerts data masked"),
        ("/1", "notes masked"),
        ("/1/request", "params headers trailers"),
        ("/1/response", "headers headers_left_out trailers"),
        ("/1/request/body", "text json keyed_hash"),
        ("/1/response/body", "text json keyed_hash"),
    ] {
        let object = wanted
            .pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap();
        for name in names.split(' ') {
            assert!(object.remove(name).is_some(), "{pointer} {name}");
        }
    }
    assert_eq!(summary["entries"], wanted);
}

#[tokio::test]
async fn body_tells_its_state_and_why_it_is_not_whole() {
    let skipped = retrieved(exchange(1, |exchange, _| {
        exchange.request_body = BodyRecord::Skipped {
            reason: SkipReason::ContentType,
            bytes_seen: 7,
        };
        exchange.response_body = BodyRecord::Withheld {
            reason: crate::entry::WithheldReason::NotUtf8,
            bytes_seen: 9,
            keyed_hash: "ab".into(),
        };
    }));
    let entry = skipped.await;
    assert_eq!(
        entry["request"]["body"],
        serde_json::json!({ "state": "skipped", "reason": "content_type", "bytes_seen": 7, "decoded_bytes": null, "text": null, "json": null, "keyed_hash": null })
    );
    assert_eq!(
        entry["response"]["body"],
        serde_json::json!({ "state": "withheld", "reason": "not_utf8", "bytes_seen": 9, "decoded_bytes": null, "text": null, "json": null, "keyed_hash": "ab" })
    );
}

#[tokio::test]
async fn oldest_first_goes_by_page_number() {
    let api = native((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let mut uri = "/api-log/v1/entries?order=oldest&limit=2&count=true".to_owned();
    let (mut seen, mut back) = (Vec::new(), Vec::new());
    loop {
        let list = get(&api, &uri).await.ok();
        for entry in list["entries"].as_array().unwrap() {
            seen.push(entry["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(list["page"]["after"], Value::Null);
        assert_eq!(list["page"]["before"], Value::Null);
        assert_eq!(list["page"]["total"], 5);
        back.push(list["links"]["prev"].clone());
        match list["links"]["next"].as_str() {
            Some(next) => uri = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(
        seen,
        (1..=5).map(|it| id(it).to_string()).collect::<Vec<_>>()
    );
    assert_eq!(back[0], Value::Null);
    assert_eq!(
        back[2],
        "/api-log/v1/entries?order=oldest&limit=2&count=true&page=2"
    );
}

#[tokio::test]
async fn links_hold_a_relative_time_still() {
    let api = native((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let list = get(&api, "/api-log/v1/entries?limit=1&from=-1h&to=now")
        .await
        .ok();
    let next = list["links"]["next"].as_str().unwrap();
    let (from, to) = (at(60).minus(std::time::Duration::from_secs(3600)), at(60));
    let encode = |at: Timestamp| at.rfc3339(6).replace(':', "%3A");
    assert_eq!(
        next,
        format!(
            "/api-log/v1/entries?limit=1&from={}&to={}&after={}",
            encode(from),
            encode(to),
            id(5)
        )
    );
    assert_eq!(
        get(&api, next).await.ok()["entries"][0]["id"],
        id(4).to_string()
    );
}

/// A store whose search stops after one entry that it looked at.
#[derive(Clone)]
struct Searching(SpyStore);

#[async_trait]
impl LogStore for Searching {
    async fn get(&self, scope: &Scope, id: EntryId) -> Result<Option<LogEntry>, Error> {
        self.0.get(scope, id).await
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        let every = LogQuery {
            filter: Filter::default(),
            limit: 1,
            ..query.clone()
        };
        let mut page = self.0.list(&every).await?;
        page.searched_to = page
            .entries
            .last()
            .map(|entry| entry.id)
            .filter(|_| page.has_older);
        page.entries.retain(|entry| query.filter.matches(entry));
        Ok(page)
    }

    async fn count(&self, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
        self.0.count(scope, filter).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        self.0.stats(query).await
    }
}

#[tokio::test]
async fn search_that_stopped_early_goes_on_where_it_stopped() {
    let entries = (1..=5).map(|number| {
        exchange(number, |exchange, _| {
            exchange.response_body = whole(if number == 2 { "the Needle" } else { "hay" });
        })
    });
    let store = SpyStore::new(entries.collect());
    let tokens = BearerTokens::new([(ALL, Scope::all())]).unwrap();
    let api = LogApi::new(Searching(store)).access(tokens).format(Native);
    let api = api.build().unwrap();
    let mut uri = "/api-log/v1/entries?search=needle".to_owned();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let list = get(&api, &uri).await.ok();
        found.extend(list["entries"].as_array().unwrap().clone());
        assert_eq!(list["page"]["after"], list["page"]["searched_to"]);
        assert_eq!(
            list["page"]["before"],
            Value::Null,
            "a search goes forward only"
        );
        assert_eq!(list["links"]["prev"], Value::Null);
        pages += 1;
        match list["links"]["next"].as_str() {
            Some(next) => uri = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, 5);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], id(2).to_string());
}

#[tokio::test]
async fn reader_who_asks_too_often_gets_a_problem_document() {
    use crate::format::{RateLimit, Refusal, WireFormat};
    let second = std::time::Duration::from_secs(1);
    let rate = RateLimit::new(300, 60 * second, 0, second * 7 / 2);
    let reply = Native.refuse(&Refusal::RateLimited(rate), id(1));
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        problem,
        serde_json::json!({ "title": "Too Many Requests", "status": 429, "request_id": id(1).to_string() })
    );
}

#[tokio::test]
async fn page_by_number_and_total_are_given_when_asked() {
    let api = native((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let list = get(&api, "/api-log/v1/entries?limit=2&page=2&count=true")
        .await
        .ok();
    assert_eq!(list["entries"][0]["id"], id(3).to_string());
    assert_eq!(list["page"]["total"], 5);
    let short = get(&api, "/api-log/v1/entries?count=true").await.ok();
    assert_eq!(
        short["page"]["total"], 5,
        "a first page that is the last needs no count"
    );
    assert_eq!(short["page"]["limit"], 50);
}

#[tokio::test]
async fn body_that_would_break_a_strict_reader_stays_text() {
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    for text in [
        r#"{"a":"\ud800"}"#,
        "[1e999]",
        "{\"a\":1",
        "{} {}",
        deep.as_str(),
    ] {
        let api = native(vec![exchange(1, |exchange, _| {
            exchange.request_body = whole(text)
        })]);
        let got = get(&api, &format!("/api-log/v1/entries/{}", id(1)))
            .await
            .ok();
        assert_eq!(got["request"]["body"]["text"], text);
        assert_eq!(got["request"]["body"]["json"], Value::Null, "{text}");
    }
}

#[tokio::test]
async fn markup_and_control_characters_are_escaped_and_change_nothing() {
    let hostile = "<script>alert(1)</script>&\u{2028}\u{1b}[2J\r\n\",\"status\":200,\"x\":\"";
    let body = serde_json::to_string(hostile).unwrap();
    let api = native(vec![exchange(1, |exchange, context| {
        exchange.request.path = hostile.into();
        exchange.request.headers = Headers::from_iter([("x-a", hostile)]);
        exchange.request_body = whole(&body);
        context.user_agent = Some(hostile.into());
    })]);
    let got = get(&api, "/api-log/v1/entries").await;
    for c in ['<', '>', '&', '\u{2028}', '\u{1b}', '\r', '\n'] {
        assert!(!got.text.contains(c), "{c:?}");
    }
    let list = got.ok();
    assert_eq!(list["entries"].as_array().unwrap().len(), 1);
    let entry = &list["entries"][0];
    assert_eq!(entry["request"]["path"], hostile);
    assert_eq!(entry["request"]["headers"][0][1], hostile);
    assert_eq!(entry["request"]["body"]["json"], hostile);
    assert_eq!(entry["context"]["user_agent"], hostile);
}
