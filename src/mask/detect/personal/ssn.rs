use std::ops::Range;

use crate::mask::detect::source::Source;

const LENGTH: usize = 11;

/// Looks for a number that begins there: `ddd-dd-dddd`, without the areas 000, 666 and 900 to 999, the group 00 and the serial 0000, which the
/// Social Security Administration does not issue (POMS RM 10201.035).
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let before = source.before(at);
    if before.is_some_and(|it| it.is_ascii_alphanumeric() || b"-.".contains(&it)) {
        return None;
    }
    let text = source.slice(at..source.len().min(at + LENGTH));
    let fits = text.iter().enumerate().all(|(at, byte)| match at {
        3 | 6 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !fits || text.is_empty() {
        return None;
    }
    if text.len() < LENGTH {
        return source.open(at);
    }
    let end = at + LENGTH;
    let goes_on = source.byte(end) == Some(b'-') && source.is_digit(end + 1);
    let is_issued = text[0] != b'9'
        && !text.starts_with(b"000")
        && !text.starts_with(b"666")
        && &text[4..6] != b"00"
        && !text.ends_with(b"0000");
    (is_issued && !goes_on && !source.is_word(end)).then_some(at..end)
}
