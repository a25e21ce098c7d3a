//! What is asked of every store, and how long the answers take.

use tower_api_log::query::{Filter, PathPattern, Position, StatusRange};
use tower_api_log::{LogEntry, LogQuery, LogStore, Scope};

use crate::figures::Times;
use crate::filters::{FILTERS, Values, filter, mix};
use crate::traffic;

const SAMPLES: u64 = 200;

/// Asks everything, and prints medians and 99th percentiles.
pub(crate) async fn ask(store: &impl LogStore, rows: u64) {
    println!("| question, ms | median / 99th percentile |");
    println!("|---|--:|");
    get(store, rows).await;
    let all = || LogQuery::new(Scope::all()).limit(50);
    let after = |number: u64| Position::After(traffic::id(number));
    print("the newest page of 50", &pages(store, |_| all()).await);
    let thousandth = |it| all().position(after(rows - 50_000 - it));
    print(
        "the thousandth page of 50, by cursor",
        &pages(store, thousandth).await,
    );
    let anywhere = |it| all().position(after(mix(it) % rows));
    print(
        "a page of 50 anywhere, by cursor",
        &pages(store, anywhere).await,
    );
    let largest = |it: u64| {
        let scope = Scope::organisation("org_0").unwrap();
        LogQuery::new(scope)
            .limit(50)
            .position(after(mix(it) % rows))
    };
    print(
        "the largest organisation's page of 50, by cursor",
        &pages(store, largest).await,
    );
    print(
        "organisation, status, path and an hour",
        &pages(store, |it| four(rows, it, false)).await,
    );
    print(
        "organisation, failed, path with a star and an hour",
        &pages(store, |it| four(rows, it, true)).await,
    );
    println!();
    filters(store, rows).await;
    counts(store, rows).await;
}

fn print(what: &str, times: &Times) {
    println!("| {what} | {} |", times.print());
}

async fn get(store: &impl LogStore, rows: u64) {
    let mut times = Times::default();
    let scope = Scope::all();
    for sample in 0..SAMPLES * 2 {
        let id = traffic::id(mix(sample % SAMPLES) % rows);
        if sample == SAMPLES {
            times = Times::default();
        }
        let found = times.wait(store.get(&scope, id)).await.unwrap();
        assert!(found.is_some());
    }
    print("an entry by its id", &times);
}

/// Asks twice, of which the first round brings what it reads into memory.
async fn pages(store: &impl LogStore, query: impl Fn(u64) -> LogQuery) -> Times {
    let mut times = Times::default();
    for _ in 0..2 {
        times = Times::default();
        for sample in 0..SAMPLES {
            let query = query(sample);
            times.wait(store.list(&query)).await.unwrap();
        }
    }
    times
}

/// A filter by what an entry has: its organisation, status, path and the hour around it.
fn four(rows: u64, sample: u64, is_vague: bool) -> LogQuery {
    let entry = (0..)
        .map(|it| mix(sample * 1000 + it) % rows)
        .map(traffic::entry);
    let is_wanted = |it: &LogEntry| it.exchange().is_some_and(|it| !is_vague || it.has_failed());
    let entry = entry.into_iter().find(is_wanted).unwrap();
    let mut filter = Filter::new();
    let exchange = entry.exchange().unwrap();
    let path = &exchange.request.path;
    if is_vague {
        filter.statuses = vec![StatusRange { from: 400, to: 599 }];
        filter.paths = vec![PathPattern::new(format!(
            "{}*",
            &path[..path.len().min(12)]
        ))];
    } else {
        filter.statuses = vec![StatusRange::exact(exchange.status().unwrap())];
        filter.paths = vec![PathPattern::new(path)];
    }
    let half = std::time::Duration::from_secs(1800);
    filter.from = Some(entry.created_at.minus(half));
    filter.to = Some(entry.created_at.plus(half));
    let scope = Scope::organisation(entry.context.organisation.unwrap()).unwrap();
    LogQuery::new(scope).filter(filter).limit(50)
}

/// Pages of 50 by one filter.
async fn filters(store: &impl LogStore, rows: u64) {
    println!(
        "| page of 50 by, ms | newest: common | rare | absent | by cursor: common | rare | absent |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (name, _) in FILTERS {
        print!("| {name} |");
        for by_cursor in [false, true] {
            for values in Values::ALL {
                print!(
                    " {} |",
                    one(store, rows, by_cursor, values, name).await.print()
                );
            }
        }
        println!();
    }
    println!();
}

async fn one(
    store: &impl LogStore,
    rows: u64,
    by_cursor: bool,
    values: Values,
    name: &str,
) -> Times {
    const FEW: u64 = SAMPLES / 10;
    let made = (0..FEW * 100).filter_map(|sample| filter(&[name], &values.entry(sample, rows)));
    let queries: Vec<_> = (0..FEW)
        .zip(made)
        .map(|(sample, filter)| {
            let position = match by_cursor {
                true => Position::After(traffic::id(mix(sample) % rows)),
                false => Position::First,
            };
            let query = LogQuery::new(Scope::all()).filter(filter);
            query.position(position).limit(50)
        })
        .collect();
    let mut times = Times::default();
    for _ in 0..2 {
        times = Times::default();
        for query in &queries {
            times.wait(store.list(query)).await.unwrap();
        }
    }
    times
}

async fn counts(store: &impl LogStore, rows: u64) {
    let mut failed = Filter::new();
    failed.statuses = vec![StatusRange { from: 400, to: 599 }];
    let mut tenth = Filter::new();
    tenth.from = Some(traffic::time(rows / 2));
    tenth.to = Some(traffic::time(rows / 2 + rows / 10));
    let mut star = Filter::new();
    star.paths = vec![PathPattern::new("*/cases/*")];
    let largest = Scope::organisation("org_0").unwrap();
    println!("| count | entries | ms |");
    println!("|---|--:|--:|");
    for (name, scope, filter) in [
        ("everything", Scope::all(), Filter::new()),
        ("the largest organisation", largest.clone(), Filter::new()),
        ("a tenth of the time", Scope::all(), tenth.clone()),
        (
            "the largest organisation's, a tenth of the time",
            largest,
            tenth,
        ),
        ("failed calls", Scope::all(), failed),
        ("a path with a star", Scope::all(), star),
    ] {
        let (mut times, mut count) = (Times::default(), 0);
        for _ in 0..5 {
            count = times.wait(store.count(&scope, &filter)).await.unwrap();
        }
        println!("| {name} | {count} | {} |", times.print());
    }
}
