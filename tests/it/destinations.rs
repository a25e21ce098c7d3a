//! Destinations with masking rules of their own: each is given what both its rules and the common ones let show, whatever the others have.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use tower_api_log::layer::Destination;
use tower_api_log::mask::{Answer, Detector, Rule, Rules};
use tower_api_log::recorder::{Delivery, DropReason};
use tower_api_log::sink::Ndjson;
use tower_api_log::testing::GateSink;
use tower_api_log::{Actor, ApiLogLayer, AuditEvent, ErrorKind, LogEntry, MemoryStore, Policy};

use crate::canary::{Case, Plant, Seen, entries};
use crate::support::{Log, soon};

fn quick() -> Delivery {
    Delivery::default().batch_age(Duration::from_millis(5))
}

fn to(name: &str, sink: &GateSink, rules: Rules) -> Destination {
    Destination::new(name, sink.clone())
        .mask(rules)
        .delivery(quick())
}

fn text(entries: &[LogEntry]) -> String {
    assert!(!entries.is_empty());
    entries
        .iter()
        .map(|it| serde_json::to_string(it).unwrap())
        .collect()
}

/// Sends a call with something of each kind, and an event.
async fn send(log: &Log) {
    let request = Request::post("/a?invite=canary-common&tier=canary-first&plan=decoy")
        .header("content-type", "application/json")
        .header("authorization", "Bearer canary-default")
        .header("x-second", "canary-second")
        .body(Full::<Bytes>::from(
            r#"{"password":"canary-default","invite":"canary-common","tier":"canary-first","email":"canary-second@doe.test","plan":"decoy"}"#,
        ))
        .unwrap();
    let response = Response::new(Full::<Bytes>::from("canary-of-a-text"));
    let response = log
        .call(request, move |request| {
            let mut response = Some(response.clone());
            async move {
                let _ = request.into_body().collect().await;
                Ok(response.take().unwrap())
            }
        })
        .await;
    let _ = response.into_body().collect().await;
    let event =
        AuditEvent::new("plan", "updated").title("invite=canary-common and tier=canary-first");
    log.recorder
        .event(event.actor(Actor::user("user_1").email("canary-second@doe.test")));
}

#[tokio::test]
async fn t11_looser_settings_of_one_sink_never_reach_another() {
    let (first, second, loose) = (GateSink::open(), GateSink::open(), GateSink::open());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("second.ndjson");
    let stricter = || Rules::default().header("x-second").detect(Detector::Email);
    // What opens opens nothing that the common rules hide.
    let open = Detector::ALL
        .into_iter()
        .fold(Rules::default().plain_text("text/plain"), Rules::ignore);
    let log = Log::with(|builder| {
        let lines = Destination::new("lines", Ndjson::open(&file).unwrap());
        builder
            .mask(Rules::default().field("invite").query("invite"))
            .and(to(
                "first",
                &first,
                Rules::default().field("tier").query("tier"),
            ))
            .and(to("second", &second, stricter()))
            .and(to("loose", &loose, open))
            .and(lines.mask(stricter()).delivery(quick()))
    });
    send(&log).await;
    let main = soon(log.entries()).await;
    let lines = std::fs::read_to_string(&file).unwrap();
    let shown = [
        ("main", text(&main), true, true),
        ("first", text(&first.entries()), false, true),
        ("second", text(&second.entries()), true, false),
        ("loose", text(&loose.entries()), true, true),
        ("lines", lines, true, false),
    ];
    for (name, text, shows_first, shows_second) in shown {
        for hidden in ["canary-default", "canary-common", "canary-of-a-text"] {
            assert!(!text.contains(hidden), "{name} shows {hidden}: {text}");
        }
        assert_eq!(text.contains("canary-first"), shows_first, "{name}: {text}");
        assert_eq!(
            text.contains("canary-second"),
            shows_second,
            "{name}: {text}"
        );
        assert!(text.contains("decoy"), "{name}");
    }
    assert_eq!(main, loose.entries());
    for sink in log.recorder.stats().sinks {
        assert_eq!(
            (sink.balance.stored(), sink.balance.seen()),
            (2, 2),
            "{}",
            sink.name
        );
    }
}

#[tokio::test]
async fn t11_callback_of_one_sink_that_panics_or_is_slow_is_nothing_to_the_others() {
    let (panics, slow) = (GateSink::open(), GateSink::open());
    let limit = Duration::from_millis(20);
    let log = Log::with(|builder| {
        builder
            .delivery(quick())
            .and(to(
                "panics",
                &panics,
                Rules::default().callback(|_| panic!("of the application")),
            ))
            .and(to(
                "slow",
                &slow,
                Rules::default().callback_limit(limit).callback(move |_| {
                    std::thread::sleep(limit * 10);
                    Answer::Keep
                }),
            ))
    });
    for _ in 0..3 {
        send(&log).await;
    }
    let main = soon(log.entries()).await;
    assert_eq!(main.len(), 6);
    assert!(text(&main).contains("canary-second") && !text(&main).contains("WITHHELD\""));
    for sink in [&panics, &slow] {
        let exchanges = sink
            .entries()
            .into_iter()
            .filter(|it| it.exchange().is_some());
        let text = text(&exchanges.collect::<Vec<_>>());
        assert!(
            !text.contains("canary-second") && !text.contains("decoy"),
            "{text}"
        );
        assert!(text.contains("[WITHHELD]"));
    }
    let stats = log.recorder.stats();
    assert!(
        stats.withheld_by_callbacks > 20,
        "{}",
        stats.withheld_by_callbacks
    );
    for sink in stats.sinks {
        let balance = sink.balance;
        assert_eq!((balance.seen(), balance.stored()), (6, 6), "{}", sink.name);
        assert_eq!(balance.dropped(DropReason::Masking), 0);
    }
}

