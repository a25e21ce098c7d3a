use std::error::Error as _;
use std::fmt::Debug;
use std::time::Duration;

use http::{Request, StatusCode, header};
use serde::Serialize;
use tower_api_log::api::{BearerTokens, HeaderTokens, Reader};
use tower_api_log::entry::{Actor, EntryKind, Finding, Headers, Note, Params, Resource};
use tower_api_log::format::{Export, Listing, Lookup, Native, Question, Refusal, Reply};
use tower_api_log::mask::{Answer, Masker, Rules};
use tower_api_log::query::{Filter, PathPattern, Position, StatusRange};
use tower_api_log::sink::Ndjson;
use tower_api_log::testing::sample;
use tower_api_log::{
    ApiLog, ApiLogLayer, AuditEvent, Error, LogApi, LogQuery, LogSink, MemoryStore, Scope,
    SqliteStore,
};

use super::{CANARY, post};
use crate::canary::Seen;
use crate::support::Log;

/// Collects what `Debug` and `Display` say.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn debug(&mut self, value: &dyn Debug) -> &mut Self {
        self.0.push(format!("{value:?} {value:#?}"));
        self
    }

    fn error(&mut self, error: &Error) -> &mut Self {
        self.debug(error).0.push(error.to_string());
        let mut cause = error.source();
        while let Some(inner) = cause {
            self.0.push(format!("{inner} {inner:?}"));
            cause = inner.source();
        }
        self
    }

    #[track_caller]
    fn holds_nothing(&self) {
        let mut seen = Seen::new();
        assert!(!self.0.is_empty());
        for said in &self.0 {
            seen.text(said.split([' ', '{', '(']).next().unwrap(), said);
        }
        assert_eq!(seen.leaks, [""; 0]);
    }
}

#[test]
fn t12_debug_of_what_is_stored_says_none_of_it() {
    let mut entry = sample::everywhere(1, CANARY);
    // The names of fields are said, their values are not.
    let mut headers = Headers::default();
    headers.push("x-any", CANARY);
    sample::change(&mut entry, |exchange| {
        exchange.request.headers = headers.clone();
        exchange.request.trailers = headers.clone();
        let response = exchange.response.as_mut().unwrap();
        response.headers = headers.clone();
        response.trailers = headers;
    });
    let mut said = Said::default();
    said.debug(&entry).debug(&entry.kind).debug(&entry.context);
    if let EntryKind::Exchange(exchange) = &entry.kind {
        said.debug(exchange).debug(&exchange.request);
        said.debug(&exchange.request.headers);
        said.debug(&exchange.request.query_params());
        said.debug(&exchange.request_body).debug(&exchange.notes);
        let response = exchange.response.as_ref().unwrap();
        said.debug(response).debug(&response.headers);
    }
    for body in sample::bodies() {
        said.debug(&body.with_text(CANARY.to_owned()));
    }
    let mut event = sample::event(2);
    if let EntryKind::Event(event) = &mut event.kind {
        event.title = Some(CANARY.to_owned());
        event.data = serde_json::json!({ CANARY: CANARY });
        event.errors = vec![Finding::new(CANARY).pointer(CANARY)];
        said.debug(event).debug(&event.errors);
        if let Some(change) = &mut event.change {
            change.before = serde_json::json!(CANARY);
            said.debug(change);
        }
    }
    said.debug(&event);
    said.debug(&Note::new(CANARY, CANARY));
    said.debug(&Resource::new("a", CANARY));
    said.debug(&Actor::user(CANARY).email(CANARY).name(CANARY, CANARY));
    said.debug(&Params::parse(&format!("a={CANARY}&{CANARY}[b]=1")));
    said.holds_nothing();
}

#[test]
fn t12_debug_of_questions_and_answers_says_none_of_their_texts() {
    let own = || vec![CANARY.to_owned()];
    let mut filter = Filter::new();
    (filter.methods, filter.routes) = (own(), own());
    (filter.actors, filter.sessions, filter.api_keys) = (own(), own(), own());
    (filter.organisations, filter.projects) = (own(), own());
    (filter.environments, filter.user_agents) = (own(), own());
    (filter.request_ids, filter.api_versions) = (own(), own());
    (filter.categories, filter.actions, filter.ref_ids) = (own(), own(), own());
    filter.paths = vec![PathPattern::new(CANARY)];
    filter.client_ips = vec!["192.0.2.77".parse().unwrap()];
    filter.text = Some(CANARY.to_owned());
    filter.statuses = vec![StatusRange::exact(404)];
    let scope = Scope::organisation(CANARY).unwrap().by_actor(CANARY);
    let scope = scope.project(CANARY).environment(CANARY);
    let mut said = Said::default();
    said.debug(&LogQuery::new(scope.clone()).filter(filter.clone()))
        .debug(&Listing::new(filter.clone(), Position::First, 5))
        .debug(&Lookup::new(filter.clone()).request_id(CANARY))
        .debug(&Question::Export(Export::new(filter.clone(), 5)))
        .debug(&Reader::new(scope.clone()).id(CANARY))
        .debug(&Refusal::parameter(CANARY, CANARY))
        .debug(&Refusal::Forbidden(CANARY.into()))
        .debug(&Reply::json(StatusCode::OK, CANARY).header(header::LINK, CANARY))
        .debug(&Answer::Replace(CANARY.to_owned()));
    let masker = Masker::new(&Rules::default());
    let request = Request::get(format!("/?{CANARY}&token=x"))
        .body("")
        .unwrap();
    let explained = masker
        .unwrap()
        .explain(&request, None::<&http::Response<&str>>);
    said.debug(&explained).debug(&explained.spots[0]);
    said.holds_nothing();
    let said = format!("{scope:?} {filter:?}");
    assert!(!said.contains("192.0.2"), "{said}");
    assert!(said.contains("statuses: [StatusRange { from: 404, to: 404 }]"));
    assert!(said.contains(&format!("actors: [<{} bytes>]", CANARY.len())));
    assert_eq!(format!("{:?}", Scope::all()), "Scope(Filter)");
}

