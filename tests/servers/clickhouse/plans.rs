//! What the server reads for an answer: by its own plans and counts, on a table of thirty days and 20 organisations.

use std::sync::LazyLock;

use tower_api_log::query::{Filter, PathPattern, Position, StatusRange};
use tower_api_log::store::ClickHouseStore;
use tower_api_log::testing::sample;
use tower_api_log::{
    Clock, EntryId, LogEntry, LogQuery, LogSink, LogStore, Scope, SystemClock, Timestamp,
};

use super::proxy::Proxy;
use super::server::Database;

const DAYS: i64 = 30;
const ROWS: i64 = 600_000;
/// How many milliseconds lie between two entries.
const APART: i64 = DAYS * 86_400_000 / ROWS;
const GRANULE: u64 = 1024;

/// Returns the time of an entry, in milliseconds: the days before now.
fn time(number: i64) -> i64 {
    static NOW: LazyLock<i64> = LazyLock::new(|| SystemClock::default().now().as_micros() / 1000);
    *NOW - (ROWS + 1 - number) * APART
}

fn at(number: i64) -> Timestamp {
    Timestamp::from_micros(time(number) * 1000)
}

/// Fills a table out of one entry, and returns the database, the store, and what stands between.
async fn filled() -> (Database, ClickHouseStore, Proxy) {
    let database = Database::new();
    let proxy = Proxy::new(database.base());
    let url = format!("{}/{}", proxy.url(), database.name());
    let builder = ClickHouseStore::builder(&url).setting("wait_end_of_query", "1");
    let store = builder.connect().await.unwrap();
    let mut entry = sample::exchange(0);
    entry.context.organisation = Some("org_0".into());
    store.write(&[entry]).await.unwrap();
    let start = time(0);
    database.sql(&format!(
        "INSERT INTO api_log SELECT api_log.* REPLACE (
            concat('org_', toString(number % 20)) AS organisation,
            bitShiftLeft(toUInt128({start} + number * {APART}), 80) + cityHash64(number) AS id,
            ({start} + number * {APART}) * 1000 AS created_at,
            toInt32(if(number % 97 = 0, 500, 200)) AS status)
        FROM api_log CROSS JOIN numbers(1, {ROWS}) AS rows"
    ));
    // As the server does by itself with a day that is past.
    database.sql("OPTIMIZE TABLE api_log FINAL");
    (database, store, proxy)
}

fn of(organisation: &str) -> LogQuery {
    LogQuery::new(Scope::organisation(organisation).unwrap()).limit(50)
}

async fn page(store: &ClickHouseStore, query: &LogQuery) -> Vec<LogEntry> {
    store.list(query).await.unwrap().entries
}

/// Returns the numbers of a line such as `Granules: 1/20` in the last step of a plan that has it.
fn last<'p>(plan: &'p str, name: &str) -> (&'p str, &'p str) {
    let line = plan.lines().rfind(|line| line.trim().starts_with(name));
    let line = line.unwrap_or_else(|| panic!("{name} is not in {plan}"));
    line.trim()[name.len()..].trim().split_once('/').unwrap()
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn answers_read_little_of_a_large_table() {
    let (_database, store, proxy) = filled().await;
    // The first asks for the extent of the table as well.
    let newest = page(&store, &of("org_3")).await;
    assert_eq!(newest.len(), 50);
    proxy.rows_read();

    let middle: EntryId = {
        let after = EntryId::first_at(at(ROWS / 2));
        page(&store, &of("org_3").position(Position::After(after))).await[0].id
    };
    proxy.rows_read();
    assert!(store.get(&Scope::all(), middle).await.unwrap().is_some());
    let plan = proxy.plan();
    assert_eq!(last(&plan, "Granules:").0, "1", "{plan}");
    assert_eq!(last(&plan, "Parts:").0, "1", "{plan}");
    assert!(plan.contains("by_id"), "{plan}");
    assert!(proxy.rows_read() <= GRANULE);
    let scope = Scope::organisation("org_3").unwrap();
    assert!(store.get(&scope, middle).await.unwrap().is_some());
    assert!(proxy.rows_read() <= GRANULE);

    // The newest page, the thousandth and one in the middle read the same few granules.
    let mut read = Vec::new();
    let deep = EntryId::first_at(at(ROWS - 20 * 50_000 / 2));
    for position in [
        Position::First,
        Position::After(deep),
        Position::After(middle),
        Position::Before(middle),
    ] {
        assert_eq!(
            page(&store, &of("org_3").position(position)).await.len(),
            50
        );
        read.push(proxy.rows_read());
    }
    assert!(read.iter().all(|rows| *rows <= 8 * GRANULE), "{read:?}");

    let mut filter = Filter::new();
    filter.statuses = vec![StatusRange { from: 500, to: 599 }];
    filter.paths = vec![PathPattern::new("/api/*")];
    (filter.from, filter.to) = (Some(at(ROWS / 2)), Some(at(ROWS / 2 + ROWS / 60)));
    let found = page(&store, &of("org_3").filter(filter.clone())).await;
    assert!(!found.is_empty() && found.len() < 50);
    let rows = proxy.rows_read();
    assert!(rows <= 12 * GRANULE, "{rows}");

    let all = LogQuery::new(Scope::all()).limit(50);
    assert_eq!(
        page(&store, &all.position(Position::After(middle)))
            .await
            .len(),
        50
    );
    let rows = proxy.rows_read();
    assert!(rows <= 100 * GRANULE, "{rows}");

    assert!(store.count(&scope, &filter).await.unwrap() > 0);
    let plan = proxy.plan();
    let parts: Vec<u64> = plan
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("Parts: ")?
                .split_once('/')?
                .0
                .parse()
                .ok()
        })
        .collect();
    assert!(*parts.last().unwrap() <= 4, "{plan}");
    assert!(
        plan.contains("Min-Max") && plan.contains("created_at"),
        "{plan}"
    );
}
