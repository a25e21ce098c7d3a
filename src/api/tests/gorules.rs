use super::*;
use crate::entry::{Change, ChangedField, Finding, Kind};
use crate::format::{Answered, Document360, GoRules, RateLimit, Refusal, WireFormat};

const LIST: &str = "/api/audit-logs";
const EXPORT: &str = "/api/audit-logs/export";

fn gorules(entries: Vec<LogEntry>) -> LogApi {
    let api = builder(SpyStore::new(entries)).format(GoRules::new());
    api.build().unwrap()
}

fn sample() -> LogEntry {
    audit(1, |event, context| {
        *event = EventRecord::new("document", "updated");
        event.ref_id = Some("5c7e3b1e-0d44-4b50-8888-8dd25736052a".into());
        event.title = Some("Jane renamed the document".into());
        event.change = Some(Box::new(Change {
            before: serde_json::json!({ "content_type": "graph", "name": "Fees" }),
            after: serde_json::json!({ "name": "Prices" }),
            fields: vec![
                ChangedField {
                    pointer: "/content_type".into(),
                    before: Some("graph".into()),
                    after: None,
                },
                ChangedField {
                    pointer: "/name".into(),
                    before: Some("Fees".into()),
                    after: Some("Prices".into()),
                },
            ],
            fields_count: 2,
        }));
        event.errors = vec![Finding::new("the name is taken").pointer("/name")];
        event.alerts = vec![Finding::new("two rules overlap")];
        event.data = serde_json::json!({ "merged_branch": "draft" });
        let actor = Actor::user("3c90c3cc-0d44-4b50-8888-8dd25736052a");
        context.actor = Some(actor.email("jane@example.com").name("Jane", "Doe"));
        context.organisation = Some("1b7d2f60-0d44-4b50-8888-8dd25736052a".into());
        context.project = Some("9f2e6c1a-0d44-4b50-8888-8dd25736052a".into());
        context.project_name = Some("Pricing".into());
        context.client_ip = Some(IpAddr::from([127, 0, 0, 1]));
        context.user_agent = Some("Mozilla/5.0".into());
    })
}

/// Asks for a list or an export, and returns what the store was asked.
async fn asked_by(format: GoRules, uri: &str) -> LogQuery {
    let store = SpyStore::new(Vec::new());
    let api = builder(store.clone()).format(format).build().unwrap();
    let got = get(&api, uri).await;
    assert_eq!(got.status, 200, "{uri}: {}", got.text);
    store.last_asked()
}

async fn asked(query: &str) -> LogQuery {
    asked_by(GoRules::new(), &format!("{LIST}?{query}")).await
}

