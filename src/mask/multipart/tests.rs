use super::super::keyed_hash::KeyedHash;
use super::super::tests::{pass, pass_with};
use super::super::{Rule, Rules};
use super::*;

const BODY: &str = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ndecoy é\r\n\
    --b\r\nContent-Disposition: form-data; name=\"user[pass\\word]\"\r\n\r\ncanary7f3a\r\ncanary7f3a\r\n\
    --b\r\ncontent-disposition: form-data; name=\"doc\"; filename=\"a\\\"b.pdf\"\r\nContent-Type: application/pdf\r\nX-Other: canary7f3a\r\n\r\n%PDF \u{1}canary7f3a\r\n\
    --b\r\nContent-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n\r\n{\"pin\":\"canary7f3a\",\"a\":1}\r\n\
    --b\r\nContent-Disposition: form-data; name=\"next\"\r\n\r\nhttps://me:canary7f3a@x.test/?token=canary7f3a\r\n\
    --b--\r\n";

fn shown(body: &[u8], cut: bool) -> Result<String, WithheldReason> {
    pass(|pass| masked(body, cut, true, pass))
}

fn masked(
    body: &[u8],
    cut: bool,
    is_form: bool,
    pass: &mut Pass<'_>,
) -> Result<String, WithheldReason> {
    let bodies = Bodies {
        plain_texts: &[],
        hash: &KeyedHash::new(&[7; 32]).unwrap(),
    };
    mask(&bodies, body, "b", cut, is_form, pass)
}

#[test]
fn t10_fields_are_masked_by_name_and_files_become_their_facts() {
    let rules = Rules::default().hash_key([7; 32]);
    let text = pass_with(&rules, |pass| masked(BODY.as_bytes(), false, true, pass));
    let hmac = KeyedHash::new(&[7; 32]).unwrap().of(b"%PDF \x01canary7f3a");
    assert_eq!(
        text.unwrap().replace(&hmac, "HMAC"),
        "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ndecoy é\r\n\
        --b\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\n[MASKED]\r\n\
        --b\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a%22b.pdf\"\r\nContent-Type: application/pdf\r\n\r\n[FILE 16 bytes, hmac HMAC]\r\n\
        --b\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"pin\":\"[MASKED]\",\"a\":1}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"next\"\r\n\r\nhttps://****@x.test/?token=%5BMASKED%5D\r\n\
        --b--\r\n"
    );
}

#[test]
fn t3_cut_multipart_shows_no_beginning_of_a_secret() {
    for end in 0..=BODY.len() {
        let text = shown(&BODY.as_bytes()[..end], true).unwrap_or_else(|_| panic!("{end}"));
        assert!(!text.contains("cana"), "{end}: {text}");
    }
    let in_file = BODY.find("%PDF").unwrap() + 7;
    assert!(
        shown(&BODY.as_bytes()[..in_file], true)
            .unwrap()
            .ends_with("[FILE 7 bytes and more]")
    );
}

#[test]
fn part_that_was_cut_in_the_delimiter_is_read_without_it() {
    let head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
    let body = format!("{head}{{\"value\":{{\"x\":\"canary\"}},\"name\":\"pin\"}}\r\n--b\r\n");
    for end in head.len()..=body.len() {
        let text = shown(&body.as_bytes()[..end], true).unwrap();
        assert!(!text.contains("cana"), "{end}: {text}");
    }
}

#[test]
fn t10_broken_multipart_is_malformed() {
    let head = "Content-Disposition: form-data; name=\"a\"";
    for wrong in [
        String::new(),
        "canary".to_owned(),
        "--b".to_owned(),
        format!("--b\r\n{head}\r\n\r\ncanary"),
        format!("--b\r\n{head}\r\n\r\ncanary\r\n--c--"),
        "--b\r\n\r\ncanary\r\n--b--".to_owned(),
        format!("--b\r\n{head}\r\n{head}\r\n\r\ncanary\r\n--b--"),
        format!("--b\r\n{head}; name=\"token\"\r\n\r\ncanary\r\n--b--"),
        format!("--bcanary\r\n{head}\r\n\r\n\r\n--b--"),
    ] {
        assert_eq!(
            shown(wrong.as_bytes(), false),
            Err(WithheldReason::Malformed),
            "{wrong}"
        );
    }
}

