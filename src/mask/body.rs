//! Bodies, by what they claim to be.
//!
//! A claim is checked and never trusted: what breaks its grammar is withheld. Text without a grammar is kept only where it is JSON, or where
//! the rules say that its type holds no secrets, and then line by line. A body with a content coding is decoded first, with the feature
//! `decompress`; one with a coding that is not undone, in a charset that is not read here or that is not text in its charset is withheld.

use std::borrow::Cow;

#[cfg(feature = "decompress")]
use super::decode;
use super::keyed_hash::KeyedHash;
use super::media_type::{Claim, MediaType};
use super::{MASKED, Pass, charset, csv, graphql, json, multipart, pairs, sse};
use crate::capture::{CapturedBody, Codings, Fields, Kept};
use crate::entry::{BodyRecord, WithheldReason};

mod guess;
mod lines;
pub(super) mod plain;

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
                Ok(decoded) => {
                    let is_whole = decoded.cut.is_none();
                    pass.decoded_bytes = is_whole.then_some(decoded.bytes.len() as u64);
                    if is_whole && decoded.bytes.is_empty() {
                        let text = String::new();
                        return BodyRecord::Whole { text, bytes_seen };
                    }
                    (decoded.bytes, decoded.cut)
                }
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
        match media_type.map(|it| it.claim()) {
            Some(claim @ (Claim::Multipart | Claim::Parts)) => {
                let boundary = media_type.and_then(|it| it.boundary());
                let boundary = boundary.ok_or(WithheldReason::Malformed)?;
                let is_form = claim == Claim::Multipart;
                let masked = multipart::mask(self, bytes, &boundary, cut, is_form, pass);
                return masked.map(|text| (Some(text), 0));
            }
            Some(Claim::Token) => {
                pass.report.masked(String::new, "token", bytes.len());
                return Ok((Some(MASKED.to_owned()), 0));
            }
            _ => {}
        }
        let label = match media_type {
            Some(it) => it.charset().map_err(|_| WithheldReason::UnknownType)?,
            None => None,
        };
        let is_xml = media_type.is_none_or(|it| it.claim() == Claim::Xml);
        let declared = || charset::declared(bytes).filter(|_| is_xml);
        let text = charset::decode(bytes, label.as_deref().or_else(declared), cut)?;
        let masked = self.mask_text(&text, cut, media_type, pass)?;
        Ok(match (masked, text) {
            (None, Cow::Borrowed(text)) if bytes.starts_with(text.as_bytes()) => (None, text.len()),
            (None, text) => (Some(text.into_owned()), 0),
            (masked, _) => (masked, 0),
        })
    }

    /// Masks text that is said to be of a type. Returns `None` where it stays as it is.
    pub(super) fn mask_text(
        &self,
        text: &str,
        cut: bool,
        media_type: Option<MediaType<'_>>,
        pass: &mut Pass<'_>,
    ) -> Masked {
        let Some(media_type) = media_type else {
            return guess::mask(text, cut, pass);
        };
        let is_plain = self.plain_texts.iter().any(|known| media_type.is(known));
        let claim = media_type.claim();
        let mark = pass.report.mark();
        let masked = match claim {
            Claim::Json => mask_json(text, cut, pass),
            Claim::JsonLines => lines::mask(text, cut, pass),
            Claim::JsonSequence => lines::mask_sequence(text, cut, pass),
            Claim::Form => mask_form(text, cut, pass),
            Claim::Events => return Ok(sse::mask(text, cut, is_plain, pass)),
            Claim::Xml => mask_xml(text, cut, pass),
            Claim::GraphQl => mask_graphql(text, cut, pass),
            Claim::Csv => csv::mask(text, cut, csv::Header::said(media_type), pass),
            Claim::Text => guess::mask_json(text, cut, pass).ok_or(WithheldReason::Unstructured),
            _ => guess::mask_json(text, cut, pass).ok_or(WithheldReason::UnknownType),
        };
        match masked {
            // It has no fields that a list could name.
            Err(_) if is_plain && pass.fields.is_limited() => Err(WithheldReason::Unstructured),
            Err(_) if is_plain => {
                pass.report.forget(&mark);
                Ok(plain::mask(text, cut, pass))
            }
            masked => masked,
        }
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

fn mask_json(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    let document = match cut {
        true => json::mask_cut(text, 0, pass),
        false => json::mask(text, 0, pass),
    };
    document
        .map(|document| document.text)
        .map_err(|_| WithheldReason::Malformed)
}

/// Masks XML. A service that answers in JSON under its type is read as well.
fn mask_xml(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    if let Some(masked) = guess::mask_json(text, cut, pass) {
        return Ok(masked);
    }
    #[cfg(feature = "xml")]
    return super::xml::mask(text, cut, 0, pass).map_err(|_| WithheldReason::Malformed);
    #[cfg(not(feature = "xml"))]
    Err(WithheldReason::UnknownType)
}

/// Masks a GraphQL document. Some clients send the JSON of a request under its type.
fn mask_graphql(text: &str, cut: bool, pass: &mut Pass<'_>) -> Masked {
    if let Some(masked) = guess::mask_json(text, cut, pass) {
        return Ok(masked);
    }
    let told = graphql::Told::ByItsType;
    graphql::mask(text, cut, told, 0, pass).map_err(|_| WithheldReason::Malformed)
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

#[cfg(test)]
mod tests;
