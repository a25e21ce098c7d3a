//! The store itself, from entries to the file and back.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tower_api_log::query::{Filter, Page, PathPattern, Position, StatusRange};
use tower_api_log::{LogQuery, LogSink, LogStore, Retention, Scope, SqliteStore};

use crate::figures::{Times, cpu_time, size};
use crate::filters::{FILTERS, Values, filter, mix};
use crate::traffic;

const BATCH: u64 = 1000;
const SAMPLES: u64 = 120;

pub(crate) fn run(rows: u64, kept: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let path = kept.map_or(folder.path().join("bench.db"), Into::into);
    let is_full = path.exists();
    let store = SqliteStore::open(&path).unwrap();
    if !is_full {
        insert(&store, rows);
    }
    println!("{} bytes a row\n", size(&path) / rows);
    pages(&store, rows);
    let pair = |number: usize, a| PAIRED[number + 1..].iter().map(move |&b| [a, b]);
    let pairs: Vec<_> = (0..)
        .zip(PAIRED)
        .flat_map(|(number, a)| pair(number, a))
        .collect();
    pages_of_pairs(&store, rows, "two of eleven", &pairs);
    let with_star: Vec<_> = PAIRED.iter().map(|a| [a, "path with a star"]).collect();
    pages_of_pairs(
        &store,
        rows,
        "path with a star, and one of eleven",
        &with_star,
    );
    counts(&store, rows);
    text(&store);
    walk(&store, rows);
    if kept.is_none() {
        retention(&store, rows);
    }
}

fn insert(store: &SqliteStore, rows: u64) {
    let (mut wall, mut cpu, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for batch in 0..rows / BATCH {
        let made: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(traffic::entry)
            .collect();
        let (start, start_cpu) = (Instant::now(), cpu_time());
        // Without a runtime the store works on this thread.
        store.write(&made).now_or_never().unwrap().unwrap();
        cpu += cpu_time() - start_cpu;
        wall += start.elapsed();
        slowest = slowest.max(start.elapsed());
        let done = (batch + 1) * BATCH;
        if done == rows / 10 || done == rows {
            let micros = |time: Duration| time.as_secs_f64() * 1e6 / done as f64;
            println!(
                "{done} rows in batches of {BATCH}: {:.1} us of wall time and {:.1} us of CPU a row, the slowest batch {:.0} ms",
                micros(wall),
                micros(cpu),
                slowest.as_secs_f64() * 1e3
            );
        }
    }
}

/// Those that are asked two at a time, joined.
const PAIRED: [&str; 11] = [
    "organisation",
    "method",
    "status",
    "path",
    "route",
    "actor",
    "user agent",
    "request id",
    "API version",
    "least time",
    "client address",
];

/// Pages of 50 whole entries by one filter.
fn pages(store: &SqliteStore, rows: u64) {
    println!(
        "\n| page of 50, ms | newest: common | rare | absent | by cursor: common | rare | absent |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (name, _) in FILTERS {
        print!("| {name} |");
        for (by_cursor, values) in asked() {
            let times = ask(store, rows, SAMPLES, by_cursor, values, &[name]);
            print!(" {} |", times.print());
        }
        println!();
    }
}

/// Pages of 50 whole entries by two filters: of all pairs together, and of the slowest.
fn pages_of_pairs(store: &SqliteStore, rows: u64, label: &str, pairs: &[[&str; 2]]) {
    print!("| {label} |");
    let mut slowest = (0.0, String::new());
    for (by_cursor, values) in asked() {
        let mut all = Times::default();
        for [a, b] in pairs {
            let times = ask(store, rows, SAMPLES / 6, by_cursor, values, &[a, b]);
            if times.quantile(0.5) > slowest.0 {
                slowest = (
                    times.quantile(0.5),
                    format!("{a} and {b}: {}", times.print()),
                );
            }
            all.add(times);
        }
        print!(" {} |", all.print());
    }
    println!(" slowest: {}", slowest.1);
}

fn asked() -> impl Iterator<Item = (bool, Values)> {
    let all = |by_cursor| Values::ALL.map(|values| (by_cursor, values));
    [false, true].into_iter().flat_map(all)
}

/// Asks for a page of several values, of which the entry has what all filters look at.
fn ask(
    store: &SqliteStore,
    rows: u64,
    samples: u64,
    by_cursor: bool,
    values: Values,
    names: &[&str],
) -> Times {
    // What no entry has, such as the method of an event, is asked for by no filter.
    let filters =
        (0..samples * 100).filter_map(|sample| filter(names, &values.entry(sample, rows)));
    let queries: Vec<_> = (0..samples)
        .zip(filters)
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
        // The first round brings what it reads into the operating system's cache.
        times = Times::default();
        for query in &queries {
            list(store, query, &mut times);
        }
    }
    times
}

