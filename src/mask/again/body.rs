use std::borrow::Cow;

use super::{Again, MASKED, is_mark};
use crate::entry::{BodyRecord, Headers, Place, WithheldReason};
use crate::mask::body::Bodies;
use crate::mask::media_type::{Claim, MediaType};
use crate::mask::{Pass, multipart};

impl Again<'_> {
    /// Masks the text of a body that came with these fields. It is stored decoded, whatever coding and charset they tell.
    pub(super) fn body(&mut self, body: &mut BodyRecord, fields: &Headers, place: Place) {
        self.enter(place);
        let bodies = Bodies { ..self.bodies };
        let mask = |it: &BodyRecord, pass: &mut Pass<'_>| masked(it, fields, &bodies, pass);
        self.settle(body, mask, |it| {
            *it = withheld(it, WithheldReason::Malformed, &bodies)
        });
    }
}

/// Returns what is left of a body; `None` where it stays.
fn masked(
    body: &BodyRecord,
    fields: &Headers,
    bodies: &Bodies<'_>,
    pass: &mut Pass<'_>,
) -> Option<BodyRecord> {
    let text = body.text().filter(|it| !it.is_empty() && !is_mark(it))?;
    let cut = matches!(body, BodyRecord::Truncated { .. });
    let mark = pass.report.mark();
    match masked_text(text, cut, fields, bodies, pass) {
        Ok(text) => Some(body.without_text().with_text(text?)),
        Err(reason) => {
            pass.report.forget(&mark);
            Some(withheld(body, reason, bodies))
        }
    }
}

fn masked_text(
    text: &str,
    cut: bool,
    fields: &Headers,
    bodies: &Bodies<'_>,
    pass: &mut Pass<'_>,
) -> Result<Option<String>, WithheldReason> {
    let media_type = media_type(fields)?;
    match media_type.map(|it| it.claim()) {
        Some(claim @ (Claim::Multipart | Claim::Parts)) => {
            let boundary = media_type.and_then(|it| it.boundary());
            let boundary = boundary.ok_or(WithheldReason::Malformed)?;
            let is_form = claim == Claim::Multipart;
            let text = match cut {
                true => delimited(text, &boundary),
                false => Cow::Borrowed(text),
            };
            multipart::mask(bodies, text.as_bytes(), &boundary, cut, is_form, pass).map(Some)
        }
        Some(Claim::Token) => {
            pass.report.masked(String::new, "token", text.len());
            Ok(Some(MASKED.to_owned()))
        }
        _ => bodies.mask_text(text, cut, media_type, pass),
    }
}

/// Adds to a text that was cut what was there of a delimiter after the last part: of it only the line end is stored.
pub(in crate::mask) fn delimited<'t>(text: &'t str, boundary: &str) -> Cow<'t, str> {
    const BLANK: &str = "\r\n\r\n";
    let delimiter = format!("--{boundary}");
    let part = text.rfind(&delimiter).and_then(|at| text.get(at..));
    let is_head = part.is_some_and(|it| it.find(BLANK) == it.len().checked_sub(BLANK.len()));
    match text.ends_with("\r\n") && !is_head {
        true => Cow::Owned(format!("{text}{delimiter}")),
        false => Cow::Borrowed(text),
    }
}

/// Returns the one media type, or an error where there are several or it is none.
fn media_type(fields: &Headers) -> Result<Option<MediaType<'_>>, WithheldReason> {
    let mut all = fields.get_all("content-type");
    let Some(first) = all.next() else {
        return Ok(None);
    };
    let media_type = MediaType::parse(first).filter(|_| all.all(|it| it == first));
    media_type.map(Some).ok_or(WithheldReason::UnknownType)
}

fn withheld(body: &BodyRecord, reason: WithheldReason, bodies: &Bodies<'_>) -> BodyRecord {
    BodyRecord::Withheld {
        reason,
        bytes_seen: body.bytes_seen(),
        keyed_hash: bodies.hash.of(body.text().unwrap_or_default().as_bytes()),
    }
}