#[tokio::test]
async fn t12_debug_of_what_holds_data_or_keys_says_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, mut said) = (MemoryStore::new(), Said::default());
    let sqlite = SqliteStore::open(folder.path().join(CANARY)).unwrap();
    let lines = Ndjson::open(folder.path().join(format!("{CANARY}.ndjson"))).unwrap();
    for sink in [&memory as &dyn LogSink, &sqlite, &lines] {
        sink.write(&[sample::everywhere(1, CANARY)]).await.unwrap();
    }
    said.debug(&memory).debug(&sqlite).debug(&lines);
    let tokens = || [(CANARY, Scope::all())];
    let access = BearerTokens::new(tokens()).unwrap();
    said.debug(&access)
        .debug(&HeaderTokens::new("x-token", tokens()).unwrap());
    let api = LogApi::new(memory.clone()).format(Native).access(access);
    said.debug(&api.build().unwrap());
    let mut key = [0; 32];
    key[..16].copy_from_slice(CANARY.as_bytes());
    let builder = || ApiLogLayer::builder(memory.clone()).mask(Rules::default().hash_key(key));
    said.debug(&builder()).debug(&builder().build().unwrap());
    let event = AuditEvent::new("a", "b")
        .title(CANARY)
        .data(&CANARY)
        .session(CANARY)
        .error(CANARY);
    said.debug(&event);

    let log = Log::new();
    let mut told = Vec::new();
    let handle = |request: http::Request<_>| {
        let log = request.extensions().get::<ApiLog>().unwrap();
        log.note("password", CANARY);
        log.session(CANARY);
        log.event(event.clone()).unwrap();
        told.push(format!("{log:?}"));
        std::future::ready(Ok(http::Response::new(super::Body::default())))
    };
    let body = format!("{{\"password\":\"{CANARY}\"}}");
    log.call(post("application/json", body), handle).await;
    said.0.extend(told);
    said.debug(&log.recorder).debug(&log.recorder.stats());
    said.debug(&log.recorder.shutdown(Duration::from_secs(20)).await);
    said.holds_nothing();
}

/// Fails with what it holds.
struct Failing;

impl Serialize for Failing {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(CANARY))
    }
}

#[tokio::test]
async fn t12_errors_say_nothing_of_what_they_are_about() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none").join(CANARY);
    let mut said = Said::default();
    said.error(&SqliteStore::open(&missing).unwrap_err());
    said.error(&Ndjson::open(&missing).unwrap_err());
    let notes = folder.path().join(CANARY);
    std::fs::write(&notes, CANARY.repeat(1000)).unwrap();
    said.error(&SqliteStore::open(&notes).unwrap_err());
    said.error(&Ndjson::open(&notes).unwrap_err());
    for rules in [
        Rules::default().header(format!("{CANARY} x")),
        Rules::default().field(CANARY.repeat(100)),
        Rules::default().plain_text(CANARY),
        Rules::default().plain_text(format!("application/json; {CANARY}")),
    ] {
        let layer = ApiLogLayer::builder(MemoryStore::new()).mask(rules);
        said.error(&layer.build().unwrap_err());
    }
    let networks = ApiLogLayer::builder(MemoryStore::new()).trusted_networks([CANARY]);
    said.error(&networks.build().unwrap_err());
    said.error(&Scope::organisation("").unwrap_err());
    said.error(&BearerTokens::new([(format!("{CANARY}\u{e9}"), Scope::all())]).unwrap_err());
    said.error(&CANARY.parse::<tower_api_log::EntryId>().unwrap_err());
    said.holds_nothing();

    // What cannot be written as JSON is withheld, and its error with it.
    let log = Log::new();
    log.recorder.event(AuditEvent::new("a", "b").data(&Failing));
    super::hidden(&log.entries().await);
    assert_eq!(log.entries().await.len(), 1);
}
