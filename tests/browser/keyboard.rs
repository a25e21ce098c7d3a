//! All of it without a pointer.

use crate::app::App;
use crate::browser::browser;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_failure_is_found_understood_and_copied_by_keys_alone() {
    let app = App::start().await;
    app.traffic().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        page.find("#grid .row", "/shop/orders/broken").await;
        page.press(&["?"]).await;
        page.find("dialog[open] kbd", "j").await;
        page.press(&["Escape"]).await;
        page.until("!document.querySelector('dialog[open]')").await;
        page.press(&["/"]).await;
        page.type_text("status:>=500").await;
        page.press(&["Enter", "Escape"]).await;
        page.until("document.querySelector('#grid').ariaRowCount === '2'").await;
        page.press(&["j", "Enter"]).await;
        page.find("#pane .status", "500").await;
        // Into the details, to what can be done there, with a focus that is seen.
        for _ in 0..40 {
            page.press(&["Tab"]).await;
            let seen = "const it = document.activeElement; const style = getComputedStyle(it); return [it.textContent, style.outlineStyle !== 'none' || style.boxShadow !== 'none' || (it.role === 'separator' && style.backgroundColor !== 'rgba(0, 0, 0, 0)'), it.localName + '.' + it.className]";
            let at = page.script(seen, Vec::new()).await;
            assert_eq!(at[1], true, "no focus to be seen at {at}");
            if at[0] == "Copy as…" {
                break;
            }
        }
        page.press(&["Enter"]).await;
        page.find("#pane .panel pre", "curl ").await;
        page.press(&["Escape"]).await;
        page.until("!location.hash.includes('id=') && document.activeElement.id === 'grid'").await;
        page.press(&["x"]).await;
        page.until("Number(document.querySelector('#grid').ariaRowCount) > 5").await;
        page.press(&["g", "j", "j", "o"]).await;
        page.until("location.hash.includes('id=')").await;
        let first = page.url().await;
        page.press(&["j"]).await;
        page.until(&format!("location.href !== '{first}' && location.hash.includes('id=')")).await;
        page.press(&["k"]).await;
        page.until(&format!("location.href === '{first}'")).await;
    })
    .await;
}
