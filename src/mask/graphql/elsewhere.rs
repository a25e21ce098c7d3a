//! Requests of which the document stands in the query and the variables in the body, or the other way round.
//!
//! Where a document may be there that is not read, any variable may be a secret.

use super::Bound;
use crate::capture::{CapturedBody, Fields, Kept};
use crate::mask::media_type::{Claim, MediaType};
use crate::mask::split::{split, split_once};
use crate::mask::{Pass, json, pairs};

/// Returns which of the variables in the body are secrets by the document in the query.
pub(in crate::mask) fn of_query(fields: &Fields, pass: &mut Pass<'_>) -> Option<Box<Bound>> {
    let mut bound = Bound::default();
    for document in values(query(fields), "query") {
        if super::begins(&document) {
            bound.read(&document, false, pass);
        }
    }
    (!bound.is_none()).then(|| Box::new(bound))
}

/// Returns which of the variables in the query are secrets by the document in the body.
pub(in crate::mask) fn of_body(
    body: &CapturedBody,
    fields: &Fields,
    pass: &mut Pass<'_>,
) -> Option<Box<Bound>> {
    let mut variables = values(query(fields), "variables");
    if !variables.any(|it| it.trim_start().starts_with(['{', '['])) {
        return None;
    }
    let (bytes, cut) = match &body.kept {
        Kept::Nothing => return None,
        Kept::All(bytes) => (bytes, false),
        Kept::Prefix(bytes, _) => (bytes, true),
        Kept::Skipped(_) | Kept::Coded(_) => return Some(Box::new(Bound::all())),
    };
    let bound = match std::str::from_utf8(bytes) {
        Ok(text) => of_text(text.trim_start_matches('\u{feff}'), cut, fields, pass),
        Err(_) => Bound::all(),
    };
    (!bound.is_none()).then(|| Box::new(bound))
}

fn of_text(text: &str, cut: bool, fields: &Fields, pass: &mut Pass<'_>) -> Bound {
    let content = text.trim_start();
    let inner = content.strip_prefix(['{', '[']).map(str::trim_start);
    let is_json = inner.is_some_and(|it| it.starts_with(['"', '{', '[', '}', ']']));
    let mut bound = Bound::default();
    match claim(fields) {
        _ if content.is_empty() => {}
        Some(Claim::Json | Claim::GraphQl | Claim::Form) | None if is_json => {
            bound = json::documents(text, cut, pass);
        }
        Some(Claim::GraphQl) => bound.read(text, cut, pass),
        Some(Claim::Form) => {
            let mut has_document = false;
            for document in values(text, "query") {
                has_document = true;
                bound.read(&document, cut, pass);
            }
            if cut && !has_document {
                bound = Bound::all();
            }
        }
        _ => bound = Bound::all(),
    }
    bound
}

fn claim(fields: &Fields) -> Option<Claim> {
    let value = fields.text("content-type")?;
    Some(MediaType::parse(value).map_or(Claim::Unknown, |it| it.claim()))
}

fn query(fields: &Fields) -> &str {
    let target = fields.text(":path").unwrap_or_default();
    target.split_once('?').map_or("", |(_, query)| query)
}

/// Returns the decoded values of a parameter.
fn values<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = std::borrow::Cow<'t, str>> {
    split(text, b'&')
        .filter_map(|it| split_once(it, b'='))
        .filter(move |(it, _)| *it == name || pairs::decoded(it) == name)
        .map(|(_, value)| pairs::decoded(value))
}