fn list(store: &SqliteStore, query: &LogQuery, times: &mut Times) -> Page {
    times.time(|| store.list(query).now_or_never().unwrap().unwrap())
}

/// What a list by number asks: how many there are, and a page far from either end.
fn counts(store: &SqliteStore, rows: u64) {
    let largest = || Scope::organisation("org_0").unwrap();
    let mut writes = Filter::new();
    writes.methods = ["POST", "PUT", "DELETE"].map(String::from).into();
    let narrowed = |narrow: fn(&mut Filter, u64)| {
        let mut filter = writes.clone();
        narrow(&mut filter, rows);
        filter
    };
    let cases = [
        ("everything", Scope::all(), Filter::new()),
        ("largest organisation", largest(), Filter::new()),
        (
            "Lago's list: its POST, PUT and DELETE",
            largest(),
            writes.clone(),
        ),
        (
            "and an API version",
            largest(),
            narrowed(|it, _| it.api_versions = vec!["2024-02-01".into()]),
        ),
        (
            "and a path",
            largest(),
            narrowed(|it, _| it.paths = vec![PathPattern::new("/api/v1/accounts")]),
        ),
        (
            "and a path with a star",
            largest(),
            narrowed(|it, _| it.paths = vec![PathPattern::new("/api/v1/cases/*")]),
        ),
        (
            "and a tenth of the time",
            largest(),
            narrowed(|it, rows| {
                it.from = Some(traffic::time(rows / 2));
                it.to = Some(traffic::time(rows / 2 + rows / 10));
            }),
        ),
        ("failed calls", Scope::all(), {
            let mut failed = Filter::new();
            failed.statuses = vec![StatusRange { from: 400, to: 599 }];
            failed
        }),
        ("a path with a star", Scope::all(), {
            let mut star = Filter::new();
            star.paths = vec![PathPattern::new("*/cases/*")];
            star
        }),
    ];
    println!("\n| count, and a page of 50 by number in the middle, ms | entries | count | page |");
    println!("|---|--:|--:|--:|");
    for (name, scope, filter) in cases {
        let (mut counts, mut pages, mut count) = (Times::default(), Times::default(), 0);
        for _ in 0..SAMPLES / 6 {
            count = counts.time(|| {
                store
                    .count(&scope, &filter)
                    .now_or_never()
                    .unwrap()
                    .unwrap()
            });
            let query = LogQuery::new(scope.clone())
                .filter(filter.clone())
                .limit(50);
            let page = list(
                store,
                &query.position(Position::Number(count / 100)),
                &mut pages,
            );
            assert_eq!(page.entries.len(), 50);
        }
        println!(
            "| {name} | {count} | {} | {} |",
            counts.print(),
            pages.print()
        );
    }
}

/// A text that nothing has, page by page.
fn text(store: &SqliteStore) {
    let mut filter = Filter::new();
    filter.text = Some("absent".into());
    let (mut times, mut position) = (Times::default(), Position::First);
    for _ in 0..SAMPLES {
        let query = LogQuery::new(Scope::all()).filter(filter.clone());
        let page = list(store, &query.position(position), &mut times);
        position = Position::After(page.searched_to.unwrap());
    }
    println!(
        "\na page of a search for a text that nothing has: {} ms",
        times.print()
    );
}

/// All entries, as an export reads them.
fn walk(store: &SqliteStore, rows: u64) {
    let (mut times, mut query, mut found) =
        (Times::default(), LogQuery::new(Scope::all()).limit(1000), 0);
    loop {
        let page = list(store, &query, &mut times);
        found += page.entries.len() as u64;
        let Some(last) = page.entries.last().filter(|_| page.has_older) else {
            break;
        };
        query = query.position(Position::After(last.id));
    }
    assert_eq!(found, rows);
    println!(
        "all entries by pages of 1000: {} ms a page, {:.1} s in all",
        times.print(),
        times.sum().as_secs_f64()
    );
}

/// A person erased, and the oldest tenth of the rows deleted.
fn retention(store: &SqliteStore, rows: u64) {
    let (mut erasure, mut deletion) = (Times::default(), Times::default());
    let erased = erasure.time(|| {
        store
            .erase("user_7001")
            .now_or_never()
            .unwrap()
            .unwrap()
            .entries()
    });
    let time = traffic::time(rows / 10);
    let deleted = deletion.time(|| store.delete_before(time).now_or_never().unwrap().unwrap());
    println!(
        "erasing {erased} entries of a person: {:.0} ms; deleting {deleted}: {:.0} us each",
        erasure.quantile(1.0),
        deletion.quantile(1.0) * 1e3 / deleted as f64
    );
}
