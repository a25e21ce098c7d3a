//! One exchange: both its sides, what was hidden, what it changed, and its neighbours.

use serde_json::json;

use crate::app::App;
use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn both_sides_are_shown_with_what_was_hidden_and_by_which_rule() {
    let app = App::start().await;
    let given = [
        "-H",
        "authorization: Bearer made-up-token",
        "-H",
        "x-twice: one",
        "-H",
        "x-twice: two",
        "-H",
        "x-user: user_1",
    ];
    let order = json!({ "sku": "tea", "amount": 2, "password": "made-up", "notes": ["a", { "deep": true }] });
    app.post(
        "/shop/orders?filter[status]=open&token=made-up",
        &order,
        &given,
    )
    .await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders").await;
        let pane = "document.querySelector('#pane').innerText";
        page.find("#pane h3", "Request").await;
        page.find("#pane h3", "Response").await;
        page.until(&format!("{pane}.includes('x-twice')")).await;
        let shown = page.value(pane).await;
        let shown = shown.as_str().unwrap();
        for told in [
            "201 Created",
            "one",
            "two",
            "\"sku\"",
            "\"deep\"",
            "status",
            "open",
            "user_1@example.com",
        ] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
        assert!(!shown.contains("made-up"), "{shown}");
        page.click("#pane summary", "Masked (").await;
        for told in ["/password", "token", "authorization"] {
            page.find("#pane details table", told).await;
        }
        // The body as it was sent, and a text in it.
        page.click("#pane .side button", "Raw").await;
        page.find("#pane .side pre", "{\"amount\":2,").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn an_audit_event_shows_what_it_changed_and_leads_to_its_call() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "order.changed").await;
        for told in ["/status", "open", "sent", "/address/city", "Paris", "Lyon"] {
            page.find("#pane table", told).await;
        }
        assert!(!page.shown().await.contains("made-up"));
        page.click("#pane button", "Open the exchange").await;
        page.find("#pane h2", "/shop/orders/7").await;
        page.find("#pane h3", "Audit events (1)").await;
        page.find("#pane .event", "Changed an order").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn previous_and_next_lead_through_the_calls_of_one_actor() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders/broken").await;
        page.find("#pane nav", "by this actor").await;
        page.click("#pane nav button", "Previous").await;
        page.find("#pane h2", "/shop/orders/8").await;
        page.until("document.querySelector('#pane nav button:not(:disabled)')")
            .await;
        page.click("#pane nav button:not(:disabled)", "Next").await;
        page.find("#pane h2", "/shop/orders/broken").await;
        page.click("#pane nav button:not(:disabled)", "Next").await;
        page.find("#pane h2", "/shop/panic").await;
        page.until("[...document.querySelectorAll('#pane nav button')].at(-1)?.disabled")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn the_last_success_of_a_route_stands_beside_its_failure() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders/broken").await;
        page.click("#pane button:not(:disabled)", "Last success")
            .await;
        page.find("#pane .panel h3", "What differs").await;
        for told in ["200", "500", "the warehouse does not answer", "/status"] {
            page.find("#pane .panel", told).await;
        }
        // What is the same is not told.
        let panel = page
            .value("document.querySelector('#pane .panel').innerText")
            .await;
        assert!(!panel.as_str().unwrap().contains("user-agent"), "{panel}");
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_trace_leads_to_where_the_application_keeps_its_traces() {
    let app = App::start().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("traceparent: 00-{trace}-b7ad6b7169203331-01");
    app.call("/shop/orders/7", &["-H", &parent]).await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders/7").await;
        let link = page.find("#pane a", trace).await;
        let url = format!("https://traces.example.com/{trace}");
        assert_eq!(link.attributes["href"], url);
        assert_eq!(link.attributes["rel"], "noopener noreferrer");
    })
    .await;
}
