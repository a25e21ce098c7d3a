//! Finding a failing call: by what is shown at first sight, by typing and by clicking; and a view that can be shared.

use serde_json::{Value, json};

use crate::app::App;
use crate::browser::{Browser, browser};

/// How many rows the list has, whether in sight or not.
async fn rows(page: &Browser) -> u64 {
    page.until("new URLSearchParams(location.hash.slice(1)).get('q') === (document.querySelector('#q').value || null) && document.querySelector('#list').ariaBusy === 'false' && Number(document.querySelector('#grid').ariaRowCount) > 0")
        .await;
    page.number("document.querySelector('#grid').ariaRowCount - 1")
        .await as u64
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_failing_call_is_found_and_says_why_it_failed() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#grid .row", "/shop/panic").await;
        page.find("#pane", "the till is jammed").await;
        page.find("#pane", "panicked").await;
        page.click("#grid .row", "/shop/orders/broken").await;
        page.find("#pane h2", "/shop/orders/broken").await;
        page.find("#pane .status", "500 Internal Server Error")
            .await;
        page.find("#pane .side", "the warehouse does not answer")
            .await;
        page.find("#pane", "user_2@example.com").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_typed_filter_keeps_what_it_says_and_a_wrong_one_says_what_is_wrong() {
    let app = App::start().await;
    app.traffic().await;
    // Nine calls, and the events of two of them.
    let cases = [
        ("", 10),
        ("status:>=500", 1),
        ("status:4xx", 2),
        ("outcome:panic", 1),
        ("path:/shop/orders/* method:GET", 3),
        ("actor:user_1 status:2xx", 3),
        ("body:\"does not answer\"", 1),
        ("warehouse", 1),
        ("kind:event", 2),
        ("took:>1s", 0),
        ("org:org_2", 3),
    ];
    browser(async |page| {
        page.visit(&app.page("")).await;
        for (query, count) in cases {
            page.press(&["Escape", "x", "/"]).await;
            page.type_text(query).await;
            page.press(&["Enter"]).await;
            page.until(&format!(
                "new URLSearchParams(location.hash.slice(1)).get('q') === {}",
                json!((!query.is_empty()).then_some(query))
            ))
            .await;
            if count == 0 {
                page.find("#list .state", "Nothing that the filter keeps")
                    .await;
                page.click("#list .state button", "Clear the filter").await;
                page.until("location.hash === ''").await;
                continue;
            }
            assert_eq!(rows(page).await, count, "{query}");
        }
        for (query, told) in [
            ("status:9xx", "status"),
            ("-status:500", "-"),
            ("colour:red", "colour"),
            ("took:>fast", "took"),
        ] {
            page.press(&["Escape", "x", "/"]).await;
            page.type_text(query).await;
            page.press(&["Enter"]).await;
            page.find("#q-error", told).await;
        }
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn names_and_values_are_completed_from_what_the_log_holds() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        rows(page).await;
        page.press(&["/"]).await;
        page.type_text("act").await;
        page.find("#choices [role=option]", "actor:").await;
        page.press(&["Down", "Enter"]).await;
        page.find("#choices [role=option]", "user_2").await;
        page.type_text("user_2").await;
        page.press(&["Enter"]).await;
        assert_eq!(rows(page).await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_click_on_a_value_keeps_what_has_it() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        assert_eq!(rows(page).await, 10);
        page.click("#pane .value", "/shop/orders/{id}").await;
        page.until("location.hash.includes('route')").await;
        assert_eq!(rows(page).await, 4);
        // What is open narrows as well.
        page.click("#grid .row", "/shop/orders/8").await;
        page.click("#pane .term", "user_2").await;
        page.until("location.hash.includes('actor')").await;
        assert_eq!(rows(page).await, 2);
        // And so does a cell, by the keyboard's way.
        page.press(&["Escape", "x"]).await;
        page.until("location.hash === ''").await;
        page.click("#grid .row", "/shop/panic").await;
        page.press(&["f"]).await;
        page.click("dialog[open] button", "outcome:panic").await;
        page.until("location.hash.includes('outcome')").await;
        assert_eq!(rows(page).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_view_is_in_the_address_and_outlives_a_reload_and_is_the_same_in_another_tab() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.press(&["/"]).await;
        page.type_text("status:>=500 path:/shop/*").await;
        page.press(&["Enter"]).await;
        assert_eq!(rows(page).await, 1);
        page.click("#grid .row", "/shop/orders/broken").await;
        page.find("#pane .status", "500").await;
        let url = page.url().await;
        page.reload().await;
        page.find("#pane .status", "500").await;
        assert_eq!(rows(page).await, 1);
        page.tab().await;
        page.visit(&url).await;
        page.find("#pane .status", "500").await;
        assert_eq!(rows(page).await, 1);
        assert_eq!(
            page.value("document.querySelector('#q').value").await,
            "status:>=500 path:/shop/*"
        );
        // The way back leads through what was shown.
        page.click("#grid .row", "/shop/orders/broken").await;
        page.press(&["Escape"]).await;
        page.until("!location.hash.includes('id=')").await;
        page.back().await;
        page.find("#pane .status", "500").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_part_of_the_timeline_becomes_the_range() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        // In words as well.
        page.find("#timeline", "8 calls · 4 failed").await;
        page.value("document.querySelector('#timeline .plot').focus()")
            .await;
        page.press(&["End", "Left", "Shift+Right", "Enter"]).await;
        page.until("/t=\\d{4}-/.test(decodeURIComponent(location.hash))")
            .await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn chosen_columns_and_colours_are_remembered() {
    const HEADS: &str =
        "[...document.querySelectorAll('#grid [role=columnheader]')].map((it) => it.textContent)";
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.click("#list button", "Columns").await;
        page.click("#columns label", "User agent").await;
        page.press(&["Escape"]).await;
        page.find("#grid .row", "curl/").await;
        page.click("#more", "").await;
        page.click("#menu label", "Dark").await;
        let heads = page.value(HEADS).await;
        page.reload().await;
        page.find("#grid .row", "curl/").await;
        assert_eq!(page.value(HEADS).await, heads);
        assert_eq!(
            page.value("getComputedStyle(document.documentElement).colorScheme")
                .await,
            Value::from("dark")
        );
    })
    .await;
}
