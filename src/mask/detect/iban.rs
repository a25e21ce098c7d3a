//! International bank account numbers (ISO 13616).
//!
//! One counts that has a country of SWIFT's IBAN registry (release 101), as many characters as there, letters and digits where the registry
//! has them, and check digits that fit (ISO/IEC 7064, MOD 97-10): without gaps, or in fours as it is printed, all in upper or all in lower case.

use std::ops::Range;

use super::source::{LETTER, Source};

/// By country, how many digits (`n`), letters (`a`) and characters of either kind (`c`) follow the check digits.
#[rustfmt::skip]
const COUNTRIES: &[(&str, &str)] = &[
    ("AD", "8n12c"), ("AE", "19n"), ("AL", "8n16c"), ("AT", "16n"), ("AZ", "4a20c"), ("BA", "16n"),
    ("BE", "12n"), ("BG", "4a6n8c"), ("BH", "4a14c"), ("BI", "23n"), ("BR", "23n1a1c"),
    ("BY", "4c4n16c"), ("CH", "5n12c"), ("CR", "18n"), ("CY", "8n16c"), ("CZ", "20n"),
    ("DE", "18n"), ("DJ", "23n"), ("DK", "14n"), ("DO", "4c20n"), ("EE", "16n"), ("EG", "25n"),
    ("ES", "20n"), ("FI", "14n"), ("FK", "2a12n"), ("FO", "14n"), ("FR", "10n11c2n"),
    ("GB", "4a14n"), ("GE", "2a16n"), ("GI", "4a15c"), ("GL", "14n"), ("GR", "7n16c"),
    ("GT", "24c"), ("HN", "4a20n"), ("HR", "17n"), ("HU", "24n"), ("IE", "4a14n"), ("IL", "19n"),
    ("IQ", "4a15n"), ("IS", "22n"), ("IT", "1a10n12c"), ("JO", "4a4n18c"), ("KW", "4a22c"),
    ("KZ", "3n13c"), ("LB", "4n20c"), ("LC", "4a24c"), ("LI", "5n12c"), ("LT", "16n"),
    ("LU", "3n13c"), ("LV", "4a13c"), ("LY", "21n"), ("MC", "10n11c2n"), ("MD", "20c"),
    ("ME", "18n"), ("MK", "3n10c2n"), ("MN", "16n"), ("MR", "23n"), ("MT", "4a5n18c"),
    ("MU", "4a19n3a"), ("NI", "4a20n"), ("NL", "4a10n"), ("NO", "11n"), ("OM", "3n16c"),
    ("PK", "4a16c"), ("PL", "24n"), ("PS", "4a21c"), ("PT", "21n"), ("QA", "4a21c"),
    ("RO", "4a16c"), ("RS", "18n"), ("RU", "14n15c"), ("SA", "2n18c"), ("SC", "4a20n3a"),
    ("SD", "14n"), ("SE", "20n"), ("SI", "15n"), ("SK", "20n"), ("SM", "1a10n12c"), ("SO", "19n"),
    ("ST", "21n"), ("SV", "4a20n"), ("TL", "19n"), ("TN", "20n"), ("TR", "6n16c"), ("UA", "6n19c"),
    ("VA", "18n"), ("VG", "4a16n"), ("XK", "16n"), ("YE", "4a4n18c"),
];

const COUNTRY_AND_CHECK: usize = 4;

/// Looks for a number that begins there with two letters and two digits.
pub(super) fn find(source: Source<'_>, at: usize) -> Option<Range<usize>> {
    let &[first, second, tens, ones] = source.from(at).first_chunk()?;
    let is_upper = first.is_ascii_uppercase();
    if is_upper != second.is_ascii_uppercase() {
        return None;
    }
    let country = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let known = COUNTRIES.binary_search_by(|(name, _)| name.as_bytes().cmp(&country));
    let (_, structure) = COUNTRIES.get(known.ok()?)?;

    let mut end = at + COUNTRY_AND_CHECK;
    let mark = separator(source, end);
    let mut rest = 0;
    for (count, kind) in kinds(structure).enumerate() {
        if !mark.is_empty() && count % 4 == 0 {
            if source.begins(end, mark) || source.is_cut_at(end) {
                return source.open(at);
            }
            if !source.starts_with(end, mark) {
                return None;
            }
            end += mark.len();
        }
        let Some(byte) = source.byte(end) else {
            return source.open(at);
        };
        let fits = match kind {
            b'n' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_alphabetic(),
            _ => byte.is_ascii_alphanumeric(),
        };
        if !fits || byte.is_ascii_alphabetic() && byte.is_ascii_uppercase() != is_upper {
            return None;
        }
        rest = append(rest, byte);
        end += 1;
    }
    let rest = [first, second, tens, ones].into_iter().fold(rest, append);
    (rest == 1 && !source.is_word(end)).then_some(at..end)
}

/// Returns what stands between the fours, if they are apart.
fn separator<'t>(source: Source<'t>, at: usize) -> &'t [u8] {
    match source.from(at) {
        [b' ' | b'-', ..] => source.slice(at..at + 1),
        // The space that does not break.
        [0xc2, 0xa0, ..] => source.slice(at..at + 2),
        _ => &[],
    }
}

/// Spells a structure out.
fn kinds(structure: &str) -> impl Iterator<Item = u8> {
    let mut count = 0;
    structure.bytes().flat_map(move |byte| {
        let times = match byte {
            b'0'..=b'9' => {
                count = count * 10 + usize::from(byte - b'0');
                0
            }
            _ => std::mem::take(&mut count),
        };
        std::iter::repeat_n(byte, times)
    })
}

/// Appends a character to a number of which the rest by 97 is known.
fn append(rest: u32, byte: u8) -> u32 {
    match LETTER.has(byte) {
        true => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
        false => (rest * 10 + u32::from(byte.wrapping_sub(b'0'))) % 97,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_stand_in_order_for_the_search() {
        assert!(COUNTRIES.is_sorted());
        let kinds: String = kinds("4a2n1c").map(char::from).collect();
        assert_eq!(kinds, "aaaannc");
    }
}
