use super::*;

const LISTS: [&str; 3] = [
    "/api/v1/api-logs",
    "/api/v1/api_logs",
    "/api-log/v1/entries",
];

fn api() -> LogApi {
    let api = builder(SpyStore::new(vec![exchange(1, |_, _| {})]));
    let api = api
        .format(Persona::new())
        .format(Lago::new())
        .format(Native);
    api.build().unwrap()
}

/// What every format must say no to, in its own words and without repeating it.
#[track_caller]
fn refused(got: &Got, what: &str) {
    assert!(
        [400, 404].contains(&got.status.as_u16()),
        "{} {what}: {}",
        got.status,
        got.text
    );
    let json = got.json();
    assert!(
        json["errors"][0]["title"].is_string()
            || json["error"].is_string()
            || json["title"].is_string()
    );
    assert!(got.text.len() < 512, "{what}");
}

#[tokio::test]
async fn cursor_that_is_none_of_the_format_is_refused() {
    let api = api();
    let (uuid, req) = (id(1).to_string(), id(1).prefixed("req"));
    let ual = id(1).prefixed("ual");
    let expanded = format!("{req}0");
    let cursors = [
        &uuid[..35],
        &uuid.replace('-', ""),
        &uuid.replace('-', "_"),
        &req[..25],
        &expanded,
        &ual,
        "req_zzzzzzzzzzzzzzzzzzzzzz",
        "1' OR 1=1 --",
        "%",
        "-9223372036854775809",
        "null",
        "",
    ];
    for cursor in cursors {
        let encoded: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        for name in ["after", "before"] {
            let native = format!("/api-log/v1/entries?{name}={encoded}");
            refused(&get(&api, &native).await, &native);
            let persona = format!("/api/v1/api-logs?page[{name}]={encoded}");
            refused(&get(&api, &persona).await, &persona);
        }
    }
    refused(
        &get(&api, &format!("/api-log/v1/entries?after={req}")).await,
        "Persona's at Native",
    );
    refused(
        &get(&api, &format!("/api/v1/api-logs?page[after]={uuid}")).await,
        "Native's at Persona",
    );
}

#[tokio::test]
async fn absurdly_long_or_many_parameters_are_refused() {
    let api = api();
    let megabyte = "a".repeat(1 << 20);
    let long_name = format!("{}=1", "n".repeat(3000));
    let many = "a=1&".repeat(101);
    let ids = format!("request_id={}", "x,".repeat(1000));
    for list in LISTS {
        for query in [
            &*format!("after={megabyte}"),
            &*format!("page[after]={megabyte}"),
            &long_name,
            &many,
            &ids,
            &*format!("request_paths[]={}", "p".repeat(3000)),
        ] {
            let request = http::Uri::try_from(format!("{list}?{query}"));
            // A URI holds at most 64 KiB: longer ones are refused by the server before us.
            if let Ok(uri) = request {
                refused(&get(&api, &uri.to_string()).await, list);
            }
        }
        let huge = "a".repeat(20_000);
        refused(&get(&api, &format!("{list}?{huge}")).await, list);
        refused(&get(&api, &format!("{list}/{huge}")).await, list);
    }
    let values = format!("/api-log/v1/entries?request_id={}x", "x,".repeat(100));
    let got = get(&api, &values).await;
    assert_eq!(
        got.json()["detail"],
        "request_id must hold at most 100 values"
    );
}

#[tokio::test]
async fn hostile_values_are_data_and_never_a_failure() {
    let api = api();
    for value in [
        "' OR 1=1 --",
        "%",
        "_",
        "\\",
        "?",
        "??",
        "{x:String}",
        "*",
        "\u{202e}",
        "ASC,(CASE WHEN 1 THEN 1 END)",
    ] {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for uri in [
            format!("/api-log/v1/entries?actor={encoded}&path={encoded}&user_agent={encoded}"),
            format!(
                "/api/v1/api_logs?clients[]={encoded}&request_paths[]={encoded}&api_version={encoded}&http_methods[]={encoded}"
            ),
        ] {
            get(&api, &uri).await.ok();
        }
        let segment =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        for list in LISTS {
            assert_eq!(get(&api, &format!("{list}/{segment}")).await.status, 404);
        }
    }
}

#[tokio::test]
async fn every_parameter_of_every_format_survives_every_bad_value() {
    let api = api();
    let native = "from to method status path route actor organisation project environment client_ip user_agent \
                  request_id api_version kind limit after before page count";
    let persona = "page[size] page[after] page[before] fields[api-log] include";
    let lago = "page per_page from_date to_date http_methods[] http_statuses[] api_version request_paths[] clients[]";
    for (list, names) in LISTS.into_iter().zip([persona, lago, native]) {
        for name in names.split_whitespace() {
            for value in [
                "",
                "%00",
                "%ff",
                "%",
                "-1",
                "0",
                "1e9",
                "99999999999999999999",
                "[]",
                "null",
                "%F0%9F%98%80",
                "a,b",
                ",",
                "+",
            ] {
                for query in [
                    format!("{name}={value}"),
                    format!("{name}={value}&{name}={value}"),
                    format!("{name}[]={value}"),
                    name.to_owned(),
                ] {
                    let got = get(&api, &format!("{list}?{query}")).await;
                    let status = got.status.as_u16();
                    assert!([200, 400, 422].contains(&status), "{status} {list}?{query}");
                    got.json();
                }
            }
        }
    }
}
