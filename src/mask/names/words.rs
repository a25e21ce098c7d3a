use super::letters;

/// A name in lower case without its separators, and where its words end.
#[derive(Default)]
pub(super) struct Words {
    squashed: String,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Separator,
}

impl Words {
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self::default();
        words.read(name);
        words
    }

    /// Reads another name.
    pub(super) fn read(&mut self, name: &str) {
        self.squashed.clear();
        self.squashed.reserve(name.len());
        self.ends.clear();
        match name.is_ascii() {
            true => self.read_ascii(name.as_bytes()),
            false => self.read_letters(&letters::plain(name)),
        }
        self.end();
    }

    fn read_ascii(&mut self, name: &[u8]) {
        const PIECE: usize = 32;
        let mut last = Class::Separator;
        let mut at = 0;
        for piece in name.chunks(PIECE) {
            let mut lower = [0; PIECE];
            let mut length = 0;
            for &byte in piece {
                at += 1;
                let class = ASCII[usize::from(byte)];
                let next = || name.get(at).map(|&it| ASCII[usize::from(it)]);
                if starts(last, class, next) {
                    self.end_at(self.squashed.len() + length);
                }
                if class != Class::Separator
                    && let Some(to) = lower.get_mut(length)
                {
                    *to = byte.to_ascii_lowercase();
                    length += 1;
                }
                last = class;
            }
            let lower = lower.get(..length).unwrap_or_default();
            self.squashed
                .push_str(std::str::from_utf8(lower).unwrap_or_default());
        }
    }

    fn read_letters(&mut self, name: &str) {
        let mut last = Class::Separator;
        let mut rest = name.chars();
        while let Some(letter) = rest.next() {
            let class = class(letter);
            let next = rest.clone().next();
            if starts(last, class, || next.map(self::class)) {
                self.end();
            }
            if class != Class::Separator {
                self.squashed.extend(letter.to_lowercase());
            }
            last = class;
        }
    }

    fn end(&mut self) {
        self.end_at(self.squashed.len());
    }

    fn end_at(&mut self, end: usize) {
        if end > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(end);
        }
    }

    pub(super) fn squashed(&self) -> &str {
        &self.squashed
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.squashed.get(start..end)
    }

    /// Returns the last word that is not a number.
    pub(super) fn last(&self) -> Option<&str> {
        let at = (0..self.len()).rev().find(|&at| !self.is_digits(at))?;
        self.get(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    pub(super) fn is_digits(&self, at: usize) -> bool {
        self.get(at)
            .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
    }

    pub(super) fn only_digits_from(&self, from: usize) -> bool {
        (from..self.len()).all(|at| self.is_digits(at))
    }
}

/// Tells whether a word ends before a letter.
#[inline]
fn starts(last: Class, class: Class, next: impl FnOnce() -> Option<Class>) -> bool {
    match (last, class) {
        (_, Class::Separator) => true,
        (Class::Separator, _) => false,
        (Class::Digit, now) => now != Class::Digit,
        (_, Class::Digit) => true,
        (Class::Lower, Class::Upper) => true,
        // The last capital of `APIKey` begins a word.
        (Class::Upper, Class::Upper) => next() == Some(Class::Lower),
        (_, _) => false,
    }
}

/// The classes of ASCII.
const ASCII: [Class; 256] = {
    let mut table = [Class::Separator; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            _ => Class::Separator,
        };
        byte += 1;
    }
    table
};

fn class(letter: char) -> Class {
    if letter.is_ascii_digit() {
        Class::Digit
    } else if letter.is_uppercase() {
        Class::Upper
    } else if letter.is_alphanumeric() {
        Class::Lower
    } else {
        Class::Separator
    }
}
