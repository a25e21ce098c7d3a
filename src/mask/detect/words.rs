use std::ops::Range;

use super::source::{ALNUM, LETTER, Source};
use super::{Detector, Detectors, Found, card, credentials, iban, jwt, private_key, provider};

/// Which two bytes begin something: bits of the second by the first.
const LEADS: [u128; 128] = {
    let mut table = credentials::mark_leads(provider::LEADS);
    let more = [b"ey", b"BE", b"Pr", b"LS", b"MI", b"MC", b"MG"];
    let mut at = 0;
    while at < more.len() {
        let [first, second] = *more[at];
        table[first as usize] |= 1 << second;
        at += 1;
    }
    let mut digit = b'0';
    while digit <= b'9' {
        table[b'B' as usize] |= 1 << digit;
        digit += 1;
    }
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
    pub(super) fn new(on: Detectors, source: Source<'t>, found: &'f mut Vec<Found>) -> Self {
        Self {
            on,
            source,
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
        if self.on.is_on(Detector::ProviderKey) {
            for tilde in memchr::memchr_iter(b'~', self.source.bytes) {
                let secret = provider::secret_of_azure(self.source, tilde);
                self.add(Detector::ProviderKey, secret);
            }
        }
        if self.source.cut {
            let last = usize::MAX;
            self.ask(Detector::PrivateKey, last, |it| {
                private_key::last(it.source)
            });
            self.ask(Detector::ProviderKey, last, |it| provider::last(it.source));
            self.ask(Detector::ProviderKey, last, |it| {
                provider::last_for_azure(it.source)
            });
        }
    }

    /// Looks at what begins with a word, and at what begins after an escape before it.
    fn word(&mut self, at: usize) {
        self.begin(at);
        if let Some(mark @ (b'\\' | b'%')) = self.source.before(at)
            && let Some(after) = escape_end(self.source, mark, at)
        {
            self.begin(after);
        }
    }

    fn begin(&mut self, at: usize) {
        let [first, second, rest @ ..] = self.source.from(at) else {
            return;
        };
        if first.is_ascii_digit() {
            let known = self.known();
            self.ask(Detector::Card, at, |it| card::find(it.source, at, known));
            self.ask_for_key(at);
            return;
        }
        if let [third, fourth, ..] = rest
            && third.is_ascii_digit()
            && fourth.is_ascii_digit()
            && LETTER.has(*second)
        {
            self.ask(Detector::Iban, at, |it| iban::find(it.source, at));
        }
        if LEADS[usize::from(*first & 0x7f)] >> (second & 0x7f) & 1 == 1 {
            self.begin_known(at);
        }
    }

    #[inline(never)]
    fn begin_known(&mut self, at: usize) {
        self.ask_for_key(at);
        self.ask(Detector::Jwt, at, |it| it.jwts.find(it.source, at));
        self.ask(Detector::PrivateKey, at, |it| {
            private_key::find(it.source, at)
        });
        self.ask(Detector::Credentials, at, |it| {
            credentials::find(it.source, at)
        });
        self.ask(Detector::Card, at, |it| card::find_track(it.source, at));
    }

    /// Returns up to where the last find goes.
    fn known(&self) -> usize {
        self.found.last().map_or(0, |it| it.end)
    }

    /// Asks for a vendor's key, and for the secret that comes after one of Amazon's.
    fn ask_for_key(&mut self, at: usize) {
        let before = self.found.len();
        let known = self.known();
        self.ask(Detector::ProviderKey, at, |it| {
            provider::find(it.source, at, known)
        });
        if let Some(&Found { start, end, .. }) = self.found.get(before)
            && provider::is_id_of_amazon(self.source.slice(start..end))
        {
            // Other keys may stand between.
            let secret = provider::secret_of_amazon(self.source, end);
            self.found.extend(secret.map(|it| Found {
                start: it.start,
                end: it.end,
                detector: Detector::ProviderKey,
            }));
        }
    }

    fn ask(
        &mut self,
        detector: Detector,
        at: usize,
        find: impl FnOnce(&mut Self) -> Option<Range<usize>>,
    ) {
        if self.on.is_on(detector) && at >= self.until[detector as usize] {
            let found = find(self);
            self.add(detector, found);
        }
    }

    fn add(&mut self, detector: Detector, found: Option<Range<usize>>) {
        if let Some(Range { start, end }) = found {
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
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        is_hex.then_some(from + digits.len())
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
