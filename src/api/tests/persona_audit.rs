use std::time::Duration;

use super::*;
use crate::entry::{CutReason, Resource, SkipReason, WithheldReason};
use crate::format::{Answered, PersonaAudit, WireFormat};

const LIST: &str = "/api/v1/user-audit-logs";
const SANDBOX: &str = "token-of-the-sandbox-1";
const PRODUCTION: &str = "token-of-production-01";
const BROWSER: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn api_of(entries: Vec<LogEntry>, format: PersonaAudit) -> LogApi {
    let production = || Scope::organisation("org_a").unwrap();
    let tokens = BearerTokens::new([
        (ALL, Scope::all()),
        (A, Scope::organisation("org_a").unwrap()),
        (B, Scope::organisation("org_b").unwrap()),
        (SANDBOX, production().environment("sandbox")),
        (PRODUCTION, production().environment("production")),
    ]);
    let api = LogApi::new(SpyStore::new(entries)).access(tokens.unwrap());
    let api = api.clock(ManualClock::new(at(60))).format(format);
    api.build().unwrap()
}

fn audit(entries: Vec<LogEntry>) -> LogApi {
    api_of(entries, PersonaAudit::new())
}

/// An exchange of a user in production, changed as the test needs it.
fn made(number: u8, change: impl FnOnce(&mut Exchange, &mut Context)) -> LogEntry {
    exchange(number, |exchange, context| {
        let jane = Actor::user("user_ABC123").email("jane@doe.com");
        context.actor = Some(jane.name("Jane", "Doe"));
        context.environment = Some("production".into());
        change(exchange, context);
    })
}

/// An exchange of a user whose body was posted.
fn posting(body: BodyRecord, content_type: &'static str) -> LogEntry {
    made(1, |exchange, _| {
        exchange.request.headers = Headers::from_iter([("content-type", content_type)]);
        exchange.request_body = body;
    })
}

fn ual(number: u8) -> String {
    id(number).prefixed("ual")
}

fn path(number: u8) -> String {
    format!("{LIST}/{}", ual(number))
}

/// The ids of a page.
#[track_caller]
fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().unwrap().iter();
    data.map(|it| it["id"].as_str().unwrap()).collect()
}

#[track_caller]
fn refused(got: &Got, details: &str) {
    assert_eq!(got.status, 400, "{}", got.text);
    let wanted = serde_json::json!({"errors": [{"title": "Bad Request", "details": details}]});
    assert_eq!(got.json(), wanted);
}

#[tokio::test]
async fn list_is_written_as_in_the_reference() {
    let seed = |number, post: bool| {
        let mut entry = made(number, |exchange, context| {
            context.session = Some("uses_ABC123".into());
            context.user_agent = Some(BROWSER.into());
            if post {
                exchange.request.path =
                    "/api/internal/dashboard/v1/user-sessions/uses_ABC123/expire".into();
                exchange.request_body =
                    whole(r#"{"data":{"id":"uses_ABC123","type":"user-session"}}"#);
            }
        });
        entry.created_at = "2023-10-03T21:31:05.163Z".parse().unwrap();
        entry
    };
    let entries = vec![
        seed(1, false),
        seed(2, true),
        seed(3, false),
        seed(4, false),
    ];
    let uri = format!("{LIST}?page[after]={}&page[size]=2", ual(4));
    let got = get(&audit(entries), &uri).await;
    let file = include_str!("../../format/golden/persona_audit_list.json")
        .replace("ual_NEWER", &ual(3))
        .replace("ual_OLDER", &ual(2));
    assert_eq!(got.ok(), golden(&file, ""));
    assert_eq!(got.text, compact(&file, ""));
    let content_type = "application/json; charset=utf-8";
    assert_eq!(got.header("content-type"), content_type);
}

#[tokio::test]
async fn what_is_not_known_is_null_and_what_is_too_large_is_filtered() {
    let entry = made(1, |exchange, context| {
        exchange.request.method = "POST".into();
        exchange.request.query = Some("page[size]=5".into());
        exchange.request_body = whole(&format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024)));
        exchange.response.as_mut().unwrap().status = 201;
        context.actor = Some(Actor::user("user_ABC123"));
        context.client_ip = None;
        context.impersonator = Some("support@example.com".into());
        context.resource = Some(Resource::new("inquiry", "inq_ABC123"));
    });
    let got = get(&audit(vec![entry]), &format!("{}?include=user", path(1))).await;
    let file = include_str!("../../format/golden/persona_audit_retrieve.json");
    let file = file.replace("ual_ID", &ual(1));
    assert_eq!(got.ok(), golden(&file, ""));
    assert_eq!(got.text, compact(&file, ""));
}

