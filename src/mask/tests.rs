use std::cell::RefCell;

use super::*;
use crate::capture::{Budget, CapturedBody, CapturedResponse, Kept, Share};
use crate::clock::Timestamp;
use crate::entry::{Context, EntryId, Outcome, Timing};

thread_local! {
    /// The default rules, which take longer to compile than most tests.
    static DEFAULTS: RefCell<Compiled> = RefCell::new(Rules::default().compile().unwrap());
}

/// Runs a masker of one part with the default rules.
pub(super) fn pass<T>(run: impl FnOnce(&mut Pass<'_>) -> T) -> T {
    DEFAULTS.with_borrow_mut(|rules| pass_of(rules, run))
}

pub(super) fn pass_with<T>(rules: &Rules, run: impl FnOnce(&mut Pass<'_>) -> T) -> T {
    pass_of(&mut rules.compile().unwrap(), run)
}

fn pass_of<T>(rules: &mut Compiled, run: impl FnOnce(&mut Pass<'_>) -> T) -> T {
    run(&mut rules.pass("").0)
}

const SECRETS: [&str; 4] = [
    "canary-7f3a91c5d2",
    "canary7f3a91c5d2e8b64f0a1d",
    "canaryétrange%20x",
    "918273645546372819",
];
const DECOY: &str = "decoy-5b1e";

/// What is captured of one exchange, to be filled in.
pub(super) struct Sample {
    pub(super) request: Vec<(&'static str, String)>,
    pub(super) response: Vec<(&'static str, String)>,
    pub(super) request_body: String,
    pub(super) response_body: String,
    pub(super) trailers: Vec<(&'static str, String)>,
}

impl Sample {
    pub(super) fn new() -> Self {
        let decoy = || ("x-decoy", DECOY.to_owned());
        Self {
            request: vec![
                (":authority", "x.test".to_owned()),
                (":path", "/v1/a".to_owned()),
                decoy(),
            ],
            response: vec![decoy()],
            request_body: String::new(),
            response_body: String::new(),
            trailers: vec![decoy()],
        }
    }

    pub(super) fn captured(self) -> Captured {
        let fields = |list: Vec<(&str, String)>| {
            let mut fields = Fields::default();
            for (name, value) in list {
                fields.push(name, value.as_bytes(), name == "x-sensitive");
            }
            fields
        };
        let body = |text: String| CapturedBody {
            bytes_seen: text.len() as u64,
            kept: Kept::All(text.into_bytes()),
        };
        Captured {
            id: EntryId::from_bytes([1; 16]),
            started: Timestamp::from_micros(0),
            method: http::Method::POST,
            version: Version::HTTP_2,
            request: fields(self.request),
            request_body: body(self.request_body),
            request_trailers: fields(self.trailers.clone()),
            response: Some(CapturedResponse {
                status: 200,
                fields: Some(fields(self.response)),
                trailers: fields(self.trailers),
            }),
            response_body: body(self.response_body),
            outcome: Outcome::Completed,
            failure: None,
            timing: Timing::default(),
            peer: "192.0.2.1:80".parse().ok(),
            told: None,
            notes: Vec::new(),
            lot: None,
            share: Share::default(),
            left_out: None,
            hides_response_body: None,
            reservation: Budget::new(10).reserve(4).unwrap(),
        }
    }

    fn entry(self) -> LogEntry {
        // Hashes under a random key hold any four digits now and then.
        let rules = Rules::default().hash_key([7; 32]);
        Masker::new(&rules).unwrap().exchange(self.captured()).entry
    }
}

fn header(name: &'static str, value: String, sample: &mut Sample) {
    sample.request.push((name, value.clone()));
    sample.request.push((name, value.clone()));
    sample.response.push((name, value.clone()));
    sample.trailers.push((name, value));
}

type Plant = fn(&str, &mut Sample);

/// Every place, with a secret and decoys beside it.
const PLACES: &[(&str, Plant)] = &[
    ("bearer", |it, to| {
        header("authorization", format!("Bearer {it}"), to)
    }),
    ("basic", |it, to| {
        header("proxy-authorization", format!("bAsIc {it}"), to)
    }),
    ("digest", |it, to| {
        header("authorization", format!("Digest response=\"{it}\""), to)
    }),
    ("no scheme", |it, to| {
        header("authorization", it.to_owned(), to)
    }),
    ("unknown scheme", |it, to| {
        header("authorization", format!("{it} {it}"), to)
    }),
    ("cookies", |it, to| {
        header("cookie", format!("a={it}; b=\"{it};{it}"), to)
    }),
    ("set-cookie", |it, to| {
        header("set-cookie", format!("a={it}; Path=/; X={it}"), to)
    }),
    ("api key", |it, to| header("x-api-key", it.to_owned(), to)),
    ("sensitive", |it, to| {
        header("x-sensitive", it.to_owned(), to)
    }),
    ("referer", |it, to| {
        header(
            "referer",
            format!("https://u:{it}@x.test/decoy-5b1e?token={it}"),
            to,
        )
    }),
    ("location", |it, to| {
        header(
            "location",
            format!("/decoy-5b1e?code={it}&state={it}#id_token={it}"),
            to,
        )
    }),
    ("authority", |it, to| {
        to.request[0].1 = format!("u:{it}@x.test")
    }),
    ("query", |it, to| {
        to.request[1].1 = format!("/a;sid={it}?d=decoy-5b1e&user[password]={it}&api_key={it}")
    }),
    ("json", |it, to| {
        let inner = serde_json::json!({ "secret": it, "d": DECOY }).to_string();
        let value = serde_json::json!({ "d": DECOY, "password": it, "pin": [it, { "a": it }], "inner": inner });
        header("content-type", "application/json".to_owned(), to);
        (to.request_body, to.response_body) = (value.to_string(), value.to_string());
    }),
    ("broken json", |it, to| {
        header("content-type", "application/json".to_owned(), to);
        to.request_body = format!("{{\"password\":\"{it}\"");
    }),
    ("form", |it, to| {
        header(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
            to,
        );
        to.request_body = format!("d=decoy-5b1e&client_secret={it}&code={it}");
    }),
    ("text", |it, to| {
        header("content-type", "text/plain".to_owned(), to);
        to.response_body = format!("your password is {it}");
    }),
    ("no type", |it, to| to.request_body = it.to_owned()),
];

#[test]
fn t2_canary_is_nowhere_in_the_entry_and_every_decoy_is() {
    for secret in SECRETS {
        for (place, plant) in PLACES {
            let mut sample = Sample::new();
            plant(secret, &mut sample);
            let entry = sample.entry();
            let text = serde_json::to_string(&entry).unwrap() + &format!("{entry:?}");
            for part in ["cana", "7f3a", "91c5", "9182", "2819"] {
                assert!(!text.contains(part), "{place}: {text}");
            }
            assert!(text.matches(DECOY).count() >= 4, "{place}: {text}");
            let withheld = text.contains("withheld");
            let exchange = entry.exchange().unwrap();
            assert!(withheld || exchange.masked_count > 0, "{place}: {text}");
        }
    }
}

#[test]
fn entry_has_the_parts_of_the_request_and_who_called() {
    let mut sample = Sample::new();
    sample.request = [
        (":scheme", "https"),
        (":path", "/api/v1/users?a=b"),
        (":route", "/api/v1/users"),
        ("host", "x.test"),
        ("user-agent", "decoy/1 (+https://x.test/?token=canary)"),
        ("x-request-id", "req-1"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    let mut captured = sample.captured();
    let told = Context {
        api_version: Some("2026-01".to_owned()),
        organisation: Some("org".to_owned()),
        ..Context::default()
    };
    captured.told = Some(Box::new(told));
    let masked = Masker::new(&Rules::default()).unwrap().exchange(captured);
    let (entry, reservation) = (masked.entry, masked.reservation);
    assert_eq!(reservation.bytes(), entry.size_bytes());
    let request = &entry.exchange().unwrap().request;
    assert_eq!(request.authority.as_deref(), Some("x.test"));
    assert_eq!(request.scheme.as_deref(), Some("https"));
    assert_eq!(
        (request.path.as_str(), request.query.as_deref()),
        ("/api/v1/users", Some("a=b"))
    );
    assert_eq!(request.route.as_deref(), Some("/api/v1/users"));
    assert_eq!((&*request.version, request.method.as_str()), ("2", "POST"));
    assert_eq!(request.headers.len(), 4, "pseudo-fields are no headers");
    let context = &entry.context;
    assert_eq!(
        context.user_agent.as_deref(),
        Some("decoy/1 (+https://x.test/?token=%5BMASKED%5D)")
    );
    assert_eq!(context.request_id.as_deref(), Some("req-1"));
    assert_eq!(
        context.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(
        context.api_version.as_deref(),
        Some("2026-01"),
        "the application's word wins"
    );
    assert_eq!(context.organisation.as_deref(), Some("org"));
    assert_eq!(context.client_ip, "192.0.2.1".parse().ok());
    assert_eq!(context.peer_ip, context.client_ip);
}

#[test]
fn report_lists_the_first_spots_and_counts_all() {
    let mut sample = Sample::new();
    header("cookie", "sid=canary".to_owned(), &mut sample);
    sample.request_body = format!("[{}0]", "{\"pin\":1},".repeat(500));
    let entry = sample.entry();
    let exchange = entry.exchange().unwrap();
    assert_eq!(exchange.masked.len(), Exchange::MAX_MASKED);
    assert_eq!(exchange.masked_count, 500 + 2 + 1 + 1 + 1);
    let first = &exchange.masked[0];
    assert_eq!(
        (first.place, first.pointer.as_str()),
        (Place::RequestHeader, "cookie sid")
    );
    assert_eq!((first.rule.as_str(), first.bytes), ("cookie", 6));
}

#[test]
fn names_of_the_user_are_masked_in_their_places() {
    let rules = Rules::default()
        .header("X-Partner")
        .query("invite")
        .field("internal_code");
    let names = |pass: &mut Pass<'_>| {
        [
            pass.headers.decide("x-partner").is_some(),
            pass.headers.decide("x-internal-code").is_some(),
            pass.pairs.decide("invite").is_some(),
            pass.pairs.decide("old_internal_code").is_some(),
            pass.fields.decide("internalCode").is_some(),
            pass.fields.decide("invite").is_none(),
            pass.headers.decide("x-partner-name").is_none(),
        ]
    };
    assert_eq!(pass_with(&rules, names), [true; 7]);
}

#[test]
fn rule_counts_on_its_route_and_in_its_place_alone() {
    let rules = Rules::default().rule(
        Rule::field("email")
            .only_in(Place::ResponseBody)
            .on_route("/users/*"),
    );
    let mut rules = rules.compile().unwrap();
    let mut counts = |route: &str, place: Place| {
        let (mut pass, _) = rules.pass(route);
        pass.enter(place);
        pass.fields.decide("email").is_some()
    };
    assert!(counts("/users/1", Place::ResponseBody));
    assert!(!counts("/users/1", Place::RequestBody));
    assert!(!counts("/orders/1", Place::ResponseBody));
    assert!(counts("/users/2", Place::ResponseBody));
}

#[test]
fn rule_of_the_user_says_what_shows_and_never_of_a_security_code() {
    let rules = Rules::default()
        .hash_key([7; 32])
        .rule(Rule::header("authorization").replace_with(Replacement::Pseudonym))
        .rule(Rule::header("x-api-key").replace_with(Replacement::Pseudonym))
        .rule(Rule::header("x-gone").replace_with(Replacement::Remove))
        .rule(Rule::cookie("sid").replace_with(Replacement::Pseudonym))
        .rule(Rule::cookie("theme").replace_with(Replacement::Remove))
        .rule(Rule::field("account").replace_with(Replacement::LastFour))
        .rule(Rule::field("card").replace_with(Replacement::LastFour));
    let mut fields = Fields::default();
    for (name, value) in [
        ("authorization", "Bearer canary-7f3a91"),
        ("x-api-key", "canary-7f3a91"),
        ("x-gone", "canary"),
        ("cookie", "theme=canary; sid=canary-7f3a91; a=canary"),
    ] {
        fields.push(name, value.as_bytes(), name == "x-api-key");
    }
    let body = r#"{"account":"DE-12345-6789","card_cvc":"123456789012","card_pin":"123456789012"}"#;
    pass_with(&rules, |pass| {
        let shown = headers::mask(&fields, Place::RequestHeader, pass);
        let key = shown.get("x-api-key").unwrap();
        assert!(key.starts_with("hmac.") && key.len() == 46, "{key}");
        let bearer = format!("Bearer {key}");
        assert_eq!(shown.get("authorization"), Some(bearer.as_str()));
        assert_eq!(shown.get("x-gone"), None);
        let cookies = format!("sid={key}; a=****");
        assert_eq!(shown.get("cookie"), Some(cookies.as_str()));
        let document = json::mask(body, 0, pass).unwrap();
        assert_eq!(
            document.text.as_deref(),
            Some(r#"{"account":"****6789","card_cvc":"[MASKED]","card_pin":"[MASKED]"}"#)
        );
    });
}

#[test]
fn t26_100_000_keys_and_10_000_headers_take_linear_time() {
    let mut sample = Sample::new();
    let keys: Vec<_> = (0..100_000).map(|it| format!("\"{it}\":{it}")).collect();
    sample.request_body = format!("{{{}}}", keys.join(","));
    let length = sample.request_body.len();
    for number in 0..10_000 {
        sample
            .request
            .push(("x-many", format!("{number}?a=b&c=d;e")));
    }
    let entry = sample.entry();
    let exchange = entry.exchange().unwrap();
    assert_eq!(exchange.request_body.text().map(str::len), Some(length));
    assert_eq!(exchange.request.headers.len(), 10_001);
}

#[test]
fn t26_no_text_takes_more_than_linear_time() {
    // A quadratic walk over any of these takes many seconds in a debug build.
    let length = 30_000;
    for unit in [
        ";",
        "a=1;",
        "a=%41;",
        "=",
        "&",
        "%",
        ":",
        "://",
        "a:",
        "@",
        "?",
        "#",
        "/",
        "/;",
        "[",
        "{",
        "\"",
        "\\",
        "'",
        "\\u0041",
        " ",
        "password",
        "a_",
        "aB",
        "\"a\":",
        "\\\"",
        "é",
        "[\"",
        "{\"a\":\"",
        "http://",
        "?http://",
        "= ",
        "pin:",
        "pin: ",
        "<a",
        "http:",
        "a://b;c=d@",
        "name=pin&value=1&",
        "[[\\\"pin\\\",",
        "\"value\":1,",
        "{\"value\":1,\"name\":\"pin\"},",
        "{\"value\":",
        "eyJ",
        "%25",
    ] {
        let text = unit.repeat(length / unit.len());
        pass(|pass| {
            for cut in [false, true] {
                let _ = pairs::mask(&text, cut, 0, pass);
                let _ = uri::mask(&text, cut, 0, pass);
                let _ = inside::mask(&text, cut, 0, pass);
                let _ = json::mask_cut(&text, 0, pass);
            }
            let _ = cookies::mask(&text, pass);
            let _ = pass.fields.decide(&text);
            let json = serde_json::json!({ text.as_str(): vec!["{"; 500], "b": text }).to_string();
            assert!(json::mask(&json, 0, pass).is_ok());
            let mut fields = Fields::default();
            fields.push("x-any", text.as_bytes(), false);
            let _ = headers::mask(&fields, Place::RequestHeader, pass);
        });
    }
}

mod any_bytes;
mod beside;
mod cut;
mod found;
mod harmless;
mod leaks;
