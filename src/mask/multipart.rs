//! `multipart/form-data` (RFC 7578): fields by their names, files by their facts; other bodies of several parts (RFC 2046), each part by its type.
//!
//! The masked text has the shape of the body. Of a part's header the name, the file's name and the media type stay; text before the first and
//! after the last part is left out. What readers of forms are known to take differently (two names, a name in pieces, line ends of both kinds)
//! is withheld, and so are parts that have parts. What shows of a part's header, and the boundary, are looked into.
//!
//! A file's content becomes its size and its SHA-256, by which it is found again: `[FILE 1234 bytes, sha256 …]`. Below 1 KiB a keyed hash
//! stands there (`hmac …`), since whoever reads the log could try out what few bytes there may be. Of a file that was cut there is no hash.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::body::Bodies;
use super::media_type::{Claim, MediaType};
use super::names::RuleId;
use super::replacement::is_mark;
use super::{MASKED, Pass, Replacement, WITHHELD, charset, inside, pairs, token};
use crate::entry::WithheldReason;

mod head;
mod part;

use head::{Head, Said};
use part::{Part, Parts};

/// RFC 2046 allows 70; more than this is not a boundary.
const MAX_BOUNDARY_BYTES: usize = 200;
/// Smaller files are told apart by a keyed hash.
const MIN_FOR_DIGEST: usize = 1024;

/// Masks a body, or the beginning of one.
pub(super) fn mask(
    bodies: &Bodies<'_>,
    body: &[u8],
    boundary: &str,
    cut: bool,
    is_form: bool,
    pass: &mut Pass<'_>,
) -> Result<String, WithheldReason> {
    if !(1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) {
        return Err(WithheldReason::Malformed);
    }
    let mut out = String::new();
    let masked = inside::mask(boundary, false, 0, pass);
    let shown_boundary = masked.map_or(boundary, |_| MASKED);
    let mut parts = Parts::new(body, boundary, cut);
    while let Some(part) = parts.next_part().map_err(|_| WithheldReason::Malformed)? {
        let head = Head::read(part.head, is_form).ok_or(WithheldReason::Malformed)?;
        let is_listed = lists(&head, pass);
        let Some(content) = content(bodies, &head, &part, is_form, is_listed, pass) else {
            continue;
        };
        out.push_str(&format!("--{shown_boundary}\r\n"));
        head.write(&mut out, is_form, |said, text| match said {
            Said::FileName if !is_listed => Some(MASKED.to_owned()),
            _ => inside::mask(text, false, 0, pass),
        });
        out.push_str("\r\n");
        out.push_str(&content);
        if part.ended {
            out.push_str("\r\n");
        }
    }
    if parts.complete() {
        out.push_str(&format!("--{shown_boundary}--\r\n"));
    }
    Ok(out)
}

/// Tells whether the value of a part may show, as far as there is a list.
fn lists(head: &Head, pass: &Pass<'_>) -> bool {
    let extended = head.extended_name.iter();
    let mut names = std::iter::once(&head.name).chain(extended);
    names.all(|name| pass.pairs.lists_bracketed(name))
}

/// Returns what shows of a part; `None` where it is left out.
fn content(
    bodies: &Bodies<'_>,
    head: &Head,
    part: &Part<'_>,
    is_form: bool,
    is_listed: bool,
    pass: &mut Pass<'_>,
) -> Option<String> {
    let names = [Some(head.name.as_str()), head.extended_name.as_deref()];
    let mut names = names.into_iter().flatten();
    let rule = names.find_map(|name| pairs::decide(name, pass));
    let text = std::str::from_utf8(part.content).ok();
    let text = text.filter(|_| part.ended);
    if let Some(rule) = rule
        && text.is_none_or(|text| pass.pairs.shape(rule).hides(text))
    {
        return secret(head, part, text, rule, pass);
    }
    if pass.hash.sees_masked_values()
        && let Some(made) = std::str::from_utf8(part.content)
            .ok()
            .filter(|it| is_made(it))
    {
        return Some(made.to_owned());
    }
    let media_type = match (&head.content_type, is_form) {
        (None, true) => None,
        // RFC 2046 section 5.1.
        (None, false) => MediaType::parse("text/plain"),
        (Some(it), _) => match MediaType::parse(it) {
            Some(it) => Some(it),
            None => return Some(facts(part, pass)),
        },
    };
    match media_type.map(|it| it.claim()) {
        _ if head.is_file => return Some(facts(part, pass)),
        Some(Claim::Unknown) => return Some(facts(part, pass)),
        _ => {}
    }
    if !is_listed && media_type.is_none_or(|it| it.claim() != Claim::Json) {
        let rule = pass.pairs.rule_name(RuleId::NOT_LISTED);
        pass.report
            .masked(|| head.name.clone(), rule, part.content.len());
        return Some(MASKED.to_owned());
    }
    let mark = pass.report.mark();
    let limits = pass.fields.lift_limit(is_listed);
    let masked = field(bodies, head, part, media_type, is_form, pass);
    pass.fields.restore_limit(limits);
    pass.report.under(&mark, || head.name.clone());
    Some(masked.unwrap_or_else(|| {
        pass.report.forget(&mark);
        let bytes = part.content.len();
        pass.report.masked(|| head.name.clone(), "part", bytes);
        WITHHELD.to_owned()
    }))
}

