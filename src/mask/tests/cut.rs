use super::*;
use crate::entry::CutReason;

/// A body of every kind: its type, and its text. What begins with `cana` is secret, `canà` is beside it a decoy.
const BODIES: &[(&str, &str)] = &[
    (
        "application/json",
        r#"{"decoy":"canà","password":"canary7f","list":[{"value":"canary7f","name":"pin"}],"q":"mutation { a(pin: \"canary7f\") }","u":"https://me:canary7f@x.test/?token=canary7f","x":"<a><pin>canary7f</pin></a>","s":"{\"pin\":\"canary7f\"}"}"#,
    ),
    (
        "application/x-ndjson",
        "{\"a\":\"canà\"}\r\n{\"token\":\"canary7f\"}\r\n{\"token\":\"canary7f\r\n{\"a\":{\"value\":\"canary7f\",\"name\":\"pin\"}}\r\n",
    ),
    (
        "application/json-seq",
        "\u{1e}{\"a\":\"canà\",\n\"pin\":\"canary7f\"}\n\u{1e}{\"pin\":\"canary7f\n\u{1e}{\"value\":\"canary7f\",\"name\":\"pin\"}\n",
    ),
    (
        "application/x-www-form-urlencoded",
        "a=can%C3%A0&pass%77ord=canary7f&next=https%3A%2F%2Fme%3Acanary7f%40x%2F%3Ftoken%3Dcanary7f&query={a(pin:%22canary7f%22){b}}&p=%7B%22pin%22%3A%22canary7f%22%7D;pin=canary7f&value=canary7f&name=pin",
    ),
    (
        "",
        "a=can%C3%A0&password=canary7f&next=https%3A%2F%2Fme%3Acanary7f%40x%2F%3Ftoken%3Dcanary7f&value=canary7f&name=pin",
    ),
    ("", "{\"a\":\"canà\",\"b\":{\"pin\":\"canary7f\"}}"),
    ("", "<?xml version='1.0'?><a>canà<pin>canary7f</pin></a>"),
    (
        "application/soap+xml; charset=utf-8",
        "<s:E a='b'><x>canà </x><!-- canary7f --><wsse:Password Type='x'>canary7f</wsse:Password><e><value>canary7f</value><key>pin</key></e><a token='canary7f'><b><![CDATA[{\"pin\":\"canary7f\"}]]></b><c>&lt;pin&gt;canary7f&lt;/pin&gt;</c><d>https://me:canary7f@x.test/</d></a></s:E>",
    ),
    (
        "text/event-stream",
        "event: a\r\ndata: {\"decoy\":\"canà\",\"pin\":\"canary7f\"}\r\nid: 7\r\n\r\ndata: {\"value\":\"canary7f\",\r\ndata: \"name\":\"pin\"}\r\n\r\n: canary7f is\r\ndata: canary7f it is\r\n\r\n",
    ),
    (
        "application/graphql",
        "query A($token: String = \"canary7f\") { a(b: \"canà\", pin: \"\"\"canary7f\"\"\", in: {value: \"canary7f\", name: \"pin\"}, u: \"https://me:canary7f@x.test/\") # canary7f\n{ c } }",
    ),
    (
        "text/csv; header=present",
        "id,note,password,value,key\r\n1,canà,canary7f,canary7f,API_KEY\r\n2,\"a\"\"b\r\n\",\"canary7f\",\"canary7f\",\"PIN\"\r\n",
    ),
    (
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncanà\r\n--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\ncanary7f\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\ncanary7f\r\n--b\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Type: application/xml\r\n\r\n<a><pin>canary7f</pin></a>\r\n--b\r\nContent-Disposition: form-data; name=\"j\"\r\n\r\n{\"value\":\"canary7f\",\"name\":\"pin\"}\r\n--b--\r\n",
    ),
    (
        "multipart/mixed; boundary=b",
        "--b\r\nContent-Type: application/json\r\n\r\n{\"a\":\"canà\",\"pin\":\"canary7f\"}\r\n--b\r\n\r\nthe password: canary7f\r\n--b\r\nContent-Type: text/xml\r\n\r\n<pin>canary7f</pin>\r\n--b--\r\n",
    ),
    (
        "text/plain",
        "canà\r\nthe password: canary7f\r\nhttps://me:canary7f@x.test/?token=canary7f\r\npin:\r\n canary7f\r\n{\"pin\":\"canary7f\"}\r\n",
    ),
    ("application/jwt", "canary7f"),
    ("text/html", "<p>canary7f</p>"),
    ("application/yaml", "pin: canary7f"),
];

