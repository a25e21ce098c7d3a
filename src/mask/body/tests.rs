use super::super::Rules;
use super::super::tests::pass_with;
use super::*;
use crate::entry::{CutReason, SkipReason};

const JSON: Option<&str> = Some("application/json");

fn record(
    rules: &Rules,
    content_type: Option<&str>,
    coding: Option<&str>,
    kept: Kept,
) -> BodyRecord {
    let compiled = rules.compile().unwrap();
    let mut fields = Fields::default();
    if let Some(content_type) = content_type {
        fields.push("content-type", content_type.as_bytes(), false);
    }
    if let Some(coding) = coding {
        fields.push("content-encoding", coding.as_bytes(), false);
    }
    let bodies = Bodies {
        plain_texts: &compiled.plain_texts,
        hash: &compiled.hash,
    };
    let body = CapturedBody {
        bytes_seen: 99,
        kept,
    };
    pass_with(rules, |pass| bodies.mask(body, &fields, pass))
}

fn whole(content_type: Option<&str>, body: impl AsRef<[u8]>) -> BodyRecord {
    record(
        &Rules::default(),
        content_type,
        None,
        Kept::All(body.as_ref().to_vec()),
    )
}

fn cut(content_type: Option<&str>, body: impl AsRef<[u8]>) -> BodyRecord {
    record(
        &Rules::default(),
        content_type,
        None,
        Kept::Prefix(body.as_ref().to_vec(), CutReason::Limit),
    )
}

fn withheld(record: &BodyRecord) -> Option<WithheldReason> {
    match record {
        BodyRecord::Withheld {
            reason,
            bytes_seen: 99,
            keyed_hash,
        } if keyed_hash.len() == 32 => Some(*reason),
        _ => None,
    }
}

#[test]
fn t4_what_is_not_what_it_claims_to_be_is_withheld() {
    use WithheldReason::{Malformed, NotUtf8, UnknownType, Unstructured};
    for (content_type, body, reason) in [
        (JSON, "{\"password\":\"canary\",}", Malformed),
        (JSON, "{\"password\":\"canary\"", Malformed),
        (JSON, "{\"password\":\"canary\"}\n{\"a\":1}", Malformed),
        (JSON, "{password:'canary'}", Malformed),
        (JSON, "password=canary", Malformed),
        (JSON, " ", Malformed),
        (Some("application/json; charset=utf-16"), "{}", UnknownType),
        (
            Some("application/x-ndjson"),
            "{\"a\":1}\n{\"password\":\"canary\"",
            Malformed,
        ),
        (
            Some("application/x-www-form-urlencoded"),
            "canary",
            Malformed,
        ),
        (
            Some("application/x-www-form-urlencoded"),
            "<password a=\"b\">canary</password>",
            Malformed,
        ),
        (
            Some("application/x-www-form-urlencoded"),
            "a=1\npassword: canary",
            Malformed,
        ),
        (Some("multipart/form-data"), "canary", Malformed),
        (Some("multipart/form-data; boundary=b"), "canary", Malformed),
        (Some("text/plain"), "password: canary", Unstructured),
        (Some("text/html"), "<p>canary</p>", Unstructured),
        (
            Some("text/plain"),
            "{\"password\":\"canary\",}",
            Unstructured,
        ),
        (Some("text/plain"), "\"canary\"", Unstructured),
        (Some("application/xml"), "<a>canary</a>", UnknownType),
        (Some("nonsense"), "{}", UnknownType),
        (None, "canary", UnknownType),
        (None, "123456", UnknownType),
        (None, "[1", UnknownType),
    ] {
        assert_eq!(
            withheld(&whole(content_type, body)),
            Some(reason),
            "{content_type:?} {body}"
        );
    }
    assert_eq!(withheld(&whole(JSON, b"{\"a\":\"\xff\"}")), Some(NotUtf8));
    assert_eq!(withheld(&whole(JSON, b"{\"a\":\"\xc3")), Some(NotUtf8));
    assert_eq!(
        withheld(&cut(Some("text/plain"), "{\"a\":1}")),
        Some(Unstructured)
    );
    let gzip = record(
        &Rules::default(),
        JSON,
        Some("gzip"),
        Kept::All(b"{}".to_vec()),
    );
    assert_eq!(withheld(&gzip), Some(UnknownType));
}

