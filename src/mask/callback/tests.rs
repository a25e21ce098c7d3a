use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::entry::{BodyRecord, Exchange, LogEntry, Note};
use crate::error::ErrorKind;
use crate::mask::tests::Sample;
use crate::mask::{Masker, Rule};

/// An exchange with a value in each place, and a secret beside each.
fn sample() -> Sample {
    let mut sample = Sample::new();
    let json = |name: &'static str| ("content-type", name.to_owned());
    sample.request = vec![
        (":authority", "x.test".to_owned()),
        (
            ":path",
            "/v1/decoy%201?q=decoy+2&token=canary&decoy3".to_owned(),
        ),
        ("user-agent", "decoy4".to_owned()),
        ("x-api-key", "canary".to_owned()),
        json("application/json"),
    ];
    sample.response = vec![json("application/x-www-form-urlencoded")];
    sample.trailers = Vec::new();
    sample.request_body = r#"{"a":["decoy5",6],"password":"canary"}"#.to_owned();
    sample.response_body = "a=decoy7&password=canary".to_owned();
    sample
}

fn masked(rules: Rules, sample: Sample) -> LogEntry {
    let mut captured = sample.captured();
    captured.notes = vec![Note::new("plan", "decoy8"), Note::new("password", "canary")];
    Masker::new(&rules).unwrap().exchange(captured).entry
}

fn exchange(entry: &LogEntry) -> &Exchange {
    entry.exchange().unwrap()
}

#[test]
fn every_value_that_is_left_is_offered_once_and_no_secret() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let rules = Rules::default().callback(move |value| {
        let value = (value.place, value.pointer.to_owned(), value.text.to_owned());
        log.lock().unwrap().push(value);
        Answer::Keep
    });
    let entry = masked(rules, sample());
    assert_eq!(entry, masked(Rules::default(), sample()));
    let seen = seen.lock().unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|(place, a, b)| (*place, &**a, &**b))
        .collect();
    assert_eq!(
        seen,
        [
            (Place::Authority, "", "x.test"),
            (Place::Path, "1", "v1"),
            (Place::Path, "2", "decoy 1"),
            (Place::Query, "q", "decoy 2"),
            (Place::Query, "", "decoy3"),
            (Place::RequestHeader, "user-agent", "decoy4"),
            (Place::RequestHeader, "content-type", "application/json"),
            (Place::RequestBody, "/a/0", "decoy5"),
            (Place::RequestBody, "/a/1", "6"),
            (
                Place::ResponseHeader,
                "content-type",
                "application/x-www-form-urlencoded"
            ),
            (Place::ResponseBody, "a", "decoy7"),
            (Place::Note, "plan", "decoy8"),
        ]
    );
}

