//! All calls with one key, without the key.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_api_log::mask::{Masker, Replacement, Rule, Rules};
use tower_api_log::{
    ApiLog, ApiLogLayer, AuditEvent, LogEntry, LogQuery, LogStore, MemoryStore, Scope,
};

const KEY: &str = "canary-key-7f3a91c5";
const OTHER: &str = "canary-key-0b1c2d3e";

fn rules(key: [u8; 32]) -> Rules {
    let partner = Rule::header("x-partner-key").replace_with(Replacement::Pseudonym);
    let bearer = Rule::header("authorization").replace_with(Replacement::Pseudonym);
    Rules::default().hash_key(key).rule(partner).rule(bearer)
}

/// Calls a service that tells an event, through a layer with these rules.
async fn call(store: &MemoryStore, rules: Rules, name: &str, value: &str) {
    let layer = ApiLogLayer::builder(store.clone()).mask(rules).build();
    let layer = layer.unwrap();
    let service = layer.layer(service_fn(async |request: Request<_>| {
        let log: &ApiLog = request.extensions().get().unwrap();
        log.event(AuditEvent::new(AuditEvent::PROJECT, "updated"));
        Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let request = Request::get("/v1/a").header(name, value);
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    layer.recorder().flush().await.unwrap();
}

async fn found(store: &MemoryStore, api_keys: Vec<String>) -> Vec<LogEntry> {
    let mut query = LogQuery::new(Scope::all());
    query.filter.api_keys = api_keys;
    store.list(&query).await.unwrap().entries
}

#[tokio::test]
async fn calls_with_one_key_are_found_without_it_before_and_after_the_hash_key_changed() {
    let store = MemoryStore::new();
    let after = || rules([2; 32]).former_hash_key([1; 32]);
    call(&store, rules([1; 32]), "x-partner-key", KEY).await;
    call(&store, after(), "authorization", &format!("Bearer {KEY}")).await;
    call(&store, after(), "x-partner-key", OTHER).await;

    let masker = Masker::new(&after()).unwrap();
    let entries = found(&store, masker.pseudonyms(KEY)).await;
    let exchanges = entries.iter().filter(|it| it.exchange().is_some());
    assert_eq!(
        (exchanges.count(), entries.len()),
        (2, 4),
        "with their events"
    );
    assert_eq!(found(&store, masker.pseudonyms(OTHER)).await.len(), 2);
    let only_new = vec![masker.pseudonyms(KEY).remove(0)];
    assert_eq!(found(&store, only_new).await.len(), 2);
    assert!(
        found(&store, masker.pseudonyms("canary-key"))
            .await
            .is_empty()
    );

    let stored = serde_json::to_string(&entries).unwrap();
    assert!(!stored.contains("canary") && stored.contains("Bearer hmac."));
}
