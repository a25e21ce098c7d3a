use super::*;
use crate::entry::EntryId;
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
    let one_in = |exchanges| Policy::default().sample(Sampling::one_in(exchanges));
    assert!(one_in(1).check().is_ok() && one_in(0).check().is_err());
    assert!(Policy::default().route("/a", one_in(0)).check().is_err());
    for cap in [0, 1_000_001] {
        assert!(Policy::default().at_most_per_second(cap).check().is_err());
        let each = Policy::default().at_most_per_second_each_actor(cap);
        assert!(each.check().is_err());
    }
    let nested = Policy::default().route("/a", Policy::default().route("/b", Policy::default()));
    assert!(nested.check().is_err());
}

/// Ends an exchange of a path, of a lot that no sample but a whole one takes.
fn settle(policy: &InForce, path: &str, has_failed: bool) -> Result<u32, LeftOut> {
    let mut headers = HeaderMap::new();
    let trace = "00-00000000000000010000000000000000-00f067aa0ba902b7-00";
    headers.insert("traceparent", HeaderValue::from_static(trace));
    let ended = Ended {
        chosen: policy.decide(&Method::GET, path, None).unwrap(),
        id: EntryId::MIN,
        lot: policy.draw(&headers),
        took: Duration::ZERO,
        at: Duration::ZERO,
        has_failed: || has_failed,
    };
    policy.settle(ended).map(|share| share.weight)
}

#[test]
fn what_is_not_wanted_is_filtered_before_it_is_sampled_and_sampled_before_it_is_capped() {
    let policy = Policy::default()
        .sample(Sampling::one_in(10))
        .at_most_per_second(1)
        .route("/errors", Policy::default().only_errors())
        .route("/whole", Policy::default())
        .route("/capped", Policy::default().at_most_per_second(1));
    let policy = InForce::new(policy);
    let settle = |path, has_failed| settle(&policy, path, has_failed);
    assert_eq!(settle("/errors", false), Err(LeftOut::Filtered));
    assert_eq!(settle("/errors", true), Ok(1));
    assert_eq!(settle("/x", false), Err(LeftOut::Sampled));
    assert_eq!(settle("/x", true), Ok(1));
    assert_eq!(settle("/x", true), Err(LeftOut::Sampled), "capped");
    for _ in 0..3 {
        assert_eq!(settle("/whole", false), Ok(1), "a route stands alone");
    }
    assert_eq!(settle("/capped", false), Ok(1));
    assert_eq!(settle("/capped", false), Err(LeftOut::Sampled));
}

#[test]
fn lots_are_drawn_only_where_something_is_sampled() {
    let none = HeaderMap::new();
    assert!(InForce::new(Policy::default()).draw(&none).is_none());
    let route = Policy::default().sample(Sampling::one_in(2));
    let routed = InForce::new(Policy::default().route("/a", route));
    assert!(routed.draw(&none).is_some());
}

#[test]
fn sample_is_chosen_at_once_only_where_the_route_is_known_or_of_no_matter() {
    let blind = || Policy::default().sample(Sampling::one_in(u32::MAX).failures_too());
    let at_once = |policy: Policy, is_route_known| {
        let policy = InForce::new(policy);
        let chosen = policy.decide(&Method::GET, "/x", None).unwrap();
        let lot = policy.draw(&HeaderMap::new());
        policy.leaves_out_at_once(chosen, is_route_known, lot, EntryId::MIN)
    };
    assert!(at_once(blind(), false));
    let routed = || blind().route("/a", Policy::default());
    assert!(at_once(routed(), true));
    assert!(!at_once(routed(), false));
    assert!(!at_once(Policy::default(), true));
}
