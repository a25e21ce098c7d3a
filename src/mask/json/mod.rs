//! JSON in one pass over its bytes.
//!
//! Comes in: text that claims to be one JSON document (RFC 8259), or its beginning. Goes out: the same text with the values of secret
//! names replaced as a whole, whatever their type, and every other byte kept. Promises:
//!
//! - The grammar is checked as strictly as RFC 8259 writes it, in replaced values too; what breaks it is [`Malformed`] and nothing of it is
//!   used. A lone surrogate escape is within the grammar and kept.
//! - A name is decoded before it is decided on; of names given twice each value is replaced.
//! - A document that was cut ends at the last certain point: a secret value that was begun is replaced, a name, number or literal that
//!   was begun is left out, other text ends on a character boundary.
//! - Strings that hold more are masked inside, see [`super::inside`].
//! - Of `{"name":"password","value":"x"}` the value is replaced, see [`siblings`].
//!
//! - Of GraphQL's `{"query":"..","variables":{..}}` the variables are replaced that the query gives to secret arguments, see [`requests`].
//! - What a rule by pointer names is replaced as a whole, in the document itself and not in those within its texts.
//! - What a rule removes goes with its name and a comma, and what is left is JSON. Items of lists are replaced.
//!
//! Costs: time linear in the text, in one pass, no recursion on depth; memory for the masked text, one bit for each open bracket, a step of the pointer for the
//! first 64 of them, and the members that may belong together of the first 256; no allocation while nothing is masked, apart from strings that
//! have to be decoded and those members.

mod eight;
mod nesting;
mod output;
mod requests;
mod scan;
mod siblings;

mod text;
mod trail;
mod walk;

use super::Pass;
use super::graphql::Bound;

pub(super) use text::{decoded, encode};

/// The text breaks the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// What became of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// The masked text; `None` where it is the text that came in.
    pub(super) text: Option<String>,
    /// Whether the document came to its end.
    pub(super) complete: bool,
}

/// Masks a whole document.
pub(super) fn mask(source: &str, level: u8, pass: &mut Pass<'_>) -> Result<Document, Malformed> {
    walk::run(source, false, level, pass)
}

/// Masks what may be the beginning of a document.
pub(super) fn mask_cut(
    source: &str,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Document, Malformed> {
    walk::run(source, true, level, pass)
}

/// Returns what the GraphQL documents in a document say of variables.
pub(super) fn documents(source: &str, cut: bool, pass: &mut Pass<'_>) -> Bound {
    requests::Requests::documents(source, cut, pass)
}

#[cfg(test)]
mod tests;
