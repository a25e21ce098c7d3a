//! What attackers write into a log to reach those who read it: nothing of it runs, leads elsewhere or hides, and all of it is shown as text.

use serde_json::{Value, json};
use tower_api_log::entry::{BodyRecord, Finding};
use tower_api_log::testing::sample::{change, everywhere, exchange};
use tower_api_log::{Actor, AuditEvent};

use crate::app::App;
use crate::browser::{Browser, browser};

/// Texts that some page, terminal, spreadsheet or reader has taken for more than text.
const PAYLOADS: [&str; 34] = [
    "<script>alert(1)</script>",
    "</script><script>window.owned=1</script>",
    "</title></textarea></style><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "\"><iframe srcdoc=\"<script>parent.owned=1</script>\"></iframe>",
    "' onmouseover='alert(1)' autofocus onfocus='alert(2)",
    "<details open ontoggle=alert(1)><summary>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example/\">",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "javascript:alert(1)//",
    "JaVaScRiPt\t:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example/x.png",
    "//evil.example/x",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}#{alert(1)}<%= alert(1) %>",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "[object Object]",
    "&lt;img src=x onerror=alert(1)&gt; &#x3c;script&#x3e;",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
    "invoice\u{202e}fdp.exe\u{202c}",
    "a\u{2066}b\u{2069}\u{200f}c\u{200b}d\u{feff}e\u{ad}f",
    "nul\0nul\u{7f}",
    "one\r\nX-Injected: two\u{2028}three\u{85}four",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-1+1\t+2",
    "%00%0d%0a%ff\\u0000\\ud800",
    "Z\u{335}\u{351}a\u{338}\u{30d}😀\u{10ffff}\u{e0041}",
];

/// What no text that is shown may hold: what a reader could not see, or what would turn the rest.
const HIDDEN: &str = r"/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/";

/// What only markup of somebody else's could have made.
const STRANGE: &str = "[...document.querySelectorAll('img, iframe, object, embed, base, form[action], meta[http-equiv], math, animate, mglyph, script:not([src^=\"assets/\"]), link:not([href^=\"assets/\"]), [onerror], [onload], [style*=url], a[href^=\"javascript\" i], a[href^=\"data\" i]')].map((it) => it.outerHTML)";

/// Opens whatever can be opened where details are shown.
const OPEN_ALL: &str = r"
    for (let turn = 0; turn < 3; turn += 1) {
        for (const it of document.querySelectorAll('#pane details')) it.open = true;
        await new Promise((done) => setTimeout(done));
    }
";

async fn is_safe(page: &Browser, what: &str) {
    assert_eq!(page.value(STRANGE).await, json!([]), "{what}");
    let hidden = format!(
        "{HIDDEN}.exec(document.body.textContent)?.[0]?.codePointAt(0)?.toString(16) ?? null"
    );
    assert_eq!(page.value(&hidden).await, Value::Null, "{what}");
    assert_eq!(
        page.value("({}).owned ?? window.owned ?? null").await,
        Value::Null,
        "{what}"
    );
    assert!(page.url().await.starts_with("http://127.0.0.1:"), "{what}");
    assert_eq!(page.complaints().await, [""; 0], "{what}");
}

/// Waits until an entry is shown, and says why where it cannot be.
async fn opened(page: &Browser, id: &str) {
    const WHY: &str = r"
        const [{ show }, { Remote }] = await Promise.all(['exchange', 'source'].map((it) => import(new URL(`assets/${it}.js`, location.href.split('#')[0]).href)));
        const source = new Remote();
        return show(document.createElement('div'), await source.entry(given[0]), { source, settings: {}, open() {}, addTerm() {} }).then(() => 'nothing', (it) => it.stack);
    ";
    page.until(&format!("document.querySelector('#pane .exchange')?.textContent.includes('{id}') || document.querySelector('#pane .detail > .state')")).await;
    if page
        .value("Boolean(document.querySelector('#pane .detail > .state'))")
        .await
        == true
    {
        panic!(
            "{id} is not shown: {}",
            page.script(WHY, vec![id.into()]).await
        );
    }
}

