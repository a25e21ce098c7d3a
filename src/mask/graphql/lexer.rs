use std::borrow::Cow;

use super::Malformed;

/// A token of the grammar, without commas and spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sign(u8),
    Spread,
    Name,
    Number,
    Text,
    BlockText,
    Comment,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tokens of a text in order.
pub(super) struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
    /// Whether the source may end within a token.
    cut: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(source: &'t str, cut: bool) -> Self {
        Self {
            bytes: source.as_bytes(),
            at: 0,
            cut,
        }
    }

    /// Returns up to where the tokens are certain.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns the next token; `None` at the end, and where the source was cut within the token.
    pub(super) fn next_token(&mut self) -> Result<Option<Token>, Malformed> {
        loop {
            match self.bytes.get(self.at..).unwrap_or_default() {
                [b' ' | b'\t' | b'\n' | b'\r' | b',', ..] => self.at += 1,
                [0xef, 0xbb, 0xbf, ..] => self.at += 3,
                _ => break,
            }
        }
        let start = self.at;
        let Some(&byte) = self.bytes.get(start) else {
            return Ok(None);
        };
        let rest = &self.bytes[start..];
        let (kind, length) = match byte {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'}'
            | b'|' => (Kind::Sign(byte), Some(1)),
            b'.' => match rest {
                [b'.', b'.', b'.', ..] => (Kind::Spread, Some(3)),
                [b'.'] | [b'.', b'.'] => (Kind::Spread, None),
                _ => return Err(Malformed),
            },
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => (Kind::Name, Some(count(rest, is_name_part))),
            b'-' | b'0'..=b'9' => (Kind::Number, number(rest)?),
            b'"' if rest.starts_with(b"\"\"\"") => (Kind::BlockText, block(&rest[3..])?),
            b'"' => (Kind::Text, text(&rest[1..])?),
            b'#' => (
                Kind::Comment,
                Some(count(rest, |it| !matches!(it, b'\n' | b'\r'))),
            ),
            _ => return Err(Malformed),
        };
        let may_go_on = match kind {
            Kind::Name | Kind::Number | Kind::Comment => length == Some(rest.len()),
            // `""` may be the beginning of `"""`.
            Kind::Text => rest == b"\"\"",
            _ => false,
        };
        match length {
            Some(length) if !(self.cut && may_go_on) => {
                self.at += length;
                Ok(Some(Token {
                    kind,
                    start,
                    end: self.at,
                }))
            }
            _ if self.cut => Ok(None),
            _ => Err(Malformed),
        }
    }
}

fn count(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&byte| is_part(byte)).count()
}

fn is_name_part(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Returns the length of a number; `None` where the text ends before it is one.
fn number(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let digits = |at: usize| match bytes.get(at) {
        None => Ok(None),
        Some(byte) if !byte.is_ascii_digit() => Err(Malformed),
        Some(_) => Ok(Some(at + count(&bytes[at..], |it| it.is_ascii_digit()))),
    };
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let Some(mut at) = digits(sign)? else {
        return Ok(None);
    };
    if bytes[sign] == b'0' && at > sign + 1 {
        return Err(Malformed);
    }
    if bytes.get(at) == Some(&b'.') {
        let Some(end) = digits(at + 1)? else {
            return Ok(None);
        };
        at = end;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        let Some(end) = digits(at + 1 + usize::from(signed))? else {
            return Ok(None);
        };
        at = end;
    }
    match bytes.get(at) {
        Some(&byte) if byte == b'.' || is_name_part(byte) => Err(Malformed),
        _ => Ok(Some(at)),
    }
}

/// Returns the length of a string of which the content is here, with its quotes; `None` where it does not end.
fn text(content: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut at = 0;
    loop {
        match content.get(at) {
            None => return Ok(None),
            Some(b'"') => return Ok(Some(at + 2)),
            Some(b'\\') => at += 2,
            Some(b'\t' | b' '..) => at += 1,
            Some(_) => return Err(Malformed),
        }
    }
}

fn block(content: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut at = 0;
    loop {
        match content.get(at..).unwrap_or_default() {
            [] => return Ok(None),
            [b'"', b'"', b'"', ..] => return Ok(Some(at + 6)),
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            [b'\t' | b'\n' | b'\r' | b' '.., ..] => at += 1,
            _ => return Err(Malformed),
        }
    }
}

/// Decodes a string or block string, quotes included. The indentation of a block string stays.
pub(super) fn decoded(token: Token, source: &str) -> Result<Cow<'_, str>, Malformed> {
    let raw = source.get(token.start..token.end).unwrap_or_default();
    let quotes = if token.kind == Kind::BlockText { 3 } else { 1 };
    let content = raw.get(quotes..raw.len() - quotes).unwrap_or_default();
    match token.kind {
        _ if !content.contains('\\') => Ok(Cow::Borrowed(content)),
        Kind::BlockText => Ok(Cow::Owned(content.replace("\\\"\"\"", "\"\"\""))),
        // The escapes are those of JSON.
        _ => serde_json::from_str(raw)
            .map_err(|_| Malformed)
            .map(Cow::Owned),
    }
}
