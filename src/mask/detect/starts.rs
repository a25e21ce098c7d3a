/// Every byte of a word of eight.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;
/// Brings the lowest bit of each of eight bytes together in the highest byte, the first byte's lowest.
const GATHER: u64 = 0x0102_0408_1020_4080;
const BLOCK: usize = 64;

/// Calls for each place where an ASCII letter or digit stands after something else, 64 bytes at a time.
#[inline]
pub(super) fn each(bytes: &[u8], mut call: impl FnMut(usize)) {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, byte) in last.iter_mut().zip(rest) {
        *to = *byte;
    }
    let (mut at, mut bits, mut was_word) = (0, 0, 0);
    for eight in eights.iter().chain([&last]) {
        bits |= word_bits(*eight) << (at % BLOCK);
        at += 8;
        if at % BLOCK == 0 || at > bytes.len() {
            let mut starts = bits & !(bits << 1 | was_word);
            let block = (at - 1) / BLOCK * BLOCK;
            while starts != 0 {
                call(block + starts.trailing_zeros() as usize);
                starts &= starts - 1;
            }
            was_word = bits >> (BLOCK - 1);
            bits = 0;
        }
    }
}

/// Returns a bit for each byte that is a letter or digit.
#[inline]
fn word_bits(eight: [u8; 8]) -> u64 {
    let eight = u64::from_le_bytes(eight);
    let plain = eight & !HIGH;
    let found = within(plain, b'0', b'9') | within(plain | (0x20 * ONES), b'a', b'z');
    let found = (found & !eight & HIGH) >> 7;
    found.wrapping_mul(GATHER) >> 56
}

/// Sets the highest bit of each byte from one to another; all are below 128.
const fn within(eight: u64, from: u8, to: u8) -> u64 {
    let reaches = eight + (0x80 - from as u64) * ONES;
    let exceeds = eight + (0x7f - to as u64) * ONES;
    reaches & !exceeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_where_letters_or_digits_follow_something_else() {
        let all: Vec<u8> = (0..=255)
            .flat_map(|byte| [byte, b' ', b'a', byte, 0])
            .collect();
        let ends = (0..140).chain([all.len() - 1, all.len()]);
        for (skipped, end) in ends.flat_map(|end| (0..9).map(move |skipped| (skipped, end))) {
            let Some(bytes) = all.get(skipped..end) else {
                continue;
            };
            let mut found = Vec::new();
            each(bytes, |at| found.push(at));
            let is_word = |at: usize| bytes[at].is_ascii_alphanumeric();
            let expected =
                (0..bytes.len()).filter(|&at| is_word(at) && (at == 0 || !is_word(at - 1)));
            assert!(expected.eq(found), "{skipped} {end}");
        }
    }
}
