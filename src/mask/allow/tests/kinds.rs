use super::body;
use crate::capture::{CapturedBody, Fields, Kept};
use crate::entry::{BodyRecord, CutReason, Place, WithheldReason};
use crate::mask::{Masker, Rules};

/// Masks a body, or its beginning, and returns it with the names of the rules of its spots.
fn masked(rules: &Rules, content_type: &str, body: &str, cut: bool) -> (BodyRecord, Vec<String>) {
    let mut fields = Fields::default();
    fields.push("content-type", content_type.as_bytes(), false);
    let bytes = body.as_bytes().to_vec();
    let body = CapturedBody {
        bytes_seen: bytes.len() as u64,
        kept: match cut {
            true => Kept::Prefix(bytes, CutReason::Limit),
            false => Kept::All(bytes),
        },
    };
    let mut compiled = rules.compile().unwrap();
    let (mut pass, bodies) = compiled.pass("");
    pass.enter(Place::RequestBody);
    let record = bodies.mask(body, &fields, &mut pass);
    let spots = pass.finish().0.into_iter().map(|it| it.rule);
    (record, spots.collect())
}

/// Cuts a body everywhere and tells whether a canary shows of any of its beginnings.
fn no_beginning_shows_a_canary(rules: &Rules, content_type: &str, body: &str) {
    for end in (0..body.len()).filter(|&end| body.is_char_boundary(end)) {
        let (record, _) = masked(rules, content_type, &body[..end], true);
        let shown = record.text().unwrap_or_default();
        assert!(!shown.contains("canar"), "{end}: {shown}");
    }
}

#[cfg(feature = "xml")]
#[test]
fn only_listed_elements_and_attributes_of_xml_show_and_all_below_them() {
    let rules = || Rules::default().only_fields(["id", "user_name", "errors"]);
    for (text, shown) in [
        (
            "<a><id>7</id><b>canary</b></a>",
            "<a><id>7</id><b>[MASKED]</b></a>",
        ),
        ("<a id=\"7\" b='canary'/>", "<a id=\"7\" b='[MASKED]'/>"),
        (
            "<x:a xmlns:x=\"urn:a\"><x:ID b=\"1\">7</x:ID><e b=\"\"></e></x:a>",
            "<x:a xmlns:x=\"urn:a\"><x:ID b=\"1\">7</x:ID><e b=\"\"></e></x:a>",
        ),
        (
            "<errors a='1'><e>b<f c='2'>3</f></e></errors>",
            "<errors a='1'><e>b<f c='2'>3</f></e></errors>",
        ),
        (
            "<a>canary<id>7</id>can<!-- x -->ary<userName>8</userName>\n <b><![CDATA[canary]]></b></a>",
            "<a>[MASKED]<id>7</id>[MASKED]<userName>8</userName>\n <b>[MASKED]</b></a>",
        ),
        (
            "<a><i>id</i><key>id</key><value>canary</value><p name='id'>canary</p></a>",
            "<a><i>[MASKED]</i><key>[MASKED]</key><value>[MASKED]</value><p name='[MASKED]'>[MASKED]</p></a>",
        ),
        (
            "<a><id><password>canary</password><n>1</n></id></a>",
            "<a><id><password>[MASKED]</password><n>1</n></id></a>",
        ),
        (
            "<a><id/><b>canary</b><id>1</id></a>",
            "<a><id/><b>[MASKED]</b><id>1</id></a>",
        ),
        (
            "<!DOCTYPE a SYSTEM \"canary\"><a><b>{\"id\":\"canary\"}</b><id>{\"a\":1}</id></a>",
            "<!DOCTYPE a><a><b>[MASKED]</b><id>{\"a\":1}</id></a>",
        ),
        (
            "<a>password: <id>canary</id></a>",
            "<a>[MASKED]<id>[WITHHELD]</id></a>",
        ),
    ] {
        assert_eq!(body(rules(), "application/xml", text), shown, "{text}");
        if text.contains("canary") {
            no_beginning_shows_a_canary(&rules(), "application/xml", text);
        }
    }
    let none = Rules::default().only_fields([""; 0]);
    assert_eq!(
        body(none, "text/xml", "<id a='1'>7</id>"),
        "<id a='[MASKED]'>[MASKED]</id>"
    );
    let (_, spots) = masked(
        &rules(),
        "text/xml",
        "<a b='1'>2<value>3</value></a>",
        false,
    );
    assert_eq!(spots, ["not listed"; 3]);
    let unnamed = "<?xml version=\"1.0\"?><a><id>7</id><b>canary</b></a>";
    let shown = Masker::new(&rules())
        .unwrap()
        .body(None, unnamed.as_bytes());
    assert_eq!(
        shown.text(),
        Some("<?xml version=\"1.0\"?><a><id>7</id><b>[MASKED]</b></a>")
    );
}

