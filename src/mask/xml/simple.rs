//! A look over XML of the simplest form, which most of the markup in texts is: whether the walk would change anything.
//!
//! It knows tags with names of ASCII, attributes in quotes and text without references, and asks of each name, value and text what the walk asks.
//! Of anything else it says that it does not know.

use super::references;
use super::siblings;
use crate::mask::{Pass, inside};

/// More open elements are left to the walk.
const MAX_DEPTH: usize = 32;
/// More attributes of one element are left to the walk.
const MAX_ATTRIBUTES: usize = 16;

/// What is known of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mask) enum Look {
    /// The walk would let it stay as it is.
    Stays,
    /// The walk would refuse it.
    Malformed,
    Unknown,
}

/// Looks over a whole text.
pub(in crate::mask) fn look(text: &str, level: u8, pass: &mut Pass<'_>) -> Look {
    let mark = pass.report.mark();
    let mut simple = Simple {
        source: text,
        at: 0,
        open: [""; MAX_DEPTH],
        depth: 0,
        level,
        pass,
    };
    let look = simple.run().unwrap_or_else(|look| look);
    if look != Look::Stays {
        pass.report.forget(&mark);
    }
    look
}

struct Simple<'t, 'p, 'm> {
    source: &'t str,
    at: usize,
    /// The names of the open elements.
    open: [&'t str; MAX_DEPTH],
    depth: usize,
    level: u8,
    pass: &'p mut Pass<'m>,
}

impl<'t> Simple<'t, '_, '_> {
    fn run(&mut self) -> Result<Look, Look> {
        let mut has_root = false;
        loop {
            self.text()?;
            if self.at == self.source.len() {
                return match self.depth == 0 && has_root {
                    true => Ok(Look::Stays),
                    false => Err(Look::Malformed),
                };
            }
            self.at += 1;
            if self.takes(b'/') {
                self.end_tag()?;
                continue;
            }
            if matches!(self.byte(), Some(b'!' | b'?')) {
                return Err(Look::Unknown);
            }
            if self.depth == 0 && std::mem::replace(&mut has_root, true) {
                return Err(Look::Malformed);
            }
            self.start_tag()?;
        }
    }

    /// Passes the text up to the next tag or the end.
    fn text(&mut self) -> Result<(), Look> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        self.at += end;
        if text
            .bytes()
            .all(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r'))
        {
            return Ok(());
        }
        if self.depth == 0 {
            return Err(Look::Malformed);
        }
        if text.trim_end().ends_with([':', '=']) {
            return Err(Look::Unknown);
        }
        self.piece(text)
    }

    /// Asks of a text or a value what the walk asks.
    fn piece(&mut self, text: &str) -> Result<(), Look> {
        let is_simple = |byte: u8| match byte {
            b'&' | b'<' | b'>' | b'\\' | b'%' | b'"' | b'{' | b'[' | b']' | 0xef => false,
            byte => byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r'),
        };
        if !text.bytes().all(is_simple) {
            return Err(Look::Unknown);
        }
        debug_assert!(text.chars().all(references::is_character));
        let count = self.pass.report.count();
        let stays = !inside::may_hold(text) && !self.pass.may_find(text)
            || inside::mask(text, false, self.level, self.pass).is_none();
        match stays && self.pass.report.count() == count {
            true => Ok(()),
            false => Err(Look::Unknown),
        }
    }

    fn end_tag(&mut self) -> Result<(), Look> {
        let name = self.name()?;
        if !self.takes(b'>') {
            return Err(Look::Unknown);
        }
        let depth = self.depth.checked_sub(1).ok_or(Look::Malformed)?;
        if self.open.get(depth) != Some(&name) {
            return Err(Look::Malformed);
        }
        self.depth = depth;
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Look> {
        let name = self.name()?;
        let known = self.pass.fields.known(name);
        if known.rule.is_some() || known.role.names() || name == "SignatureValue" {
            return Err(Look::Unknown);
        }
        let mut names = [""; MAX_ATTRIBUTES];
        let mut count = 0;
        loop {
            let is_apart = self.passes_spaces();
            if self.takes(b'>') {
                break;
            }
            if self.takes(b'/') {
                return match self.takes(b'>') {
                    true => Ok(()),
                    false => Err(Look::Unknown),
                };
            }
            let name = self.attribute()?;
            let is_new = !names.iter().take(count).any(|it| *it == name);
            match names.get_mut(count) {
                Some(last) if is_apart && is_new => *last = name,
                _ => return Err(Look::Unknown),
            }
            count += 1;
        }
        *self.open.get_mut(self.depth).ok_or(Look::Unknown)? = name;
        self.depth += 1;
        Ok(())
    }

    /// Passes an attribute. Returns its name.
    fn attribute(&mut self) -> Result<&'t str, Look> {
        let name = self.name()?;
        let known = self.pass.fields.known(name);
        if known.rule.is_some() || !self.takes(b'=') {
            return Err(Look::Unknown);
        }
        let quote = self.byte().filter(|it| matches!(it, b'"' | b'\''));
        let quote = quote.ok_or(Look::Unknown)?;
        let rest = self.source.get(self.at + 1..).unwrap_or_default();
        let end = memchr::memchr(quote, rest.as_bytes()).ok_or(Look::Unknown)?;
        let value = rest.get(..end).unwrap_or_default();
        self.piece(value)?;
        if known.role.names() && self.pass.decide_sibling(value, siblings::named).is_some() {
            return Err(Look::Unknown);
        }
        self.at += 1 + end + 1;
        Ok(name)
    }

    /// Passes a name in which nothing may be found.
    fn name(&mut self) -> Result<&'t str, Look> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let part = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'.');
        let length = rest.bytes().take_while(|it| part(it)).count();
        let name = rest.get(..length).unwrap_or_default();
        let begins = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
        // Another kind of letter would go on with it.
        let ends = rest
            .as_bytes()
            .get(length)
            .is_some_and(|it| b" \t\r\n=/>".contains(it));
        if !begins || !ends || self.pass.may_find(name) {
            return Err(Look::Unknown);
        }
        self.at += length;
        Ok(name)
    }

    fn byte(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let takes = self.byte() == Some(byte);
        self.at += usize::from(takes);
        takes
    }

    fn passes_spaces(&mut self) -> bool {
        let start = self.at;
        while self
            .byte()
            .is_some_and(|it| matches!(it, b' ' | b'\t' | b'\r' | b'\n'))
        {
            self.at += 1;
        }
        self.at > start
    }
}
