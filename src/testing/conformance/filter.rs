use super::{Backend, agrees, filtered, ids, walk};
use crate::clock::Timestamp;
use crate::entry::{EntryId, Kind, LogEntry};
use crate::query::{Filter, LogQuery, PathPattern, Position, Scope, StatusRange};
use crate::testing::{Random, sample};

/// Every field of the filter, alone, with values that hit, that miss, and several at once.
pub async fn every_filter_alone_agrees_with_the_reference(store: impl Backend) {
    let entries = Random::new(5).entries(1, 300);
    store.write(&entries).await.unwrap();
    let mut random = Random::new(6);
    for _ in 0..60 {
        let wanted = random.filter(300);
        for part in parts(wanted) {
            agrees(&store, &entries, &filtered(part)).await;
        }
    }
}

/// Hundreds of random queries, with scopes, positions and limits.
pub async fn random_queries_agree_with_the_reference(store: impl Backend) {
    let entries = Random::new(7).entries(1, 400);
    store.write(&entries).await.unwrap();
    let mut random = Random::new(8);
    for _ in 0..800 {
        agrees(&store, &entries, &random.query(400)).await;
    }
}

/// Every pattern over every path.
pub async fn random_patterns_agree_with_the_reference(store: impl Backend) {
    let entries = Random::new(9).entries(1, 300);
    store.write(&entries).await.unwrap();
    let mut random = Random::new(10);
    for _ in 0..150 {
        let mut filter = Filter::new();
        filter.paths = vec![random.pattern()];
        agrees(&store, &entries, &filtered(filter)).await;
    }
}

/// A hostile value finds the entries that have it, and no other.
pub async fn hostile_filter_values_match_themselves_only(store: impl Backend) {
    let numbered = (1..).zip(sample::HOSTILE);
    let mut entries: Vec<_> = numbered
        .map(|(number, text)| sample::everywhere(number, text))
        .collect();
    entries.extend((100..110).map(sample::plain));
    store.write(&entries).await.unwrap();
    for text in sample::HOSTILE {
        for filter in text_filters(text) {
            let found = store.list(&filtered(filter.clone())).await.unwrap();
            assert_eq!(found.entries.len(), 1, "{filter:?}");
            agrees(&store, &entries, &filtered(filter)).await;
        }
        for pattern in [format!("{text}*"), format!("*{text}"), format!("*{text}*")] {
            let mut filter = Filter::new();
            filter.paths = vec![PathPattern::new(pattern)];
            agrees(&store, &entries, &filtered(filter)).await;
        }
    }
}

/// An entry at the very time of either bound is within it, to the microsecond.
pub async fn times_are_inclusive_at_both_ends(store: impl Backend) {
    let entries: Vec<_> = (0..5)
        .map(|number| {
            let mut entry = sample::plain(number);
            entry.created_at = Timestamp::from_micros(1_000_000 + i64::from(number));
            entry
        })
        .collect();
    store.write(&entries).await.unwrap();
    for from in 999_999..1_000_006 {
        for to in 999_999..1_000_006 {
            let mut filter = Filter::new();
            filter.from = Some(Timestamp::from_micros(from));
            filter.to = Some(Timestamp::from_micros(to));
            agrees(&store, &entries, &filtered(filter)).await;
        }
    }
}

/// Long lists of values are answered, not refused by an engine's limits.
pub async fn filter_with_a_thousand_values_of_each_field_is_answered(store: impl Backend) {
    let entries = Random::new(11).entries(1, 50);
    store.write(&entries).await.unwrap();
    let texts = || (0..1000).map(|number| format!("absent {number}"));
    let mut filter = Filter::new();
    filter.methods = texts().chain(["GET".into(), "POST".into()]).collect();
    filter.paths = texts().map(PathPattern::new).collect();
    filter.paths.push(PathPattern::new("*"));
    filter.statuses = (0..1000).map(StatusRange::exact).collect();
    filter.organisations = texts().chain(["one".into(), "two".into()]).collect();
    agrees(&store, &entries, &filtered(filter)).await;

    let mut filter = Filter::new();
    filter.routes = texts().chain(["one".into(), "two".into()]).collect();
    let fields: [fn(&mut Filter) -> &mut Vec<String>; 11] = [
        |it| &mut it.actors,
        |it| &mut it.sessions,
        |it| &mut it.api_keys,
        |it| &mut it.projects,
        |it| &mut it.environments,
        |it| &mut it.user_agents,
        |it| &mut it.request_ids,
        |it| &mut it.api_versions,
        |it| &mut it.categories,
        |it| &mut it.actions,
        |it| &mut it.ref_ids,
    ];
    for field in fields {
        let mut alone = Filter::new();
        field(&mut alone).clone_from(&filter.routes);
        agrees(&store, &entries, &filtered(alone)).await;
    }
    filter.exchanges = (0..1000).map(sample::id).collect();
    agrees(&store, &entries, &filtered(filter)).await;
}

