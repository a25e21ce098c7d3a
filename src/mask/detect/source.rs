use std::ops::Range;

/// A text to look into, and whether it may have been longer.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) cut: bool,
    /// Fewer bytes at the end are no beginning of a find.
    pub(super) least: usize,
}

/// Fewer bytes of something that was cut off are no beginning of it.
const LEAST_BEGINNING: usize = 4;

impl<'t> Source<'t> {
    pub(super) fn new(bytes: &'t [u8], cut: bool) -> Self {
        let least = LEAST_BEGINNING;
        Self { bytes, cut, least }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn from(&self, at: usize) -> &'t [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'t [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(super) fn starts_with(&self, at: usize, text: &[u8]) -> bool {
        self.from(at).starts_with(text)
    }

    /// Returns the byte before.
    pub(super) fn before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).and_then(|at| self.byte(at))
    }

    /// Tells whether a place is where the text was cut off, so that anything might have followed.
    pub(super) fn is_cut_at(&self, at: usize) -> bool {
        self.cut && at >= self.bytes.len()
    }

    /// Returns what lies between a place and the end of the text, where that may be the beginning of a find.
    pub(super) fn open(&self, start: usize) -> Option<Range<usize>> {
        let begun = self.bytes.len().saturating_sub(start);
        (self.cut && begun >= self.least).then_some(start..self.bytes.len())
    }

    /// Tells whether a text stands there as far as the source goes, and the source was cut within it.
    pub(super) fn begins(&self, at: usize, text: &[u8]) -> bool {
        let rest = self.from(at);
        self.cut && rest.len() < text.len() && text.starts_with(rest)
    }

    /// Returns where the run of bytes of a set ends that starts there, after at most so many.
    pub(super) fn run(&self, at: usize, set: Set, most: usize) -> usize {
        let rest = self.from(at);
        let rest = rest.get(..most).unwrap_or(rest);
        at + rest.iter().take_while(|&&byte| set.has(byte)).count()
    }

    /// Returns where the escape ends whose mark stands before a place, at the end of the text where that ends within it; `None` where it is none.
    pub(super) fn after_escape(&self, at: usize) -> Option<usize> {
        let is_hex = |from: usize, digits: usize| {
            let digits = self.slice(from..self.len().min(from + digits));
            let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
            is_hex.then_some(from + digits.len())
        };
        match (self.before(at)?, self.byte(at)?) {
            (b'%', _) => is_hex(at, 2),
            (b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'/') => Some(at + 1),
            (b'\\', b'u') => is_hex(at + 1, 4),
            (b'\\', b'x') => is_hex(at + 1, 2),
            _ => None,
        }
    }

    /// Tells whether an escape ends there.
    pub(super) fn is_after_escape(&self, at: usize) -> bool {
        self.escapes(at).any(|(_, end)| end == at)
    }

    /// Returns where the escape ends that a backslash before a place begins and that goes on there.
    pub(super) fn escape_around(&self, at: usize) -> Option<usize> {
        let mut escapes = self.escapes(at);
        escapes.find_map(|(mark, end)| (mark == b'\\' && end > at).then_some(end))
    }

    /// Returns the marks of the escapes that begin before a place and may go so far, and where they end.
    fn escapes(&self, at: usize) -> impl Iterator<Item = (u8, usize)> {
        const LONGEST: usize = 5;
        let begins = at.saturating_sub(LONGEST)..=at;
        begins.filter_map(|at| Some((self.before(at)?, self.after_escape(at)?)))
    }

    /// Tells whether a letter or digit stands there.
    pub(super) fn is_word(&self, at: usize) -> bool {
        self.byte(at).is_some_and(|byte| ALNUM.has(byte))
    }

    pub(super) fn is_digit(&self, at: usize) -> bool {
        self.byte(at).is_some_and(|byte| byte.is_ascii_digit())
    }
}

/// A set of bytes.
#[derive(Clone, Copy)]
pub(super) struct Set(u16);

pub(super) const DIGIT: Set = Set(1);
pub(super) const HEX_LETTER: Set = Set(1 << 1);
pub(super) const LOWER: Set = Set(1 << 1 | 1 << 3);
pub(super) const UPPER: Set = Set(1 << 2 | 1 << 4);
pub(super) const DASH: Set = Set(1 << 5);
pub(super) const LOW: Set = Set(1 << 6);
pub(super) const DOT: Set = Set(1 << 7);
pub(super) const EQUALS: Set = Set(1 << 8);
pub(super) const SLASHED: Set = Set(1 << 9);
const SPACES: Set = Set(1 << 10);
const OTHER: Set = Set(1 << 11);

pub(super) const HEX: Set = DIGIT.and(HEX_LETTER);
pub(super) const UPPER_NUM: Set = DIGIT.and(UPPER);
pub(super) const LETTER: Set = LOWER.and(UPPER);
/// `[A-Za-z0-9]`
pub(super) const ALNUM: Set = LETTER.and(DIGIT);
/// `[A-Za-z0-9_]`
pub(super) const WORD: Set = ALNUM.and(LOW);
/// The letters of base64 for URLs.
pub(super) const URL64: Set = WORD.and(DASH);
/// The letters of base64, and its padding.
pub(super) const BASE64: Set = ALNUM.and(SLASHED).and(EQUALS);
/// What credentials in running text are made of: what can be seen, without quotes, brackets and what stands between words.
pub(super) const SEEN: Set = URL64.and(DOT).and(EQUALS).and(SLASHED).and(OTHER);
pub(super) const BLANK: Set = SPACES;

const KINDS: [u16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'0'..=b'9' => 1,
            b'a'..=b'f' => 1 << 1,
            b'A'..=b'F' => 1 << 2,
            b'g'..=b'z' => 1 << 3,
            b'G'..=b'Z' => 1 << 4,
            b'-' => 1 << 5,
            b'_' => 1 << 6,
            b'.' => 1 << 7,
            b'=' => 1 << 8,
            b'+' | b'/' => 1 << 9,
            b' ' | b'\t' | b'\n' | b'\r' => 1 << 10,
            b'!' | b'#' | b'$' | b'%' | b'*' | b':' | b'?' | b'@' | b'^' | b'|' | b'~' => 1 << 11,
            _ => 0,
        };
        at += 1;
    }
    table
};

impl Set {
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, byte: u8) -> bool {
        KINDS[byte as usize] & self.0 != 0
    }
}

/// Tells whether bytes hold one of a set.
pub(super) fn any(bytes: &[u8], set: Set) -> bool {
    bytes.iter().any(|&byte| set.has(byte))
}
