//! Pictures for the README, of the quickstart with its own traffic.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn the_quickstart_is_alive_at_first_sight_in_both_schemes() {
    let path = std::env::var("TEST_QUICKSTART")
        .expect("TEST_QUICKSTART says where the example is: tests/run.sh builds it");
    let mut quickstart = Command::new(path);
    quickstart
        .args(["--demo", "0"])
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut quickstart = quickstart.spawn().unwrap();
    let mut lines = BufReader::new(quickstart.stdout.take().unwrap()).lines();
    let (url, token) = loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("the address of the page");
        if let Some((_, rest)) = line.split_once("See its traffic at ") {
            let (url, token) = rest.split_once(" and sign in as ").unwrap();
            break (url.to_owned(), token.to_owned());
        }
    };
    // So that what it says later has where to go.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    // The backlog, and some of what comes then.
    tokio::time::sleep(Duration::from_secs(8)).await;
    browser(async |page| {
        page.size(1280, 800).await;
        for scheme in ["light", "dark"] {
            page.scheme(scheme).await;
            page.visit("about:blank").await;
            page.visit(&format!("{url}#t=15m")).await;
            page.find("dialog[open] label", "Token").await;
            page.type_text(&token).await;
            page.press(&["Enter"]).await;
            page.find("#grid .row", "/api/v1/").await;
            page.find("#pane .value", "/api/v1/inquiries/{id}/approve").await;
            page.until("document.querySelector('#timeline .plot svg rect')").await;
            // Enough of everything: refused, failed, broken off.
            for told in ["2xx", "422", "500", "504", "409", "404"].iter().skip(1) {
                page.find("#pane .value", told).await;
            }
            page.picture(&format!("overview-{scheme}")).await;
            page.value("location.hash = 't=15m&q=status%3A%3E%3D500+route%3A%2Fapi%2Fv1%2Faccounts%2F%7Bid%7D'").await;
            page.until("document.querySelector('#q').value.startsWith('status') && document.querySelector('#list').ariaBusy === 'false' && Number(document.querySelector('#grid').ariaRowCount) < 100").await;
            page.find("#grid .row", "500").await;
            page.click("#grid .row", "/api/v1/accounts/").await;
            page.click("#pane button:not(:disabled)", "Last success").await;
            page.find("#pane .panel h3", "What differs").await;
            page.value("document.activeElement.blur()").await;
            page.picture(&format!("explorer-{scheme}")).await;
        }
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
    quickstart.kill().await.unwrap();
}
