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
    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const TEXT: Option<&str> = Some("text/plain");
    for (content_type, body, reason) in [
        (JSON, "{\"password\":\"canary\",}", Malformed),
        (JSON, "{\"password\":\"canary\"", Malformed),
        (JSON, "{\"password\":\"canary\"}\n{\"a\":1}", Malformed),
        (JSON, "{password:'canary'}", Malformed),
        (JSON, "{\"a\":1}// canary", Malformed),
        (JSON, "{/*canary*/\"a\":1}", Malformed),
        (JSON, "password=canary", Malformed),
        (JSON, " ", Malformed),
        (Some("application/json; charset=utf-16"), "{}", NotUtf8),
        (Some("application/json; charset=utf-7"), "{}", UnknownType),
        (FORM, "canary", Malformed),
        (FORM, "<password a=\"b\">canary</password>", Malformed),
        (FORM, "a=1\npassword: canary", Malformed),
        (Some("multipart/form-data"), "canary", Malformed),
        (Some("multipart/form-data; boundary=b"), "canary", Malformed),
        (TEXT, "password: canary", Unstructured),
        (Some("text/html"), "<p>canary</p>", Unstructured),
        (TEXT, "{\"password\":\"canary\",}", Unstructured),
        (TEXT, "\"canary\"", Unstructured),
        (Some("text/yaml"), "password: canary", Unstructured),
        (Some("application/yaml"), "password: canary", UnknownType),
        (Some("text/csv"), "jane,canary", Unstructured),
        (Some("nonsense"), "{}", UnknownType),
        (None, "canary", UnknownType),
        (None, "123456", UnknownType),
        (None, "[1", UnknownType),
        (None, "{\"password\":\"canary\",}", UnknownType),
        (None, "{\"password\":\"canary\"}{}", UnknownType),
        (None, "Y2FuYXJ5N2YzYTkx=", UnknownType),
        (None, "canary7f3a91c5d2e8b64f0a1d=x", UnknownType),
        (None, "a=1 password=canary", UnknownType),
        (None, "password: canary", UnknownType),
    ] {
        assert_eq!(
            withheld(&whole(content_type, body)),
            Some(reason),
            "{content_type:?} {body}"
        );
    }
    assert_eq!(withheld(&whole(JSON, b"{\"a\":\"\xff\"}")), Some(NotUtf8));
    assert_eq!(withheld(&whole(JSON, b"{\"a\":\"\xc3")), Some(NotUtf8));
    for ended in ["{\"a\":1}", "{\"a\":1} x", "a"] {
        assert_eq!(withheld(&cut(TEXT, ended)), Some(Unstructured), "{ended}");
        assert_eq!(withheld(&cut(None, ended)), Some(UnknownType), "{ended}");
    }
    let gzip = record(
        &Rules::default(),
        JSON,
        Some("gzip"),
        Kept::All(b"{}".to_vec()),
    );
    assert_eq!(withheld(&gzip), Some(UnknownType));
}

