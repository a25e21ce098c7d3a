//! Samples and caps from outside: what of many calls is kept, what each kept one stands for, and what the ledger says of the rest.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower_api_log::entry::{BodyRecord, Exchange, Outcome, RequestRecord, Timing};
use tower_api_log::layer::MatchedRoute;
use tower_api_log::testing::ManualClock;
use tower_api_log::{
    Actor, ApiLog, AuditEvent, AuditRoutes, LogEntry, Policy, Sampling, Timestamp,
};

use crate::support::{Log, get, post_json};

/// A trace that a sample takes last, or first.
const LATE: &str = "00-4bf92f3577b34da6a3000000000000ff-00f067aa0ba902b7-00";
const EARLY: &str = "00-4bf92f3577b34da6a3ffffffffffffff-00f067aa0ba902b7-00";

fn log(policy: Policy) -> Log {
    Log::with(|builder| builder.policy(policy))
}

fn one_in(exchanges: u32) -> Policy {
    Policy::default().sample(Sampling::one_in(exchanges))
}

/// A request of a trace whose last seven bytes are spread evenly, by its number.
fn traced(number: u64) -> Request<Full<Bytes>> {
    let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
    with_trace(&format!("00-{number:017x}f{bits:014x}-00f067aa0ba902b7-00"))
}

fn with_trace(parent: &str) -> Request<Full<Bytes>> {
    let mut request = get("/");
    let parent = parent.parse().unwrap();
    request.headers_mut().insert("traceparent", parent);
    request
}

fn status(code: u16) -> Response<Full<Bytes>> {
    let response = Response::builder().status(code);
    response.body(Full::from("answer")).unwrap()
}

/// Calls a service that answers with a status, and reads its answer to the end.
async fn call(log: &Log, request: Request<Full<Bytes>>, code: u16) {
    let response = log.answer(request, status(code)).await;
    response.into_body().collect().await.unwrap();
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

fn weights(entries: &[LogEntry], code: u16) -> u64 {
    let of_it = entries.iter().map(exchange);
    let of_it = of_it.filter(|it| it.status() == Some(code));
    of_it.map(|it| u64::from(it.weight)).sum()
}

fn counts(log: &Log) -> [u64; 4] {
    let it = log.recorder.stats().balance;
    assert_eq!((it.in_flight(), it.dropped_total()), (0, 0));
    [it.seen(), it.stored(), it.filtered(), it.sampled_out()]
}

#[tokio::test]
async fn sample_keeps_all_failures_and_its_weights_sum_to_what_was_called() {
    let log = log(one_in(10));
    for number in 0..10_000 {
        call(
            &log,
            traced(number),
            if number % 50 == 0 { 500 } else { 200 },
        )
        .await;
    }
    let entries = log.entries().await;
    assert_eq!(weights(&entries, 500), 200);
    // Evenly spread lots stray less than random ones, five standard errors of which are 1,485.
    let told = weights(&entries, 200);
    assert!((9_600..=10_000).contains(&told), "{told}");
    let [seen, stored, filtered, sampled_out] = counts(&log);
    assert_eq!((seen, filtered), (10_000, 0));
    assert_eq!(stored + sampled_out, 10_000);
    assert_eq!(stored, entries.len() as u64);
}

#[tokio::test]
async fn every_layer_keeps_the_same_traces_and_a_rarer_sample_is_a_part() {
    let logs = [10, 10, 20].map(|exchanges| log(one_in(exchanges)));
    let mut kept = Vec::new();
    for log in &logs {
        for number in 0..2_000 {
            call(log, traced(number), 200).await;
        }
        let entries = log.entries().await;
        let traces = entries.iter().map(|it| it.context.trace_id.clone());
        kept.push(traces.collect::<Vec<_>>());
    }
    assert_eq!(kept[0], kept[1]);
    assert!(!kept[2].is_empty() && kept[2].len() < kept[0].len());
    assert!(kept[2].iter().all(|it| kept[0].contains(it)));
}

#[tokio::test]
async fn slow_calls_are_kept_by_the_time_of_their_last_byte() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let slow = Sampling::one_in(1_000).always_slower_than(Duration::from_secs(1));
    let policy = Policy::default().sample(slow);
    let log = Log::with(|builder| builder.policy(policy).clock(clock.clone()));
    for millis in [500, 1_000, 1_500] {
        let response = log.answer(with_trace(LATE), status(200)).await;
        clock.advance(Duration::from_millis(millis));
        response.into_body().collect().await.unwrap();
    }
    let entries = log.entries().await;
    assert_eq!(entries.len(), 1);
    let it = exchange(&entries[0]);
    assert_eq!((it.weight, it.timing.to_last_byte_micros), (1, 1_500_000));
    assert_eq!(counts(&log), [3, 1, 0, 2]);
}

