use http::{Request, Response};

use super::*;
use crate::entry::SkipReason;
use crate::mask::Rules;

fn masker() -> Masker {
    Masker::new(&Rules::default().hash_key([7; 32])).unwrap()
}

const JSON: &str = r#"{"a":[{"password":"canary"}],"b":"see /x?token=canary","name":"decoy"}"#;

#[test]
fn every_spot_is_told_with_what_stands_there_and_nothing_that_was_hidden() {
    let request = Request::post("https://me:canary@x.test/a;sid=canary?b=1&api_key=canary")
        .header("cookie", "theme=canary")
        .header("referer", "https://x.test/?token=canary")
        .header("content-type", "application/json")
        .extension(MatchedRoute::new("/a"))
        .body(JSON)
        .unwrap();
    let response = Response::builder()
        .status(201)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=decoy&password=canary")
        .unwrap();
    let explained = masker().explain(&request, Some(&response));
    assert!(!explained.shows("canary"), "{explained}");
    assert!(explained.shows("decoy"));
    let m = "%5BMASKED%5D";
    let shown: Vec<_> = explained
        .spots
        .iter()
        .map(|it| (&*it.pointer, it.shown.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        shown,
        [
            ("userinfo", "****@x.test"),
            ("sid", &*format!("/a;sid={m}")),
            ("api_key", m),
            ("cookie theme", "theme=****"),
            ("referer token", &*format!("https://x.test/?token={m}")),
            ("/a/0/password", "[MASKED]"),
            ("/b token", &*format!("see /x?token={m}")),
            ("password", m),
        ]
    );
    let text = explained.to_string();
    assert!(
        text.contains("POST /a;sid=") && text.contains("\n201\n"),
        "{text}"
    );
    assert!(text.contains("hidden: 8"));
    assert!(!format!("{explained:?}").contains("decoy"));
}

#[test]
fn text_shows_that_is_escaped_or_encoded() {
    let request = Request::get("/a?q=can%61ry%20one")
        .header("content-type", "application/json")
        .body(r#"{"a":"decoy\u0020\"two\""}"#)
        .unwrap();
    let explained = masker().explain(&request, None);
    assert!(explained.shows("canary one"));
    assert!(explained.shows("decoy \"two\""));
    assert!(!explained.shows("three"));
}

#[test]
fn withheld_body_and_control_characters_are_told_in_words() {
    let request = Request::get("/")
        .header("content-type", "text/plain")
        .header("x-a", "\u{9b}31m")
        .body("canary")
        .unwrap();
    let text = masker().explain(&request, None).to_string();
    assert!(text.contains("withheld: 6 bytes, unstructured"), "{text}");
    assert!(!text.contains('\u{9b}'), "{text}");
}

#[test]
fn spots_of_lines_parts_and_pruned_members_are_looked_up() {
    let spot = |content_type: &str, body: &str| {
        let request = Request::post("/").header("content-type", content_type);
        let rules = Rules::default()
            .rule(crate::mask::Rule::field("gone").replace_with(crate::mask::Replacement::Remove));
        let explained = Masker::new(&rules)
            .unwrap()
            .explain(&request.body(body).unwrap(), None);
        explained.spots[0].shown.clone()
    };
    let masked = Some("[MASKED]".to_owned());
    assert_eq!(spot("application/x-ndjson", "{}\n{\"pin\":1}"), masked);
    let part = "--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n1\r\n--b--\r\n";
    assert_eq!(spot("multipart/form-data; boundary=b", part), masked);
}

/// Explains an exchange of which both bodies come under a coding, and returns what became of them.
fn coded(coding: &str, body: &[u8]) -> (Explanation, [BodyRecord; 2]) {
    let request = Request::post("/")
        .header("content-type", "application/json")
        .header("content-encoding", coding)
        .body(body)
        .unwrap();
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("content-encoding", coding)
        .body(body)
        .unwrap();
    let explained = masker().explain(&request, Some(&response));
    let exchange = explained.entry.exchange().unwrap();
    let bodies = [&exchange.request_body, &exchange.response_body].map(Clone::clone);
    (explained, bodies)
}

#[cfg(feature = "decompress")]
fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "decompress")]
#[test]
fn body_under_a_coding_is_decoded_and_masked() {
    let bytes = gzip(JSON);
    let (explained, bodies) = coded("gzip", &bytes);
    assert!(!explained.shows("canary"), "{explained}");
    assert!(explained.shows("decoy"), "{explained}");
    for body in bodies {
        assert_eq!(body.bytes_seen(), bytes.len() as u64);
    }
    assert_eq!(explained.spots[0].pointer, "/a/0/password");
    let exchange = explained.entry.exchange().unwrap();
    assert_eq!(exchange.request_decoded_bytes, Some(JSON.len() as u64));
    let (_, bodies) = coded("gzip", JSON.as_bytes());
    for body in bodies {
        let malformed = crate::entry::WithheldReason::Malformed;
        assert!(matches!(body, BodyRecord::Withheld { reason, .. } if reason == malformed));
    }
}

#[cfg(not(feature = "decompress"))]
#[test]
fn body_under_a_known_coding_is_skipped_without_the_feature() {
    let reason = SkipReason::ContentCoding;
    for body in coded("gzip", b"canary").1 {
        let bytes_seen = 6;
        assert_eq!(body, BodyRecord::Skipped { reason, bytes_seen });
    }
}

#[test]
fn body_under_an_unknown_coding_is_skipped_and_one_of_no_bytes_is_empty() {
    let reason = SkipReason::ContentCoding;
    for body in coded("compress", b"canary").1 {
        let bytes_seen = 6;
        assert_eq!(body, BodyRecord::Skipped { reason, bytes_seen });
    }
    assert_eq!(
        coded("compress", b"").1,
        [BodyRecord::Empty, BodyRecord::Empty]
    );
    let (explained, _) = coded("identity", JSON.as_bytes());
    assert!(explained.shows("decoy") && !explained.shows("canary"));
}
