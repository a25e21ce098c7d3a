use std::time::Duration;

use super::*;
use crate::testing::sample;

const TAIL: &str = "/api-log/v1/tail";

/// A store that is written to while it is followed, and what it was asked.
struct Followed {
    store: SpyStore,
    clock: Arc<ManualClock>,
    api: LogApi,
    told: Arc<Mutex<Vec<(u64, bool)>>>,
}

/// The number of the next entry; its time goes with the clock.
fn stored(clock: &ManualClock, number: u32, change: impl FnOnce(&mut LogEntry)) -> LogEntry {
    let mut entry = sample::exchange(number);
    let mut bytes = *EntryId::first_at(clock.now()).as_bytes();
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    entry.id = EntryId::from_bytes(bytes);
    entry.created_at = clock.now();
    entry.context = Context::default();
    if let EntryKind::Exchange(it) = &mut entry.kind {
        it.timing.to_last_byte_micros = 1500;
    }
    change(&mut entry);
    entry
}

impl Followed {
    fn new() -> Self {
        Self::with(|api| api)
    }

    fn with(change: impl FnOnce(Builder<Box<dyn Access>>) -> Builder<Box<dyn Access>>) -> Self {
        let clock = Arc::new(ManualClock::new(at(60)));
        let store = SpyStore::new(Vec::new());
        let told = Arc::<Mutex<Vec<_>>>::default();
        let sees = told.clone();
        let api = builder(store.clone()).clock(clock.clone()).format(Native);
        let api = api.on_read(move |read| {
            sees.lock().unwrap().push((read.entries, read.complete));
        });
        let api = change(api).build().unwrap();
        Self {
            store,
            clock,
            api,
            told,
        }
    }

    /// Stores entries that begin now, and returns their ids.
    async fn write(&self, numbers: std::ops::Range<u32>) -> Vec<String> {
        let entries = numbers.map(|number| {
            stored(&self.clock, number, |entry| {
                sample::change(entry, |exchange| exchange.response_body = whole("an eel"));
            })
        });
        self.write_all(entries.collect()).await
    }

    async fn write_all(&self, entries: Vec<LogEntry>) -> Vec<String> {
        self.store.entries.write(&entries).await.unwrap();
        entries.iter().map(|entry| entry.id.to_string()).collect()
    }

    async fn open(&self, token: &str, query: &str, last: Option<&str>) -> Stream {
        let mut stream = self.begin(token, query, last).await;
        if last.is_none() {
            assert_eq!(stream.frame().await.unwrap(), ": keep-alive\n\n");
        }
        stream
    }

