//! Text that the rules let stay: each line for itself, since nobody can tell more of it.

use crate::mask::{Pass, WITHHELD, inside, prose};

/// The most bytes that are looked at of a line that ends in a name.
const MAX_NAME_BYTES: usize = 128;

/// Masks the lines of a text. Returns `None` where it stays as it is.
pub(in crate::mask) fn mask(text: &str, cut: bool, pass: &mut Pass<'_>) -> Option<String> {
    let mut out = String::new();
    let (mut copied, mut start) = (0, 0);
    let mut before = "";
    for line in text.split_inclusive(['\n', '\r']) {
        let end = start + line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        let is_cut = cut && end == text.len() && content.len() == line.len();
        if !content.trim().is_empty() {
            let masked = match is_named(before, content, pass) {
                true => {
                    pass.report.masked(String::new, "plain text", content.len());
                    Some(WITHHELD.to_owned())
                }
                false => inside::mask(content, is_cut, 0, pass),
            };
            if let Some(masked) = masked {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str(&masked);
                copied = start + content.len();
            }
            before = content.trim_end();
        }
        start = end;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// Tells whether the line before ends in a secret's name and a sign, so that this one is the value.
pub(in crate::mask) fn is_named(before: &str, line: &str, pass: &mut Pass<'_>) -> bool {
    let sign = before.trim_end_matches([' ', '|', '>', '-', '"', '\'']);
    if !sign.ends_with([':', '=']) {
        return false;
    }
    let from = (sign.len().saturating_sub(MAX_NAME_BYTES)..sign.len())
        .find(|&at| sign.is_char_boundary(at));
    let name = &sign[from.unwrap_or(0)..sign.len() - 1];
    // `=` says more than `:`, which stands in sentences too.
    prose::says_a_secret(&format!("{name}=x"), false, pass.fields) && !line.trim().is_empty()
}
