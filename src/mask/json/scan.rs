use super::{Malformed, eight};
use crate::mask::detect::{self, Detectors};
use crate::mask::inside;

/// A string without its opening quote.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// Where the content ends: before the closing quote, or at the last whole character or escape.
    pub(super) end: usize,
    pub(super) closed: bool,
    /// Whether there is a backslash.
    pub(super) escaped: bool,
    /// The classes of its plain bytes, and those of the backslash.
    classes: u8,
}

/// The classes that are the detectors'.
const FOUND: u8 = !(MARK | MORE);

impl Text {
    /// Returns the text as one that the next byte closes.
    pub(super) fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// Tells whether there is a byte without which text holds no other text.
    #[inline]
    pub(super) fn is_marked(&self) -> bool {
        self.classes & MARK != 0
    }

    /// Tells whether a detector may find something in it, of which it is told where it begins.
    #[inline]
    pub(super) fn may_find(&self, detectors: Detectors, start: usize) -> bool {
        detectors.may_find(self.classes & FOUND, self.end - start)
    }

    /// Tells whether there may be a space.
    #[inline]
    pub(super) fn may_have_spaces(&self) -> bool {
        self.classes & detect::SIGNS != 0
    }

    /// Tells whether there is such a byte that is no colon.
    pub(super) fn is_marked_by_more_than_colons(&self) -> bool {
        self.classes & MORE != 0
    }
}

/// The bytes of [`inside::MARKS`].
const MARK: u8 = 2;
/// Those of them that are no colon.
const MORE: u8 = 4;

/// The classes of bytes.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = detect::CLASS[byte];
        if inside::MARKS[byte] {
            table[byte] |= MARK;
            if byte != b':' as usize {
                table[byte] |= MORE;
            }
        }
        byte += 1;
    }
    table
};

/// A byte of no class.
const FILL: u8 = b'-';

const _: () = assert!(CLASSES[FILL as usize] == 0);
const _: () = assert!(CLASSES[b'\\' as usize] == u8::MAX);

#[inline]
fn classes_of(eight: [u8; 8]) -> u8 {
    let class = |all: u8, byte: &u8| all | CLASSES[usize::from(*byte)];
    eight.iter().fold(0, class)
}