    async fn begin(&self, token: &str, query: &str, last: Option<&str>) -> Stream {
        let mut request = Request::builder().uri(format!("{TAIL}?{query}"));
        request = request.header("authorization", format!("Bearer {token}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(()).unwrap();
        let response = self.api.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Stream {
            clock: self.clock.clone(),
            body: response.into_body(),
        }
    }

    fn asked(&self) -> usize {
        self.store.asked.lock().unwrap().len()
    }
}

struct Stream {
    clock: Arc<ManualClock>,
    body: ApiBody,
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Event {
    fn ids(&self) -> Vec<String> {
        let entries = self.data["entries"].as_array().unwrap().iter();
        entries
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Stream {
    async fn frame(&mut self) -> Option<String> {
        let frame = self.body.frame().await?;
        let data = frame.unwrap().into_data().unwrap();
        Some(String::from_utf8(data.to_vec()).unwrap())
    }

    /// Returns the next event; `None` where there is none for some seconds.
    async fn event(&mut self) -> Option<Event> {
        for _ in 0..7 {
            let frame = match tokio::time::timeout(Duration::from_secs(1), self.frame()).await {
                Ok(frame) => frame?,
                Err(_) => {
                    self.clock.advance(Duration::from_secs(1));
                    continue;
                }
            };
            let mut event = Event::default();
            for line in frame.lines() {
                match line.split_once(": ") {
                    Some(("event", name)) => event.name = name.into(),
                    Some(("id", id)) => event.id = id.into(),
                    Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                    _ => {}
                }
            }
            assert!(frame.ends_with("\n\n"));
            if !event.name.is_empty() {
                return Some(event);
            }
        }
        None
    }
}

#[tokio::test(start_paused = true)]
async fn entries_that_come_are_told_once_the_oldest_first() {
    let it = Followed::new();
    it.write(0..3).await;
    let mut stream = it.open(ALL, "", None).await;
    assert_eq!(stream.event().await, None, "what was there is no news");
    let first = it.write(3..6).await;
    let event = stream.event().await.unwrap();
    assert_eq!((&*event.name, event.ids()), ("entries", first.clone()));
    assert_eq!(
        (&event.id, &event.data["more"]),
        (&first[2], &Value::from(0))
    );
    let entry = &event.data["entries"][0];
    assert!(entry["request"]["method"].is_string() && entry["request"].get("headers").is_none());
    it.clock.advance(Duration::from_secs(2));
    let second = it.write(6..7).await;
    assert_eq!(stream.event().await.unwrap().ids(), second);
    assert_eq!(stream.event().await, None);
    it.clock.advance(Duration::from_secs(300));
    assert_eq!(stream.event().await, None, "nor once more, long after");
    drop(stream);
    assert_eq!(*it.told.lock().unwrap(), [(4, true)]);
}

#[tokio::test(start_paused = true)]
async fn calls_that_took_long_are_told_behind_newer_ones() {
    let it = Followed::new();
    let slow = |number: u32, micros: u64| {
        stored(&it.clock, number, |entry| {
            sample::change(entry, |exchange| {
                exchange.timing.to_last_byte_micros = micros;
            });
        })
    };
    let (short, long) = (slow(0, 900_000), slow(1, 400_000_000));
    let mut stream = it.open(ALL, "", None).await;
    it.clock.advance(Duration::from_secs(1));
    let newer = it.write(2..4).await;
    assert_eq!(stream.event().await.unwrap().ids(), newer);
    let late = it.write_all(vec![short]).await;
    let event = stream.event().await.unwrap();
    assert_eq!(event.ids(), late);
    assert_eq!(event.id, newer[1], "the newest that was seen");
    it.clock.advance(Duration::from_secs(400));
    let late = it.write_all(vec![long]).await;
    assert_eq!(stream.event().await.unwrap().ids(), late);
    assert_eq!(stream.event().await, None);
}

#[tokio::test(start_paused = true)]
async fn tail_is_narrowed_by_filters_and_by_what_the_reader_may_see() {
    let it = Followed::new();
    let mut failed = it.open(ALL, "status=5xx", None).await;
    let mut found = it.open(ALL, "search=needle&view=full", None).await;
    let mut own = it.open(A, "", None).await;
    let entries = (0..4_u32).map(|number| {
        stored(&it.clock, number, |entry| {
            let tenant = ["org_a", "org_b"][number as usize % 2];
            entry.context.organisation = Some(tenant.into());
            sample::change(entry, |exchange| {
                exchange.response.as_mut().unwrap().status = [200, 503][number as usize / 2];
                exchange.response_body = whole(["a needle\n", "hay"][number as usize / 2]);
            });
        })
    });
    let ids = it.write_all(entries.collect()).await;
    assert_eq!(failed.event().await.unwrap().ids(), ids[2..]);
    assert_eq!(own.event().await.unwrap().ids(), [&*ids[0], &*ids[2]]);
    let event = found.event().await.unwrap();
    assert_eq!(event.ids(), ids[..2]);
    let body = &event.data["entries"][0]["response"]["body"];
    assert_eq!(body["text"], "a needle\n");
}

#[tokio::test(start_paused = true)]
async fn reader_who_comes_again_is_told_what_came_since() {
    let it = Followed::new();
    let old = it.write(0..2).await;
    it.clock.advance(Duration::from_secs(3600));
    let missed = it.write(2..152).await;
    let mut stream = it.open(ALL, "", Some(&old[0])).await;
    let mut told = stream.event().await.unwrap().ids();
    let event = stream.event().await.unwrap();
    told.extend(event.ids());
    assert_eq!(told, [&old[1..], &missed].concat());
    assert_eq!(
        (&event.id, &event.data["more"]),
        (&missed[149], &Value::from(0))
    );
    let new = it.write(152..153).await;
    assert_eq!(stream.event().await.unwrap().ids(), new);
    let mut stream = it.open(ALL, "", Some(&new[0])).await;
    assert_eq!(stream.event().await, None, "nothing was missed");
}

#[tokio::test(start_paused = true)]
async fn of_very_much_that_was_missed_the_rest_is_counted() {
    let it = Followed::new();
    let old = it.write(0..1).await;
    for second in 0..20 {
        it.clock.advance(Duration::from_secs(30));
        it.write(second * 100 + 1..second * 100 + 101).await;
    }
    let mut stream = it.open(ALL, "", Some(&old[0])).await;
    let (mut shown, mut more) = (0, 0);
    while let Some(event) = stream.event().await {
        shown += event.ids().len() as u64;
        more += event.data["more"].as_u64().unwrap();
    }
    assert_eq!(shown + more, 2000);
    assert!((1000..=1200).contains(&shown), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn more_than_can_be_shown_is_counted_and_of_a_search_nobody_knows() {
    for (step, wanted) in [(250, 50), (501, 301), (3000, 2800)] {
        let it = Followed::new();
        let mut stream = it.open(ALL, "", None).await;
        let mut searching = it.open(ALL, "search=e", None).await;
        for round in 0..3 {
            it.clock.advance(Duration::from_secs(1));
            let ids = it.write(round * step..(round + 1) * step).await;
            let event = stream.event().await.unwrap();
            assert_eq!(
                event.ids(),
                ids[step as usize - 200..],
                "the newest are shown"
            );
            assert_eq!(event.data["more"], wanted, "{step}");
            let event = searching.event().await.unwrap();
            let known = event.data["more"].as_u64();
            assert!(
                known == Some(wanted) || known.is_none() && step > 500,
                "{known:?}"
            );
        }
        assert_eq!(stream.event().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn slow_reader_is_waited_for_and_asks_nothing() {
    let it = Followed::new();
    let mut stream = it.open(ALL, "", None).await;
    let ids = it.write(0..1).await;
    assert_eq!(stream.event().await.unwrap().ids(), ids);
    let asked = it.asked();
    for round in 1..11 {
        it.clock.advance(Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(5)).await;
        it.write(round * 60..(round + 1) * 60).await;
    }
    assert_eq!(it.asked(), asked);
    let event = stream.event().await.unwrap();
    let shown = event.ids().len() as u64;
    assert_eq!(shown + event.data["more"].as_u64().unwrap(), 600);
}

#[tokio::test(start_paused = true)]
async fn quiet_tail_says_that_it_lives_and_ends_after_a_quarter_of_an_hour() {
    let it = Followed::new();
    let begun = tokio::time::Instant::now();
    let mut stream = it.open(ALL, "interval=60s", None).await;
    let mut beats = 0;
    while let Some(frame) = stream.frame().await {
        assert_eq!(frame, ": keep-alive\n\n");
        beats += 1;
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(900));
    assert_eq!(beats, 59);
    assert!(http_body::Body::is_end_stream(&stream.body));
    assert_eq!(*it.told.lock().unwrap(), [(0, true)]);
    assert!(it.asked() < 15 * 4, "{}", it.asked());
}

#[tokio::test(start_paused = true)]
async fn no_more_readers_follow_than_may_and_a_place_is_free_again() {
    let it = Followed::with(|api| api.max_tails(2));
    let first = it.open(ALL, "", None).await;
    let _second = it.open(A, "", None).await;
    let request = |method: &str| {
        let request = Request::builder().method(method).uri(TAIL);
        let request = request.header("authorization", format!("Bearer {ALL}"));
        request.body(()).unwrap()
    };
    let refused = send(&it.api, request("GET")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (503, "10")
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let head = send(&it.api, request("HEAD")).await;
    assert_eq!((head.status.as_u16(), &*head.text), (200, ""));
    drop(first);
    it.open(ALL, "", None).await;
}

#[tokio::test]
async fn head_of_a_tail_asks_nothing() {
    let it = Followed::new();
    let request = Request::builder().method("HEAD").uri(TAIL);
    let request = request.header("authorization", format!("Bearer {ALL}"));
    let got = send(&it.api, request.body(()).unwrap()).await;
    assert_eq!(
        got.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(got.header("cache-control"), "no-store");
    assert_eq!(it.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn failure_of_the_store_is_told_and_ends_the_tail() {
    for (kind, status) in [(ErrorKind::Unavailable, 503), (ErrorKind::Storage, 500)] {
        let it = Followed::new();
        let failing = SpyStore {
            failing: Some(kind),
            ..it.store.clone()
        };
        let told = it.told.clone();
        let api = builder(failing).format(Native);
        let api = api.on_read(move |read| told.lock().unwrap().push((read.entries, read.complete)));
        let it = Followed {
            api: api.build().unwrap(),
            ..it
        };
        let mut stream = it.begin(ALL, "", None).await;
        let event = stream.event().await.unwrap();
        assert_eq!(
            (&*event.name, &event.data["status"]),
            ("failed", &Value::from(status))
        );
        assert!(!event.data.to_string().contains("secret0"));
        assert_eq!(stream.frame().await, None);
        assert_eq!(*it.told.lock().unwrap(), [(0, false)]);
    }
}

#[tokio::test(start_paused = true)]
async fn ledger_is_told_when_it_changes_and_to_who_may_see_everything() {
    let count = Arc::new(Mutex::new(1));
    let told = count.clone();
    let it = Followed::with(|api| {
        api.ledger(move || serde_json::json!({ "seen": *told.lock().unwrap() }))
    });
    let mut all = it.begin(ALL, "", None).await;
    let mut own = it.begin(A, "", None).await;
    for seen in [1, 2] {
        *count.lock().unwrap() = seen;
        let event = all.event().await.unwrap();
        assert_eq!(
            (&*event.name, &event.data["seen"]),
            ("ledger", &Value::from(seen))
        );
        assert_eq!(all.event().await, None, "only when it changed");
        assert_eq!(own.event().await, None);
    }
}

#[tokio::test]
async fn wrong_parameters_of_a_tail_are_refused() {
    let it = Followed::new();
    for (query, wrong) in [
        ("interval=249ms", "interval"),
        ("interval=61s", "interval"),
        ("interval=1", "interval"),
        ("view=short", "view"),
        ("limit=1", "limit"),
        ("after=x", "after"),
        ("search=", "search"),
    ] {
        let got = get(&it.api, &format!("{TAIL}?{query}")).await;
        assert_eq!(
            (got.status, got.json()["parameter"].as_str()),
            (StatusCode::BAD_REQUEST, Some(wrong)),
            "{query}"
        );
    }
    let request = Request::builder().uri(TAIL).header("last-event-id", "7");
    let request = request.header("authorization", format!("Bearer {ALL}"));
    let got = send(&it.api, request.body(()).unwrap()).await;
    assert_eq!(got.json()["parameter"], "Last-Event-ID");
    assert_eq!(it.asked(), 0);
}
