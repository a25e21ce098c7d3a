//! What `Native` can be asked, and what it refuses.

use super::*;
use crate::entry::{ActorKind, Kind};
use crate::query::{PathPattern, StatusRange};

const LIST: &str = "/api-log/v1/entries";
const EXPORTS: [&str; 3] = [
    "/api-log/v1/export.ndjson",
    "/api-log/v1/export.csv",
    "/api-log/v1/export.har",
];

/// The time of every request here.
fn now() -> Timestamp {
    at(60)
}

async fn question(uri: &str) -> LogQuery {
    let store = SpyStore::new(Vec::new());
    let api = builder(store.clone()).format(Native).build().unwrap();
    let got = get(&api, uri).await;
    assert_eq!(got.status, 200, "{uri}: {}", got.text);
    store.last_asked()
}

async fn asked(query: &str) -> Filter {
    question(&format!("{LIST}?{query}")).await.filter
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn every_filter_reaches_the_store_as_asked() {
    let text = |value: &str| vec![value.to_owned()];
    let query = format!(
        "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B01:00&method=get,POST&method=PUT\
         &status=404,5xx&status=200-299&path=/a&path=/b/*,c&route=/users/%7Bid%7D&actor=a,b&organisation=o\
         &project=p&environment=e&client_ip=::1,127.0.0.1&user_agent=curl%2F8+x&request_id=r,s\
         &api_version=v1&kind=event,exchange&outcome=panic,upgraded&outcome=left_in_body&min_duration=250ms\
         &max_duration=1.5s&actor_kind=service,user&session=s&api_key=k&category=project&category=user\
         &action=updated&ref_id=r&exchange={},{}&search=a+%25_b",
        id(1),
        id(2).to_string().to_uppercase()
    );
    let wanted = Filter {
        from: time("2026-01-01T00:00:00Z"),
        to: time("2026-01-01T23:00:00Z"),
        methods: ["GET", "POST", "PUT"].map(str::to_owned).to_vec(),
        statuses: vec![
            StatusRange::exact(404),
            StatusRange::class(5).unwrap(),
            StatusRange { from: 200, to: 299 },
        ],
        paths: vec![PathPattern::new("/a"), PathPattern::new("/b/*,c")],
        routes: text("/users/{id}"),
        actors: text("a,b"),
        actor_kinds: vec![ActorKind::Service, ActorKind::User],
        sessions: text("s"),
        api_keys: text("k"),
        organisations: text("o"),
        projects: text("p"),
        environments: text("e"),
        client_ips: vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        user_agents: text("curl/8 x"),
        request_ids: ["r", "s"].map(str::to_owned).to_vec(),
        api_versions: text("v1"),
        kinds: vec![Kind::Event, Kind::Exchange],
        outcomes: vec![Outcome::Panic, Outcome::Upgraded, Outcome::LeftInBody],
        min_micros: Some(250_000),
        max_micros: Some(1_500_000),
        categories: ["project", "user"].map(str::to_owned).to_vec(),
        actions: text("updated"),
        ref_ids: text("r"),
        exchanges: vec![id(1), id(2)],
        text: Some("a %_b".into()),
        nothing: false,
    };
    assert_eq!(asked(&query).await, wanted);
    for export in &EXPORTS[..2] {
        let asked = question(&format!("{export}?{query}")).await;
        assert_eq!(asked.filter, wanted, "{export}");
    }
}

#[tokio::test]
async fn period_is_inclusive_and_may_be_relative() {
    let ago = |seconds: u64| Some(now().minus(std::time::Duration::from_secs(seconds)));
    const DAY: u64 = 24 * 3600;
    for (text, from, to) in [
        ("now", Some(now()), Some(now())),
        ("-0s", Some(now()), Some(now())),
        ("-30s", ago(30), ago(30)),
        ("-15m", ago(15 * 60), ago(15 * 60)),
        ("-36h", ago(36 * 3600), ago(36 * 3600)),
        ("-90d", ago(90 * DAY), ago(90 * DAY)),
        ("-2w", ago(14 * DAY), ago(14 * DAY)),
        ("-000000002w", ago(14 * DAY), ago(14 * DAY)),
        ("-999999999w", Some(Timestamp::MIN), Some(Timestamp::MIN)),
        (
            "2024-02-29",
            time("2024-02-29T00:00:00Z"),
            time("2024-02-29T23:59:59.999999Z"),
        ),
        (
            "0000-01-01",
            Some(Timestamp::MIN),
            time("0000-01-01T23:59:59.999999Z"),
        ),
        ("9999-12-31", Some(Timestamp::MAX), Some(Timestamp::MAX)),
        (
            "2026-01-02T00:00:00+01:00",
            time("2026-01-01T23:00:00Z"),
            time("2026-01-01T23:00:00Z"),
        ),
    ] {
        assert_eq!(asked(&format!("from={text}")).await.from, from, "{text}");
        assert_eq!(asked(&format!("to={text}")).await.to, to, "{text}");
    }
    let day = asked("from=2026-01-31&to=2026-01-31").await;
    assert!(day.from < day.to, "one day");
}

#[tokio::test]
async fn durations_are_exact_to_the_microsecond() {
    for (text, micros) in [
        ("0us", 0),
        ("200us", 200),
        ("250ms", 250_000),
        ("0.001ms", 1),
        ("1.5ms", 1500),
        ("1.5s", 1_500_000),
        ("0.000001s", 1),
        ("007s", 7_000_000),
        ("999999999999.999999s", 999_999_999_999_999_999),
    ] {
        let filter = asked(&format!("min_duration={text}&max_duration={text}")).await;
        assert_eq!(
            (filter.min_micros, filter.max_micros),
            (Some(micros), Some(micros)),
            "{text}"
        );
    }
}

#[tokio::test]
async fn positions_reach_the_store_as_asked() {
    for (query, position, limit) in [
        (String::new(), Position::First, 50),
        (
            "order=newest&view=summary&limit=1000".into(),
            Position::First,
            1000,
        ),
        (
            format!("after={}&search=x", id(1)),
            Position::After(id(1)),
            50,
        ),
        (format!("before={}", id(1)), Position::Before(id(1)), 50),
        (
            "page=4294967295".into(),
            Position::Number(4_294_967_295),
            50,
        ),
        ("order=oldest".into(), Position::FromOldest(1), 50),
        (
            "order=oldest&page=7&limit=1".into(),
            Position::FromOldest(7),
            1,
        ),
    ] {
        let asked = question(&format!("{LIST}?{query}")).await;
        assert_eq!((asked.position, asked.limit), (position, limit), "{query}");
    }
}

const MOMENT: &str = "must be a time in RFC 3339 with an offset, as 2026-01-31T12:00:00Z, a date, now, or a time ago, as -15m, -36h or -90d";
const DURATION: &str =
    "must be a number of whole microseconds with its unit, as 200us, 250ms or 1.5s";
const LIMIT: &str = "must be a whole number from 1 to 1000";
const STATUS: &str = "must be as 404, 4xx or 400-499";
const OUTCOME: &str = "must be completed, service_error, panic, left_before_response, left_in_body, body_error, upgraded or process_died";
const SEARCH: &str = "must be 1 to 256 bytes long";
const ALONE: &str =
    "must not go with before, page, order=oldest or count=true: a search goes on with after";
const NONE: &str = "is not a parameter here";
const EMPTY: &str = "must not be empty";
const ONCE: &str = "must be given once";
const UTF8: &str = "must be UTF-8 without NUL";

#[track_caller]
fn named(got: &Got, query: &str, name: &str, must: &str) {
    assert_eq!(got.status, 400, "{query}: {}", got.text);
    let problem = got.json();
    assert_eq!(problem["parameter"], name, "{query}");
    assert_eq!(problem["detail"], format!("{name} {must}"), "{query}");
    assert_eq!(problem["title"], "Bad Request");
    assert_eq!(problem["status"], 400);
    assert_eq!(got.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn bad_parameter_is_named_with_the_accepted_form() {
    let api = native(Vec::new());
    for (query, name, must) in [
        ("limit=0", "limit", LIMIT),
        ("limit=-1", "limit", LIMIT),
        ("limit=1001", "limit", LIMIT),
        ("limit=99999999999999999999", "limit", LIMIT),
        ("limit=", "limit", LIMIT),
        ("limit=1&limit=2", "limit", ONCE),
        (
            "page=0",
            "page",
            "must be a whole number from 1 to 4294967295",
        ),
        ("after=x", "after", "must be the UUID of an entry"),
        ("before=", "before", "must be the UUID of an entry"),
        ("count=yes", "count", "must be true or false"),
        ("status=9xx", "status", STATUS),
        ("status=404,", "status", STATUS),
        ("status=200-", "status", STATUS),
        ("method=G%20T", "method", "must be methods, as GET,POST"),
        ("client_ip=localhost", "client_ip", "must be IP addresses"),
        ("kind=log", "kind", "must be exchange or event"),
        ("actor=", "actor", EMPTY),
        ("session=", "session", EMPTY),
        ("api_key=", "api_key", EMPTY),
        ("category=", "category", EMPTY),
        ("action=x&action=", "action", EMPTY),
        ("ref_id=", "ref_id", EMPTY),
        ("actor_kind=robot", "actor_kind", "must be user or service"),
        ("actor_kind=User", "actor_kind", "must be user or service"),
        ("outcome=fine", "outcome", OUTCOME),
        ("outcome=", "outcome", OUTCOME),
        ("exchange=1", "exchange", "must be UUIDs of entries"),
        ("search=", "search", SEARCH),
        ("search=a&search=b", "search", ONCE),
        ("search=a%00b", "search", UTF8),
        ("search=x&page=1", "search", ALONE),
        ("search=x&order=oldest", "search", ALONE),
        ("search=x&count=true", "search", ALONE),
        ("view=short", "view", "must be full or summary"),
        ("view=", "view", "must be full or summary"),
        ("order=asc", "order", "must be newest or oldest"),
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "to",
            "must not be before from",
        ),
        ("from=-1h&to=-2h", "to", "must not be before from"),
        ("from=now&to=-1s", "to", "must not be before from"),
        ("from=-1h&from=-2h", "from", ONCE),
        (
            "min_duration=2s&max_duration=1999ms",
            "max_duration",
            "must not be below min_duration",
        ),
        ("sort=id", "sort", NONE),
        ("Actor=a", "Actor", NONE),
        ("actor[]=a", "actor[]", NONE),
        ("actor=%ff", "actor", UTF8),
        ("actor=a%00b", "actor", UTF8),
    ] {
        let got = get(&api, &format!("{LIST}?{query}")).await;
        named(&got, query, name, must);
    }
    for (first, second, name, must) in [
        ("after", "before", "before", "must not go with after"),
        (
            "after",
            "page=2",
            "page",
            "must not go with after or before",
        ),
        (
            "before",
            "page=2",
            "page",
            "must not go with after or before",
        ),
        (
            "before",
            "order=oldest",
            "order",
            "must not be oldest with after or before",
        ),
        (
            "after",
            "order=oldest",
            "order",
            "must not be oldest with after or before",
        ),
        ("before", "search=x", "search", ALONE),
    ] {
        let second = if second == "before" {
            format!("before={}", id(2))
        } else {
            second.to_owned()
        };
        let query = format!("{first}={}&{second}", id(1));
        named(
            &get(&api, &format!("{LIST}?{query}")).await,
            &query,
            name,
            must,
        );
    }
    let on_retrieve = format!("{LIST}/{}?view=full", id(1));
    named(&get(&api, &on_retrieve).await, &on_retrieve, "view", NONE);
}

#[tokio::test]
async fn times_and_durations_of_another_form_are_refused() {
    let api = native(Vec::new());
    for text in [
        "",
        "yesterday",
        "-",
        "-d",
        "-1",
        "--1d",
        "-1y",
        "-1M",
        "-1.5d",
        "-1D",
        "-1d+",
        "1d",
        "%2B1d",
        "-1000000000s",
        "-99999999999999999999d",
        "-%D9%A1d",
        "-1%C3%A4",
        "Now",
        "2026-02-30",
        "2026-13-01",
        "2026-1-1",
        "20260131",
        "2026-01-31T12:00:00",
        "2026-01-31T25:00:00Z",
        "1700000000",
        "9999999999-01-01",
        "12345-01-01",
        "+2026-1-01",
    ] {
        for name in ["from", "to"] {
            let query = format!("{name}={text}");
            named(
                &get(&api, &format!("{LIST}?{query}")).await,
                &query,
                name,
                MOMENT,
            );
        }
    }
    for text in [
        "",
        "1",
        "ms",
        ".5s",
        "5.s",
        "1.5us",
        "1.0001ms",
        "1.0000001s",
        "1m",
        "1h",
        "-1s",
        "%2B1s",
        "+1s",
        "1+s",
        "1S",
        "1e3s",
        "1,5s",
        "1.5.5s",
        "1000000000000s",
        "99999999999999999999us",
        "%D9%A1s",
        "1s1s",
        "Infinitys",
        "PT1S",
    ] {
        for name in ["min_duration", "max_duration"] {
            let query = format!("{name}={text}");
            named(
                &get(&api, &format!("{LIST}?{query}")).await,
                &query,
                name,
                DURATION,
            );
        }
    }
}

#[tokio::test]
async fn search_is_bounded_in_bytes() {
    let api = native(Vec::new());
    for (text, fits) in [
        ("a".repeat(256), true),
        ("a".repeat(257), false),
        ("%C3%A4".repeat(128), true),
        ("%C3%A4".repeat(129), false),
    ] {
        let query = format!("search={text}");
        let got = get(&api, &format!("{LIST}?{query}")).await;
        match fits {
            true => assert_eq!(got.status, 200),
            false => named(&got, &query, "search", SEARCH),
        }
    }
    get(&api, &format!("{LIST}?search=x&count=false&order=newest"))
        .await
        .ok();
}

#[tokio::test]
async fn search_finds_bodies_and_events_whatever_the_case() {
    let api = native(vec![
        exchange(1, |exchange, _| {
            exchange.request_body = whole("in a NEEDLE")
        }),
        exchange(2, |exchange, _| exchange.response_body = whole("needle")),
        exchange(3, |exchange, _| exchange.request.path = "/needle".into()),
        event(4),
    ]);
    for (text, found) in [
        ("Needle", vec![2, 1]),
        ("projectname", vec![4]),
        ("%25", vec![]),
    ] {
        let list = get(&api, &format!("{LIST}?search={text}")).await.ok();
        let ids = list["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["id"].clone());
        let wanted: Vec<Value> = found
            .into_iter()
            .map(|it| id(it).to_string().into())
            .collect();
        assert_eq!(ids.collect::<Vec<_>>(), wanted, "{text}");
    }
}

#[tokio::test]
async fn exports_refuse_what_only_a_page_has() {
    let api = native(Vec::new());
    for export in EXPORTS {
        for (query, name) in [
            ("page=1", "page"),
            ("before=x", "before"),
            ("count=true", "count"),
            ("order=oldest", "order"),
            ("format=csv", "format"),
        ] {
            named(
                &get(&api, &format!("{export}?{query}")).await,
                query,
                name,
                NONE,
            );
        }
        let most = "must be a whole number from 1 to 1000000";
        for query in ["limit=0", "limit=1000001", "limit=", "limit=1e3"] {
            named(
                &get(&api, &format!("{export}?{query}")).await,
                query,
                "limit",
                most,
            );
        }
        let got = get(&api, &format!("{export}?after=x")).await;
        named(&got, "after", "after", "must be the UUID of an entry");
        let got = get(&api, &format!("{export}?from=x")).await;
        named(&got, "from", "from", MOMENT);
        assert_eq!(got.header("content-disposition"), "", "an error is no file");
    }
    for export in &EXPORTS[1..] {
        named(
            &get(&api, &format!("{export}?view=full")).await,
            export,
            "view",
            NONE,
        );
    }
    let har = EXPORTS[2];
    for query in ["kind=event", "kind=exchange,event"] {
        let got = get(&api, &format!("{har}?{query}")).await;
        named(&got, query, "kind", "must be exchange here");
    }
}

#[tokio::test]
async fn every_parameter_survives_every_bad_value() {
    let api = native(vec![exchange(1, |_, _| {}), event(2)]);
    for route in [LIST].into_iter().chain(EXPORTS) {
        for name in described(route) {
            for value in [
                "",
                "%00",
                "%ff",
                "%",
                "-1",
                "0",
                "1e9",
                "99999999999999999999",
                "-99999999999999999999w",
                "[]",
                "null",
                "%F0%9F%98%80",
                "a,b",
                ",",
                "+",
                "'%20OR%201=1%20--",
                "%25_",
                "*",
            ] {
                for query in [
                    format!("{name}={value}"),
                    format!("{name}={value}&{name}={value}"),
                    format!("{name}[]={value}"),
                    name.clone(),
                ] {
                    let got = get(&api, &format!("{route}?{query}")).await;
                    let status = got.status.as_u16();
                    assert!([200, 400].contains(&status), "{status} {route}?{query}");
                    if status == 400 {
                        got.json();
                    }
                }
            }
        }
    }
}

/// The parameters of a route, as it describes itself.
fn described(route: &str) -> Vec<String> {
    let operation = operation(route);
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let names = parameters.map(|it| it["name"].as_str().unwrap().to_owned());
    names.collect()
}

fn operation(template: &str) -> Value {
    use crate::format::WireFormat;
    let routes = Native.routes();
    let route = routes.iter().find(|route| route.template() == template);
    Native.describe(route.unwrap())
}

#[tokio::test]
async fn every_described_parameter_is_one_and_no_other_is() {
    let shared = "from to method status path route outcome min_duration max_duration actor actor_kind session api_key organisation \
                  project environment client_ip user_agent request_id api_version kind category action ref_id exchange search limit after";
    for (route, more) in [
        (LIST, "before page order count view"),
        (EXPORTS[0], "view"),
        (EXPORTS[1], ""),
        (EXPORTS[2], ""),
    ] {
        let mut wanted: Vec<&str> = shared
            .split_whitespace()
            .chain(more.split_whitespace())
            .collect();
        let mut described = described(route);
        described.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(described, wanted, "{route}");
        let api = native(Vec::new());
        for name in described {
            let got = get(&api, &format!("{route}?{name}=%ff")).await;
            named(&got, &name, &name, UTF8);
            let got = get(&api, &format!("{route}?{name}=,")).await;
            assert!(!got.text.contains(NONE), "{route} {name}");
        }
    }
}
