//! The store on ClickHouse, against a server at `TEST_CLICKHOUSE_URL`, and against servers of the tests' own that they break.

mod conformance;
mod crash;
mod distributed;
mod plans;
mod proxy;
mod refusal;
mod schema;
pub(crate) mod server;

use std::collections::HashSet;

use tower_api_log::query::{Filter, Position};
use tower_api_log::store::ClickHouseStore;
use tower_api_log::{EntryId, LogEntry, LogQuery, LogStore, Scope};

/// Walks everything in a store, and holds that no id comes twice, and that the count is that of the walk.
async fn stored(store: &ClickHouseStore) -> Vec<LogEntry> {
    let (mut walked, mut query) = (
        Vec::<LogEntry>::new(),
        LogQuery::new(Scope::all()).limit(1000),
    );
    loop {
        let page = store.list(&query).await.unwrap();
        walked.extend(page.entries);
        let Some(last) = walked.last().filter(|_| page.has_older) else {
            break;
        };
        query = query.position(Position::After(last.id));
    }
    let ids: HashSet<EntryId> = walked.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), walked.len(), "an id came twice");
    let count = store.count(&Scope::all(), &Filter::new()).await.unwrap();
    assert_eq!(count, walked.len() as u64);
    walked
}
