//! Text that holds more: JSON inside a string, a URL inside a field, a form inside either.
//!
//! - Text that begins, after spaces, with `{`, `[` or `"` and is JSON, or the beginning of it, is masked as JSON. Down to [`MAX_LEVEL`]
//!   texts in texts; deeper ones that begin so are withheld.
//! - A GraphQL document is masked as one, and so is XML.
//! - A word that looks like a URL or a reference with a query is masked as one, alone or in a sentence.
//! - One word with `=` in it is masked as pairs, one with `%` is looked at decoded.
//! - JSON in base64 is withheld as a whole where it holds a secret, and every JSON Web Token.
//! - What is left stays, unless it says a secret's name and then its value, see [`prose`]: then it is withheld as a whole, because nobody can
//!   tell where the secret ends. So is text that begins as JSON and is not.

mod references;

use std::borrow::Cow;

pub(super) use references::mask_references;
use references::{is_reference, mask_last_authority};

use super::marks::{self, Marks};
use super::{MASKED, Pass, WITHHELD, authorization, base64, graphql, json, pairs, prose, uri};

/// The most texts in texts that are looked into.
const MAX_LEVEL: u8 = 3;
/// Longer texts are more than a time.
const MAX_TIME_BYTES: usize = 40;
/// How often such text is decoded that is not looked into any more.
const MAX_ENCODINGS: usize = 8;
const RULE: &str = "embedded text";
/// What text begins with that may be JSON.
const JSON: [char; 3] = ['{', '[', '"'];
/// Bytes without which text holds nothing.
pub(super) const MARKS: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"=:{[\"\\<@%?#;";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// Tells whether text may hold more. It errs on the side of yes.
pub(super) fn may_hold(text: &str) -> bool {
    may_be_secret(text)
        || text.bytes().any(|byte| MARKS[usize::from(byte)])
        || prose::may_say_without_signs(text)
}

/// As [`may_hold`], or whether something may be found in the text.
pub(super) fn may_hold_or_be_found(text: &str, pass: &Pass<'_>) -> bool {
    let marks = Marks::of(text);
    marks.any()
        || may_be_secret(text)
        || prose::may_say_without_signs(text)
        || pass.may_find_of(marks.classes(), text.len())
}

/// No shorter text is base64 of JSON or credentials.
pub(super) const SHORTEST_SECRET: usize = 14;

/// Tells whether text without marks begins as base64 of JSON or as credentials do.
pub(super) fn may_be_secret(text: &str) -> bool {
    if text.len() < SHORTEST_SECRET {
        return false;
    }
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'e' | b'W') => base64::may_be_json(text),
        Some(b'B' | b'b') => authorization::is_credentials(text),
        _ => false,
    }
}

/// Tells whether a header's value may hold more than `name=value` pairs.
pub(super) fn holds_more_than_pairs(text: &str) -> bool {
    let is_joint = |byte: u8| matches!(byte, b' ' | b'\t' | b'=' | b'&' | b';' | b',');
    let mut last = b' ';
    let mut begins_base64 = |(at, byte): (usize, u8)| {
        let begins = matches!(byte, b'e' | b'W') && is_joint(last);
        last = byte;
        begins && base64::may_be_json(&text[at..])
    };
    let more = |byte: u8| MARKS[usize::from(byte)] && !matches!(byte, b'=' | b';');
    let mut bytes = text.bytes().enumerate();
    text.starts_with('/')
        || may_be_secret(text)
        || prose::may_say_without_signs(text)
        || bytes.any(|(at, byte)| more(byte) || begins_base64((at, byte)))
}

/// Masks decoded text that may hold more. Returns `None` where it stays as it is.
pub(super) fn mask(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let marks = Marks::of(text);
    let masked = mask_parts(text, marks, cut, level, pass);
    let found = match &masked {
        Some(masked) => pass.mask_found(masked, cut),
        None => pass.mask_found_of(text, marks.classes(), cut),
    };
    let masked = match found {
        // What is left of a text may say what the whole did not.
        Some(found) => mask_rest(text, &found, cut, level, pass).or(Some(found)),
        None => masked,
    };
    match masked {
        Some(masked) if begins_as_json_now(text, &masked, pass) => withhold(text, pass),
        masked => masked,
    }
}

/// Masks what finds left of a text, as it would be masked again.
fn mask_rest(text: &str, found: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    // JSON stays JSON, and what a mark begins is no JSON: no deeper text is looked into.
    let is_json = begins_as_json(text) || level >= MAX_LEVEL && begins_as_json(found);
    let rest = match is_json || found == MASKED {
        true => None,
        false => mask_parts(found, Marks::of(found), cut, level, pass),
    };
    let shown = rest.as_deref().unwrap_or(found);
    let authority = match cut && level < MAX_LEVEL {
        true => mask_last_authority(shown, level, pass),
        false => None,
    };
    authority.or(rest)
}

fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches(is_space).starts_with(JSON)
}

/// Tells whether text that a mark begins, which did not begin as JSON does before, is withheld as such text is: `[MASKED]{api_key:1}`.
fn begins_as_json_now(text: &str, masked: &str, pass: &mut Pass<'_>) -> bool {
    let rest = masked.trim_start_matches(is_space).strip_prefix(MASKED);
    rest.is_some_and(|it| !it.is_empty())
        && !begins_as_json(text)
        && prose::names_a_secret(masked, pass.fields)
}

/// Masks what the text holds by its grammar and its names.
fn mask_parts(
    text: &str,
    marks: Marks,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    let content = text.trim_start_matches(is_space);
    if content.starts_with(JSON)
        && let Some(masked) = mask_json(text, cut, level, pass)
    {
        return masked;
    }
    if let Some(masked) = mask_graphql(text, cut, level, pass) {
        return masked;
    }
    #[cfg(feature = "xml")]
    if content.starts_with('<')
        && let Ok(masked) = match cut {
            true => super::xml::mask(content, cut, level + 1, pass),
            false => super::xml::mask_markup(content, level + 1, pass),
        }
    {
        return match masked {
            Some(_) if level >= MAX_LEVEL => withhold(text, pass),
            masked => masked,
        };
    }
    let mut words = base64::words(content);
    if content.starts_with(['B', 'b']) && authorization::is_credentials(content)
        || cut && authorization::begins_credentials(content)
        || words.any(|word| hides_base64(word, level, pass))
    {
        return withhold(text, pass);
    }
    // Paths have no marks.
    let has_path =
        pass.has_segments() && marks::references(content).any(|(_, it)| it.starts_with('/'));
    let has_signs = marks.any() && !(marks.only_colons() && has_time(content));
    if !has_path && !has_signs && !prose::may_say_without_signs(content) {
        return None;
    }
    let is_word = !marks.may_have_space() || !content.trim_end().contains(char::is_whitespace);
    let begins_path = content.starts_with(['/', '#']);
    let is_reference =
        begins_path || has_path || marks.may_have_reference() && is_reference(content);
    let mut words = marks::references(content);
    let is_torn =
        is_reference && marks.has_equals() && words.any(|(_, it)| uri::is_in_a_secret(it, pass));
    let masked = match level >= MAX_LEVEL {
        true if is_reference && uri::has_marks(content) => withhold(text, pass),
        true if marks.has_percent() && hides_encoded(content, cut, pass) => {
            return withhold(text, pass);
        }
        true => None,
        false if is_torn && !is_word => return withhold(text, pass),
        false if is_reference && !is_torn => mask_references(text, cut, level + 1, pass),
        false if is_word && marks.has_equals() => pairs::mask(text, cut, level + 1, pass),
        false if is_word && marks.has_percent() => mask_encoded(text, cut, level + 1, pass),
        false => None,
    };
    if masked.is_none() && !marks.may_say_a_secret() && !prose::may_say_without_signs(content) {
        return None;
    }
    // A URL says what it says in its parts.
    let colon = memchr::memchr(b':', content.as_bytes());
    let is_url = is_word && colon.is_some_and(|at| content[at..].starts_with("://"));
    let mut says_a_secret = |text: &str| prose::says_a_secret(text, cut, pass.fields);
    match !is_url && says_a_secret(masked.as_deref().unwrap_or(content)) {
        true => withhold(text, pass),
        false => masked,
    }
}

