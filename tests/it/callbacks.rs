//! Masking callbacks of the application, through a layer.

use tower_api_log::AuditEvent;
use tower_api_log::mask::{Answer, Rules};

use crate::support::{Log, get, soon};

#[tokio::test]
async fn values_that_a_callback_loses_are_counted_and_the_rest_is_stored() {
    let rules = Rules::default().callback(|value| match value.text {
        "odd" => panic!("not stored"),
        "private" => Answer::Hide,
        _ => Answer::Keep,
    });
    let log = Log::with(|builder| builder.mask(rules));
    let response = http::Response::new(http_body_util::Full::<bytes::Bytes>::default());
    drop(
        log.answer(get("/a?one=odd&two=private&three=decoy"), response)
            .await,
    );
    let exchange = soon(log.only()).await;
    assert_eq!(
        exchange.request.query.as_deref(),
        Some("one=%5BWITHHELD%5D&two=%5BMASKED%5D&three=decoy")
    );
    assert_eq!(log.recorder.stats().withheld_by_callbacks, 1);
}

#[tokio::test]
async fn event_is_stored_as_a_callback_says_and_its_change_says_the_same() {
    let rules = Rules::default().callback(|value| match value.text {
        "Jane" => Answer::Replace("J.".to_owned()),
        "odd" => panic!("not stored"),
        _ => Answer::Keep,
    });
    let log = Log::with(|builder| builder.mask(rules));
    let before = serde_json::json!({ "name": "John", "keys": { "password": "a" }, "n": "odd" });
    let after = serde_json::json!({ "name": "Jane", "keys": { "password": "b" }, "n": 1 });
    let event = AuditEvent::new("person", "updated").title("Jane");
    log.recorder.event(event.change(&before, &after));
    let entries = soon(log.entries()).await;
    let event = entries[0].event().unwrap();
    assert_eq!(event.title.as_deref(), Some("J."));
    let change = event.change.as_ref().unwrap();
    assert_eq!(change.after["name"], "J.");
    let told = serde_json::to_string(&change.fields).unwrap();
    assert!(!told.contains("Jane") && !told.contains("odd"), "{told}");
    assert!(told.contains(r#""before":"John","after":"J.""#), "{told}");
    assert_eq!(change.before["n"], "[WITHHELD]");
}