#[test]
fn json_is_masked_under_every_type_that_may_hold_it() {
    let (body, shown) = (
        "{\"a\":1,\"password\":\"canary\"}",
        "{\"a\":1,\"password\":\"[MASKED]\"}",
    );
    for content_type in [
        JSON,
        Some("application/vnd.api+json; charset=UTF-8"),
        Some("text/plain"),
        Some("application/octet-stream"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonl"),
        None,
    ] {
        assert_eq!(
            whole(content_type, body).text(),
            Some(shown),
            "{content_type:?}"
        );
    }
    assert_eq!(whole(JSON, format!("\u{feff}{body}")).text(), Some(shown));
    assert_eq!(whole(JSON, "\u{feff}[1]").text(), Some("[1]"));
    let identity = record(
        &Rules::default(),
        JSON,
        Some("identity"),
        Kept::All(body.into()),
    );
    assert_eq!(identity.text(), Some(shown));
}

#[test]
fn lines_of_json_are_masked_one_by_one() {
    let lines = "{\"a\":1}\r\n\n{\"token\":\"canary\"}\n[{\"pin\":1}]";
    let shown = "{\"a\":1}\r\n\n{\"token\":\"[MASKED]\"}\n[{\"pin\":\"[MASKED]\"}]";
    let jsonl = Some("application/x-ndjson");
    assert_eq!(whole(jsonl, lines).text(), Some(shown));
    let cut_off = cut(jsonl, &lines[..lines.len() - 3]);
    assert_eq!(
        cut_off.text(),
        Some("{\"a\":1}\r\n\n{\"token\":\"[MASKED]\"}\n[{\"pin\":")
    );
}

#[test]
fn t28_body_that_was_cut_within_a_character_ends_before_it() {
    let body = "{\"a\":\"é😀\",\"password\":\"é😀canary\"}".as_bytes();
    for end in 0..=body.len() {
        let record = cut(JSON, &body[..end]);
        let text = record.text().unwrap_or_else(|| panic!("{end}"));
        assert!(matches!(
            record,
            BodyRecord::Truncated {
                reason: CutReason::Limit,
                ..
            }
        ));
        assert!(!text.contains("cana"), "{text}");
    }
    let plain = Rules::default().plain_text("text/csv");
    let kept = Kept::Prefix("é😀".as_bytes()[..4].to_vec(), CutReason::Budget);
    assert_eq!(
        record(&plain, Some("text/csv; charset=utf-8"), None, kept).text(),
        Some("é")
    );
}

#[test]
fn plain_text_is_kept_only_where_the_rules_say_so() {
    let rules = Rules::default().plain_text("text/csv");
    let kept = |content_type| record(&rules, Some(content_type), None, Kept::All(b"a,b".to_vec()));
    assert_eq!(kept("Text/CSV").text(), Some("a,b"));
    assert_eq!(
        withheld(&kept("text/plain")),
        Some(WithheldReason::Unstructured)
    );
    let json = Kept::All(b"{\"password\":\"canary\"}".to_vec());
    assert_eq!(
        record(&rules, Some("text/csv"), None, json).text(),
        Some("{\"password\":\"[MASKED]\"}")
    );
}

#[test]
fn nothing_and_skipped_bodies_stay_what_they_are() {
    assert_eq!(whole(JSON, ""), BodyRecord::Empty);
    let skipped = record(
        &Rules::default(),
        JSON,
        None,
        Kept::Skipped(SkipReason::Unread),
    );
    assert_eq!(
        skipped,
        BodyRecord::Skipped {
            reason: SkipReason::Unread,
            bytes_seen: 99
        }
    );
}

#[test]
fn equal_bodies_hash_equally_under_one_key() {
    let rules = Rules::default().hash_key([7; 32]);
    let hash = |body: &[u8]| match record(&rules, None, None, Kept::All(body.to_vec())) {
        BodyRecord::Withheld { keyed_hash, .. } => keyed_hash,
        _ => String::new(),
    };
    assert_eq!(hash(b"canary"), hash(b"canary"));
    assert_ne!(hash(b"canary"), hash(b"other"));
    assert_ne!(withheld(&whole(None, "canary")), None);
}

#[test]
fn t5_secret_first_and_last_in_a_long_body_are_masked() {
    let body = format!(
        "{{\"token\":\"canary\",\"filler\":\"{}\",\"password\":\"canary\"}}",
        "decoy ".repeat(20_000)
    );
    let record = whole(JSON, &body);
    let text = record.text().unwrap();
    assert!(!text.contains("canary") && text.contains("decoy"));
    let record = cut(JSON, &body[..body.len() - 6]);
    assert!(record.text().is_some_and(|text| !text.contains("cana")));
}
