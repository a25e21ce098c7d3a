//! URLs and references among the words of a text.

use crate::mask::{MASKED, Pass, marks, pairs, uri};

/// What may end a sentence or a bracket and is then no part of a URL.
const AFTER: [char; 7] = [')', '\'', ',', '.', ';', '!', ']'];

/// Masks each word that looks like a reference.
pub(in crate::mask) fn mask_references(
    text: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (start, word) in marks::references(text) {
        let end = start + word.len();
        if is_reference(word) {
            let cut = cut && end == text.len();
            let word = if cut {
                word
            } else {
                word.trim_end_matches(AFTER)
            };
            let masked = match uri::is_in_a_secret(word, pass) {
                true => pairs::mask(word, cut, level, pass),
                false => uri::mask(word, cut, level, pass),
            };
            if let Some(masked) = masked {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str(&masked);
                copied = start + word.len();
            }
        }
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// Masks the last reference of a text that was cut, where a find took what ends its authority: nothing of one that may go on is kept.
pub(super) fn mask_last_authority(text: &str, level: u8, pass: &mut Pass<'_>) -> Option<String> {
    if !text.ends_with(MASKED) {
        return None;
    }
    let (start, word) = marks::references(text).last()?;
    let is_last = start + word.len() == text.len();
    if !is_last || !is_reference(word) || uri::is_in_a_secret(word, pass) {
        return None;
    }
    let masked = uri::mask(word, true, level + 1, pass)?;
    Some(format!("{}{masked}", &text[..start]))
}

/// Tells whether text holds a URL, or is a path or a relative reference with a query.
pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with(['/', '#'])
        || memchr::memchr(b'?', text.as_bytes()).is_some()
        || uri::has_scheme(text)
        || uri::may_have_userinfo(text)
}
