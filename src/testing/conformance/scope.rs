use super::filter::{filters_of, within};
use super::{Backend, agrees};
use crate::entry::{Actor, Kind, LogEntry};
use crate::query::{Position, Scope};
use crate::testing::sample;

/// An entry outside the scope does not exist by id; one that never was does not either.
pub async fn entry_is_found_by_id_within_its_scope_only(store: impl Backend) {
    let entries = tenants();
    store.write(&entries).await.unwrap();
    for scope in scopes() {
        for entry in &entries {
            let found = store.get(&scope, entry.id).await.unwrap();
            let wanted = scope.allows(entry).then_some(entry);
            assert!(found.as_ref() == wanted, "{scope:?}");
        }
        assert!(store.get(&scope, sample::id(999)).await.unwrap().is_none());
    }
}

/// No filter, position or count shows an entry of another tenant, not even a filter that asks for the other tenant.
pub async fn no_filter_widens_a_scope(store: impl Backend) {
    let entries = tenants();
    store.write(&entries).await.unwrap();
    let mut filters = Vec::new();
    for entry in &entries {
        for filter in filters_of(entry) {
            if !filters.contains(&filter) {
                filters.push(filter);
            }
        }
    }
    for scope in scopes() {
        for (filter, entry) in filters.iter().zip(entries.iter().cycle()) {
            let positions = [
                Position::First,
                Position::After(entry.id),
                Position::Before(entry.id),
                Position::Number(2),
                Position::FromOldest(2),
            ];
            for position in positions {
                let query = within(&scope, filter).limit(2).position(position);
                agrees(&store, &entries, &query).await;
            }
        }
    }
}

fn scopes() -> Vec<Scope> {
    let a = || Scope::organisation("org_a").unwrap();
    vec![
        Scope::all(),
        a(),
        Scope::organisation("org_b").unwrap(),
        Scope::organisation("ORG_A").unwrap(),
        Scope::organisation("org_%").unwrap(),
        Scope::organisation("org_a' OR 1=1 --").unwrap(),
        Scope::actor("user_1").unwrap(),
        a().environment("production"),
        a().environment(""),
        a().project("prj_1"),
        a().kind(Kind::Event),
        Scope::all().kind(Kind::Exchange),
    ]
}

/// Makes entries of two tenants, of look-alikes, and of none, that agree in everything else.
fn tenants() -> Vec<LogEntry> {
    let organisations = [Some("org_a"), Some("org_b"), None, Some(""), Some("org_A")];
    let mut entries = Vec::new();
    let mut number = 0;
    for organisation in organisations {
        for make in [sample::exchange, sample::event, sample::plain] {
            for environment in [Some("production"), Some("sandbox"), None] {
                number += 1;
                let mut entry = make(number);
                entry.context.organisation = organisation.map(Into::into);
                entry.context.environment = environment.map(Into::into);
                entry.context.actor = Some(Actor::user(format!("user_{}", number % 2)));
                entries.push(entry);
            }
        }
    }
    entries
}
