use super::*;

/// Two tenants with the same calls, and a call of none.
fn entries() -> Vec<LogEntry> {
    let of = |number: u8, organisation: Option<&str>| {
        exchange(number, |exchange, context| {
            exchange.request.method = "POST".into();
            exchange.request.route = Some("/api/v1/inquiries".into());
            context.organisation = organisation.map(str::to_owned);
            context.project = Some("p".into());
            context.environment = Some("e".into());
            context.actor = Some(Actor::user("u"));
            context.user_agent = Some("ua".into());
            context.request_id = Some("same".into());
            context.api_version = Some("v1".into());
        })
    };
    (1..=9)
        .map(|number| match number % 3 {
            0 => of(number, Some("org_a")),
            1 => of(number, Some("org_b")),
            _ => of(number, None),
        })
        .collect()
}

fn api() -> LogApi {
    let api = builder(SpyStore::new(entries()));
    let api = api
        .format(Persona::new())
        .format(Lago::new())
        .format(Native);
    api.build().unwrap()
}

/// Every list with every filter that matches all of the entries, and one that names the other tenant.
fn questions() -> Vec<String> {
    let native = [
        "",
        "from=2020-01-01T00:00:00Z",
        "to=2030-01-01T00:00:00Z",
        "method=POST",
        "status=200",
        "status=2xx",
        "path=/api/v1/inquiries",
        "path=*",
        "route=/api/v1/inquiries",
        "actor=u",
        "project=p",
        "environment=e",
        "client_ip=127.0.0.1",
        "user_agent=ua",
        "request_id=same",
        "api_version=v1",
        "kind=exchange",
        "page=1",
        "count=true",
        "limit=1000",
        "organisation=org_a&organisation=org_b",
    ];
    let persona = ["", "page[size]=100"];
    let lago = [
        "",
        "page=1",
        "per_page=1000",
        "from_date=2020-01-01",
        "to_date=2030-01-01",
        "http_methods[]=post",
        "http_statuses[]=200",
        "http_statuses[]=succeeded",
        "api_version=v1",
        "request_paths[]=*",
        "clients[]=ua",
    ];
    let cursors = (0..=10).flat_map(|number| {
        let (uuid, req) = (id(number).to_string(), id(number).prefixed("req"));
        ["after", "before"].map(|name| {
            [
                format!("/api-log/v1/entries?{name}={uuid}"),
                format!("/api/v1/api-logs?page[{name}]={req}"),
            ]
        })
    });
    let all = native
        .iter()
        .map(|query| format!("/api-log/v1/entries?{query}"));
    let all = all.chain(
        persona
            .iter()
            .map(|query| format!("/api/v1/api-logs?{query}")),
    );
    let all = all.chain(lago.iter().map(|query| format!("/api/v1/api_logs?{query}")));
    all.chain(cursors.flatten()).collect()
}

fn own(remainder: u8) -> Vec<u8> {
    (1..=9).filter(|number| number % 3 == remainder).collect()
}

/// The numbers of the entries whose id stands anywhere in a reply, cursors and links included.
fn shown(text: &str) -> Vec<u8> {
    let there = |number: &u8| {
        text.contains(&id(*number).to_string()) || text.contains(&id(*number).prefixed("req"))
    };
    (1..=9).filter(there).collect()
}

#[tokio::test]
async fn no_list_filter_or_cursor_shows_a_foreign_entry() {
    let api = api();
    for (token, remainder) in [(A, 0), (B, 1)] {
        let mut seen = 0;
        for uri in questions() {
            let got = get_as(&api, token, &uri).await;
            let shown = shown(&got.text);
            assert!(
                shown.iter().all(|number| own(remainder).contains(number)),
                "{uri}: {shown:?}"
            );
            let json = got.ok();
            let total = json["meta"]["total_count"]
                .as_u64()
                .or(json["page"]["total"].as_u64());
            assert!(total.is_none_or(|total| total == 3), "{uri}: {total:?}");
            seen += shown.len();
        }
        assert!(seen > 60, "the questions are ones that find something");
    }
    for uri in questions() {
        let got = get_as(&api, "", &uri).await;
        assert_eq!(got.status, 401, "{uri}");
        assert!(shown(&got.text).is_empty());
    }
}

#[tokio::test]
async fn foreign_entry_by_id_is_the_same_as_one_that_never_was() {
    let api = api();
    let paths = |number: u8| {
        [
            format!("/api-log/v1/entries/{}", id(number)),
            format!("/api/v1/api-logs/{}", id(number).prefixed("req")),
            format!("/api/v1/api-logs/{}", id(number)),
            format!("/api/v1/api_logs/{}", id(number)),
        ]
    };
    let without_request_id = |got: &Got| {
        let mut json = got.json();
        if let Some(problem) = json.as_object_mut() {
            problem.remove("request_id");
        }
        (got.status, json)
    };
    for number in 1..=9 {
        for (token, remainder) in [(A, 0), (B, 1)] {
            for (path, unknown) in paths(number).into_iter().zip(paths(200)) {
                let got = get_as(&api, token, &path).await;
                if number % 3 == remainder {
                    assert_eq!(shown(&got.text), [number]);
                } else {
                    let unknown = get_as(&api, token, &unknown).await;
                    assert_eq!(got.status, 404, "{path}");
                    assert_eq!(
                        without_request_id(&got),
                        without_request_id(&unknown),
                        "{path}"
                    );
                }
            }
        }
        for path in paths(number) {
            assert_eq!(get_as(&api, "", &path).await.status, 401);
            assert_eq!(get_as(&api, ALL, &path).await.status, 200);
        }
    }
}

#[tokio::test]
async fn clients_request_id_is_looked_for_within_the_scope() {
    let api = api();
    for (token, number) in [(A, 9), (B, 7)] {
        let got = get_as(&api, token, "/api/v1/api_logs/same").await;
        assert_eq!(shown(&got.text), [number], "the newest of the reader's own");
    }
}

#[tokio::test]
async fn filter_for_another_tenant_finds_nothing() {
    let list = get_as(
        &api(),
        A,
        "/api-log/v1/entries?organisation=org_b&count=true",
    )
    .await
    .ok();
    assert_eq!(list["entries"], serde_json::json!([]));
    assert_eq!(list["page"]["total"], 0);
}

#[tokio::test]
async fn changed_cursor_moves_the_page_within_the_scope() {
    let api = api();
    let list = get_as(&api, A, "/api-log/v1/entries?limit=1").await.ok();
    let cursor = list["page"]["after"].as_str().unwrap().to_owned();
    for at in (0..cursor.len()).filter(|&at| cursor.as_bytes()[at] != b'-') {
        let digit = if &cursor[at..=at] == "0" { "f" } else { "0" };
        let flipped = format!("{}{digit}{}", &cursor[..at], &cursor[at + 1..]);
        let got = get_as(&api, A, &format!("/api-log/v1/entries?after={flipped}")).await;
        got.ok();
        assert!(
            shown(&got.text).iter().all(|number| number % 3 == 0),
            "{flipped}"
        );
    }
}
