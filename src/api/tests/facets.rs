use serde_json::json;

use super::*;

/// Nine calls, three of which failed; the last is another tenant's.
fn entries() -> Vec<LogEntry> {
    let entry = |number: u8| {
        exchange(number, |exchange, context| {
            exchange.request.method = if number.is_multiple_of(3) {
                "POST"
            } else {
                "GET"
            }
            .into();
            if number > 6 {
                exchange.response.as_mut().unwrap().status = 503;
            }
            context.organisation = Some(if number == 9 { "org_b" } else { "org_a" }.into());
        })
    };
    (1..=9).map(entry).collect()
}

#[tokio::test]
async fn facets_are_told_in_the_order_asked_for_and_as_sums_are() {
    let api = native(entries());
    let facets = get(&api, "/api-log/v1/facets?fields=status,method&limit=1").await;
    let facets = facets.ok();
    let facets = facets["facets"].as_array().unwrap();
    for (facet, field, value, count) in [
        (&facets[0], "status", "200", 6),
        (&facets[1], "method", "GET", 6),
    ] {
        assert_eq!(
            (&facet["field"], &facet["has_more"]),
            (&json!(field), &json!(true))
        );
        assert_eq!(facet["groups"].as_array().unwrap().len(), 1);
        let group = &facet["groups"][0];
        assert_eq!(
            (&group["value"], &group["calls"]),
            (&json!(value), &json!(count))
        );
        let sums = get(&api, &format!("/api-log/v1/stats?by={field}&limit=1")).await;
        assert_eq!(&sums.ok()["groups"], &facet["groups"]);
    }
}

#[tokio::test]
async fn facets_are_narrowed_by_filters_and_by_what_the_reader_may_see() {
    let api = native(entries());
    let groups = async |token: &str, query: &str| {
        let got = get_as(&api, token, &format!("/api-log/v1/facets?{query}")).await;
        got.ok()["facets"][0]["groups"].clone()
    };
    let failed = groups(ALL, "fields=method&status=5xx").await;
    assert_eq!(
        (
            &failed[0]["value"],
            &failed[0]["failed"],
            &failed[1]["entries"]
        ),
        (&json!("GET"), &json!(2), &json!(1))
    );
    let own = groups(A, "fields=organisation").await;
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(
        (&own[0]["value"], &own[0]["entries"]),
        (&json!("org_a"), &json!(8))
    );
    let other = groups(A, "fields=method&organisation=org_b").await;
    assert_eq!(other, json!([]));
}

#[tokio::test]
async fn fields_are_those_of_sums_eight_at_most_and_each_once() {
    let api = native(entries());
    let default = get(&api, "/api-log/v1/facets").await.ok();
    let fields = default["facets"].as_array().unwrap().iter();
    let fields: Vec<_> = fields
        .map(|facet| facet["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["method", "status", "route"]);
    let eight = "method,route,path,status,actor,api_key,project,kind";
    get(&api, &format!("/api-log/v1/facets?fields={eight}"))
        .await
        .ok();
    for (query, wrong) in [
        (format!("fields={eight},action"), "fields"),
        ("fields=".to_owned(), "fields"),
        ("fields=colour".to_owned(), "fields"),
        ("fields=method,method".to_owned(), "fields"),
        ("fields=method&fields=method".to_owned(), "fields"),
        ("limit=0".to_owned(), "limit"),
        ("limit=101".to_owned(), "limit"),
        ("by=method".to_owned(), "by"),
        ("search=a".to_owned(), "search"),
    ] {
        let got = get(&api, &format!("/api-log/v1/facets?{query}")).await;
        assert_eq!(
            (got.status, got.json()["parameter"].as_str()),
            (StatusCode::BAD_REQUEST, Some(wrong)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn failure_of_the_store_is_told_as_of_sums() {
    for (kind, status) in [(ErrorKind::Unavailable, 503), (ErrorKind::Storage, 500)] {
        let api = builder(SpyStore::failing(kind)).format(Native).build();
        let got = get(&api.unwrap(), "/api-log/v1/facets").await;
        assert_eq!(got.status, status);
        assert!(!got.text.contains("secret0"));
    }
}
