//! The budget of captured bytes under ten thousand slow uploads, and shared by several layers.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_api_log::entry::{BodyRecord, CutReason, SkipReason};
use tower_api_log::layer::{CaptureBudget, RequestBody};
use tower_api_log::recorder::DropReason;
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLogLayer, ErrorKind};

use crate::support::{Log, post_json};

const CALLS: usize = 10_000;
const ROUNDS: usize = 20;
const CHUNK: usize = 4 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";
const BUDGET: usize = 8 * 1024 * 1024;

/// A body of which a chunk comes in each round, driven by hand.
struct Drip {
    round: Arc<AtomicUsize>,
    begun: usize,
    sent: usize,
    chunks: usize,
}

impl http_body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static FIELDS: [[u8; 4]; CHUNK / 4] = [*b"n=1&"; CHUNK / 4];
        if self.sent == self.chunks {
            return Poll::Ready(None);
        }
        let round = self.round.load(Ordering::SeqCst);
        if self.sent >= round - self.begun {
            return Poll::Pending;
        }
        self.sent += 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(
            FIELDS.as_flattened(),
        )))))
    }
}

/// Reads an upload, and answers when all have been read.
async fn upload(body: RequestBody<Drip>, round: Arc<AtomicUsize>) -> Response<Full<Bytes>> {
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
    let all_read = |_: &mut Context<'_>| match round.load(Ordering::SeqCst) > 2 * ROUNDS {
        true => Poll::Ready(()),
        false => Poll::Pending,
    };
    std::future::poll_fn(all_read).await;
    Response::new(Full::default())
}

#[test]
fn ten_thousand_slow_uploads_stay_inside_the_budget_and_say_what_it_cost() {
    let log = Log::with(|builder| builder.max_captured_bytes(BUDGET));
    let stats = || log.recorder.stats();
    let round = Arc::new(AtomicUsize::new(0));
    let mut service = log
        .layer
        .layer(service_fn(|request: Request<RequestBody<Drip>>| {
            let reading = upload(request.into_body(), round.clone());
            async { Ok::<_, Infallible>(reading.await) }
        }));
    let mut cx = Context::from_waker(Waker::noop());
    let (mut calls, mut answers, mut most) = (Vec::new(), Vec::new(), 0);
    for now in 0..=2 * ROUNDS + 1 {
        round.store(now, Ordering::SeqCst);
        for number in 0..if now < ROUNDS { CALLS / ROUNDS } else { 0 } {
            let body = Drip {
                round: round.clone(),
                begun: now,
                sent: 0,
                // Some are short enough to be whole while there is room.
                chunks: if number % 4 == 0 { 1 } else { ROUNDS },
            };
            let request = Request::post("/uploads").header("content-type", FORM);
            calls.push(Box::pin(service.call(request.body(body).unwrap())));
        }
        calls.retain_mut(|call| {
            let polled = call.as_mut().poll(&mut cx);
            let held = stats().captured_bytes;
            assert!(held <= BUDGET, "{held} in round {now}");
            most = most.max(held);
            if let Poll::Ready(answer) = polled {
                answers.push(answer.unwrap());
                return false;
            }
            true
        });
        if now == 2 * ROUNDS {
            let balance = stats().balance;
            let over = balance.dropped(DropReason::OverBudget);
            assert_eq!(balance.in_flight() + over, CALLS as u64, "all at once");
        }
    }
    assert!(most > BUDGET / 16 * 15, "it was put to the test: {most}");
    assert_eq!((calls.len(), answers.len()), (0, CALLS));
    drop(answers);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let entries = runtime.unwrap().block_on(log.entries());
    assert_shrunk_in_order(&entries, stats().balance.dropped(DropReason::OverBudget));
    assert_eq!(stats().captured_bytes, 0);
    if std::env::var_os(TELLS_MEMORY).is_some() {
        println!("{}", std::fs::read_to_string("/proc/self/status").unwrap());
    }
}

