//! Comparisons of a secret's name with a literal, as in filters of OData, SCIM and SQL: `password eq 'x'`, `contains(token,'x')`.
//!
//! A literal is in quotes, or a number that ends the comparison: sentences have the same words.

use super::{Before, Names, is_secret, word_start};

const OPERATORS: [&str; 12] = [
    "eq", "ne", "gt", "ge", "lt", "le", "is", "in", "like", "ilike", "rlike", "regexp",
];
const SIGNS: [&str; 2] = ["<>", "!="];
const SIGN: usize = 2;
const QUOTES: [char; 2] = ['\'', '"'];

/// Tells whether text without a sign may say a secret: by an option of a command, or by an operator or a quote. It errs on the side of yes.
pub(in crate::mask) fn may_say(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut marks = memchr::memchr3_iter(b' ', b'+', b'\'', bytes);
    bytes.first() == Some(&b'-')
        || marks.any(|at| {
            let rest = bytes.get(at + 1..).unwrap_or_default();
            match bytes.get(at) {
                Some(b'\'') => {
                    let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
                    matches!(before.last(), Some(b',' | b'('))
                }
                _ => rest.first() == Some(&b'-') || begins_with_operator(rest),
            }
        })
}

/// Tells whether an operator and what ends a word stand there.
fn begins_with_operator(bytes: &[u8]) -> bool {
    operator(bytes).is_some()
}

/// Returns the length of the operator at the beginning.
#[inline]
fn operator(bytes: &[u8]) -> Option<usize> {
    // The first letters of all of them.
    if !matches!(
        bytes.first()? | 0x20,
        b'e' | b'n' | b'g' | b'l' | b'i' | b'r'
    ) {
        return None;
    }
    let length = bytes.iter().take_while(|it| it.is_ascii_alphabetic());
    let length = length.take(8).count();
    let ends = |it: &u8| matches!(it, b' ' | b'+' | b'(' | b'\'' | b'"');
    let word = bytes.get(..length)?;
    let is_operator = || {
        let mut operators = OPERATORS.iter();
        operators.any(|it| it.as_bytes().eq_ignore_ascii_case(word))
    };
    (bytes.get(length).is_some_and(ends) && is_operator()).then_some(length)
}

/// Tells whether text compares a secret with a literal.
pub(super) fn compares_a_secret(text: &str, fields: &mut Names) -> bool {
    let bytes = text.as_bytes();
    let by_word = memchr::memchr2_iter(b' ', b')', bytes).filter_map(|at| {
        let length = operator(bytes.get(at + 1..)?)?;
        Some((at, at + 1 + length))
    });
    let by_sign = memchr::memchr2_iter(b'<', b'!', bytes).filter_map(|at| {
        let is_sign = SIGNS
            .iter()
            .any(|it| bytes[at..].starts_with(it.as_bytes()));
        is_sign.then_some((at, at + SIGN))
    });
    let mut places = by_word.chain(by_sign);
    let by_operator = places.any(|(start, end)| {
        let (before, after) = (text[..start].trim_end(), text[end..].trim_start());
        is_literal(after) && ends_in_a_secret(before, fields)
            || before.ends_with(QUOTES) && begins_with_a_secret(after, fields)
    });
    by_operator || takes_a_secret(text, fields)
}

/// Tells whether a call takes a secret and a literal, in either order.
fn takes_a_secret(text: &str, fields: &mut Names) -> bool {
    memchr::memchr_iter(b',', text.as_bytes()).any(|at| {
        let (before, after) = (text[..at].trim_end(), text[at + 1..].trim_start());
        after.starts_with(QUOTES) && {
            let name = before.trim_end_matches(')');
            let start = word_start(name);
            name[..start].ends_with('(') && ends_in_a_secret(before, fields)
        } || before.ends_with(QUOTES) && {
            let end = word_end(after);
            after[end..].starts_with(')') && begins_with_a_secret(after, fields)
        }
    })
}

fn ends_in_a_secret(text: &str, fields: &mut Names) -> bool {
    // `tolower(password)`
    let text = text.trim_end_matches([')', ' ']);
    Before::read(text).is_secret(fields)
}

fn begins_with_a_secret(text: &str, fields: &mut Names) -> bool {
    let name = &text[..word_end(text)];
    !name.is_empty() && is_secret(name, fields)
}

fn word_end(text: &str) -> usize {
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    text.find(|letter| !part(letter)).unwrap_or(text.len())
}

/// Tells whether text begins with a literal, or with a list of them.
fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches(['(', ' ', '[']);
    if let Some(rest) = text.strip_prefix(QUOTES) {
        return !rest.starts_with(QUOTES) && !rest.is_empty();
    }
    let is_number = text.starts_with(|it: char| it.is_ascii_digit() || it == '-');
    let after = text[word_end(text)..].trim_start();
    let joins = ["and", "or", "AND", "OR", ")", "]", ",", ";", "&"];
    is_number && (after.is_empty() || joins.iter().any(|it| after.starts_with(it)))
}
