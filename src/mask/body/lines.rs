//! Several JSON documents: one a line, or each after a record separator. One that is broken is withheld alone where the next cannot be
//! its rest.

use super::{Masked, mask_json};
use crate::entry::WithheldReason;
use crate::mask::{Pass, WITHHELD};

/// Begins a document of a JSON text sequence.
const SEPARATOR: char = '\u{1e}';

/// Masks JSON documents of which each stands on a line of its own.
pub(super) fn mask(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    let mark = pass.report.mark();
    let masked = mask_all(text.split_inclusive('\n'), "\n", text, cut, pass);
    masked.or_else(|_| {
        pass.report.forget(&mark);
        // One document over several lines.
        mask_json(text, cut, pass)
    })
}

/// Masks a JSON text sequence (RFC 7464).
pub(super) fn mask_sequence(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    match text.split(SEPARATOR).next() {
        Some(before) if before.trim().is_empty() => {
            let documents = text.split_inclusive(SEPARATOR);
            mask_all(documents, "\u{1e}", text, cut, pass)
        }
        _ => Err(WithheldReason::Malformed),
    }
}

/// Masks documents that each end in a separator, but for the last.
fn mask_all<'t>(
    documents: impl Iterator<Item = &'t str>,
    separator: &str,
    text: &str,
    cut: bool,
    pass: &mut Pass<'_>,
) -> Masked {
    let mut out = String::new();
    let (mut copied, mut start) = (0, 0);
    let (mut count, mut understood) = (0_usize, 0_usize);
    for (number, document) in documents.enumerate() {
        let end = start + document.len();
        let is_last = end == text.len();
        let content = document.strip_suffix(separator).unwrap_or(document);
        let is_cut = cut && is_last && content.len() == document.len();
        if !content.trim().is_empty() {
            count += 1;
            let mark = pass.report.mark();
            let masked = match mask_json(content, is_cut, pass) {
                Ok(masked) => {
                    understood += 1;
                    masked
                }
                Err(_) => {
                    pass.report.forget(&mark);
                    // Nothing but the separator ends a document of a sequence.
                    if separator == "\n" && !is_last && !ends_here(content) {
                        return Err(WithheldReason::Malformed);
                    }
                    pass.report.masked(String::new, "broken", content.len());
                    Some(withheld(content))
                }
            };
            pass.report.under(&mark, || format!("/{number}"));
            if let Some(masked) = masked {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str(&masked);
                copied = start + content.len();
            }
        }
        start = end;
    }
    match count > 0 && understood == 0 {
        true => Err(WithheldReason::Malformed),
        false => Ok((copied > 0).then(|| out + text.get(copied..).unwrap_or_default())),
    }
}

/// Returns what stands for a document, with the line end after it.
fn withheld(document: &str) -> String {
    let end = document.trim_end_matches(['\r', '\n']).len();
    format!("\"{WITHHELD}\"{}", &document[end..])
}

/// Tells whether a broken line cannot go on in the next one: its brackets close, or it ends within a string, which has no line ends.
fn ends_here(line: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in line.trim_end().bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    !is_escaped && (in_string || depth == 0 && line.trim_start().starts_with('{'))
}
