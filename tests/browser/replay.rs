//! A call that is sent once more from the page.

use serde_json::json;

use crate::app::{App, everyone};
use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_replay_shows_what_differs_and_is_marked_in_the_log() {
    let app = App::start().await;
    let given = [
        "-H",
        "authorization: Bearer made-up-token",
        "-H",
        "x-user: user_1",
    ];
    app.call("/shop/orders/7?page=2", &given).await;
    let first = app.entries().await[0].id;
    // From here on the order is another.
    app.post(
        "/shop/orders/7",
        &json!({ "status": "sent" }),
        &["-X", "PUT"],
    )
    .await;
    browser(async |page| {
        page.visit(&app.page(&format!("#id={first}"))).await;
        page.click("#pane button", "Replay…").await;
        // What was hidden is asked for, and not shown when it is typed.
        page.click("#pane .panel input[type=password]", "").await;
        page.type_text("made-up-again").await;
        page.click("#pane .panel button", "Send again").await;
        page.find("#pane .panel", "Answered 200").await;
        page.find("#pane .panel", "sent").await;
        let entries = app.entries().await;
        let again = &entries[0];
        let call = again.exchange().unwrap();
        assert_eq!(
            (&*call.request.method, &*call.request.path),
            ("GET", "/shop/orders/7")
        );
        assert_eq!(call.request.query.as_deref(), Some("page=2"));
        let notes: Vec<_> = call
            .notes
            .iter()
            .map(|it| (it.name.clone(), it.value.clone()))
            .collect();
        assert!(
            notes.contains(&("replay_of".into(), first.to_string())),
            "{notes:?}"
        );
        page.click("#pane .panel button", "Open the new entry")
            .await;
        page.until(&format!("location.hash.includes('{}')", again.id))
            .await;
        page.find("#pane", &first.to_string()).await;
        assert!(
            !page.shown().await.contains("made-up"),
            "the token is not shown"
        );
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn what_may_change_something_is_sent_again_only_on_purpose() {
    let app = App::start().await;
    app.post("/shop/orders", &json!({ "sku": "tea", "amount": 2 }), &[])
        .await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders").await;
        page.click("#pane button", "Replay…").await;
        page.click("#pane .panel button", "Send again").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(app.entries().await.len(), 2, "not without the tick");
        page.click("#pane .panel label", "may change something")
            .await;
        page.click("#pane .panel button", "Send again").await;
        page.find("#pane .panel", "Answered 201").await;
        assert_eq!(app.entries().await.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn there_is_no_replay_where_the_application_does_not_allow_it() {
    let app = App::without_replay(everyone()).await;
    app.call("/shop/orders/7", &[]).await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/orders/7").await;
        page.find("#pane button", "Copy as curl").await;
        let replay = "[...document.querySelectorAll('#pane button')].some((it) => it.textContent.includes('Replay'))";
        assert_eq!(page.value(replay).await, false);
    })
    .await;
}
