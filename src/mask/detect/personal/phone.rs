use std::ops::Range;

use crate::mask::detect::source::{DIGIT, Source};

/// How many digits a number of ITU-T E.164 has, with the country's.
const LEAST: usize = 8;
const MOST: usize = 15;
/// The most groups of one.
const MOST_GROUPS: usize = 8;

/// Looks for a number that begins there.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    if source
        .before(at)
        .is_some_and(|it| it.is_ascii_alphanumeric())
    {
        return None;
    }
    match source.byte(at)? {
        b'+' => international(source, at),
        b'(' | b'2'..=b'9' => north_american(source, at),
        _ => None,
    }
}

/// `+49 30 901820`: digits, with single separators or brackets between.
fn international(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    if source
        .byte(at + 1)
        .is_some_and(|it| !(b'1'..=b'9').contains(&it))
    {
        return None;
    }
    let mut digits = 0;
    let mut next = at + 1;
    let mut found = None;
    for _ in 0..MOST_GROUPS {
        let end = source.run(next, DIGIT, MOST + 1);
        digits += end - next;
        if digits > MOST {
            return found;
        }
        if source.is_cut_at(end) {
            return source.open(at);
        }
        if digits >= LEAST && end > next && !source.is_word(end) {
            found = Some(at..end);
        }
        let rest = source.from(end).iter().take(2);
        next = end + rest.take_while(|it| b" -.()".contains(it)).count();
        if source.is_cut_at(next) {
            return source.open(at);
        }
        if next == end {
            break;
        }
    }
    found
}

/// `(415) 555-0132`, `415-555-0132`, `415.555.0132`: three, three and four digits, of which the first and the fourth are above one.
fn north_american(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let shapes: [&[u8]; 3] = [b"Ndd-Ndd-dddd", b"Ndd.Ndd.dddd", b"Ndd Ndd dddd"];
    let bracketed: [&[u8]; 2] = [b"(Ndd) Ndd-dddd", b"(Ndd)Ndd-dddd"];
    if source.before(at).is_some_and(|it| b"-.".contains(&it)) {
        return None;
    }
    shapes
        .iter()
        .chain(&bracketed)
        .find_map(|shape| fits(source, at, shape))
}

fn fits(source: Source<'_>, at: usize, shape: &[u8]) -> Option<Range<usize>> {
    for (next, kind) in shape.iter().enumerate() {
        let Some(byte) = source.byte(at + next) else {
            return source.open(at);
        };
        let fits = match kind {
            b'N' => (b'2'..=b'9').contains(&byte),
            b'd' => byte.is_ascii_digit(),
            _ => byte == *kind,
        };
        if !fits {
            return None;
        }
    }
    let end = at + shape.len();
    let goes_on =
        source.byte(end).is_some_and(|it| b"-.".contains(&it)) && source.is_digit(end + 1);
    (!goes_on && !source.is_word(end)).then_some(at..end)
}