/// Returns where a name ends without a backslash in it, of which the bytes after its opening quote are given; `None` for any other.
#[inline]
pub(super) fn name(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(word) = eight::at(bytes, at) {
        let ends = eight::ends(word);
        if ends != 0 {
            at += eight::first(ends);
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let tail = bytes.get(at..)?;
    let end = tail.iter().position(|&it| ends_plain(it))?;
    (tail.get(end) == Some(&b'"')).then_some(at + end)
}

/// Tells whether plain text ends before a byte.
const fn ends_plain(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Reads plain text from after an opening quote to the first byte that is none.
#[inline]
pub(super) fn plain(bytes: &[u8], from: usize) -> Text {
    let mut text = Text {
        end: from,
        closed: false,
        escaped: false,
        classes: 0,
    };
    text.pass_plain(bytes);
    text
}

/// Reads a string from after its opening quote.
pub(super) fn string(bytes: &[u8], from: usize) -> Result<Text, Malformed> {
    plain(bytes, from).pass_escapes(bytes)
}

impl Text {
    /// Goes on to the next byte that ends plain text, eight at a time.
    #[inline]
    fn pass_plain(&mut self, bytes: &[u8]) {
        let mut classes = self.classes;
        let mut at = self.end;
        while let Some(word) = eight::at(bytes, at) {
            let ends = eight::ends(word);
            if ends != 0 {
                let count = eight::first(ends);
                self.end = at + count;
                self.classes = classes | classes_of(eight::beginning(word, count, FILL));
                return;
            }
            classes |= classes_of(word.to_le_bytes());
            at += 8;
        }
        let tail = bytes.get(at..).unwrap_or_default().iter();
        for &byte in tail.take_while(|it| !ends_plain(**it)) {
            classes |= CLASSES[usize::from(byte)];
            at += 1;
        }
        self.end = at;
        self.classes = classes;
    }

    /// As [`Self::pass_plain`], where there was a backslash, which is of all classes.
    #[inline]
    fn pass_plain_after_escape(&mut self, bytes: &[u8]) {
        let mut at = self.end;
        while let Some(word) = eight::at(bytes, at) {
            let ends = eight::ends(word);
            if ends != 0 {
                self.end = at + eight::first(ends);
                return;
            }
            at += 8;
        }
        let tail = bytes.get(at..).unwrap_or_default().iter();
        self.end = at + tail.take_while(|it| !ends_plain(**it)).count();
    }

    /// Goes on from the first backslash, control character or end of the source to the end of the string.
    pub(super) fn pass_escapes(mut self, bytes: &[u8]) -> Result<Self, Malformed> {
        // Where the first half of a surrogate pair stands, so that a cut does not keep it alone.
        let mut high = None;
        loop {
            match bytes.get(self.end) {
                None => break,
                Some(b'"') => {
                    self.closed = true;
                    return Ok(self);
                }
                Some(b'\\') => {}
                Some(_) => return Err(Malformed),
            }
            self.escaped = true;
            self.classes |= CLASSES[usize::from(b'\\')];
            match bytes.get(self.end + 1) {
                None => break,
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                    self.end += 2;
                    high = None;
                }
                Some(b'u') => {
                    let digits = bytes.get(self.end + 2..).unwrap_or_default();
                    let digits = digits.get(..4).unwrap_or(digits);
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return Err(Malformed);
                    }
                    if digits.len() < 4 {
                        break;
                    }
                    let first = matches!(
                        digits,
                        [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]
                    );
                    high = first.then_some(self.end);
                    self.end += 6;
                }
                Some(_) => return Err(Malformed),
            }
            let end = self.end;
            self.pass_plain_after_escape(bytes);
            if self.end > end {
                high = None;
            }
        }
        self.end = high.unwrap_or(self.end);
        Ok(self)
    }
}

/// Reads a number. Returns where it ends, or `None` where the text ends before it is a number.
pub(super) fn number(bytes: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
    let mut at = from;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    match bytes.get(at) {
        None => return Ok(None),
        Some(b'0') => at += 1,
        Some(b'1'..=b'9') => at = digits(bytes, at),
        Some(_) => return Err(Malformed),
    }
    if bytes.get(at) == Some(&b'.') {
        match bytes.get(at + 1) {
            None => return Ok(None),
            Some(b'0'..=b'9') => at = digits(bytes, at + 1),
            Some(_) => return Err(Malformed),
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        match bytes.get(at) {
            None => return Ok(None),
            Some(b'0'..=b'9') => at = digits(bytes, at),
            Some(_) => return Err(Malformed),
        }
    }
    Ok(Some(at))
}

#[inline]
fn digits(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = eight::at(bytes, at) {
        let count = eight::digits(word);
        at += count;
        if count < 8 {
            return at;
        }
    }
    let tail = bytes.get(at..).unwrap_or_default();
    at + tail.iter().take_while(|it| it.is_ascii_digit()).count()
}

/// Reads `true`, `false` or `null`. Returns where it ends, or `None` where the text ends within it.
pub(super) fn literal(bytes: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
    let rest = bytes.get(from..).unwrap_or_default();
    let word: &[u8] = match rest {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => return Ok(Some(from + 4)),
        [b'f', b'a', b'l', b's', b'e', ..] => return Ok(Some(from + 5)),
        [b't', ..] => b"true",
        [b'f', ..] => b"false",
        [b'n', ..] => b"null",
        _ => return Err(Malformed),
    };
    match word.starts_with(rest) {
        true => Ok(None),
        false => Err(Malformed),
    }
}
