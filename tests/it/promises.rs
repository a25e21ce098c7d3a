//! Promises 4, 5, 6, 8 and 9, held through the whole walk: from a request to the log that is served back.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_api_log::api::BearerTokens;
use tower_api_log::entry::BodyRecord;
use tower_api_log::format::{Lago, Native, Persona};
use tower_api_log::layer::RequestBody;
use tower_api_log::recorder::{Delivery, DropReason};
use tower_api_log::testing::GateSink;
use tower_api_log::{ApiLog, ApiLogLayer, Error, ErrorKind, LogApi, MemoryStore, Policy, Scope};

use crate::support::{Log, get, post_json, soon};

type Body = Full<bytes::Bytes>;

/// Reads the whole request and answers with it.
async fn echo(request: Request<RequestBody<Body>>) -> Result<Response<Body>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Full::new(body))
        .unwrap())
}

async fn pass(log: &Log, request: Request<Body>) -> StatusCode {
    let response = log.call(request, echo).await;
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

/// Promise 4.
#[tokio::test]
async fn logging_neither_fails_nor_delays_a_request_whatever_the_sink_does() {
    let quick = Delivery::default()
        .batch_age(Duration::from_millis(1))
        .queue_entries(8)
        .batch_entries(4);
    let log = Log::with(|builder| {
        builder
            .delivery(quick)
            .route_from(|_| panic!("a callback panics"))
            .peer_from(|_| panic!("a callback panics"))
    });
    log.sink.panic_next(2);
    log.sink
        .fail_next(2, || Error::new(ErrorKind::Storage, "refused"));
    for _ in 0..50 {
        assert_eq!(pass(&log, get("/")).await, StatusCode::OK);
        log.recorder.flush().await.unwrap();
    }
    log.sink.close_gate();
    for _ in 0..200 {
        // A sink that does not return: were a request to wait for it, this would hang.
        assert_eq!(soon(pass(&log, get("/"))).await, StatusCode::OK);
    }
    let stats = log.recorder.stats();
    assert_eq!(stats.callback_panics, 2 * 250);
    assert_eq!(
        (
            stats.sink_panics,
            stats.sink_errors,
            stats.balance.dropped(DropReason::Sink)
        ),
        (2, 4, 4)
    );
    // By the queue before the recorder or by the one before the sink, as the two keep pace.
    let dropped = stats.balance.dropped_total() - stats.balance.dropped(DropReason::Sink);
    assert!(dropped > 0);
}

/// Promise 5.
#[tokio::test]
async fn captured_bytes_stay_under_the_budget_and_entries_say_what_it_cost() {
    const BUDGET: usize = 256 * 1024;
    let log = Log::with(|builder| builder.max_captured_bytes(BUDGET));
    log.sink.close_gate();
    let body: &'static str = Box::leak(format!("[{}1]", "1,".repeat(10_000)).into_boxed_str());
    let most = Arc::new(std::sync::Mutex::new(0));
    for _ in 0..200 {
        pass(&log, post_json("/", body)).await;
        let captured = log.recorder.stats().captured_bytes;
        assert!(captured <= BUDGET, "{captured}");
        let mut most = most.lock().unwrap();
        *most = captured.max(*most);
    }
    assert!(
        *most.lock().unwrap() > BUDGET / 2,
        "the budget was put to the test"
    );
    assert!(log.recorder.stats().balance.dropped(DropReason::OverBudget) > 0);
    log.sink.open_gate();
    let entries = log.entries().await;
    let said = |wanted: fn(&BodyRecord) -> bool| {
        entries
            .iter()
            .filter_map(|it| it.exchange())
            .filter(|it| wanted(&it.request_body))
            .count()
    };
    assert!(said(|body| matches!(body, BodyRecord::Whole { .. })) > 0);
    let by_budget = |body: &BodyRecord| serde_json::to_value(body).unwrap()["reason"] == "budget";
    assert!(
        said(by_budget) > 0,
        "bodies shrink before exchanges are dropped"
    );
    assert_eq!(
        log.recorder.stats().captured_bytes,
        0,
        "all of it is given back"
    );
}

/// Promise 5: what waits with the service counts as well.
#[tokio::test]
async fn exchanges_under_way_hold_no_more_than_the_budget() {
    const BUDGET: usize = 64 * 1024;
    let log = Log::with(|builder| builder.max_captured_bytes(BUDGET));
    let mut service = log.layer.layer(service_fn(|_| {
        pending::<Result<Response<Body>, Infallible>>()
    }));
    let calls: Vec<_> = (0..10_000).map(|_| service.call(get("/"))).collect();
    assert!(log.recorder.stats().captured_bytes <= BUDGET);
    let balance = log.recorder.stats().balance;
    assert_eq!(balance.seen(), 10_000);
    assert_eq!(
        balance.in_flight() + balance.dropped(DropReason::OverBudget),
        10_000
    );
    assert!(balance.in_flight() > 0);
    drop(calls);
    log.entries().await;
    assert_eq!(
        (
            log.recorder.stats().balance.in_flight(),
            log.recorder.stats().captured_bytes
        ),
        (0, 0)
    );
}

/// Promise 5: what handlers tell counts, and is bounded.
#[tokio::test]
async fn what_handlers_tell_is_bounded_and_counted() {
    let log = Log::new();
    log.sink.close_gate();
    for _ in 0..20 {
        let tell = |request: Request<RequestBody<Body>>| {
            request
                .extensions()
                .get::<ApiLog>()
                .unwrap()
                .session("z".repeat(1 << 20));
            ready(Ok(Response::new(Full::<bytes::Bytes>::default())))
        };
        log.call(get("/"), tell).await;
    }
    let captured = log.recorder.stats().captured_bytes;
    assert!((20 * 1024..200 * 1024).contains(&captured), "{captured}");
}

/// Promise 5: a head that had no room says so.
#[tokio::test]
async fn response_head_without_room_is_told() {
    let log = Log::with(|builder| builder.max_captured_bytes(64 * 1024));
    let response = Response::builder()
        .header("x-large", "y".repeat(70_000))
        .body(String::from("[1]"))
        .unwrap();
    log.answer(get("/"), response)
        .await
        .into_body()
        .collect()
        .await
        .unwrap();
    let response = log.only().await.response.unwrap();
    assert!(response.headers_left_out && response.headers.is_empty());
}

/// Promise 6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledger_balances_at_every_moment() {
    let delivery = Delivery::default()
        .batch_age(Duration::from_millis(1))
        .queue_entries(64)
        .batch_entries(16);
    let policy = Policy::default().without_path("/filtered");
    let log = Arc::new(Log::with(|builder| {
        builder.delivery(delivery).policy(policy)
    }));
    log.sink
        .fail_next(3, || Error::new(ErrorKind::Unavailable, "busy").retryable());
    log.sink.panic_next(3);
    let done = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let (log, done) = (log.clone(), done.clone());
        move || {
            let mut last = 0;
            while !done.load(Ordering::SeqCst) {
                let it = log.recorder.stats().balance;
                let settled = it.stored() + it.filtered() + it.dropped_total();
                assert!(settled <= it.seen(), "{it:?}");
                assert_eq!(it.seen(), settled + it.in_flight());
                assert!(settled >= last, "nothing is unsettled again");
                last = settled;
            }
        }
    });
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let log = log.clone();
            tokio::spawn(async move {
                for number in 0..500 {
                    let path = if (number + caller) % 5 == 0 {
                        "/filtered"
                    } else {
                        "/"
                    };
                    pass(&log, get(path)).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let report = log.recorder.shutdown(Duration::from_secs(20)).await;
    done.store(true, Ordering::SeqCst);
    watcher.join().unwrap();
    let it = report.balance;
    let entries = log.sink.entries();
    let markers = entries.iter().filter(|it| it.event().is_some()).count() as u64;
    assert_eq!(it.seen(), 2_000 + markers);
    assert_eq!((it.in_flight(), it.filtered()), (0, 400));
    assert_eq!(it.stored(), log.sink.entries().len() as u64);
}

/// Asks the log's own endpoints in process.
async fn read(api: &LogApi, token: &str, uri: &str) -> (StatusCode, Value) {
    let request = Request::get(uri)
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    let response = api.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

const OPERATOR: &str = "operator-of-this-test";
const TENANTS: [&str; 2] = ["tenant-a-of-this-test", "tenant-b-of-this-test"];

fn read_side(store: MemoryStore) -> LogApi {
    let tenant = |name: &str| Scope::organisation(name).unwrap();
    let readers = [
        (OPERATOR, Scope::all()),
        (TENANTS[0], tenant("a")),
        (TENANTS[1], tenant("b")),
    ];
    let access = BearerTokens::new(readers).unwrap();
    LogApi::new(store)
        .format(Native)
        .format(Persona::new())
        .format(Lago::new())
        .access(access)
        .build()
        .unwrap()
}

/// Promise 8.
#[tokio::test]
async fn tenant_sees_its_own_calls_and_nothing_else() {
    let store = MemoryStore::new();
    let layer = ApiLogLayer::new(store.clone());
    for (number, tenant) in ["a", "b", "a", ""].into_iter().enumerate() {
        let tell = move |request: Request<RequestBody<Body>>| {
            if !tenant.is_empty() {
                request
                    .extensions()
                    .get::<ApiLog>()
                    .unwrap()
                    .organisation(tenant);
            }
            ready(Ok::<_, Infallible>(Response::new(
                Full::<bytes::Bytes>::default(),
            )))
        };
        let uri = format!("/calls/{number}");
        layer
            .layer(service_fn(tell))
            .call(post_json(&uri, ""))
            .await
            .unwrap();
    }
    layer.recorder().flush().await.unwrap();
    let api = read_side(store);
    for (token, count) in [(OPERATOR, 4), (TENANTS[0], 2), (TENANTS[1], 1)] {
        let (_, native) = read(&api, token, "/api-log/v1/entries?count=true").await;
        assert_eq!(native["entries"].as_array().unwrap().len(), count);
        assert_eq!(native["page"]["total"], count);
        let (_, persona) = read(&api, token, "/api/v1/api-logs").await;
        assert_eq!(persona["data"].as_array().unwrap().len(), count);
        let (_, lago) = read(&api, token, "/api/v1/api_logs").await;
        assert_eq!(lago["meta"]["total_count"], count);
    }
    let (_, others) = read(&api, TENANTS[1], "/api-log/v1/entries").await;
    let id = others["entries"][0]["id"].as_str().unwrap();
    for path in [
        "/api-log/v1/entries/",
        "/api/v1/api-logs/",
        "/api/v1/api_logs/",
    ] {
        assert_eq!(
            read(&api, TENANTS[1], &format!("{path}{id}")).await.0,
            StatusCode::OK
        );
        let (status, mut theirs) = read(&api, TENANTS[0], &format!("{path}{id}")).await;
        let unknown = id.replace(id.split('-').next().unwrap(), "00000000");
        let (_, mut none) = read(&api, TENANTS[0], &format!("{path}{unknown}")).await;
        for answer in [&mut theirs, &mut none] {
            // The id of the question itself, new each time.
            answer.as_object_mut().unwrap().remove("request_id");
        }
        assert_eq!(
            (status, theirs.clone()),
            (StatusCode::NOT_FOUND, none),
            "as if it did not exist"
        );
        assert!(!theirs.to_string().contains(id));
    }
    let (_, filtered) = read(
        &api,
        TENANTS[0],
        "/api-log/v1/entries?organisation=b&count=true",
    )
    .await;
    assert_eq!(filtered["page"]["total"], 0);
}

/// Promise 9.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn walk_by_cursor_under_concurrent_writes_shows_every_entry_once() {
    // Room for whatever is written meanwhile: what is walked must not be pushed out.
    let store = MemoryStore::with_capacity(1 << 20).max_bytes(1 << 30);
    let layer = ApiLogLayer::builder(store.clone())
        .delivery(Delivery::default().batch_age(Duration::ZERO))
        .build()
        .unwrap();
    let log = layer.recorder();
    let call = |number: usize| {
        let mut service = layer.layer(service_fn(|_| {
            ready(Ok::<_, Infallible>(Response::new(Full::<&[u8]>::default())))
        }));
        async move {
            service
                .call(get(&format!("/calls/{number}")))
                .await
                .map(drop)
                .unwrap()
        }
    };
    for number in 0..500 {
        call(number).await;
    }
    log.flush().await.unwrap();
    let api = read_side(store);
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (layer, done) = (layer.clone(), done.clone());
        async move {
            let mut service = layer.layer(service_fn(|_| {
                ready(Ok::<_, Infallible>(Response::new(Full::<&[u8]>::default())))
            }));
            for _ in 0..100_000 {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                service.call(get("/later")).await.map(drop).unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    for (mut next, pointer) in [
        ("/api-log/v1/entries?limit=7".to_owned(), "/links/next"),
        (
            "/api/v1/api-logs?page%5Bsize%5D=7".to_owned(),
            "/links/next",
        ),
    ] {
        let mut seen = Vec::new();
        loop {
            let (status, page) = read(&api, OPERATOR, &next).await;
            assert_eq!(status, StatusCode::OK);
            let rows = page["entries"]
                .as_array()
                .or(page["data"].as_array())
                .unwrap();
            let path = |row: &Value| {
                let native = row.pointer("/request/path");
                native
                    .or(row.pointer("/attributes/request/path"))
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            seen.extend(rows.iter().map(path));
            match page.pointer(pointer).unwrap().as_str() {
                Some(link) => next = link.to_owned(),
                None => break,
            }
        }
        let old: Vec<_> = seen.into_iter().filter(|path| path != "/later").collect();
        let wanted: Vec<_> = (0..500)
            .rev()
            .map(|number| format!("/calls/{number}"))
            .collect();
        assert_eq!(old, wanted);
    }
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

#[tokio::test]
async fn gate_sink_is_what_the_promises_are_tested_with() {
    let sink = GateSink::closed();
    let layer = ApiLogLayer::new(sink.clone());
    layer
        .layer(service_fn(echo))
        .call(get("/"))
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    sink.arrived(1).await;
    assert!(sink.entries().is_empty());
    let report = layer.recorder().shutdown(Duration::from_millis(50)).await;
    assert_eq!(
        (report.lost(), report.balance.dropped(DropReason::Deadline)),
        (1, 1)
    );
}
