//! What detectors know is hidden in every part of an exchange and in every kind of body.

use super::*;
use crate::entry::CutReason;

const CARD: &str = "4111111111111111";
const FORM: &str = "multipart/form-data; boundary=b";

/// What shows of a body, or that it was withheld.
fn shown(content_type: &str, body: &str) -> String {
    let rules = Rules::default().hash_key([7; 32]);
    let mut masker = Masker::new(&rules).unwrap();
    let record = masker.body(Some(content_type), body.as_bytes());
    record.text().unwrap_or("withheld").to_owned()
}

fn part(head: &str, content: &str) -> String {
    format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--\r\n")
}

fn field(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

#[test]
fn find_in_a_value_is_replaced_in_every_kind_of_body() {
    let mark = |text: &str| text.replace('4', MASKED);
    let json = "{\"a\":\"x 4 y\",\"b\":[\"4\"]}";
    let lines = "{\"a\":1}\n{\"a\":\"4\"}\n";
    let csv = "a,b\n4,\"x 4\"\n";
    let events = "data: {\"a\":\"4\"}\n\n";
    let form = part(&field("a"), "4");
    for (content_type, body, expected) in [
        ("application/json", json, mark(json)),
        ("application/x-ndjson", lines, mark(lines)),
        (
            "application/x-www-form-urlencoded",
            "a=4&b=1",
            "a=%5BMASKED%5D&b=1".to_owned(),
        ),
        ("text/csv; header=present", csv, mark(csv)),
        (
            "application/xml",
            "<a b='4'>x 4 y<c><![CDATA[4]]></c></a>",
            mark("<a b='4'>x 4 y<c>4</c></a>"),
        ),
        (
            "application/graphql",
            "{ a(n: 4, s: \"4\", t: \"\"\"x 4\"\"\") { b } }",
            mark("{ a(n: \"4\", s: \"4\", t: \"x 4\") { b } }"),
        ),
        ("text/event-stream", events, mark(events)),
        (FORM, &form, mark(&form)),
    ] {
        let text = shown(content_type, &body.replace('4', CARD));
        assert_eq!(text, expected, "{content_type}");
    }
}

#[test]
fn find_in_a_name_is_replaced_or_withholds_what_cannot_go_without() {
    let csv = "text/csv; header=present";
    let boundary = "multipart/form-data; boundary=\"token=canary\"";
    let withheld = || "withheld".to_owned();
    let typed = |media_type: &str| format!("{}\r\nContent-Type: {media_type}", field("a"));
    for (content_type, body, expected) in [
        (
            csv,
            "4111111111111111,b\n1,2\n".to_owned(),
            "[MASKED],b\n1,2\n".to_owned(),
        ),
        (FORM, part(&field(CARD), "x"), part(&field(MASKED), "x")),
        (
            FORM,
            part(&field("my password: canary7"), "x"),
            part(&field("[WITHHELD]"), MASKED),
        ),
        (
            FORM,
            part(&typed("text/4111111111111111"), "{}"),
            part(&typed("text/[MASKED]"), "{}"),
        ),
        (
            boundary,
            part(&field("a"), "x").replace("--b", "--token=canary"),
            part(&field("a"), "x").replace("--b", "--[MASKED]"),
        ),
        (
            "text/event-stream",
            "retry: 4111111111111111\ndata: {}\n\n".to_owned(),
            "retry: [WITHHELD]\ndata: {}\n\n".to_owned(),
        ),
        (
            "application/xml",
            "<!DOCTYPE a '4111111111111111'><a/>".to_owned(),
            "<!DOCTYPE a><a/>".to_owned(),
        ),
    ] {
        assert_eq!(shown(content_type, &body), expected, "{body}");
    }
    for (content_type, body) in [
        ("application/xml", "<a-4111111111111111/>"),
        ("application/xml", "<a b-4111111111111111='x'/>"),
        ("application/xml", "<?a-4111111111111111 b?><a/>"),
        ("application/xml", "<?xml version='canary7'?><a/>"),
        ("application/graphql", "{ a_4111111111111111 { b } }"),
        ("application/graphql", "{ a(b: c_4111111111111111) { b } }"),
    ] {
        assert_eq!(shown(content_type, body), withheld(), "{body}");
    }
}

#[test]
fn find_in_any_part_of_a_head_is_replaced() {
    let mut sample = Sample::new();
    sample.request[0].1 = format!("{CARD}.x.test");
    sample.request.push((":scheme", format!("x-{CARD}")));
    for (name, value) in [
        ("x-forwarded-host", CARD.to_owned()),
        ("cookie", format!("{CARD}=1")),
        ("set-cookie", format!("a=1; Path=/{CARD}")),
        ("access-control-request-headers", CARD.to_owned()),
        ("x-4111111111111111", "decoy".to_owned()),
        ("x-any", format!("a {CARD}")),
    ] {
        header(name, value, &mut sample);
    }
    let mut captured = sample.captured();
    captured.method = http::Method::from_bytes(CARD.as_bytes()).unwrap();
    let rules = Rules::default().hash_key([7; 32]);
    let entry = Masker::new(&rules).unwrap().exchange(captured).entry;
    let text = serde_json::to_string(&entry).unwrap();
    assert!(!text.contains("411111"), "{text}");
    let exchange = entry.exchange().unwrap();
    assert_eq!(exchange.request.headers.get("x-[MASKED]"), Some("decoy"));
    assert_eq!(exchange.request.method, MASKED);
}

#[test]
fn t9_query_that_is_json_with_a_sign_in_it_shows_no_secret() {
    for query in [
        r#"{"password":"canary7="}"#,
        "%7B%22password%22:%22canary7=%22%7D",
        "a=1&%7B%22a%22:%22b=c%22,%22password%22:%22canary7=%22%7D",
    ] {
        let mut sample = Sample::new();
        sample.request[1].1 = format!("/a?{query}");
        let text = serde_json::to_string(&sample.entry()).unwrap();
        assert!(!text.contains("cana"), "{text}");
    }
}

#[test]
fn t7_pair_that_is_encoded_however_often_is_hidden() {
    for times in 1..14 {
        let equals = format!("%{}3D", "25".repeat(times));
        for value in [
            format!("token{equals}canary7"),
            format!("a%3Dtoken{equals}canary7"),
        ] {
            let masked = pass(|pass| pairs::mask(&format!("next={value}"), false, 0, pass));
            assert!(masked.is_some_and(|it| !it.contains("cana")), "{value}");
        }
    }
}

#[test]
fn t10_folded_line_of_a_part_withholds_the_form() {
    let head = format!("{}\r\n ; name=\"password\"; x=\":\"", field("a"));
    assert_eq!(shown(FORM, &part(&head, "canary7")), "withheld");
}

#[test]
fn t3_find_that_is_cut_anywhere_in_a_body_of_any_kind_shows_nothing() {
    let form = part(&field("a 4"), "x 4 y");
    let rules = Rules::default().plain_text("text/plain");
    let mut masker = Masker::new(&rules).unwrap();
    for (content_type, body) in [
        ("application/json", "{\"x 4 y\":\"x 4 y\",\"b\":4}"),
        ("application/x-ndjson", "{\"a\":4}\n{\"a\":\"4\"}\n"),
        ("application/x-www-form-urlencoded", "4=4&b=1+4&4"),
        ("text/csv; header=present", "a 4,b\n4,\"x 4\"\n4,1\n"),
        (
            "application/xml",
            "<a b='4'>x 4 y<c><![CDATA[4]]></c>4<!--4--></a>",
        ),
        (
            "application/graphql",
            "{ a(n: 4, s: \"4\", t: \"\"\"x 4\"\"\") { b } }",
        ),
        (
            "text/event-stream",
            "id: 4\nretry: 4\nevent: 4\n: 4\ndata: {\"a\":\"4\",\ndata:\"b\":4}\n\n",
        ),
        (FORM, &form),
        ("text/plain", "x 4 y\n4\n"),
    ] {
        let body = body.replace('4', CARD);
        for end in 0..body.len() {
            let kept = Kept::Prefix(body.as_bytes()[..end].to_vec(), CutReason::Limit);
            let record = cut::shown(&mut masker, content_type, kept);
            let text = record.text().unwrap_or_default();
            assert!(!text.contains("4111"), "{content_type} {end}: {text}");
        }
    }
}

#[test]
fn card_that_is_written_as_a_fraction_is_replaced() {
    let json = "{\"a\":4111111111111111.0,\"b\":4111111111111111.5,\"c\":1.0,\"d\":[4.111111111111111e15,4.111111111111111E+15,\
                41111111111111110e-1,4.111111111111111e14,4.111111111111111e99,4111111111111111e0,3.141592653589793]}";
    let expected = "{\"a\":\"[MASKED]\",\"b\":4111111111111111.5,\"c\":1.0,\"d\":[\"[MASKED]\",\"[MASKED]\",\
                    \"[MASKED]\",4.111111111111111e14,4.111111111111111e99,\"[MASKED]\",3.141592653589793]}";
    assert_eq!(shown("application/json", json), expected);
}

#[test]
fn t3_pointer_that_was_cut_within_a_find_shows_no_beginning_of_it() {
    for length in 225..260 {
        let name = format!("{} {CARD} pin", "x".repeat(length));
        let mut sample = Sample::new();
        header("content-type", FORM.to_owned(), &mut sample);
        sample.request_body = part(&field(&name), "1");
        let entry = sample.entry();
        let spots = &entry.exchange().unwrap().masked;
        assert!(spots.iter().any(|it| it.pointer.starts_with("xx")));
        let text = serde_json::to_string(spots).unwrap();
        assert!(!text.contains("4111"), "{length} {text}");
    }
}

#[test]
fn rule_of_a_single_letter_holds_in_prose() {
    let rules = Rules::default().field("k").plain_text("text/plain");
    let mut masker = Masker::new(&rules).unwrap();
    for text in [
        "see k=hunter22 there",
        "see k:hunter22 there",
        "k=hunter22;a=1",
    ] {
        let body = masker.body(Some("text/plain"), text.as_bytes());
        assert!(
            !body.text().unwrap_or_default().contains("hunter22"),
            "{text}"
        );
        let json = serde_json::json!({ "note": text }).to_string();
        let body = masker.body(Some("application/json"), json.as_bytes());
        assert!(
            !body.text().unwrap_or_default().contains("hunter22"),
            "{text}"
        );
    }
}

#[test]
fn value_is_hidden_whose_sibling_names_it_and_is_hidden_itself() {
    let rules = Rules::default().field("name");
    let mut masker = Masker::new(&rules).unwrap();
    let mut shown = |content_type: &str, body: &str| {
        let record = masker.body(Some(content_type), body.as_bytes());
        record.text().unwrap_or("withheld").to_owned()
    };
    for body in [
        r#"{"name":"DB_PASSWORD","value":"canary"}"#,
        r#"{"value":"canary","name":"DB_PASSWORD"}"#,
        r#"{"name":"DB_\u0050ASSWORD","value":"canary"}"#,
        r#"{"a":[{"name":"pin","value":4711}]}"#,
    ] {
        let shown = shown("application/json", body);
        assert!(
            !shown.contains("canary") && !shown.contains("4711"),
            "{shown}"
        );
    }
    assert_eq!(
        shown("application/json", r#"{"name":"decoy","value":"stays"}"#),
        r#"{"name":"[MASKED]","value":"stays"}"#
    );
    if cfg!(feature = "xml") {
        for body in [
            "<e><name>DB_PASSWORD</name><value>canary</value></e>",
            "<e><value>canary</value><name>DB_PASSWORD</name></e>",
        ] {
            let shown = shown("application/xml", body);
            assert!(!shown.contains("canary"), "{shown}");
        }
        assert_eq!(
            shown(
                "application/xml",
                "<e><name>decoy</name><value>stays</value></e>"
            ),
            "<e><name>[MASKED]</name><value>stays</value></e>"
        );
    }
}

#[test]
fn name_that_ends_in_a_token_is_decided_as_what_shows_of_it() {
    let json = "application/json";
    // The last word of the token is `in`, as in `expires_in`.
    let token = "eyJhbGciOiJub25lIn0.111111b25lIn0.11111";
    for (content_type, body, expected) in [
        (
            json,
            format!(r#"{{"api_key {token}":1,"b":"{token}"}}"#),
            r#"{"api_key [MASKED]":"[MASKED]","b":"[MASKED]"}"#,
        ),
        (
            json,
            format!(r#"{{"name":"api_key {token}","value":1}}"#),
            r#"{"name":"api_key [MASKED]","value":"[MASKED]"}"#,
        ),
        (
            json,
            format!(r#"{{"value":1,"name":"api_key {token}"}}"#),
            r#"{"value":"[MASKED]","name":"api_key [MASKED]"}"#,
        ),
        (
            "application/x-www-form-urlencoded",
            format!("api_key/{token}=1&a=b"),
            "api_key%2F%5BMASKED%5D=%5BMASKED%5D&a=b",
        ),
        (
            "application/x-www-form-urlencoded",
            format!("key=api_key/{token}&value=1"),
            "key=%5BMASKED%5D&value=%5BMASKED%5D",
        ),
        (
            "text/csv; header=present",
            format!("api_key {token},b\n1,2\n"),
            "api_key [MASKED],b\n[MASKED],2\n",
        ),
        (
            "text/csv; header=present",
            format!("name,value\napi_key {token},1\nexpires_in,2\n"),
            "name,value\napi_key [MASKED],[MASKED]\nexpires_in,2\n",
        ),
        (
            "application/graphql",
            format!(r#"mutation {{ a(in: {{name: "api_key {token}", value: 1}}) }}"#),
            r#"mutation { a(in: {name: "api_key [MASKED]", value: "[MASKED]"}) }"#,
        ),
        (
            json,
            r#"{"api_key_expires_in":1,"name":"api_key_expires_in","value":2}"#.to_owned(),
            r#"{"api_key_expires_in":1,"name":"api_key_expires_in","value":2}"#,
        ),
    ] {
        assert_eq!(shown(content_type, &body), expected, "{body}");
        assert_eq!(shown(content_type, expected), expected, "masked twice");
    }
}

#[test]
fn text_that_is_a_name_once_its_find_is_replaced_names_its_sibling() {
    let signs = "=".repeat(45);
    let name = |token: &str| format!("GGGG+GGGGGGGGGG{signs}api_key{signs}Bearer {token}");
    let long = "G".repeat(28) + "heldGGGGGGGGGGGGGIGGAuthorization";
    let body = |name: String, value: &str| format!(r#"[["{name}","{value}"]]"#);
    assert!(name(&long).len() > 128 && name(MASKED).len() < 128);
    let once = shown("application/json", &body(name(&long), "x"));
    assert_eq!(once, body(name(MASKED), MASKED));
    assert_eq!(shown("application/json", &once), once, "masked twice");
}

#[test]
fn first_line_with_a_find_in_it_is_no_header() {
    let csv = "text/csv";
    assert_eq!(shown(csv, "spasswordrrrr1/4111111111111111"), "withheld");
    assert_eq!(shown(csv, "password,4111111111111111\nx,y\n"), "withheld");
    assert_eq!(
        shown(csv, "password,city\nx,y\n"),
        "password,city\n[MASKED],y\n"
    );
}

#[test]
fn text_that_a_find_begins_is_withheld_where_json_that_is_broken_would_be() {
    let json = |text: &str| format!(r#"{{"a":"{text}"}}"#);
    for (text, expected) in [
        ("4111111111111111{api_key:1}", "[WITHHELD]"),
        ("4111111111111111: password=x", "[WITHHELD]"),
        (" 4111111111111111{api_key:x}", "[WITHHELD]"),
        ("4111111111111111{id:1}", "[MASKED]{id:1}"),
        ("4111111111111111 paid at 10:20", "[MASKED] paid at 10:20"),
        ("4111111111111111", "[MASKED]"),
    ] {
        let masked = shown("application/json", &json(text));
        assert_eq!(masked, json(expected), "{text}");
        assert_eq!(shown("application/json", &masked), masked, "masked twice");
    }
}