/// Returns what stands for the content of a part with a secret's name.
fn secret(
    head: &Head,
    part: &Part<'_>,
    text: Option<&str>,
    rule: RuleId,
    pass: &mut Pass<'_>,
) -> Option<String> {
    let shown = text
        .filter(|_| !head.is_file)
        .and_then(|text| pass.stands_for_parameter(rule, text));
    let stands = shown.as_deref().unwrap_or(MASKED);
    let is_removed = pass.pairs.replacement(rule) == Replacement::Remove;
    if is_removed || text.is_none_or(|it| !pass.stays(it, stands)) {
        let name = pass.pairs.rule_name(rule);
        pass.report
            .masked(|| head.name.clone(), name, part.content.len());
    }
    match pass.pairs.replacement(rule) {
        Replacement::Remove => None,
        _ => Some(shown.unwrap_or_else(|| MASKED.to_owned())),
    }
}

/// Returns what is told of a file.
fn facts(part: &Part<'_>, pass: &Pass<'_>) -> String {
    let bytes = part.content;
    let mut facts = format!("[FILE {} bytes", bytes.len());
    match bytes.len() {
        _ if !part.ended => facts.push_str(" and more"),
        0 => {}
        1..MIN_FOR_DIGEST => facts.push_str(&format!(", hmac {}", pass.hash.of(bytes))),
        _ => {
            facts.push_str(", sha256 ");
            for byte in Sha256::digest(bytes) {
                // Writing to a string does not fail.
                let _ = write!(facts, "{byte:02x}");
            }
        }
    }
    facts + "]"
}

/// Tells whether a text is what stands in the place of a part: a mark, what shows of a token, or what is told of a file.
fn is_made(text: &str) -> bool {
    let is = |text: &str, of: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|it| of(&it));
    let facts = text
        .strip_prefix("[FILE ")
        .and_then(|it| it.strip_suffix(']'));
    let is_facts = |(size, rest): (&str, &str)| {
        let hash = rest
            .strip_prefix(", hmac ")
            .or_else(|| rest.strip_prefix(", sha256 "));
        let is_hash = |it: &str| is(it, u8::is_ascii_hexdigit);
        is(size, u8::is_ascii_digit) && hash.map_or(["", " and more"].contains(&rest), is_hash)
    };
    is_mark(text)
        || token::shown(text).is_some_and(|it| it == text)
        || facts
            .and_then(|it| it.split_once(" bytes"))
            .is_some_and(is_facts)
}

/// Masks the text of a part whose name is not secret. Returns `None` where it cannot be read with certainty.
fn field(
    bodies: &Bodies<'_>,
    head: &Head,
    part: &Part<'_>,
    media_type: Option<MediaType<'_>>,
    is_form: bool,
    pass: &mut Pass<'_>,
) -> Option<String> {
    if !head.is_plain || is_form && head.name.is_empty() {
        return None;
    }
    let claim = media_type.map_or(Claim::Text, |it| it.claim());
    match claim {
        Claim::Multipart | Claim::Parts => return None,
        Claim::Token => {
            let bytes = part.content.len();
            pass.report.masked(String::new, "token", bytes);
            return Some(MASKED.to_owned());
        }
        _ => {}
    }
    let label = media_type.map_or(Ok(None), |it| it.charset()).ok()?;
    let text = charset::decode(part.content, label.as_deref(), !part.ended).ok()?;
    let masked = match (claim, is_form) {
        (Claim::Text, true) => inside::mask(&text, !part.ended, 0, pass),
        _ => bodies
            .mask_text(&text, !part.ended, media_type, pass)
            .ok()?,
    };
    Some(masked.unwrap_or_else(|| text.into_owned()))
}

#[cfg(test)]
mod tests;
