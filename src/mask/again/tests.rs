use super::*;
use crate::capture::{CapturedEvent, EventDraft, Json};
use crate::clock::Timestamp;
use crate::entry::{
    Actor, BodyRecord, Change, ChangedField, EntryId, EventRecord, Finding, WithheldReason,
};
use crate::mask::tests::Sample;
use crate::mask::{Answer, Detector, Replacement, Rule, Rules};
use crate::testing::{Random, sample};

const KEY: [u8; 32] = [7; 32];

fn rules() -> Rules {
    Rules::default().hash_key(KEY)
}

fn masker(rules: &Rules) -> Masker {
    Masker::new(rules).unwrap()
}

/// Masks what is captured by the default rules, and then by these.
fn again(sample: Sample, rules: &Rules) -> LogEntry {
    masker(rules).again(first(sample))
}

fn first(sample: Sample) -> LogEntry {
    masker(&self::rules()).exchange(sample.captured()).entry
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

fn typed(content_type: &str, body: &str) -> Sample {
    let mut sample = Sample::new();
    sample
        .request
        .push(("content-type", content_type.to_owned()));
    sample.request_body = body.to_owned();
    sample
}

/// Masks a body by the default rules, and then by these.
fn body(content_type: &str, body: &str, rules: &Rules) -> BodyRecord {
    exchange(&again(typed(content_type, body), rules))
        .request_body
        .clone()
}

const BODIES: [(&str, &str, &str); 9] = [
    (
        "application/json",
        r#"{"password":"x","plan":"decoy","a":{"alias":"canary"},"note":"alias=canary"}"#,
        r#"{"password":"[MASKED]","plan":"decoy","a":{"alias":"[MASKED]"},"note":"alias=%5BMASKED%5D"}"#,
    ),
    (
        "application/x-www-form-urlencoded",
        "password=x&plan=decoy&alias=canary&u=%2Fa%3Falias%3Dcanary",
        "password=%5BMASKED%5D&plan=decoy&alias=%5BMASKED%5D&u=%2Fa%3Falias%3D%255BMASKED%255D",
    ),
    (
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"alias\"\r\n\r\ncanary\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nabc\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[MASKED]\r\n--b\r\nContent-Disposition: form-data; name=\"alias\"\r\n\r\n[MASKED]\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\n[FILE 3 bytes, hmac 08ac6ad7e8a4f1c7a1dbb4d1a3ecbb94]\r\n--b--\r\n",
    ),
    (
        "application/x-ndjson",
        "{\"alias\":\"canary\"}\n{\"password\":1}\n",
        "{\"alias\":\"[MASKED]\"}\n{\"password\":\"[MASKED]\"}\n",
    ),
    (
        "text/event-stream",
        "data: {\"alias\":\"canary\",\"plan\":\"decoy\"}\n\ndata: secret canary\n\n",
        "data: {\"alias\":\"[MASKED]\",\"plan\":\"decoy\"}\n\ndata: [WITHHELD]\n\n",
    ),
    (
        "text/csv; header=present",
        "id,alias,password\n1,canary,x\n2,,y\n",
        "id,alias,password\n1,[MASKED],[MASKED]\n2,,[MASKED]\n",
    ),
    (
        "application/xml",
        "<a alias=\"canary\"><alias>canary</alias><password>x</password><b>decoy</b></a>",
        "<a alias=\"[MASKED]\"><alias>[MASKED]</alias><password>[MASKED]</password><b>decoy</b></a>",
    ),
    (
        "application/graphql",
        "mutation { a(alias: \"canary\", password: \"x\", b: 1) { id } }",
        "mutation { a(alias: \"[MASKED]\", password: \"[MASKED]\", b: 1) { id } }",
    ),
    ("application/jwt", "canary", "[MASKED]"),
];

#[test]
fn body_of_every_kind_is_masked_again_and_what_was_hidden_is_not_told_twice() {
    for (content_type, sent, shown) in BODIES {
        let entry = first(typed(content_type, sent));
        let before = exchange(&entry).masked_count;
        let entry = masker(&rules().field("alias")).again(entry);
        let exchange = exchange(&entry);
        let text = exchange.request_body.text().unwrap_or_default();
        let without_hash = |it: &str| it.split(", hmac ").next().map(str::to_owned);
        assert_eq!(without_hash(text), without_hash(shown), "{content_type}");
        let hidden = sent.matches("canary").count() - usize::from(sent.contains("secret canary"));
        let hidden = if content_type.ends_with("jwt") {
            0
        } else {
            hidden
        };
        let told = exchange.masked_count - before;
        assert_eq!(told, hidden as u64, "{content_type}: {:?}", exchange.masked);
        assert_eq!(exchange.masked.len() as u64, exchange.masked_count);
    }
}

#[test]
fn t4_body_that_these_rules_cannot_understand_is_withheld() {
    let common = rules()
        .plain_text("text/plain")
        .rule(Rule::field("x").replace_with(Replacement::Remove));
    let mut sample = typed("text/plain", "canary and more");
    let captured = || typed("text/plain", "canary and more").captured();
    let kept = masker(&common).exchange(captured()).entry;
    assert_eq!(exchange(&kept).request_body.text(), Some("canary and more"));
    let entry = masker(&rules()).again(kept.clone());
    assert!(matches!(
        exchange(&entry).request_body,
        BodyRecord::Withheld {
            reason: WithheldReason::Unstructured,
            bytes_seen: 15,
            ..
        }
    ));
    let entry = masker(&rules().plain_text("text/plain")).again(kept.clone());
    assert_eq!(entry, kept, "these rules keep it too");
    sample.request.retain(|(name, _)| *name != "content-type");
    let nameless = masker(&common).exchange(sample.captured()).entry;
    assert!(exchange(&nameless).request_body.text().is_none());
}

#[test]
fn t3_body_that_was_cut_shows_no_beginning_of_what_these_rules_find() {
    let mut entry = first(typed("application/json", "{}"));
    sample::change(&mut entry, |it| {
        it.request_body = BodyRecord::Truncated {
            reason: crate::entry::CutReason::Limit,
            text: r#"{"a":"decoy","note":"write to canary@exam"#.to_owned(),
            bytes_seen: 99,
        };
    });
    let entry = masker(&rules().detect(Detector::Email)).again(entry);
    let text = exchange(&entry).request_body.text().unwrap();
    assert!(
        text.starts_with(r#"{"a":"decoy","note":""#) && !text.contains("canary"),
        "{text}"
    );
}

#[test]
fn target_and_fields_are_masked_again_and_the_context_says_no_more_than_they_do() {
    let mut sample = Sample::new();
    sample.request = [
        (":authority", "x.test"),
        (":path", "/v2/invites/canary?alias=canary&b=decoy&token=x"),
        (":route", "/v2/invites/{code}"),
        ("user-agent", "canary/1.0"),
        ("x-request-id", "canary-1"),
        ("referer", "https://x.test/v2/invites/canary?alias=canary"),
        ("authorization", "Bearer x"),
        ("cookie", "a=x; b=y"),
        ("x-alias", "canary"),
        ("x-decoy", "decoy"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    let outside = rules()
        .field("alias")
        .header("user-agent")
        .rule(Rule::header("x-request-id").replace_with(Replacement::Remove))
        .rule(Rule::segment("/v2/invites/{code}"))
        .rule(Rule::cookie("a").replace_with(Replacement::Remove));
    let entry = again(sample, &outside);
    let exchange = exchange(&entry);
    let stored = serde_json::to_string(&entry).unwrap();
    assert!(!stored.contains("canary"), "{stored}");
    assert_eq!(exchange.request.path, "/v2/invites/%5BMASKED%5D");
    assert_eq!(
        exchange.request.query.as_deref(),
        Some("alias=%5BMASKED%5D&b=decoy&token=%5BMASKED%5D")
    );
    let headers = &exchange.request.headers;
    assert_eq!(headers.get("user-agent"), Some("****"));
    assert_eq!(headers.get("x-request-id"), None);
    assert_eq!(headers.get("authorization"), Some("Bearer ****"));
    assert_eq!(headers.get("cookie"), Some("b=****"));
    assert_eq!(headers.get("x-decoy"), Some("decoy"));
    assert_eq!(entry.context.user_agent.as_deref(), Some("****"));
    assert_eq!(entry.context.request_id, None);
    assert_eq!(entry.context.api_version.as_deref(), Some("v2"));
}

#[test]
fn who_called_is_masked_by_rules_of_the_user_and_not_by_the_defaults() {
    let entry = sample::exchange(1);
    let mut same = masker(&rules()).again(entry.clone());
    assert_eq!(same.context, entry.context);
    same = masker(
        &rules()
            .rule(Rule::field("email").replace_with(Replacement::LastFour))
            .rule(Rule::field("last_name").replace_with(Replacement::Remove))
            .field("session")
            .field("client_ip")
            .detect(Detector::Email),
    )
    .again(entry.clone());
    let (context, told) = (&same.context, &entry.context);
    let actor = context.actor.as_ref().unwrap();
    assert_eq!(actor.email.as_deref(), Some("****.com"));
    assert_eq!(
        (actor.first_name.as_deref(), &actor.last_name),
        (Some("Jane"), &None)
    );
    assert_eq!(actor.id, "user_1");
    assert_eq!(context.session.as_deref(), Some("[MASKED]"));
    assert_eq!(
        context.impersonator.as_deref(),
        Some("[MASKED]"),
        "a detector finds it"
    );
    assert_eq!((context.client_ip, context.peer_ip), (None, told.peer_ip));
    assert_eq!(
        (&context.api_key, &context.project),
        (&told.api_key, &told.project)
    );
    let pointers = exchange(&same)
        .masked
        .iter()
        .filter(|it| it.place == Place::Context);
    let pointers: Vec<_> = pointers.map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "actor email",
            "actor last_name",
            "impersonator",
            "session",
            "client_ip"
        ]
    );
}

#[test]
fn lists_leave_out_fields_and_what_was_told_by_them() {
    let mut sample = Sample::new();
    sample.request.push(("user-agent", "canary".to_owned()));
    sample
        .request
        .push(("content-type", "application/json".to_owned()));
    sample.request_body = r#"{"id":7,"name":"canary"}"#.to_owned();
    let listed = rules().only_headers(["x-decoy"]).only_fields(["id"]);
    let entry = again(sample, &listed);
    let exchange = exchange(&entry);
    let names: Vec<_> = exchange.request.headers.iter().map(|it| it.0).collect();
    assert_eq!((names, &entry.context.user_agent), (vec!["x-decoy"], &None));
    assert_eq!(
        exchange.request_body.text(),
        Some(r#"{"id":7,"name":"[MASKED]"}"#)
    );
    let event = masker(&listed).again(sample::event(1));
    let context = &event.context;
    assert_eq!((&context.user_agent, &context.request_id), (&None, &None));
    assert_eq!((&context.trace_id, context.client_ip), (&None, None));
    assert!(context.peer_ip.is_some() && context.session.is_some());
}

#[test]
fn event_is_masked_in_all_it_tells_and_its_change_says_what_its_states_say() {
    let json = |text: &str| serde_json::from_str(text).unwrap();
    let mut event = EventRecord::new("plan", "updated");
    event.ref_id = Some("alias=canary".to_owned());
    event.title = Some("said alias=canary".to_owned());
    event.change = Some(Box::new(Change {
        before: json(r#"{"alias":"canary","n":1,"gone":"canary"}"#),
        after: json(r#"{"alias":"canary2","n":2}"#),
        fields: ["/alias", "/n", "/gone"]
            .map(|pointer| ChangedField {
                pointer: pointer.to_owned(),
                before: Some("canary".into()),
                after: (pointer != "/gone").then(|| "canary2".into()),
            })
            .to_vec(),
        fields_count: 3,
    }));
    event.errors = vec![Finding::new("alias=canary").pointer("/alias")];
    event.alerts = vec![Finding::new("decoy")];
    event.data = json(r#"{"alias":["canary"],"decoy":1.1}"#);
    let kind = EntryKind::Event(Box::new(event));
    let entry = LogEntry::new(
        EntryId::from_bytes([1; 16]),
        Timestamp::from_micros(0),
        Context::default(),
        kind,
    );
    let remove = Rule::field("gone")
        .on_route("/somewhere")
        .replace_with(Replacement::Remove);
    let entry = masker(&rules().field("alias").rule(remove)).again(entry);
    let stored = serde_json::to_string(&entry).unwrap();
    assert!(
        !stored.contains("canary") && !stored.contains("gone\":"),
        "{stored}"
    );
    let event = entry.event().unwrap();
    let change = event.change.as_ref().unwrap();
    let pointers: Vec<_> = change.fields.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/alias", "/n"]);
    assert_eq!(change.fields[1].after, Some(2.into()));
    assert_eq!(event.data["decoy"], 1.1);
    assert_eq!(event.alerts[0].message, "decoy");
    assert_eq!(event.masked_count, 7, "{:?}", event.masked);
}

#[test]
fn what_is_hidden_in_part_shows_no_more_and_no_false_likeness() {
    let headers = |rules: &Rules, value: &str| {
        let mut sample = Sample::new();
        sample.request.push(("x-api-key", value.to_owned()));
        let entry = again(sample, rules);
        exchange(&entry)
            .request
            .headers
            .get("x-api-key")
            .unwrap()
            .to_owned()
    };
    let token = ["demo_live_", "4k8Zq0Rw7Yt2Lm5Xp9Bc"].concat();
    let rule = |it| rules().rule(Rule::header("x-api-key").replace_with(it));
    for (replacement, shown) in [
        (Replacement::Fixed, "****"),
        (Replacement::Token, "demo_live_****"),
        (Replacement::LastFour, "****"),
        (Replacement::Pseudonym, "****"),
    ] {
        assert_eq!(
            headers(&rule(replacement), &token),
            shown,
            "{replacement:?}"
        );
        assert_eq!(
            headers(&rule(replacement), "canary"),
            "****",
            "{replacement:?}"
        );
    }
    let common = rules().rule(Rule::header("x-any").replace_with(Replacement::Pseudonym));
    let mut sample = Sample::new();
    sample.request.push(("x-any", "canary".to_owned()));
    let entry = masker(&common).exchange(sample.captured()).entry;
    assert_eq!(
        masker(&common).again(entry.clone()),
        entry,
        "under the same key it stays"
    );
    let other = common.hash_key([8; 32]);
    let masked = masker(&other).again(entry.clone());
    assert_ne!(masked, entry);
    assert_eq!(masker(&other).again(masked.clone()), masked);
}

#[test]
fn callback_of_these_rules_is_asked_about_what_both_let_show() {
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = asked.clone();
    let rules = rules().field("alias").callback(move |value| {
        heard.lock().unwrap().push(value.text.to_owned());
        match value.text {
            "decoy" => Answer::Keep,
            _ => Answer::Hide,
        }
    });
    let sent = r#"{"alias":"canary","password":"canary","plan":"decoy","b":"odd"}"#;
    let shown = body("application/json", sent, &rules);
    assert_eq!(
        shown.text(),
        Some(r#"{"alias":"[MASKED]","password":"[MASKED]","plan":"decoy","b":"[MASKED]"}"#)
    );
    assert!(!asked.lock().unwrap().iter().any(|it| it.contains("canary")));
}

#[test]
fn spots_are_bounded_and_all_of_them_counted() {
    let items = (0..150)
        .map(|_| r#"{"alias":1,"pin":1}"#)
        .collect::<Vec<_>>();
    let sent = format!("[{}]", items.join(","));
    let entry = again(typed("application/json", &sent), &rules().field("alias"));
    let exchange = exchange(&entry);
    assert_eq!(
        (exchange.masked.len(), exchange.masked_count),
        (Exchange::MAX_MASKED, 300)
    );
}

/// Rules of every kind.
fn strict() -> Vec<Rules> {
    let mut all = vec![
        rules(),
        Detector::ALL
            .iter()
            .fold(rules(), |rules, it| rules.detect(*it)),
        rules()
            .only_fields(["a", "id", "name"])
            .only_headers(["content-type", "x"]),
        ["name", "a", "plan", "one", "x"]
            .iter()
            .fold(rules(), |rules, it| rules.field(*it)),
    ];
    for replacement in [
        Replacement::LastFour,
        Replacement::Pseudonym,
        Replacement::Remove,
        Replacement::Token,
    ] {
        let rule = |name: &str| Rule::field(name).replace_with(replacement);
        all.push(
            rules()
                .rule(rule("name"))
                .rule(rule("user"))
                .rule(rule("a"))
                .rule(rule("id")),
        );
        let mut found = rules().rule(Rule::segment("/api/*/{rest}").replace_with(replacement));
        for detector in Detector::ALL {
            found = found.rule(Rule::detector(detector).replace_with(replacement));
        }
        #[cfg(feature = "regex")]
        let found = found.rule(Rule::pattern("[A-Z]+|a.*b|[0-9]{2}").replace_with(replacement));
        all.push(found);
    }
    all
}

#[test]
fn masking_again_twice_is_masking_again_once() {
    let mut random = Random::new(1);
    let mut entries = random.entries(0, 150);
    entries.extend(sample::variants(200));
    entries.extend(sample::HOSTILE.map(|text| sample::everywhere(400, text)));
    for text in [
        "a=b&name=jane@doe.test",
        "{\"name\":\"é\",\"a\":[1,{\"id\":\"x\"}]}",
        "+49 170 1234567 AB",
    ] {
        entries.push(sample::everywhere(500, text));
    }
    for (at, rules) in strict().iter().enumerate() {
        let mut masker = masker(rules);
        for entry in &entries {
            let once = masker.again(entry.clone());
            // Nobody can tell which texts may have been longer.
            if once
                .exchange()
                .is_some_and(|it| it.masked_count > it.masked.len() as u64 + 10)
            {
                continue;
            }
            let twice = masker.again(once.clone());
            let told = |it: &LogEntry| serde_json::to_string_pretty(it).unwrap();
            let (once, twice) = (told(&once), told(&twice));
            let mut lines = once.lines().zip(twice.lines());
            assert_eq!(lines.find(|(a, b)| a != b), None, "rules {at}");
            assert_eq!(once.len(), twice.len(), "rules {at}");
        }
    }
}

#[test]
fn default_rules_leave_an_event_of_theirs_as_it_is() {
    let json = |text: &str| Some(Json::Text(text.into()));
    let draft = EventDraft {
        category: "plan".to_owned(),
        action: "updated".to_owned(),
        title: Some("Authorization: Bearer canary7f3a, and password=x".to_owned()),
        before: json(r#"{"password":"a","n":0.30000000000000004,"card":"4111111111111111"}"#),
        after: json(r#"{"password":"b","n":1e300,"deep":{"token":{"a":1}}}"#),
        data: Some(Json::Unserializable),
        context: Context {
            actor: Some(Actor::user("4111111111111111").email("jane@doe.test")),
            session: Some("ses_1".to_owned()),
            ..Context::default()
        },
        ..EventDraft::default()
    };
    let captured = CapturedEvent {
        id: EntryId::from_bytes([1; 16]),
        at: Timestamp::from_micros(0),
        draft: Box::new(draft),
        exchange: None,
        origin: None,
        reservation: crate::capture::Budget::new(10).empty(),
    };
    let mut masker = masker(&rules());
    let (entry, _) = masker.event(captured);
    assert!(entry.event().unwrap().masked_count > 4);
    assert_eq!(masker.again(entry.clone()), entry);
}

#[test]
fn text_that_begins_with_a_mark_is_looked_into() {
    let outside = rules().rule(Rule::segment("/invites/{code}"));
    let entry = first(typed(
        "application/json",
        r#"{"log":"4111111111111111 opened https://x.test/invites/canary"}"#,
    ));
    let entry = masker(&outside).again(entry);
    assert_eq!(
        exchange(&entry).request_body.text(),
        Some(r#"{"log":"[MASKED] opened https://x.test/invites/%5BMASKED%5D"}"#)
    );
}
