//! GraphQL documents (October 2021): literals of secret arguments.
//!
//! Comes in: text that may be an executable document, or its beginning. Goes out: the same text with the literals of arguments, fields of
//! input objects and defaults of variables replaced whose name is a secret's, and every other byte kept. Promises:
//!
//! - Defaults of variables are replaced that a secret argument takes, and [`Bound`] says which variables that are.
//! - Names, aliases, types, variables, `true`, `false` and `null` stay: they say what is asked for.
//! - Where only listed names show, every literal is replaced whose own name and each one around it is not listed.
//! - Other strings are looked into; comments are emptied, since a secret can stand anywhere in them.
//! - Numbers and strings in which a detector finds something are replaced.
//! - What is no such document, type definitions among it, is [`Malformed`]: the caller takes it for the text that it is. So is one with a name
//!   in which a detector finds something.
//! - Of a document that was cut, the last token is left out, with the literals whose name may have been cut off.
//!
//! Costs: time linear in the text; memory for the brackets that are open, of which there may be [`walk::MAX_DEPTH`], and for what is
//! replaced.

use super::Pass;

mod bound;
mod elsewhere;
mod lexer;
mod walk;

pub(super) use bound::Bound;
pub(super) use elsewhere::{of_body, of_query};

/// The text is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Whether anything but the text itself says that it is GraphQL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    ByItsType,
    /// Then `{password: x}` may as well be an object of another language.
    ByItself,
}

/// Tells whether text begins as a document does.
pub(super) fn begins(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        match rest.strip_prefix('#') {
            Some(comment) => match comment.find(['\n', '\r']) {
                Some(end) => rest = &comment[end..],
                None => return false,
            },
            None => break,
        }
    }
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let word = rest.split(|it| !is_part(it)).next().unwrap_or_default();
    rest.starts_with('{') || walk::OPERATIONS.contains(&word)
}

/// Masks a document, or the beginning of one. Returns `None` where it stays as it is.
pub(super) fn mask(
    text: &str,
    cut: bool,
    told: Told,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Option<String>, Malformed> {
    let mark = pass.report.mark();
    let masked = walk::Walk::new(text, cut, told, level, pass).run();
    if masked.is_err() {
        pass.report.forget(&mark);
    }
    masked
}

#[cfg(test)]
mod tests;