/// First bodies are whole, then prefixes, then only counted, and at last exchanges are dropped.
fn assert_shrunk_in_order(entries: &[tower_api_log::LogEntry], over_budget: u64) {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|it| it.id);
    let bodies = entries
        .iter()
        .filter_map(|it| it.exchange())
        .map(|it| &it.request_body);
    let bodies: Vec<_> = bodies.collect();
    let places = |is: fn(&BodyRecord) -> bool| {
        let places = (0..bodies.len()).filter(|&at| is(bodies[at]));
        let places: Vec<_> = places.collect();
        assert!(places.len() > 100, "{}", places.len());
        places
    };
    let whole = places(|it| matches!(it, BodyRecord::Whole { .. }));
    let cut = places(
        |it| matches!(it, BodyRecord::Truncated { reason: CutReason::Budget, text, .. } if !text.is_empty()),
    );
    let left = places(|it| {
        let reason = SkipReason::Budget;
        matches!(it, BodyRecord::Skipped { reason: said, bytes_seen } if *said == reason && *bytes_seen > 0)
    });
    assert_eq!(whole.len() + cut.len() + left.len(), bodies.len());
    let middle = |places: &[usize]| places[places.len() / 2];
    assert!(middle(&whole) < middle(&left) && middle(&cut) < middle(&left));
    assert_eq!(bodies.len() as u64 + over_budget, CALLS as u64);
    assert!(over_budget > 1_000, "{over_budget}");
}

/// Makes the test of the uploads say how much memory it took.
const TELLS_MEMORY: &str = "API_LOG_TEST_TELLS_MEMORY";

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_slow_uploads_take_bounded_memory() {
    let uploads = "budget::ten_thousand_slow_uploads_stay_inside_the_budget_and_say_what_it_cost";
    // Alone in its process: other tests take memory as well.
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", uploads, "--nocapture"])
        .env(TELLS_MEMORY, "")
        .output()
        .unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{said}");
    let peak = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: usize = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    // The bodies together are 590 MiB; what calls under way take beside the budget is the service's, and the process itself.
    assert!(kib < 96 * 1024, "{kib} KiB");
}

async fn read(log: &Log, body: &'static str) {
    let read = |request: Request<RequestBody<Full<Bytes>>>| async {
        request.into_body().collect().await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    };
    log.call(post_json("/", body), read).await;
}

#[tokio::test]
async fn layers_that_share_a_budget_hold_no_more_than_it_together() {
    let budget = CaptureBudget::new(256 * 1024);
    let log = || Log::with(|builder| builder.budget(budget.clone()));
    let (first, second) = (log(), log());
    first.sink.close_gate();
    second.sink.close_gate();
    let body: &'static str = Box::leak(format!("[{}1]", "1,".repeat(10_000)).into_boxed_str());
    for _ in 0..50 {
        read(&first, body).await;
        assert!(budget.used_bytes() <= budget.max_bytes());
    }
    read(&second, body).await;
    let held = [&first, &second].map(|log| log.recorder.stats().captured_bytes);
    assert!(held[0] > budget.max_bytes() / 2 && held[1] < body.len());
    let is_over = |log: &Log| log.recorder.stats().balance.dropped(DropReason::OverBudget);
    first.sink.open_gate();
    second.sink.open_gate();
    let _ = first.entries().await;
    let squeezed = second.entries().await;
    let is_skipped = squeezed.iter().all(|it| {
        let said = serde_json::to_value(&it.exchange().unwrap().request_body).unwrap();
        said["reason"] == "budget"
    });
    assert!(is_skipped && squeezed.len() as u64 + is_over(&second) == 1);
    assert_eq!(budget.used_bytes(), 0, "all of it is given back");
    read(&second, body).await;
    let entries = second.entries().await;
    let last = &entries.last().unwrap().exchange().unwrap().request_body;
    assert!(matches!(last, BodyRecord::Whole { .. }), "{last:?}");
}

#[test]
fn budget_too_small_for_one_exchange_is_refused() {
    let small = CaptureBudget::new(1_000);
    let built = ApiLogLayer::builder(GateSink::open()).budget(small).build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Configuration);
}
