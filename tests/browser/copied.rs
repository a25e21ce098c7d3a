//! Commands that are copied and run: each calls the service again just so.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;
use tower_api_log::entry::{BodyRecord, Exchange};

use crate::app::App;
use crate::browser::{Browser, browser};

/// A text that breaks out of most quotes.
const HOSTILE: &str =
    "it's \"quoted\" $(touch owned) `touch owned` \\ !! ; & | > < * ? ~ # %s {a,b} \\n 'é' 😀";

/// Opens the newest call, copies it as `curl`, and returns what the clipboard has.
async fn copied(page: &Browser, app: &App) -> String {
    let newest = app
        .entries()
        .await
        .into_iter()
        .find(|it| it.exchange().is_some())
        .unwrap();
    page.visit("about:blank").await;
    page.visit(&app.page(&format!("#t=all&id={}", newest.id)))
        .await;
    page.click("#pane button", "Copy as curl").await;
    page.find("#pane button", "Copied").await;
    let text = page
        .script("return await navigator.clipboard.readText();", Vec::new())
        .await;
    text.as_str().unwrap().to_owned()
}

/// Runs a command as somebody who pastes it does, and returns the call that it made.
async fn run(command: &str, app: &App, set: &[(&str, &str)]) -> Exchange {
    let folder = tempfile::tempdir().unwrap();
    let before = app.entries().await.len();
    let mut bash = Command::new("bash");
    bash.args(["-c", command])
        .envs(set.iter().copied())
        .current_dir(folder.path());
    let output = bash.stdin(Stdio::null()).output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{told}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{command} left {left:?}");
    let entries = app.entries().await;
    assert_eq!(
        entries.iter().filter(|it| it.exchange().is_some()).count(),
        before + 1,
        "{command}"
    );
    entries.iter().find_map(|it| it.exchange()).unwrap().clone()
}

