use std::ops::Range;

use super::leads::Leads;
use super::source::{LETTER, Source};
use super::{
    Detector, Detectors, Found, card, credentials, iban, jwt, private_key, provider, starts,
};

/// What begins with a word, numbers of cards and accounts aside.
static LEADS: Leads = {
    let mut leads = provider::lead(credentials::lead(Leads::new()));
    let more = ["eyJ", "BEGI", "Priv", "LS0t", "MI", "MC", "MG"];
    let mut at = 0;
    while at < more.len() {
        leads = leads.with(more[at].as_bytes());
        at += 1;
    }
    let mut digit = b'0';
    while digit <= b'9' {
        leads = leads.with(&[b'B', digit]);
        digit += 1;
    }
    leads
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
        match memchr::memchr2(b'\\', b'%', self.source.bytes) {
            None => starts::each(self.source.bytes, |at| self.begin(at)),
            Some(_) => starts::each(self.source.bytes, |at| {
                self.begin(at);
                self.begin_after_escape(at);
            }),
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
            if self.on.is_on(Detector::ProviderKey) {
                let last = provider::last_for_amazon(self.source);
                self.found.extend(last.map(Found::of_provider));
            }
        }
    }

    /// Looks at what begins with a word.
    #[inline]
    fn begin(&mut self, at: usize) {
        match self.source.from(at).first_chunk() {
            Some(four) if !may_begin(*four) => {}
            _ => self.begin_any(at),
        }
    }

    /// Looks at what begins after an escape before a word.
    fn begin_after_escape(&mut self, at: usize) {
        if let Some(after) = self.source.after_escape(at)
            && self.source.is_word(after)
        {
            self.begin(after);
        }
    }

    #[inline(never)]
    fn begin_any(&mut self, at: usize) {
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
        let four = [Some(first), Some(second), rest.first(), rest.get(1)];
        let four = four.map(|it| it.copied().unwrap_or_default());
        if rest.len() < 2 || LEADS.may_begin(four) {
            self.begin_known(at);
        }
    }

    #[inline(never)]
    fn begin_known(&mut self, at: usize) {
        self.ask_for_key(at);
        match self.source.byte(at) {
            Some(b'e') => self.ask(Detector::Jwt, at, |it| it.jwts.find(it.source, at)),
            Some(b'L' | b'M' | b'P') => self.ask_for_private_key(at),
            Some(b'B') => {
                self.ask_for_private_key(at);
                self.ask(Detector::Card, at, |it| card::find_track(it.source, at));
            }
            _ => {}
        }
        self.ask(Detector::Credentials, at, |it| {
            credentials::find(it.source, at)
        });
    }

    fn ask_for_private_key(&mut self, at: usize) {
        self.ask(Detector::PrivateKey, at, |it| {
            private_key::find(it.source, at)
        });
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
            let after = provider::secret_of_amazon(self.source, end);
            let before = provider::secret_before_amazon(self.source, start);
            let secrets = after.into_iter().chain(before);
            self.found.extend(secrets.map(Found::of_provider));
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

/// Adds what begins right behind a find, or behind one sign after it, as if nothing stood before: what is replaced there is no word that goes on. Tells
/// whether there was anything.
pub(super) fn behind(
    on: Detectors,
    source: Source<'_>,
    found: &mut Vec<Found>,
    first: usize,
) -> bool {
    let known = found.len();
    for at in first..known {
        let Some(&Found { end: mut start, .. }) = found.get(at) else {
            break;
        };
        let next = found.get(at + 1).filter(|_| at + 1 < known);
        let end = next.map_or(source.len(), |it| it.start);
        let cut = source.cut && next.is_none();
        while let Some(it) = first_of(on, Source::new(source.slice(start..end), cut)) {
            found.push(Found {
                start: start + it.start,
                end: start + it.end,
                ..it
            });
            start += it.end;
        }
    }
    found.len() > known
}

/// Looks for what begins with a text, or after its first sign.
fn first_of(on: Detectors, source: Source<'_>) -> Option<Found> {
    let at = usize::from(!source.is_word(0));
    if !source.is_word(at) {
        return None;
    }
    let mut found = Vec::new();
    Words::new(on, source, &mut found).begin(at);
    found.into_iter().max_by_key(|it| it.end)
}

/// Tells whether something may begin with these bytes: one of the leads, the number of an account, or one of at least four digits.
#[inline]
fn may_begin(four: [u8; 4]) -> bool {
    let [first, second, third, fourth] = four;
    // As digits are, and some more.
    let may_be_digits = (third & 0xf0) == b'0' && (fourth & 0xf0) == b'0';
    may_be_digits && is_number(first, second) && third <= b'9' && fourth <= b'9'
        || LEADS.may_begin(four)
}

/// Tells whether two digits, or two letters, begin a number of a card or of an account.
fn is_number(first: u8, second: u8) -> bool {
    match first.is_ascii_digit() {
        true => second.is_ascii_digit(),
        false => LETTER.has(second),
    }
}
