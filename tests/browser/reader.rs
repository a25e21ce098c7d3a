//! Who may read: signing in and out, tenants, readers who may not, and a service that does not answer.

use tower_api_log::api::{Denial, access_fn};

use crate::app::{App, OPERATOR, STRANGER, TENANT, by_token};
use crate::browser::{Browser, browser};

async fn sign_in(page: &Browser, token: &str) {
    page.find("dialog[open] label", "Token").await;
    page.type_text(token).await;
    page.press(&["Enter"]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_token_opens_the_log_and_is_nowhere_but_in_memory() {
    const LEFT: &str = r"
        const stored = [...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie, location.href, document.title, JSON.stringify(history.state)];
        const databases = (await indexedDB.databases()).map((it) => it.name);
        const cached = await caches.keys();
        const fields = [...document.querySelectorAll('input')].map((it) => it.value);
        const asked = performance.getEntriesByType('resource').map((it) => it.name);
        return [...stored, ...databases, ...cached, ...fields, ...asked, document.documentElement.outerHTML];
    ";
    let app = App::with(by_token()).await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("#q=status%3A%3E%3D500")).await;
        sign_in(page, "not-a-token-of-this-log").await;
        page.find("dialog[open]", "does not accept").await;
        sign_in(page, OPERATOR).await;
        page.click("#grid .row", "/shop/orders/broken").await;
        page.find("#pane .side", "the warehouse does not answer")
            .await;
        let left = page.script(LEFT, Vec::new()).await;
        for place in left.as_array().unwrap() {
            assert!(!place.to_string().contains(OPERATOR), "{place}");
        }
        // Leaving forgets it, and so does a reload.
        page.reload().await;
        page.find("dialog[open] label", "Token").await;
        assert!(!page.shown().await.contains("the warehouse does not answer"));
        sign_in(page, OPERATOR).await;
        page.find("#grid .row", "/shop/orders/broken").await;
        page.press(&["Escape"]).await;
        page.click("#more", "").await;
        page.click("#menu button", "Sign out").await;
        page.find("#list .state", "Sign in").await;
        let shown = page.shown().await;
        for data in ["/shop/orders", "user_2", "warehouse"] {
            assert!(!shown.contains(data), "{data}: {shown}");
        }
        page.back().await;
        page.find("#list .state", "Sign in").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_reader_of_a_tenant_sees_only_its_own() {
    let app = App::with(by_token()).await;
    app.traffic().await;
    let others = app.entries().await;
    let others = others
        .iter()
        .find(|it| it.context.organisation.as_deref() == Some("org_2"))
        .unwrap()
        .id;
    browser(async |page| {
        page.visit(&app.page("")).await;
        sign_in(page, TENANT).await;
        page.find("#grid .row", "/shop/orders/7").await;
        page.find("#pane .value", "user_1").await;
        let shown = page.shown().await;
        for data in [
            "user_2",
            "/shop/panic",
            "/shop/orders/8",
            "broken",
            "/nowhere",
        ] {
            assert!(!shown.contains(data), "{data}: {shown}");
        }
        // Nor by asking for it.
        page.value(&format!("location.hash = 'id={others}'")).await;
        page.find("#pane .state", "not in the log").await;
        page.press(&["Escape", "/"]).await;
        page.type_text("actor:user_2").await;
        page.press(&["Enter"]).await;
        page.find("#list .state", "Nothing that the filter keeps")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_reader_who_may_not_read_is_told_so_and_can_be_another() {
    let app = App::with(by_token()).await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        sign_in(page, STRANGER).await;
        page.find("#list .state", "Not open to you").await;
        assert!(!page.shown().await.contains("/shop/orders"));
        page.click("#list .state button", "Sign in as another")
            .await;
        sign_in(page, TENANT).await;
        page.find("#grid .row", "/shop/orders/7").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn an_empty_log_and_one_that_does_not_answer_say_what_to_do() {
    let empty = App::start().await;
    let away = App::with(access_fn(|_, _| {
        Err::<tower_api_log::Scope, _>(Denial::Unavailable)
    }))
    .await;
    browser(async |page| {
        page.visit(&empty.page("#t=all")).await;
        page.find("#list .state", "No calls yet").await;
        page.find("#list .state pre", "curl").await;
        empty.call("/shop/orders/7", &[]).await;
        page.find("#grid .row", "/shop/orders/7").await;
        page.visit(&away.page("")).await;
        page.find("#list .state button", "Try again").await;
        page.find("#list .state", "Service Unavailable").await;
    })
    .await;
}