#[test]
fn wrong_rules_of_a_destination_are_an_error_that_names_it() {
    let with = |rules| {
        let other = Destination::new("outside", MemoryStore::new()).mask(rules);
        ApiLogLayer::builder(MemoryStore::new()).and(other).build()
    };
    let error = with(Rules::default().field("-")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("outside"), "{error}");
    let layer = with(Rules::default().field("id").hash_key([0; 32])).unwrap();
    let told: Vec<_> = layer.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|it| it.contains("outside")), "{told:?}");
    assert!(
        with(Rules::default().field("internal_code"))
            .unwrap()
            .warnings()
            .is_empty()
    );
}

fn policy() -> Policy {
    let limit = |bytes| Policy::default().max_body_bytes(bytes);
    Policy::default()
        .route("/most-60*", limit(60))
        .route("/most-300*", limit(300))
        .route("/most-1000*", limit(1000))
}

/// Sends cases, and returns what a sink has without rules of its own and one that has these.
async fn both(cases: Vec<Case>, common: Rules, own: Rules) -> (Vec<LogEntry>, Vec<LogEntry>) {
    let (main, other) = (
        MemoryStore::with_capacity(100_000),
        MemoryStore::with_capacity(100_000),
    );
    let layer = ApiLogLayer::builder(main.clone())
        .policy(policy())
        .mask(common)
        .delivery(quick())
        .and(
            Destination::new("again", other.clone())
                .mask(own)
                .delivery(quick()),
        )
        .build()
        .unwrap();
    for case in cases {
        case.send(&layer).await;
    }
    layer.recorder().flush().await.unwrap();
    (entries(&main).await, entries(&other).await)
}

/// Returns the first lines that differ, of each entry that does.
fn differences(one: &[LogEntry], other: &[LogEntry]) -> Vec<String> {
    assert_eq!(one.len(), other.len());
    let told = |it: &LogEntry| serde_json::to_string_pretty(it).unwrap();
    let mut all = Vec::new();
    for (a, b) in one.iter().zip(other).filter(|(a, b)| a != b) {
        let (a, b) = (told(a), told(b));
        let mut lines = a.lines().zip(b.lines());
        let (a, b) = lines.find(|(a, b)| a != b).unwrap_or((&a, &b));
        all.push(format!("{a}\n{b}"));
    }
    all
}

#[test]
fn default_rules_leave_what_default_rules_made() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let count = std::env::var("AGAIN_CASES").map_or(400, |it| it.parse().unwrap());
    for first in (0..count).step_by(200) {
        let cases = (first..first + 200).map(|number| Case::new(&mut Plant::new(0x5eed, number)));
        let rules = || Rules::default().hash_key([7; 32]);
        let (main, again) = runtime.block_on(both(cases.collect(), rules(), rules()));
        let differences = differences(&main, &again);
        assert!(
            differences.is_empty(),
            "cases from {first}:\n{}",
            differences.join("\n\n")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn default_rules_leave_what_default_rules_made_of_any_case(choices in prop::collection::vec(any::<u8>(), 0..600)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let case = Case::new(&mut Plant::of_bytes(&choices));
        let rules = || Rules::default().hash_key([7; 32]);
        let (main, again) = runtime.block_on(both(vec![case], rules(), rules()));
        prop_assert_eq!(differences(&main, &again), [""; 0]);
    }
}

/// What rules hide in one masking, they hide in the second of two.
#[test]
fn rules_of_a_destination_hide_what_they_would_hide_as_common_ones() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rules = || {
        Rules::default()
            .hash_key([7; 32])
            .field("plan")
            .field("title")
            .header("user-agent")
            .rule(Rule::segment("/v1/{rest}"))
            .detect(Detector::Email)
            .detect(Detector::IpAddress)
    };
    let cases = |_| {
        (0..200)
            .map(|number| Case::new(&mut Plant::new(0x5eed, number)))
            .collect()
    };
    let (once, _) = runtime.block_on(both(cases(()), rules(), Rules::default()));
    let (_, again) = runtime.block_on(both(cases(()), Rules::default().hash_key([7; 32]), rules()));
    assert_eq!(once.len(), again.len());
    let seen = |entry: &LogEntry| {
        let mut seen = Seen::new();
        seen.entry("entry", entry);
        assert_eq!(
            seen.leaks,
            [""; 0],
            "{}",
            serde_json::to_string(entry).unwrap()
        );
        seen.decoys
    };
    let (mut hidden, mut all) = (Vec::new(), 0);
    for (one, other) in once.iter().zip(&again) {
        let (one, other) = (seen(one), seen(other));
        let more: Vec<_> = other.difference(&one).collect();
        assert!(more.is_empty(), "{more:?} is shown though it was hidden");
        all += one.len();
        hidden.extend(one.difference(&other).cloned());
    }
    println!("{} of {all}: {hidden:?}", hidden.len());
    assert!(
        hidden.len() * 20 < all,
        "{} of {all}: {hidden:?}",
        hidden.len()
    );
}
