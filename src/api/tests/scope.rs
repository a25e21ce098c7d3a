//! Nothing outside a reader's scope changes any reply: what a reader gets of a store is what they get of one that holds their own entries alone.

use std::collections::BTreeSet;

use super::served::{REF, Served, document, mount, parameters, served};
use super::*;
use crate::entry::Kind;
use crate::format::{Operation, Route};
use crate::testing::sample;

const ORGANISATIONS: [Option<&str>; 3] = [Some("org_a"), Some("org_b"), None];
const ENVIRONMENTS: [&str; 2] = ["production", "sandbox"];
const ACTORS: [&str; 2] = ["user_1", "user_2"];
const CATEGORIES: [&str; 2] = ["project", "apiReference"];

/// A word that stands in one entry and in no other.
fn canary(number: u32) -> String {
    format!("canary{number:03}end")
}

/// Two exchanges and two events for each organisation, environment and actor. What filters compare is the same in all of them, or names the
/// tenant; all else is the entry's canary.
fn entries() -> Vec<LogEntry> {
    let mut entries = Vec::new();
    for organisation in ORGANISATIONS {
        for environment in ENVIRONMENTS {
            for actor in ACTORS {
                for kind in 0..4 {
                    let number = u32::try_from(entries.len()).unwrap();
                    let mut entry = match CATEGORIES.get(kind) {
                        Some(category) => event(number, category),
                        None => call(number, ["POST", "DELETE"][kind - 2]),
                    };
                    entry.context.organisation = organisation.map(str::to_owned);
                    entry.context.environment = Some(environment.to_owned());
                    let name = canary(number);
                    let actor = Actor::user(actor).email(name.clone());
                    entry.context.actor = Some(actor.name(name.clone(), name.clone()));
                    entry.context.project_name = Some(name.clone());
                    entry.context.impersonator = Some(name);
                    entries.push(entry);
                }
            }
        }
    }
    entries
}

fn call(number: u32, method: &str) -> LogEntry {
    let mut entry = sample::everywhere(number, &canary(number));
    sample::change(&mut entry, |it| {
        it.request.method = method.to_owned();
        let body = format!("{{\"{0}\":\"same {0}\"}}", canary(number));
        it.request_body = whole(&body);
        it.response_body = whole(&body);
    });
    let context = &mut entry.context;
    // Both the tenant's own and what every tenant has.
    match number % 2 {
        0 => (context.project, context.request_id) = (Some("same".into()), Some("same".into())),
        _ => context.user_agent = Some("same".into()),
    }
    context.api_version = Some("v1".into());
    context.client_ip = Some([203, 0, 113, u8::try_from(number).unwrap()].into());
    entry
}

fn event(number: u32, category: &str) -> LogEntry {
    let mut entry = sample::event(number);
    let name = canary(number);
    if let EntryKind::Event(event) = &mut entry.kind {
        event.category = category.to_owned();
        event.ref_id = Some(REF.to_owned());
        event.title = Some(name.clone());
        event.data = serde_json::json!({ &name: &name });
        event.change = None;
        event.exchange = Some(sample::id(900 + number));
        for finding in event.errors.iter_mut().chain(&mut event.alerts) {
            finding.message.clone_from(&name);
        }
    }
    entry.context.project = Some("same".into());
    entry.context.user_agent = Some(name);
    entry
}

/// Every reader, with a token.
fn readers() -> Vec<(String, Scope)> {
    let of = |organisation| Scope::organisation(organisation).unwrap();
    let scopes = [
        // Asked in every way,
        of("org_a"),
        of("org_a").environment("production"),
        Scope::actor("user_1").unwrap(),
        of("org_b").environment("production").kind(Kind::Exchange),
        // and plainly.
        of("org_b"),
        of("org_a").environment("sandbox"),
        of("org_b").environment("production"),
        of("org_a").kind(Kind::Event),
        of("org_a").project("same"),
        Scope::actor("user_2").unwrap().environment("production"),
        of("org_nobody").environment("production"),
        Scope::all(),
    ];
    let token = |number| format!("token-of-reader-number-{number}");
    let scopes = scopes.into_iter().enumerate();
    scopes
        .map(|(number, scope)| (token(number), scope))
        .collect()
}