#[tokio::test]
async fn only_exchanges_of_users_in_production_are_there() {
    let service = made(2, |_, context| context.actor = Some(Actor::service("job")));
    let nobody = made(3, |_, context| context.actor = None);
    let sandbox = made(4, |_, context| context.environment = Some("sandbox".into()));
    let nowhere = made(5, |_, context| context.environment = None);
    let mut erased = made(6, |_, _| {});
    erased.erase_person();
    let entries = vec![
        made(1, |_, _| {}),
        service,
        nobody,
        sandbox,
        nowhere,
        erased,
        event(7),
    ];
    let api = audit(entries.clone());
    assert_eq!(ids(&get(&api, LIST).await.ok()), [ual(1)]);
    for number in 1..=7 {
        let status = if number == 1 { 200 } else { 404 };
        assert_eq!(get(&api, &path(number)).await.status, status, "{number}");
    }
    let sandbox = api_of(entries.clone(), PersonaAudit::new().environment("sandbox"));
    assert_eq!(ids(&get(&sandbox, LIST).await.ok()), [ual(4)]);
    assert_eq!(get(&sandbox, &path(1)).await.status, 404);
    let any = api_of(entries, PersonaAudit::new().all_environments());
    assert_eq!(ids(&get(&any, LIST).await.ok()), [ual(5), ual(4), ual(1)]);
    assert_eq!(get(&any, &path(5)).await.status, 200);
}

#[tokio::test]
async fn reader_of_another_environment_is_forbidden_whatever_they_ask() {
    let entry = || {
        made(1, |_, context| {
            context.organisation = Some("org_a".into());
            context.environment = Some("sandbox".into());
        })
    };
    let api = audit(vec![entry()]);
    for uri in [LIST, &path(1), &path(2), &format!("{LIST}?page[size]=0")] {
        let got = get_as(&api, SANDBOX, uri).await;
        assert_eq!(got.status, 403, "{uri}");
        assert_eq!(
            got.text,
            r#"{"errors":[{"title":"Forbidden","details":"user audit logs are not available in this environment"}]}"#
        );
        assert!(got.header("request-id").starts_with("req_"));
        assert_eq!(got.header("persona-environment-id"), "env_sandbox");
    }
    assert_eq!(get_as(&api, PRODUCTION, LIST).await.status, 200);
    let any = api_of(vec![entry()], PersonaAudit::new().all_environments());
    assert_eq!(ids(&get_as(&any, SANDBOX, LIST).await.ok()), [ual(1)]);
    assert!(ids(&get_as(&any, PRODUCTION, LIST).await.ok()).is_empty());
    let live = api_of(vec![entry()], PersonaAudit::new().environment("live"));
    assert_eq!(get_as(&live, PRODUCTION, LIST).await.status, 403);
}

#[tokio::test]
async fn foreign_tenant_sees_nothing_by_list_id_or_cursor() {
    let of = |number: u8, tenant: &'static str| {
        made(number, |_, context| {
            context.organisation = Some(tenant.into())
        })
    };
    let api = audit(vec![of(1, "org_a"), of(2, "org_b"), of(3, "org_a")]);
    for query in [
        String::new(),
        format!("page[after]={}", ual(3)),
        format!("page[before]={}", ual(1)),
    ] {
        let got = get_as(&api, B, &format!("{LIST}?{query}")).await.ok();
        assert!(ids(&got).iter().all(|id| *id == ual(2)), "{query}");
    }
    let foreign = get_as(&api, B, &path(1)).await;
    let none = get_as(&api, B, &path(9)).await;
    assert_eq!((foreign.status, foreign.text), (none.status, none.text));
    assert_eq!(none.status, 404);
    assert_eq!(get_as(&api, A, &path(1)).await.status, 200);
}

