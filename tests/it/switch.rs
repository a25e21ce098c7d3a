//! What is changed while the service runs: the policy, and whether anything is recorded at all.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower_api_log::entry::BodyRecord;
use tower_api_log::testing::ManualClock;
use tower_api_log::{
    ApiLog, AuditEvent, AuditRoutes, ErrorKind, LogEntry, Policy, Sampling, Timestamp,
};

use crate::support::{Log, get, post_json};

fn ok() -> Response<Full<Bytes>> {
    Response::new(Full::from("answer"))
}

async fn call(log: &Log, path: &str) {
    let response = log.answer(get(path), ok()).await;
    response.into_body().collect().await.unwrap();
}

fn paths(entries: &[LogEntry]) -> Vec<&str> {
    let paths = entries.iter().map(|it| it.exchange().unwrap());
    paths.map(|it| &*it.request.path).collect()
}

#[tokio::test]
async fn paused_layer_counts_exchanges_as_filtered_and_captures_no_body() {
    let log = Log::new();
    log.layer.clone().pause();
    assert!(log.layer.is_paused());
    let recorder = log.recorder.clone();
    let read = |request: Request<_>| async {
        let body: tower_api_log::layer::RequestBody<Full<Bytes>> = request.into_body();
        body.collect().await.unwrap();
        let held = recorder.stats().captured_bytes;
        assert!(held < 2_000, "{held}");
        Ok::<_, Infallible>(ok())
    };
    let mut request = post_json("/paused", "");
    *request.body_mut() = Full::from(vec![b' '; 10_000]);
    let response = log.call(request, read).await;
    assert!(!response.headers().contains_key("request-id"));
    response.into_body().collect().await.unwrap();
    log.layer.resume();
    assert!(!log.layer.is_paused());
    call(&log, "/resumed").await;
    assert_eq!(paths(&log.entries().await), ["/resumed"]);
    let balance = log.recorder.stats().balance;
    assert_eq!(
        (balance.seen(), balance.filtered(), balance.in_flight()),
        (2, 1, 0)
    );
}

#[tokio::test]
async fn exchange_that_has_begun_is_recorded_whole_when_the_layer_pauses() {
    let log = Log::new();
    let response = log.answer(get("/begun"), ok()).await;
    log.layer.pause();
    response.into_body().collect().await.unwrap();
    let late = log.answer(get("/late"), ok()).await;
    log.layer.resume();
    late.into_body().collect().await.unwrap();
    assert_eq!(paths(&log.entries().await), ["/begun"]);
}

#[tokio::test]
async fn events_go_on_while_the_layer_pauses_and_know_their_caller() {
    let event = AuditEvent::new("project", "found").ref_id("{response:/id}");
    let routes = AuditRoutes::new().on(Method::POST, "/", event);
    let log = Log::with(|builder| builder.audit(routes));
    log.layer.pause();
    let handle = |request: Request<_>| {
        let log: &ApiLog = request.extensions().get().unwrap();
        assert!(log.exchange_id().is_none());
        log.event(AuditEvent::new("project", "told"));
        let response = Response::builder().header("content-type", "application/json");
        ready(Ok::<_, Infallible>(
            response.body(Full::<Bytes>::from(r#"{"id":"7"}"#)).unwrap(),
        ))
    };
    let mut request = post_json("/", "{}");
    request
        .headers_mut()
        .insert("user-agent", "curl/8".parse().unwrap());
    let response = log.call(request, handle).await;
    response.into_body().collect().await.unwrap();
    let entries = log.entries().await;
    let told = |it: &LogEntry| {
        let event = it.event().unwrap();
        let agent = it.context.user_agent.clone();
        (event.action.clone(), event.ref_id.clone(), agent)
    };
    let agent = || Some("curl/8".to_owned());
    let mut events: Vec<_> = entries.iter().map(told).collect();
    events.sort();
    let found = ("found".to_owned(), Some("7".to_owned()), agent());
    assert_eq!(events, [found, ("told".to_owned(), None, agent())]);
    assert!(
        entries
            .iter()
            .all(|it| it.event().unwrap().exchange.is_none())
    );
}

#[tokio::test]
async fn exchange_that_has_begun_goes_by_the_policy_that_it_began_under() {
    let log = Log::new();
    let open = log.answer(get("/begun"), ok()).await;
    log.layer
        .set_policy(Policy::default().without_path("*"))
        .unwrap();
    call(&log, "/left-out").await;
    log.layer
        .clone()
        .set_policy(Policy::default().without_bodies())
        .unwrap();
    call(&log, "/without-bodies").await;
    open.into_body().collect().await.unwrap();
    let entries = log.entries().await;
    assert_eq!(paths(&entries), ["/without-bodies", "/begun"]);
    let is_skipped = |it: &LogEntry| {
        let body = &it.exchange().unwrap().response_body;
        matches!(body, BodyRecord::Skipped { .. })
    };
    assert_eq!(
        entries.iter().map(is_skipped).collect::<Vec<_>>(),
        [true, false]
    );
}

#[tokio::test]
async fn policy_that_cannot_be_meant_is_refused_and_the_last_one_stays() {
    let log = Log::with(|builder| builder.policy(Policy::default().without_path("/out")));
    let error = log.layer.set_policy(Policy::default().without_path(""));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Configuration);
    let none = Policy::default().sample(Sampling::one_in(0));
    assert!(log.layer.set_policy(none).is_err());
    call(&log, "/out").await;
    call(&log, "/in").await;
    assert_eq!(paths(&log.entries().await), ["/in"]);
}

#[tokio::test]
async fn caps_start_afresh_under_another_policy() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let capped = || Policy::default().at_most_per_second(1);
    let log = Log::with(|builder| builder.policy(capped()).clock(clock.clone()));
    for _ in 0..3 {
        call(&log, "/").await;
    }
    log.layer.set_policy(capped()).unwrap();
    call(&log, "/").await;
    clock.advance(Duration::from_secs(2));
    call(&log, "/").await;
    let entries = log.entries().await;
    let weights = entries.iter().map(|it| it.exchange().unwrap().weight);
    assert_eq!(weights.collect::<Vec<_>>(), [1, 1, 1]);
}

