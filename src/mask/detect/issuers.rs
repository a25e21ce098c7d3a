//! The beginnings and lengths of the numbers of payment cards.
//!
//! As Wikipedia's "Payment card number" (issuer identification numbers) and Braintree's `credit-card-type` (github.com/braintree/credit-card-type,
//! `src/lib/card-types.ts`) give them, and for RuPay the National Payments Corporation of India. Left out is what is no longer issued and would
//! take harmless numbers: UATP and the old JCB begin as times in milliseconds and microseconds do, Maestro of 12 to 15 digits as the articles of
//! British makers do, and the rest of 50, 56 to 58 and 6, which is Maestro's too, has no issuer that says so.

/// Beginnings from one to another, both as long, and the lengths of the numbers that begin so.
struct Range {
    from: u64,
    to: u64,
    lengths: u32,
}

const fn range(from: u64, to: u64, lengths: &[u32]) -> Range {
    let mut bits = 0;
    let mut at = 0;
    while at < lengths.len() {
        bits |= 1 << lengths[at];
        at += 1;
    }
    Range {
        from,
        to,
        lengths: bits,
    }
}

const LONG: &[u32] = &[16, 17, 18, 19];
const USUAL: &[u32] = &[16];

#[rustfmt::skip]
const RANGES: &[Range] = &[
    // Visa, and Elo, Dankort and V Pay among them.
    range(4, 4, &[13, 16, 18, 19]),
    // Mastercard.
    range(51, 55, USUAL),
    range(2221, 2720, USUAL),
    // American Express.
    range(34, 34, &[15]),
    range(37, 37, &[15]),
    // Diners Club International.
    range(300, 305, &[14, 16, 19]),
    range(3095, 3095, &[14, 16, 19]),
    range(36, 36, &[14, 16, 19]),
    range(38, 39, &[14, 16, 19]),
    // Discover, and Elo, RuPay, Verve and Cabal among them.
    range(6011, 6011, &[16, 19]),
    range(644, 649, &[16, 19]),
    range(65, 65, &[16, 18, 19]),
    // JCB, and LankaPay among them.
    range(3528, 3589, LONG),
    // UnionPay.
    range(62, 62, LONG),
    range(8100, 8171, LONG),
    // Maestro.
    range(5018, 5018, LONG), range(5020, 5020, LONG), range(5038, 5038, LONG), range(5893, 5893, LONG),
    range(6304, 6304, LONG), range(6759, 6759, LONG), range(6761, 6763, LONG), range(676_770, 676_774, LONG),
    range(493_698, 493_698, LONG), range(6390, 6390, LONG),
    // RuPay.
    range(508_500, 508_999, USUAL), range(606_985, 607_984, USUAL), range(608_001, 608_500, USUAL),
    range(817_200, 820_199, USUAL),
    // Mir and Borica.
    range(2200, 2204, LONG), range(2205, 2205, USUAL),
    // Elo.
    range(504_175, 504_175, USUAL), range(506_699, 506_778, USUAL), range(509_000, 509_999, USUAL),
    range(636_297, 636_297, USUAL), range(636_368, 636_368, USUAL),
    // Hiper and Hipercard.
    range(606_282, 606_282, USUAL), range(637_095, 637_095, USUAL), range(637_568, 637_568, USUAL),
    range(637_599, 637_599, USUAL), range(637_609, 637_612, USUAL),
    // Verve.
    range(506_099, 506_198, &[16, 18, 19]), range(507_865, 507_964, &[16, 18, 19]),
    // Troy, Dankort, Cabal, Naranja, UkrCard, Uzcard, Humo and Mada.
    range(9792, 9792, USUAL), range(5019, 5019, USUAL), range(604_201, 604_400, USUAL), range(589_657, 589_657, USUAL),
    range(589_562, 589_562, USUAL), range(604_001, 604_200, LONG), range(8600, 8600, USUAL), range(9860, 9860, USUAL),
    range(968_201, 968_211, USUAL),
];

/// A bit for each two digits that begin a number.
const FIRST_TWO: u128 = {
    let mut bits = 0;
    let mut at = 0;
    while at < RANGES.len() {
        let (mut from, mut to) = (RANGES[at].from, RANGES[at].to);
        if to < 10 {
            (from, to) = (from * 10, to * 10 + 9);
        }
        while to >= 100 {
            (from, to) = (from / 10, to / 10);
        }
        while from <= to {
            bits |= 1 << from;
            from += 1;
        }
        at += 1;
    }
    bits
};

/// Tells whether a number may begin with two digits.
#[inline]
pub(super) fn may_begin(tens: u8, ones: u8) -> bool {
    let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
    FIRST_TWO >> (digit(tens) * 10 + digit(ones)).min(127) & 1 == 1
}

/// Tells whether a number has the beginning and the length of a card's.
pub(super) fn know(digits: u64, length: usize) -> bool {
    RANGES.iter().any(|range| {
        range.lengths & 1 << length != 0 && {
            let size = size(range.from);
            let beginning = digits / 10_u64.pow(u32::try_from(length).unwrap_or(0) - size);
            (range.from..=range.to).contains(&beginning)
        }
    })
}

/// Tells whether more digits can make a card's number, or none.
pub(super) fn may_know(digits: u64, length: usize) -> bool {
    let Ok(length) = u32::try_from(length) else {
        return false;
    };
    RANGES.iter().any(|range| {
        let size = size(range.from);
        let shared = size.min(length);
        let beginning = digits / 10_u64.pow(length - shared);
        let cut = 10_u64.pow(size - shared);
        range.lengths >> length != 0 && (range.from / cut..=range.to / cut).contains(&beginning)
    })
}

fn size(digits: u64) -> u32 {
    digits.ilog10() + 1
}
