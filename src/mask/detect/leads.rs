/// The beginnings of all that a detector knows by a letter or digit at first, by which most words are told from them with two look-ups. It errs on the side of
/// yes: bytes after the second are looked up by a hash.
pub(super) struct Leads {
    /// Bits of the second byte by the first.
    twos: [[u64; 2]; ASCII],
    /// Bits of hashes of the first four bytes, of the first three and of the first two, which do not meet by more than chance.
    hashes: [u64; 1 << (BITS - 6)],
    /// Whether there are beginnings of two and of three bytes.
    lengths: [bool; 2],
}

const ASCII: usize = 128;
/// The bits of a hash: enough for one in twenty words, or less, to pass unduly.
const BITS: u32 = 14;

impl Leads {
    pub(super) const fn new() -> Self {
        Self {
            twos: [[0; 2]; ASCII],
            hashes: [0; 1 << (BITS - 6)],
            lengths: [false; 2],
        }
    }

    /// Adds a beginning of at least two bytes.
    pub(super) const fn with(self, beginning: &[u8]) -> Self {
        self.with_cased(beginning, 0)
    }

    /// Adds a beginning in lower case, whose first letters may be in upper case from the first on, and any after the second.
    pub(super) const fn with_any_case(mut self, beginning: &[u8]) -> Self {
        let mut upper = 0;
        while upper < 16 {
            // `bEARER` is no usual case.
            if upper & 3 != 2 {
                self = self.with_cased(beginning, upper);
            }
            upper += 1;
        }
        self
    }

    /// Adds a beginning with those of its first four bytes in upper case for which `upper` has a bit.
    const fn with_cased(mut self, beginning: &[u8], upper: usize) -> Self {
        let mut bytes = [0; 4];
        let mut at = 0;
        while at < 4 && at < beginning.len() {
            bytes[at] = match upper >> at & 1 {
                1 => beginning[at].to_ascii_uppercase(),
                _ => beginning[at],
            };
            at += 1;
        }
        if at < 4 {
            self.lengths[at - 2] = true;
        }
        self.twos[bytes[0] as usize][bytes[1] as usize / 64] |= 1 << (bytes[1] % 64);
        let hash = hash(u32::from_le_bytes(bytes));
        self.hashes[hash / 64] |= 1 << (hash % 64);
        self
    }

    /// Tells whether something may begin with these bytes.
    #[inline]
    pub(super) fn may_begin(&self, four: [u8; 4]) -> bool {
        let [first, second, ..] = four;
        let seconds = self.twos[usize::from(first & 0x7f)][usize::from(second >> 6 & 1)];
        let is_lead = seconds >> (second & 63) & 1 == 1;
        is_lead && self.may_go_on(u32::from_le_bytes(four))
    }

    fn may_go_on(&self, four: u32) -> bool {
        let has = |bytes: u32| {
            let hash = hash(bytes);
            self.hashes[hash / 64] >> (hash % 64) & 1 == 1
        };
        has(four)
            || self.lengths[1] && has(four & 0xff_ffff)
            || self.lengths[0] && has(four & 0xffff)
    }
}

/// Multiplies by the golden ratio, and takes the highest bits.
const fn hash(bytes: u32) -> usize {
    (bytes.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_pass_and_most_words_do_not() {
        let leads = Leads::new()
            .with(b"ghp_")
            .with(b"pat")
            .with(b"SK")
            .with_any_case(b"bearer");
        for text in ["ghp_", "patc", "SKxy", "bear", "BeAr", "BEAR", "beAR"] {
            assert!(
                leads.may_begin(*text.as_bytes().first_chunk().unwrap()),
                "{text}"
            );
        }
        for text in ["ghpx", "gh__", "word", "brea", "skip", "part", "bEar"] {
            assert!(
                !leads.may_begin(*text.as_bytes().first_chunk().unwrap()),
                "{text}"
            );
        }
    }
}
