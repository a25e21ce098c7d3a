//! Sentences, log lines, code and markup in which a secret's name is followed by its value.
//!
//! It counts as said where a secret's name stands before `=`, as the name of an XML element, in quotes before `:` or with quotes after it, or
//! before `:` and a word that is not a plain one: `Invalid token: expired` says nothing. So it does in comparisons, see [`filters`], and after options
//! of commands, see [`commands`]. Secrets in other words are not seen.

mod commands;
mod filters;

use std::cell::LazyCell;

use super::authorization;
use super::names::{Names, RuleId, Shape};

pub(super) use filters::may_say as may_say_without_signs;

const QUOTES: [char; 4] = ['"', '\'', '`', '\\'];
/// The most bytes of a name of two words.
const MAX_NAME_BYTES: usize = 64;
/// Fewer letters and digits are not taken for a value.
const MIN_VALUE: usize = 4;
/// The most bytes that are looked at of a value.
const MAX_VALUE_BYTES: usize = 256;
const REPLACED: &str = "%5BMASKED%5D";

/// Tells whether text that is no JSON says a secret. Where it was cut, a plain word at its end may go on to be none.
pub(super) fn says_a_secret(text: &str, cut: bool, fields: &mut Names) -> bool {
    // `<input type="password" value="x">`
    let has_value = LazyCell::new(|| {
        let mut values = text.match_indices("value");
        values.any(|(at, word)| {
            let after = text[at + word.len()..].trim_start_matches(QUOTES);
            after.starts_with([':', '='])
        })
    });
    let has_letters = fields.has_letters();
    let said = |(at, sign): (usize, char)| {
        let rest = &text[at + 1..];
        // `:=` assigns, as in Go.
        let value = match sign {
            ':' => rest.trim_start_matches('='),
            _ => rest,
        };
        let assigns = sign == '=' || value.len() < rest.len();
        let after = value.strip_prefix('>').unwrap_or(value).trim_start();
        // `==` compares, and what the masker put there says nothing.
        if after.is_empty() || value.starts_with('=') || after.starts_with(REPLACED) {
            return false;
        }
        let before = Before::read(&text[..at]);
        let is_said = || assigns || before.is_quoted || begins_quoted(after);
        before.is_secret(fields) && (is_said() || !before.is_joined && is_value(after, cut))
            || names_its_neighbour(&before, after, || *has_value, fields)
    };
    let bytes = text.as_bytes();
    signs(text)
        .filter(|(at, _)| has_letters || !follows_a_letter(bytes, *at))
        .any(said)
        || elements(text).any(|name| is_secret(name, fields))
        || options(text).any(|(name, after)| is_value(after, cut) && is_secret(name, fields))
        || dashes(text).next().is_some() && (has_login(text) || commands::has_password(text, cut))
        || filters::compares_a_secret(text, fields)
}

/// Tells whether text that began as JSON has a secret's name before a `:` or `=`. Escapes can spell any name.
pub(super) fn names_a_secret(text: &str, fields: &mut Names) -> bool {
    let is_escape = |(at, _): (usize, &str)| {
        let digits = text.as_bytes().get(at + 2..at + 6);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.match_indices("\\u").any(is_escape)
        || signs(text).any(|(at, _)| {
            !text[at + 1..].trim_start().is_empty() && Before::read(&text[..at]).is_secret(fields)
        })
        || says_a_secret(text, true, fields)
}

/// Tells whether a single letter or digit stands before a sign, which is no name, and another after it.
fn follows_a_letter(bytes: &[u8], sign: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
    let is_part = |byte: u8| is_letter(byte) || matches!(byte, b'_' | b'-' | b'.' | 0x80..);
    let before = |by: usize| sign.checked_sub(by).and_then(|at| bytes.get(at)).copied();
    before(1).is_some_and(is_letter)
        && !before(2).is_some_and(is_part)
        && bytes.get(sign + 1).copied().is_some_and(is_letter)
}

fn signs(text: &str) -> impl Iterator<Item = (usize, char)> {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b':', b'=', bytes).map(|at| (at, char::from(bytes[at])))
}

/// What stands before a sign.
struct Before<'t> {
    /// Up to the name, and the name.
    text: &'t str,
    /// Where its last word begins.
    last: usize,
    is_quoted: bool,
    /// Whether it is one of several names with colons between them, as in `arn:aws:secret:x`.
    is_joined: bool,
}

impl<'t> Before<'t> {
    fn read(text: &'t str) -> Self {
        let text = text.trim_end();
        let bare = text.trim_end_matches(QUOTES);
        let last = word_start(bare);
        Self {
            text: bare,
            last,
            is_quoted: bare.len() < text.len(),
            is_joined: bare[..last].ends_with(':'),
        }
    }

