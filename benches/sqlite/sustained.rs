//! The store behind the layer, calls masked and indexed as they come, beside one prepared `INSERT` of the same rows.

use std::convert::Infallible;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_api_log::layer::RequestBody;
use tower_api_log::recorder::{Delivery, WhenFull};
use tower_api_log::{ApiLogLayer, SqliteStore};

const BATCH: usize = 1000;
const ROUNDS: usize = 5;

pub(crate) fn run(rows: usize) {
    let mut ratios = Vec::new();
    println!(
        "{rows} calls a round\n\n| through the layer, rows/s | one prepared INSERT, rows/s | ratio |\n|--:|--:|--:|"
    );
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let ours = rows as f64 / through(&path, rows).as_secs_f64();
        let raw = rows as f64 / raw(&path, &folder.path().join("raw.db"), rows).as_secs_f64();
        println!("| {ours:.0} | {raw:.0} | {:.2} |", ours / raw);
        ratios.push(ours / raw);
    }
    ratios.sort_by(f64::total_cmp);
    println!("\nmedian ratio {:.2} (at least 0.6)", ratios[ROUNDS / 2]);
}

/// Calls the service as fast as the log takes it, and returns how long it took until all was stored.
fn through(path: &Path, calls: usize) -> Duration {
    let store = SqliteStore::open(path).unwrap();
    let delivery = Delivery::default()
        .batch_entries(BATCH)
        .when_full(WhenFull::WaitAtMost(Duration::from_secs(60)));
    let layer = ApiLogLayer::builder(store)
        .delivery(delivery)
        .build()
        .unwrap();
    let recorder = layer.recorder();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut service = layer.layer(service_fn(echo));
        let begun = Instant::now();
        for number in 0..calls {
            let response = service.ready().await.unwrap().call(request(number)).await;
            let body = response.unwrap().into_body();
            body.collect().await.unwrap();
            // The recorder has a thread of its own; a service that never waits would leave it nothing to wait for either.
            if number % 64 == 0 {
                while recorder.stats().queued > 4096 {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
            }
        }
        recorder.flush().await.unwrap();
        let took = begun.elapsed();
        let balance = recorder.stats().balance;
        assert_eq!(balance.stored(), calls as u64, "{balance:?}");
        assert_eq!(balance.dropped_total(), 0);
        took
    })
}

async fn echo(
    request: Request<RequestBody<Full<Bytes>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("cache-control", "no-store");
    Ok(response.body(Full::new(body)).unwrap())
}

fn request(number: usize) -> Request<Full<Bytes>> {
    let items: String = (0..8)
        .map(|item| format!(r#"{{"sku":"SKU-{:06}","quantity":{item},"price":"{number}.50","note":"as ordered by the customer"}},"#, number * 8 + item))
        .collect();
    let body = format!(
        r#"{{"customer":"customer_{}","password":"does not matter","items":[{}null]}}"#,
        number % 5000,
        items
    );
    Request::post(format!(
        "/api/v1/orders/{number}/items?expand=prices&page={}",
        number % 7
    ))
    .header("host", "api.shop.test")
    .header("content-type", "application/json")
    .header("accept", "application/json")
    .header(
        "authorization",
        format!("Bearer token-of-customer-{}", number % 5000),
    )
    .header("user-agent", format!("client/{}.0", number % 40))
    .header(
        "x-request-id",
        format!(
            "{:016x}",
            (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ),
    )
    .body(Full::new(body.into()))
    .unwrap()
}

/// Copies the rows of the store to one table with its columns, by one prepared `INSERT`, and returns how long the inserts took.
///
/// It has three indexes for the filters, of which one is of random values; the store has segments for every filter in their place.
fn raw(from: &Path, to: &Path, rows: usize) -> Duration {
    let source = Connection::open(from).unwrap();
    let page_bytes: i64 = source
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .unwrap();
    let mut read = source
        .prepare("SELECT entry.*, head, request_text, response_text FROM entry JOIN detail ON number = detail_number ORDER BY id")
        .unwrap();
    let names: Vec<_> = read.column_names().collect();
    let names = names.join(", ");
    let width = read.column_count();
    let mut target = Connection::open(to).unwrap();
    for (name, value) in [
        ("page_size", page_bytes.to_string()),
        ("journal_mode", "WAL".into()),
        ("synchronous", "NORMAL".into()),
        ("secure_delete", "ON".into()),
        ("journal_size_limit", (64 << 20).to_string()),
    ] {
        target
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(|cause| match cause {
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                cause => Err(cause),
            })
            .unwrap();
    }
    target
        .execute_batch(&format!(
            "CREATE TABLE entry ({names}, PRIMARY KEY (id));
            CREATE INDEX by_path ON entry (path, id);
            CREATE INDEX by_api_key ON entry (api_key, id);
            CREATE INDEX by_request_id ON entry (request_id, id);"
        ))
        .unwrap();
    let places = vec!["?"; width].join(", ");
    let insert = format!("INSERT INTO entry VALUES ({places})");
    let mut found = read.query([]).unwrap();
    let mut took = Duration::ZERO;
    let mut done = 0;
    while done < rows {
        let mut batch: Vec<Vec<Value>> = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(row) = found.next().unwrap()
        {
            batch.push((0..width).map(|it| row.get(it).unwrap()).collect());
        }
        assert!(!batch.is_empty(), "the store has all rows");
        let begun = Instant::now();
        let transaction = target.transaction().unwrap();
        {
            let mut statement = transaction.prepare_cached(&insert).unwrap();
            for row in &batch {
                statement.execute(params_from_iter(row)).unwrap();
            }
        }
        transaction.commit().unwrap();
        took += begun.elapsed();
        done += batch.len();
    }
    took
}
