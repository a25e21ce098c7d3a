//! The suite that every store passes: [`LogSink`], [`LogStore`] and [`Retention`] over the same data.
//!
//! Each case is an async function over an empty store; [`store_conformance!`](crate::store_conformance) makes a test of each, so
//! that no backend can leave one out. Answers are compared with [`LogQuery::matches`] over the entries written.

mod filter;
mod list;
mod retention;
mod scope;
mod stats;
#[cfg(test)]
mod tests;
mod write;

pub use filter::*;
pub use list::*;
pub use retention::*;
pub use scope::*;
pub use stats::*;
pub use write::*;

use crate::entry::{EntryId, LogEntry};
use crate::query::{Filter, LogQuery, Page, Position, Scope};
use crate::sink::LogSink;
use crate::store::{LogStore, Retention};

/// What the suite asks of a store.
pub trait Backend: LogSink + LogStore + Retention {}

impl<S: LogSink + LogStore + Retention> Backend for S {}

/// Makes a `#[tokio::test]` of every case of [`conformance`](crate::testing::conformance).
///
/// The argument makes an empty store with room for 10,000 entries and 64 MiB, and what must live as long as it, such as a temporary
/// folder: an expression of the type `(store, guard)`, evaluated inside of each test, where it may `await`. The user of the
/// macro needs `tokio` with the features `macros` and `rt-multi-thread`.
///
/// An attribute before it goes to each of the tests: `#[ignore = "needs a server"] (make().await)`, for a store that not every machine can run.
///
/// # Example: a store of one's own
///
/// ```
/// mod memory {
///     use tower_api_log::MemoryStore;
///
///     tower_api_log::store_conformance!((MemoryStore::with_capacity(10_000), ()));
/// }
/// ```
#[macro_export]
macro_rules! store_conformance {
    (#[$attribute:meta] $make:expr) => {
        $crate::store_conformance! { @all [#[$attribute]] $make }
    };
    ($make:expr) => {
        $crate::store_conformance! { @all [] $make }
    };
    (@all $attributes:tt $make:expr) => {
        $crate::store_conformance! { @cases $attributes $make;
            every_field_and_variant_survives_a_round_trip
            hostile_text_survives_in_every_field
            entries_larger_than_a_mebibyte_survive
            earliest_and_latest_times_survive
            writing_a_batch_again_leaves_one_copy
            writing_an_overlapping_batch_adds_what_is_new
            one_batch_with_an_id_twice_keeps_the_first
            empty_batch_is_written
            batch_of_many_entries_is_written
            concurrent_writers_lose_nothing
            data_nested_deeply_does_not_hide_its_neighbours
            listing_runs_from_the_largest_id_whatever_the_order_of_writing
            first_page_of_an_empty_store_is_empty
            pages_after_and_before_an_id_tell_what_surrounds_them
            pages_by_number_tell_what_surrounds_them
            absurd_page_numbers_are_empty_pages
            absurd_limits_are_held
            cursor_walk_under_concurrent_writes_shows_every_entry_once
            cursor_walk_under_deletion_shows_every_surviving_entry_once
            count_equals_the_length_of_the_walk
            every_filter_alone_agrees_with_the_reference
            random_queries_agree_with_the_reference
            random_patterns_agree_with_the_reference
            hostile_filter_values_match_themselves_only
            times_are_inclusive_at_both_ends
            filter_with_a_thousand_values_of_each_field_is_answered
            text_is_found_in_bodies_and_events_whatever_its_case
            walk_for_a_text_shows_every_match_once_however_early_its_pages_stop
            entry_is_found_by_id_within_its_scope_only
            no_filter_widens_a_scope
            sums_agree_with_the_reference
            sums_are_held_to_their_limit
            sums_of_nothing_are_told
            sums_of_odd_exchanges_agree_with_the_reference
            deletion_takes_what_is_older_and_nothing_else
            deletion_is_held_to_organisations
            held_entries_stay
            store_that_shrinks_keeps_the_newest
            deletion_of_many_entries_lets_writers_through
            erasure_takes_a_person_out_of_every_answer
            erased_entry_stays_erased_when_it_is_written_again
        }
    };
    (@cases $attributes:tt $make:expr; $($case:ident)*) => {
        $( $crate::store_conformance! { @case $attributes $make; $case } )*
    };
    (@case [$($attribute:tt)*] $make:expr; $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $($attribute)*
        async fn $case() {
            let (store, _guard) = $make;
            $crate::testing::conformance::$case(store).await;
        }
    };
}

/// Answers a query from a list of entries: what a store has to answer.
fn reference(entries: &[LogEntry], query: &LogQuery) -> Page {
    let mut all: Vec<&LogEntry> = entries.iter().filter(|it| query.matches(it)).collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    let limit = query.limit as usize;
    let (start, end) = match query.position {
        Position::First => (0, limit),
        Position::After(id) => {
            let start = all.partition_point(|entry| entry.id >= id);
            (start, start + limit)
        }
        Position::Before(id) => {
            let end = all.partition_point(|entry| entry.id > id);
            (end.saturating_sub(limit), end)
        }
        Position::Number(number) => {
            let start = (number.saturating_sub(1) as usize).saturating_mul(limit);
            (start, start.saturating_add(limit))
        }
        Position::FromOldest(number) => {
            let newer = (number.saturating_sub(1) as usize).saturating_mul(limit);
            let end = all.len().saturating_sub(newer);
            (end.saturating_sub(limit), end)
        }
    };
    let (start, end) = (start.min(all.len()), end.min(all.len()));
    let mut entries: Vec<_> = all[start..end].iter().map(|&it| it.clone()).collect();
    if let Position::FromOldest(_) = query.position {
        entries.reverse();
    }
    Page::new(entries, end < all.len(), start > 0)
}

async fn agrees(store: &impl Backend, entries: &[LogEntry], query: &LogQuery) {
    let (page, mut wanted) = (store.list(query).await.unwrap(), reference(entries, query));
    if let Some(id) = page.searched_to {
        stop_at(&mut wanted, query, id);
    }
    assert_eq!(ids(&page.entries), ids(&wanted.entries), "{query:?}");
    assert!(
        page.entries == wanted.entries,
        "an entry changed: {query:?}"
    );
    // With a text, yes can be a perhaps.
    let is_told = |told: bool, truth: bool| told == truth || told && query.filter.text.is_some();
    assert!(
        is_told(page.has_older, wanted.has_older),
        "older: {query:?}"
    );
    assert!(
        is_told(page.has_newer, wanted.has_newer),
        "newer: {query:?}"
    );
    let count = entries.iter().filter(|it| query.matches(it)).count();
    let counted = store.count(&query.scope, &query.filter).await.unwrap();
    assert_eq!(counted, count as u64, "count: {query:?}");
}

/// Cuts a page down to what a search for text has looked at.
fn stop_at(page: &mut Page, query: &LogQuery, searched_to: EntryId) {
    assert!(query.filter.text.is_some(), "no text, yet: {query:?}");
    match query.position {
        Position::First | Position::After(_) => {
            page.entries.retain(|entry| entry.id >= searched_to);
            page.has_older = true;
        }
        Position::Before(_) => {
            page.entries.retain(|entry| entry.id <= searched_to);
            page.has_newer = true;
        }
        _ => panic!("a page by number cannot stop early: {query:?}"),
    }
}

/// Walks a listing from its newest page by cursor; calls `between` after every page.
async fn walk(
    store: &impl Backend,
    mut query: LogQuery,
    mut between: impl AsyncFnMut(),
) -> Vec<LogEntry> {
    let mut walked = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        let last = page.entries.last().map(|entry| entry.id);
        walked.extend(page.entries);
        if !page.has_older {
            assert!(page.searched_to.is_none(), "the end, and yet not searched");
            return walked;
        }
        let reached = page.searched_to.or(last);
        let reached = reached.expect("an empty page says that older entries follow");
        query = query.position(Position::After(reached));
        between().await;
    }
}

async fn everything(store: &impl Backend) -> Vec<LogEntry> {
    walk(store, filtered(Filter::new()), async || {}).await
}

fn ids(entries: &[LogEntry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

fn newest_first(mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries
}

fn filtered(filter: Filter) -> LogQuery {
    LogQuery::new(Scope::all()).filter(filter).limit(1000)
}
