//! Bodies, by what they claim to be.
//!
//! A claim is checked and never trusted: what breaks its grammar is withheld. Text without a grammar is kept only where it is JSON as a
//! whole, or where the rules say that its type holds no secrets. A body with a content coding is decoded first, with the feature `decompress`; one with
//! a coding that is not undone, in a charset that is not read here or that is not UTF-8 is withheld.

#[cfg(feature = "decompress")]
use super::decode;
use super::keyed_hash::KeyedHash;
use super::media_type::{Claim, MediaType};
use super::{Pass, json, multipart, pairs};
use crate::capture::{CapturedBody, Codings, Fields, Kept};
use crate::entry::{BodyRecord, WithheldReason};

const BOM: char = '\u{feff}';

/// What the rules say of bodies.
pub(super) struct Bodies<'m> {
    pub(super) plain_texts: &'m [String],
    pub(super) hash: &'m KeyedHash,
}

type Masked = Result<Option<String>, WithheldReason>;

impl Bodies<'_> {
    /// Masks a body that came with these fields.
    pub(super) fn mask(
        &self,
        body: CapturedBody,
        fields: &Fields,
        pass: &mut Pass<'_>,
    ) -> BodyRecord {
        let bytes_seen = body.bytes_seen;
        let (mut bytes, cut) = match body.kept {
            Kept::Nothing => return BodyRecord::Empty,
            Kept::Skipped(reason) => return BodyRecord::Skipped { reason, bytes_seen },
            Kept::All(bytes) if bytes.is_empty() => return BodyRecord::Empty,
            Kept::All(bytes) | Kept::Prefix(bytes, _) if is_coded(fields) => {
                return self.withheld(WithheldReason::UnknownType, bytes_seen, &bytes);
            }
            Kept::All(bytes) => (bytes, None),
            Kept::Prefix(bytes, reason) => (bytes, Some(reason)),
            #[cfg(not(feature = "decompress"))]
            Kept::Coded(coded) => {
                return self.withheld(WithheldReason::UnknownType, bytes_seen, &coded.bytes);
            }
            #[cfg(feature = "decompress")]
            Kept::Coded(coded) => match decode::decode(&coded) {
                Ok(decoded) if decoded.bytes.is_empty() && decoded.cut.is_none() => {
                    let text = String::new();
                    return BodyRecord::Whole { text, bytes_seen };
                }
                Ok(decoded) => (decoded.bytes, decoded.cut),
                Err(reason) => return self.withheld(reason, bytes_seen, &coded.bytes),
            },
        };
        let mark = pass.report.mark();
        let masked = match self.mask_bytes(&bytes, cut.is_some(), fields, pass) {
            Ok((Some(text), _)) => Ok(text),
            Ok((None, length)) => {
                bytes.truncate(length);
                String::from_utf8(bytes)
                    .map_err(|error| (WithheldReason::NotUtf8, error.into_bytes()))
            }
            Err(reason) => Err((reason, bytes)),
        };
        match (masked, cut) {
            (Ok(text), None) => BodyRecord::Whole { text, bytes_seen },
            (Ok(text), Some(reason)) => BodyRecord::Truncated {
                reason,
                text,
                bytes_seen,
            },
            (Err((reason, bytes)), _) => {
                pass.report.forget(&mark);
                self.withheld(reason, bytes_seen, &bytes)
            }
        }
    }

    fn withheld(&self, reason: WithheldReason, bytes_seen: u64, bytes: &[u8]) -> BodyRecord {
        BodyRecord::Withheld {
            reason,
            bytes_seen,
            keyed_hash: self.hash.of(bytes),
        }
    }

    /// Returns the masked text, or `None` and how many of the bytes stay as they are.
    fn mask_bytes(
        &self,
        bytes: &[u8],
        cut: bool,
        fields: &Fields,
        pass: &mut Pass<'_>,
    ) -> Result<(Option<String>, usize), WithheldReason> {
        let media_type = media_type(fields)?;
        if media_type.is_some_and(|it| !it.is_readable()) {
            return Err(WithheldReason::UnknownType);
        }
        let claim = media_type.map_or(Claim::Unknown, |it| it.claim());
        if claim == Claim::Multipart {
            let boundary = media_type.and_then(|it| it.boundary());
            let boundary = boundary.ok_or(WithheldReason::Malformed)?;
            return multipart::mask(bytes, &boundary, cut, pass).map(|text| (Some(text), 0));
        }
        let text = utf8(bytes, cut).ok_or(WithheldReason::NotUtf8)?;
        let content = text.strip_prefix(BOM).unwrap_or(text);
        let is_plain =
            media_type.is_some_and(|it| self.plain_texts.iter().any(|known| it.is(known)));
        let masked = match claim {
            Claim::Json => mask_json(content, cut, pass)?,
            Claim::JsonLines => mask_lines(content, cut, pass)?,
            Claim::Form => mask_form(content, cut, pass)?,
            Claim::Text | Claim::Unknown | Claim::Multipart => {
                mask_unstructured(content, cut, claim, is_plain, pass)?
            }
        };
        let stripped = content.len() < text.len();
        Ok(match masked {
            None if stripped => (Some(content.to_owned()), 0),
            masked => (masked, text.len()),
        })
    }
}