async fn browser_with_clipboard(app: &App, test: impl AsyncFnOnce(&Browser)) {
    let allowed = json!({ "origin": app.base, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser(async |page| {
        page.devtools("Browser.grantPermissions", allowed).await;
        test(page).await;
    })
    .await;
}

/// The fields that tell the same call from another; not those that a client makes up anew.
fn told(
    call: &Exchange,
) -> (
    String,
    String,
    Option<String>,
    BodyRecord,
    Vec<(String, String)>,
) {
    let headers = call.request.headers.iter();
    let headers =
        headers.filter(|(name, _)| !matches!(*name, "content-length" | "host" | "content-type"));
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    headers.sort();
    let request = &call.request;
    (
        request.method.to_string(),
        request.path.to_string(),
        request.query.as_ref().map(ToString::to_string),
        call.request_body.clone(),
        headers,
    )
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_copied_command_makes_the_same_call_again() {
    let app = App::start().await;
    let json_body =
        json!({ "text": HOSTILE, "n": 1.5, "nested": { "a": [null, true] } }).to_string();
    let quoted = format!("x-hostile: {}", HOSTILE.replace(['é', '😀'], "e"));
    let json_type = "content-type: application/json";
    let cases: Vec<(&str, Vec<&str>)> = vec![
        ("/echo/plain", vec![]),
        (
            "/echo/q?a=1&a=2&b[]=x&c=%20%26%3D&d=it's&e={x}",
            vec!["-H", "x-user: user_1"],
        ),
        ("/echo/%27%22%24(x)/../up/./..;a=b", vec![]),
        ("/echo/head", vec!["-I"]),
        ("/echo/options", vec!["-X", "OPTIONS"]),
        ("/echo/delete?id='1", vec!["-X", "DELETE"]),
        (
            "/echo/json",
            vec!["-H", json_type, "--data-raw", &json_body],
        ),
        (
            "/echo/put",
            vec![
                "-X",
                "PUT",
                "-H",
                json_type,
                "-H",
                &quoted,
                "--data-raw",
                &json_body,
            ],
        ),
        (
            "/echo/at",
            vec!["-X", "PATCH", "-H", json_type, "--data-raw", "\"@file\""],
        ),
        (
            "/echo/form",
            vec![
                "--data-urlencode",
                "note=it's 100% & more = $HOME",
                "--data-urlencode",
                "a[b]=c",
                "--data",
                "flag",
            ],
        ),
        (
            "/echo/lines",
            vec![
                "-H",
                "content-type: application/x-ndjson",
                "--data-binary",
                "{\"a\":\"it's\\t!\"}\n{\"b\":[1,2]}\n",
            ],
        ),
        ("/echo/empty", vec!["-X", "POST"]),
        (
            "/echo/get-with-body",
            vec!["-X", "GET", "-H", json_type, "--data-raw", "[1]"],
        ),
        (
            "/echo/headers",
            vec![
                "-H",
                "x-empty;",
                "-H",
                "x-twice: 1",
                "-H",
                "x-twice: 2",
                "-H",
                "accept: text/html;q=0.5",
                "-A",
                "it's me",
            ],
        ),
    ];
    browser_with_clipboard(&app, async |page| {
        for (path, given) in &cases {
            app.call(path, given).await;
            let stored = app.entries().await[0].exchange().unwrap().clone();
            let command = copied(page, &app).await;
            let again = run(&command, &app, &[]).await;
            assert_eq!(told(&again), told(&stored), "{command}");
            assert_eq!(
                again.response.as_ref().map(|it| it.status),
                stored.response.as_ref().map(|it| it.status),
                "{command}"
            );
        }
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn a_copied_form_of_several_parts_sends_the_same_parts() {
    let app = App::start().await;
    let note = format!("note={HOSTILE}");
    app.call(
        "/echo/parts",
        &[
            "--form-string",
            &note,
            "--form-string",
            "a[b]=c;d=@e",
            "--form-string",
            "empty=",
        ],
    )
    .await;
    let stored = app.entries().await[0].exchange().unwrap().clone();
    let parts = |call: &Exchange| -> Vec<String> {
        let BodyRecord::Whole { text, .. } = &call.request_body else {
            panic!("{:?}", call.request_body)
        };
        // The boundary is made up anew.
        let boundary = text.lines().next().unwrap();
        text.split(boundary).map(str::to_owned).collect()
    };
    assert_eq!(parts(&stored).len(), 5, "{stored:?}");
    browser_with_clipboard(&app, async |page| {
        let command = copied(page, &app).await;
        let again = run(&command, &app, &[]).await;
        assert_eq!(parts(&again), parts(&stored), "{command}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/run.sh starts them"]
async fn what_was_hidden_is_a_variable_in_a_copied_command() {
    let app = App::start().await;
    let body = json!({ "password": "made-up-1", "name": "Jane" });
    let given = [
        "-H",
        "authorization: Bearer made-up-2",
        "-H",
        "x-user: user_1",
    ];
    app.post("/echo/secrets?token=made-up-3&page=2", &body, &given)
        .await;
    let stored = app.entries().await[0].exchange().unwrap().clone();
    browser_with_clipboard(&app, async |page| {
        let command = copied(page, &app).await;
        assert!(!command.contains("MASKED"), "{command}");
        let names: Vec<_> = command
            .split("\"$")
            .skip(1)
            .map(|it| it.split('"').next().unwrap().to_owned())
            .collect();
        assert_eq!(names.len(), 3, "{command}");
        // What a variable stands for is told beside the command.
        for name in &names {
            page.find("#pane .notes", &format!("${name}")).await;
        }
        let set: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), "filled-in-by-hand"))
            .collect();
        let again = run(&command, &app, &set).await;
        assert_eq!(again.masked.len(), stored.masked.len(), "{command}");
        assert_eq!(
            (&again.request.path, &again.request.query),
            (&stored.request.path, &stored.request.query),
            "{command}"
        );
        assert_eq!(
            again.request_body.text(),
            stored.request_body.text(),
            "{command}"
        );
    })
    .await;
}
