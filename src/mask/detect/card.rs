//! The numbers of payment cards.
//!
//! A number counts that has 13 to 19 digits, an issuer's beginning and length (`issuers`) and a right check digit (ISO/IEC 7812-1, Luhn),
//! alone or in groups as cards and forms show them, with a space, a dash or a dot between. Letters and digits next to it, or a decimal point
//! before it, make it part of something else: an id, a time, a fraction. The data of a magnetic track around a number are hidden with it.

use std::ops::Range;

use super::issuers;
use super::source::{ALNUM, DIGIT, Source};

const MOST_DIGITS: usize = 19;
pub(in crate::mask) const LEAST_DIGITS: usize = 13;
/// The most characters of a holder's name, with some to spare.
const MOST_OF_NAME: usize = 32;
/// The year and month of expiry and the code of service at least, and all that fits a track at most.
const LEAST_OF_TRACK: usize = 7;
const MOST_OF_TRACK: usize = 64;
/// Sizes of groups, as nibbles.
const GROUPINGS: [u32; 14] = [
    0x4441, 0x4442, 0x4443, 0x4444, 0x4445, 0x4446, 0x4447, 0x44441, 0x44442, 0x44443, 0x464,
    0x465, 0x445, 0x88,
];

/// Looks for a number that begins there. What was found up to `known` does not count as a number before a decimal point.
pub(super) fn find(source: Source<'_>, at: usize, known: usize) -> Option<Range<usize>> {
    if !matches!(source.from(at), [tens, ones, ..] if issuers::may_begin(*tens, *ones)) {
        return None;
    }
    if at > known + 1 && is_fraction(source, at) {
        return None;
    }
    let mut number = Number::default();
    let first = source.run(at, DIGIT, MOST_DIGITS + 1);
    number.read(source.slice(at..first))?;
    if source.is_cut_at(first) {
        return number.may_be_a_card().then(|| source.open(at)).flatten();
    }
    // An international phone number; cards of 13 digits are no longer made.
    if number.length == LEAST_DIGITS && source.before(at) == Some(b'+') {
        return None;
    }
    if number.length >= LEAST_DIGITS {
        let is_card = !source.is_word(first) && number.is_card();
        return is_card.then(|| at..end_of_track(source, first).unwrap_or(first));
    }
    groups(source, at, first, number)
}

/// Tells whether a number is a card's, also as readers of tables write it that take whole numbers for fractions: `4111.0`, `4.111e3`.
pub(super) fn is_number(number: &str) -> bool {
    match number.bytes().all(|it| it.is_ascii_digit()) {
        true => is_card(number.as_bytes()),
        false => whole(number).is_some_and(|it| is_card(it.as_bytes())),
    }
}

/// Returns the digits of a number that is whole, as long as a card's.
fn whole(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i8 = exponent.parse().ok()?;
    let point = whole.len().checked_add_signed(exponent.into())?;
    if !(LEAST_DIGITS..=MOST_DIGITS).contains(&point) {
        return None;
    }
    let mut digits = [whole, rest].concat();
    let behind = digits.split_off(point.min(digits.len()));
    let is_whole = behind.bytes().all(|it| it == b'0');
    is_whole.then(|| format!("{digits:0<point$}"))
}

/// Looks for the first track of a magnetic card (ISO/IEC 7813) that begins there, as in `%B4111...^NAME^2512...?`, after its `B`.
pub(super) fn find_track(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    if source.byte(at)? != b'B' {
        return None;
    }
    let start = at + 1;
    let end = source.run(start, DIGIT, MOST_DIGITS + 1);
    if source.is_cut_at(end) && end - start <= MOST_DIGITS {
        return source.open(start);
    }
    let is_number = (LEAST_DIGITS..=MOST_DIGITS).contains(&(end - start));
    let end = end_of_track(source, end).filter(|_| is_number && source.byte(end) == Some(b'^'))?;
    Some(start..end)
}

/// Returns where the data ends that follow a card's number on a track: `^`, the holder's name and `^`, or `=`, and then digits and `?`.
fn end_of_track(source: Source<'_>, at: usize) -> Option<usize> {
    let start = match source.byte(at)? {
        b'=' => at + 1,
        b'^' => {
            let name = source.from(at + 1);
            let name = name.get(..MOST_OF_NAME).unwrap_or(name);
            match name.iter().position(|&byte| byte == b'^') {
                Some(length) => at + length + 2,
                None => {
                    let end = at + 1 + name.len();
                    return source.is_cut_at(end).then_some(end);
                }
            }
        }
        _ => return None,
    };
    let end = source.run(start, DIGIT, MOST_OF_TRACK);
    if source.is_cut_at(end) {
        return Some(end);
    }
    let is_track = end - start >= LEAST_OF_TRACK && !source.is_word(end);
    is_track.then(|| end + usize::from(source.byte(end) == Some(b'?')))
}

