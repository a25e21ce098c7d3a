//! A browser of a test's own: a session with a folder of its own, listeners for what must not happen, and what a reader does with eyes, keys and pointer.

use std::collections::HashMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs in every document before its own scripts: keeps what a script of the page's or of somebody else's must not do.
const WATCH: &str = r#"
    window.watched = [];
    const told = (kind, ...more) => { if (window.watched.length < 50) window.watched.push([kind, ...more.map(String)].join(' ')); };
    addEventListener('securitypolicyviolation', (it) => told('policy', it.effectiveDirective, it.blockedURI, it.sample));
    addEventListener('error', (it) => told('error', it.message ?? `${it.target?.localName} ${it.target?.src ?? it.target?.href}`), true);
    addEventListener('unhandledrejection', (it) => told('rejection', it.reason?.stack ?? it.reason));
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = (...given) => told(name, ...given);
"#;

/// How long the page may take until something is there that should be.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Browser {
    client: Client,
    folder: TempDir,
}

/// An element that was found: the middle of it, whether that is to be seen, and its attributes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    x: f64,
    y: f64,
    is_on_top: bool,
    pub(crate) attributes: HashMap<String, String>,
}

/// Gives a test a browser, and ends it however the test ends.
pub(crate) async fn browser(test: impl AsyncFnOnce(&Browser)) {
    let browser = Browser::start().await;
    let ended = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    if ended.is_err() {
        browser.tell_what_is_shown().await;
    }
    browser.client.clone().close().await.unwrap();
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

impl Browser {
    async fn start() -> Self {
        let driver = std::env::var("TEST_WEBDRIVER_URL")
            .expect("TEST_WEBDRIVER_URL says where chromedriver listens: tests/run.sh starts it");
        let folder = tempfile::tempdir().unwrap();
        let mut arguments: Vec<_> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1440,900",
        ]
        .map(str::to_owned)
        .into();
        let profile = folder.path().join("profile");
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let wanted = json!({
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": { "download.default_directory": folder.path().join("downloads") },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&driver)
            .await
            .unwrap();
        let browser = Self { client, folder };
        browser
            .devtools(
                "Page.addScriptToEvaluateOnNewDocument",
                json!({ "source": WATCH }),
            )
            .await;
        browser
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Goes to an address.
    pub(crate) async fn visit(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Opens another tab, and goes on there.
    pub(crate) async fn tab(&self) {
        let tab = self.client.new_window(true).await.unwrap();
        self.client.switch_to_window(tab.handle).await.unwrap();
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": WATCH }),
        )
        .await;
    }

    /// Sends a command of the Chrome DevTools protocol.
    pub(crate) async fn devtools(&self, name: &str, params: Value) -> Value {
        let body = json!({ "cmd": name, "params": params });
        self.command("goog/cdp/execute", body).await
    }

    async fn command(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Command { path, body }).await.unwrap()
    }

    /// Draws as for a reader who prefers a scheme.
    pub(crate) async fn scheme(&self, name: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": name }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Makes the window as large as some screens are.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// Runs a script, which may wait, and returns what it returns. Not by WebDriver's own way, which the page's policy forbids as it forbids `eval`.
    pub(crate) async fn script(&self, script: &str, given: Vec<Value>) -> Value {
        let given = Value::from(given);
        let expression = format!("(async (...given) => {{ {script} }})(...{given})");
        let asked =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let told = self.devtools("Runtime.evaluate", asked).await;
        let wrong = &told["exceptionDetails"];
        assert!(wrong.is_null(), "{script}: {wrong:#}");
        told["result"]["value"].clone()
    }

    /// Returns what an expression is.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.script(&format!("return ({expression});"), Vec::new())
            .await
    }

    /// Returns the number that an expression is.
    pub(crate) async fn number(&self, expression: &str) -> f64 {
        let value = self.value(expression).await;
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            // What it asks of may not be there yet.
            let asked = format!("try {{ return Boolean({expression}) }} catch {{ return false }}");
            let begun = Instant::now();
            while self.script(&asked, Vec::new()).await != true {
                assert!(
                    begun.elapsed() < PATIENCE,
                    "at {caller}: never so: {expression}"
                );
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        }
    }

    /// Waits for an element in sight that a selector finds and that has a text in it, or is labelled so.
    #[track_caller]
    pub(crate) fn find(&self, selector: &str, text: &str) -> impl Future<Output = Found> {
        const FIND: &str = r"
            const [selector, text] = given;
            const isShown = (it) => it.checkVisibility({ visibilityProperty: true }) && it.getClientRects().length > 0;
            const says = (it) => it.textContent.includes(text) || it.getAttribute('aria-label')?.includes(text);
            const all = [...document.querySelectorAll(selector)].filter((it) => isShown(it) && says(it));
            const found = all.find((it) => it.textContent.trim() === text) ?? all[0];
            if (!found) return null;
            found.scrollIntoView({ block: 'nearest' });
            const { left, top, width, height } = found.getBoundingClientRect();
            const [x, y] = [Math.floor(left + width / 2), Math.floor(top + height / 2)];
            const hit = document.elementFromPoint(x, y);
            const attributes = Object.fromEntries([...found.attributes].map((it) => [it.name, it.value]));
            return { x, y, attributes, isOnTop: found.contains(hit) || Boolean(hit?.contains(found) && found.closest('label') === hit) };
        ";
        let caller = std::panic::Location::caller();
        async move {
            let begun = Instant::now();
            loop {
                let found = self.script(FIND, vec![selector.into(), text.into()]).await;
                if !found.is_null() {
                    return serde_json::from_value(found).unwrap();
                }
                assert!(
                    begun.elapsed() < PATIENCE,
                    "at {caller}: no {selector} with {text:?}"
                );
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        }
    }

    /// Clicks on the middle of what [`find`](Self::find) finds, once it stays where it is and nothing lies above it.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str, text: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begun = Instant::now();
            let mut before = None;
            let found = loop {
                let found = self.find(selector, text).await;
                if found.is_on_top && before == Some((found.x, found.y)) {
                    break found;
                }
                before = Some((found.x, found.y));
                assert!(
                    begun.elapsed() < PATIENCE,
                    "at {caller}: {selector} with {text:?} is covered"
                );
                tokio::time::sleep(Duration::from_millis(15)).await;
            };
            let (x, y, duration) = (found.x, found.y, None);
            let actions = MouseActions::new("mouse".to_owned())
                .then(PointerAction::MoveTo { duration, x, y })
                .then(PointerAction::Down { button: 0 })
                .then(PointerAction::Up { button: 0 });
            self.client.perform_actions(actions).await.unwrap();
        }
    }

    /// Presses keys, one after another, wherever the focus is.
    pub(crate) async fn press(&self, keys: &[&str]) {
        let mut actions = KeyActions::new("keys".to_owned());
        for name in keys {
            let (held, name) = name
                .split_once('+')
                .filter(|(held, _)| !held.is_empty())
                .map_or((None, *name), |(held, name)| (Some(key(held)), name));
            let value = key(name);
            if let Some(value) = held {
                actions = actions.then(KeyAction::Down { value });
            }
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
            if let Some(value) = held {
                actions = actions.then(KeyAction::Up { value });
            }
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Types a text where the focus is.
    pub(crate) async fn type_text(&self, text: &str) {
        let mut actions = KeyActions::new("keys".to_owned());
        for value in text.chars() {
            let (down, up) = (KeyAction::Down { value }, KeyAction::Up { value });
            actions = actions.then(down).then(up);
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Returns the text of the page as a reader sees it.
    pub(crate) async fn shown(&self) -> String {
        self.value("document.body.innerText")
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Returns what happened that must not: broken policies, dialogs, errors of scripts, requests that lead elsewhere, and lines in the console.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        const ELSEWHERE: &str = r"
            const isOurs = (it) => it.startsWith(location.origin + '/api-log/') || it.startsWith('blob:' + location.origin);
            const asked = performance.getEntriesByType('resource').map((it) => it.name).filter((it) => !isOurs(it));
            return [...window.watched, ...asked.map((it) => `request ${it}`), ...(window.owned ? [`owned ${window.owned}`] : [])];
        ";
        let told = self.script(ELSEWHERE, Vec::new()).await;
        let mut told: Vec<String> = serde_json::from_value(told).unwrap();
        let lines = self.command("se/log", json!({ "type": "browser" })).await;
        for line in lines.as_array().unwrap() {
            // Answers with a status of a failure are told as lines of the network.
            if line["source"] != "network" {
                told.push(format!("console {} {}", line["level"], line["message"]));
            }
        }
        told
    }

    /// Opens a file in the page.
    pub(crate) async fn open_file(&self, path: &Path) {
        let field = self.client.find(Locator::Css("#file")).await.unwrap();
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    /// Exports what is shown, and returns what the file holds.
    pub(crate) async fn export(&self, kind: &str, name: &str) -> String {
        let path = self.folder().join("downloads").join(name);
        self.click("#more", "").await;
        self.click("#menu button", kind).await;
        let begun = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(&path) {
                std::fs::remove_file(&path).unwrap();
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "no {name}");
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Keeps a picture of what is shown.
    pub(crate) async fn picture(&self, name: &str) -> PathBuf {
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(&path, picture).unwrap();
        path
    }

    async fn tell_what_is_shown(&self) {
        let name = std::thread::current()
            .name()
            .unwrap_or("test")
            .replace("::", "-");
        let path = self.picture(&format!("failed-{name}")).await;
        eprintln!("{}\n{:#?}", path.display(), self.complaints().await);
    }
}

/// Where pictures go.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots")
}

fn key(name: &str) -> char {
    match name {
        "Enter" => Key::Enter.into(),
        "Escape" => Key::Escape.into(),
        "Tab" => Key::Tab.into(),
        "Down" => Key::Down.into(),
        "Up" => Key::Up.into(),
        "Left" => Key::Left.into(),
        "Right" => Key::Right.into(),
        "Home" => Key::Home.into(),
        "End" => Key::End.into(),
        "PageDown" => Key::PageDown.into(),
        "Shift" => Key::Shift.into(),
        "Alt" => Key::Alt.into(),
        "Space" => ' ',
        _ => name.chars().next().unwrap(),
    }
}

/// A command that WebDriver does not know and this driver does.
#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
