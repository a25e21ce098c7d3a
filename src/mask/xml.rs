//! XML 1.0 in one pass: elements and attributes by their local names.
//!
//! Comes in: text that claims to be one document, or its beginning. Goes out: the same text with the content of secret elements and the values
//! of secret attributes replaced, and every other byte kept. Promises:
//!
//! - What is not well-formed is [`Malformed`], an entity that is not one of the five among it. So is a document type with a subset of its own:
//!   nothing is ever declared, expanded or fetched.
//! - References are decoded before a name's value or a text is decided on. The content of a secret element is replaced as a whole, whatever
//!   its elements; a signature that holds its certificate, and the tokens that hold a user's name, are looked into.
//! - Of `<add key="Password" value="x"/>`, `<param name="token">x</param>` and `<key>pin</key><value>1</value>` the value is replaced.
//! - Other texts and values are looked into, XML in them among it. Comments and processing instructions lose their content, since a secret can
//!   stand anywhere in them.
//! - A document that was cut ends at the last certain point: a secret element that is open is replaced, a tag that was begun is left out.
//!
//! Costs: time linear in the text, no recursion on depth; memory for the open elements and for what is replaced.

use quick_xml::errors::{Error, IllFormedError};

use super::Pass;
use simple::Look;

mod references;
mod siblings;
mod simple;
mod tag;
mod walk;

/// The text is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// As [`mask`], of text that is whole and of no type: most such is markup in which there is nothing to mask.
pub(super) fn mask_markup(
    text: &str,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Option<String>, Malformed> {
    match simple::look(text, level, pass) {
        Look::Stays => Ok(None),
        Look::Malformed => Err(Malformed),
        Look::Unknown => mask(text, false, level, pass),
    }
}

/// Masks a document, or the beginning of one. Returns `None` where it stays as it is.
pub(super) fn mask(
    text: &str,
    cut: bool,
    level: u8,
    pass: &mut Pass<'_>,
) -> Result<Option<String>, Malformed> {
    let mark = pass.report.mark();
    let masked = walk::Walk::new(text, cut, level, pass).run();
    if masked.is_err() {
        pass.report.forget(&mark);
    }
    masked
}

/// Tells whether what the reader refused is the beginning of something that it would take.
fn is_unfinished(rest: &str, error: &Error) -> bool {
    let begins = |known: &str| known.starts_with(rest);
    let lacks = |start: &str, end: &str| {
        let content = rest.strip_prefix(start);
        content.is_some_and(|it| !it.contains(end))
    };
    match error {
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            let name = rest.strip_prefix('&').unwrap_or("<");
            name.bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'#')
        }
        Error::Syntax(_) if rest.starts_with("<!") => {
            begins("<!--")
                || begins("<![CDATA[")
                || begins("<!DOCTYPE")
                || lacks("<!--", "-->")
                || lacks("<![CDATA[", "]]>")
                || lacks("<!DOCTYPE", "[") && lacks("<!DOCTYPE", ">")
        }
        Error::Syntax(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
