//! Two servers with the entries spread over them.

use std::time::Duration;

use tower_api_log::query::{Filter, StatsQuery};
use tower_api_log::store::{ClickHouseStore, Retention};
use tower_api_log::testing::{Random, sample};
use tower_api_log::{LogEntry, LogQuery, LogSink, LogStore, Scope};

use super::server::{Server, free_port};
use super::stored;

/// Starts two servers, of which each has its own part of the tables. `ON CLUSTER` would need Keeper, which this engine lacks.
async fn two() -> ([Server; 2], ClickHouseStore) {
    let ports = [free_port(), free_port()];
    let shards = ports.map(|port| port.to_string());
    let shards = ["--shard", &shards[0], "--shard", &shards[1]];
    let servers = ports.map(|port| Server::start_at(port, &shards));
    let builder = || ClickHouseStore::builder(servers[0].url()).distributed("two");
    for server in &servers {
        for statement in builder().ddl().unwrap() {
            assert!(statement.contains(" ON CLUSTER 'two'"));
            server.sql(&statement.replace(" ON CLUSTER 'two'", ""));
        }
    }
    let patience = Duration::from_secs(10);
    let builder = builder()
        .migrate(false)
        .read_timeout(patience)
        .write_timeout(patience);
    (servers, builder.connect().await.unwrap())
}

fn entries() -> Vec<LogEntry> {
    let mut entries: Vec<_> = (1..=400).map(sample::exchange).collect();
    for (number, entry) in entries.iter_mut().enumerate() {
        entry.context.organisation = Some(format!("org_{}", number % 10));
    }
    entries
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn entries_are_spread_by_organisation_and_read_as_one_log() {
    let (servers, store) = two().await;
    let entries = entries();
    store.write(&entries).await.unwrap();
    store.write(&entries).await.unwrap();
    assert_eq!(stored(&store).await.len(), 400);
    let local = |server: &Server| -> u64 {
        server
            .sql("SELECT count() FROM api_log_local")
            .parse()
            .unwrap()
    };
    let parts = servers.each_ref().map(local);
    assert!(parts[0] > 0 && parts[1] > 0, "{parts:?}");
    assert_eq!(parts[0] + parts[1], 400);
    let both =
        "SELECT uniqExact(organisation) FROM cluster('two', currentDatabase(), api_log_local)";
    let each = "SELECT uniqExact(organisation) FROM api_log_local";
    let each: u64 = servers
        .iter()
        .map(|it| it.sql(each).parse::<u64>().unwrap())
        .sum();
    assert_eq!(
        servers[0].sql(both),
        each.to_string(),
        "an organisation is on two shards"
    );

    for entry in entries.iter().take(20) {
        let found = store.get(&Scope::all(), entry.id).await.unwrap();
        assert!(found.as_ref() == Some(entry));
    }
    let mut random = Random::new(20);
    for _ in 0..30 {
        let filter = random.filter(400);
        let scope = Scope::organisation("org_3").unwrap();
        let query = LogQuery::new(scope.clone())
            .filter(filter.clone())
            .limit(1000);
        let wanted = entries.iter().filter(|entry| query.matches(entry)).count();
        assert_eq!(
            store.list(&query).await.unwrap().entries.len(),
            wanted,
            "{filter:?}"
        );
        assert_eq!(store.count(&scope, &filter).await.unwrap(), wanted as u64);
        let query = StatsQuery::new(scope).filter(filter);
        assert_eq!(store.stats(&query).await.unwrap(), query.sum(&entries));
    }
    store.hold(&[entries[0].id]).await.unwrap();
    assert_eq!(store.held().await.unwrap(), [entries[0].id]);
    assert!(store.size_bytes().await.unwrap() > 0);
    // What says which days may be dropped sees both, though dropping itself needs Keeper here.
    let rows = "SELECT _partition_id, count() FROM cluster('two', currentDatabase(), api_log_local) GROUP BY 1";
    assert_eq!(servers[0].sql(rows), "20261122-0\t400");
    assert_eq!(store.delete_before(entries[0].created_at).await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs a ClickHouse server; tests/run.sh starts one"]
async fn lost_shard_is_told_and_what_was_acknowledged_is_there_when_it_is_back() {
    let (mut servers, store) = two().await;
    let entries = entries();
    store.write(&entries[..200]).await.unwrap();
    servers[1].kill();
    let written = store.write(&entries[200..]).await.unwrap_err();
    let read = store
        .count(&Scope::all(), &Filter::new())
        .await
        .unwrap_err();
    for error in [written, read] {
        assert!(error.is_retryable(), "{error:?}");
        assert!(error.to_string().contains("shard or replica"), "{error}");
    }
    servers[1].start_again();
    let start = std::time::Instant::now();
    while let Err(error) = store.write(&entries[200..]).await {
        assert!(
            error.is_retryable() && start.elapsed() < Duration::from_secs(60),
            "{error:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stored(&store).await.len(), 400);
    let local = |server: &Server| -> u64 {
        server
            .sql("SELECT count() FROM api_log_local FINAL")
            .parse()
            .unwrap()
    };
    assert_eq!(servers.iter().map(local).sum::<u64>(), 400);
}
