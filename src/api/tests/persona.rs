use std::time::Duration;

use super::*;
use crate::entry::WithheldReason;
use crate::format::{Answered, RateLimit, Refusal, WireFormat};

fn persona(entries: Vec<LogEntry>) -> LogApi {
    let api = builder(SpyStore::new(entries)).format(Persona::new());
    api.build().unwrap()
}

/// A day, for how old something is.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The entry of a number as if it had been made this long before now.
fn aged(number: u8, age: Duration) -> LogEntry {
    let mut entry = exchange(number, |_, _| {});
    entry.created_at = at(60).minus(age);
    entry
}

fn seed() -> LogEntry {
    exchange(1, |exchange, _| {
        exchange.request.query = Some("filter[reference_id]=random-id".into());
        let token = "Bearer persona_production_61bd73de-ce28-****-****-************";
        exchange.request.headers = Headers::from_iter([("authorization", token)]);
        exchange.response.as_mut().unwrap().headers =
            Headers::from_iter([("request-id", "req-12345")]);
        exchange.response_body = whole("[]");
    })
}

fn req(number: u8) -> String {
    id(number).prefixed("req")
}

fn path(number: u8) -> String {
    format!("/api/v1/api-logs/{}", req(number))
}

/// Asks with header fields.
async fn get_with(api: &LogApi, uri: &str, headers: &[(&str, &str)]) -> Got {
    let request = Request::builder()
        .uri(uri)
        .header("authorization", format!("Bearer {ALL}"));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(api, request.body(()).unwrap()).await
}

async fn inflected(api: &LogApi, uri: &str, case: &str) -> Got {
    let headers = [
        ("accept", "application/vnd.api+json"),
        ("key-inflection", case),
    ];
    get_with(api, uri, &headers).await
}