fn groups(source: Source<'_>, at: usize, first: usize, mut number: Number) -> Option<Range<usize>> {
    let mut found = None;
    let mut sizes = u32::try_from(first - at).ok()?;
    let mut end = first;
    let length = separator(source, end)?;
    let mark = source.slice(end..end + length);
    loop {
        let start = end + mark.len();
        if source.is_cut_at(start) && may_go_on(sizes, 0) && number.may_be_a_card() {
            return source.open(at);
        }
        end = source.run(start, DIGIT, MOST_DIGITS + 1 - number.length);
        let size = u32::try_from(end - start).ok()?;
        if number.read(source.slice(start..end)).is_none() || size == 0 {
            return found;
        }
        if source.is_cut_at(end) && may_go_on(sizes, size) && number.may_be_a_card() {
            return source.open(at);
        }
        if size > 15 {
            return found;
        }
        sizes = sizes << 4 | size;
        if GROUPINGS.contains(&sizes) && !source.is_word(end) && number.is_card() {
            found = Some(at..end);
        }
        if !may_go_on(sizes, 0) || !source.starts_with(end, mark) {
            return found;
        }
    }
}

/// Tells whether more digits can make a usual grouping of groups and the beginning of another.
fn may_go_on(sizes: u32, last: u32) -> bool {
    GROUPINGS.iter().any(|&grouping| {
        let mut grouping = grouping;
        while grouping > 0 {
            let next = grouping & 0xf;
            grouping >>= 4;
            if grouping == sizes && last <= next {
                return true;
            }
        }
        false
    })
}

/// Returns the length of what stands between groups.
fn separator(source: Source<'_>, at: usize) -> Option<usize> {
    match source.from(at) {
        [b' ' | b'-' | b'.', ..] => Some(1),
        // The space that does not break.
        [0xc2, 0xa0, ..] => Some(2),
        _ => None,
    }
}

/// Tells whether digits follow a number and a decimal point.
fn is_fraction(source: Source<'_>, at: usize) -> bool {
    if source.before(at) != Some(b'.') {
        return false;
    }
    let before = source.slice(at.saturating_sub(LEAST_DIGITS + 1)..at - 1);
    let digits = before.iter().rev().take_while(|it| it.is_ascii_digit());
    let digits = digits.count();
    let first = at - 1 - digits;
    let is_more = |byte: u8| ALNUM.has(byte) || byte == b'.';
    (1..LEAST_DIGITS).contains(&digits) && !source.before(first).is_some_and(is_more)
}

/// The digits of a number as far as they are read.
#[derive(Clone, Copy, Default)]
struct Number {
    digits: u64,
    length: usize,
}

impl Number {
    /// Adds digits; `None` where they become too many.
    fn read(&mut self, digits: &[u8]) -> Option<()> {
        self.length += digits.len();
        if self.length > MOST_DIGITS {
            return None;
        }
        for digit in digits {
            self.digits = self.digits * 10 + u64::from(digit - b'0');
        }
        Some(())
    }

    fn is_card(self) -> bool {
        issuers::know(self.digits, self.length) && self.has_luhn() && !self.is_article()
    }

    fn may_be_a_card(self) -> bool {
        issuers::may_know(self.digits, self.length)
    }

    fn has_luhn(self) -> bool {
        let mut rest = self.digits;
        let mut sum = 0;
        while rest > 0 {
            let twice = rest / 10 % 10 * 2;
            sum += rest % 10 + twice / 10 + twice % 10;
            rest /= 100;
        }
        sum % 10 == 0
    }

    /// Tells whether 13 digits are the number of an article (GTIN-13, GS1 General Specifications 7.9), of which those of Germany and Japan
    /// begin as cards do. Visa has not issued 13 digits for long, and one in ten of those would be an article's by chance.
    fn is_article(self) -> bool {
        let mut rest = self.digits;
        let mut sum = 0;
        while rest > 0 {
            sum += rest % 10 + rest / 10 % 10 * 3;
            rest /= 100;
        }
        self.length == 13 && sum % 10 == 0
    }
}

/// Tells whether digits are the number of a card.
pub(super) fn is_card(digits: &[u8]) -> bool {
    let mut number = Number::default();
    (LEAST_DIGITS..=MOST_DIGITS).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && number.read(digits).is_some()
        && number.is_card()
}