/// A text is found in either body, and in what an event says and holds; the case of ASCII letters does not count, that of others does.
pub async fn text_is_found_in_bodies_and_events_whatever_its_case(store: impl Backend) {
    let mut entries = sample::variants(1);
    let numbered = (100..).zip(sample::HOSTILE);
    entries.extend(numbered.map(|(number, text)| sample::everywhere(number, text)));
    store.write(&entries).await.unwrap();
    let found = [
        "pLAIN",
        "{\"a\":1}",
        "nul \0 é",
        "[1,2",
        "JANE RENAMED",
        "the quota",
        "/name",
        "gone",
        "",
    ];
    let absent = [
        "plain text",
        "É😀",
        "user_1",
        "curl/8.5.0",
        "inq_1",
        "%",
        "_lain",
        "pl*n",
    ];
    for text in found.iter().chain(&absent).chain(&sample::HOSTILE) {
        let mut filter = Filter::new();
        filter.text = Some((*text).to_owned());
        let matches = entries.iter().any(|entry| filter.matches(entry));
        assert!(matches || !found.contains(text), "{text}");
        assert!(
            !matches || !absent.contains(text) || sample::HOSTILE.contains(text),
            "{text}"
        );
        for position in [
            Position::First,
            Position::Number(2),
            Position::FromOldest(1),
        ] {
            let query = filtered(filter.clone()).limit(7).position(position);
            agrees(&store, &entries, &query).await;
        }
        filter.kinds = vec![Kind::Event];
        agrees(&store, &entries, &filtered(filter)).await;
    }
}

/// A search for text may stop before its page is full; the walk goes on from there, in either direction.
pub async fn walk_for_a_text_shows_every_match_once_however_early_its_pages_stop(
    store: impl Backend,
) {
    let has_text = |number: u32| matches!(number, 1 | 7 | 2_600..=2_610 | 5_998);
    let entries: Vec<_> = (1..=6_000)
        .map(|number| match has_text(number) {
            true => sample::exchange(number),
            false => sample::plain(number),
        })
        .collect();
    for batch in entries.chunks(1_000) {
        store.write(batch).await.unwrap();
    }
    let mut filter = Filter::new();
    filter.text = Some("é😀".into());
    let query = filtered(filter).limit(3);
    let found = walk(&store, query.clone(), async || {}).await;
    let mut wanted: Vec<_> = (1..=6_000)
        .filter(|&it| has_text(it))
        .map(sample::id)
        .collect();
    wanted.reverse();
    assert_eq!(ids(&found), wanted);

    let (mut query, mut found) = (query.position(Position::Before(EntryId::MIN)), Vec::new());
    loop {
        agrees(&store, &entries, &query).await;
        let page = store.list(&query).await.unwrap();
        let newest = page.entries.first().map(|entry| entry.id);
        found.extend(ids(&page.entries).into_iter().rev());
        if !page.has_newer {
            break;
        }
        let reached = page.searched_to.or(newest).unwrap();
        query = query.position(Position::Before(reached));
    }
    wanted.reverse();
    assert_eq!(found, wanted);
}

