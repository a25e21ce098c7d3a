//! Reads `tests/corpus/detect.txt`.

use std::ops::Range;

use super::super::Detector;
use super::generate::{Random, harmless, secret};

const CORPUS: &str = include_str!("../../../../tests/corpus/detect.txt");

pub(super) enum Holds {
    Secrets(Detector),
    Person,
    Nothing,
}

/// A case of the corpus, made up for one run.
pub(super) struct Case {
    pub(super) holds: Holds,
    pub(super) text: String,
    pub(super) secrets: Vec<Range<usize>>,
}

/// Makes up all cases.
pub(super) fn cases(seed: u64) -> Vec<Case> {
    let mut random = Random::new(seed);
    let lines = CORPUS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| case(line, &mut random)).collect()
}

fn case(line: &str, random: &mut Random) -> Case {
    let (holds, template) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
    let (text, secrets) = expand(template, random);
    let holds = match holds.strip_prefix("+ ") {
        Some(name) => {
            let detector = Detector::ALL.into_iter().find(|it| it.as_str() == name);
            Holds::Secrets(detector.unwrap_or_else(|| panic!("{line}")))
        }
        None if holds == "~" => Holds::Person,
        None => Holds::Nothing,
    };
    assert_eq!(
        matches!(holds, Holds::Secrets(_)),
        !secrets.is_empty(),
        "{line}"
    );
    Case {
        holds,
        text,
        secrets,
    }
}

/// Replaces the placeholders and the escapes. Returns where secrets stand.
fn expand(template: &str, random: &mut Random) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut secrets = Vec::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let placeholder = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
        rest = match (rest.as_bytes(), placeholder) {
            (_, Some((name, after))) if name.starts_with('~') => {
                text.push_str(&harmless(&name[1..], random));
                after
            }
            (_, Some((name, after)))
                if let Some(secret) = is_name(name).then(|| secret(name, random)).flatten() =>
            {
                secrets.push(text.len()..text.len() + secret.len());
                text.push_str(&secret);
                after
            }
            ([b'\\', b'n', ..], _) => {
                text.push('\n');
                &rest[2..]
            }
            ([b'\\', b't', ..], _) => {
                text.push('\t');
                &rest[2..]
            }
            ([b'\\', b'\\', ..], _) => {
                text.push('\\');
                &rest[2..]
            }
            _ => {
                text.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    (text, secrets)
}

fn is_name(name: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b":-".contains(&it);
    !name.is_empty() && name.bytes().all(is_letter)
}
