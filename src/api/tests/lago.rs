use super::*;
use crate::format::{Answered, RateLimit, Refusal, WireFormat};
use crate::query::{PathPattern, StatusRange};

const LIST: &str = "/api/v1/api_logs";

fn lago(entries: Vec<LogEntry>) -> LogApi {
    builder(SpyStore::new(entries))
        .format(Lago::new())
        .build()
        .unwrap()
}

fn call(number: u8, method: &str) -> LogEntry {
    exchange(number, |exchange, _| {
        exchange.request.method = method.into()
    })
}

fn sample() -> LogEntry {
    let mut entry = exchange(1, |exchange, context| {
        let request = &mut exchange.request;
        request.method = "POST".into();
        request.path = "/api/v1/billable_metrics".into();
        request.scheme = Some("https".into());
        request.authority = Some("api.getlago.com".into());
        exchange.request_body = whole(r#"{"billable_metric":{"name":"Storage","code":"storage"}}"#);
        exchange.response_body =
            whole(r#"{"billable_metric":{"lago_id":"4caa","name":"Storage"}}"#);
        context.user_agent = Some("LagoClient.0.0.0".into());
        context.api_version = Some("v1".into());
        context.request_id = Some("theirs".into());
    });
    entry.created_at = "2025-06-20T14:34:25.999Z".parse().unwrap();
    entry
}

async fn asked(format: Lago, query: &str) -> LogQuery {
    let store = SpyStore::new(Vec::new());
    let api = builder(store.clone()).format(format).build().unwrap();
    get(&api, &format!("{LIST}?{query}")).await.ok();
    store.last_asked()
}

async fn filter(query: &str) -> Filter {
    asked(Lago::new().retention(None), query).await.filter
}

#[tokio::test]
async fn list_is_written_as_lago_writes_it() {
    let got = get(&lago(vec![sample()]), LIST).await;
    let file = include_str!("../../format/golden/lago_list.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
    assert_eq!(got.text, compact(file, &id(1).to_string()));
}

#[tokio::test]
async fn log_is_found_by_its_id_and_by_the_clients_request_id() {
    let api = lago(vec![
        sample(),
        exchange(2, |_, context| context.request_id = Some("of-a-get".into())),
    ]);
    let by_id = get(&api, &format!("{LIST}/{}", id(1))).await.ok();
    assert_eq!(by_id["api_log"]["request_id"], id(1).to_string());
    assert_eq!(get(&api, &format!("{LIST}/theirs")).await.ok(), by_id);
    for unknown in [
        "nobody's",
        "of-a-get",
        &id(2).to_string(),
        &id(3).to_string(),
    ] {
        let uri = format!("{LIST}/{}", unknown.replace('\'', "%27"));
        let got = get(&api, &uri).await;
        assert_eq!(got.status, 404, "{unknown}");
        assert_eq!(
            got.text,
            r#"{"status":404,"error":"Not Found","code":"api_log_not_found"}"#
        );
    }
}

#[tokio::test]
async fn meta_has_all_five_keys_wherever_the_page_lies() {
    let api = lago((1..=5).map(|number| call(number, "POST")).collect());
    for (query, current, next, prev, rows) in [
        ("per_page=2", 1, Some(2), None, 2),
        ("per_page=2&page=2", 2, Some(3), Some(1), 2),
        ("per_page=2&page=3", 3, None, Some(2), 1),
        ("per_page=2&page=7", 7, None, Some(6), 0),
    ] {
        let list = get(&api, &format!("{LIST}?{query}")).await.ok();
        let wanted = serde_json::json!({
            "current_page": current, "next_page": next, "prev_page": prev, "total_pages": 3, "total_count": 5,
        });
        assert_eq!(list["meta"], wanted, "{query}");
        assert_eq!(list["api_logs"].as_array().unwrap().len(), rows, "{query}");
    }
    let empty = get(&lago(Vec::new()), LIST).await;
    let wanted = r#"{"api_logs":[],"meta":{"current_page":0,"next_page":null,"prev_page":null,"total_pages":0,"total_count":0}}"#;
    assert_eq!(empty.text, wanted);
}

#[tokio::test]
async fn junk_in_page_and_per_page_is_as_good_as_nothing() {
    for junk in ["", "0", "-1", "x", "1.5", "+2"] {
        let query = asked(
            Lago::new(),
            &format!("page={junk}&per_page={junk}").replace('+', "%2B"),
        )
        .await;
        assert_eq!(
            (query.position, query.limit),
            (Position::Number(1), 100),
            "{junk}"
        );
    }
    let query = asked(Lago::new(), "page=2&per_page=20").await;
    assert_eq!((query.position, query.limit), (Position::Number(2), 20));
    for huge in ["1001", "4294967297", "99999999999999999999999"] {
        assert_eq!(
            asked(Lago::new(), &format!("per_page={huge}")).await.limit,
            1000
        );
        let got = get(&lago(Vec::new()), &format!("{LIST}?page={huge}0000000000")).await;
        assert_eq!(
            got.text,
            r#"{"status":400,"error":"BadRequest: page must be at most 2147483647"}"#
        );
    }
}

#[tokio::test]
async fn only_methods_that_the_official_clients_read_are_served() {
    let entries = || ["GET", "POST", "PUT", "DELETE", "PATCH"];
    let entries = || {
        entries()
            .iter()
            .zip(1..)
            .map(|(method, number)| call(number, method))
            .collect()
    };
    let methods = |list: Value| -> Vec<String> {
        let logs = list["api_logs"].as_array().unwrap().iter();
        logs.map(|log| log["http_method"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = get(&lago(entries()), LIST).await.ok();
    assert_eq!(methods(list), ["delete", "put", "post"]);
    let all = builder(SpyStore::new(entries())).format(Lago::new().all_methods());
    let all = all.build().unwrap();
    assert_eq!(methods(get(&all, LIST).await.ok()).len(), 5);
    let list = get(
        &all,
        &format!("{LIST}?http_methods[]=get&http_methods[]=patch"),
    )
    .await
    .ok();
    assert_eq!(methods(list), ["patch", "get"]);
}

#[tokio::test]
async fn audit_event_is_no_api_log() {
    let all = builder(SpyStore::new(vec![event(1)])).format(Lago::new().all_methods());
    let all = all.build().unwrap();
    assert_eq!(get(&all, LIST).await.ok()["meta"]["total_count"], 0);
    assert_eq!(get(&all, &format!("{LIST}/{}", id(1))).await.status, 404);
}

#[tokio::test]
async fn lists_are_read_raw_encoded_and_as_a_scalar() {
    let paths = vec![PathPattern::new("/a"), PathPattern::new("/b/*")];
    for query in [
        "request_paths[]=/a&request_paths[]=/b/*",
        "request_paths%5B%5D=%2Fa&request_paths%5B%5D=%2Fb%2F%2A",
        "request_paths=/a&request_paths[]=/b/*",
    ] {
        assert_eq!(filter(query).await.paths, paths, "{query}");
    }
    assert_eq!(filter("clients[]=curl%2F8").await.user_agents, ["curl/8"]);
    assert_eq!(filter("api_version=v1").await.api_versions, ["v1"]);
    assert_eq!(filter("http_methods=put").await.methods, ["PUT"]);
}

#[tokio::test]
async fn value_that_nothing_can_have_gives_an_empty_list() {
    for query in [
        "http_methods[]=POST",
        "http_methods[]=get",
        "http_statuses[]=x",
        "http_statuses[]=99999",
        "http_statuses[]=succeeded&http_statuses[]=failed",
    ] {
        assert!(filter(query).await.nothing, "{query}");
        let list = get(&lago(vec![sample()]), &format!("{LIST}?{query}"))
            .await
            .ok();
        assert_eq!(list["meta"]["total_count"], 0, "{query}");
    }
    let filter = filter("http_methods[]=post&http_methods[]=x").await;
    assert_eq!(
        (filter.methods, filter.nothing),
        (vec!["POST".to_owned()], false)
    );
}

#[tokio::test]
async fn words_for_statuses_outdo_numbers() {
    let numbers = vec![StatusRange::exact(200), StatusRange::exact(404)];
    assert_eq!(
        filter("http_statuses[]=200&http_statuses[]=404")
            .await
            .statuses,
        numbers
    );
    let failed = StatusRange {
        from: 400,
        to: u16::MAX,
    };
    assert_eq!(
        filter("http_statuses[]=200&http_statuses[]=failed")
            .await
            .statuses,
        [failed]
    );
    let succeeded = StatusRange { from: 0, to: 399 };
    assert_eq!(
        filter("http_statuses=succeeded").await.statuses,
        [succeeded]
    );
}

#[tokio::test]
async fn dates_are_days_and_times_with_and_without_an_offset() {
    for (text, from, fraction) in [
        ("2022-08-09", "2022-08-09T00:00:00", ""),
        ("2025-03-31T12:31:44Z", "2025-03-31T12:31:44", ""),
        ("2025-03-31T12:31:44", "2025-03-31T12:31:44", ""),
        ("2025-03-31T12:31:44%2B02:00", "2025-03-31T10:31:44", ""),
        ("2025-03-31T12:31:44+02:00", "2025-03-31T10:31:44", ""),
        (
            "2025-03-31T12:31:44.125-02:00",
            "2025-03-31T14:31:44",
            ".125",
        ),
    ] {
        let filter = filter(&format!("from_date={text}&to_date={text}")).await;
        let time = |fraction| format!("{from}{fraction}Z").parse().unwrap();
        assert_eq!(filter.from, Some(time(fraction)), "{text}");
        assert_eq!(filter.to, Some(time(".999999")), "{text}");
    }
    for wrong in [
        "yesterday",
        "2022-13-01",
        "2022-08-09T",
        "1",
        "2022-08-09%20",
    ] {
        let got = get(&lago(Vec::new()), &format!("{LIST}?to_date={wrong}")).await;
        assert_eq!(got.status, 422, "{wrong}");
        let wanted = r#"{"status":422,"error":"Unprocessable Entity","code":"validation_errors","error_details":{"to_date":["invalid_date"]}}"#;
        assert_eq!(got.text, wanted);
    }
}

#[tokio::test]
async fn log_is_listed_up_to_the_time_that_it_shows() {
    let api = lago(vec![call(1, "POST")]);
    let log = get(&api, LIST).await.ok()["api_logs"][0].clone();
    let shown = log["logged_at"].as_str().unwrap();
    let query = format!("{LIST}?from_date={shown}&to_date={shown}");
    assert_eq!(get(&api, &query).await.ok()["meta"]["total_count"], 1);
    let before = get(&api, &format!("{LIST}?to_date=2023-09-20T20:20:03Z")).await;
    assert_eq!(before.ok()["meta"]["total_count"], 0);
}

#[tokio::test]
async fn lists_go_thirty_days_back_and_a_log_is_found_for_longer() {
    let days = |days: u64| std::time::Duration::from_secs(days * 24 * 3600);
    let mut old = call(1, "POST");
    old.created_at = at(60).minus(days(31));
    let entries = || vec![old.clone(), call(2, "POST")];
    let total = async |format: Lago, query: &str| {
        let api = builder(SpyStore::new(entries())).format(format);
        let uri = format!("{LIST}?{query}");
        get(&api.build().unwrap(), &uri).await.ok()["meta"]["total_count"].clone()
    };
    assert_eq!(total(Lago::new(), "").await, 1);
    assert_eq!(total(Lago::default(), "from_date=2020-01-01").await, 1);
    assert_eq!(total(Lago::new().retention(Some(days(32))), "").await, 2);
    assert_eq!(total(Lago::new().retention(None), "").await, 2);
    let later = Lago::new().retention(Some(days(32)));
    assert_eq!(total(later, "from_date=2023-09-01").await, 1);
    let uri = format!("{LIST}/{}", id(1));
    assert_eq!(get(&lago(entries()), &uri).await.status, 200);
}

async fn bodies(change: impl FnOnce(&mut Exchange)) -> (String, String) {
    let api = lago(vec![exchange(1, |exchange, _| {
        exchange.request.method = "PUT".into();
        change(exchange);
    })]);
    let log = get(&api, LIST).await.ok()["api_logs"][0].clone();
    (
        log["request_body"].to_string(),
        log["request_response"].to_string(),
    )
}

#[tokio::test]
async fn query_and_route_parameters_lie_under_the_body() {
    let (body, _) = bodies(|exchange| {
        let request = &mut exchange.request;
        request.path = "/api/v1/plans/a%20b".into();
        request.route = Some("/api/v1/plans/{code}".into());
        request.query = Some("dry[run]=1&name=query&code=query".into());
        exchange.request_body = whole(r#"{"name":"body","deep":{"a_B":1}}"#);
    })
    .await;
    let wanted = r#"{"dry":{"run":"1"},"code":"a b","name":"body","deep":{"a_B":1}}"#;
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        serde_json::from_str::<Value>(wanted).unwrap()
    );
}

#[tokio::test]
async fn bodies_are_objects_for_every_client() {
    for (request, response, wanted) in [
        (
            whole("[1]"),
            whole("[1]"),
            (r#"{"_json":[1]}"#, r#"{"_json":[1]}"#),
        ),
        (whole("hello"), whole("hello"), ("{}", "null")),
        (BodyRecord::Empty, BodyRecord::Empty, ("{}", "null")),
        (
            whole("{\"a\":1}"),
            whole("7"),
            (r#"{"a":1}"#, r#"{"_json":7}"#),
        ),
    ] {
        let (body, answer) = bodies(|exchange| {
            exchange.request_body = request;
            exchange.response_body = response;
        })
        .await;
        assert_eq!((body.as_str(), answer.as_str()), wanted);
    }
    let (form, _) = bodies(|exchange| {
        exchange.request.headers =
            Headers::from_iter([("content-type", "application/x-www-form-urlencoded")]);
        exchange.request_body = whole("a[b]=1");
    })
    .await;
    assert_eq!(form, r#"{"a":{"b":"1"}}"#);
}

#[tokio::test]
async fn what_is_not_known_is_there_all_the_same() {
    let api = lago(vec![exchange(1, |exchange, _| {
        exchange.request.method = "POST".into();
        exchange.response = None;
    })]);
    let log = get(&api, LIST).await.ok()["api_logs"][0].clone();
    assert_eq!(log["client"], "");
    assert_eq!(log["http_status"], 0);
    assert_eq!(log["request_origin"], "");
    assert_eq!(log["api_version"], "");
}

#[tokio::test]
async fn scheme_of_the_credential_is_not_checked() {
    let api = lago(vec![sample()]);
    for (value, status) in [
        (format!("Bearer {ALL}"), 200),
        (format!("Foo   {ALL} more"), 200),
        (ALL.to_owned(), 401),
        ("Bearer".to_owned(), 401),
    ] {
        let request = Request::builder().uri(LIST).header("authorization", &value);
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, status, "{value}");
        if status == 401 {
            assert_eq!(got.text, r#"{"status":401,"error":"Unauthorized"}"#);
        }
    }
}

#[tokio::test]
async fn errors_have_lagos_bodies() {
    let api = lago(vec![sample()]);
    let unknown = get(&api, &format!("{LIST}?http_method=post")).await;
    assert_eq!(unknown.status, 400);
    assert_eq!(
        unknown.text,
        r#"{"status":400,"error":"BadRequest: http_method is not a parameter here"}"#
    );
    let route = get(&api, "/api/v1/plans").await;
    assert_eq!(
        route.text,
        r#"{"status":404,"error":"Not Found","code":"resource_not_found"}"#
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri(LIST)
        .body(())
        .unwrap();
    let method = send(&api, request).await;
    assert_eq!(
        method.text,
        r#"{"status":405,"error":"Method Not Allowed","code":"method_not_allowed"}"#
    );
    assert_eq!(method.header("allow"), "GET, HEAD");
}

#[test]
fn every_refusal_has_lagos_body() {
    let rate = RateLimit::new(
        5,
        std::time::Duration::from_secs(60),
        0,
        std::time::Duration::ZERO,
    );
    for (refusal, body) in [
        (
            Refusal::Forbidden("no".into()),
            r#"{"status":403,"error":"Forbidden","code":"read_action_not_allowed_for_api_log"}"#,
        ),
        (
            Refusal::RateLimited(rate),
            r#"{"status":429,"error":"Too Many Requests"}"#,
        ),
        (
            Refusal::Internal,
            r#"{"status":500,"error":"Internal Server Error"}"#,
        ),
        (
            Refusal::Unavailable,
            r#"{"status":503,"error":"Service Unavailable"}"#,
        ),
    ] {
        let reply = Lago::new().refuse(&refusal, id(1));
        assert_eq!(reply.status, refusal.status());
        assert_eq!(reply.body, body);
    }
}

#[test]
fn limits_are_told_as_lagos_clients_read_them() {
    let signed = |rate_limit| {
        let (mut headers, scope) = (HeaderMap::new(), None);
        Lago::new().sign(
            &Answered {
                id: id(1),
                scope,
                rate_limit,
            },
            &mut headers,
        );
        headers
    };
    assert!(signed(None).is_empty());
    let rate = RateLimit::new(
        60,
        std::time::Duration::from_secs(60),
        3,
        std::time::Duration::from_millis(1500),
    );
    let headers = signed(Some(rate));
    assert_eq!(headers["x-ratelimit-limit"], "60");
    assert_eq!(headers["x-ratelimit-remaining"], "3");
    assert_eq!(headers["x-ratelimit-reset"], "2");
    assert_eq!(headers.len(), 3);
}

#[tokio::test]
async fn parameter_that_may_be_there_once_is_refused_twice() {
    for name in ["page", "per_page", "from_date", "to_date", "api_version"] {
        let got = get(&lago(Vec::new()), &format!("{LIST}?{name}=1&{name}=1")).await;
        let wanted = format!(r#"{{"status":400,"error":"BadRequest: {name} must be given once"}}"#);
        assert_eq!(got.text, wanted);
    }
    let got = get(&lago(vec![sample()]), &format!("{LIST}/{}?page=1", id(1))).await;
    assert_eq!(got.status, 400);
}

#[tokio::test]
async fn every_parameter_that_is_described_is_accepted() {
    let api = lago(Vec::new());
    let list = Lago::new().describe(&Lago::new().routes()[0]);
    let parameters = list["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 13);
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap();
        get(&api, &format!("{LIST}?{name}=2025-06-20")).await.ok();
    }
}