/// Waits until a text is shown, with pictures for what has no shape.
async fn shows(page: &Browser, text: &str) {
    const SHOWN: &str = r"
        const { visible } = await import(new URL('assets/dom.js', location.href.split('#')[0]).href);
        const wanted = visible(given[0]);
        const quoted = visible(JSON.stringify(given[0]).slice(1, -1));
        return [document.querySelector('#pane').textContent].some((it) => it.includes(wanted) || it.includes(quoted));
    ";
    for _ in 0..400 {
        if page.script(SHOWN, vec![text.into()]).await == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
    }
    panic!("{text:?} is not shown: {}", page.shown().await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn nothing_that_was_logged_runs_or_hides_wherever_it_stands() {
    let app = App::start().await;
    let long = "<b>very long</b> ".repeat(4000);
    let payloads = PAYLOADS.iter().copied().chain([long.as_str()]);
    let mut ids = Vec::new();
    for (number, text) in payloads.clone().enumerate() {
        let text = text.chars().take(30_000).collect::<String>();
        ids.push(
            app.put(everywhere(number as u32, &text), 1000 + number as u64)
                .await,
        );
    }
    browser(async |page| {
        page.visit(&app.page("#t=all")).await;
        page.find("#grid .row", "<script>").await;
        page.find("#pane .facets", "<script>").await;
        is_safe(page, "the list and the commonest values").await;
        for (id, text) in ids.iter().zip(payloads) {
            page.value(&format!("location.hash = 't=all&id={id}'")).await;
            opened(page, &id.to_string()).await;
            page.script(OPEN_ALL, Vec::new()).await;
            if text.len() < 1000 {
                shows(page, text).await;
            }
            for form in ["curl", "HTTPie", ".http", "HAR", "Rust test"] {
                let open = r"
                    const button = [...document.querySelectorAll('#pane .actions button')].find((it) => it.textContent === 'Copy as…');
                    if (button.getAttribute('aria-expanded') !== 'true') button.click();
                    await new Promise((done) => setTimeout(done, 5));
                    [...document.querySelectorAll('#pane .panel .tools button')].find((it) => it.textContent === given[0]).click();
                    return document.querySelector('#pane .panel').textContent.length;
                ";
                assert!(page.script(open, vec![form.into()]).await.as_u64() > Some(20), "{form} of {text:?}");
            }
            is_safe(page, text).await;
        }
        // In a filter, and in what completes it.
        page.press(&["Escape", "/"]).await;
        page.type_text("actor:<s").await;
        page.find("#choices [role=option]", "<script>").await;
        is_safe(page, "suggestions").await;
        for text in PAYLOADS {
            let query = json!(format!("actor:{}", json!(text)));
            page.value(&format!("location.hash = new URLSearchParams({{ q: {query}, t: 'all' }})")).await;
            page.until(&format!("document.querySelector('#q').value === {query}.replace(/[\\r\\n]/g, '')")).await;
        }
        is_safe(page, "queries").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn bodies_and_events_of_attackers_are_text() {
    let app = App::start().await;
    let types = [
        "application/json",
        "text/html",
        "image/svg+xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "text/event-stream",
        "__proto__",
    ];
    let mut body = serde_json::Map::new();
    body.insert("__proto__".into(), json!({ "owned": 1 }));
    body.insert("constructor".into(), json!({ "prototype": { "owned": 1 } }));
    for text in PAYLOADS {
        body.insert(text.into(), json!([text, { text: text }]));
    }
    let json = Value::Object(body).to_string();
    let html = PAYLOADS.join("\n");
    let form = format!(
        "--b\r\ncontent-disposition: form-data; name=\"{html}\"; filename=\"<img src=x onerror=alert(1)>\"\r\ncontent-type: <svg/onload=alert(1)>\r\n\r\n{html}\r\n--b--\r\n"
    );
    let mut ids = Vec::new();
    for (number, kind) in types.iter().enumerate() {
        let mut entry = exchange(number as u32);
        change(&mut entry, |exchange| {
            let text = match number {
                0 => json.clone(),
                4 => form.clone(),
                _ => html.clone(),
            };
            let body = BodyRecord::Whole {
                bytes_seen: text.len() as u64,
                text,
            };
            exchange.request.headers = [("content-type", *kind)].into_iter().collect();
            exchange.response.as_mut().unwrap().headers = exchange.request.headers.clone();
            (exchange.request_body, exchange.response_body) = (body.clone(), body);
            exchange.response.as_mut().unwrap().status = 500 - 300 * (number as u16 % 2);
        });
        ids.push(app.put(entry, 1000 + number as u64).await);
    }
    for text in PAYLOADS {
        let found = Finding::new(text).pointer(text);
        let event = AuditEvent::new(text, text)
            .ref_id(text)
            .title(text)
            .actor(Actor::user(text).email(text));
        let (before, after) = (
            json!({ text: text, "a": 1 }),
            json!({ text: [text], "__proto__": { "owned": 1 } }),
        );
        let event = event
            .change(&before, &after)
            .data(&json!({ text: text, "__proto__": { "owned": 1 } }))
            .error(found.clone())
            .alert(found);
        ids.extend(app.recorder.event(event));
    }
    assert_eq!(ids.len(), types.len() + PAYLOADS.len());
    app.entries().await;
    browser(async |page| {
        page.visit(&app.page("#t=all")).await;
        page.find("#grid .row", "<script>").await;
        for id in &ids {
            page.value(&format!("location.hash = 't=all&id={id}'")).await;
            opened(page, &id.to_string()).await;
            page.script(OPEN_ALL, Vec::new()).await;
            let open = r"
                const success = [...document.querySelectorAll('#pane .actions button')].find((it) => it.textContent === 'Last success');
                for (let turn = 0; success?.disabled && turn < 100; turn += 1) await new Promise((done) => setTimeout(done, 10));
                success?.click();
                for (const it of [...document.querySelectorAll('#pane .side button')].filter((it) => ['Raw', 'Parsed'].includes(it.textContent))) it.click();
                await new Promise((done) => setTimeout(done, 20));
            ";
            page.script(open, Vec::new()).await;
            is_safe(page, &id.to_string()).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn files_of_attackers_are_text_and_tables_made_of_them_hold_no_formulas() {
    let app = App::start().await;
    browser(async |page| {
        page.visit(&app.page("")).await;
        let entries: Vec<_> = PAYLOADS.iter().map(|text| har_entry(text)).collect();
        let har = json!({ "__proto__": { "owned": 1 }, "log": { "version": "1.2", "creator": { "name": "<img src=x onerror=alert(1)>", "version": "1" }, "entries": entries } });
        let file = page.folder().join("<svg onload=alert(1)>.har");
        std::fs::write(&file, har.to_string()).unwrap();
        page.open_file(&file).await;
        page.find("#banners", "<svg onload=alert(1)>.har").await;
        page.find("#grid .row", "onerror").await;
        is_safe(page, "a HAR").await;
        page.press(&["g"]).await;
        for _ in PAYLOADS {
            page.press(&["j", "o"]).await;
            page.until("document.querySelector('#pane .exchange')").await;
            page.script(OPEN_ALL, Vec::new()).await;
        }
        is_safe(page, "the entries of a HAR").await;
        let table = page.export("CSV", "api-log.csv").await;
        assert!(table.contains("'=cmd|") && table.contains("'@SUM("), "{table}");
        for cell in table.lines().flat_map(|line| line.split("\",\"").flat_map(|it| it.split(','))) {
            let starts_formula = cell.trim_start_matches('"').starts_with(['=', '+', '@', '\t']);
            assert!(!starts_formula, "{cell:?}");
        }
        // Lines that are no entries, or pretend to be.
        let lines = [
            json!({ "__proto__": { "owned": 1 }, "kind": "exchange" }).to_string(),
            json!({ "id": "<script>alert(1)</script>", "kind": "event", "event": { "category": [], "action": {} } }).to_string(),
            json!({ "id": {}, "kind": "exchange", "request": { "method": {}, "path": null, "headers": "x" }, "response": [], "context": 7 }).to_string(),
            "{".to_owned(),
        ];
        for line in lines {
            let file = page.folder().join("entries.ndjson");
            std::fs::write(&file, line).unwrap();
            page.open_file(&file).await;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            page.press(&["Escape", "Escape"]).await;
        }
        is_safe(page, "lines").await;
    })
    .await;
}

/// An entry of a HAR with a text wherever one may stand.
fn har_entry(text: &str) -> Value {
    let pairs = json!([{ "name": text, "value": text }]);
    json!({
        "startedDateTime": "2026-01-31T12:00:00.000Z", "time": 12.5, "_id": text, "_outcome": text, "comment": text, "connection": text, "serverIPAddress": text,
        "request": { "method": text, "url": text, "httpVersion": text, "headers": pairs, "queryString": pairs, "cookies": pairs, "headersSize": -1, "bodySize": 5,
            "postData": { "mimeType": text, "text": text, "params": pairs } },
        "response": { "status": 200, "statusText": text, "httpVersion": text, "headers": pairs, "cookies": [], "redirectURL": text, "headersSize": -1, "bodySize": 5,
            "content": { "size": 5, "mimeType": text, "text": text, "comment": text } },
        "cache": {}, "timings": { "send": 0, "wait": 10, "receive": 2.5 },
    })
}
