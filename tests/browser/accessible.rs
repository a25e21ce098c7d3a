//! What axe finds wrong, and narrow windows.

use serde_json::Value;

use crate::app::{App, by_token};
use crate::browser::{Browser, browser};

/// Lets axe look at what is shown, under the rules of WCAG 2.2 AA and its best practices.
async fn look(page: &Browser, what: &str) {
    let path = std::env::var("TEST_AXE")
        .expect("TEST_AXE says where axe.min.js is: tests/run.sh installs it");
    if page.value("typeof axe").await == "undefined" {
        let source = std::fs::read_to_string(path).unwrap();
        page.devtools(
            "Runtime.evaluate",
            serde_json::json!({ "expression": source }),
        )
        .await;
    }
    const RUN: &str = r"
        await Promise.all(document.getAnimations().map((it) => it.finished.catch(() => {})));
        const told = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
        return told.violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.slice(0, 5).map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary).join(' | ')}`);
    ";
    let told = page.script(RUN, Vec::new()).await;
    assert_eq!(told, Value::Array(Vec::new()), "{what}: {told:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn axe_finds_nothing_wrong_in_either_scheme() {
    let (app, closed) = (App::start().await, App::with(by_token()).await);
    app.traffic().await;
    browser(async |page| {
        for scheme in ["light", "dark"] {
            page.scheme(scheme).await;
            page.visit(&app.page("")).await;
            page.find("#grid .row", "/shop/orders/broken").await;
            page.find("#pane .value", "/shop/orders/{id}").await;
            look(page, &format!("{scheme} list")).await;
            page.press(&["?"]).await;
            page.find("dialog[open] kbd", "j").await;
            look(page, &format!("{scheme} help")).await;
            page.press(&["Escape"]).await;
            page.click("#more", "").await;
            look(page, &format!("{scheme} menu")).await;
            page.press(&["Escape", "/"]).await;
            page.find("#choices [role=option]", "status:").await;
            look(page, &format!("{scheme} suggestions")).await;
            page.press(&["Escape"]).await;
            page.click("#grid .row", "/shop/orders/broken").await;
            page.click("#pane button:not(:disabled)", "Last success")
                .await;
            page.find("#pane .panel h3", "What differs").await;
            look(page, &format!("{scheme} failure and success")).await;
            page.click("#pane button", "Copy as…").await;
            page.find("#pane .panel pre", "curl").await;
            look(page, &format!("{scheme} copy")).await;
            page.click("#grid .row", "order.changed").await;
            page.find("#pane table", "Lyon").await;
            look(page, &format!("{scheme} event")).await;
            page.visit(&closed.page("")).await;
            page.find("dialog[open] label", "Token").await;
            look(page, &format!("{scheme} sign-in")).await;
            page.press(&["Escape"]).await;
            page.find("#list .state", "Sign in").await;
            look(page, &format!("{scheme} signed out")).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn nothing_stands_out_of_windows_from_360_pixels_to_4k() {
    // What is wider than the window, but for what scrolls in a box of its own.
    const WIDE: &str = r"
        const scrolls = (it) => it && (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(it).overflowX) || scrolls(it.parentElement));
        const wide = [...document.querySelectorAll('body *')].filter((it) => it.checkVisibility() && it.getBoundingClientRect().right > innerWidth + 1 && !scrolls(it.parentElement));
        const root = document.scrollingElement;
        return [root.scrollWidth > innerWidth ? `the page is ${root.scrollWidth} wide` : null, ...wide.map((it) => it.outerHTML.slice(0, 120))].filter(Boolean);
    ";
    // Targets of at least 24 pixels, or with as much room around (WCAG 2.2, 2.5.8).
    let app = App::start().await;
    app.traffic().await;
    let long = "x".repeat(600);
    app.call(
        &format!("/echo/{long}?{long}={long}"),
        &["-H", &format!("x-long: {long}")],
    )
    .await;
    browser(async |page| {
        for (width, height) in [(360, 740), (768, 1024), (1440, 900), (3840, 2160)] {
            page.size(width, height).await;
            page.visit("about:blank").await;
            page.visit(&app.page("")).await;
            page.find("#grid .row", "/shop/orders/broken").await;
            assert_eq!(
                page.script(WIDE, Vec::new()).await,
                Value::Array(Vec::new()),
                "list at {width}"
            );
            page.picture(&format!("list-{width}")).await;
            page.click("#grid .row", "/echo/xxx").await;
            page.find("#pane h2", "/echo/xxx").await;
            page.find("#pane table", "x-long").await;
            assert_eq!(
                page.script(WIDE, Vec::new()).await,
                Value::Array(Vec::new()),
                "details at {width}"
            );
            page.picture(&format!("details-{width}")).await;
            if width == 360 {
                look(page, "details at 360").await;
                page.click("#pane button", "Back to the list").await;
                page.find("#grid .row", "/shop/orders/broken").await;
                look(page, "list at 360").await;
            }
        }
    })
    .await;
}
