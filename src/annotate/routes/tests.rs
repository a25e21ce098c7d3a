use super::*;
use crate::entry::{Outcome, RequestRecord, ResponseRecord, Timing};
use crate::error::ErrorKind;

fn event() -> AuditEvent {
    AuditEvent::new("project", "updated")
}

fn exchange(method: &str, path: &str, route: Option<&str>, status: u16) -> Exchange {
    let request = RequestRecord {
        method: method.to_owned(),
        path: path.to_owned(),
        route: route.map(str::to_owned),
        ..RequestRecord::default()
    };
    let mut exchange = Exchange::new(request, Outcome::Completed, Timing::default());
    exchange.response = Some(ResponseRecord {
        status,
        ..ResponseRecord::default()
    });
    exchange
}

fn body(text: &str) -> BodyRecord {
    BodyRecord::Whole {
        text: text.to_owned(),
        bytes_seen: text.len() as u64,
    }
}

/// Returns the ref id and the title of the event that a call to a path is.
fn found(
    routes: &CompiledRoutes,
    path: &str,
    route: Option<&str>,
) -> Option<(Option<String>, Option<String>)> {
    let draft = routes.event(&exchange("PUT", path, route, 200), &BodyRecord::Empty)?;
    Some((draft.ref_id, draft.title))
}

fn put(pattern: &str, ref_id: &str) -> CompiledRoutes {
    let routes = AuditRoutes::new().on(Method::PUT, pattern, event().ref_id(ref_id));
    routes.compile().unwrap()
}

#[test]
fn segments_of_the_path_fill_the_templates() {
    let rule = event().ref_id("{id}").title("File {file} of {id}");
    let routes = AuditRoutes::new().on(Method::PUT, "/a/{id}/f/{*file}", rule);
    let routes = routes.compile().unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        found(&routes, "/a/p%201/f/x/y.txt", None),
        Some((some("p 1"), some("File x/y.txt of p 1")))
    );
    for other in [
        "/a/p1/f",
        "/a//f/x",
        "/a/p1/g/x",
        "a/p1/f/x",
        "/b/p1/f/x",
        "",
    ] {
        assert_eq!(found(&routes, other, None), None, "{other}");
    }
}

#[test]
fn path_is_compared_as_a_whole_and_a_fixed_segment_of_the_route_is_not_a_named_one() {
    let routes = put("/projects/{id}", "{id}");
    let matches = |path: &str, route: Option<&str>| found(&routes, path, route).is_some();
    assert!(matches("/projects/p1", None));
    assert!(matches("/projects/p1", Some("/projects/{project_id}")));
    assert!(matches("/projects/p1", Some("/projects/:id")));
    assert!(
        matches("/projects/p1", Some("/{*path}")),
        "a route for everything"
    );
    assert!(!matches("/projects/settings", Some("/projects/settings")));
    for other in [
        "/projects",
        "/projects/",
        "/projects/p1/",
        "/projects/p1/x",
        "/x/projects/p1",
    ] {
        assert!(!matches(other, None), "{other}");
    }
}

#[test]
fn fixed_segment_of_the_route_is_not_a_named_one_before_the_rest_either() {
    let routes = put("/a/{id}/{*rest}", "{id}");
    let matches = |route: &str| found(&routes, "/a/settings/x/y", Some(route)).is_some();
    for own in ["/a/{id}/{*rest}", "/a/{id}/x/y", "/{*all}", "/a/{*all}"] {
        assert!(matches(own), "{own}");
    }
    for other in [
        "/a/settings/{*rest}",
        "/a/settings/x/y",
        "/a/settings/x/{y}",
    ] {
        assert!(!matches(other), "{other}");
    }
}

#[test]
fn created_object_is_named_by_the_response() {
    let rule = event()
        .ref_id("{response:/data/0/id}")
        .title("{response:/name} was created");
    let routes = AuditRoutes::new()
        .on(Method::POST, "/projects", rule)
        .compile()
        .unwrap();
    let call = Call {
        method: "POST",
        path: "/projects",
        route: None,
    };
    assert!(
        routes.may_read_response(call)
            && !routes.may_read_response(Call {
                method: "GET",
                ..call
            })
    );
    let made = |text: &str| {
        let made = routes
            .event(&exchange("POST", "/projects", None, 201), &body(text))
            .unwrap();
        (made.ref_id, made.title.unwrap())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        made(r#"{"data":[{"id":7}],"name":"A"}"#),
        (some("7"), "A was created".to_owned())
    );
    for absent in [
        "",
        "{",
        r#"{"data":[{"id":null}]}"#,
        r#"{"data":[{"id":{}}]}"#,
        "[]",
    ] {
        assert_eq!(made(absent), (None, "… was created".to_owned()), "{absent}");
    }
    let long = format!(r#"{{"data":[{{"id":"{}"}}]}}"#, "x".repeat(5_000));
    assert_eq!(made(&long).0.map(|it| it.len()), Some(1024));
}

#[test]
fn first_rule_that_counts_decides_and_failures_count_where_it_is_said() {
    let named = |name: &str| AuditEvent::new("project", name);
    let routes = AuditRoutes::new()
        .on(Method::PUT, "/a/{id}", named("first"))
        .on(Method::PUT, "/a/{id}", named("second"))
        .on_any_outcome(Method::PUT, "/a/{id}", named("failed"));
    let routes = routes.compile().unwrap();
    let action = |exchange: Exchange| {
        let event = routes.event(&exchange, &BodyRecord::Empty);
        event.map(|it| it.action)
    };
    assert_eq!(
        action(exchange("PUT", "/a/1", None, 204)).as_deref(),
        Some("first")
    );
    assert_eq!(
        action(exchange("PUT", "/a/1", None, 400)).as_deref(),
        Some("failed")
    );
    for (outcome, status, wanted) in [
        (Outcome::LeftInBody, 200, "first"),
        (Outcome::LeftInBody, 400, "failed"),
        (Outcome::BodyError, 200, "failed"),
        (Outcome::LeftBeforeResponse, 200, "failed"),
    ] {
        let mut cut = exchange("PUT", "/a/1", None, status);
        cut.outcome = outcome;
        assert_eq!(action(cut).as_deref(), Some(wanted), "{outcome:?} {status}");
    }
    assert_eq!(action(exchange("GET", "/a/1", None, 200)), None);
}

#[test]
fn rule_that_cannot_be_meant_is_an_error_of_configuration() {
    for (pattern, ref_id) in [
        ("projects/{id}", ""),
        ("", ""),
        ("/{id", ""),
        ("/id}", ""),
        ("/{}", ""),
        ("/{*}", ""),
        ("/x{id}", ""),
        ("/{a b}", ""),
        ("/{id}/{id}", ""),
        ("/{*rest}/x", ""),
        ("/:id", ""),
        ("/x/*rest", ""),
        ("/{id}", "{name}"),
        ("/{id}", "{id"),
        ("/{id}", "id}"),
        ("/{id}", "{}"),
        ("/{id}", "{{id}}"),
        ("/{id}", "{response:id}"),
        ("/{id}", "{response:}"),
    ] {
        let routes = AuditRoutes::new().on(Method::PUT, pattern, event().ref_id(ref_id));
        let error = routes.compile().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{pattern} {ref_id}");
        let culprit = if ref_id.is_empty() { pattern } else { ref_id };
        assert!(error.to_string().ends_with(culprit), "{error}");
    }
    let many = (0..=AuditRoutes::MAX_RULES).fold(AuditRoutes::new(), |routes, _| {
        routes.on(Method::PUT, "/", event())
    });
    assert!(many.compile().is_err());
}
