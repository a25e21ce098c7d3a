//! Secrets in full-width letters and digits (U+FF01 to U+FF5E), as East Asian input methods write them: `４１１１`.

use super::{Detectors, Found};

/// The first byte of each of them.
const LEAD: u8 = 0xef;
/// How far they are from ASCII.
const OFFSET: u32 = 0xfee0;
const IDEOGRAPHIC_SPACE: char = '\u{3000}';

/// Appends what is found in a text once its full-width characters are ASCII.
pub(super) fn find(on: Detectors, text: &str, cut: bool, found: &mut Vec<Found>) {
    let mut leads = memchr::memchr_iter(LEAD, text.as_bytes());
    let is_wide = |at: usize| {
        let letter = text.get(at..).and_then(|it| it.chars().next());
        letter.is_some_and(|it| narrow(it).is_ascii_alphanumeric())
    };
    if !leads.any(is_wide) {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    // Where a narrowed character stands in both texts: after it, and how many bytes longer the source is up to there.
    let mut shifts = Vec::new();
    let mut shift = 0;
    for letter in text.chars() {
        let narrow = narrow(letter);
        plain.push(narrow);
        if narrow != letter {
            shift += letter.len_utf8() - narrow.len_utf8();
            shifts.push((plain.len(), shift));
        }
    }
    let first = found.len();
    on.find_plain(&plain, cut, found);
    let place = |at: usize| {
        let passed = shifts.partition_point(|&(end, _)| end <= at);
        let shift = passed.checked_sub(1).and_then(|it| shifts.get(it));
        at + shift.map_or(0, |it| it.1)
    };
    for it in found.iter_mut().skip(first) {
        (it.start, it.end) = (place(it.start), place(it.end));
    }
}

fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - OFFSET).unwrap_or(letter),
        IDEOGRAPHIC_SPACE => ' ',
        _ => letter,
    }
}
