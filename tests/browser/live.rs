//! What comes in while somebody looks.

use std::time::Duration;

use crate::app::App;
use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn new_calls_come_in_by_themselves_and_only_those_that_the_filter_keeps() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("#q=path%3A%2Fecho%2F*")).await;
        page.until("document.querySelector('#live').ariaPressed === 'true'")
            .await;
        app.call("/shop/orders/7", &[]).await;
        app.call("/echo/first", &[]).await;
        page.find("#grid .row", "/echo/first").await;
        app.call("/echo/second", &[]).await;
        page.find("#grid .row", "/echo/second").await;
        assert_eq!(
            page.value("document.querySelector('#grid').ariaRowCount")
                .await,
            "3"
        );
        // Paused, nothing comes in; afterwards all of it does.
        page.press(&["Escape", "t"]).await;
        page.until("document.querySelector('#live').ariaPressed === 'false'")
            .await;
        app.call("/echo/third", &[]).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!page.shown().await.contains("/echo/third"));
        page.click("#live", "").await;
        page.find("#grid .row", "/echo/third").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn who_reads_further_down_is_not_pushed_away() {
    let app = App::start().await;
    for number in 0..80 {
        app.put(
            tower_api_log::testing::sample::plain(number),
            1000 + u64::from(number),
        )
        .await;
    }
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.until("document.querySelector('#live').ariaPressed === 'true' && Number(document.querySelector('#grid').ariaRowCount) === 81").await;
        page.value("document.querySelector('#grid').scrollTop = 900").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.call("/echo/new", &[]).await;
        page.find("button.fresh", "1 new").await;
        assert_eq!(page.value("document.querySelector('#grid').scrollTop").await, 900);
        page.click("button.fresh", "1 new").await;
        page.find("#grid .row", "/echo/new").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn the_page_tells_when_entries_were_lost() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.find("#grid .row", "/shop/panic").await;
        assert_eq!(
            page.value("document.querySelector('#banners').innerText")
                .await,
            ""
        );
        app.recorder.shutdown(Duration::from_secs(5)).await;
        app.read("/shop/orders/7").await;
        page.find("#banners", "1 entry was dropped").await;
    })
    .await;
}