#[track_caller]
fn refused(got: &Got, message: &str) {
    let wanted = format!(r#"{{"statusCode":400,"message":"{message}","error":"Bad Request"}}"#);
    assert_eq!((got.status.as_u16(), got.text.as_str()), (400, &*wanted));
}

fn ids(list: &Value) -> Vec<&str> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn list_is_written_as_gorules_writes_it() {
    let got = get(&gorules(vec![sample()]), LIST).await;
    let file = include_str!("../../format/golden/gorules_list.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
    assert_eq!(got.text, compact(file, &id(1).to_string()));
}

#[tokio::test]
async fn event_is_written_with_all_that_is_known_of_it() {
    let got = get(&gorules(vec![sample()]), &format!("{LIST}/{}", id(1))).await;
    let file = include_str!("../../format/golden/gorules_retrieve.json");
    assert_eq!(got.ok(), golden(file, &id(1).to_string()));
    assert_eq!(got.text, compact(file, &id(1).to_string()));
}

#[tokio::test]
async fn what_is_not_known_is_null_and_absent_data_is_left_out() {
    let bare = audit(1, |event, _| *event = EventRecord::new("user", "signup"));
    let got = get(&gorules(vec![bare]), &format!("{LIST}/{}", id(1))).await;
    let wanted = serde_json::json!({
        "id": id(1).to_string(), "createdAt": "2023-09-20T20:20:04.485Z", "type": "user", "action": "signup",
        "ipAddress": null, "userAgent": null, "refId": null, "organisationId": null,
        "user": null, "project": null, "data": null,
    });
    assert_eq!(got.ok(), wanted);
    let created = audit(1, |event, context| {
        *event = EventRecord::new("user", "created");
        event.change = Some(Box::new(Change {
            after: serde_json::json!({ "firstName": "A", "last_name": "B" }),
            ..Change::default()
        }));
        context.actor = Some(Actor::service("nightly"));
        context.project = Some("p".into());
    });
    let got = get(&gorules(vec![created]), &format!("{LIST}/{}", id(1))).await;
    let wanted = serde_json::json!({
        "before": null, "after": { "firstName": "A", "last_name": "B" }, "changes": [], "changesCount": 0,
    });
    assert_eq!(got.ok()["data"], wanted);
    let nobody =
        serde_json::json!({ "id": "nightly", "email": null, "firstName": null, "lastName": null });
    assert_eq!(got.json()["user"], nobody);
    let project = serde_json::json!({ "id": "p", "name": null });
    assert_eq!(got.json()["project"], project);
}

#[tokio::test]
async fn only_events_of_the_nine_types_are_served_unless_all_are() {
    let entries = || {
        vec![
            exchange(1, |_, _| {}),
            audit(2, |event, _| event.category = "apiReference".into()),
            event(3),
        ]
    };
    let some = gorules(entries());
    assert_eq!(ids(&get(&some, LIST).await.ok()), [id(3).to_string()]);
    let all = builder(SpyStore::new(entries())).format(GoRules::new().all_categories());
    let all = all.build().unwrap();
    let both = [id(3).to_string(), id(2).to_string()];
    assert_eq!(ids(&get(&all, LIST).await.ok()), both);
    let one = get(&all, &format!("{LIST}?type=apiReference")).await.ok();
    assert_eq!(ids(&one), [id(2).to_string()]);
    for (api, number, status) in [
        (&some, 1, 404),
        (&some, 2, 404),
        (&all, 2, 200),
        (&all, 1, 404),
    ] {
        let got = get(api, &format!("{LIST}/{}", id(number))).await;
        assert_eq!(got.status, status, "{number}");
    }
    let rows = get(&some, EXPORT).await.text.lines().count();
    assert_eq!((rows, get(&all, EXPORT).await.text.lines().count()), (2, 3));
}

#[tokio::test]
async fn every_filter_reaches_the_store_from_the_list_and_from_the_export() {
    let uuid = "3c90c3cc-0d44-4b50-8888-8dd25736052a";
    let query = format!("projectId={uuid}&userId=user%201&type=accessToken&action=created");
    for path in [LIST, EXPORT] {
        let filter = asked_by(GoRules::new(), &format!("{path}?{query}")).await;
        let filter = filter.filter;
        assert_eq!(filter.projects, [uuid]);
        assert_eq!(filter.actors, ["user 1"]);
        assert_eq!(filter.categories, ["accessToken"]);
        assert_eq!(filter.actions, ["created"]);
        assert_eq!(filter.kinds, [Kind::Event]);
        let all = asked_by(GoRules::new(), path).await.filter;
        assert_eq!(all.categories.len(), 9);
        assert_eq!((all.from, all.to), (None, None));
    }
}

#[tokio::test]
async fn dates_are_inclusive_and_a_day_lasts_to_its_end() {
    let time = |text: &str| -> Option<Timestamp> { Some(text.parse().unwrap()) };
    for (text, from, to) in [
        (
            "2023-09-20",
            "2023-09-20T00:00:00Z",
            "2023-09-20T23:59:59.999999Z",
        ),
        (
            "2023-09-20T20:20:04.485Z",
            "2023-09-20T20:20:04.485Z",
            "2023-09-20T20:20:04.485999Z",
        ),
        (
            "2023-09-20T20:20:04",
            "2023-09-20T20:20:04Z",
            "2023-09-20T20:20:04.000999Z",
        ),
        (
            "2023-09-20T22:20:04+02:00",
            "2023-09-20T20:20:04Z",
            "2023-09-20T20:20:04.000999Z",
        ),
        (
            "2023-09-20T22:20:04%2B02:00",
            "2023-09-20T20:20:04Z",
            "2023-09-20T20:20:04.000999Z",
        ),
    ] {
        let query = format!("fromDate={text}&toDate={text}");
        for path in [LIST, EXPORT] {
            let filter = asked_by(GoRules::new(), &format!("{path}?{query}"))
                .await
                .filter;
            assert_eq!((filter.from, filter.to), (time(from), time(to)), "{text}");
        }
    }
    let mut late = event(1);
    late.created_at = "2023-09-20T20:20:04.485999Z".parse().unwrap();
    let api = gorules(vec![late]);
    let shown = get(&api, LIST).await.ok()["results"][0]["createdAt"].clone();
    let shown = shown.as_str().unwrap();
    for query in [format!("toDate={shown}"), "toDate=2023-09-20".into()] {
        let list = get(&api, &format!("{LIST}?{query}")).await.ok();
        assert_eq!(list["paginate"]["total"], 1, "{query}");
    }
    for query in ["toDate=2023-09-19", "fromDate=2023-09-21"] {
        let list = get(&api, &format!("{LIST}?{query}")).await.ok();
        assert_eq!(list["paginate"]["total"], 0, "{query}");
    }
    let wrong = "fromDate=2023-09-21&toDate=2023-09-20";
    refused(
        &get(&api, &format!("{LIST}?{wrong}")).await,
        "toDate must not be before fromDate",
    );
}

#[tokio::test]
async fn pages_tell_their_place_from_both_ends() {
    let api = gorules((1..=5).map(event).collect());
    for (query, current, from, to, numbers) in [
        ("perPage=2", 1, 1, 2, &[5, 4][..]),
        ("perPage=2&page=3&sort=DESC", 3, 5, 5, &[1]),
        ("perPage=2&sort=ASC", 1, 1, 2, &[1, 2]),
        ("perPage=2&sort=ASC&page=3&orderBy=createdAt", 3, 5, 5, &[5]),
        ("perPage=2&page=4&orderBy=id", 4, 0, 0, &[]),
        (
            "perPage=2&page=4294967295&sort=ASC",
            4_294_967_295_u64,
            0,
            0,
            &[],
        ),
    ] {
        let list = get(&api, &format!("{LIST}?{query}")).await.ok();
        let wanted = serde_json::json!({ "current": current, "from": from, "to": to, "total": 5, "pageSize": 2 });
        assert_eq!(list["paginate"], wanted, "{query}");
        let numbers: Vec<String> = numbers
            .iter()
            .map(|&number| id(number).to_string())
            .collect();
        assert_eq!(ids(&list), numbers, "{query}");
    }
    let empty = get(&gorules(Vec::new()), LIST).await;
    let wanted =
        r#"{"results":[],"paginate":{"current":1,"from":0,"to":0,"total":0,"pageSize":10}}"#;
    assert_eq!(empty.text, wanted);
}

#[tokio::test]
async fn defaults_are_the_first_ten_of_the_newest() {
    let query = asked("").await;
    assert_eq!((query.position, query.limit), (Position::Number(1), 10));
    let query = asked("perPage=1000&sort=ASC&page=7").await;
    assert_eq!(
        (query.position, query.limit),
        (Position::FromOldest(7), 1000)
    );
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let api = gorules(vec![sample()]);
    let date = "must be a day, as 2026-01-31, or a time, as 2026-01-31T12:00:00Z";
    let column = "must be createdAt or id, by which the log is in order";
    let page = "must be a whole number from 1 to 4294967295";
    let per_page = "must be a whole number from 1 to 1000";
    let kind = "must be one of organisation, user, group, accessToken, project, document, release, member, personalAccessToken";
    for (name, values, must) in [
        ("projectId", &[""][..], "must not be empty"),
        ("userId", &[""], "must not be empty"),
        ("action", &[""], "must not be empty"),
        ("type", &[""], "must not be empty"),
        ("type", &["Project", "exchange", "project,user"], kind),
        ("fromDate", &["", "today", "1695241203", "2023-13-01"], date),
        ("toDate", &["", "-1", "2023-09-20T", "null"], date),
        (
            "orderBy",
            &["", "action", "created_at", "createdAt;DROP"],
            column,
        ),
        ("sort", &["", "asc", "random", "-1"], "must be ASC or DESC"),
        (
            "page",
            &[
                "",
                "0",
                "-1",
                "1.5",
                "x",
                "4294967296",
                "99999999999999999999",
            ],
            page,
        ),
        (
            "perPage",
            &["", "0", "-1", "1001", "1e3", "99999999999999999999"],
            per_page,
        ),
        ("projectId", &["%00", "%ff"], "must be UTF-8 without NUL"),
        ("limit", &["1"], "is not a parameter here"),
        ("type[]", &["project"], "is not a parameter here"),
    ] {
        for value in values {
            let got = get(&api, &format!("{LIST}?{name}={value}")).await;
            refused(&got, &format!("{name} {must}"));
        }
    }
    for name in "projectId userId fromDate toDate type action orderBy sort page perPage".split(' ')
    {
        let good = match name {
            "fromDate" | "toDate" => "2023-09-20",
            "type" => "project",
            "orderBy" => "id",
            "sort" => "ASC",
            _ => "1",
        };
        let got = get(&api, &format!("{LIST}?{name}={good}&{name}={good}")).await;
        refused(&got, &format!("{name} must be given once"));
        get(&api, &format!("{LIST}?{name}={good}")).await.ok();
        let got = get(&api, &format!("{LIST}/{}?{name}={good}", id(1))).await;
        refused(&got, &format!("{name} is not a parameter here"));
    }
    for name in ["orderBy=id", "sort=ASC", "page=1", "perPage=1"] {
        let got = get(&api, &format!("{EXPORT}?{name}")).await;
        let name = name.split('=').next().unwrap();
        refused(&got, &format!("{name} is not a parameter here"));
    }
}

#[tokio::test]
async fn id_of_another_format_or_of_nothing_is_not_found() {
    let api = gorules(vec![sample(), exchange(2, |_, _| {})]);
    let plain = id(1).to_string().replace('-', "");
    for unknown in [
        id(1).prefixed("req"),
        id(2).to_string(),
        id(3).to_string(),
        plain,
        "exports".into(),
        "-1".into(),
        "99999999999999999999".into(),
        "'%20OR%201=1".into(),
    ] {
        let got = get(&api, &format!("{LIST}/{unknown}")).await;
        let wanted = r#"{"statusCode":404,"message":"Audit log not found","error":"Not Found"}"#;
        assert_eq!(
            (got.status.as_u16(), got.text.as_str()),
            (404, wanted),
            "{unknown}"
        );
    }
    for no_route in ["%00", "%ff", "a/b"] {
        let got = get(&api, &format!("{LIST}/{no_route}")).await;
        let wanted = r#"{"statusCode":404,"message":"Not Found","error":"Not Found"}"#;
        assert_eq!(got.text, wanted, "{no_route}");
    }
}

#[tokio::test]
async fn export_is_a_file_of_rows_that_no_spreadsheet_runs() {
    let mut hostile = sample();
    hostile.context.user_agent = Some("=cmd|'/C calc'!A0".into());
    hostile.context.actor.as_mut().unwrap().last_name = Some("Doe, \"JD\"".into());
    let got = get(&gorules(vec![hostile, event(2)]), EXPORT).await;
    let file = include_str!("../../format/golden/gorules_export.csv");
    let file = file
        .replace("ID_1", &id(1).to_string())
        .replace("ID_2", &id(2).to_string());
    let file: String = file.lines().map(|line| format!("{line}\r\n")).collect();
    assert_eq!((got.status.as_u16(), got.text.as_str()), (200, &*file));
    assert_eq!(
        got.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=\"audit-logs.csv\""
    );
}

#[tokio::test]
async fn export_holds_every_entry_or_is_refused() {
    let export = async |format: GoRules, entries: u8, query: &str| {
        let store = SpyStore::new((1..=entries).map(event).collect());
        let api = builder(store).format(format).build().unwrap();
        get(&api, &format!("{EXPORT}{query}")).await
    };
    let bounded = |entries| GoRules::new().max_export_entries(entries);
    for (format, entries) in [
        (GoRules::new(), 0),
        (GoRules::new(), 250),
        (bounded(250), 250),
        (bounded(0), 0),
    ] {
        let got = export(format, entries, "").await;
        assert_eq!(got.status, 200);
        let rows = csv::Reader::from_reader(got.text.as_bytes()).into_records();
        let rows: Vec<String> = rows.map(|row| row.unwrap()[0].to_owned()).collect();
        let wanted: Vec<String> = (1..=entries)
            .rev()
            .map(|number| id(number).to_string())
            .collect();
        assert_eq!(rows, wanted);
    }
    for format in [bounded(249), bounded(0)] {
        let got = export(format, 250, "").await;
        assert_eq!(got.status, 400);
        let message = got.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("narrow its time"), "{message}");
    }
    let narrowed = format!("?fromDate={}", at(250));
    assert_eq!(export(bounded(1), 250, &narrowed).await.status, 200);
}

#[tokio::test]
async fn export_stays_within_the_readers_scope() {
    let of = |number, tenant: &str| {
        let tenant = Some(tenant.to_owned());
        audit(number, |_, context| context.organisation = tenant)
    };
    let api = gorules(vec![of(1, "org_a"), of(2, "org_b"), of(3, "org_a")]);
    let got = get_as(&api, A, EXPORT).await;
    assert_eq!(got.text.lines().count(), 3);
    assert!(!got.text.contains(&id(2).to_string()));
    let got = get_as(&api, "", EXPORT).await;
    assert_eq!(got.status, 401);
}

#[tokio::test]
async fn retention_narrows_lists_exports_and_lookups() {
    let minute = std::time::Duration::from_secs(60);
    let mut old = event(1);
    old.created_at = at(60).minus(minute * 2);
    let store = SpyStore::new(vec![old, event(2)]);
    let with = |format: GoRules| builder(store.clone()).format(format).build().unwrap();
    for (format, seen) in [
        (GoRules::new(), 2),
        (GoRules::default().retention(Some(minute)), 1),
        (GoRules::new().retention(Some(minute * 3)), 2),
    ] {
        let api = with(format);
        let list = get(&api, &format!("{LIST}?fromDate=2020-01-01")).await.ok();
        assert_eq!(list["paginate"]["total"], seen);
        assert_eq!(get(&api, EXPORT).await.text.lines().count(), seen + 1);
        let status = if seen == 2 { 200 } else { 404 };
        assert_eq!(get(&api, &format!("{LIST}/{}", id(1))).await.status, status);
    }
}

#[tokio::test]
async fn errors_have_a_status_a_message_and_a_reason() {
    let api = gorules(vec![sample()]);
    for uri in [LIST, EXPORT, &format!("{LIST}/{}", id(1))] {
        for token in ["", "nobody's-token-at-all"] {
            let got = get_as(&api, token, uri).await;
            let wanted = r#"{"statusCode":401,"message":"Unauthorized","error":"Unauthorized"}"#;
            assert_eq!((got.status.as_u16(), got.text.as_str()), (401, wanted));
            assert_eq!(got.header("www-authenticate"), "Bearer");
        }
        let post = Request::builder().method(Method::POST).uri(uri);
        let got = send(&api, post.body(()).unwrap()).await;
        let wanted =
            r#"{"statusCode":405,"message":"Method Not Allowed","error":"Method Not Allowed"}"#;
        assert_eq!(
            (got.text.as_str(), got.header("allow")),
            (wanted, "GET, HEAD")
        );
    }
    for (kind, wanted) in [
        (
            ErrorKind::Unavailable,
            r#"{"statusCode":503,"message":"Service Unavailable","error":"Service Unavailable"}"#,
        ),
        (
            ErrorKind::Storage,
            r#"{"statusCode":500,"message":"Internal Server Error","error":"Internal Server Error"}"#,
        ),
    ] {
        let api = builder(SpyStore::failing(kind)).format(GoRules::new());
        let got = get(&api.build().unwrap(), LIST).await;
        assert_eq!(got.text, wanted);
    }
    let second = std::time::Duration::from_secs(1);
    let rate = RateLimit::new(5, second, 0, second);
    for (refusal, wanted) in [
        (
            Refusal::Forbidden("not you".into()),
            r#"{"statusCode":403,"message":"not you","error":"Forbidden"}"#,
        ),
        (
            Refusal::RateLimited(rate),
            r#"{"statusCode":429,"message":"Too Many Requests","error":"Too Many Requests"}"#,
        ),
    ] {
        assert_eq!(GoRules::new().refuse(&refusal, id(1)).body, wanted);
    }
    let (mut headers, scope, rate_limit) = (HeaderMap::new(), None, Some(rate));
    GoRules::new().sign(
        &Answered {
            id: id(1),
            scope,
            rate_limit,
        },
        &mut headers,
    );
    assert_eq!(headers["ratelimit-remaining"], "0");
}

#[tokio::test]
async fn every_parameter_that_is_described_is_accepted_and_no_other() {
    let api = gorules(Vec::new());
    let filters = [
        "projectId",
        "userId",
        "fromDate",
        "toDate",
        "type",
        "action",
    ];
    let all = [&filters[..], &["orderBy", "sort", "page", "perPage"]].concat();
    let described = GoRules::new().routes().into_iter().map(|route| {
        let parameters = GoRules::new().describe(&route)["parameters"].clone();
        let parameters = parameters.as_array().unwrap().iter();
        let names = parameters.map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<String>>()
    });
    let described: Vec<Vec<String>> = described.collect();
    let wanted: [&[&str]; 3] = [&all, &filters, &["auditLogId"]];
    assert_eq!(described, wanted);
    for (path, names) in [(LIST, &described[0]), (EXPORT, &described[1])] {
        for name in names {
            let got = get(&api, &format!("{path}?{name}=1")).await;
            assert!(!got.text.contains("is not a parameter"), "{name}");
        }
    }
}

#[tokio::test]
async fn categories_that_applications_are_given_are_the_types_that_are_served() {
    use crate::annotate::AuditEvent;
    let api = gorules(Vec::new());
    let named = [
        AuditEvent::ORGANISATION,
        AuditEvent::USER,
        AuditEvent::GROUP,
        AuditEvent::ACCESS_TOKEN,
        AuditEvent::PROJECT,
        AuditEvent::DOCUMENT,
        AuditEvent::RELEASE,
        AuditEvent::MEMBER,
        AuditEvent::PERSONAL_ACCESS_TOKEN,
    ];
    let wrong = get(&api, &format!("{LIST}?type=nothing")).await;
    assert!(wrong.text.contains(&named.join(", ")), "{}", wrong.text);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn router_tells_the_export_from_an_id() {
    let api = builder(SpyStore::new(vec![sample()])).format(GoRules::new());
    let router = api.format(Document360::new()).into_router().unwrap();
    for (uri, content_type) in [(EXPORT, "text/csv"), (LIST, "application/json")] {
        let request = Request::builder().uri(uri);
        let request = request.header("authorization", format!("Bearer {ALL}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let got = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(got.starts_with(content_type), "{got}");
    }
}
