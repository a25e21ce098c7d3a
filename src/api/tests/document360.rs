use super::*;
use crate::entry::{Finding, Kind};
use crate::format::{Answered, Document360, RateLimit, Refusal, WireFormat};

const LOGS: &str = "/v2/APIReferences/33b5c7e-fcbe/Logs";

fn document360(entries: Vec<LogEntry>) -> LogApi {
    with(Document360::new(), entries)
}

fn with(format: Document360, entries: Vec<LogEntry>) -> LogApi {
    let api = builder(SpyStore::new(entries)).format(format);
    api.build().unwrap()
}

async fn get(api: &LogApi, uri: &str) -> Got {
    let request = Request::builder().uri(uri).header("api_token", ALL);
    send(api, request.body(()).unwrap()).await
}

/// An import of the API reference that the tests ask for.
fn import(number: u8, change: impl FnOnce(&mut EventRecord, &mut Context)) -> LogEntry {
    audit(number, |event, context| {
        *event = EventRecord::new("apiReference", "imported");
        event.ref_id = Some("33b5c7e-fcbe".into());
        change(event, context);
    })
}

fn sample() -> LogEntry {
    let mut entry = import(1, |event, context| {
        event.title = Some("Import successful".into());
        event.errors = vec![
            Finding::new("the schema has no type").pointer("#/components/schemas/Pet"),
            Finding::new("the document has no title"),
        ];
        event.alerts =
            vec![Finding::new("the operation has no summary").pointer("#/paths/~1pets/get")];
        let actor = Actor::user("f11efc6f-e968-4e95-82eb-85ad61559de8");
        context.actor = Some(actor.name("Peter", "Jone"));
    });
    entry.created_at = "2024-06-13T14:30:00.999Z".parse().unwrap();
    entry
}

#[track_caller]
fn refused(got: &Got, status: u16, description: &str) {
    let error = serde_json::json!({
        "extension_data": null, "stack_trace": null, "description": description, "error_code": null, "custom_data": null,
    });
    let wanted = serde_json::json!({
        "extension_data": null, "success": false, "errors": [error], "warnings": [], "information": [],
    });
    assert_eq!((got.status.as_u16(), got.json()), (status, wanted));
}

