use super::served::{Served, document, mount, parameters, rich, served};
use super::truth::Truth;
use super::*;
use crate::format::{Operation, Route};

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

/// A reader of whom there is no entry.
const NOBODY: &str = "token-of-nobody-0001";

/// Values as they stand in a query: of no type, of a wrong one, too small, too large, broken, and what databases and other formats take for more than text.
fn bad_values() -> Vec<String> {
    let written = "-1 0 007 1e9 1.5 99999999999999999999 -9223372036854775809 true null [] {} a,b , + %2B %20 %09 %0D%0A %00 a%00b %ff %c3%28 %ed%a0%80 % %4 \
                   %F0%9F%98%80 %E2%80%AE 2026-13-01 2026-02-30T25:00:00Z -999999999999d ../.. ";
    let mut values: Vec<String> = written.split(' ').map(str::to_owned).collect();
    let hostile = crate::testing::sample::HOSTILE;
    values.extend(hostile.map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect()));
    let random = "0b9d5c0a-5f5e-4c4b-9f0e-0d9a4b8c7d6e";
    let id: EntryId = random.parse().unwrap_or(id(9));
    values.extend([
        random.to_owned(),
        random.to_uppercase(),
        random.replace('-', ""),
    ]);
    values.extend(["req", "ual", "log", ""].map(|prefix| id.prefixed(prefix)));
    values.push("9".repeat(400));
    values.push("a".repeat(5000));
    values.push("x,".repeat(200));
    values
}

/// The readers of the tests: of everything and of nothing.
fn strict() -> LogApi {
    let nobody = Scope::organisation("org_nobody").unwrap();
    let nobody = nobody.environment("production");
    let readers = BearerTokens::new([(ALL, Scope::all()), (NOBODY, nobody)]).unwrap();
    let mut entries = rich();
    let number = u32::try_from(entries.len()).unwrap();
    entries.push(crate::testing::sample::everywhere(number, CANARY));
    let api = LogApi::new(SpyStore::new(entries)).access(readers);
    mount(api).build().unwrap()
}

const CANARY: &str = "canary-of-another";

/// Asks as both readers: what comes is the vendor's, is what the document says, and tells who may see nothing of nothing.
async fn bears(api: &LogApi, truth: &mut Truth, format: &Served, route: &Route, request: Bad) {
    for token in [ALL, NOBODY] {
        let mut asked = format.request("GET", token, &request.uri);
        if let Some((name, value)) = &request.header {
            asked.headers_mut().append(name.clone(), value.clone());
        }
        let got = send(api, asked).await;
        let (status, uri) = (got.status.as_u16(), &request.uri);
        assert!(
            [200, 400, 403, 404, 422].contains(&status),
            "{status} {uri}"
        );
        truth.hold(route, uri, &got);
        assert!(
            status == 200 || got.text.len() < 1024,
            "{uri}: {}",
            got.text
        );
        assert!(token == ALL || !got.text.contains(CANARY), "{uri}");
    }
}

/// A request that holds something bad.
struct Bad {
    uri: String,
    header: Option<(http::HeaderName, http::HeaderValue)>,
}

impl Bad {
    fn uri(uri: String) -> Self {
        Self { uri, header: None }
    }
}

#[tokio::test]
async fn every_parameter_of_every_route_bears_every_bad_value() {
    let api = strict();
    let mut truth = Truth::of(&api).await;
    let document = document(&api, ALL).await;
    let mut asked = 0;
    for format in served() {
        for route in &format.routes {
            let path = format.paths(route, crate::testing::sample::id(1)).remove(0);
            for name in parameters(&document, route.template()) {
                for value in bad_values() {
                    for query in [
                        format!("{name}={value}"),
                        format!("{name}={value}&{name}=1"),
                        format!("{name}[]={value}"),
                        format!("{name}[x][y]={value}"),
                    ] {
                        let bad = Bad::uri(format!("{path}?{query}"));
                        bears(&api, &mut truth, &format, route, bad).await;
                        asked += 1;
                    }
                }
                for query in [
                    name.clone(),
                    format!("{name}&{name}"),
                    format!("=&{name}=="),
                ] {
                    let bad = Bad::uri(format!("{path}?{query}"));
                    bears(&api, &mut truth, &format, route, bad).await;
                }
                let misspelt = format!("{path}?{name}x=1");
                let got = format.get(&api, ALL, &misspelt).await;
                assert_eq!(got.status, 400, "{misspelt}");
            }
        }
    }
    assert!(asked > 5000, "the document names the parameters: {asked}");
}

#[tokio::test]
async fn every_path_and_header_of_every_route_bears_every_bad_value() {
    let api = strict();
    let mut truth = Truth::of(&api).await;
    let document = document(&api, ALL).await;
    let segment = |value: &String| !value.is_empty() && !value.contains(['/', '{', '}', '[', ']']);
    for format in served() {
        for route in &format.routes {
            let path = format.paths(route, crate::testing::sample::id(1)).remove(0);
            let (start, _) = path.rsplit_once('/').unwrap();
            if route.operation() == Operation::Retrieve {
                for value in bad_values().into_iter().filter(segment) {
                    // Some of them are request ids of samples, and so are found.
                    let bad = Bad::uri(format!("{start}/{value}"));
                    bears(&api, &mut truth, &format, route, bad).await;
                }
            }
            let described = document["paths"][route.template()]["get"]["parameters"].as_array();
            let headers = described
                .into_iter()
                .flatten()
                .filter(|it| it["in"] == "header");
            let names = headers.map(|it| it["name"].as_str().unwrap().to_owned());
            let always = ["Accept", "If-None-Match", "Key-Inflection", "Range"].map(str::to_owned);
            for name in names.chain(always) {
                for value in [
                    &b""[..],
                    b" ",
                    b"\xff\xfe",
                    b"*/*;q=\"",
                    b"\"",
                    b"W/",
                    b"a,b",
                    &[b'a'; 5000],
                ] {
                    let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
                    let value = http::HeaderValue::from_bytes(value).unwrap();
                    let bad = Bad {
                        uri: path.clone(),
                        header: Some((name, value)),
                    };
                    bears(&api, &mut truth, &format, route, bad).await;
                }
            }
        }
    }
}
