use std::time::{Duration, Instant};

use crate::capture::{Fields, Findings};
use crate::entry::Place;
use crate::error::ErrorKind;
use crate::mask::tests::{Sample, pass_with};
use crate::mask::{Masker, Replacement, Rule, Rules, headers, inside, json};

const ACME: &str = "ACME-[0-9]{6}";
const NUMBER: &str = "ACME-918273";

fn rules() -> Rules {
    Rules::default().rule(Rule::pattern(ACME))
}

#[track_caller]
fn shows(rules: &Rules, text: &str, shown: &str) {
    let masked = pass_with(rules, |pass| inside::mask(text, false, 0, pass));
    assert_eq!(masked.as_deref().unwrap_or(text), shown, "{text}");
}

#[test]
fn each_find_is_replaced_and_the_text_around_it_stays() {
    let rules = rules();
    shows(
        &rules,
        "of ACME-918273, ACME-918274!",
        "of [MASKED], [MASKED]!",
    );
    shows(&rules, "ACME-91827", "ACME-91827");
    shows(&rules, "", "");
}

#[test]
fn pattern_finds_in_every_place() {
    let mut sample = Sample::new();
    let encoded = "ACM%45-918273";
    sample.request[1] = (":path", format!("/a/{encoded}/b?decoy=1&q=x+{encoded}"));
    for (name, value) in [
        ("user-agent", format!("decoy {NUMBER}")),
        ("accept-signature", NUMBER.to_owned()),
        ("x-a", NUMBER.to_owned()),
        ("referer", format!("https://x.test/{NUMBER}?a={encoded}")),
    ] {
        sample.request.push((name, value.clone()));
        sample.trailers.push((name, value));
    }
    sample
        .request
        .push(("content-type", "application/json".to_owned()));
    sample.request_body = format!(
        r#"{{"a":"the ACM\u0045-918273 of","b":["{NUMBER}"],"{NUMBER}":1,"c":"{{\"d\":\"{NUMBER}\"}}"}}"#
    );
    sample.response.push((
        "content-type",
        "application/x-www-form-urlencoded".to_owned(),
    ));
    sample.response_body = format!("a={encoded}&decoy=2");
    let mut captured = sample.captured();
    captured.notes = vec![crate::entry::Note::new("plan", format!("decoy {NUMBER}"))];
    let entry = Masker::new(&rules()).unwrap().exchange(captured).entry;
    let stored = serde_json::to_string(&entry).unwrap();
    assert!(!stored.contains("918273"), "{stored}");
    let exchange = entry.exchange().unwrap();
    assert_eq!(exchange.request.path, "/a/%5BMASKED%5D/b");
    assert_eq!(
        exchange.request.query.as_deref(),
        Some("decoy=1&q=x%20%5BMASKED%5D")
    );
    assert_eq!(entry.context.user_agent.as_deref(), Some("decoy [MASKED]"));
    assert_eq!(exchange.notes[0].value, "decoy [MASKED]");
    assert!(
        exchange
            .masked
            .iter()
            .any(|it| it.rule == ACME && it.pointer == "/a")
    );
}

#[test]
fn told_texts_and_trace_ids_do_not_come_around_a_pattern() {
    let mut findings = Findings::default();
    findings
        .first
        .push(crate::entry::Finding::new(format!("decoy {NUMBER}")));
    let shown = pass_with(&rules(), |pass| {
        crate::mask::told::findings(findings, Place::EventError, pass)
    });
    assert_eq!(shown[0].message, "decoy [MASKED]");

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut sample = Sample::new();
    sample
        .request
        .push(("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")));
    let rules = Rules::default().rule(Rule::pattern(trace));
    let entry = Masker::new(&rules)
        .unwrap()
        .exchange(sample.captured())
        .entry;
    assert_eq!(entry.context.trace_id, None);
}

#[test]
fn number_in_json_that_a_pattern_finds_is_replaced_as_a_whole() {
    let rules = Rules::default()
        .hash_key([7; 32])
        .rule(Rule::pattern("^77[0-9]{3}$").replace_with(Replacement::Pseudonym));
    let shown = pass_with(&rules, |pass| {
        json::mask(r#"[77123,77123.5,1]"#, 0, pass).unwrap()
    });
    let shown = shown.text.unwrap();
    assert!(
        shown.starts_with("[\"hmac.") && shown.ends_with("\",77123.5,1]"),
        "{shown}"
    );
}

#[test]
fn replacement_and_condition_of_a_pattern_count() {
    let rule = || Rule::pattern("cust_[0-9A-Za-z]{22}");
    let text = "of cust_4k8Zq0Rw7Yt2Lm5Xp9Bc00 x";
    let with = |replacement| {
        Rules::default()
            .hash_key([7; 32])
            .rule(rule().replace_with(replacement))
    };
    shows(&with(Replacement::LastFour), text, "of ****Bc00 x");
    shows(&with(Replacement::Token), text, "of cust_**** x");
    shows(&with(Replacement::Remove), text, "of [MASKED] x");
    let only = Rules::default().rule(rule().only_in(Place::ResponseBody).on_route("/a"));
    shows(&only, text, text);
}

#[test]
fn t3_leaf_that_was_cut_is_hidden_as_a_whole() {
    pass_with(&rules(), |pass| {
        let masked = inside::mask("paid by ACME-91", true, 0, pass);
        assert_eq!(masked.as_deref(), Some("[MASKED]"));
        let document = json::mask_cut(r#"{"a":"decoy","b":"of ACME-91"#, 0, pass).unwrap();
        assert_eq!(
            document.text.as_deref(),
            Some(r#"{"a":"decoy","b":"[MASKED]"#)
        );
    });
}

#[test]
fn marks_of_the_masker_are_no_finds() {
    let rules = Rules::default().rule(Rule::pattern("[A-Z]{5,}|[*]+"));
    shows(
        &rules,
        "DECOY [MASKED] [WITHHELD] **** ab",
        "[MASKED] [MASKED] [WITHHELD] **** ab",
    );
    let mut fields = Fields::default();
    fields.push("authorization", b"Bearer canary", false);
    let shown = pass_with(&rules, |pass| {
        headers::mask(&fields, Place::RequestHeader, pass)
    });
    assert_eq!(shown.get("authorization"), Some("Bearer ****"));
}

#[test]
fn pattern_that_looks_at_all_the_rest_for_each_find_stops_and_hides_the_text() {
    let rules = Rules::default().rule(Rule::pattern("[^A-Z]*![^A-Z]|[A-Za-z]"));
    let text = "a".repeat(400_000);
    let since = Instant::now();
    shows(&rules, &text, "[MASKED]");
    assert!(
        since.elapsed() < Duration::from_secs(60),
        "{:?}",
        since.elapsed()
    );
}

#[test]
fn pattern_that_cannot_be_meant_is_refused() {
    for wrong in [
        "",
        "[0-9]*",
        "(",
        "a|",
        "\\w{1000}{1000}",
        &"a".repeat(1025),
        &"(".repeat(100),
    ] {
        let rules = Rules::default().rule(Rule::pattern(wrong));
        let error = Masker::new(&rules).err().map(|it| it.kind());
        assert_eq!(error, Some(ErrorKind::Configuration), "{wrong}");
    }
    let broad = Rules::default().rule(Rule::pattern(r"\S+")).lint();
    assert!(
        broad[0].to_string().contains("almost every text"),
        "{broad:?}"
    );
    assert_eq!(rules().lint(), []);
}