/// Whether a type of [`BODIES`] is one that the rules let stay.
fn rules() -> Rules {
    Rules::default().plain_text("text/plain")
}

pub(super) fn shown(masker: &mut Masker, content_type: &str, kept: Kept) -> BodyRecord {
    let mut fields = Fields::default();
    if !content_type.is_empty() {
        fields.push("content-type", content_type.as_bytes(), false);
    }
    let (mut pass, bodies) = masker.rules.pass("");
    let body = CapturedBody {
        bytes_seen: 1,
        kept,
    };
    bodies.mask(body, &fields, &mut pass)
}

/// In UTF-8, UTF-16 in both orders, and as Windows-1252.
fn encodings(content_type: &str, text: &str) -> Vec<(String, Vec<u8>)> {
    let typed = |charset: &str| match content_type {
        "" => String::new(),
        _ if content_type.contains("charset") => content_type.to_owned(),
        _ => format!("{content_type}; charset={charset}"),
    };
    let mut all = vec![(content_type.to_owned(), text.as_bytes().to_vec())];
    if !content_type.starts_with("multipart") && !content_type.contains("charset") {
        let units = || text.encode_utf16();
        all.push((
            typed("utf-16le"),
            units().flat_map(u16::to_le_bytes).collect(),
        ));
        all.push((
            typed("utf-16be"),
            units().flat_map(u16::to_be_bytes).collect(),
        ));
        if !content_type.is_empty() {
            let byte = |it: char| u8::try_from(u32::from(it)).unwrap();
            all.push((typed("windows-1252"), text.chars().map(byte).collect()));
        }
    }
    all
}

#[test]
fn t3_t28_body_of_every_kind_that_was_cut_at_any_byte_shows_nothing_that_the_whole_hides() {
    let mut masker = Masker::new(&rules()).unwrap();
    for (content_type, text) in BODIES {
        for (content_type, bytes) in encodings(content_type, text) {
            let whole = shown(&mut masker, &content_type, Kept::All(bytes.clone()));
            let whole = whole.text().unwrap_or_default();
            assert!(!whole.contains("cana"), "{content_type}: {whole}");
            let has_decoy = whole.contains("canà") || whole.contains("can%C3%A0");
            assert!(
                has_decoy || !text.contains('à') && !text.contains("%C3"),
                "{content_type}: {whole}"
            );
            for end in 0..=bytes.len() {
                let kept = Kept::Prefix(bytes[..end].to_vec(), CutReason::Limit);
                let record = shown(&mut masker, &content_type, kept);
                let shown = record.text().unwrap_or_default();
                for piece in ["cana", "anar", "nary", "ry7f"] {
                    assert!(!shown.contains(piece), "{content_type} {end}: {shown}");
                }
            }
        }
    }
}

#[test]
fn t3_body_that_was_cut_is_shown_as_far_as_it_goes() {
    let mut masker = Masker::new(&rules()).unwrap();
    for (content_type, text) in BODIES {
        let end = text
            .find('à')
            .map_or(text.len(), |at| at + 'à'.len_utf8() + 1);
        let kept = Kept::Prefix(text.as_bytes()[..end].to_vec(), CutReason::Limit);
        let record = shown(&mut masker, content_type, kept);
        let is_row = content_type.starts_with("text/csv");
        let has_decoy = record.text().is_some_and(|it| it.contains("canà"));
        assert!(
            has_decoy || is_row || !text.contains('à'),
            "{content_type}: {:?}",
            record.text()
        );
    }
}

