use super::super::answer::POLICY;
use super::super::assets::ASSETS;
use super::*;
use crate::error::ErrorKind;
use crate::format::Persona;

#[tokio::test]
async fn page_comes_with_the_headers_that_keep_it_to_itself() {
    let got = ask(&explorer(), "GET", "/api-log/", "").await;
    assert_eq!(got.status, 200);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(got.header(name), value);
    }
    assert!(!POLICY.contains("unsafe") && !POLICY.contains("  "));
    assert!(got.text.starts_with("<!doctype html>"));
    assert!(!got.text.contains("<meta name=\"api-log:"), "no setting");
    assert_eq!(got.header("content-length"), got.text.len().to_string());

    let head = ask(&explorer(), "HEAD", "/api-log/", "").await;
    assert_eq!((head.status.as_u16(), &*head.text), (200, ""));
    assert_eq!(head.header("content-length"), got.header("content-length"));
}

#[tokio::test]
async fn path_without_its_slash_leads_to_the_page_by_a_relative_link() {
    let got = ask(&explorer(), "GET", "/api-log", "").await;
    assert_eq!(
        (got.status.as_u16(), got.header("location")),
        (308, "api-log/")
    );
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_under_the_same_headers() {
    for (method, path, status) in [
        ("POST", "/api-log/", 405),
        ("DELETE", "/api-log", 405),
        ("GET", "/api-log/assets/", 404),
        ("GET", "/api-log/assets/index.html", 404),
        ("GET", "/api-log/assets/../assets.rs", 404),
        ("GET", "/api-log/assets/%2e%2e/mod.rs", 404),
        ("GET", "/api-log/x", 404),
        ("GET", "/", 404),
        ("POST", "/api-log/replay", 404),
    ] {
        let got = ask(&explorer(), method, path, "").await;
        assert_eq!(got.status, status, "{method} {path}");
        assert_eq!(got.header("content-type"), "application/problem+json");
        assert_eq!(got.header("content-security-policy"), POLICY);
        assert_eq!(got.header("cache-control"), "no-store");
        let allow = if status == 405 { "GET, HEAD" } else { "" };
        assert_eq!(got.header("allow"), allow);
    }
}

#[tokio::test]
async fn file_that_the_browser_holds_is_not_sent_again() {
    let explorer = explorer();
    for asset in ASSETS.iter().filter(|asset| asset.name != "index.html") {
        let path = format!("/api-log/assets/{}", asset.name);
        let got = ask(&explorer, "GET", &path, "").await;
        assert_eq!((got.status.as_u16(), &*got.text), (200, asset.text));
        assert_eq!(got.header("cache-control"), "no-cache");
        assert_eq!(got.header("content-type"), asset.content_type());
        let etag = got.header("etag").to_owned();
        assert_eq!(etag.len(), 66, "SHA-256 in quotes");
        let held = ask(&explorer, "GET", &path, &format!("\"x\", {etag}")).await;
        assert_eq!((held.status.as_u16(), &*held.text), (304, ""));
        assert_eq!(held.header("etag"), etag);
        let other = ask(&explorer, "GET", &path, "\"x\"").await;
        assert_eq!(other.status, 200);
    }
}

#[tokio::test]
async fn settings_stand_in_the_page_and_cannot_break_out_of_their_place() {
    let explorer = Explorer::new(api(MemoryStore::new()))
        .title("a\"><script>alert('1')</script>&amp;")
        .trace_link("https://traces.example.com/t?id={trace_id}&x=1")
        .session_module("/app/session.js?v=1");
    let got = ask(&explorer.build().unwrap(), "GET", "/api-log/", "").await;
    for meta in [
        r#"<meta name="api-log:title" content="a&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;">"#,
        r#"<meta name="api-log:trace-link" content="https://traces.example.com/t?id={trace_id}&amp;x=1">"#,
        r#"<meta name="api-log:session" content="/app/session.js?v=1">"#,
    ] {
        assert!(got.text.contains(meta), "{}", got.text);
    }
    assert!(!got.text.contains("api-log:replay"));
    assert_eq!(got.header("content-length"), got.text.len().to_string());
}

#[test]
fn wrong_settings_are_refused() {
    let new = || Explorer::new(api(MemoryStore::new()));
    let kind = |builder: Builder| builder.build().err().map(|error| error.kind());
    let wrong = Some(ErrorKind::Configuration);
    for link in [
        "",
        "javascript:alert('{trace_id}')",
        "data:text/html,{trace_id}",
        "//traces.example.com/{trace_id}",
        "/traces/{trace_id}",
        "https://traces.example.com/",
        "https://{trace_id}.example.com/",
        "https:///{trace_id}",
        "https://user:pass@example.com/{trace_id}",
        "https://example.com/{trace_id}/{span_id}",
        "https://example.com/ {trace_id}",
        "https://example.com/\"{trace_id}",
    ] {
        assert_eq!(kind(new().trace_link(link)), wrong, "{link}");
    }
    for link in [
        "https://example.com/{trace_id}",
        "http://127.0.0.1:16686/trace/{trace_id}",
        "https://example.com/#/traces?id={trace_id}",
    ] {
        assert_eq!(kind(new().trace_link(link)), None, "{link}");
    }
    for path in [
        "",
        "/",
        "session.js",
        "//other.example.com/session.js",
        "/\\other.example.com/session.js",
        "https://other.example.com/session.js",
        "javascript:alert(1)",
        "/session.js\"",
        "/a b.js",
        "/\t/other.example.com",
    ] {
        assert_eq!(kind(new().session_module(path)), wrong, "{path}");
    }
    for title in ["", " ", "a\nb", &"x".repeat(101)] {
        assert_eq!(kind(new().title(title.to_owned())), wrong, "{title:?}");
    }
    let readers = BearerTokens::new([(ALL, Scope::all())]).unwrap();
    let other = LogApi::new(MemoryStore::new()).format(Persona::new());
    let other = other.access(readers).build().unwrap();
    assert_eq!(kind(Explorer::new(other)), wrong);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn router_serves_the_page_beside_the_api_and_below_a_prefix() {
    let api = api(MemoryStore::new());
    let page = Explorer::new(api.clone()).into_router().unwrap();
    let both = page.merge(api.into_router());
    let app = axum::Router::new().nest("/admin", both.clone()).merge(both);
    for (path, status) in [
        ("/api-log", 308),
        ("/api-log/", 200),
        ("/admin/api-log", 308),
        ("/admin/api-log/", 200),
        ("/api-log/v1/entries", 401),
        ("/admin/api-log/v1/entries", 401),
        ("/api-log/assets/none.js", 404),
    ] {
        let request = Request::builder().uri(path);
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}
