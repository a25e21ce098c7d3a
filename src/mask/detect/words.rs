use std::ops::Range;

use super::source::{ALNUM, Source};
use super::{Detector, Detectors, Found, card, jwt, provider};

/// Which two bytes begin something: bits of the second by the first.
const LEADS: [u128; 128] = {
    let mut table = provider::LEADS;
    table[b'e' as usize] |= 1 << b'y';
    table
};

/// The walk from word to word.
pub(super) struct Words<'t, 'f> {
    on: Detectors,
    source: Source<'t>,
    found: &'f mut Vec<Found>,
    /// Up to where each detector has found.
    until: [usize; Detector::ALL.len()],
    jwts: jwt::Memory,
}

impl<'t, 'f> Words<'t, 'f> {
    pub(super) fn new(on: Detectors, text: &'t str, cut: bool, found: &'f mut Vec<Found>) -> Self {
        let bytes = text.as_bytes();
        Self {
            on,
            source: Source { bytes, cut },
            found,
            until: [0; Detector::ALL.len()],
            jwts: jwt::Memory::default(),
        }
    }

    pub(super) fn run(mut self) {
        let mut was_word = false;
        for (at, &byte) in self.source.bytes.iter().enumerate() {
            let is_word = ALNUM.has(byte);
            if is_word && !was_word {
                self.word(at);
            }
            was_word = is_word;
        }
    }

    /// Looks at what begins with a word.
    fn word(&mut self, at: usize) {
        self.begin(at);
        if let Some(escape @ (b'\\' | b'%')) = self.source.before(at)
            && let Some(after) = escape_end(self.source, escape, at)
        {
            self.begin(after);
        }
    }

    fn begin(&mut self, at: usize) {
        let [first, second] = match *self.source.from(at) {
            [first, second, ..] => [first, second],
            _ => return,
        };
        if first.is_ascii_digit() {
            self.ask(Detector::Card, at, |it| card::find(it.source, at));
        }
        if LEADS[usize::from(first & 0x7f)] >> (second & 0x7f) & 1 == 0 {
            return;
        }
        self.ask(Detector::ProviderKey, at, |it| {
            provider::find(it.source, at)
        });
        self.ask(Detector::Jwt, at, |it| it.jwts.find(it.source, at));
    }

    fn ask(
        &mut self,
        detector: Detector,
        at: usize,
        find: impl FnOnce(&mut Self) -> Option<Range<usize>>,
    ) {
        if !self.on.is_on(detector) || at < self.until[detector as usize] {
            return;
        }
        if let Some(Range { start, end }) = find(self) {
            self.until[detector as usize] = end;
            self.found.push(Found {
                start,
                end,
                detector,
            });
        }
    }
}

/// Returns where an escape ends whose mark stands before a word.
fn escape_end(source: Source<'_>, mark: u8, at: usize) -> Option<usize> {
    let is_hex = |from: usize, digits: usize| {
        let digits = source.slice(from..from + digits);
        digits
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(from + digits.len())
    };
    let end = match (mark, source.byte(at)?) {
        (b'%', _) => is_hex(at, 2),
        (_, b'n' | b'r' | b't' | b'b' | b'f') => Some(at + 1),
        (_, b'u') => is_hex(at + 1, 4),
        (_, b'x') => is_hex(at + 1, 2),
        _ => None,
    };
    end.filter(|&end| source.is_word(end))
}