#[cfg(feature = "xml")]
#[test]
fn xml_within_a_listed_text_shows_as_the_text_does() {
    let rules = Rules::default().only_fields(["id"]);
    let text = r#"{"id":"<a><b>1</b><pin>canary</pin></a>","a":"<id>canary</id>"}"#;
    let shown = r#"{"id":"<a><b>1</b><pin>[MASKED]</pin></a>","a":"[MASKED]"}"#;
    assert_eq!(body(rules, "application/json", text), shown);
}

#[test]
fn only_listed_columns_show() {
    let rules = || Rules::default().only_fields(["id", "created_at"]);
    for (text, shown) in [
        (
            "id,name,Created At\r\n1,canary,\"2\"\r\n3,,\r\n",
            "id,name,Created At\r\n1,[MASKED],\"2\"\r\n3,,\r\n",
        ),
        (
            "name;id\n\"can;ary\";1\ncanary;\"{\"\"a\"\":1}\"\n",
            "name;id\n\"[MASKED]\";1\n[MASKED];\"{\"\"a\"\":1}\"\n",
        ),
        ("key,value\nid,canary\n", "key,value\n[MASKED],[MASKED]\n"),
        (
            "id,password\npassword=canary,canary\n",
            "id,password\npassword=%5BMASKED%5D,[MASKED]\n",
        ),
    ] {
        let header = "text/csv; header=present";
        assert_eq!(body(rules(), header, text), shown, "{text}");
        no_beginning_shows_a_canary(&rules(), header, text);
    }
    let (_, spots) = masked(&rules(), "text/csv", "id,name\n1,a\n2,b\n", false);
    assert_eq!(spots, ["not listed"; 2]);
}

const DOCUMENT: &str = r#"query Find($id: Int = 5 @a(b: "canary"), $c: In = {d: "canary", id: {e: [1]}}) @live(rate: 7) {
  a: find(id: "x", first: 10, all: true, kind: CANARY, none: null, by: $id) @include(if: $c) { name }
  b: set(input: {id: [1, {a: "decoy"}], f: ["canary", {id: 2, g: 3}], h: """canary"""}, id: {pin: 1}) { token }
  c: put(key: "id", value: "canary") put(name: "colour", value: {g: "canary"})
}"#;

const SHOWN: &str = r#"query Find($id: Int = 5 @a(b: "[MASKED]"), $c: In = {d: "[MASKED]", id: {e: [1]}}) @live(rate: "[MASKED]") {
  a: find(id: "x", first: "[MASKED]", all: "[MASKED]", kind: "[MASKED]", none: "[MASKED]", by: $id) @include(if: $c) { name }
  b: set(input: {id: [1, {a: "decoy"}], f: ["[MASKED]", {id: 2, g: "[MASKED]"}], h: "[MASKED]"}, id: {pin: "[MASKED]"}) { token }
  c: put(key: "[MASKED]", value: "[MASKED]") put(name: "[MASKED]", value: {g: "[MASKED]"})
}"#;

