use super::*;
use crate::entry::WithheldReason;

fn persona(entries: Vec<LogEntry>) -> LogApi {
    let api = builder(SpyStore::new(entries)).format(Persona::new());
    api.build().unwrap()
}

fn seed() -> LogEntry {
    let mut entry = exchange(1, |exchange, _| {
        exchange.request.query = Some("filter[reference_id]=random-id".into());
        let token = "Bearer persona_production_61bd73de-ce28-****-****-************";
        exchange.request.headers = Headers::from_iter([("authorization", token)]);
        exchange.response.as_mut().unwrap().headers =
            Headers::from_iter([("request-id", "req-12345")]);
        exchange.response_body = whole("[]");
    });
    entry.created_at = "2018-06-01T00:00:00Z".parse().unwrap();
    entry
}

fn req(number: u8) -> String {
    id(number).prefixed("req")
}

fn path(number: u8) -> String {
    format!("/api/v1/api-logs/{}", req(number))
}

async fn inflected(api: &LogApi, uri: &str, case: &str) -> Got {
    let request = Request::builder()
        .uri(uri)
        .header("authorization", format!("Bearer {ALL}"))
        .header("accept", "application/vnd.api+json")
        .header("key-inflection", case);
    send(api, request.body(()).unwrap()).await
}

#[tokio::test]
async fn api_log_is_written_as_in_the_reference() {
    let got = get(&persona(vec![seed()]), &path(1)).await;
    let file = include_str!("../../format/golden/persona_reference.json");
    assert_eq!(got.ok(), golden(file, &req(1)));
    assert_eq!(got.text, compact(file, &req(1)));
    assert_eq!(
        got.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert!(got.header("request-id").starts_with("req_"));
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
    assert_eq!(inflected(&api, &path(1), "pascal").await.status, 400);
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
                "created-at": "2018-06-01T00:00:00.000+00:00",
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
            "page[after] must be the id of an API log, as req_…",
        ),
        (
            "page[before]=",
            "page[before] must be the id of an API log, as req_…",
        ),
        ("page[number]=1", "page[number] is not a parameter here"),
        ("filter[path]=/", "filter[path] is not a parameter here"),
        (
            "fields[api-log]=secret",
            "fields[api-log] must be attributes of an api-log, as request.path,created-at",
        ),
        (
            "fields[api-log]=a&fields[apiLog]=b",
            "fields[api-log] must be attributes of an api-log, as request.path,created-at",
        ),
        (
            "fields[api-log]=request&fields[apiLog]=request",
            "fields[apiLog] must be given in one case",
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