#[test]
fn part_that_cannot_be_read_is_withheld() {
    let head = "Content-Disposition: form-data; name=\"a\"";
    for (more, content, shows) in [
        (
            "\r\nContent-Transfer-Encoding: base64",
            &b"canary"[..],
            WITHHELD,
        ),
        ("", b"can\xffary", WITHHELD),
        (
            "\r\nContent-Type: application/json",
            b"{\"pin\":\"canary\",}",
            WITHHELD,
        ),
        (
            "\r\nContent-Type: text/plain; charset=utf-7",
            b"canary",
            WITHHELD,
        ),
        ("; name*=UTF-8''pass%77ord", b"canary", MASKED),
    ] {
        let mut body = format!("--b\r\n{head}{more}\r\n\r\n").into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--b--");
        let text = shown(&body, false).unwrap();
        assert!(text.contains(shows) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn file_is_told_by_its_size_and_hash() {
    let head = "Content-Disposition: form-data; name=\"a\"; filename=\"a.bin\"";
    let told = |content: &str, cut: bool| {
        let body = format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--\r\n");
        let end = if cut { body.len() - 9 } else { body.len() };
        let text = shown(&body.as_bytes()[..end], cut).unwrap();
        text.split("\r\n").nth(3).unwrap().to_owned()
    };
    assert_eq!(told("", false), "[FILE 0 bytes]");
    let small = told("1234", false);
    assert!(
        small.starts_with("[FILE 4 bytes, hmac ") && small.len() == 52 + 1,
        "{small}"
    );
    // From `head -c 1024 /dev/zero | tr '\\0' a | sha256sum`.
    assert_eq!(
        told(&"a".repeat(1024), false),
        "[FILE 1024 bytes, sha256 2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a]"
    );
    assert_eq!(told(&"a".repeat(1024), true), "[FILE 1024 bytes and more]");
}

#[test]
fn fields_of_a_type_are_masked_by_their_kinds() {
    for (content_type, content, shows) in [
        (
            "application/x-www-form-urlencoded",
            "a=1&pin=canary",
            "a=1&pin=%5BMASKED%5D",
        ),
        (
            "application/xml",
            "<a><pin>canary</pin></a>",
            "<a><pin>[MASKED]</pin></a>",
        ),
        (
            "application/x-ndjson",
            "{\"pin\":1}\n[]",
            "{\"pin\":\"[MASKED]\"}\n[]",
        ),
        ("text/csv", "id,pin\n1,canary", "id,pin\n1,[MASKED]"),
        ("text/plain; charset=iso-8859-1", "decoy", "decoy"),
        ("application/jwt", "canary", MASKED),
        (
            "multipart/mixed; boundary=c",
            "--c\r\n\r\ncanary\r\n--c--",
            WITHHELD,
        ),
        ("application/xml", "<a>canary", WITHHELD),
    ] {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: {content_type}\r\n\r\n{content}\r\n--b--"
        );
        let text = shown(body.as_bytes(), false).unwrap();
        let end = format!("\r\n\r\n{shows}\r\n--b--\r\n");
        assert!(text.ends_with(&end) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn t10_parts_that_are_no_form_are_masked_each_by_its_type() {
    let body = "preamble canary\r\n--b\r\nContent-Type: application/xop+xml;\r\n type=\"text/xml\"\r\nContent-ID: <canary>\r\n\r\n<a><pin>canary</pin></a>\r\n\
        --b\r\ncontent-type: application/json\r\n\r\n{\"pin\":\"canary\"}\r\n\
        --b\r\n\r\ncanary\r\n\
        --b\r\nContent-Type: application/http\r\n\r\nGET /?token=canary\r\n\
        --b\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n\r\n\r\n\
        --b--\r\n";
    let text = pass(|pass| masked(body.as_bytes(), false, false, pass)).unwrap();
    let (before, after) = text.split_once(", hmac ").unwrap();
    assert_eq!(
        before,
        "--b\r\nContent-Type: application/xop+xml\r\n\r\n<a><pin>[MASKED]</pin></a>\r\n\
        --b\r\nContent-Type: application/json\r\n\r\n{\"pin\":\"[MASKED]\"}\r\n\
        --b\r\n\r\n[WITHHELD]\r\n\
        --b\r\nContent-Type: application/http\r\n\r\n[FILE 18 bytes"
    );
    assert_eq!(
        &after[32..],
        "]\r\n--b\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n\r\n[FILE 0 bytes]\r\n--b--\r\n"
    );
    for end in 0..body.len() {
        let text = pass(|pass| masked(&body.as_bytes()[..end], true, false, pass)).unwrap();
        assert!(!text.contains("cana"), "{end} {text}");
    }
}

#[test]
fn part_that_is_removed_is_left_out() {
    let rules = Rules::default().rule(Rule::field("email").replace_with(Replacement::Remove));
    let head = "Content-Disposition: form-data; name=";
    let body =
        format!("--b\r\n{head}\"email\"\r\n\r\ncanary\r\n--b\r\n{head}\"a\"\r\n\r\n1\r\n--b--\r\n");
    let text = pass_with(&rules, |pass| masked(body.as_bytes(), false, true, pass));
    assert_eq!(
        text.unwrap(),
        format!("--b\r\n{head}\"a\"\r\n\r\n1\r\n--b--\r\n")
    );
}