#[tokio::test]
async fn api_log_is_written_as_in_the_reference() {
    let mut entry = seed();
    entry.created_at = "2018-06-01T00:00:00Z".parse().unwrap();
    let api = builder(SpyStore::new(vec![entry])).format(Persona::new().retention(None));
    let got = get(&api.build().unwrap(), &path(1)).await;
    let file = include_str!("../../format/golden/persona_reference.json");
    assert_eq!(got.ok(), golden(file, &req(1)));
    assert_eq!(got.text, compact(file, &req(1)));
    assert_eq!(
        got.header("content-type"),
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn strict_list_keeps_to_the_published_schema() {
    let mut entry = exchange(1, |exchange, _| {
        exchange.request.query = Some("page%5Bsize%5D=5".into());
        exchange.request.headers = Headers::from_iter([
            ("user-agent", "curl/8"),
            ("cookie", "a=****"),
            ("accept", "application/json"),
            ("host", "withpersona.com"),
            ("persona-version", "2023-01-05"),
            (
                "authorization",
                "Bearer persona_production_61bd73de-ce28-****-****-************",
            ),
        ]);
        exchange.response.as_mut().unwrap().headers = Headers::from_iter([
            ("content-type", "application/json; charset=utf-8"),
            ("x-powered-by", "Rails"),
            ("ratelimit-limit", "300"),
            ("ratelimit-remaining", "299"),
            ("ratelimit-reset", "60"),
            ("quota-limit", "none"),
            ("request-id", "req_ABC123"),
        ]);
        exchange.response_body = whole("[]");
    });
    entry.created_at = "2023-09-20T20:20:03.485Z".parse().unwrap();
    let strict = builder(SpyStore::new(vec![entry])).format(Persona::new().strict());
    let got = get(&strict.build().unwrap(), "/api/v1/api-logs").await;
    let file = include_str!("../../format/golden/persona_strict.json");
    assert_eq!(got.ok(), golden(file, &req(1)));
    assert_eq!(got.text, compact(file, &req(1)));
}

#[tokio::test]
async fn list_is_walked_by_the_links_it_gives() {
    let api = persona((1..=5).map(|number| exchange(number, |_, _| {})).collect());
    let mut uri = "/api/v1/api-logs/?page[size]=2&fields[api-log]=created-at".to_owned();
    let mut seen = Vec::new();
    loop {
        let list = get(&api, &uri).await.ok();
        let data = list["data"].as_array().unwrap().iter();
        seen.extend(data.map(|it| it["id"].as_str().unwrap().to_owned()));
        match list["links"]["next"].as_str() {
            Some(next) => uri = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, [req(5), req(4), req(3), req(2), req(1)]);
    assert_eq!(
        uri,
        format!(
            "/api/v1/api-logs?page%5Bafter%5D={}&page%5Bsize%5D=2&fields%5Bapi-log%5D=created-at",
            req(2)
        )
    );
    let last = get(&api, &uri).await.ok();
    let newer = get(&api, last["links"]["prev"].as_str().unwrap())
        .await
        .ok();
    assert_eq!(newer["data"][1]["id"], req(2));
}

#[tokio::test]
async fn links_carry_the_cursor_alone_where_nothing_else_was_asked() {
    let api = persona((1..=12).map(|number| exchange(number, |_, _| {})).collect());
    let list = get(&api, "/api/v1/api-logs").await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 10);
    assert_eq!(list["links"]["prev"], Value::Null);
    assert_eq!(
        list["links"]["next"],
        format!("/api/v1/api-logs?page%5Bafter%5D={}", req(3))
    );
}

#[tokio::test]
async fn page_past_the_end_is_empty_and_not_an_error() {
    let api = persona(vec![seed()]);
    let list = get(
        &api,
        &format!("/api/v1/api-logs?page[after]={}&page[size]=100", req(1)),
    )
    .await;
    assert_eq!(
        list.ok(),
        serde_json::json!({"data": [], "links": {"prev": null, "next": null}})
    );
}

#[tokio::test]
async fn names_are_inflected_and_user_data_is_not() {
    let api = persona(vec![exchange(1, |exchange, _| {
        exchange.request.query = Some("some_Key-a=1".into());
        exchange.request.headers = Headers::from_iter([("x-some_Key", "1")]);
        exchange.request_body = whole(r#"{"some_Key-b":{"ip_address":1}}"#);
        exchange.response_body = whole(r#"{"created_at":1}"#);
    })]);
    for (case, [get_params, post_params, created_at]) in [
        ("kebab", ["get-params", "post-params", "created-at"]),
        ("camel", ["getParams", "postParams", "createdAt"]),
        ("snake", ["get_params", "post_params", "created_at"]),
    ] {
        let got = inflected(&api, &path(1), case).await.ok();
        let attributes = &got["data"]["attributes"];
        let request = &attributes["request"];
        assert_eq!(request[get_params]["some_Key-a"], "1", "{case}");
        assert_eq!(
            request[post_params]["some_Key-b"]["ip_address"], 1,
            "{case}"
        );
        assert_eq!(request["headers"]["X-Some_Key"], "1", "{case}");
        assert_eq!(attributes["response"]["body"]["created_at"], 1, "{case}");
        assert!(attributes[created_at].is_string(), "{case}");
        assert_eq!(got["data"]["type"], "api-log");
    }
    for wrong in ["pascal", "", "Kebab", "kebab,camel", "\u{e9}"] {
        let got = inflected(&api, &path(1), wrong).await;
        assert_eq!(got.status, 400, "{wrong}");
        let details = "Key-Inflection must be kebab, camel or snake";
        assert_eq!(got.json()["errors"][0]["details"], details);
    }
    let twice = [("key-inflection", "kebab"), ("key-inflection", "kebab")];
    assert_eq!(get_with(&api, &path(1), &twice).await.status, 400);
}

#[tokio::test]
async fn sparse_fieldset_is_read_in_every_case_and_leads_inside() {
    let api = persona(vec![seed()]);
    for fields in [
        "fields[api-log]=request.ip-address,created-at,response.status",
        "fields%5BapiLog%5D=request.ipAddress,createdAt,response.status",
        "fields[api_log]=request.ip_address,created_at,response.status",
    ] {
        let got = get(&api, &format!("{}?{fields}", path(1))).await.ok();
        assert_eq!(
            got["data"]["attributes"],
            serde_json::json!({
                "request": {"ip-address": "127.0.0.1"},
                "response": {"status": 200},
                "created-at": "2023-09-20T20:20:04.485+00:00",
            })
        );
    }
    let none = get(&api, &format!("{}?fields[api-log]=", path(1)))
        .await
        .ok();
    assert_eq!(none["data"]["attributes"], serde_json::json!({}));
}

#[tokio::test]
async fn empty_include_gives_an_empty_list_and_is_for_retrieve_only() {
    let api = persona(vec![seed()]);
    let got = get(&api, &format!("{}?include=", path(1))).await.ok();
    assert_eq!(got["included"], serde_json::json!([]));
    assert_eq!(
        get(&api, &format!("{}?include=user", path(1))).await.status,
        400
    );
    assert_eq!(get(&api, "/api/v1/api-logs?include=").await.status, 400);
}

#[tokio::test]
async fn plain_uuid_finds_the_same_log() {
    let api = persona(vec![seed()]);
    let by_uuid = get(&api, &format!("/api/v1/api-logs/{}", id(1))).await;
    assert_eq!(by_uuid.ok(), get(&api, &path(1)).await.ok());
}

#[tokio::test]
async fn audit_event_is_no_api_log() {
    let api = persona(vec![event(1)]);
    assert_eq!(
        get(&api, "/api/v1/api-logs").await.ok()["data"],
        serde_json::json!([])
    );
    assert_eq!(get(&api, &path(1)).await.status, 404);
}

#[tokio::test]
async fn post_params_are_what_rails_makes_of_the_body() {
    let form = (
        "content-type",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    );
    let withheld = BodyRecord::Withheld {
        reason: WithheldReason::Malformed,
        bytes_seen: 9,
        keyed_hash: "00".into(),
    };
    let cut = BodyRecord::Truncated {
        reason: crate::entry::CutReason::Limit,
        text: "{}".into(),
        bytes_seen: 9,
    };
    for (headers, body, wanted) in [
        (
            vec![form],
            whole("a[b]=1&a[c]=2"),
            r#"{"a":{"b":"1","c":"2"}}"#,
        ),
        (vec![], whole(r#"{"a_b":[1]}"#), r#"{"a_b":[1]}"#),
        (vec![], whole(r#"[{"a_b":1}]"#), r#"{"_json":[{"a_b":1}]}"#),
        (vec![], whole("hello"), "{}"),
        (vec![], cut, "{}"),
        (vec![], withheld, "{}"),
        (vec![], BodyRecord::Empty, "{}"),
    ] {
        let api = persona(vec![exchange(1, |exchange, _| {
            exchange.request.headers = Headers::from_iter(headers);
            exchange.request_body = body;
        })]);
        let got = get(&api, &path(1)).await.ok();
        let params = &got["data"]["attributes"]["request"]["post-params"];
        assert_eq!(params.to_string(), wanted);
    }
}

#[tokio::test]
async fn response_without_status_or_body_keeps_its_shape() {
    let api = persona(vec![exchange(1, |exchange, context| {
        exchange.response = None;
        context.client_ip = None;
    })]);
    let got = get(&api, &path(1)).await.ok();
    let response = &got["data"]["attributes"]["response"];
    assert_eq!(
        *response,
        serde_json::json!({"status": 0, "headers": {}, "body": null})
    );
}

#[tokio::test]
async fn repeated_header_fields_become_one_in_the_usual_spelling() {
    let api = persona(vec![exchange(1, |exchange, _| {
        exchange.request.headers = Headers::from_iter([
            ("accept", "a"),
            ("cookie", "a=1"),
            ("accept", "b"),
            ("cookie", "b=2"),
            ("x-ratelimit-limit", "1"),
        ]);
    })]);
    let got = get(&api, &path(1)).await.ok();
    assert_eq!(
        got["data"]["attributes"]["request"]["headers"],
        serde_json::json!({"Accept": "a, b", "Cookie": "a=1; b=2", "X-RateLimit-Limit": "1"})
    );
}

#[tokio::test]
async fn bad_parameter_is_told_in_personas_words() {
    let api = persona(vec![seed()]);
    for (query, details) in [
        (
            "page[size]=0",
            "page[size] must be a whole number from 1 to 100",
        ),
        (
            "page[size]=101",
            "page[size] must be a whole number from 1 to 100",
        ),
        (
            "page[size]=ten",
            "page[size] must be a whole number from 1 to 100",
        ),
        (
            "page[after]=req_1",
            "page[after] must be an id of this list, as req_…",
        ),
        (
            "page[before]=",
            "page[before] must be an id of this list, as req_…",
        ),
        ("page[number]=1", "page[number] is not a parameter here"),
        ("filter[path]=/", "filter[path] is not a parameter here"),
        (
            "fields[api-log]=secret",
            "fields[api-log] must be attributes of api-log, separated by commas",
        ),
        (
            "fields[api-log]=a&fields[apiLog]=b",
            "fields[api-log] must be attributes of api-log, separated by commas",
        ),
        (
            "fields[api-log]=request&fields[apiLog]=request",
            "fields[apiLog] must be given once, in one case",
        ),
        (
            "fields[inquiry]=status",
            "fields[inquiry] is not a parameter here",
        ),
    ] {
        let got = get(&api, &format!("/api/v1/api-logs?{query}")).await;
        assert_eq!(got.status, 400, "{query}");
        let wanted = serde_json::json!({"errors": [{"title": "Bad Request", "details": details}]});
        assert_eq!(got.json(), wanted);
        assert!(got.header("request-id").starts_with("req_"));
    }
    let both = format!("/api/v1/api-logs?page[after]={0}&page[before]={0}", req(1));
    assert_eq!(get(&api, &both).await.status, 400);
}

#[tokio::test]
async fn errors_are_titled_as_persona_titles_them() {
    let api = persona(vec![seed()]);
    let missing = get_as(&api, "", "/api/v1/api-logs").await;
    assert_eq!(missing.status, 401);
    assert_eq!(
        missing.text,
        r#"{"errors":[{"title":"Must be authenticated to access this endpoint"}]}"#
    );
    assert!(!missing.headers.contains_key("request-id"));
    let wrong = get_as(&api, "token-of-nobody-0001", "/api/v1/api-logs").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.text, r#"{"errors":[{"title":"Token is invalid"}]}"#);
    let unknown = get(&api, &path(2)).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.text, r#"{"errors":[{"title":"Record not found"}]}"#);
    let route = get(&api, "/api/v1/inquiries").await;
    assert_eq!(
        (route.status.as_u16(), route.text.as_str()),
        (404, r#"{"errors":[{"title":"Not found"}]}"#)
    );
}

#[tokio::test]
async fn version_is_a_date_and_changes_nothing() {
    let api = persona(vec![seed()]);
    let wanted = get(&api, &path(1)).await.text;
    for version in ["2020-05-18", "2025-12-08", "2024-02-29"] {
        let got = get_with(&api, &path(1), &[("persona-version", version)]).await;
        assert_eq!(got.text, wanted, "{version}");
    }
    for wrong in [
        "",
        "latest",
        "2023-1-5",
        "2023-02-30",
        "20230105",
        "2023-01-05T00:00:00Z",
        " 2023-01-05",
        "+02023-01-05",
        "-000001-01-05",
        "2023-01-05T00",
    ] {
        let got = get_with(&api, &path(1), &[("persona-version", wrong)]).await;
        assert_eq!(got.status, 400, "{wrong}");
        let details = "Persona-Version must be a date, as 2023-01-05";
        assert_eq!(got.json()["errors"][0]["details"], details);
    }
    let twice = [("persona-version", "2023-01-05"); 2];
    assert_eq!(get_with(&api, &path(1), &twice).await.status, 400);
}

#[tokio::test]
async fn idempotency_key_is_accepted_without_effect() {
    let api = persona(vec![seed()]);
    let wanted = get(&api, &path(1)).await.text;
    for key in ["", "8d2c0f3e-key", "\u{e9}"] {
        for _ in 0..2 {
            let got = get_with(&api, &path(1), &[("idempotency-key", key)]).await;
            assert_eq!((got.status.as_u16(), &got.text), (200, &wanted));
        }
    }
}

#[tokio::test]
async fn what_is_older_than_two_weeks_is_neither_listed_nor_retrieved() {
    let entries = || {
        vec![
            aged(1, 14 * DAY + Duration::from_micros(1)),
            aged(2, 14 * DAY),
        ]
    };
    let shown = async |format: Persona| {
        let api = builder(SpyStore::new(entries())).format(format);
        let api = api.build().unwrap();
        let list = get(&api, "/api/v1/api-logs").await.ok();
        let listed: Vec<Value> = list["data"].as_array().unwrap().clone();
        let listed: Vec<String> = listed.iter().map(|it| it["id"].to_string()).collect();
        for number in [1, 2] {
            let is_listed = listed.contains(&format!("{:?}", req(number)));
            for id in [req(number), id(number).to_string()] {
                let got = get(&api, &format!("/api/v1/api-logs/{id}")).await;
                assert_eq!(got.status, if is_listed { 200 } else { 404 });
            }
        }
        listed.len()
    };
    assert_eq!(shown(Persona::new()).await, 1);
    assert_eq!(shown(Persona::new().strict().retention(None)).await, 2);
    assert_eq!(shown(Persona::new().retention(Some(15 * DAY))).await, 2);
    assert_eq!(shown(Persona::new().retention(Some(DAY))).await, 0);
    assert_eq!(
        shown(Persona::new().retention(Some(Duration::MAX))).await,
        2
    );
}

#[tokio::test]
async fn attribute_that_the_shape_does_not_have_cannot_be_asked_for() {
    for (format, wrong, right) in [
        (Persona::new(), "redacted-at", "response.body"),
        (Persona::new().strict(), "response.body", "redacted-at"),
    ] {
        let api = builder(SpyStore::new(vec![seed()])).format(format);
        let api = api.build().unwrap();
        let status = async |field| {
            let uri = format!("{}?fields[api-log]={field}", path(1));
            get(&api, &uri).await.status
        };
        assert_eq!(
            (status(wrong).await, status(right).await),
            (StatusCode::BAD_REQUEST, StatusCode::OK)
        );
    }
}

#[tokio::test]
async fn erased_exchange_keeps_its_shape() {
    let mut entry = seed();
    entry.erase_person();
    let api = builder(SpyStore::new(vec![entry])).format(Persona::new().strict());
    let got = get(&api.build().unwrap(), &path(1)).await.ok();
    assert_eq!(
        got["data"]["attributes"],
        serde_json::json!({
            "request": {
                "method": "GET", "path": "/api/v1/inquiries", "headers": {}, "get-params": {}, "post-params": {}, "ip-address": null,
            },
            "response": {"status": 200, "headers": {}},
            "created-at": "2023-09-20T20:20:04.485+00:00",
            "redacted-at": null,
        })
    );
}

/// The header fields that a reply to a reader of a scope gets.
fn signed(scope: Option<&Scope>, rate_limit: Option<RateLimit>) -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    let answered = Answered {
        id: id(1),
        scope,
        rate_limit,
    };
    Persona::new().sign(&answered, &mut headers);
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let fields = headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)));
    let mut fields: Vec<_> = fields.filter(|(name, _)| name != "request-id").collect();
    assert_eq!(headers.contains_key("request-id"), scope.is_some());
    fields.sort();
    fields
}

#[test]
fn replies_say_whose_they_are_and_how_much_may_still_be_asked() {
    let minute = Duration::from_secs(60);
    let rate = RateLimit::new(300, minute, 299, Duration::from_millis(59_001));
    let scope = Scope::organisation("org_1")
        .unwrap()
        .environment("production");
    let wanted = [
        ("persona-environment-id", "env_production"),
        ("persona-organization-id", "org_1"),
        ("ratelimit-limit", "300"),
        ("ratelimit-remaining", "299"),
        ("ratelimit-reset", "60"),
    ];
    let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(signed(Some(&scope), Some(rate)), wanted);
    assert_eq!(signed(None, Some(rate)), []);
    assert_eq!(signed(Some(&Scope::all()), None), []);
    for (organisation, sent) in [
        ("acme", "org_acme"),
        ("org_", "org_"),
        ("tenant_1", "org_tenant_1"),
        ("a b\r\nx-y: 1", "org_a%20b%0D%0Ax-y:%201"),
        ("köln 100%", "org_k%C3%B6ln%20100%25"),
    ] {
        let scope = Scope::organisation(organisation).unwrap();
        assert_eq!(signed(Some(&scope), None)[0].1, sent);
    }
}

#[tokio::test]
async fn every_reply_to_a_known_reader_is_signed_errors_too() {
    struct Forbidden;

    #[async_trait]
    impl Access for Forbidden {
        async fn authorize(
            &self,
            _: &http::request::Parts,
            _: Option<&str>,
        ) -> Result<Reader, Denial> {
            Err(Denial::Forbidden)
        }
    }

    let api = persona(vec![seed()]);
    for (uri, status) in [
        ("/api/v1/api-logs", 200),
        ("/api/v1/api-logs?page[size]=0", 400),
        ("/api/v1/api-logs?%ff", 400),
        (&path(2), 404),
    ] {
        let got = get_as(&api, A, uri).await;
        assert_eq!(got.status, status, "{uri}");
        let id = got.header("request-id");
        assert!(EntryId::from_prefixed("req", id).is_some(), "{uri}: {id}");
        assert_eq!(got.header("persona-organization-id"), "org_a");
        assert!(!got.headers.contains_key("persona-environment-id"));
    }
    let failing = builder(SpyStore::failing(ErrorKind::Storage)).format(Persona::new());
    let got = get_as(&failing.build().unwrap(), A, "/api/v1/api-logs").await;
    assert_eq!(got.status, 500);
    assert_eq!(got.header("persona-organization-id"), "org_a");

    let forbidden = LogApi::new(SpyStore::new(Vec::new())).access(Forbidden);
    let forbidden = forbidden.format(Persona::new()).build().unwrap();
    let got = get(&forbidden, "/api/v1/api-logs").await;
    assert_eq!(got.status, 403);
    assert!(
        got.header("request-id").starts_with("req_"),
        "who is forbidden is known"
    );

    for token in ["", "token-of-nobody-0001"] {
        let got = get_as(&api, token, "/api/v1/api-logs").await;
        let named = |name: &&str| got.headers.contains_key(*name);
        let fields = ["request-id", "persona-organization-id", "ratelimit-limit"];
        assert_eq!(fields.iter().find(|it| named(it)), None);
    }
}

#[test]
fn rate_limit_is_told_with_its_numbers_and_nobodys_address() {
    let words = |limit, period| {
        let rate = RateLimit::new(limit, period, 0, Duration::from_secs(9));
        let reply = Persona::new().refuse(&Refusal::RateLimited(rate), id(1));
        assert_eq!(reply.status, 429);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["errors"][0]["title"], "Rate limit exceeded");
        let details = body["errors"][0]["details"].as_str().unwrap().to_owned();
        assert!(!details.contains('@'));
        details
    };
    let seconds = Duration::from_secs;
    for (limit, period, wanted) in [
        (300, seconds(60), "300 requests / min."),
        (5, seconds(1), "5 requests / s."),
        (9, seconds(3600), "9 requests / h."),
        (9, seconds(86_400), "9 requests / day."),
        (100, seconds(90), "100 requests / 90 s."),
        (1, Duration::from_millis(1500), "1 requests / 1.5 s."),
    ] {
        let wanted = format!("You have hit your rate limit of {wanted} Please reach out");
        assert!(words(limit, period).starts_with(&wanted), "{wanted}");
    }
}

/// What the description of the list or the retrieval says of parameters in a place.
fn described(format: &impl WireFormat, route: usize, place: &str) -> Vec<String> {
    let operation = format.describe(&format.routes()[route]);
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let here = parameters.filter(|it| it["in"] == place);
    here.map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn description_tells_every_parameter_and_status() {
    let format = Persona::new();
    let list = [
        "page[size]",
        "page[after]",
        "page[before]",
        "fields[api-log]",
    ];
    assert_eq!(described(&format, 0, "query"), list);
    assert_eq!(
        described(&format, 1, "query"),
        ["include", "fields[api-log]"]
    );
    assert_eq!(described(&format, 1, "path"), ["api-log-id"]);
    let headers = ["Key-Inflection", "Persona-Version", "Idempotency-Key"];
    assert_eq!(described(&format, 0, "header"), headers);
    assert_eq!(described(&format, 1, "header"), headers);
    for (route, statuses) in [
        (0, "200 400 401 403 429 500 503"),
        (1, "200 400 401 403 404 429 500 503"),
    ] {
        let operation = format.describe(&format.routes()[route]);
        let known: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        assert_eq!(known, statuses.split(' ').collect::<Vec<_>>());
    }
}

#[test]
fn description_names_the_attributes_of_its_shape() {
    let attributes = |format: Persona| {
        let operation = format.describe(&format.routes()[1]);
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let kebab = &schema["anyOf"][0];
        kebab["properties"]["data"]["properties"]["attributes"]["properties"].clone()
    };
    let (reference, strict) = (
        attributes(Persona::new()),
        attributes(Persona::new().strict()),
    );
    assert_eq!(reference["redacted-at"], Value::Null);
    assert_eq!(
        reference["response"]["properties"]["body"]["description"],
        "Any JSON"
    );
    assert_eq!(
        strict["redacted-at"]["type"],
        serde_json::json!(["string", "null"])
    );
    assert_eq!(strict["response"]["properties"]["body"], Value::Null);
    let quota = &strict["response"]["properties"]["headers"]["properties"]["Quota-Reset"];
    assert_eq!(quota["type"], "integer");
}