#[tokio::test]
async fn what_is_older_than_six_months_is_neither_listed_nor_retrieved() {
    let aged = |number, age| {
        let mut entry = made(number, |_, _| {});
        entry.created_at = at(60).minus(age);
        entry
    };
    let entries = vec![
        aged(1, 183 * DAY + Duration::from_micros(1)),
        aged(2, 183 * DAY),
    ];
    for (format, shown) in [
        (PersonaAudit::new(), vec![ual(2)]),
        (PersonaAudit::new().retention(None), vec![ual(2), ual(1)]),
        (PersonaAudit::new().retention(Some(DAY)), vec![]),
    ] {
        let api = api_of(entries.clone(), format);
        assert_eq!(ids(&get(&api, LIST).await.ok()), shown);
        for number in [1, 2] {
            let status = if shown.contains(&ual(number)) {
                200
            } else {
                404
            };
            assert_eq!(get(&api, &path(number)).await.status, status);
        }
    }
}

#[tokio::test]
async fn list_is_walked_by_the_links_it_gives() {
    let api = audit((1..=12).map(|number| made(number, |_, _| {})).collect());
    assert_eq!(ids(&get(&api, LIST).await.ok()).len(), 10);
    let mut uri = format!("{LIST}/?page[size]=5&fields[user]=email-address");
    let mut seen = Vec::new();
    loop {
        let list = get(&api, &uri).await.ok();
        seen.extend(ids(&list).into_iter().map(str::to_owned));
        match list["links"]["next"].as_str() {
            Some(next) => uri = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (1..=12).rev().map(ual).collect::<Vec<_>>());
    assert_eq!(
        uri,
        format!(
            "{LIST}?page%5Bafter%5D={}&page%5Bsize%5D=5&fields%5Buser%5D=email-address",
            ual(3)
        )
    );
    let last = get(&api, &uri).await.ok();
    let newer = get(&api, last["links"]["prev"].as_str().unwrap()).await;
    assert_eq!(ids(&newer.ok())[4], ual(3));
    let past = get(&api, &format!("{LIST}?page[after]={}", ual(1))).await;
    let empty =
        serde_json::json!({"data": [], "links": {"prev": null, "next": null}, "included": []});
    assert_eq!(past.ok(), empty);
}

#[tokio::test]
async fn each_user_is_included_once_as_the_newest_exchange_tells_them() {
    let by = |number, user: Actor| made(number, |_, context| context.actor = Some(user));
    let jane = |email: &str| Actor::user("user_1").email(email);
    let api = audit(vec![
        by(1, jane("old@example.com")),
        by(2, Actor::user("user_2")),
        by(3, jane("new@example.com")),
    ]);
    let list = get(&api, LIST).await.ok();
    let user = |id: &str, email: Option<&str>| {
        let attributes =
            serde_json::json!({"email-address": email, "name-first": null, "name-last": null});
        serde_json::json!({"type": "user", "id": id, "attributes": attributes})
    };
    let wanted = [
        user("user_1", Some("new@example.com")),
        user("user_2", None),
    ];
    assert_eq!(list["included"], Value::from(wanted.to_vec()));
}

#[tokio::test]
async fn related_resources_are_included_where_they_are_asked_for() {
    let api = audit(vec![made(1, |_, context| {
        context.session = Some("uses_1".into())
    })]);
    let asked = async |query: &str| get(&api, &format!("{}?{query}", path(1))).await.ok();
    assert!(asked("").await.get("included").is_none());
    for none in [
        "include=",
        "include",
        "include=user-session",
        "include=userSession",
    ] {
        assert_eq!(
            asked(none).await["included"],
            Value::Array(vec![]),
            "{none}"
        );
    }
    for user in [
        "user",
        "user,user_session",
        "user-session,+user,user",
        "user%2Cuser-session",
    ] {
        let got = asked(&format!("include={user}")).await;
        let included = got["included"].as_array().unwrap();
        assert_eq!(included.len(), 1, "{user}");
        assert_eq!(included[0]["id"], "user_ABC123");
    }
    for wrong in [
        "users",
        "user.organization",
        "user,inquiry",
        "*",
        "USER",
        "user%2F",
    ] {
        let got = get(&api, &format!("{}?include={wrong}", path(1))).await;
        refused(
            &got,
            "include must be relationships of user-audit-log, separated by commas",
        );
    }
    let twice = get(&api, &format!("{}?include=user&include=user", path(1))).await;
    refused(&twice, "include must be given once");
    for list in ["include=user", "include="] {
        let got = get(&api, &format!("{LIST}?{list}")).await;
        refused(&got, "include is not a parameter here");
    }
}

#[tokio::test]
async fn sparse_fieldsets_narrow_the_log_and_the_user_in_every_case() {
    let api = audit(vec![made(1, |_, context| {
        context.resource = Some(Resource::new("inquiry", "inq_1"));
    })]);
    for fields in [
        "fields[user-audit-log]=created-at,response-status&fields[user]=name-first",
        "fields%5BuserAuditLog%5D=createdAt,responseStatus&fields%5Buser%5D=nameFirst",
        "fields[user_audit_log]=created_at,response_status&fields[user]=name_first",
    ] {
        let got = get(&api, &format!("{}?include=user&{fields}", path(1)))
            .await
            .ok();
        let attributes =
            serde_json::json!({"response-status": 200, "created-at": "2023-09-20T20:20:04.485Z"});
        assert_eq!(got["data"]["attributes"], attributes);
        assert_eq!(
            got["data"]["relationships"]["user"]["data"]["id"],
            "user_ABC123"
        );
        assert_eq!(
            got["included"][0]["attributes"],
            serde_json::json!({"name-first": "Jane"})
        );
        let list = get(&api, &format!("{LIST}?{fields}")).await.ok();
        assert_eq!(list["data"][0], got["data"]);
        assert_eq!(list["included"], got["included"]);
    }
    let context = get(&api, &format!("{}?fields[user-audit-log]=context", path(1))).await;
    let wanted = serde_json::json!({"context": {"inquiry-id": "inq_1"}});
    assert_eq!(context.ok()["data"]["attributes"], wanted);
}

#[tokio::test]
async fn names_are_inflected_and_user_data_is_not() {
    let api = audit(vec![made(1, |exchange, context| {
        exchange.request.query = Some("some_Key-a=1".into());
        exchange.request_body = whole(r#"{"some_Key-b":1}"#);
        context.resource = Some(Resource::new("api_Key-x", "1"));
    })]);
    for (case, names) in [
        (
            "kebab",
            [
                "get-params",
                "post-params",
                "user-session",
                "api_Key-x-id",
                "name-first",
            ],
        ),
        (
            "camel",
            [
                "getParams",
                "postParams",
                "userSession",
                "api_Key-xId",
                "nameFirst",
            ],
        ),
        (
            "snake",
            [
                "get_params",
                "post_params",
                "user_session",
                "api_Key-x_id",
                "name_first",
            ],
        ),
    ] {
        let request = Request::builder()
            .uri(format!("{}?include=user", path(1)))
            .header("authorization", format!("Bearer {ALL}"))
            .header("accept", "application/vnd.api+json")
            .header("key-inflection", case);
        let got = send(&api, request.body(()).unwrap()).await.ok();
        let [get_params, post_params, session, about, first] = names;
        let data = &got["data"];
        assert_eq!(data["attributes"][get_params]["some_Key-a"], "1", "{case}");
        assert_eq!(data["attributes"][post_params]["some_Key-b"], 1, "{case}");
        assert_eq!(data["attributes"]["context"][about], "1", "{case}");
        assert_eq!(data["relationships"][session]["data"], Value::Null);
        assert!(data["relationships"].get(session).is_some(), "{case}");
        assert_eq!(got["included"][0]["attributes"][first], "Jane", "{case}");
        assert_eq!(data["type"], "user-audit-log");
    }
}

#[tokio::test]
async fn posted_parameters_are_an_object_or_the_mark_that_there_were_some() {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let filtered = "\"[FILTERED]\"";
    let cut = BodyRecord::Truncated {
        reason: CutReason::Limit,
        text: "{}".into(),
        bytes_seen: 9,
    };
    let skipped = BodyRecord::Skipped {
        reason: SkipReason::Unread,
        bytes_seen: 0,
    };
    let withheld = BodyRecord::Withheld {
        reason: WithheldReason::Malformed,
        bytes_seen: 9,
        keyed_hash: "00".into(),
    };
    let deep = format!("{}1{}", "[".repeat(101), "]".repeat(101));
    let many = "a=1&".repeat(1001);
    for (body, content_type, wanted) in [
        (BodyRecord::Empty, json, "{}"),
        (whole(r#"{"b":1,"a":[{}]}"#), json, r#"{"b":1,"a":[{}]}"#),
        (whole("[1]"), json, r#"{"_json":[1]}"#),
        (whole("a[b]=1"), form, r#"{"a":{"b":"1"}}"#),
        (whole("hello"), "text/plain", filtered),
        (whole(&deep), json, filtered),
        (whole(&many), form, filtered),
        (cut, json, filtered),
        (skipped, json, filtered),
        (withheld, json, filtered),
    ] {
        let got = get(&audit(vec![posting(body, content_type)]), &path(1)).await;
        let attributes = r#""post-params":"#;
        let (_, rest) = got.text.split_once(attributes).unwrap();
        assert!(rest.starts_with(wanted), "{wanted}: {rest}");
    }
}

#[tokio::test]
async fn size_limit_counts_the_json_of_either_parameters() {
    let entry = made(1, |exchange, _| {
        exchange.request.query = Some("a=1".into());
        exchange.request_body = whole(r#"{"a":"12"}"#);
    });
    for (limit, get_params, post_params) in [
        (
            10,
            serde_json::json!({"a": "1"}),
            serde_json::json!({"a": "12"}),
        ),
        (9, serde_json::json!({"a": "1"}), "[FILTERED]".into()),
        (8, "[FILTERED]".into(), "[FILTERED]".into()),
    ] {
        let format = PersonaAudit::new().max_params_bytes(limit);
        let got = get(&api_of(vec![entry.clone()], format), &path(1))
            .await
            .ok();
        assert_eq!(
            got["data"]["attributes"]["get-params"], get_params,
            "{limit}"
        );
        assert_eq!(
            got["data"]["attributes"]["post-params"], post_params,
            "{limit}"
        );
    }
    let none = api_of(
        vec![made(1, |_, _| {})],
        PersonaAudit::new().max_params_bytes(2),
    );
    let got = get(&none, &path(1)).await.ok();
    assert_eq!(
        got["data"]["attributes"]["get-params"],
        serde_json::json!({})
    );
}

#[tokio::test]
async fn query_of_more_parameters_than_are_read_is_filtered() {
    let entry = made(1, |exchange, _| {
        exchange.request.query = Some("a&".repeat(1001));
    });
    let got = get(&audit(vec![entry]), &path(1)).await.ok();
    assert_eq!(got["data"]["attributes"]["get-params"], "[FILTERED]");
}

#[tokio::test]
async fn exchange_without_a_response_has_status_0() {
    let api = audit(vec![made(1, |exchange, _| exchange.response = None)]);
    let got = get(&api, &path(1)).await.ok();
    assert_eq!(got["data"]["attributes"]["response-status"], 0);
}

#[tokio::test]
async fn plain_uuid_finds_the_same_log_and_foreign_prefixes_none() {
    let api = audit(vec![made(1, |_, _| {})]);
    let by_uuid = get(&api, &format!("{LIST}/{}", id(1))).await;
    assert_eq!(by_uuid.ok(), get(&api, &format!("{}/", path(1))).await.ok());
    let req = id(1).prefixed("req");
    for wrong in [
        &req,
        "ual_",
        "ual_zzzzzzzzzzzzzzzzzzzzzz",
        "1",
        "%20",
        "a%2Fb",
        "%C3%A9",
    ] {
        let got = get(&api, &format!("{LIST}/{wrong}")).await;
        assert_eq!(got.status, 404, "{wrong}");
        assert_eq!(got.text, r#"{"errors":[{"title":"Record not found"}]}"#);
    }
}

#[tokio::test]
async fn bad_parameter_is_told_in_personas_words() {
    let api = audit(vec![made(1, |_, _| {})]);
    let (uuid, req) = (id(1), id(1).prefixed("req"));
    let size = "page[size] must be a whole number from 1 to 100";
    let after = "page[after] must be an id of this list, as ual_…";
    let attributes =
        "fields[user-audit-log] must be attributes of user-audit-log, separated by commas";
    for (query, details) in [
        ("page[size]=0", size),
        ("page[size]=101", size),
        ("page[size]=-1", size),
        ("page[size]=", size),
        ("page[size]=1&page[size]=1", "page[size] must be given once"),
        ("page[size]=99999999999999999999", size),
        ("page[after]=", after),
        (&format!("page[after]={uuid}"), after),
        (&format!("page[after]={req}"), after),
        (
            &format!("page[after]={0}&page[after]={0}", ual(1)),
            "page[after] must be given once",
        ),
        (
            &format!("page[after]={0}&page[before]={0}", ual(1)),
            "page[before] must not go with page[after]",
        ),
        ("page[after]=%00", "page[after] must be UTF-8 without NUL"),
        ("page[after]=%ff", "page[after] must be UTF-8 without NUL"),
        (
            "%ff=1",
            "query must name its parameters in UTF-8 without NUL",
        ),
        ("page[number]=1", "page[number] is not a parameter here"),
        ("page=1", "page is not a parameter here"),
        (
            "filter[user-id]=1",
            "filter[user-id] is not a parameter here",
        ),
        ("fields[user-audit-log]=secret", attributes),
        ("fields[user-audit-log]=context.inquiry-id", attributes),
        (
            "fields[user]=id",
            "fields[user] must be attributes of user, separated by commas",
        ),
        (
            "fields[user]=name-first&fields[user]=name-first",
            "fields[user] must be given once, in one case",
        ),
        (
            "fields[user-audit-log]=path&fields[userAuditLog]=path",
            "fields[userAuditLog] must be given once, in one case",
        ),
        (
            "fields[api-log]=path",
            "fields[api-log] is not a parameter here",
        ),
        ("fields[]=path", "fields[] is not a parameter here"),
        ("fields=path", "fields is not a parameter here"),
    ] {
        refused(&get(&api, &format!("{LIST}?{query}")).await, details);
    }
    for wrong in ["key-inflection", "persona-version"] {
        let request = Request::builder().uri(LIST).header(wrong, "2");
        let request = request.header("authorization", format!("Bearer {ALL}"));
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.json()["errors"][0]["title"], "Bad Request");
    }
}

#[tokio::test]
async fn every_parameter_survives_every_bad_value() {
    let api = audit(vec![made(1, |_, _| {})]);
    let long = "a".repeat(3000);
    let values = [
        "",
        "%00",
        "%ff",
        "%",
        "-1",
        "0",
        "1e9",
        "[]",
        "null",
        "%F0%9F%98%80",
        "a,b",
        ",",
        "+",
        "..",
        &long,
    ];
    let names = "page[size] page[after] page[before] page fields[user-audit-log] fields[user] fields include";
    for name in names.split(' ') {
        for value in values {
            for query in [
                format!("{name}={value}"),
                format!("{name}={value}&{name}={value}"),
                format!("{name}[]={value}"),
                name.to_owned(),
            ] {
                for list in [LIST, &path(1)] {
                    let got = get(&api, &format!("{list}?{query}")).await;
                    assert!([200, 400].contains(&got.status.as_u16()), "{list}?{query}");
                    got.json();
                }
            }
        }
    }
}

#[tokio::test]
async fn errors_and_signatures_are_those_of_the_api_logs() {
    let api = audit(Vec::new());
    for (token, title) in [
        ("", "Must be authenticated to access this endpoint"),
        ("token-of-nobody-0001", "Token is invalid"),
    ] {
        let got = get_as(&api, token, LIST).await;
        assert_eq!(got.status, 401);
        assert_eq!(
            got.json(),
            serde_json::json!({"errors": [{"title": title}]})
        );
        assert!(!got.headers.contains_key("request-id"));
    }
    for (kind, status, title) in [
        (ErrorKind::Unavailable, 503, "Service unavailable"),
        (ErrorKind::Storage, 500, "Internal server error"),
    ] {
        let api = builder(SpyStore::failing(kind)).format(PersonaAudit::new());
        let api = api.build().unwrap();
        for uri in [LIST, &path(1)] {
            let got = get_as(&api, A, uri).await;
            assert_eq!(got.status, status);
            assert_eq!(
                got.json(),
                serde_json::json!({"errors": [{"title": title}]})
            );
            assert!(got.header("request-id").starts_with("req_"));
            assert_eq!(got.header("persona-organization-id"), "org_a");
        }
    }
    let (one, other) = (PersonaAudit::new(), Persona::new());
    let scope = Scope::organisation("a").unwrap();
    let answered = Answered {
        id: id(1),
        scope: Some(&scope),
        rate_limit: None,
    };
    let (mut ours, mut theirs) = (HeaderMap::new(), HeaderMap::new());
    one.sign(&answered, &mut ours);
    other.sign(&answered, &mut theirs);
    assert_eq!((ours.len(), &ours), (2, &theirs));
}

#[tokio::test]
async fn both_formats_of_persona_stand_side_by_side() {
    let api = builder(SpyStore::new(vec![made(1, |_, _| {})]));
    let api = api.format(Persona::new()).format(PersonaAudit::new());
    let api = api.build().unwrap();
    assert_eq!(ids(&get(&api, LIST).await.ok()), [ual(1)]);
    let logs = get(&api, "/api/v1/api-logs").await.ok();
    assert_eq!(ids(&logs), [id(1).prefixed("req")]);
}

#[test]
fn description_tells_every_parameter_status_and_member() {
    let format = PersonaAudit::new();
    let [list, retrieve] = [0, 1].map(|route| format.describe(&format.routes()[route]));
    let names = |operation: &Value, place: &str| {
        let parameters = operation["parameters"].as_array().unwrap().clone();
        let here = parameters.into_iter().filter(|it| it["in"] == place);
        let names = here.map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let fields = "fields[user-audit-log] fields[user]";
    assert_eq!(
        names(&list, "query"),
        format!("page[size] page[after] page[before] {fields}")
    );
    assert_eq!(names(&retrieve, "query"), format!("include {fields}"));
    assert_eq!(names(&retrieve, "path"), "user-audit-log-id");
    let headers = "Key-Inflection Persona-Version Idempotency-Key";
    assert_eq!(names(&list, "header"), headers);
    let statuses = |operation: &Value| {
        let responses = operation["responses"].as_object().unwrap();
        responses.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(statuses(&list), "200 400 401 403 429 500 503");
    assert_eq!(statuses(&retrieve), "200 400 401 403 404 429 500 503");
    let schema = |operation: &Value| {
        let content = &operation["responses"]["200"]["content"];
        content["application/json"]["schema"]["anyOf"][0].clone()
    };
    let required = serde_json::json!(["data", "included", "links"]);
    assert_eq!(schema(&list)["required"], required);
    assert_eq!(schema(&retrieve)["required"], serde_json::json!(["data"]));
    let resource = &schema(&retrieve)["properties"]["data"];
    assert_eq!(&schema(&list)["properties"]["data"]["items"], resource);
    let attributes = resource["properties"]["attributes"]["properties"].as_object();
    assert_eq!(attributes.unwrap().len(), 10);

    let cases = &list["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"];
    for (case, email) in [
        (0, "email-address"),
        (1, "emailAddress"),
        (2, "email_address"),
    ] {
        let included = &cases[case]["properties"]["included"]["items"];
        let attributes = &included["properties"]["attributes"]["properties"];
        assert!(attributes.get(email).is_some(), "{attributes}");
    }
}
