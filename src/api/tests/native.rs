use super::*;
use crate::entry::{CutReason, Kind, Masked, Place};
use crate::query::{PathPattern, StatusRange};

fn full() -> LogEntry {
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
        let spot = Masked::new(Place::RequestHeader, "authorization", "authorization", 40);
        (exchange.masked, exchange.masked_count) = (vec![spot], 120);
        *context = Context {
            actor: Some(
                Actor::user("user_1")
                    .email("jane@example.com")
                    .name("Jane", "Doe"),
            ),
            session: Some("session_1".into()),
            api_key: Some("key_1".into()),
            organisation: Some("org_a".into()),
            project: Some("project_1".into()),
            environment: Some("production".into()),
            request_id: Some("theirs-1".into()),
            client_ip: Some(IpAddr::from([203, 0, 113, 7])),
            peer_ip: Some(IpAddr::from([10, 0, 0, 1])),
            user_agent: Some("curl/8".into()),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
            api_version: Some("v1".into()),
            ..Context::default()
        };
    });
    entry.created_at = "2025-06-20T14:34:25.000250Z".parse().unwrap();
    entry
}

async fn asked(query: &str) -> Filter {
    let store = SpyStore::new(Vec::new());
    let api = builder(store.clone()).format(Native).build().unwrap();
    get(&api, &format!("/api-log/v1/entries?{query}"))
        .await
        .ok();
    store.last_asked().filter
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
    let got = get(
        &native(vec![event(1)]),
        &format!("/api-log/v1/entries/{}", id(1)),
    )
    .await;
    let file = include_str!("../../format/golden/native_event.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
}

#[tokio::test]
async fn exchange_without_a_response_has_null_for_one() {
    let api = native(vec![exchange(1, |exchange, _| exchange.response = None)]);
    let entry = get(&api, &format!("/api-log/v1/entries/{}", id(1)))
        .await
        .ok();
    assert_eq!(entry["response"], Value::Null);
}

#[tokio::test]
async fn every_filter_reaches_the_store_as_asked() {
    let text = |value: &str| vec![value.to_owned()];
    let filter = asked(
        "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B01:00&method=get,POST&method=PUT\
         &status=404,5xx&status=200-299&path=/a&path=/b/*,c&route=/users/%7Bid%7D&actor=a,b&organisation=o\
         &project=p&environment=e&client_ip=::1,127.0.0.1&user_agent=curl%2F8+x&request_id=r,s\
         &api_version=v1&kind=event,exchange",
    )
    .await;
    let wanted = Filter {
        from: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        to: Some("2026-01-01T23:00:00Z".parse().unwrap()),
        methods: ["GET", "POST", "PUT"].map(str::to_owned).to_vec(),
        statuses: vec![
            StatusRange::exact(404),
            StatusRange::class(5).unwrap(),
            StatusRange { from: 200, to: 299 },
        ],
        paths: vec![PathPattern::new("/a"), PathPattern::new("/b/*,c")],
        routes: text("/users/{id}"),
        actors: text("a,b"),
        organisations: text("o"),
        projects: text("p"),
        environments: text("e"),
        client_ips: vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        user_agents: text("curl/8 x"),
        request_ids: ["r", "s"].map(str::to_owned).to_vec(),
        api_versions: text("v1"),
        kinds: vec![Kind::Event, Kind::Exchange],
        ..Filter::default()
    };
    assert_eq!(filter, wanted);
}

#[tokio::test]
async fn plus_of_an_offset_may_come_unencoded() {
    let filter = asked("from=2026-01-02T00:00:00+01:00").await;
    assert_eq!(filter.from, Some("2026-01-01T23:00:00Z".parse().unwrap()));
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
async fn bad_parameter_is_named_with_the_accepted_form() {
    let api = native(Vec::new());
    for (query, name, detail) in [
        (
            "limit=0",
            "limit",
            "limit must be a whole number from 1 to 1000",
        ),
        (
            "limit=-1",
            "limit",
            "limit must be a whole number from 1 to 1000",
        ),
        (
            "limit=1001",
            "limit",
            "limit must be a whole number from 1 to 1000",
        ),
        (
            "limit=99999999999999999999",
            "limit",
            "limit must be a whole number from 1 to 1000",
        ),
        (
            "limit=",
            "limit",
            "limit must be a whole number from 1 to 1000",
        ),
        ("limit=1&limit=2", "limit", "limit must be given once"),
        (
            "page=0",
            "page",
            "page must be a whole number from 1 to 4294967295",
        ),
        ("after=x", "after", "after must be the UUID of an entry"),
        ("before=", "before", "before must be the UUID of an entry"),
        ("count=yes", "count", "count must be true or false"),
        (
            "status=9xx",
            "status",
            "status must be as 404, 4xx or 400-499",
        ),
        (
            "status=404,",
            "status",
            "status must be as 404, 4xx or 400-499",
        ),
        (
            "method=G%20T",
            "method",
            "method must be methods, as GET,POST",
        ),
        (
            "client_ip=localhost",
            "client_ip",
            "client_ip must be IP addresses",
        ),
        ("kind=log", "kind", "kind must be exchange or event"),
        ("actor=", "actor", "actor must not be empty"),
        (
            "from=yesterday",
            "from",
            "from must be a time in RFC 3339 with an offset, as 2026-01-31T12:00:00Z",
        ),
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "to",
            "to must not be before from",
        ),
        ("sort=id", "sort", "sort is not a parameter here"),
        ("actor=%ff", "actor", "actor must be UTF-8 without NUL"),
        ("actor=a%00b", "actor", "actor must be UTF-8 without NUL"),
    ] {
        let got = get(&api, &format!("/api-log/v1/entries?{query}")).await;
        assert_eq!(got.status, 400, "{query}");
        let problem = got.json();
        assert_eq!(problem["detail"], detail, "{query}");
        assert_eq!(problem["parameter"], name, "{query}");
        assert_eq!(problem["status"], 400);
        assert_eq!(got.header("content-type"), "application/problem+json");
    }
    let both = format!("/api-log/v1/entries?after={0}&before={0}", id(1));
    assert_eq!(get(&api, &both).await.json()["parameter"], "before");
    let page = format!("/api-log/v1/entries?after={0}&page=2", id(1));
    assert_eq!(get(&api, &page).await.json()["parameter"], "page");
    let on_retrieve = format!("/api-log/v1/entries/{}?limit=1", id(1));
    assert_eq!(get(&api, &on_retrieve).await.json()["parameter"], "limit");
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
