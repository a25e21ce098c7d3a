//! Secrets that show by their value, whatever the name before them.
//!
//! Comes in: a decoded text, and whether it may have been longer. Goes out: the [`Found`] places of it that hold a secret.
//!
//! - One pass over the text stops at the beginnings of words, and asks the detectors that can begin so. What a detector reads to say no is bounded
//!   or read once, so that time is linear in the text whatever it holds. Nothing is tried twice.
//! - Words end at everything but ASCII letters and digits, and begin after an escape (`\n`, `\u0022`, `%3D`) too.
//! - Of a text that was cut, what may be the beginning of a find at its end is a find, from four bytes on.
//! - A text in which the finds are replaced holds no further ones.

mod card;
mod credentials;
mod detector;
mod gate;
mod iban;
mod issuers;
mod jwt;
mod leads;
mod personal;
mod private_key;
mod provider;
mod source;
mod starts;
mod wide;
mod words;

pub(in crate::mask) use card::LEAST_DIGITS as SHORTEST_NUMBER;
pub use detector::Detector;
pub(in crate::mask) use gate::{CLASS, SIGNS, classes};

use std::ops::Range;

use source::Source;
use words::Words;

/// Which detectors are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mask) struct Detectors {
    on: u16,
}

/// A secret in a text: bytes from `start` to `end`, which are bounds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mask) struct Found {
    pub(in crate::mask) start: usize,
    pub(in crate::mask) end: usize,
    pub(in crate::mask) detector: Detector,
}

impl Found {
    fn of_provider(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
            detector: Detector::ProviderKey,
        }
    }
}

impl Default for Detectors {
    fn default() -> Self {
        Self { on: Self::DEFAULT }
    }
}

impl Detectors {
    /// Those that are on by default.
    const DEFAULT: u16 = {
        let mut on = 0;
        let mut at = 0;
        while at < Detector::ALL.len() {
            if Detector::ALL[at].is_on_by_default() {
                on |= Detector::ALL[at].bit();
            }
            at += 1;
        }
        on
    };

    /// Turns one on.
    pub(in crate::mask) fn with(self, detector: Detector) -> Self {
        Self {
            on: self.on | detector.bit(),
        }
    }

    /// Turns one off.
    pub(in crate::mask) fn without(self, detector: Detector) -> Self {
        Self {
            on: self.on & !detector.bit(),
        }
    }

    pub(in crate::mask) fn is_on(self, detector: Detector) -> bool {
        self.on & detector.bit() != 0
    }

    /// Appends what is found in a text, in its order and apart: of finds that overlap or touch, their union, by the name of the first.
    pub(in crate::mask) fn find(self, text: &str, cut: bool, found: &mut Vec<Found>) {
        let first = found.len();
        self.find_plain(text, cut, found);
        wide::find(self, text, cut, found);
        unite(found, first);
    }

    /// As [`Self::find`], of a text in which letters and digits are ASCII.
    fn find_plain(self, text: &str, cut: bool, found: &mut Vec<Found>) {
        let first = found.len();
        let source = Source::new(text.as_bytes(), cut);
        Words::new(self, source, found).run();
        unite(found, first);
        if words::behind(self, source, found, first) {
            unite(found, first);
        }
        if self.on & !Self::DEFAULT != 0 {
            personal::find(self, source, found, first);
        }
    }

    /// Tells whether a number is a card's.
    pub(in crate::mask) fn find_number(self, digits: &str) -> Option<Detector> {
        let is_card = self.is_on(Detector::Card) && card::is_number(digits);
        is_card.then_some(Detector::Card)
    }
}

/// Sorts finds and unites those that overlap or touch.
fn unite(found: &mut Vec<Found>, first: usize) {
    let Some(new) = found.get_mut(first..) else {
        return;
    };
    if new.len() < 2 {
        return;
    }
    new.sort_by_key(|it| (it.start, std::cmp::Reverse(it.end)));
    let mut last = 0;
    for at in 1..new.len() {
        if new[at].start <= new[last].end {
            new[last].end = new[last].end.max(new[at].end);
        } else {
            last += 1;
            new[last] = new[at];
        }
    }
    found.truncate(first + last + 1);
}

#[cfg(test)]
mod tests;
