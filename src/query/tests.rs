use super::*;
use crate::clock::Timestamp;
use crate::entry::{
    BodyRecord, Context, EntryId, EntryKind, Exchange, Kind, Outcome, RequestRecord,
    ResponseRecord, Timing,
};

fn entry(change: impl FnOnce(&mut Exchange, &mut Context)) -> LogEntry {
    let request = RequestRecord {
        method: "GET".into(),
        path: "/api/v1/users".into(),
        ..Default::default()
    };
    let mut exchange = Exchange::new(request, Outcome::Completed, Timing::default());
    exchange.response = Some(ResponseRecord {
        status: 200,
        ..Default::default()
    });
    let mut context = Context::default();
    change(&mut exchange, &mut context);
    LogEntry::new(
        EntryId::MIN,
        Timestamp::from_micros(5_000_000),
        context,
        EntryKind::Exchange(Box::new(exchange)),
    )
}

#[test]
fn times_are_inclusive_at_both_ends() {
    let at = Timestamp::from_micros(5_000_000);
    let filter = Filter {
        from: Some(at),
        to: Some(at),
        ..Filter::default()
    };
    assert!(filter.matches(&entry(|_, _| {})));
    let later = Filter {
        from: Some(Timestamp::from_micros(5_000_001)),
        ..Filter::default()
    };
    assert!(!later.matches(&entry(|_, _| {})));
}

#[test]
fn exchange_without_a_response_matches_no_status() {
    let filter = Filter {
        statuses: vec![StatusRange {
            from: 0,
            to: u16::MAX,
        }],
        ..Filter::default()
    };
    assert!(filter.matches(&entry(|_, _| {})));
    assert!(!filter.matches(&entry(|exchange, _| exchange.response = None)));
}

#[test]
fn status_is_read_exact_as_class_and_as_range() {
    assert_eq!(StatusRange::parse("404"), Some(StatusRange::exact(404)));
    assert_eq!(
        StatusRange::parse("5xx"),
        Some(StatusRange { from: 500, to: 599 })
    );
    assert_eq!(
        StatusRange::parse("400-499"),
        Some(StatusRange { from: 400, to: 499 })
    );
    for wrong in [
        "", "9xx", "0xx", "40", "4040", "+40", "4x", "-", "400-", "é0x", "400-99",
    ] {
        assert_eq!(StatusRange::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn star_stands_for_any_run_and_nothing_else_is_special() {
    for (pattern, path, matches) in [
        ("/a", "/a", true),
        ("/a", "/ab", false),
        ("/a*", "/a", true),
        ("/a/*/c", "/a/b/b/c", true),
        ("/a/*/c", "/a/c", false),
        ("*", "", true),
        ("*b*", "abc", true),
        ("a*a", "a", false),
        ("/_%", "/xy", false),
        ("/a?[b]", "/a?[b]", true),
        ("*x*y*", "aybx", false),
    ] {
        assert_eq!(
            PathPattern::new(pattern).matches(path),
            matches,
            "{pattern} {path}"
        );
    }
}

#[test]
fn text_is_found_in_time_that_does_not_grow_with_what_is_wanted() {
    let hostile = entry(|exchange, _| {
        exchange.request_body = BodyRecord::Whole {
            text: "a".repeat(8 << 20),
            bytes_seen: 8 << 20,
        };
    });
    let filter = |text: String| Filter {
        text: Some(text),
        ..Filter::default()
    };
    let begun = std::time::Instant::now();
    assert!(!filter("a".repeat(255) + "b").matches(&hostile));
    assert!(filter("A".repeat(256)).matches(&hostile));
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
}

#[test]
fn scope_without_a_tenant_is_an_error() {
    assert!(Scope::organisation("").is_err());
    assert!(Scope::actor("").is_err());
}

#[test]
fn scope_of_a_tenant_hides_other_tenants_and_entries_without_one() {
    let scope = Scope::organisation("org_1").unwrap();
    assert!(scope.allows(&entry(
        |_, context| context.organisation = Some("org_1".into())
    )));
    assert!(!scope.allows(&entry(
        |_, context| context.organisation = Some("org_2".into())
    )));
    assert!(!scope.allows(&entry(|_, _| {})));
    assert!(!Scope::all().kind(Kind::Event).allows(&entry(|_, _| {})));
}
