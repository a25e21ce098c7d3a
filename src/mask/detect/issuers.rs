//! The beginnings and lengths of the numbers of payment cards.

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

const RANGES: &[Range] = &[
    // Visa, also Elo, Dankort and V Pay.
    range(4, 4, &[13, 16, 18, 19]),
    // Mastercard.
    range(51, 55, &[16]),
    range(2221, 2720, &[16]),
    // American Express.
    range(34, 34, &[15]),
    range(37, 37, &[15]),
    // Diners Club International.
    range(300, 305, &[14, 16, 19]),
    range(3095, 3095, &[14, 16, 19]),
    range(36, 36, &[14, 16, 19]),
    range(38, 39, &[14, 16, 19]),
    // Discover, also RuPay, Elo and Troy.
    range(6011, 6011, &[16, 19]),
    range(644, 649, &[16, 19]),
    range(65, 65, &[16, 19]),
    // JCB.
    range(3528, 3589, LONG),
    // UnionPay.
    range(62, 62, LONG),
    range(8100, 8171, LONG),
    // Mir.
    range(2200, 2204, LONG),
];

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
