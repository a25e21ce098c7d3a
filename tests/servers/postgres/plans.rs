//! Which ways the server takes, as its own `EXPLAIN` tells of the very questions that the store asks.

use std::time::Duration;

use tower_api_log::query::{PathPattern, Position, StatusRange};
use tower_api_log::testing::sample;
use tower_api_log::{
    EntryId, LogEntry, LogQuery, LogSink, LogStore, PostgresStore, Scope, Timestamp,
};

use super::place::{Place, client};
use super::server::Server;

const DAY: Duration = Duration::from_secs(86_400);
const DAYS: u32 = 4;
const ROWS: u32 = 3_000;

/// Makes an entry of a day: of one of 20 organisations, one in fifty failed.
fn entry(day: u32, number: u32) -> LogEntry {
    let time = time(day, number);
    let mut entry = sample::exchange(number);
    (entry.id, entry.created_at) = (EntryId::first_at(time), time);
    entry.context.organisation = Some(format!("org_{}", number % 20));
    entry.context.request_id = Some(format!("request_{day}_{number}"));
    entry.context.actor = Some(tower_api_log::Actor::user(format!("user_{}", number % 500)));
    sample::change(&mut entry, |exchange| {
        exchange.request.path = format!("/api/v1/inquiries/{}", number % 100);
        if let Some(response) = &mut exchange.response {
            response.status = if number.is_multiple_of(50) { 500 } else { 200 };
        }
    });
    entry
}

fn time(day: u32, number: u32) -> Timestamp {
    sample::start().plus(DAY * day + Duration::from_millis(u64::from(number) * 10))
}

/// A server that writes down the plan of every question of a store.
struct Explained {
    server: Server,
    store: PostgresStore,
    entry: LogEntry,
    place: Place,
}

impl Explained {
    async fn new() -> Self {
        let server = Server::start_with_plans();
        let place = Place::at(server.url());
        let store = place
            .builder()
            .statement_timeout(Duration::from_secs(60))
            .connect()
            .await
            .unwrap();
        for day in 0..DAYS {
            let entries: Vec<_> = (0..ROWS).map(|number| entry(day, number)).collect();
            store.write(&entries).await.unwrap();
        }
        let analyze = client(place.url()).await.unwrap();
        analyze
            .batch_execute(&place.sql("VACUUM ANALYZE PLACE.entry"))
            .await
            .unwrap();
        Self {
            server,
            store,
            entry: entry(1, 1_500),
            place,
        }
    }

    /// Returns the plans of what is asked meanwhile.
    async fn plans(&self, asked: impl Future) -> String {
        let before = self.server.log().len();
        asked.await;
        let log = self.server.log();
        let log = log[before..].to_owned();
        assert!(log.contains("Query Text"), "no plan: {log}");
        log
    }

    async fn list(&self, query: LogQuery) -> String {
        self.plans(async { self.store.list(&query).await.unwrap() })
            .await
    }
}

/// Returns how many partitions a plan looks at, of which each is named in it.
fn partitions(plan: &str) -> usize {
    let mut names: Vec<_> = plan
        .split(|it: char| !it.is_alphanumeric() && it != '_')
        .filter(|word| word.starts_with("entry_2") && word.len() == "entry_20261122".len())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

/// Tells whether a plan reads all of a day; the days made ahead are empty.
fn reads_a_day(plan: &str) -> bool {
    (22..22 + DAYS).any(|day| plan.contains(&format!("Seq Scan on entry_202611{day}")))
}

/// Returns the largest number of rows that a step of the plans has thrown away.
fn thrown_away(plan: &str) -> u64 {
    let numbers = plan.split("Rows Removed by Filter: ").skip(1);
    let number = |rest: &str| {
        rest.split_whitespace()
            .next()
            .and_then(|it| it.parse().ok())
    };
    numbers.filter_map(number).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a PostgreSQL server; tests/run.sh starts one"]
async fn questions_are_answered_from_indexes_of_few_partitions() {
    let it = Explained::new().await;
    let scope = Scope::all();

    let plan = it
        .plans(async { it.store.get(&scope, it.entry.id).await.unwrap() })
        .await;
    assert_eq!(partitions(&plan), 1, "{plan}");
    assert!(
        plan.contains("Index Scan using entry_20261123_pkey")
            && (plan.contains("rows=1 loops=1") || plan.contains("rows=1.00 loops=1")),
        "{plan}"
    );
    assert_eq!(thrown_away(&plan), 0, "{plan}");

    // A page anywhere in the listing: two questions, each about one end of it.
    let query = LogQuery::new(Scope::all())
        .limit(50)
        .position(Position::After(it.entry.id));
    let plan = it.list(query).await;
    assert!(partitions(&plan) <= 3, "{plan}");
    assert!(!reads_a_day(&plan) && !plan.contains("Sort"), "{plan}");
    assert_eq!(thrown_away(&plan), 0, "{plan}");

    // The same of one organisation.
    let scope = || Scope::organisation("org_3").unwrap();
    let plan = it
        .list(
            LogQuery::new(scope())
                .limit(50)
                .position(Position::After(it.entry.id)),
        )
        .await;
    assert!(plan.contains("entry_20261123_organisation"), "{plan}");
    assert!(!reads_a_day(&plan) && !plan.contains("Sort"), "{plan}");
    assert_eq!(thrown_away(&plan), 0, "{plan}");

    // Organisation, status, path and a range of time: the day of that time alone.
    let mut query = LogQuery::new(scope()).limit(50);
    query.filter.statuses = vec![StatusRange::exact(200)];
    query.filter.paths = vec![PathPattern::new("/api/v1/inquiries/3")];
    (query.filter.from, query.filter.to) = (Some(time(1, 1_000)), Some(time(1, 2_000)));
    let plan = it.list(query).await;
    assert_eq!(partitions(&plan), 1, "{plan}");
    assert!(!reads_a_day(&plan), "{plan}");

    // Values that few entries have.
    for (what, narrow) in [
        (
            "request_id",
            (|it| it.request_ids = vec!["request_2_77".into()])
                as fn(&mut tower_api_log::query::Filter),
        ),
        ("actor", |it| it.actors = vec!["user_77".into()]),
        ("path", |it| {
            it.paths = vec![PathPattern::new("/api/v1/inquiries/absent*")]
        }),
    ] {
        let mut query = LogQuery::new(Scope::all()).limit(50);
        narrow(&mut query.filter);
        let plan = it.list(query).await;
        assert!(!reads_a_day(&plan), "{what}: {plan}");
        assert!(thrown_away(&plan) < 100, "{what}: {plan}");
    }
    drop(it.place);
}