/// Tells whether the fields tell of a content coding.
fn is_coded(fields: &Fields) -> bool {
    let codings = fields.regular().filter(|it| it.name == "content-encoding");
    Codings::read(codings.map(|it| it.value)) != Some(Codings::default())
}

/// Returns the one media type, or an error where there are several or it is none.
fn media_type(fields: &Fields) -> Result<Option<MediaType<'_>>, WithheldReason> {
    let mut media_type = None;
    for field in fields.regular() {
        let (name, value) = (field.name, field.value);
        if name == "content-type" && media_type.replace(value).is_some_and(|it| it != value) {
            return Err(WithheldReason::UnknownType);
        }
    }
    let parse = |value| std::str::from_utf8(value).ok().and_then(MediaType::parse);
    media_type
        .map(|value| parse(value).ok_or(WithheldReason::UnknownType))
        .transpose()
}

/// Reads UTF-8; of bytes that were cut within a character, without it.
fn utf8(bytes: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

fn mask_json(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    let document = match cut {
        true => json::mask_cut(text, 0, pass),
        false => json::mask(text, 0, pass),
    };
    document
        .map(|document| document.text)
        .map_err(|_| WithheldReason::Malformed)
}

fn mask_lines(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    let mut out = String::new();
    let mut copied = 0;
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let is_last = cut && end == text.len() && !line.ends_with('\n');
        if !line.trim().is_empty() {
            let mark = pass.report.mark();
            let masked = mask_json(line, is_last, pass)?;
            pass.report.under(&mark, || format!("/{number}"));
            if let Some(masked) = masked {
                out.push_str(text.get(copied..start).unwrap_or_default());
                out.push_str(&masked);
                copied = end;
            }
        }
        start = end;
    }
    Ok((copied > 0).then(|| out + text.get(copied..).unwrap_or_default()))
}

/// Masks a form. What a client such as curl sends under a form's type by default, JSON or anything else, is no form.
fn mask_form(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    if text.trim_start().starts_with(['{', '[']) {
        return mask_json(text, cut, pass);
    }
    let body = text.trim_end_matches(['\r', '\n']);
    let odd =
        |letter: char| letter.is_whitespace() || letter.is_control() || "<>\"`".contains(letter);
    if body.contains(odd) || !body.contains('=') {
        return Err(WithheldReason::Malformed);
    }
    Ok(pairs::mask(text, cut, 0, pass))
}

fn mask_unstructured(
    text: &str,
    cut: bool,
    claim: Claim,
    is_plain: bool,
    pass: &mut Pass<'_>,
) -> Masked {
    if !cut && text.trim_start().starts_with(['{', '[']) {
        let mark = pass.report.mark();
        match mask_json(text, false, pass) {
            Ok(masked) => return Ok(masked),
            Err(_) => pass.report.forget(&mark),
        }
    }
    match (is_plain, claim) {
        (true, _) => Ok(None),
        (false, Claim::Text) => Err(WithheldReason::Unstructured),
        (false, _) => Err(WithheldReason::UnknownType),
    }
}

#[cfg(test)]
mod tests;
