use super::{Detector, Detectors};

/// Marks what is not ASCII.
const WIDE: u8 = 0x01;
/// Marks the digits.
const DIGIT: u8 = 0x08;
/// Marks the letters of hexadecimal numbers in lower case, and the two of times such as `2024-01-01T10:20:30Z`.
const NOTE: u8 = 0x10;
/// Marks the other lower-case letters.
const LOWER: u8 = 0x20;
/// Marks the other upper-case letters.
const UPPER: u8 = 0x40;
/// Marks spaces and most of what else stands between words.
const SPACE: u8 = 0x80;

/// The classes of bytes by which [`Detectors::may_find`] decides. The second and third bit are free.
pub(in crate::mask) const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'T' | b'Z' => NOTE,
            b'g'..=b'z' => LOWER,
            b'A'..=b'Y' => UPPER,
            // In UUIDs, digests and times too.
            b'-' | b':' | b'.' | b'+' => 0,
            // An escape can stand for any byte.
            b'\\' | b'%' => WIDE | DIGIT | NOTE | LOWER | UPPER | SPACE,
            // Begins full-width digits.
            0xef => WIDE | DIGIT | SPACE,
            // Some spaces are not ASCII.
            0x80.. => WIDE | SPACE,
            _ => SPACE,
        };
        at += 1;
    }
    table
};

/// The class of brackets and of the percent sign, among others.
pub(in crate::mask) const SIGNS: u8 = SPACE;

const _: () = {
    let signs = [
        CLASS[b'[' as usize],
        CLASS[b']' as usize],
        CLASS[b'%' as usize],
    ];
    assert!(signs[0] & signs[1] & signs[2] & SIGNS != 0);
};

/// Returns the classes of a text's bytes.
pub(in crate::mask) fn classes(text: &str) -> u8 {
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let class = |all: u8, byte: &u8| all | CLASS[usize::from(*byte)];
    let all = eights.iter().fold(0, |all, it| it.iter().fold(all, class));
    rest.iter().fold(all, class)
}

/// No detector that is on by default finds less.
const SHORTEST: usize = 12;
/// No detector that is on by default finds less where there are letters.
const SHORTEST_WITH_LETTERS: usize = 14;
/// No key or token is shorter.
const SHORTEST_KEY: usize = 20;
/// The lengths of UUIDs, of usual digests and ids in hexadecimal, and of times in ISO 8601.
const COMMON: [usize; 10] = [20, 24, 25, 27, 29, 30, 32, 36, 40, 64];

impl Detectors {
    /// Tells by the classes of its bytes and by its length whether something may be found in a whole text. It errs on the side of yes.
    ///
    /// The only texts that it passes over unseen are UUIDs, digests and times, by their bytes and their length. Of a text that was cut it must
    /// not be asked: there the beginning of a secret is a find.
    #[inline]
    pub(in crate::mask) fn may_find(self, classes: u8, length: usize) -> bool {
        if self.on & !Self::DEFAULT != 0 && self.may_find_more(classes, length) {
            return true;
        }
        if self.on & Self::DEFAULT == 0 || length < SHORTEST {
            return false;
        }
        let has = |class: u8| classes & class != 0;
        match (has(DIGIT), has(LOWER), has(UPPER)) {
            (true, false, false) => !(has(NOTE) && !has(SPACE) && COMMON.contains(&length)),
            (true, _, _) => length >= SHORTEST_WITH_LETTERS,
            (false, true, true) => {
                length >= SHORTEST_KEY || has(SPACE) && length >= SHORTEST_WITH_LETTERS
            }
            (false, false, true) => length >= SHORTEST_KEY,
            (false, _, false) => false,
        }
    }

    /// Answers for the detectors that are off by default.
    #[cold]
    fn may_find_more(self, classes: u8, length: usize) -> bool {
        let has = |class: u8| classes & (class | WIDE) != 0;
        let has_digit = has(DIGIT);
        self.is_on(Detector::Email) && length >= 6 && has(NOTE | LOWER | UPPER)
            || self.is_on(Detector::Phone) && length >= 8 && has_digit
            || self.is_on(Detector::IpAddress) && length >= 3 && has(DIGIT | NOTE | UPPER)
            || self.is_on(Detector::UsSsn) && length >= 11 && has_digit
    }
}