#[tokio::test]
async fn chosen_routes_are_kept_whole() {
    let policy = one_in(1_000).route("/payments/*", one_in(1));
    let log = log(policy.route("/audits/*", Policy::default()));
    for path in ["/payments/1", "/audits/1", "/users/1"] {
        let (mut parts, body) = with_trace(LATE).into_parts();
        parts.uri = path.parse().unwrap();
        call(&log, Request::from_parts(parts, body), 200).await;
    }
    let entries = log.entries().await;
    let kept: Vec<_> = entries
        .iter()
        .map(|it| exchange(it).request.path.clone())
        .collect();
    assert_eq!(kept, ["/payments/1", "/audits/1"]);
    assert!(entries.iter().all(|it| exchange(it).weight == 1));
}

#[tokio::test]
async fn route_that_the_response_tells_may_want_what_the_base_does_not() {
    let blind = Sampling::one_in(1_000).failures_too();
    let policy = Policy::default().sample(blind);
    let log = log(policy.route("/payments/{id}", Policy::default()));
    let mut response = status(200);
    response
        .extensions_mut()
        .insert(MatchedRoute::new("/payments/{id}"));
    let response = log.answer(with_trace(LATE), response).await;
    response.into_body().collect().await.unwrap();
    let it = log.only().await;
    assert_eq!(it.weight, 1);
    assert!(!matches!(it.response_body, BodyRecord::Skipped { .. }));
}

#[tokio::test]
async fn bodies_of_what_is_not_of_the_sample_are_not_captured_where_the_end_does_not_matter() {
    for (sampling, is_held) in [
        (Sampling::one_in(1_000).failures_too(), false),
        (Sampling::one_in(1_000), true),
    ] {
        let log = log(Policy::default().sample(sampling));
        let mut request = with_trace(LATE);
        *request.body_mut() = Full::from(vec![b'a'; 40_000]);
        let recorder = log.recorder.clone();
        let response = log.call(request, |request| async {
            request.into_body().collect().await.unwrap();
            let held = recorder.stats().captured_bytes;
            assert_eq!(held >= 40_000, is_held, "{held}");
            Ok::<_, Infallible>(status(200))
        });
        let response = response.await;
        assert!(
            response.headers().contains_key("request-id"),
            "as in any other"
        );
        response.into_body().collect().await.unwrap();
        assert!(log.entries().await.is_empty());
        assert_eq!(counts(&log), [1, 0, 0, 1]);
        assert_eq!(log.recorder.stats().captured_bytes, 0);
    }
}

#[tokio::test]
async fn events_of_what_is_not_of_the_sample_are_recorded() {
    let handle = |request: Request<_>| {
        let log: &ApiLog = request.extensions().get().unwrap();
        log.event(AuditEvent::new("project", "told"));
        ready(Ok::<_, Infallible>(status(200)))
    };
    let found = || AuditRoutes::new().on(Method::GET, "/", AuditEvent::new("project", "found"));
    let sampled = one_in(1_000);
    let at_once = Policy::default().sample(Sampling::one_in(1_000).failures_too());
    let capped = Policy::default().at_most_per_second(1);
    for (policy, calls) in [(sampled, 1), (at_once, 1), (capped, 2)] {
        let log = Log::with(|builder| builder.policy(policy).audit(found()));
        for _ in 0..calls {
            let response = log.call(with_trace(LATE), handle).await;
            response.into_body().collect().await.unwrap();
        }
        let entries = log.entries().await;
        for action in ["told", "found"] {
            let events = entries.iter().filter_map(LogEntry::event);
            assert_eq!(events.filter(|it| it.action == action).count(), calls);
        }
        let [seen, stored, filtered, sampled_out] = counts(&log);
        assert_eq!((seen, filtered, sampled_out), (3 * calls as u64, 0, 1));
        assert_eq!(stored, seen - 1);
    }
}

#[tokio::test]
async fn traces_that_the_caller_sampled_are_kept_beside_the_sample() {
    let sampling = Sampling::one_in(1_000).always_sampled_traces();
    let log = log(Policy::default().sample(sampling));
    let parents = [
        LATE,
        &LATE.replace("b7-00", "b7-01"),
        &EARLY.replace("b7-00", "b7-01"),
    ];
    for parent in parents {
        call(&log, with_trace(parent), 200).await;
    }
    let kept: Vec<_> = log
        .entries()
        .await
        .iter()
        .map(|it| exchange(it).weight)
        .collect();
    assert_eq!(kept, [0, 1_000]);
}