/// Calls from eight tasks while `switch` is done over and over, and returns how many calls were made.
async fn under_load(log: &Arc<Log>, switch: impl Fn(&Log, u64)) -> u64 {
    let (is_over, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let caller = || {
        let (log, is_over, calls) = (log.clone(), is_over.clone(), calls.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                call(&log, "/").await;
                calls.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        })
    };
    let callers: Vec<_> = (0..8).map(|_| caller()).collect();
    let mut round = 0;
    while round < 200 || calls.load(Ordering::SeqCst) < 5_000 {
        switch(log, round);
        round += 1;
        // So that calls pass under each, however the machine divides its time.
        let before = calls.load(Ordering::SeqCst);
        while calls.load(Ordering::SeqCst) < before + 10 {
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    calls.load(Ordering::SeqCst)
}

/// A layer whose queue takes every call of a test.
fn roomy() -> Arc<Log> {
    let delivery = tower_api_log::recorder::Delivery::default().queue_entries(1 << 20);
    Arc::new(Log::with(|builder| builder.delivery(delivery)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pauses_under_load_leave_the_ledger_balanced() {
    let log = roomy();
    let calls = under_load(&log, |log, round| match round % 2 {
        0 => log.layer.pause(),
        _ => log.layer.resume(),
    });
    let calls = calls.await;
    let entries = log.entries().await.len() as u64;
    let it = log.recorder.stats().balance;
    assert_eq!(
        (it.seen(), it.in_flight(), it.dropped_total()),
        (calls, 0, 0)
    );
    assert_eq!((it.stored(), it.filtered()), (entries, calls - entries));
    assert!(it.stored() > 0 && it.filtered() > 0);
    log.layer.resume();
    call(&log, "/").await;
    assert_eq!(log.entries().await.len() as u64, entries + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn policies_that_change_under_load_each_hold_for_whole_exchanges() {
    let log = roomy();
    // Each keeps bodies and tells a weight of its own; what mixed them would show.
    let policies = [
        Policy::default(),
        Policy::default().without_path("*"),
        Policy::default()
            .without_bodies()
            .sample(Sampling::one_in(2)),
        Policy::default()
            .at_most_per_second(1_000_000)
            .max_body_bytes(3),
    ];
    let calls = under_load(&log, |log, round| {
        let policy = policies[round as usize % policies.len()].clone();
        log.layer.set_policy(policy).unwrap();
    });
    let calls = calls.await;
    let entries = log.entries().await;
    let it = log.recorder.stats().balance;
    assert_eq!(
        (it.seen(), it.in_flight(), it.dropped_total()),
        (calls, 0, 0)
    );
    assert_eq!(it.stored() + it.filtered() + it.sampled_out(), calls);
    for entry in &entries {
        let it = entry.exchange().unwrap();
        let is_sampled = matches!(it.response_body, BodyRecord::Skipped { .. });
        assert_eq!(it.weight, if is_sampled { 2 } else { 1 });
    }
    assert!(it.stored() > 0 && it.filtered() > 0 && it.sampled_out() > 0);
    assert_eq!(log.recorder.stats().captured_bytes, 0);
}