#[test]
fn only_listed_arguments_of_graphql_show_and_all_below_them() {
    let rules = || Rules::default().only_fields(["id"]);
    let graphql = "application/graphql";
    assert_eq!(body(rules(), graphql, DOCUMENT), SHOWN);
    no_beginning_shows_a_canary(&rules(), graphql, DOCUMENT);
    let bare = "query($id: Int @a(b: 1)) { c(d: \"canary\") }";
    let (record, spots) = masked(&rules(), graphql, bare, false);
    let shown = "query($id: Int @a(b: \"[MASKED]\")) { c(d: \"[MASKED]\") }";
    assert_eq!(record.text(), Some(shown));
    assert_eq!(spots, ["not listed"; 2]);
    let text = r#"{"id":"{ a(b: 1, pin: 2) }","query":"{ a(id: 1) }"}"#;
    let shown = r#"{"id":"{ a(b: 1, pin: \"[MASKED]\") }","query":"[MASKED]"}"#;
    assert_eq!(body(rules(), "application/json", text), shown);
}

#[test]
fn only_listed_fields_of_events_show_and_what_is_no_json_is_withheld() {
    let events = "text/event-stream";
    let rules = || Rules::default().only_fields(["id"]).plain_text(events);
    for (text, shown) in [
        (
            "event: login\ndata: {\"id\":1,\"a\":\"canary\"}\nid: 7\nretry: 10\n: canary\n\n",
            "event: login\ndata: {\"id\":1,\"a\":\"[MASKED]\"}\nid: 7\nretry: [WITHHELD]\n: [WITHHELD]\n\n",
        ),
        (
            "data: canary\n\ndata: the canary\n\ndata: 5\n\ndata: [DONE]\n\ndata\n\n:\n",
            "data: [WITHHELD]\n\ndata: [WITHHELD]\n\ndata: \"[MASKED]\"\n\ndata: [DONE]\n\ndata\n\n:\n",
        ),
    ] {
        assert_eq!(body(rules(), events, text), shown, "{text}");
        no_beginning_shows_a_canary(&rules(), events, text);
    }
    let (_, spots) = masked(&rules(), events, "data: x y\n: ping\nretry: 1\n\n", false);
    assert_eq!(spots, ["not listed"; 3]);
    let other = Rules::default().only_fields(["a"]);
    let empty = "id\nid:\nretry\n:\nevent: x\n\n";
    assert_eq!(body(other.clone(), events, empty), empty);
    assert_eq!(body(other, events, "id: canary\n\n"), "id: [WITHHELD]\n\n");
}

#[test]
fn text_without_fields_is_withheld_where_there_is_a_list() {
    for kind in ["text/plain", "text/html", "text/csv"] {
        let rules = Rules::default().plain_text(kind);
        assert_eq!(
            body(rules.clone(), kind, "a decoy\n"),
            "a decoy\n",
            "{kind}"
        );
        for cut in [false, true] {
            let rules = rules.clone().only_fields(["id"]);
            let (record, spots) = masked(&rules, kind, "id: canary\n", cut);
            let reason = WithheldReason::Unstructured;
            assert!(matches!(record, BodyRecord::Withheld { reason: it, .. } if it == reason));
            assert!(spots.is_empty());
        }
    }
    let rules = Rules::default()
        .plain_text("text/plain")
        .only_fields(["id"]);
    let text = r#"{"id":1,"a":2}"#;
    assert_eq!(
        body(rules, "text/plain", text),
        r#"{"id":1,"a":"[MASKED]"}"#
    );
}

#[test]
fn listed_part_shows_whatever_its_kind() {
    let part = |name: &str, kind: &str, content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n"
        )
    };
    let whole = [
        part("id", "text/csv;header=present", "a,pin\n1,canary\n"),
        part("id", "text/plain", "decoy"),
        part("a", "text/csv;header=present", "id\ncanary\n"),
        part("a", "text/plain", "canary"),
    ];
    let whole = whole.concat() + "--b--\r\n";
    let rules = Rules::default()
        .only_fields(["id"])
        .plain_text("text/plain");
    let shown = body(rules, "multipart/form-data; boundary=b", &whole);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        shown.contains("1,[MASKED]") && shown.contains("decoy"),
        "{shown}"
    );
}
