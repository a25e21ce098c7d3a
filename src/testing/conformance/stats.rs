use std::time::Duration;

use super::Backend;
use super::filter::filters_of;
use crate::clock::Timestamp;
use crate::entry::{LogEntry, Outcome};
use crate::query::{Field, Filter, Group, GroupBy, Scope, Stats, StatsQuery};
use crate::testing::{Random, sample};

/// Every way to group agrees with the reference, over everything and over what random filters leave.
pub async fn sums_agree_with_the_reference(store: impl Backend) {
    let mut random = Random::new(15);
    let entries = random.entries(1, 300);
    store.write(&entries).await.unwrap();
    for group_by in ways() {
        summed(&store, &entries, &all().group_by(group_by)).await;
        for _ in 0..4 {
            let filter = random.filter(300);
            let query = all().group_by(group_by).filter(filter);
            summed(&store, &entries, &query).await;
        }
    }
    let mut organisations = entries
        .iter()
        .filter_map(|it| it.context.organisation.clone());
    let scope = Scope::organisation(organisations.next().unwrap()).unwrap();
    for group_by in ways() {
        let query = StatsQuery::new(scope.clone()).group_by(group_by);
        summed(&store, &entries, &query).await;
    }
}

/// Where there are more groups than the limit, those that count are there whole.
pub async fn sums_are_held_to_their_limit(store: impl Backend) {
    let entries = Random::new(16).entries(1, 300);
    store.write(&entries).await.unwrap();
    for group_by in ways() {
        for limit in [0, 1, 2, 3, u32::MAX] {
            let mut query = all().group_by(group_by);
            query.limit = limit;
            summed(&store, &entries, &query).await;
        }
    }
    let query = all().group_by(GroupBy::Field(Field::Kind)).limit(1);
    let stats = store.stats(&query).await.unwrap();
    assert!(stats.has_more && stats.groups.len() == 1);
}

/// Nothing summed up is one group of nothing, or none.
pub async fn sums_of_nothing_are_told(store: impl Backend) {
    for group_by in ways() {
        summed(&store, &[], &all().group_by(group_by)).await;
    }
    store.write(&[sample::exchange(1)]).await.unwrap();
    let mut nothing = Filter::new();
    nothing.nothing = true;
    let stats = store.stats(&all().filter(nothing)).await.unwrap();
    assert_eq!(stats.groups.len(), 1);
    assert_eq!(stats.groups[0].1.entries, 0);
}

/// Weights, the longest durations, times before 1970 and odd statuses are summed up exactly; sums are filtered by every field, text too.
pub async fn sums_of_odd_exchanges_agree_with_the_reference(store: impl Backend) {
    let mut entries = Vec::new();
    let micros = [
        0,
        7,
        8,
        9,
        1_000_000,
        u64::from(u32::MAX),
        (1 << 52) - 1,
        u64::MAX,
    ];
    let times = [
        Timestamp::MIN,
        Timestamp::from_micros(-1),
        sample::start(),
        Timestamp::MAX,
    ];
    for (number, micros) in (1..).zip(micros) {
        let mut entry = sample::exchange(number);
        entry.created_at = times[number as usize % times.len()];
        sample::change(&mut entry, |exchange| {
            exchange.timing.to_last_byte_micros = micros;
            exchange.weight = match number {
                1 => u32::MAX,
                _ => number,
            };
            exchange.outcome = Outcome::ALL[number as usize % Outcome::ALL.len()];
            if let Some(response) = &mut exchange.response {
                response.status = [100, 399, 400, 599, 600, 999][number as usize % 6];
            }
        });
        entries.push(entry);
    }
    entries.extend(sample::variants(100));
    store.write(&entries).await.unwrap();
    for group_by in ways() {
        summed(&store, &entries, &all().group_by(group_by)).await;
    }
    for filter in entries.iter().take(2).flat_map(filters_of) {
        let query = all().group_by(GroupBy::Field(Field::Status)).filter(filter);
        summed(&store, &entries, &query).await;
    }
    let mut filter = Filter::new();
    filter.text = Some("a".into());
    summed(&store, &entries, &all().filter(filter)).await;
}

fn all() -> StatsQuery {
    StatsQuery::new(Scope::all())
}

fn ways() -> impl Iterator<Item = GroupBy> {
    let seconds = [0, 1, 60, 3600, 86_400 * 7, u64::MAX].map(Duration::from_secs);
    let times = seconds.into_iter().map(GroupBy::Time);
    [GroupBy::All]
        .into_iter()
        .chain(times)
        .chain(Field::ALL.map(GroupBy::Field))
}

async fn summed(store: &impl Backend, entries: &[LogEntry], query: &StatsQuery) {
    let (stats, wanted) = (store.stats(query).await.unwrap(), query.sum(entries));
    let groups = |stats: &Stats| -> Vec<(Group, u64)> {
        let groups = stats.groups.iter();
        groups
            .map(|(group, it)| (group.clone(), it.entries))
            .collect()
    };
    assert_eq!(groups(&stats), groups(&wanted), "{query:?}");
    assert_eq!(stats, wanted, "{query:?}");
}
