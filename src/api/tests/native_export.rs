//! `Native`'s exports: what the files hold, that they are whole or broken off, and how little is held on the way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::native::{full, full_event};
use super::*;
use crate::entry::CutReason;
use crate::testing::sample;

const NDJSON: &str = "/api-log/v1/export.ndjson";
const CSV: &str = "/api-log/v1/export.csv";
const HAR: &str = "/api-log/v1/export.har";
const EXPORTS: [&str; 3] = [NDJSON, CSV, HAR];

fn samples() -> Vec<LogEntry> {
    let unanswered = exchange(3, |exchange, context| {
        exchange.response = None;
        exchange.timing.to_headers_micros = None;
        exchange.outcome = Outcome::LeftBeforeResponse;
        exchange.request.query = Some("q==1+1&q=%3D2".into());
        context.user_agent = Some("=cmd|' /C calc'!A0".into());
    });
    vec![full(), full_event(), unanswered]
}

fn ids(text: &str) -> Vec<String> {
    let documents = text.lines().map(serde_json::from_str::<Value>);
    let ids = documents.map(|document| document.unwrap()["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn ndjson_has_the_documents_of_the_list_one_a_line() {
    let api = native(samples());
    for query in ["", "view=full", "view=summary", "kind=event", "status=201"] {
        let list = get(&api, &format!("/api-log/v1/entries?{query}"))
            .await
            .ok();
        let file = get(&api, &format!("{NDJSON}?{query}")).await;
        assert_eq!(
            file.header("content-type"),
            "application/x-ndjson; charset=utf-8"
        );
        let disposition = "attachment; filename=\"api-log.ndjson\"";
        assert_eq!(file.header("content-disposition"), disposition);
        assert_eq!(file.header("cache-control"), "no-store");
        let lines = file.text.lines().map(serde_json::from_str);
        let lines: Result<Vec<Value>, _> = lines.collect();
        assert_eq!(Value::Array(lines.unwrap()), list["entries"], "{query}");
        assert!(file.text.ends_with('\n'));
    }
    let file = get(&api, NDJSON).await.text;
    assert_eq!(
        file,
        include_str!("../../format/golden/native_export.ndjson")
    );
}

#[tokio::test]
async fn body_of_several_lines_stays_on_one() {
    let pretty = "{\r\n  \"a\": \"b\\nc\",\n  \"d\": [\n1,\r2]\n}\n";
    let api = native(vec![exchange(1, |exchange, _| {
        exchange.response_body = whole(pretty);
    })]);
    let file = get(&api, NDJSON).await.text;
    assert_eq!(file.lines().count(), 1);
    assert!(!file.contains('\r'));
    let body = &serde_json::from_str::<Value>(&file).unwrap()["response"]["body"];
    assert_eq!(body["text"], pretty);
    let wanted = serde_json::json!({ "a": "b\nc", "d": [1, 2] });
    assert_eq!(body["json"], wanted);
}

#[tokio::test]
async fn csv_has_a_row_an_entry_and_no_formula() {
    let file = get(&native(samples()), CSV).await;
    let content_type = "text/csv; charset=utf-8; header=present";
    assert_eq!(file.header("content-type"), content_type);
    let disposition = "attachment; filename=\"api-log.csv\"";
    assert_eq!(file.header("content-disposition"), disposition);
    let golden = include_str!("../../format/golden/native_export.csv");
    assert_eq!(file.text, golden.replace('\n', "\r\n"));
    let rows = csv::Reader::from_reader(file.text.as_bytes()).into_records();
    let agents = rows.map(|row| row.unwrap()[34].to_owned());
    assert_eq!(
        agents.collect::<Vec<_>>(),
        ["'=cmd|' /C calc'!A0", "", "curl/8"]
    );
}

#[tokio::test]
async fn har_has_the_exchanges_alone() {
    let file = get(&native(samples()), HAR).await;
    assert_eq!(
        file.header("content-type"),
        "application/json; charset=utf-8"
    );
    let disposition = "attachment; filename=\"api-log.har\"";
    assert_eq!(file.header("content-disposition"), disposition);
    let golden = include_str!("../../format/golden/native_export.har");
    let golden = golden.replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(file.text, golden);
    assert_eq!(strict_har(&file.json()), 2);
    let none = get(&native(vec![event(1)]), HAR).await;
    assert_eq!(strict_har(&none.json()), 0);
}

type Is = fn(&Value) -> bool;

/// Reads a HAR document as strictly as the standard is written, and counts its entries.
#[track_caller]
fn strict_har(har: &Value) -> usize {
    #[track_caller]
    fn has(object: &Value, members: &[(&str, Is)], optional: &[&str]) {
        let known = object.as_object().unwrap();
        for (name, is) in members {
            assert!(known.get(*name).is_some_and(is), "{name}: {object}");
        }
        for name in known.keys() {
            let is_known = members.iter().any(|(known, _)| known == name);
            assert!(
                is_known || optional.contains(&&**name) || name.starts_with('_'),
                "{name}"
            );
        }
    }
    #[track_caller]
    fn pairs(list: &Value) {
        for pair in list.as_array().unwrap() {
            has(
                pair,
                &[("name", Value::is_string), ("value", Value::is_string)],
                &[],
            );
        }
    }
    let log = &har["log"];
    let (text, list, object) = (Value::is_string, Value::is_array, Value::is_object);
    let size = |value: &Value| value.as_i64().is_some_and(|it| it >= -1);
    let millis = |value: &Value| value.as_f64().is_some_and(|it| it >= 0.0);
    has(har, &[("log", object)], &[]);
    has(
        log,
        &[
            ("version", |it| it == "1.2"),
            ("creator", object),
            ("entries", list),
        ],
        &[],
    );
    has(&log["creator"], &[("name", text), ("version", text)], &[]);
    let entries = log["entries"].as_array().unwrap();
    for entry in entries {
        let at = |it: &Value| {
            it.as_str()
                .is_some_and(|it| it.parse::<Timestamp>().is_ok())
        };
        let members: [(&str, Is); 6] = [
            ("startedDateTime", at),
            ("time", millis),
            ("request", object),
            ("response", object),
            ("cache", object),
            ("timings", object),
        ];
        has(entry, &members, &[]);
        let (request, response) = (&entry["request"], &entry["response"]);
        let absolute = |it: &Value| {
            let uri = it.as_str().and_then(|it| it.parse::<http::Uri>().ok());
            uri.is_some_and(|uri| uri.scheme().is_some() && uri.host().is_some())
        };
        let members: [(&str, Is); 8] = [
            ("method", text),
            ("url", absolute),
            ("httpVersion", text),
            ("cookies", list),
            ("headers", list),
            ("queryString", list),
            ("headersSize", size),
            ("bodySize", size),
        ];
        has(request, &members, &["postData"]);
        let members: [(&str, Is); 9] = [
            ("status", Value::is_u64),
            ("statusText", text),
            ("httpVersion", text),
            ("cookies", list),
            ("headers", list),
            ("content", object),
            ("redirectURL", text),
            ("headersSize", size),
            ("bodySize", size),
        ];
        has(response, &members, &[]);
        has(
            &response["content"],
            &[("size", size), ("mimeType", text)],
            &["compression", "text", "comment"],
        );
        for list in [
            &request["cookies"],
            &request["headers"],
            &request["queryString"],
        ] {
            pairs(list);
        }
        pairs(&response["cookies"]);
        pairs(&response["headers"]);
        if let Some(posted) = request.get("postData") {
            has(
                posted,
                &[("mimeType", text), ("text", text), ("params", list)],
                &["comment"],
            );
            pairs(&posted["params"]);
        }
        let timings = &entry["timings"];
        has(
            timings,
            &[("send", millis), ("wait", millis), ("receive", millis)],
            &[],
        );
        let spans = ["send", "wait", "receive"].map(|name| timings[name].as_f64().unwrap());
        let (sum, time) = (spans.iter().sum::<f64>(), entry["time"].as_f64().unwrap());
        assert!((sum - time).abs() <= time * 1e-12, "{sum} {time}");
    }
    entries.len()
}

async fn har_of(change: impl FnOnce(&mut Exchange)) -> Value {
    let entry = exchange(1, |exchange, _| change(exchange));
    let har = get(&native(vec![entry]), HAR).await.ok();
    assert_eq!(strict_har(&har), 1);
    har["log"]["entries"][0].clone()
}

#[tokio::test]
async fn har_url_is_absolute_and_holds_what_a_uri_can() {
    let record = |scheme: Option<&str>,
                  authority: Option<&str>,
                  path: &str,
                  query: Option<&str>| RequestRecord {
        scheme: scheme.map(str::to_owned),
        authority: authority.map(str::to_owned),
        path: path.into(),
        query: query.map(str::to_owned),
        ..RequestRecord::default()
    };
    for (request, url) in [
        (
            record(Some("https"), Some("[::1]:80"), "/a%20b", None),
            "https://[::1]:80/a%20b",
        ),
        (
            record(None, None, "*", Some("")),
            "http://unknown.invalid/*?",
        ),
        (
            record(Some("no scheme"), Some(""), "", None),
            "http://unknown.invalid/",
        ),
        (
            record(
                None,
                Some("h"),
                "/a?b#c[d]",
                Some("f[a]=b&é=%zz%4#\"<>\\^`{|}"),
            ),
            "http://h/a%3Fb%23c%5Bd%5D?f%5Ba%5D=b&%C3%A9=%25zz%254%23%22%3C%3E%5C%5E%60%7B%7C%7D",
        ),
        (
            record(Some(""), Some("me:pass@h:8080"), "/", None),
            "http://h:8080/",
        ),
        (
            record(None, Some("[a-z]*"), "/", None),
            "http://unknown.invalid/",
        ),
        (
            record(None, Some(":id"), "/", None),
            "http://unknown.invalid/",
        ),
        (
            record(None, Some("a/b?c#d"), "/", None),
            "http://unknown.invalid/",
        ),
    ] {
        let har = har_of(|exchange| exchange.request = request).await;
        assert_eq!(har["request"]["url"], url);
        assert_eq!(har["request"]["httpVersion"], "unknown");
    }
}

#[tokio::test]
async fn har_bodies_are_texts_forms_or_a_comment() {
    let form = har_of(|exchange| {
        exchange.request.headers = Headers::from_iter([
            (
                "Content-Type",
                "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            ),
            ("cookie", "a=1; b=2=3; c; d="),
            ("cookie", "e=5"),
        ]);
        exchange.request_body = whole("a=1+2&b=%26&c");
        if let Some(response) = &mut exchange.response {
            response.status = 302;
            response.headers = Headers::from_iter([
                ("location", "/next"),
                ("set-cookie", "sid=x; Path=/; HttpOnly"),
                ("set-cookie", "t=y"),
            ]);
        }
        exchange.response_body = BodyRecord::Truncated {
            reason: CutReason::Unfinished,
            text: "<p>".into(),
            bytes_seen: 10,
        };
    });
    let form = form.await;
    let pair = |name: &str, value: &str| serde_json::json!({ "name": name, "value": value });
    let posted = &form["request"]["postData"];
    assert_eq!(posted["text"], "a=1+2&b=%26&c");
    assert_eq!(
        posted["params"],
        Value::from(vec![pair("a", "1 2"), pair("b", "&"), pair("c", "")])
    );
    let cookies = vec![
        pair("a", "1"),
        pair("b", "2=3"),
        pair("d", ""),
        pair("e", "5"),
    ];
    assert_eq!(form["request"]["cookies"], Value::from(cookies));
    let response = &form["response"];
    assert_eq!(response["statusText"], "Found");
    assert_eq!(response["redirectURL"], "/next");
    assert_eq!(
        response["cookies"],
        Value::from(vec![pair("sid", "x"), pair("t", "y")])
    );
    assert_eq!(
        response["content"],
        serde_json::json!({ "size": 10, "mimeType": "x-unknown", "text": "<p>", "comment": "truncated: unfinished" })
    );
    let coded = har_of(|exchange| {
        exchange.response_body = whole("[1,1,1,1]");
        exchange.response_decoded_bytes = Some(90);
    });
    let coded = &coded.await["response"];
    assert_eq!(coded["bodySize"], 9);
    assert_eq!(
        [&coded["content"]["size"], &coded["content"]["compression"]],
        [90, 81]
    );
    let withheld = har_of(|exchange| {
        exchange.request_body = BodyRecord::Withheld {
            reason: crate::entry::WithheldReason::Malformed,
            bytes_seen: 9,
            keyed_hash: "ab".into(),
        };
    });
    let withheld = withheld.await;
    assert_eq!(
        withheld["request"]["postData"],
        serde_json::json!({ "mimeType": "x-unknown", "text": "", "params": [], "comment": "withheld: malformed" })
    );
    assert_eq!(withheld["request"]["bodySize"], 9);
}

#[tokio::test]
async fn har_times_are_milliseconds_and_never_negative() {
    for (to_headers, to_end, wait, receive) in [
        (Some(1200), 1500, 1.2, 0.3),
        (None, 7, 0.007, 0.0),
        (Some(10), 4, 0.01, 0.0),
        (Some(0), u64::MAX, 0.0, u64::MAX as f64 / 1000.0),
    ] {
        let har = har_of(|exchange| {
            exchange.timing.to_headers_micros = to_headers;
            exchange.timing.to_last_byte_micros = to_end;
        });
        let timings = har.await["timings"].clone();
        assert_eq!(timings["wait"], wait);
        assert_eq!(timings["receive"], receive);
    }
}

#[tokio::test]
async fn whatever_was_logged_every_file_stays_one_that_can_be_read() {
    let hostile = (1..)
        .zip(sample::HOSTILE)
        .map(|(number, text)| sample::everywhere(number, text));
    let first = 1 + sample::HOSTILE.len() as u32;
    let entries: Vec<LogEntry> = hostile.chain(sample::variants(first)).collect();
    let exchanges = entries
        .iter()
        .filter(|entry| entry.exchange().is_some())
        .count();
    let api = native(entries.clone());

    let file = get(&api, NDJSON).await.text;
    assert_eq!(ids(&file).len(), entries.len());
    let markup = |c: char| "<>&\u{2028}\u{2029}".contains(c) || (c < ' ' && c != '\n');
    assert!(!file.contains(markup));

    let file = get(&api, CSV).await.text;
    let rows: Result<Vec<_>, _> = csv::Reader::from_reader(file.as_bytes())
        .into_records()
        .collect();
    assert_eq!(rows.unwrap().len(), entries.len());

    let file = get(&api, HAR).await;
    assert_eq!(strict_har(&file.json()), exchanges);
}

#[tokio::test]
async fn export_goes_through_all_pages_and_on_from_where_its_limit_was() {
    let entries: Vec<LogEntry> = (0..250).map(sample::plain).collect();
    let newest_first: Vec<String> = entries
        .iter()
        .rev()
        .map(|entry| entry.id.to_string())
        .collect();
    let store = SpyStore::new(entries);
    let api = builder(store.clone()).format(Native).build().unwrap();
    let all = get(&api, NDJSON).await.text;
    assert_eq!(ids(&all), newest_first);
    assert_eq!(
        store.asked.lock().unwrap().len(),
        3,
        "a hundred entries at a time"
    );

    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map(|id| format!("&after={id}"));
        let uri = format!("{NDJSON}?limit=120{}", after.unwrap_or_default());
        let part = ids(&get(&api, &uri).await.text);
        seen.extend_from_slice(&part);
        if part.len() < 120 {
            break;
        }
    }
    assert_eq!(seen, newest_first);
    let har = get(&api, &format!("{HAR}?limit=1000000")).await.ok();
    assert_eq!(strict_har(&har), 250);
}

#[tokio::test]
async fn head_of_an_export_has_its_fields_and_reads_nothing() {
    let store = SpyStore::new(samples());
    let api = builder(store.clone()).format(Native).build().unwrap();
    for export in EXPORTS {
        let request = Request::builder()
            .method(Method::HEAD)
            .uri(export)
            .header("authorization", format!("Bearer {ALL}"));
        let got = send(&api, request.body(()).unwrap()).await;
        assert_eq!(got.status, 200);
        assert!(
            got.header("content-disposition")
                .starts_with("attachment; ")
        );
        assert!(got.text.is_empty());
    }
    assert!(store.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn no_export_shows_a_foreign_entry() {
    let entries = (1..=9).map(|number| {
        exchange(number, |exchange, context| {
            let owner = ["org_a", "org_b", ""][usize::from(number) % 3];
            context.organisation = (!owner.is_empty()).then(|| owner.to_owned());
            exchange.response_body = whole("needle");
        })
    });
    let api = native(entries.collect());
    let newest = id(9);
    for export in EXPORTS {
        for query in [
            String::new(),
            "organisation=org_a&organisation=org_b".into(),
            "search=needle".into(),
            "limit=1000000&path=*".into(),
            format!("after={newest}"),
        ] {
            let uri = format!("{export}?{query}");
            for (token, remainder) in [(A, 0), (B, 1)] {
                let text = get_as(&api, token, &uri).await.text;
                let shown: Vec<u8> = (1..=9)
                    .filter(|it| text.contains(&id(*it).to_string()))
                    .collect();
                let own: Vec<u8> = (1..9).filter(|it| it % 3 == remainder).collect();
                let own_with_newest: Vec<u8> = (1..=9).filter(|it| it % 3 == remainder).collect();
                let wanted = if query.starts_with("after") {
                    own
                } else {
                    own_with_newest
                };
                assert_eq!(shown, wanted, "{uri}");
            }
            let got = get_as(&api, "", &uri).await;
            assert_eq!(got.status, 401, "{uri}");
            assert_eq!(got.header("content-disposition"), "");
        }
    }
    let foreign = get_as(&api, A, &format!("{NDJSON}?organisation=org_b")).await;
    assert_eq!((foreign.status.as_u16(), &*foreign.text), (200, ""));
}

/// A store that makes its entries as they are asked for, and counts them.
#[derive(Clone)]
struct Making {
    entries: u32,
    /// After how many entries it fails.
    fails_after: u32,
    made: Arc<AtomicU32>,
}

impl Making {
    const BODY_BYTES: usize = 16 * 1024;

    fn new(entries: u32) -> Self {
        Self {
            entries,
            fails_after: u32::MAX,
            made: Arc::default(),
        }
    }

    fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    fn api(&self) -> LogApi {
        let tokens = BearerTokens::new([(ALL, Scope::all())]).unwrap();
        let api = LogApi::new(self.clone()).access(tokens).format(Native);
        api.build().unwrap()
    }

    async fn export(&self, uri: &str) -> ApiBody {
        let request = Request::builder().uri(uri);
        let request = request.header("authorization", format!("Bearer {ALL}"));
        let response = self.api().oneshot(request.body(()).unwrap());
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body()
    }
}

#[async_trait]
impl LogStore for Making {
    async fn get(&self, _: &Scope, _: EntryId) -> Result<Option<LogEntry>, Error> {
        Ok(None)
    }

    async fn list(&self, query: &LogQuery) -> Result<Page, Error> {
        let from = self.made();
        let newest = self.entries - from;
        let wanted = match from {
            0 => Position::First,
            _ => Position::After(sample::id(newest + 1)),
        };
        assert_eq!(query.position, wanted);
        if from >= self.fails_after {
            return Err(Error::new(ErrorKind::Unavailable, "gone"));
        }
        let count = query.limit.min(newest);
        self.made.fetch_add(count, Ordering::Relaxed);
        let entries = (0..count).map(|it| {
            let mut entry = sample::plain(newest - it);
            if let EntryKind::Exchange(exchange) = &mut entry.kind {
                exchange.response_body = whole(&"x".repeat(Self::BODY_BYTES));
            }
            entry
        });
        Ok(Page::new(entries.collect(), count < newest, from > 0))
    }

    async fn count(&self, _: &Scope, _: &Filter) -> Result<u64, Error> {
        Ok(self.entries.into())
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, Error> {
        unimplemented!("{query:?}")
    }
}

#[tokio::test]
async fn export_holds_no_more_than_a_page_however_long_it_is() {
    let store = Making::new(2_000);
    let mut body = store.export(&format!("{NDJSON}?limit=1000000")).await;
    assert_eq!(store.made(), 0, "nothing is asked before the reader reads");
    let (mut read, mut longest) = (0, 0);
    while let Some(frame) = body.frame().await {
        let bytes = frame.unwrap().into_data().unwrap();
        assert!(
            store.made() - read <= 100,
            "what is held when a frame is given"
        );
        read += bytes.iter().filter(|&&byte| byte == b'\n').count() as u32;
        longest = longest.max(bytes.len());
    }
    assert_eq!(read, 2_000);
    assert!(
        longest < 256 * 1024 + 2 * Making::BODY_BYTES + 2048,
        "{longest}"
    );
}

#[tokio::test]
async fn export_without_a_limit_holds_everything_or_is_refused() {
    for export in EXPORTS {
        let of = |entries| Making::new(entries).api();
        let refused = get(&of(1_000_001), export).await;
        assert_eq!(refused.status, 400, "{export}");
        assert!(refused.text.contains("more than 1000000 entries"));
        assert_eq!(get(&of(250), export).await.status, 200, "{export}");
        let newest = get(&of(1_000_001), &format!("{export}?limit=1")).await;
        assert_eq!(newest.status, 200, "{export}");
    }
}

#[tokio::test]
async fn export_that_nobody_reads_asks_for_nothing() {
    let store = Making::new(1000);
    let mut body = store.export(HAR).await;
    body.frame().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(store.made(), 0, "the head of the file needs no entry");
    drop(body);
    assert_eq!(store.made(), 0);
}

#[tokio::test]
async fn store_that_fails_in_the_middle_breaks_the_export_off() {
    for export in EXPORTS {
        for fails_after in [0, 100, 200] {
            let store = Making {
                fails_after,
                ..Making::new(250)
            };
            let mut body = store.export(export).await;
            let (mut text, mut error) = (String::new(), None);
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => {
                        assert!(error.is_none(), "nothing follows the error");
                        let bytes = frame.into_data().unwrap();
                        text.push_str(std::str::from_utf8(&bytes).unwrap());
                    }
                    Err(failure) => error = Some(failure.kind()),
                }
            }
            assert_eq!(error, Some(ErrorKind::Unavailable), "{export}");
            assert_eq!(store.made(), fails_after, "{export}");
            assert!(!text.ends_with("\n]}}\n"), "the end is not written");
        }
    }
}

#[tokio::test]
async fn frame_of_an_export_is_no_longer_than_an_entry_and_a_bound() {
    let markup = format!("\"{}\"", "<".repeat(64 * 1024));
    let entries = (1..=6).map(|number| {
        exchange(number, |exchange, _| {
            (exchange.request_body, exchange.response_body) = (whole(&markup), whole(&markup));
        })
    });
    let api = native(entries.collect());
    let request =
        Request::get("/api-log/v1/export.ndjson").header("authorization", format!("Bearer {ALL}"));
    let response = api.oneshot(request.body(()).unwrap()).await.unwrap();
    let (mut body, mut longest, mut lines) = (response.into_body(), 0, 0);
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        longest = longest.max(data.len());
        lines += data.iter().filter(|&&byte| byte == b'\n').count();
    }
    assert_eq!(lines, 6);
    assert!(longest < 2_000_000, "{longest}");
}