#[test]
fn t26_no_body_of_any_kind_takes_more_than_linear_time() {
    let mut masker = Masker::new(&rules()).unwrap();
    for unit in [
        "<a>",
        "<a b='",
        "</a>",
        "&amp;",
        "<!--",
        "<![CDATA[",
        "<value>1</value>",
        "data: {\n",
        "data:\r",
        "\r",
        "\n",
        "a,b\n",
        "\"",
        "\"\"",
        ",",
        "\u{1e}",
        "{\"a\":1}\n",
        "{\n",
        "--b\r\n",
        "\r\n--b\r\n\r\n",
        "a=b&",
        "%u0041",
        "password:\n",
        "query{a(b:\"",
        "# x\n",
        "a(pin:1)",
        "é",
        "\0",
        "[[",
        "<key>pin</key>",
    ] {
        let text = unit.repeat(20_000 / unit.len());
        for (content_type, _) in BODIES {
            for lead in ["", "<a>", "id,pin\n", "query { a", "--b\r\n\r\n"] {
                let body = format!("{lead}{text}").into_bytes();
                let _ = shown(&mut masker, content_type, Kept::All(body.clone()));
                let _ = shown(
                    &mut masker,
                    content_type,
                    Kept::Prefix(body, CutReason::Limit),
                );
            }
        }
    }
}

#[test]
fn t3_masking_again_leaves_what_masking_made_of_a_body_that_was_cut_at_any_byte() {
    const MORE: &[(&str, &str)] = &[
        (
            "application/json",
            r#""{\"\\u0061\\u0073\\u0073\\u0065\\u0072\\u0074\\u0069\\u006f\\u006e\":\"canary7f\",\"a\":\"x\\u00e9Ab12cD34\\nAb12cD34\"}""#,
        ),
        (
            "application/json",
            r#"{"a":"\u0061b8Q\u00e9Ab12cD34","b":"\/Ab12cD34","c":"{\"d\":\"{\\\"e\\\":\\\"\\\\u00e9Ab12cD34\\\"}\"}","e":"C:\\users\\xAb12cD34"}"#,
        ),
        (
            "application/x-www-form-urlencoded",
            "company=https%3A%2F%2Fx.test%2Fa%2FB1&a=%C3%A9Ab12cD34&b=%25C3%25A9Ab12cD34&to=/a/B1/c?d=https://x.Test/a",
        ),
        (
            "application/json",
            r#"{"to":"https://x.test/a/B1","text":"see https://x.Test1/b or //cdn.x.Test1/b","b":"data:Ab12cD34,b"}"#,
        ),
        (
            "application/xml",
            "<a b='&#x1F600;&#65;Ab12cD34'>&#x1F600;Ab12cD34 &#65;b &amp;Ab12cD34 https://x.Test1/a/B1</a>",
        ),
        (
            "text/plain",
            "see https://x.Test1/b or //cdn.x.Test1/b at C:\\users\\xAb12cD34 \\u00e9Ab12cD34",
        ),
    ];
    let mut first = Masker::new(&rules()).unwrap();
    let mut second = Masker::new(&rules()).unwrap();
    second.rules.hash.see_masked_values();
    let mut failed = Vec::new();
    for (content_type, text) in BODIES.iter().chain(MORE) {
        let mask = |masker: &mut Masker, text: &str| {
            let kept = Kept::Prefix(text.into(), CutReason::Limit);
            let record = shown(masker, content_type, kept);
            record.text().map(str::to_owned)
        };
        for end in (0..=text.len()).filter(|it| text.is_char_boundary(*it)) {
            let Some(once) = mask(&mut first, &text[..end]).filter(|it| !it.is_empty()) else {
                continue;
            };
            let stored = match content_type.starts_with("multipart") {
                true => again::delimited(&once, "b"),
                false => once.as_str().into(),
            };
            let twice = mask(&mut second, &stored);
            if twice.as_deref() != Some(&once) {
                failed.push(format!("{}\n-> {once:?}\n-> {twice:?}", &text[..end]));
            }
        }
    }
    assert!(failed.is_empty(), "{} {}", failed.len(), failed.join("\n"));
}
