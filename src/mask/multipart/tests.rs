use super::super::tests::pass;
use super::*;

const BODY: &str = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ndecoy é\r\n\
    --b\r\nContent-Disposition: form-data; name=\"user[pass\\word]\"\r\n\r\ncanary7f3a\r\ncanary7f3a\r\n\
    --b\r\ncontent-disposition: form-data; name=\"doc\"; filename=\"a\\\"b.pdf\"\r\nContent-Type: application/pdf\r\nX-Other: canary7f3a\r\n\r\n%PDF \u{1}canary7f3a\r\n\
    --b\r\nContent-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n\r\n{\"pin\":\"canary7f3a\",\"a\":1}\r\n\
    --b\r\nContent-Disposition: form-data; name=\"next\"\r\n\r\nhttps://me:canary7f3a@x.test/?token=canary7f3a\r\n\
    --b--\r\n";

fn shown(body: &[u8], cut: bool) -> Result<String, WithheldReason> {
    pass(|pass| mask(body, "b", cut, pass))
}

#[test]
fn t10_fields_are_masked_by_name_and_files_become_their_facts() {
    let text = shown(BODY.as_bytes(), false).unwrap();
    assert_eq!(
        text,
        "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ndecoy é\r\n\
        --b\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\n[MASKED]\r\n\
        --b\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a%22b.pdf\"\r\nContent-Type: application/pdf\r\n\r\n[FILE 16 bytes]\r\n\
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