#[tokio::test]
async fn list_is_written_as_document360_writes_it() {
    let got = get(&document360(vec![sample()]), LOGS).await;
    let file = include_str!("../../format/golden/document360_list.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
    assert_eq!(got.text, compact(file, &id(1).to_string()));
}

#[tokio::test]
async fn log_is_written_without_a_wrapper() {
    let got = get(&document360(vec![sample()]), &format!("{LOGS}/{}", id(1))).await;
    let file = include_str!("../../format/golden/document360_retrieve.json");
    assert_eq!(got.ok(), golden(file, ""));
    assert_eq!(got.text, compact(file, ""));
}

#[tokio::test]
async fn api_reference_that_nobody_knows_is_a_bad_request() {
    let file = include_str!("../../format/golden/document360_unknown.json");
    let other = |number, change: fn(&mut EventRecord)| import(number, |event, _| change(event));
    let api = document360(vec![
        other(1, |event| event.ref_id = Some("33b5c7e-FCBE".into())),
        other(2, |event| event.ref_id = None),
        other(3, |event| event.category = "project".into()),
        exchange(4, |_, _| {}),
    ]);
    for query in ["", "?page=2", "?page=2147483647&resultsPerPage=100"] {
        let got = get(&api, &format!("{LOGS}{query}")).await;
        assert_eq!(got.status, 400);
        assert_eq!(got.text, compact(file, ""));
    }
}

#[tokio::test]
async fn page_past_the_end_of_a_known_api_reference_is_empty() {
    let api = document360((1..=7).map(|number| import(number, |_, _| {})).collect());
    for (query, numbers) in [
        ("", &[7, 6, 5, 4, 3][..]),
        ("?page=2", &[2, 1]),
        ("?page=2&resultsPerPage=3", &[4, 3, 2]),
        ("?resultsPerPage=100", &[7, 6, 5, 4, 3, 2, 1]),
        ("?page=3", &[]),
        ("?page=2147483647&resultsPerPage=100", &[]),
    ] {
        let list = get(&api, &format!("{LOGS}{query}")).await.ok();
        let logs = list["data"].as_array().unwrap().iter();
        let ids: Vec<&str> = logs.map(|log| log["logs_id"].as_str().unwrap()).collect();
        let wanted: Vec<String> = numbers.iter().map(|&it| id(it).to_string()).collect();
        assert_eq!(ids, wanted, "{query}");
        assert_eq!(list["success"], true);
    }
}

#[tokio::test]
async fn what_is_not_known_is_null_and_the_title_falls_back_to_what_was_done() {
    let names = |number, actor: Option<Actor>| import(number, |_, context| context.actor = actor);
    let half = Actor {
        last_name: None,
        ..Actor::user("u").name("Peter", "")
    };
    let api = document360(vec![
        names(1, None),
        names(2, Some(Actor::user("u").email("u@example.com"))),
        names(3, Some(Actor::service("nightly"))),
        names(4, Some(half)),
    ]);
    let list = get(&api, LOGS).await.ok();
    let logs = list["data"].as_array().unwrap().iter();
    let got: Vec<(&Value, &Value)> = logs
        .clone()
        .map(|log| (&log["user_id"], &log["user_name"]))
        .collect();
    let (null, text) = (Value::Null, |text: &str| Value::from(text));
    let wanted = [
        (&text("u"), &text("Peter")),
        (&text("nightly"), &text("nightly")),
        (&text("u"), &null),
        (&null, &null),
    ];
    assert_eq!(got, wanted);
    for log in logs {
        assert_eq!(log["title"], "apiReference imported");
        assert_eq!(
            (&log["error_count"], &log["alerts_count"]),
            (&0.into(), &0.into())
        );
    }
}

#[tokio::test]
async fn category_and_reference_narrow_the_question() {
    let store = SpyStore::new(vec![import(1, |event, _| event.category = "import".into())]);
    let format = Document360::default().category("import");
    let api = builder(store.clone()).format(format).build().unwrap();
    get(&api, LOGS).await.ok();
    let asked = store.last_asked();
    assert_eq!(asked.filter.kinds, [Kind::Event]);
    assert_eq!(asked.filter.categories, ["import"]);
    assert_eq!(asked.filter.ref_ids, ["33b5c7e-fcbe"]);
    assert_eq!((asked.position, asked.limit), (Position::Number(1), 5));
    let logs = format!("{LOGS}/{}", id(1));
    get(&api, &logs).await.ok();
    get(&api, "/v2/APIReferences/a%2Fb%20c/Logs").await;
    assert_eq!(store.last_asked().filter.ref_ids, ["a/b c"]);
}

#[tokio::test]
async fn both_spellings_of_the_path_are_understood() {
    let api = document360(vec![sample()]);
    let one = get(&api, LOGS).await;
    let other = get(&api, &LOGS.replace("API", "Api")).await;
    assert_eq!((one.ok(), other.status.as_u16()), (other.json(), 200));
    let log = format!("{LOGS}/{}", id(1)).replace("API", "Api");
    assert_eq!(get(&api, &log).await.status, 200);
    let lower = get(&api, &LOGS.to_lowercase()).await;
    refused(&lower, 404, "Not Found");
}

#[tokio::test]
async fn log_that_is_none_of_the_api_reference_is_not_found() {
    let elsewhere = import(2, |event, _| event.ref_id = Some("other".into()));
    let api = document360(vec![sample(), elsewhere, exchange(3, |_, _| {}), event(4)]);
    let mut unknown: Vec<String> = (2..=5).map(|number| id(number).to_string()).collect();
    unknown.push(id(1).prefixed("req"));
    unknown.push(id(1).to_string().replace('-', ""));
    unknown
        .extend(["-1", "0", "99999999999999999999", "%27%20OR%201=1", "null"].map(str::to_owned));
    for unknown in unknown {
        let got = get(&api, &format!("{LOGS}/{unknown}")).await;
        refused(&got, 404, "Api reference log not found.");
    }
    for no_text in ["%00", "%ff"] {
        let got = get(&api, &format!("{LOGS}/{no_text}")).await;
        refused(&got, 404, "Not Found");
        let got = get(&api, &format!("/v2/APIReferences/{no_text}/Logs")).await;
        refused(&got, 404, "Not Found");
    }
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let api = document360(vec![sample()]);
    for (name, most) in [("page", "2147483647"), ("resultsPerPage", "100")] {
        for value in [
            "",
            "0",
            "-1",
            "1.5",
            "x",
            "1e1",
            "+1",
            "2147483648",
            "99999999999999999999",
        ] {
            let value = value.replace('+', "%2B");
            let got = get(&api, &format!("{LOGS}?{name}={value}")).await;
            refused(
                &got,
                400,
                &format!("{name} must be a whole number from 1 to {most}"),
            );
        }
        let got = get(&api, &format!("{LOGS}?{name}=1&{name}=1")).await;
        refused(&got, 400, &format!("{name} must be given once"));
        for value in ["%00", "%ff"] {
            let got = get(&api, &format!("{LOGS}?{name}={value}")).await;
            refused(&got, 400, &format!("{name} must be UTF-8 without NUL"));
        }
        let got = get(&api, &format!("{LOGS}/{}?{name}=1", id(1))).await;
        refused(&got, 400, &format!("{name} is not a parameter here"));
    }
    let got = get(&api, &format!("{LOGS}?resultsperpage=1")).await;
    refused(&got, 400, "resultsperpage is not a parameter here");
}

#[tokio::test]
async fn credential_is_the_api_token_alone() {
    let api = document360(vec![sample()]);
    for (name, value, status) in [
        ("api_token", ALL.to_owned(), 200),
        ("API_TOKEN", format!(" {ALL} "), 200),
        ("api_token", String::new(), 401),
        ("api_token", "nobody's-token-at-all".to_owned(), 401),
        ("api_token", format!("Bearer {ALL}"), 401),
        ("authorization", format!("Bearer {ALL}"), 401),
        ("x-nothing", String::new(), 401),
    ] {
        for uri in [LOGS, &format!("{LOGS}/{}", id(1))] {
            let request = Request::builder().uri(uri).header(name, &value);
            let got = send(&api, request.body(()).unwrap()).await;
            assert_eq!(got.status, status, "{name}: {value}");
            if status == 401 {
                refused(&got, 401, "Unauthorized");
            }
        }
    }
    let twice = Request::builder()
        .uri(LOGS)
        .header("api_token", ALL)
        .header("api_token", ALL);
    refused(
        &send(&api, twice.body(()).unwrap()).await,
        401,
        "Unauthorized",
    );
}

#[tokio::test]
async fn reader_sees_the_api_references_of_its_own_tenant() {
    let entry = import(1, |_, context| context.organisation = Some("org_a".into()));
    let api = document360(vec![entry]);
    for (token, status) in [(A, 200), (B, 400)] {
        let request = Request::builder().uri(LOGS).header("api_token", token);
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, status);
        let log = Request::builder()
            .uri(format!("{LOGS}/{}", id(1)))
            .header("api_token", token);
        let got = send(&api, log.body(()).unwrap()).await;
        assert_eq!(got.status, if status == 200 { 200 } else { 404 });
    }
}

