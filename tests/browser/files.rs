//! Files: what is exported, and what is opened in the page as the log is.

use serde_json::Value;

use crate::app::App;
use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn what_the_filter_shows_is_exported_in_three_forms() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.press(&["/"]).await;
        page.type_text("status:>=400").await;
        page.press(&["Enter"]).await;
        page.until("document.querySelector('#grid').ariaRowCount === '4'")
            .await;
        let lines = page.export("NDJSON", "api-log.ndjson").await;
        let paths: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["request"]["path"].clone())
            .collect();
        assert_eq!(paths, ["/nowhere", "/shop/orders/broken", "/shop/orders"]);
        let table = page.export("CSV", "api-log.csv").await;
        assert_eq!(table.lines().count(), 4, "{table}");
        let har: Value = serde_json::from_str(&page.export("HAR", "api-log.har").await).unwrap();
        assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 3);
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_file_that_was_exported_is_read_in_the_page_as_the_log_is() {
    let app = App::start().await;
    app.traffic().await;
    let empty = App::start().await;
    browser(async |page| {
        for (kind, rows) in [("ndjson", 11), ("har", 9)] {
            let file = page.folder().join(format!("morning.{kind}"));
            std::fs::write(&file, app.read(&format!("/api-log/v1/export.{kind}")).await).unwrap();
            page.visit(&empty.page("")).await;
            page.open_file(&file).await;
            page.find("#banners", &format!("morning.{kind}")).await;
            page.until(&format!(
                "document.querySelector('#grid').ariaRowCount === '{rows}'"
            ))
            .await;
            page.press(&["/"]).await;
            page.type_text("status:>=500").await;
            page.press(&["Enter"]).await;
            page.until("document.querySelector('#grid').ariaRowCount === '2'")
                .await;
            page.click("#grid .row", "/shop/orders/broken").await;
            page.find("#pane .side", "the warehouse does not answer")
                .await;
            page.find("#pane .status", "500").await;
            page.click("#banners button", "Back to the log").await;
            page.until("!document.querySelector('#banners .file')")
                .await;
        }
        // A file that is none says so.
        let file = page.folder().join("picture.har");
        std::fs::write(&file, b"\x89PNG\r\n").unwrap();
        page.open_file(&file).await;
        page.find("dialog[open]", "cannot be read").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}
