use serde_json::json;

use super::*;

#[tokio::test]
async fn sums_are_told_by_time_and_by_field() {
    let entries = (1..=9_u8).map(|number| {
        exchange(number, |exchange, context| {
            exchange.timing.to_last_byte_micros = 1000 * u64::from(number);
            exchange.weight = 2;
            if number > 6 {
                exchange.response.as_mut().unwrap().status = 503;
            }
            context.organisation = Some(if number == 9 { "b" } else { "a" }.into());
        })
    });
    let api = native(entries.collect());
    let sums = async |query: &str| -> Value {
        let got = get(&api, &format!("/api-log/v1/stats?{query}")).await;
        assert_eq!(got.status, 200, "{query}");
        got.json()
    };
    let all = sums("").await;
    assert_eq!(
        (&all["by"], &all["has_more"]),
        (&json!("all"), &json!(false))
    );
    let group = &all["groups"][0];
    assert_eq!(
        (&group["entries"], &group["calls"], &group["failed"]),
        (&json!(9), &json!(18), &json!(6))
    );
    assert_eq!(
        (&group["classes"]["2xx"], &group["classes"]["5xx"]),
        (&json!(12), &json!(6))
    );
    let median = group["latency"]["p50_micros"].as_u64().unwrap();
    assert!(median.abs_diff(5000) <= 5000 * 63 / 1000, "{median}");

    let minutes = sums("width=1m&status=2xx").await;
    assert_eq!(
        (&minutes["by"], &minutes["width_micros"]),
        (&json!("time"), &json!(60_000_000))
    );
    let total: u64 = minutes["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["entries"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 6);
    assert!(
        minutes["groups"][0]["value"]
            .as_str()
            .unwrap()
            .ends_with(":00.000000Z")
    );

    let organisations = sums("by=organisation&limit=1").await;
    assert_eq!(organisations["groups"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &organisations["groups"][0]["value"],
            &organisations["has_more"]
        ),
        (&json!("a"), &json!(true))
    );

    for (query, wrong) in [
        ("by=colour", "by"),
        ("by=route&width=1h", "width"),
        ("width=0h", "width"),
        ("width=h", "width"),
        ("search=a", "search"),
        ("after=x", "after"),
    ] {
        let got = get(&api, &format!("/api-log/v1/stats?{query}")).await;
        assert_eq!(
            (got.status, got.json()["parameter"].as_str()),
            (StatusCode::BAD_REQUEST, Some(wrong)),
            "{query}"
        );
    }
}
