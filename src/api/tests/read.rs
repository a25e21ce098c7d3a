use http_body::Body;

use super::*;
use crate::format::{
    Export, ExportWriter, Listing, Operation, Question, Refusal, Reply, Route, WireFormat,
};

/// A format of one export, a line for each entry.
struct Lines;

impl WireFormat for Lines {
    fn routes(&self) -> Vec<Route> {
        vec![Route::new("/lines", Operation::Export)]
    }

    fn ask(&self, _: &crate::format::Request<'_>) -> Result<Question, Refusal> {
        Ok(Question::Export(Export::new(Filter::default(), 1000)))
    }

    fn page(
        &self,
        _: &crate::format::Request<'_>,
        _: &Listing,
        _: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::NoRoute)
    }

    fn entry(&self, _: &crate::format::Request<'_>, _: &LogEntry) -> Result<Reply, Refusal> {
        Err(Refusal::NoRoute)
    }

    fn export(
        &self,
        _: &crate::format::Request<'_>,
        _: &Export,
    ) -> Result<Box<dyn ExportWriter>, Refusal> {
        Ok(Box::new(Line))
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        Reply::json(refusal.status(), "no")
    }
}

struct Line;

impl ExportWriter for Line {
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend(b"begin\n");
    }

    fn entry(&mut self, entry: &LogEntry, out: &mut Vec<u8>) {
        out.extend(format!("{}\n", entry.id).bytes());
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend(b"end\n");
    }
}

/// What was told, in short.
type Told = Arc<Mutex<Vec<(u16, u64, Option<EntryId>, bool)>>>;

fn telling(store: SpyStore) -> (LogApi, Told) {
    let told = Told::default();
    let sees = told.clone();
    let api = builder(store).format(Native).format(Lines);
    let api = api.on_read(move |read| {
        let seen = (
            read.status.as_u16(),
            read.entries,
            read.entry,
            read.complete,
        );
        sees.lock().unwrap().push(seen);
    });
    (api.build().unwrap(), told)
}

fn take(told: &Told) -> Vec<(u16, u64, Option<EntryId>, bool)> {
    std::mem::take(&mut told.lock().unwrap())
}

/// More entries than the store is asked for at a time.
fn many() -> Vec<LogEntry> {
    (0..150).map(|number| exchange(number, |_, _| {})).collect()
}

#[tokio::test]
async fn readings_and_attempts_are_told_once_each_with_what_was_shown() {
    let (api, told) = telling(SpyStore::new(many()));
    let one = format!("/api-log/v1/entries/{}", id(7));
    let unknown = format!("/api-log/v1/entries/{}", id(200));
    for (token, uri, wanted) in [
        (ALL, "/api-log/v1/entries?limit=20", (200, 20, None, true)),
        (A, "/api-log/v1/entries", (200, 0, None, true)),
        (ALL, &one, (200, 1, Some(id(7)), true)),
        (A, &one, (404, 0, None, true)),
        (ALL, &unknown, (404, 0, None, true)),
        (ALL, "/api-log/v1/entries?wrong=1", (400, 0, None, true)),
        ("", "/api-log/v1/entries", (401, 0, None, true)),
        ("nobody's-own-token", &one, (401, 0, None, true)),
        (ALL, "/lines", (200, 150, None, true)),
        ("", "/lines", (401, 0, None, true)),
    ] {
        assert_eq!(get_as(&api, token, uri).await.status, wanted.0, "{uri}");
        assert_eq!(take(&told), [wanted], "{uri}");
    }
    get(&api, "/nowhere").await;
    assert!(
        take(&told).is_empty(),
        "a path without a route reads nothing"
    );

    let (api, told) = telling(SpyStore::failing(ErrorKind::Unavailable));
    get(&api, "/api-log/v1/entries").await;
    assert_eq!(take(&told), [(503, 0, None, true)]);
}

#[tokio::test]
async fn reading_tells_who_asked_for_what() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sees = told.clone();
    let reader = Reader::new(Scope::organisation("org_a").unwrap()).id("jane");
    let api = LogApi::new(SpyStore::new(Vec::new()))
        .access(BearerTokens::new([(A, reader.clone())]).unwrap())
        .format(Native)
        .clock(ManualClock::new(at(60)))
        .on_read(move |read| {
            let printed = format!("{read:?}");
            assert!(!printed.contains(A) && !printed.contains("actor"));
            let seen = (
                read.reader.as_ref().and_then(|it| it.id.clone()),
                read.reader.as_ref().map(|it| it.scope.clone()),
                read.route.clone(),
                read.request.uri.to_string(),
                (read.at, read.id.to_string()),
            );
            sees.lock().unwrap().push(seen);
        })
        .build()
        .unwrap();
    let uri = "/api-log/v1/entries?wrong=actor";
    let got = get_as(&api, A, uri).await;
    let (id, scope, route, asked, at_and_id) = told.lock().unwrap().pop().unwrap();
    assert_eq!(id.as_deref(), Some("jane"));
    assert_eq!(scope, Some(reader.scope));
    assert_eq!(route, Route::new("/api-log/v1/entries", Operation::List));
    assert_eq!(asked, uri);
    let request_id = got.json()["request_id"].as_str().unwrap().to_owned();
    assert_eq!(at_and_id, (at(60), request_id));
}

#[tokio::test]
async fn export_is_told_when_it_ends_and_when_it_is_cut_off() {
    let ask = async |api: &LogApi| {
        let request = Request::builder()
            .uri("/lines")
            .header("authorization", format!("Bearer {ALL}"));
        api.clone()
            .oneshot(request.body(()).unwrap())
            .await
            .unwrap()
    };
    let (api, told) = telling(SpyStore::new(many()));
    let response = ask(&api).await;
    assert!(take(&told).is_empty(), "nothing is told before the end");
    drop(response);
    assert_eq!(take(&told), [(200, 0, None, false)]);

    let mut body = ask(&api).await.into_body();
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
    }
    drop(body);
    assert_eq!(take(&told), [(200, 100, None, false)]);

    let mut body = ask(&api).await.into_body();
    while !body.is_end_stream() {
        body.frame().await.unwrap().unwrap();
    }
    assert_eq!(take(&told), [(200, 150, None, true)]);
    drop(body);
    assert!(take(&told).is_empty(), "an export is told once");

    let (api, told) = telling(SpyStore::failing(ErrorKind::Unavailable));
    assert!(ask(&api).await.into_body().collect().await.is_err());
    assert_eq!(take(&told), [(200, 0, None, false)]);
}

#[tokio::test]
async fn panic_of_the_function_that_is_told_harms_no_answer() {
    let api = builder(SpyStore::new(many())).format(Native).format(Lines);
    let api = api.on_read(|_| panic!("the application's own fault"));
    let api = api.build().unwrap();
    for uri in ["/api-log/v1/entries", "/lines"] {
        assert_eq!(get(&api, uri).await.status, 200, "{uri}");
        assert_eq!(get_as(&api, "", uri).await.status, 401, "{uri}");
    }
    assert!(get(&api, "/lines").await.text.ends_with("end\n"));
}