fn api(entries: Vec<LogEntry>) -> LogApi {
    let tokens = BearerTokens::new(readers()).unwrap();
    let api = LogApi::new(SpyStore::new(entries)).access(tokens);
    mount(api).build().unwrap()
}

/// Values that are those of entries of one tenant, of all, or of none.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "org_a",
        "org_b",
        "user_1",
        "user_2",
        "sandbox",
        "production",
        "same",
        REF,
    ]
    .map(str::to_owned)
    .into();
    let words = "project event exchange POST delete 2xx succeeded 203.0.113.19 v1 true updated * 1 2 1000 oldest ASC email-address";
    values.extend(words.split(' ').map(str::to_owned));
    values.push(sample::time(20).to_string());
    for number in [3, 19] {
        let id = sample::id(number);
        let ids = [id.prefixed("req"), id.prefixed("ual")];
        let happened_in = sample::id(900 + number);
        values.extend(ids.into_iter().chain([
            canary(number),
            id.to_string(),
            happened_in.to_string(),
        ]));
    }
    values
}

/// How much is asked.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    /// Each entry, and each list as it is.
    Plainly,
    /// Each parameter with each value as well.
    InEveryWay,
}

/// What is asked of a route.
fn questions(document: &Value, format: &Served, route: &Route, asked: Asked) -> Vec<String> {
    let mut uris = Vec::new();
    let numbers = match route.operation() {
        Operation::Retrieve => (0..48).chain([200]).collect(),
        _ => vec![0],
    };
    for number in numbers {
        uris.extend(format.paths(route, sample::id(number)));
    }
    if route.operation() == Operation::Retrieve {
        // Request ids, the same in all tenants and another's own.
        let path = format.paths(route, sample::id(0)).remove(0);
        let (start, _) = path.rsplit_once('/').unwrap();
        uris.extend(["same", &canary(3), &canary(19)].map(|id| format!("{start}/{id}")));
        uris.extend(["include", "fields"].map(|name| format!("{path}?{name}=user")));
        return uris;
    }
    if asked == Asked::Plainly {
        return uris;
    }
    let path = uris[0].clone();
    for name in parameters(document, route.template()) {
        for value in values() {
            uris.push(format!("{path}?{name}={value}"));
        }
    }
    uris
}

