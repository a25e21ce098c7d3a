//! Eight bytes in one word, the first in its lowest bits.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const TOPS: u64 = u64::from_le_bytes([0x80; 8]);

/// Returns the bytes there, if there are as many.
#[inline]
pub(super) fn at(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*eight))
}

/// Counts the digits at the beginning.
#[inline]
pub(super) fn digits(word: u64) -> usize {
    let digits = word ^ (ONES * u64::from(b'0'));
    let others = (((digits & !TOPS) + ONES * 0x76) | digits) & TOPS;
    (others.trailing_zeros() / 8) as usize
}

/// Sets the highest bit of the first byte at which plain text of a string ends: a quote, a backslash or a control character. Of those after it, any bits
/// may be set.
#[inline]
pub(super) fn ends(word: u64) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let is_quote = zeros(word ^ (ONES * u64::from(b'"')));
    let is_backslash = zeros(word ^ (ONES * u64::from(b'\\')));
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & TOPS
}

/// Counts the bytes before the first one of a value, up to eight.
#[inline]
pub(super) fn plain_in(word: u64, value: u8) -> usize {
    let word = word ^ (ONES * u64::from(value));
    let found = word.wrapping_sub(ONES) & !word & TOPS;
    first(found)
}

/// Counts the bytes before the first one of a value, or before the end.
#[inline]
pub(super) fn plain(bytes: &[u8], value: u8) -> usize {
    let mut count = 0;
    while let Some(word) = at(bytes, count) {
        let plain = plain_in(word, value);
        count += plain;
        if plain < 8 {
            return count;
        }
    }
    let tail = bytes.get(count..).unwrap_or_default();
    count + tail.iter().take_while(|it| **it != value).count()
}

/// Returns the place of the first byte whose highest bit is set.
#[inline]
pub(super) fn first(tops: u64) -> usize {
    (tops.trailing_zeros() / 8) as usize
}

/// Returns the first bytes, less than eight of them, and another in the place of the rest.
#[inline]
pub(super) fn beginning(word: u64, count: usize, rest: u8) -> [u8; 8] {
    let mask = u64::MAX << (count * 8);
    (word & !mask | (ONES * u64::from(rest)) & mask).to_le_bytes()
}

#[cfg(test)]
mod tests {
    fn check(eight: [u8; 8]) {
        let word = u64::from_le_bytes(eight);
        let count = eight.iter().take_while(|it| it.is_ascii_digit()).count();
        assert_eq!(super::digits(word), count, "{eight:?}");
        let is_end = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
        let ends = super::ends(word);
        let first = (ends != 0).then(|| super::first(ends));
        assert_eq!(first, eight.iter().position(is_end), "{eight:?}");
        for count in 0..8 {
            let mut beginning = [b'-'; 8];
            beginning[..count].copy_from_slice(&eight[..count]);
            assert_eq!(super::beginning(word, count, b'-'), beginning);
        }
    }

    #[test]
    fn words_tell_what_a_look_at_each_byte_does() {
        let mut random = 0x5eed_u64;
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                for fill in [
                    b'a', b'0', b'9', 0x80, 0xff, b'!', b'#', b'[', b']', b' ', b'"', b'\\', 0x1f,
                ] {
                    let mut eight = [fill; 8];
                    eight[at] = byte;
                    check(eight);
                }
            }
        }
        for _ in 0..100_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            check(random.to_le_bytes());
            check((random & 0x3f3f_3f3f_3f3f_3f3f).to_le_bytes());
        }
    }
}
