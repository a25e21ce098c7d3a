use std::time::{Duration, Instant};

use super::*;

const SMALL: usize = 4_000;
const TIMES: usize = 8;
/// A text so many times as long may take as long as so many short ones: some more for a machine that does other things too, and less than the
/// eight times of squared time.
const MOST_GROWTH: f64 = 4.0;
/// Shorter times say nothing.
const NOISE: Duration = Duration::from_millis(6);

/// The least of some tries to look at a text so many times. Both that are compared take about as long, so that what interrupts one interrupts the
/// other.
fn time(text: &str, cut: bool, times: usize) -> Duration {
    let try_once = |_| {
        let start = Instant::now();
        for _ in 0..times {
            drop(found(detectors(true), text, cut));
        }
        start.elapsed()
    };
    match try_once(0) {
        short if short < NOISE => short,
        long => long.min(try_once(1)),
    }
}

#[test]
fn time_is_linear_in_the_text_whatever_it_holds() {
    let key = "-----BEGIN RSA PRIVATE KEY-----";
    for piece in [
        "4",
        "41",
        "4111 ",
        "4111-1111-",
        "1 ",
        "4.",
        "eyJ",
        "eyJ.",
        "eyJhbGciOi",
        "eyJ-",
        "eyJhbGciOiJ-",
        "eyJhbGciOiJub25lIn0.",
        "AKIA",
        concat!("AKIA", "QWERTYUIOPASDFGH "),
        "ghp_",
        "github_pat_",
        "sk-ant-",
        "xoxb-",
        "xoxb-1-",
        "hf_",
        "secret_",
        "re_",
        "pi_",
        "s.",
        "pat",
        "-----BEGIN ",
        key,
        "-----BEGIN RSA PRIVATE KEY-----MIIE ",
        "Private-Lines: 1 ",
        "LS0tLS1CRUdJTi",
        "MII",
        "IBADANBg",
        "Bearer ",
        "Bearer a1",
        "Bearer.",
        "Basic ",
        "Basic YWRtaW46",
        "Token a-",
        "DE89",
        "DE89 ",
        "DE89370400440532013000 ",
        "@",
        "a@",
        "a@a.",
        "a.a@",
        "+1",
        "+1 ",
        "(415) ",
        "1.",
        "1.1.1.1",
        "::",
        "a:",
        "1:",
        "12345678:A",
        "123-45-",
        "\\",
        "\\n",
        "\\u0022",
        "%",
        "%41",
        "%B4111",
        "B41111111111111^",
        "~",
        "8Q~",
        "-us1",
        "a",
        "a ",
        "-",
        ".",
        "/",
        "hooks.slack.com/services/",
        "MTIzNDU2",
        "MTIz.",
        "é",
        "1//0",
    ] {
        let small = piece.repeat(SMALL / piece.len());
        let large = piece.repeat(TIMES * SMALL / piece.len());
        for cut in [false, true] {
            // The machine may do something else for a while.
            let is_linear = |_| {
                let second = time(&large, cut, 1);
                let growth = || second.as_secs_f64() / time(&small, cut, TIMES).as_secs_f64();
                second < NOISE || growth() < MOST_GROWTH
            };
            assert!((0..5).any(is_linear), "{piece:?}");
        }
    }
}

#[test]
fn gate_answers_no_for_most_of_what_json_holds() {
    let on = Detectors::default();
    for text in [
        "",
        "true",
        "active",
        "user_created",
        "BadRequest",
        "a-slug-for-a-post",
        "application/json",
        "GET",
        "en-US",
        "EUR",
        "12.50",
        "1700000000",
        "2026-01-04",
        "2026-01-04T10:20:30Z",
        "2026-01-04T10:20:30.123Z",
        "2026-01-04T10:20:30+02:00",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "507f1f77bcf86cd799439011",
        "inq_ABC123",
        "10:20",
        "jane@example.com",
        "INTERNAL_SERVER",
        "the order was not found",
        "ff00aa",
    ] {
        let classes = text
            .bytes()
            .fold(0, |all, byte| all | CLASS[usize::from(byte)]);
        assert!(!on.may_find(classes, text.len()), "{text}");
    }
    for text in [
        "4111111111111111",
        "eyJhbGciOiJub25lIn0.e30",
        "Bearer 0a1b2c3d",
    ] {
        assert!(
            on.may_find(super::super::gate::classes(text), text.len()),
            "{text}"
        );
    }
    assert!(CLASS.iter().all(|it| it & 0x06 == 0));
}
