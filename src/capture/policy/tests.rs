use super::*;
use http::HeaderValue;

fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |&(name, value)| {
        (
            http::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    list.iter().map(field).collect()
}

fn records(policy: &Policy, method: Method, path: &str) -> bool {
    policy.decide(&method, path, None).is_some()
}

#[test]
fn requests_are_left_out_by_path_method_and_as_health_checks() {
    let policy = Policy::default()
        .without_path("/internal/*")
        .without_method(Method::OPTIONS);
    assert!(records(&policy, Method::GET, "/internal"));
    assert!(!records(&policy, Method::GET, "/internal/x"));
    assert!(!records(&policy, Method::OPTIONS, "/"));
    assert!(records(&policy, Method::GET, "/healthz"));
    let policy = policy.without_health_checks();
    assert!(!records(&policy, Method::GET, "/healthz"));
    assert!(!records(&policy, Method::HEAD, "/status"));
    assert!(records(&policy, Method::POST, "/status"));
}

#[test]
fn route_has_its_own_policy_by_template_or_else_by_path() {
    let policy = Policy::default().without_path("/files/secret").route(
        "/files/*",
        Policy::default()
            .max_body_bytes(10)
            .without_method(Method::PUT),
    );
    let none = HeaderMap::new();
    let limit = |path: &str, route: Option<&str>| {
        let chosen = policy.decide(&Method::GET, path, route)?;
        policy.of(chosen).request_body_limit(&none).ok()
    };
    assert_eq!(limit("/files/1", None), Some(10));
    assert_eq!(limit("/x/1", Some("/files/{id}")), Some(10));
    assert_eq!(
        limit("/files/1", Some("/{*rest}")),
        Some(Policy::DEFAULT_MAX_BODY_BYTES)
    );
    assert_eq!(limit("/files/secret", None), None);
    assert!(!records(&policy, Method::PUT, "/files/1"));
}

#[test]
fn only_textual_bodies_without_an_unknown_coding_are_kept() {
    let policy = Policy::default().without_body_type("text/html");
    let limit = |list: &[(&'static str, &'static str)]| policy.body_limit(true, &headers(list));
    for kept in [
        "application/json",
        "Application/Vnd.Api+JSON; charset=utf-8",
        "text/plain",
        "multipart/form-data; boundary=x",
    ] {
        assert!(limit(&[("content-type", kept)]).is_ok(), "{kept}");
    }
    for left in [
        "image/png",
        "application/octet-stream",
        "application/grpc",
        "text/html",
        "",
        "json2",
    ] {
        assert_eq!(
            limit(&[("content-type", left)]),
            Err(SkipReason::ContentType),
            "{left}"
        );
    }
    assert!(limit(&[]).is_ok());
    let coded = |coding| limit(&[("content-type", "text/plain"), ("content-encoding", coding)]);
    assert_eq!(coded("compress"), Err(SkipReason::ContentCoding));
    let skipped = Err(SkipReason::ContentCoding);
    let known = match cfg!(feature = "decompress") {
        true => limit(&[]),
        false => skipped,
    };
    assert_eq!(coded("gzip"), known);
    assert_eq!(
        policy.body_limit(false, &headers(&[])),
        Err(SkipReason::Policy)
    );
}

#[test]
fn ended_exchange_is_kept_when_it_failed_or_was_slow() {
    let second = Duration::from_secs(1);
    let errors = Policy::default().only_errors();
    assert!(!errors.keeps(|| false, second));
    assert!(errors.keeps(|| true, second));
    let slow = Policy::default().only_slower_than(second);
    assert!(!slow.keeps(|| true, second));
    assert!(slow.keeps(|| false, second * 2));
    let either = Policy::default().only_slower_than(second).only_errors();
    assert!(either.keeps(|| true, Duration::ZERO));
    assert!(either.keeps(|| false, second * 2));
    assert!(Policy::default().keeps(|| false, Duration::ZERO));
}

#[test]
fn setting_that_cannot_be_meant_is_an_error() {
    assert!(Policy::default().check().is_ok());
    assert!(
        Policy::default()
            .max_body_bytes(usize::MAX)
            .check()
            .is_err()
    );
    assert!(Policy::default().without_path("").check().is_err());
    assert!(Policy::default().without_body_type("html").check().is_err());
    let nested = Policy::default().route("/a", Policy::default().route("/b", Policy::default()));
    assert!(nested.check().is_err());
}