#[tokio::test]
async fn every_refusal_comes_in_the_envelope() {
    let api = document360(vec![sample()]);
    let post = Request::builder()
        .method(Method::POST)
        .uri(LOGS)
        .body(())
        .unwrap();
    let got = send(&api, post).await;
    refused(&got, 405, "Method Not Allowed");
    assert_eq!(got.header("allow"), "GET, HEAD");
    for (kind, status, description) in [
        (ErrorKind::Unavailable, 503, "Service Unavailable"),
        (ErrorKind::Storage, 500, "Internal Server Error"),
    ] {
        let api = builder(SpyStore::failing(kind)).format(Document360::new());
        let got = get(&api.build().unwrap(), LOGS).await;
        refused(&got, status, description);
    }
    for (refusal, status, description) in [
        (Refusal::Forbidden("not you".into()), 403, "not you"),
        (Refusal::RateLimited(rate(0)), 429, "Too Many Requests"),
    ] {
        let reply = Document360::new().refuse(&refusal, id(1));
        let got = Got {
            status: reply.status,
            headers: reply.headers,
            text: String::from_utf8(reply.body.to_vec()).unwrap(),
        };
        refused(&got, status, description);
    }
}

fn rate(remaining: u32) -> RateLimit {
    let millis = std::time::Duration::from_millis;
    RateLimit::new(60, millis(60_000), remaining, millis(12_001))
}

#[test]
fn limit_and_reset_are_told_once_nothing_remains() {
    let signed = |rate_limit| {
        let (mut headers, scope) = (HeaderMap::new(), None);
        let answered = Answered {
            id: id(1),
            scope,
            rate_limit,
        };
        Document360::new().sign(&answered, &mut headers);
        let header = |name| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        [
            "x-ratelimit-remaining",
            "x-ratelimit-limit",
            "x-ratelimit-reset",
        ]
        .map(header)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(signed(None), [None, None, None]);
    assert_eq!(signed(Some(rate(59))), [some("59"), None, None]);
    assert_eq!(signed(Some(rate(0))), [some("0"), some("60"), some("13")]);
}

#[test]
fn every_route_is_described_by_a_name_of_its_own() {
    let format = Document360::new();
    let described = format.routes().into_iter().map(|route| {
        let operation = format.describe(&route);
        let names = operation["parameters"].as_array().unwrap().iter();
        let names: Vec<String> = names
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        (operation["operationId"].to_string(), names)
    });
    let described: Vec<(String, Vec<String>)> = described.collect();
    for (at, (name, parameters)) in described.iter().enumerate() {
        assert!(
            described[..at].iter().all(|(known, _)| known != name),
            "{name}"
        );
        let wanted: &[&str] = match at % 2 {
            0 => &["apiReferenceId", "page", "resultsPerPage"],
            _ => &["apiReferenceId", "logId"],
        };
        assert_eq!(parameters, wanted);
    }
}
