//! `multipart/form-data` (RFC 7578): fields by their names, files by their facts.
//!
//! The masked text has the shape of the body. Of a part's header the name, the file's name and the media type stay; a file's content becomes
//! its size; text before the first and after the last part is left out. What readers of forms are known to take differently (two names, a name
//! in pieces, line ends of both kinds) is withheld.

use super::media_type::{Claim, MediaType};
use super::names::RuleId;
use super::{MASKED, Pass, WITHHELD, charset, inside, json, pairs};
use crate::entry::WithheldReason;

mod part;

use part::{Head, Part, Parts};

/// RFC 2046 allows 70; more than this is not a boundary.
const MAX_BOUNDARY_BYTES: usize = 200;

/// Masks a body, or the beginning of one.
pub(super) fn mask(
    body: &[u8],
    boundary: &str,
    cut: bool,
    pass: &mut Pass<'_>,
) -> Result<String, WithheldReason> {
    if !(1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) {
        return Err(WithheldReason::Malformed);
    }
    let mut out = String::new();
    let mut parts = Parts::new(body, boundary, cut);
    while let Some(part) = parts.next_part().map_err(|_| WithheldReason::Malformed)? {
        let head = Head::read(part.head).ok_or(WithheldReason::Malformed)?;
        out.push_str(&format!("--{boundary}\r\n"));
        let is_listed = lists(&head, pass);
        head.write(&mut out, |name| match is_listed {
            true => inside::mask(name, false, 0, pass),
            false => Some(MASKED.to_owned()),
        });
        out.push_str("\r\n");
        out.push_str(&content(&head, &part, is_listed, pass));
        if part.ended {
            out.push_str("\r\n");
        }
    }
    if parts.complete() {
        out.push_str(&format!("--{boundary}--\r\n"));
    }
    Ok(out)
}

/// Tells whether the value of a part may show, as far as there is a list.
fn lists(head: &Head<'_>, pass: &Pass<'_>) -> bool {
    let extended = head.extended_name.iter();
    let mut names = std::iter::once(&head.name).chain(extended);
    names.all(|name| pass.pairs.lists_bracketed(name))
}

fn content(head: &Head<'_>, part: &Part<'_>, is_listed: bool, pass: &mut Pass<'_>) -> String {
    let bytes = part.content;
    let media_type = head.content_type.map(MediaType::parse);
    let claim = match media_type {
        None => Claim::Text,
        Some(None) => Claim::Unknown,
        Some(Some(it)) => it.claim(),
    };
    let names = [Some(head.name.as_str()), head.extended_name.as_deref()];
    let rule = names
        .into_iter()
        .flatten()
        .find_map(|name| pairs::decide(name, pass));
    let text = std::str::from_utf8(bytes).ok().filter(|_| part.ended);
    if let Some(rule) = rule
        && text.is_none_or(|text| pass.pairs.shape(rule).hides(text))
    {
        let shown = text
            .filter(|_| !head.is_file)
            .and_then(|text| pass.stands_for_parameter(rule, text));
        pass.report.masked(
            || head.name.clone(),
            pass.pairs.rule_name(rule),
            bytes.len(),
        );
        return shown.unwrap_or_else(|| MASKED.to_owned());
    }
    if head.is_file || !matches!(claim, Claim::Text | Claim::Json) {
        let more = if part.ended { "" } else { " and more" };
        return format!("[FILE {} bytes{more}]", bytes.len());
    }
    let label = media_type.flatten().map_or(Ok(None), |it| it.charset());
    let text = label
        .ok()
        .and_then(|label| charset::decode(bytes, label.as_deref(), !part.ended).ok())
        .filter(|_| head.is_plain && !head.name.is_empty());
    if !is_listed && claim != Claim::Json {
        let rule = pass.pairs.rule_name(RuleId::NOT_LISTED);
        pass.report.masked(|| head.name.clone(), rule, bytes.len());
        return MASKED.to_owned();
    }
    let masked = text.and_then(|text| {
        let limits = pass.fields.lift_limit(is_listed);
        let masked = field(&head.name, &text, claim, !part.ended, pass);
        pass.fields.restore_limit(limits);
        masked
    });
    masked.unwrap_or_else(|| {
        pass.report
            .masked(|| head.name.clone(), "part", bytes.len());
        WITHHELD.to_owned()
    })
}

/// Masks the text of a field whose name is not secret.
fn field(name: &str, text: &str, claim: Claim, cut: bool, pass: &mut Pass<'_>) -> Option<String> {
    let mark = pass.report.mark();
    let masked = match (claim, cut) {
        (Claim::Json, true) => json::mask_cut(text, 0, pass).ok().map(|it| it.text),
        (Claim::Json, false) => json::mask(text, 0, pass).ok().map(|it| it.text),
        _ => Some(inside::mask(text, cut, 0, pass)),
    };
    pass.report.under(&mark, || name.to_owned());
    masked.map(|masked| masked.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests;