#[test]
fn answers_are_written_back_as_their_places_want_it() {
    let rules = Rules::default().callback(|value| match value.text {
        text if text.starts_with("decoy") => Answer::Replace(format!("\"{text}&=")),
        "6" | "v1" => Answer::Hide,
        _ => Answer::Keep,
    });
    let entry = masked(rules, sample());
    let it = exchange(&entry);
    assert_eq!(it.request.path, "/%5BMASKED%5D/%22decoy%201%26%3D");
    assert_eq!(
        it.request.query.as_deref(),
        Some("q=%22decoy%202%26%3D&token=%5BMASKED%5D&%22decoy3%26%3D")
    );
    assert_eq!(it.request.headers.get("user-agent"), Some("\"decoy4&="));
    assert_eq!(entry.context.user_agent.as_deref(), Some("\"decoy4&="));
    assert_eq!(
        it.request_body.text(),
        Some(r#"{"a":["\"decoy5&=","[MASKED]"],"password":"[MASKED]"}"#)
    );
    assert_eq!(
        it.response_body.text(),
        Some("a=%22decoy7%26%3D&password=%5BMASKED%5D")
    );
    assert_eq!(it.notes[0].value, "\"decoy8&=");
    let told = it.masked.iter().filter(|it| it.rule == "callback").count();
    assert_eq!((told, it.masked_count), (9, 5 + 9));
}

fn body(rules: Rules, content_type: &str, text: &str) -> BodyRecord {
    Masker::new(&rules)
        .unwrap()
        .body(Some(content_type), text.as_bytes())
}

#[test]
fn fields_of_multipart_bodies_and_plain_text_are_offered() {
    let part = |name: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let rules = || {
        Rules::default()
            .plain_text("text/plain")
            .callback(|value| match value.pointer {
                "one" => Answer::Replace("1".to_owned()),
                "two" => Answer::Replace("2\r\n--b--\r\n".to_owned()),
                "" => Answer::Hide,
                _ => Answer::Keep,
            })
    };
    let form = "multipart/form-data; boundary=b";
    let whole = |one, two| [&*part("one", one), &part("two", two), "--b--\r\n"].concat();
    let shown = body(rules(), form, &whole("x", "y"));
    assert_eq!(shown.text(), Some(&*whole("1", "[WITHHELD]")));
    assert_eq!(
        body(rules(), "text/plain", "decoy").text(),
        Some("[MASKED]")
    );
}

#[test]
fn callback_that_panics_loses_only_that_value() {
    let rules = Rules::default().callback(|value| {
        assert_ne!(value.text, "decoy5");
        Answer::Keep
    });
    let mut masker = Masker::new(&rules).unwrap();
    let entry = masker.exchange(sample().captured()).entry;
    let it = exchange(&entry);
    assert_eq!(
        it.request_body.text(),
        Some(r#"{"a":["[WITHHELD]",6],"password":"[MASKED]"}"#)
    );
    assert_eq!(
        it.response_body.text(),
        Some("a=decoy7&password=%5BMASKED%5D")
    );
    assert_eq!(it.masked.last().unwrap().rule, "callback failed");
    let withheld = masker.withheld_by_callbacks().unwrap();
    assert_eq!(withheld.load(Ordering::Relaxed), 1);
}

/// A door at which callbacks wait.
#[derive(Default)]
struct Door {
    is_open: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Door {
    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(open, |it| !*it).unwrap());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

#[test]
fn callback_that_never_returns_loses_its_values_and_no_others_until_four_threads_wait() {
    let door = Arc::new(Door::default());
    let at = door.clone();
    let rules = Rules::default()
        .callback_limit(Duration::from_millis(200))
        .callback(move |value| {
            if value.text.starts_with("stuck") {
                at.pass();
            }
            Answer::Keep
        });
    let mut masker = Masker::new(&rules).unwrap();
    let json = "application/json";
    let mut shown = |text: &str| {
        masker
            .body(Some(json), text.as_bytes())
            .text()
            .unwrap()
            .to_owned()
    };
    let w = "[WITHHELD]";
    assert_eq!(shown(r#"["a","stuck","b"]"#), format!(r#"["a","{w}","b"]"#));
    assert_eq!(
        shown(r#"["stuck","a","stuck","b","stuck","c","d"]"#),
        format!(r#"["{w}","a","{w}","b","{w}","{w}","{w}"]"#)
    );
    let since = Instant::now();
    assert_eq!(shown(r#"["a","b"]"#), format!(r#"["{w}","{w}"]"#));
    assert!(since.elapsed() < Duration::from_millis(150), "nobody waits");
    assert_eq!(door.waiting.load(Ordering::SeqCst), Runner::MAX_ABANDONED);

    door.open();
    let came_back = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        shown(r#"["a"]"#) == r#"["a"]"#
    });
    assert!(came_back);
}

#[test]
fn slow_callback_stops_an_entry_for_a_bounded_time() {
    let is_slow = Arc::new(AtomicBool::new(true));
    let slow = is_slow.clone();
    let rules = Rules::default()
        .callback_limit(Duration::from_millis(40))
        .callback(move |_| {
            if slow.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Answer::Keep
        });
    let mut masker = Masker::new(&rules).unwrap();
    let many = format!("[{}1]", "1,".repeat(1000));
    let since = Instant::now();
    let shown = masker.body(Some("application/json"), many.as_bytes());
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    assert!(shown.text().unwrap().ends_with("\"[WITHHELD]\"]"));
    is_slow.store(false, Ordering::Relaxed);
}

#[test]
fn later_callback_is_given_what_the_one_before_it_made() {
    let rules = Rules::default()
        .callback(|value| Answer::Replace(format!("{}1", value.text)))
        .callback(|value| Answer::Replace(format!("{}2", value.text)));
    assert_eq!(
        body(rules, "application/json", "[\"a\"]").text(),
        Some("[\"a12\"]")
    );
}

#[test]
fn pseudonym_of_a_callbacks_value_is_what_the_rules_made() {
    let rules = Rules::default()
        .rule(Rule::field("code word").replace_with(crate::mask::Replacement::Token))
        .callback(|value| Answer::Replace(value.text.to_uppercase()));
    let shown = body(
        rules,
        "application/json",
        r#"{"code_word":"demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc"}"#,
    );
    assert_eq!(shown.text(), Some(r#"{"code_word":"DEMO_LIVE_****"}"#));
}

#[test]
fn limit_of_zero_is_refused() {
    let wrong = Rules::default().callback_limit(Duration::ZERO);
    let error = Masker::new(&wrong).err().map(|it| it.kind());
    assert_eq!(error, Some(ErrorKind::Configuration));
}
