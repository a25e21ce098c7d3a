use super::*;

const PATH: &str = "/api-log/v1/ledger";

fn api() -> LogApi {
    let told = || serde_json::json!({ "seen": 3 });
    let api = builder(SpyStore::new(Vec::new())).format(Native);
    api.ledger(told).build().unwrap()
}

#[tokio::test]
async fn ledger_is_shown_to_who_may_see_everything_and_is_nowhere_for_others() {
    let got = get(&api(), PATH).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.json(), serde_json::json!({ "seen": 3 }));
    for (token, status) in [(A, 404), (B, 404), ("", 401)] {
        assert_eq!(get_as(&api(), token, PATH).await.status, status, "{token}");
    }
    let without = builder(SpyStore::new(Vec::new())).format(Native);
    assert_eq!(get(&without.build().unwrap(), PATH).await.status, 404);
}