#[tokio::test]
async fn capped_route_keeps_a_burst_and_the_next_carries_the_rest() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let policy = Policy::default().at_most_per_second(10);
    let log = Log::with(|builder| builder.policy(policy).clock(clock.clone()));
    for code in [200, 500] {
        for _ in 0..100 {
            call(&log, get("/"), code).await;
        }
    }
    clock.advance(Duration::from_millis(100));
    for code in [200, 500] {
        call(&log, get("/"), code).await;
    }
    let entries = log.entries().await;
    for code in [200, 500] {
        assert_eq!(weights(&entries, code), 101);
        let kept = entries
            .iter()
            .filter(|it| exchange(it).status() == Some(code));
        assert_eq!(kept.count(), 11);
    }
    assert_eq!(counts(&log), [202, 22, 0, 180]);
}

#[tokio::test]
async fn each_actor_is_capped_alone_and_weights_sum_to_the_truth() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let policy = Policy::default().at_most_per_second_each_actor(2);
    let log = Log::with(|builder| builder.policy(policy).clock(clock.clone()));
    let call_as = async |actor: Option<&str>| {
        let handle = |request: Request<_>| {
            let log: &ApiLog = request.extensions().get().unwrap();
            if let Some(id) = actor {
                log.actor(Actor::user(id));
            }
            ready(Ok::<_, Infallible>(status(200)))
        };
        let response = log.call(get("/"), handle).await;
        response.into_body().collect().await.unwrap();
    };
    for (actor, calls) in [(Some("noisy"), 50), (Some("quiet"), 2), (None, 5)] {
        for _ in 0..calls {
            call_as(actor).await;
        }
    }
    clock.advance(Duration::from_secs(1));
    call_as(Some("noisy")).await;
    let entries = log.entries().await;
    for (actor, kept, sum) in [(Some("noisy"), 3, 51), (Some("quiet"), 2, 2), (None, 5, 5)] {
        let of_it = |it: &&LogEntry| it.context.actor.as_ref().map(|it| &*it.id) == actor;
        let of_it: Vec<_> = entries.iter().filter(of_it).cloned().collect();
        assert_eq!(
            (of_it.len(), weights(&of_it, 200)),
            (kept, sum),
            "{actor:?}"
        );
    }
    assert_eq!(counts(&log), [58, 10, 0, 48]);
    assert_eq!(log.recorder.stats().captured_bytes, 0);
}

#[tokio::test]
async fn sample_under_a_cap_still_sums_to_the_truth() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let policy = one_in(4).at_most_per_second(5);
    let log = Log::with(|builder| builder.policy(policy).clock(clock.clone()));
    for number in 0..4_000 {
        call(&log, traced(number), 200).await;
        clock.advance(Duration::from_millis(1));
    }
    clock.advance(Duration::from_secs(2));
    call(&log, with_trace(EARLY), 200).await;
    let entries = log.entries().await;
    let told = weights(&entries, 200);
    assert!((3_900..=4_100).contains(&told), "{told}");
    assert!((20..=27).contains(&entries.len()), "{}", entries.len());
}

#[test]
fn weight_of_one_is_not_written_and_is_read_where_none_is_written() {
    let timing = Timing::default();
    let mut exchange = Exchange::new(RequestRecord::default(), Outcome::Completed, timing);
    assert_eq!(
        (exchange.weight, &exchange.request_body),
        (1, &BodyRecord::Empty)
    );
    let written = serde_json::to_value(&exchange).unwrap();
    assert!(written.get("weight").is_none());
    assert_eq!(
        serde_json::from_value::<Exchange>(written).unwrap(),
        exchange
    );
    for weight in [0, 20, u32::MAX] {
        exchange.weight = weight;
        let written = serde_json::to_value(&exchange).unwrap();
        assert_eq!(written["weight"], weight);
        assert_eq!(
            serde_json::from_value::<Exchange>(written).unwrap(),
            exchange
        );
    }
}

#[tokio::test]
async fn weight_reaches_the_log_of_a_call_with_a_body() {
    let log = log(one_in(8));
    let mut request = post_json("/", r#"{"a":1}"#);
    request
        .headers_mut()
        .insert("traceparent", EARLY.parse().unwrap());
    let answer = |request: Request<_>| async {
        let body: tower_api_log::layer::RequestBody<Full<Bytes>> = request.into_body();
        body.collect().await.unwrap();
        Ok::<_, Infallible>(status(200))
    };
    let response = log.call(request, answer).await;
    response.into_body().collect().await.unwrap();
    let it = log.only().await;
    assert_eq!((it.weight, it.request_body.text()), (8, Some(r#"{"a":1}"#)));
}