/// What of a reply may not depend on entries outside of the scope: all but the ids of the request itself.
fn seen(got: &Got) -> (StatusCode, Vec<(String, String)>, String) {
    let mut text = got.text.clone();
    if let Ok(Value::Object(mut body)) = serde_json::from_str(&text)
        && body.remove("request_id").is_some()
    {
        text = Value::Object(body).to_string();
    }
    let headers = got.headers.iter();
    let headers = headers
        .filter(|(name, _)| *name != "request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (got.status, headers.collect(), text)
}

/// The numbers of the entries of which anything stands in a reply: the canary, or the id in any form, cursors and links included.
fn shown(text: &str) -> BTreeSet<u32> {
    let there = |number: &u32| {
        let id = sample::id(*number);
        let base62 = id.prefixed("x");
        text.contains(&canary(*number))
            || text.contains(&id.to_string())
            || text.contains(&base62[2..])
    };
    (0..48).filter(there).collect()
}

#[tokio::test]
async fn no_reply_depends_on_an_entry_outside_of_the_readers_scope() {
    let entries = entries();
    let full = api(entries.clone());
    let document = document(&full, &readers()[0].0).await;
    for (number, (token, scope)) in readers().into_iter().enumerate() {
        let asked = match number {
            0..4 => Asked::InEveryWay,
            _ => Asked::Plainly,
        };
        let own: Vec<LogEntry> = entries
            .iter()
            .filter(|it| scope.allows(it))
            .cloned()
            .collect();
        let own_numbers: BTreeSet<u32> = (0..48)
            .filter(|number| scope.allows(&entries[*number as usize]))
            .collect();
        let alone = api(own);
        let mut found = BTreeSet::new();
        for format in served() {
            for route in &format.routes {
                for uri in questions(&document, &format, route, asked) {
                    let got = format.get(&full, &token, &uri).await;
                    let wanted = format.get(&alone, &token, &uri).await;
                    assert_eq!(seen(&got), seen(&wanted), "{uri} as {scope:?}");
                    let shown = shown(&got.text);
                    let told = self::shown(&uri);
                    let foreign: Vec<_> = shown.difference(&own_numbers).collect();
                    let repeated = foreign.iter().all(|number| told.contains(number));
                    assert!(repeated, "{uri} as {scope:?} shows {foreign:?}");
                    found.extend(shown.intersection(&own_numbers));
                }
            }
        }
        assert_eq!(
            found, own_numbers,
            "everything that {scope:?} allows is found"
        );
    }
}

#[tokio::test]
async fn who_is_not_known_is_told_nothing_by_any_question() {
    let api = api(entries());
    let document = document(&api, &readers()[0].0).await;
    for format in served() {
        for route in &format.routes {
            for uri in questions(&document, &format, route, Asked::InEveryWay) {
                for token in ["", "token-of-nobody-at-all"] {
                    let got = format.get(&api, token, &uri).await;
                    assert_eq!(got.status, 401, "{uri}");
                    assert!(shown(&got.text).is_empty(), "{uri}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_page_of_every_walk_stays_within_the_scope() {
    let entries = entries();
    let api = api(entries.clone());
    for (token, scope) in readers() {
        let own = |number: &u32| scope.allows(&entries[*number as usize]);
        for (mut uri, next) in [
            ("/api-log/v1/entries?limit=1".to_owned(), "/links/next"),
            ("/api/v1/api-logs?page[size]=1".to_owned(), "/links/next"),
        ] {
            let mut walked = BTreeSet::new();
            for _ in 0..60 {
                let got = get_as(&api, &token, &uri).await;
                let shown = shown(&got.text);
                assert!(shown.iter().all(own), "{uri} as {scope:?}");
                walked.extend(shown);
                match got.ok().pointer(next).unwrap().as_str() {
                    Some(link) => uri = link.to_owned(),
                    None => break,
                }
            }
            let calls_only = uri.starts_with("/api/v1");
            let wanted = (0..48)
                .filter(own)
                .filter(|number| !calls_only || entries[*number as usize].exchange().is_some());
            assert_eq!(walked, wanted.collect(), "{scope:?}");
        }
    }
}

#[tokio::test]
async fn changed_cursor_moves_the_page_within_the_scope() {
    let entries = entries();
    let api = api(entries.clone());
    let (token, scope) = readers().swap_remove(0);
    let list = get_as(&api, &token, "/api-log/v1/entries?limit=1")
        .await
        .ok();
    let cursor = list["page"]["after"].as_str().unwrap().to_owned();
    for at in (0..cursor.len()).filter(|&at| cursor.as_bytes()[at] != b'-') {
        let digit = if &cursor[at..=at] == "0" { "f" } else { "0" };
        let flipped = format!("{}{digit}{}", &cursor[..at], &cursor[at + 1..]);
        let got = get_as(
            &api,
            &token,
            &format!("/api-log/v1/entries?after={flipped}"),
        )
        .await;
        got.ok();
        let own = |number: &u32| scope.allows(&entries[*number as usize]);
        assert!(shown(&got.text).iter().all(own), "{flipped}");
    }
}

#[tokio::test]
async fn filter_for_another_tenant_finds_nothing() {
    let (token, _) = readers().swap_remove(0);
    let uri = "/api-log/v1/entries?organisation=org_b&count=true";
    let list = get_as(&api(entries()), &token, uri).await.ok();
    assert_eq!(list["entries"], serde_json::json!([]));
    assert_eq!(list["page"]["total"], 0);
}