#[test]
fn t4_json_is_masked_under_every_type_that_may_hold_it() {
    let (body, shown) = (
        "{\"a\":1,\"password\":\"canary\"}",
        "{\"a\":1,\"password\":\"[MASKED]\"}",
    );
    for content_type in [
        JSON,
        Some("application/vnd.api+json; charset=UTF-8"),
        Some("text/plain"),
        Some("text/html"),
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
        assert_eq!(
            cut(content_type, &body[..body.len() - 4]).text(),
            Some(&shown[..shown.len() - 1]),
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
fn t4_text_is_read_in_its_charset() {
    let text = "{\"é\":\"😀\",\"password\":\"canary\"}";
    let shown = "{\"é\":\"😀\",\"password\":\"[MASKED]\"}";
    let le: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<_> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for content_type in [JSON, None, Some("application/json; charset=utf-16")] {
        assert_eq!(whole(content_type, &le).text(), Some(shown));
        assert_eq!(whole(content_type, &be).text(), Some(shown));
        let marked = [&[0xff, 0xfe], &*le].concat();
        assert_eq!(whole(content_type, marked).text(), Some(shown));
    }
    let latin = whole(
        Some("application/json; charset=iso-8859-1"),
        b"{\"contrase\xf1a\":\"canary\",\"a\":\"\xe9\"}",
    );
    assert_eq!(
        latin.text(),
        Some("{\"contraseña\":\"[MASKED]\",\"a\":\"é\"}")
    );
    let plain = Rules::default().plain_text("text/plain");
    for swapped in [&be[..], &le[1..]] {
        let kept = Kept::All(swapped.to_vec());
        let record = record(&plain, Some("text/plain; charset=utf-16le"), None, kept);
        assert_eq!(withheld(&record), Some(WithheldReason::NotUtf8));
    }
}

#[test]
fn t10_form_without_a_type_is_masked_where_it_is_nothing_else() {
    for (body, shown) in [
        (
            "user=jane&password=canary&a=",
            "user=jane&password=%5BMASKED%5D&a=",
        ),
        (
            "a%5Bpin%5D=1&b=x%20y\r\n",
            "a%5Bpin%5D=%5BMASKED%5D&b=x%20y\r\n",
        ),
    ] {
        assert_eq!(whole(None, body).text(), Some(shown));
    }
}

#[test]
fn t10_forms_are_masked_however_they_are_written() {
    let m = "%5BMASKED%5D";
    for (body, shown) in [
        ("a=1;password=canary&b=2", format!("a=1;password={m}&b=2")),
        ("pass%77ord=can+ary", format!("pass%77ord={m}")),
        ("pass%u0077ord=canary", format!("pass%u0077ord={m}")),
        ("pass%2577ord=canary", format!("pass%2577ord={m}")),
        ("pass%25u0077ord=canary", format!("pass%25u0077ord={m}")),
        ("contrase%F1a=canary", format!("contrase%F1a={m}")),
        (
            "a[b][password][]=canary&a[0][pin]=1",
            format!("a[b][password][]={m}&a[0][pin]={m}"),
        ),
        ("=x&password=canary&=&&y", format!("=x&password={m}&=&&y")),
        (
            "a=%7B%22pin%22%3A%22canary%22%7D",
            "a=%7B%22pin%22%3A%22%5BMASKED%5D%22%7D".to_owned(),
        ),
        (
            "a=%257B%2522pin%2522%253A%2522canary%2522%257D",
            "a=%257B%2522pin%2522%253A%2522%255BMASKED%255D%2522%257D".to_owned(),
        ),
        (
            "a=password%u003dcanary",
            "a=password%3D%255BMASKED%255D".to_owned(),
        ),
    ] {
        let content_type = Some("application/x-www-form-urlencoded; charset=UTF-8");
        assert_eq!(whole(content_type, body).text(), Some(&*shown), "{body}");
    }
}

#[test]
fn lines_of_json_are_masked_one_by_one() {
    let lines = "{\"a\":1}\r\n\n{\"token\":\"canary\"}\r\n[{\"pin\":1}]";
    let shown = "{\"a\":1}\r\n\n{\"token\":\"[MASKED]\"}\r\n[{\"pin\":\"[MASKED]\"}]";
    let jsonl = Some("application/x-ndjson");
    assert_eq!(whole(jsonl, lines).text(), Some(shown));
    let cut_off = cut(jsonl, &lines[..lines.len() - 3]);
    assert_eq!(
        cut_off.text(),
        Some("{\"a\":1}\r\n\n{\"token\":\"[MASKED]\"}\r\n[{\"pin\":")
    );
}

#[test]
fn t4_broken_line_of_json_is_withheld_alone_where_the_next_is_not_its_rest() {
    let jsonl = Some("application/x-ndjson");
    for broken in [
        "{\"password\":\"canary",
        "{\"password\":\"canary\",}",
        "{password:'canary'}",
        "{\"password\":\"canary\"}{}",
    ] {
        let lines = format!("{{\"a\":1}}\r\n{broken}\r\n{{\"pin\":1}}\n");
        let shown = "{\"a\":1}\r\n\"[WITHHELD]\"\r\n{\"pin\":\"[MASKED]\"}\n";
        assert_eq!(whole(jsonl, &lines).text(), Some(shown), "{broken}");
    }
    let last = "{\"a\":1}\n{\"password\":\"canary\"";
    assert_eq!(whole(jsonl, last).text(), Some("{\"a\":1}\n\"[WITHHELD]\""));
    for body in [
        "canary",
        "{\"a\":1}\n{\"secret\":[\n{\"a\":\"canary\"}\n",
        "{\"a\":1}\n{\n\"tokens\":[\n\"canary\"\n]\n}",
        "{\"a\":1}\n{secret: [\n{\"a\":\"canary\"}\n",
        "{\"a\":1}\n\"tokens\":\n\"canary\"\n",
    ] {
        assert_eq!(
            withheld(&whole(jsonl, body)),
            Some(WithheldReason::Malformed),
            "{body}"
        );
    }
    let pretty = "{\n \"tokens\": [\n  \"canary\"\n ]\n}\n";
    assert_eq!(
        whole(jsonl, pretty).text(),
        Some("{\n \"tokens\": \"[MASKED]\"\n}\n")
    );
    assert_eq!(
        cut(jsonl, &pretty[..pretty.len() - 5]).text(),
        Some("{\n \"tokens\": \"[MASKED]\"")
    );
}

#[test]
fn t10_documents_of_a_json_text_sequence_are_masked_one_by_one() {
    let sequence = Some("application/json-seq");
    let body = "\u{1e}{\"a\":1,\n\"pin\":1}\n\u{1e}{\"password\":\"can\n\u{1e}\u{1e}[2]\n";
    assert_eq!(
        whole(sequence, body).text(),
        Some("\u{1e}{\"a\":1,\n\"pin\":\"[MASKED]\"}\n\u{1e}\"[WITHHELD]\"\n\u{1e}\u{1e}[2]\n")
    );
    for body in ["canary", "{}\u{1e}{}", "\u{1e}canary\n\u{1e}{"] {
        assert_eq!(
            withheld(&whole(sequence, body)),
            Some(WithheldReason::Malformed),
            "{body}"
        );
    }
}

#[test]
fn t6_graphql_is_masked_wherever_it_stands() {
    let query = "mutation { login(password: \"canary\", id: 1) { id } }";
    let shown = "mutation { login(password: \"[MASKED]\", id: 1) { id } }";
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let variables = "\"variables\":{\"input\":{\"pin\":1,\"a\":2}}";
    let masked = "\"variables\":{\"input\":{\"pin\":\"[MASKED]\",\"a\":2}}";
    let graphql = Some("application/graphql");
    assert_eq!(whole(graphql, query).text(), Some(shown));
    for content_type in [JSON, graphql, None] {
        let batch = |query: &str, variables: &str| {
            format!(
                "[{{\"query\":{},{variables}}},{{\"query\":\"{{a}}\"}}]",
                quoted(query)
            )
        };
        assert_eq!(
            whole(content_type, batch(query, variables)).text(),
            Some(&*batch(shown, masked))
        );
    }
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(
        whole(form, "query={user(password:%22canary%22){id}}&a=b").text(),
        Some("query=%7Buser%28password%3A%22%5BMASKED%5D%22%29%7Bid%7D%7D&a=b")
    );
    for wrong in [
        "canary",
        "{ a(b: 'canary') }",
        "type A { b: C }",
        "mutation { a(password: \"canary",
    ] {
        let record = whole(graphql, wrong);
        assert_eq!(
            withheld(&record),
            Some(WithheldReason::Malformed),
            "{wrong}"
        );
    }
}

#[test]
fn token_as_a_body_is_masked_as_a_whole() {
    for content_type in ["application/jwt", "application/jose", "application/at+jwt"] {
        let record = whole(Some(content_type), b"canary\xff");
        assert_eq!(record.text(), Some("[MASKED]"), "{content_type}");
    }
}

#[test]
fn t10_binary_frames_are_withheld_whatever_their_suffix_says() {
    let frame = b"\0\0\0\0\x15{\"password\":\"canary\"}";
    for content_type in [
        "application/grpc",
        "application/grpc+json",
        "application/grpc-web+json",
        "application/connect+json",
        "application/x-protobuf",
        "application/json",
        "application/octet-stream",
    ] {
        let record = whole(Some(content_type), frame);
        assert!(withheld(&record).is_some(), "{content_type}");
    }
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
fn plain_text_is_kept_only_where_the_rules_say_so_and_line_by_line() {
    let rules = Rules::default().plain_text("text/plain");
    let kept = |content_type, text: &str| {
        let kept = Kept::All(text.as_bytes().to_vec());
        record(&rules, Some(content_type), None, kept)
    };
    assert_eq!(kept("Text/Plain", "a,b\r\nc").text(), Some("a,b\r\nc"));
    assert_eq!(
        withheld(&kept("text/markdown", "a")),
        Some(WithheldReason::Unstructured)
    );
    for (text, shown) in [
        ("{\"password\":\"canary\"}", "{\"password\":\"[MASKED]\"}"),
        (
            "decoy\nthe password: canary1\n\rhttps://me:canary@x.test/ ok\n",
            "decoy\n[WITHHELD]\n\rhttps://****@x.test/ ok\n",
        ),
        (
            "decoy\nAuthorization: Bearer canary7f\n",
            "decoy\n[WITHHELD]\n",
        ),
        (
            "password:\n\n  canary\ndecoy",
            "password:\n\n[WITHHELD]\ndecoy",
        ),
        (
            "api_key: |\r\n  canary\r\ndecoy",
            "api_key: |\r\n[WITHHELD]\r\ndecoy",
        ),
        ("colours:\nred", "colours:\nred"),
    ] {
        assert_eq!(kept("text/plain", text).text(), Some(shown));
    }
}

#[test]
fn secret_of_several_lines_is_withheld_up_to_its_end() {
    let rules = Rules::default().plain_text("application/yaml");
    for (text, end) in [
        ("password: |\n  canary\n\n  canary\n", "decoy: 1"),
        ("password: !!binary |2-\n  canary\n canary\n", "decoy: 1"),
        ("password: # of the database\n  canary\n", "decoy: 1"),
        ("passwords:\n- canary\n- canary\n", "decoy: 1"),
        ("- passwords: &all\n  - canary\n  - canary\n", "- decoy: 1"),
        ("- secret:\n    a: canary\n    b: canary\n", "  decoy: 1"),
        ("secret:\n  a:\n    b: canary\n  c: canary\n", "decoy: 1"),
        ("password = \"\"\"\ncanary\ncanary\n\"\"\"\n", "decoy: 1"),
        ("password: '''canary\ncanary'''\n", "decoy: 1"),
        ("PASSWORD=a\\\ncanary\\\ncanary\n", "decoy: 1"),
        ("Authorization: Bearer\n canary\n", "decoy: 1"),
        (
            "Authorization: Digest a=\"b\",\n c=\"canary\"\n",
            "decoy: 1",
        ),
        ("- name: DB_PASSWORD\n  value: canary\n", "  decoy: 1"),
        (
            "- name: DB_PASSWORD\n  a: 1\n  value: |\n    canary\n",
            "- decoy: 1",
        ),
        (
            "<input\n name=\"csrf_token\"\n value=\"canary\">\n",
            "decoy: 1",
        ),
        ("<input value='canary' type='password'>\n", "decoy: 1"),
    ] {
        let kept = Kept::All(format!("{text}{end}\n").into_bytes());
        let record = record(&rules, Some("application/yaml"), None, kept);
        let shown = record.text().unwrap();
        assert!(!shown.contains("canary"), "{text}: {shown}");
        assert!(shown.ends_with(&format!("\n{end}\n")), "{text}: {shown}");
    }
    for text in [
        "at 10:20 login failed\n  at decoy\n  at decoy\n",
        "- name: COLOUR\n  value: decoy\n- name: decoy\n",
        "name: DB_PASSWORD\nother:\n  value: decoy\n",
        "colours:\n- red\n",
    ] {
        let kept = Kept::All(text.as_bytes().to_vec());
        let record = record(&rules, Some("application/yaml"), None, kept);
        assert_eq!(record.text(), Some(text));
    }
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
