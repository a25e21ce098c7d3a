//! Text of which nobody says what it is, or whose type says little: what has the grammar of one kind and of no other is masked as that.

use super::{Masked, mask_xml};
use crate::entry::WithheldReason;
use crate::mask::{Pass, json, pairs, token};

/// The most bytes of a name in a form.
const MAX_NAME_BYTES: usize = 64;

/// Masks text without a type: JSON, a form, or XML that begins with its declaration.
pub(super) fn mask(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    if let Some(masked) = mask_json(text, cut, pass) {
        return Ok(masked);
    }
    match looks_like_form(text) {
        true => Ok(pairs::mask(text, cut, 0, pass)),
        false if text.starts_with("<?xml") => mask_xml(text, cut, pass),
        false => Err(WithheldReason::UnknownType),
    }
}

/// Masks text that is one object or list, or the beginning of one. Returns `None` for any other text.
pub(super) fn mask_json(text: &str, cut: bool, pass: &mut Pass<'_>) -> Option<Option<String>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mark = pass.report.mark();
    let document = match cut {
        true => json::mask_cut(text, 0, pass),
        false => json::mask(text, 0, pass),
    };
    // After a document that ended, something else may have followed.
    match document {
        Ok(document) if document.complete != cut => Some(document.text),
        _ => {
            pass.report.forget(&mark);
            None
        }
    }
}

/// Tells whether text is `a=b&c=d` and nothing else: base64 ends in `=` too, and a token is no name.
fn looks_like_form(text: &str) -> bool {
    let is_pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let begins = |it: char| it.is_ascii_alphabetic() || matches!(it, '_' | '%');
        let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]%$:".contains(&byte);
        let held = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.~*%+[]:/@,!'()".contains(&byte);
        name.starts_with(begins)
            && name.len() <= MAX_NAME_BYTES
            && name.bytes().all(part)
            && value.bytes().all(held)
            && !token::is_opaque(name)
    };
    let has_value = |pair: &str| {
        let value = pair.split_once('=').map(|(_, value)| value);
        value.is_some_and(|it| !it.is_empty())
    };
    let body = text.trim_end_matches(['\r', '\n']);
    body.split('&').any(has_value) && body.split('&').all(is_pair)
}