/// Masks a GraphQL document. Returns `None` for any other text.
fn mask_graphql(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<Option<String>> {
    // Most texts begin otherwise.
    let first = text.as_bytes().first();
    if first.is_some_and(|it| it.is_ascii_alphanumeric() && !b"qmsf".contains(it))
        || !graphql::begins(text)
    {
        return None;
    }
    let masked = graphql::mask(text, cut, graphql::Told::ByItself, level, pass).ok()?;
    Some(match level >= MAX_LEVEL && masked.is_some() {
        true => withhold(text, pass),
        false => masked,
    })
}

/// Masks JSON. Returns `None` for text that only begins as JSON does, as `[INFO] ready`.
fn mask_json(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<Option<String>> {
    let content = text.trim_start_matches(is_space);
    if level >= MAX_LEVEL {
        return Some(withhold(text, pass));
    }
    let mark = pass.report.mark();
    let before = pass.report.count();
    match json::mask_cut(content, level + 1, pass) {
        Ok(document) => Some((pass.report.count() > before).then(|| {
            let lead = text.strip_suffix(content).unwrap_or_default();
            format!("{lead}{}", document.text.as_deref().unwrap_or(content))
        })),
        Err(_) => {
            pass.report.forget(&mark);
            if let Some(masked) = mask_graphql(text, cut, level, pass) {
                return Some(masked);
            }
            prose::names_a_secret(content, pass.fields).then(|| withhold(text, pass))
        }
    }
}

/// Tells whether base64 holds a secret.
fn hides_base64(text: &str, level: u8, pass: &mut Pass<'_>) -> bool {
    let mark = pass.report.mark();
    let hides = base64::decode(text).is_some_and(|json| {
        level >= MAX_LEVEL || mask_json(&json, false, level + 1, pass).flatten().is_some()
    });
    pass.report.forget(&mark);
    hides
}

/// Tells whether text that is not looked into any more says a secret once it is decoded to its end.
fn hides_encoded(text: &str, cut: bool, pass: &mut Pass<'_>) -> bool {
    let mut last = Cow::Borrowed(text);
    for _ in 0..MAX_ENCODINGS {
        let next = pairs::decoded(&last).into_owned();
        if next == *last {
            return next != text
                && (prose::says_a_secret(&next, cut, pass.fields)
                    || is_reference(&next) && uri::has_marks(&next));
        }
        last = Cow::Owned(next);
    }
    true
}

/// Masks text that was percent-encoded once more than its place says.
fn mask_encoded(text: &str, cut: bool, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    let decoded = pairs::decoded(text);
    let masked = mask(&decoded, cut, level, pass)?;
    Some(pairs::encoded(&masked))
}

/// Tells whether all that marks text are the colons of times, as in `2024-01-01T10:20:30Z`, which are common.
pub(super) fn is_time(text: &str) -> bool {
    text.len() <= MAX_TIME_BYTES
        && text
            .bytes()
            .all(|byte| byte == b':' || !MARKS[usize::from(byte)])
        && has_time(text)
}

/// As [`is_time`], of text that colons mark and nothing else.
pub(super) fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let is_in_time = |at: usize| {
        let start = match is_digit(at.checked_sub(2)) {
            true => at - 2,
            false => at.saturating_sub(1),
        };
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        is_digit(at.checked_sub(1))
            && is_digit(Some(at + 1))
            && before.is_none_or(|it| *it == b'T' || it.is_ascii() && !it.is_ascii_alphanumeric())
    };
    let mut colons = memchr::memchr_iter(b':', bytes);
    bytes.len() <= MAX_TIME_BYTES && colons.next().is_some_and(is_in_time) && colons.all(is_in_time)
}

fn withhold(text: &str, pass: &mut Pass<'_>) -> Option<String> {
    pass.report.masked(String::new, RULE, text.len());
    Some(WITHHELD.to_owned())
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass_with;
    use super::super::{Rule, Rules};
    use super::*;

    #[test]
    fn times_hold_nothing_and_names_before_a_colon_are_no_times() {
        for time in [
            "10:20",
            "2024-01-01T10:20:30.5Z",
            "Tue, 15 Nov 1994 08:12:31 GMT",
            "at 9:30",
        ] {
            assert!(is_time(time), "{time}");
        }
        for other in [
            "",
            "Bearer abc",
            "pin1:1234",
            "pin12:1234",
            "pin:12",
            "10:",
            ":10",
            "10:20?",
            "é1:2",
        ] {
            assert!(!is_time(other), "{other}");
        }
    }

    #[test]
    fn t9_urls_and_tokens_in_a_line_that_begins_as_a_list_does_are_masked() {
        let rules = Rules::default().rule(Rule::segment("/invites/{code}"));
        for (text, shown) in [
            (
                "[INFO] at https://me:canary@x.test/",
                "[INFO] at https://****@x.test/",
            ),
            (
                "\"a\" https://x.test/invites/canary",
                "\"a\" https://x.test/invites/%5BMASKED%5D",
            ),
            ("[1] Bearer Y2FuYXJ5:x", "[1] Bearer [MASKED]"),
            (
                "{a} /cb?code=canary1234567890ABC",
                "{a} /cb?code=%5BMASKED%5D",
            ),
            ("[INFO] eyJwYXNzd29yZCI6ImNhbmFyeSJ9", WITHHELD),
            (
                "[INFO] ready at 10:20, see https://x.test/a",
                "[INFO] ready at 10:20, see https://x.test/a",
            ),
        ] {
            let masked = pass_with(&rules, |pass| mask(text, false, 0, pass));
            assert_eq!(masked.as_deref().unwrap_or(text), shown);
        }
    }
}
