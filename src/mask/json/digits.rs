//! Digits, eight at a time in one word, the first in its lowest bits.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const TOPS: u64 = u64::from_le_bytes([0x80; 8]);

/// Counts the digits at the beginning.
#[inline]
pub(super) fn count(word: u64) -> usize {
    let digits = word ^ (ONES * u64::from(b'0'));
    let others = (((digits & !TOPS) + ONES * 0x76) | digits) & TOPS;
    (others.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    #[test]
    fn count_is_that_of_a_look_at_each_byte() {
        let mut random = 0x5eed_u64;
        let check = |eight: [u8; 8]| {
            let word = u64::from_le_bytes(eight);
            let count = eight.iter().take_while(|it| it.is_ascii_digit()).count();
            assert_eq!(super::count(word), count, "{eight:?}");
        };
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                for fill in [b'a', b'0', b'9', 0x80, 0xff, b'!', b'#', b'[', b']', b' '] {
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