    /// Tells whether its last word, or its last two, are a secret's name.
    fn is_secret(&self, fields: &mut Names) -> bool {
        let last = self.last;
        let name = &self.text[last..];
        // Times such as `10:20` and `T10:20` are common.
        let letters = name.chars().filter(|letter| letter.is_alphabetic());
        let is_letter = || fields.has_letters() && name.chars().all(char::is_alphabetic);
        if letters.count() < 2 && !is_letter() {
            return false;
        }
        let known = fields.known(name);
        if counts(known.rule, fields) {
            return true;
        }
        let Some(rest) = self.text[..last].strip_suffix(' ') else {
            return false;
        };
        let first = word_start(rest);
        known.ends_rule
            && self.text.len() - first <= MAX_NAME_BYTES
            && counts(fields.decide_once(&self.text[first..]), fields)
    }
}

/// Returns where the last word of a text begins.
fn word_start(text: &str) -> usize {
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let before = text.char_indices().rev().find(|&(_, letter)| !part(letter));
    before.map_or(0, |(at, letter)| at + letter.len_utf8())
}

fn is_secret(name: &str, fields: &mut Names) -> bool {
    let rule = fields.known(name).rule;
    counts(rule, fields)
}

/// Leaves out the rules that would have to see the value.
fn counts(rule: Option<RuleId>, fields: &Names) -> bool {
    rule.is_some_and(|rule| !matches!(fields.shape(rule), Shape::Opaque | Shape::Code))
}

/// Tells whether `name="password"` or `"name": "password"` stands there, of which a `value` in the neighbourhood is the secret.
fn names_its_neighbour(
    before: &Before<'_>,
    after: &str,
    has_value: impl Fn() -> bool,
    fields: &mut Names,
) -> bool {
    let Some(name) = after.strip_prefix(QUOTES) else {
        return false;
    };
    let end = name.find(QUOTES).unwrap_or(name.len());
    let ends = |word: &&str| before.text.ends_with(*word);
    let names = ["name", "id", "key", "path", "field", "header"];
    end <= MAX_NAME_BYTES
        && (names.iter().any(ends) || ends(&"type") && has_value())
        && is_secret(&name[..end], fields)
}

/// Tells whether a quote with letters or digits in it follows.
fn begins_quoted(after: &str) -> bool {
    let content = after.trim_start_matches(QUOTES);
    content.len() < after.len() && content.starts_with(|it: char| it.is_alphanumeric())
}

/// Tells whether what follows `:` can be a secret: a word that is not of letters alone, one that was cut, or one after the name of a scheme.
fn is_value(after: &str, cut: bool) -> bool {
    let mut end = MAX_VALUE_BYTES.min(after.len());
    while !after.is_char_boundary(end) {
        end -= 1;
    }
    let mut words = after[..end].split_whitespace();
    let first = words.next().unwrap_or_default();
    let (word, is_credential) = match authorization::is_scheme(first) {
        true => (words.next().unwrap_or_default(), true),
        false => (first, false),
    };
    let is_torn = cut && words.next().is_none() && after.ends_with(word);
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let plain = word.chars().all(char::is_alphabetic);
    word.len() >= MIN_VALUE && (is_credential || is_torn || !plain)
}

/// Returns the options of commands, as in `--token x`, and what follows each.
fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    dashes(text).filter_map(|(_, rest)| {
        let rest = rest.strip_prefix("--")?;
        let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let name = rest.bytes().take(MAX_NAME_BYTES);
        let (name, after) = rest.split_at_checked(name.take_while(|&byte| part(byte)).count())?;
        let after = after.strip_prefix(' ')?.trim_start();
        (!name.is_empty() && !after.starts_with('-')).then_some((name, after))
    })
}

/// Returns where options begin, first or after a space, and the text from their dash on: a search for the one byte is faster than for both.
fn dashes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'-', bytes).filter_map(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let is_option = before.is_none_or(u8::is_ascii_whitespace)
            && bytes
                .get(at + 1)
                .is_some_and(|it| *it == b'-' || it.is_ascii_alphanumeric());
        Some((at, text.get(at..).filter(|_| is_option)?))
    })
}

/// Tells whether a name and a password stand after an option of curl, as in `curl -u user:x`.
fn has_login(text: &str) -> bool {
    let has_password = |(at, option): (usize, &str)| {
        let rest = text[at + option.len()..].trim_start_matches(['=', ' ', '"', '\'']);
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let password = word.split_once(':').map(|(_, password)| password);
        password.is_some_and(|it| !it.is_empty() && !it.starts_with("//"))
    };
    text.contains("curl")
        && [" -u", " --user ", " --user=", " -U"]
            .into_iter()
            .any(|option| text.match_indices(option).any(has_password))
}

/// Returns the names of XML elements without their prefixes.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'<', text.as_bytes()).filter_map(|at| {
        let rest = &text[at + 1..];
        let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        let length = rest.bytes().take_while(|&byte| part(byte)).count();
        let name = rest.get(..length)?;
        let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
        (!name.is_empty()).then_some(name)
    })
}