/// Takes a filter apart into filters of one field each.
fn parts(filter: Filter) -> Vec<Filter> {
    let mut parts = Vec::new();
    let mut part = |set: &dyn Fn(&mut Filter)| {
        let mut alone = Filter::new();
        set(&mut alone);
        if alone != Filter::new() {
            parts.push(alone);
        }
    };
    part(&|it| it.from = filter.from);
    part(&|it| it.to = filter.to);
    part(&|it| it.methods.clone_from(&filter.methods));
    part(&|it| it.statuses.clone_from(&filter.statuses));
    part(&|it| it.paths.clone_from(&filter.paths));
    part(&|it| it.routes.clone_from(&filter.routes));
    part(&|it| it.actors.clone_from(&filter.actors));
    part(&|it| it.organisations.clone_from(&filter.organisations));
    part(&|it| it.projects.clone_from(&filter.projects));
    part(&|it| it.environments.clone_from(&filter.environments));
    part(&|it| it.client_ips.clone_from(&filter.client_ips));
    part(&|it| it.user_agents.clone_from(&filter.user_agents));
    part(&|it| it.request_ids.clone_from(&filter.request_ids));
    part(&|it| it.api_versions.clone_from(&filter.api_versions));
    part(&|it| it.kinds.clone_from(&filter.kinds));
    part(&|it| it.actor_kinds.clone_from(&filter.actor_kinds));
    part(&|it| it.sessions.clone_from(&filter.sessions));
    part(&|it| it.api_keys.clone_from(&filter.api_keys));
    part(&|it| it.outcomes.clone_from(&filter.outcomes));
    part(&|it| it.min_micros = filter.min_micros);
    part(&|it| it.max_micros = filter.max_micros);
    part(&|it| it.categories.clone_from(&filter.categories));
    part(&|it| it.actions.clone_from(&filter.actions));
    part(&|it| it.ref_ids.clone_from(&filter.ref_ids));
    part(&|it| it.exchanges.clone_from(&filter.exchanges));
    part(&|it| it.text.clone_from(&filter.text));
    part(&|it| it.nothing = filter.nothing);
    parts
}

/// Makes a filter of every field that compares texts, for one text.
pub(super) fn text_filters(text: &str) -> Vec<Filter> {
    let mut filter = Filter::new();
    let texts = vec![text.to_owned()];
    filter.methods.clone_from(&texts);
    filter.routes.clone_from(&texts);
    filter.actors.clone_from(&texts);
    filter.organisations.clone_from(&texts);
    filter.projects.clone_from(&texts);
    filter.environments.clone_from(&texts);
    filter.user_agents.clone_from(&texts);
    filter.request_ids.clone_from(&texts);
    filter.sessions.clone_from(&texts);
    filter.api_keys.clone_from(&texts);
    filter.ref_ids.clone_from(&texts);
    filter.api_versions = texts;
    if !text.contains('*') {
        filter.paths = vec![PathPattern::new(text)];
    }
    parts(filter)
}

/// Makes filters that an entry passes: one for every field that it has a value of.
pub(super) fn filters_of(entry: &LogEntry) -> Vec<Filter> {
    let mut filter = Filter::new();
    let context = &entry.context;
    (filter.from, filter.to) = (Some(entry.created_at), Some(entry.created_at));
    filter.actors = context.actor.iter().map(|it| it.id.clone()).collect();
    filter.organisations = context.organisation.iter().cloned().collect();
    filter.projects = context.project.iter().cloned().collect();
    filter.environments = context.environment.iter().cloned().collect();
    filter.client_ips = context.client_ip.iter().copied().collect();
    filter.user_agents = context.user_agent.iter().cloned().collect();
    filter.request_ids = context.request_id.iter().cloned().collect();
    filter.api_versions = context.api_version.iter().cloned().collect();
    filter.kinds = vec![Kind::Exchange, Kind::Event];
    filter.actor_kinds = context.actor.iter().map(|it| it.kind).collect();
    filter.sessions = context.session.iter().cloned().collect();
    filter.api_keys = context.api_key.iter().cloned().collect();
    if let Some(event) = entry.event() {
        filter.categories = vec![event.category.clone()];
        filter.actions = vec![event.action.clone()];
        filter.ref_ids = event.ref_id.iter().cloned().collect();
        filter.exchanges = event.exchange.into_iter().collect();
    }
    if let Some(exchange) = entry.exchange() {
        let request = &exchange.request;
        let micros = exchange.timing.to_last_byte_micros;
        (filter.min_micros, filter.max_micros) = (Some(micros), Some(micros));
        filter.outcomes = vec![exchange.outcome];
        filter.ref_ids = context.resource.iter().map(|it| it.id.clone()).collect();
        filter.methods = vec![request.method.clone()];
        filter.paths = vec![
            PathPattern::new(request.path.clone()),
            PathPattern::new("*"),
        ];
        filter.routes = request.route.iter().cloned().collect();
        filter.statuses = exchange
            .status()
            .map(StatusRange::exact)
            .into_iter()
            .collect();
    }
    let mut filters = parts(filter);
    filters.push(Filter::new());
    filters
}

/// Returns the query of a scope and a filter.
pub(super) fn within(scope: &Scope, filter: &Filter) -> LogQuery {
    LogQuery::new(scope.clone()).filter(filter.clone())
}
