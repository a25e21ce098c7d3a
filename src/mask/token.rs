//! What of a token may show.
//!
//! A token is shown by its *vocabulary*: at most two lower-case ASCII words of at most 12 letters, each followed by `_`, as
//! `persona_production_`, `sk_live_` or `ghp_`. Such words say which kind of key it is and are the same for all of its kind.
//!
//! - A UUID after the vocabulary, or alone, keeps its first two groups: `persona_production_61bd73de-ce28-****-****-************`.
//!   20 hexadecimal digits, 80 bits, are hidden. In a random UUID (version 4 or 7) six of them are fixed by RFC 9562, so that 74 are
//!   unknown to a reader; a key of 20 free hexadecimal digits leaves all 80. UUIDs that are made of time and node (versions 1, 2, 6)
//!   or of a name (3, 5) keep nothing of the UUID, since their rest can be guessed.
//! - Any other token keeps its vocabulary alone, followed by `****`, and only where the rest is letters and digits that look random and
//!   leave at least 80 bits unknown by a low estimate: 4 bits a character, 3 where all are digits. So `correct_horse_battery_staple`
//!   shows nothing.
//! - Everything else shows nothing, not even its length.

/// The most words of a vocabulary prefix, and the most letters of each.
const MAX_WORDS: usize = 2;
const MAX_LETTERS: usize = 12;
const MIN_HIDDEN_BITS: usize = 80;
/// Fewer different characters than these do not look random.
const MIN_DISTINCT: usize = 8;
/// Where the second group of a UUID ends.
const SHOWN_OF_UUID: usize = 13;

const HIDDEN: &str = "****";
const HIDDEN_OF_UUID: &str = "-****-****-************";

/// Returns the token with its secret part replaced, or `None` where nothing of it may show. What this returned stays.
pub(super) fn shown(token: &str) -> Option<String> {
    let (vocabulary, rest) = token.split_at(vocabulary_length(token));
    if !vocabulary.is_empty() && rest == HIDDEN || is_hidden_uuid(rest) {
        return Some(token.to_owned());
    }
    if is_uuid(rest) {
        let groups = if is_predictable(rest) {
            return (!vocabulary.is_empty()).then(|| format!("{vocabulary}{HIDDEN}"));
        } else {
            &rest[..SHOWN_OF_UUID]
        };
        return Some(format!("{vocabulary}{groups}{HIDDEN_OF_UUID}"));
    }
    (!vocabulary.is_empty() && looks_random(rest)).then(|| format!("{vocabulary}{HIDDEN}"))
}

fn is_hidden_uuid(text: &str) -> bool {
    text.strip_suffix(HIDDEN_OF_UUID).is_some_and(|groups| {
        groups.len() == SHOWN_OF_UUID
            && groups.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    })
}

fn vocabulary_length(token: &str) -> usize {
    let mut length = 0;
    for _ in 0..MAX_WORDS {
        let rest = &token.as_bytes()[length..];
        let letters = rest.iter().take_while(|it| it.is_ascii_lowercase()).count();
        if !(1..=MAX_LETTERS).contains(&letters) || rest.get(letters) != Some(&b'_') {
            break;
        }
        length += letters + 1;
    }
    length
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Tells whether a UUID says of itself that it is made of time and node or of a name.
fn is_predictable(uuid: &str) -> bool {
    let bytes = uuid.as_bytes();
    let of_rfc_9562 = matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B');
    of_rfc_9562 && matches!(bytes[14], b'1' | b'2' | b'3' | b'5' | b'6')
}

fn looks_random(rest: &str) -> bool {
    let mut digits = 0;
    // Which letters and digits there are.
    let mut seen = [0_u64; 2];
    for byte in rest.bytes() {
        if !byte.is_ascii_alphanumeric() {
            return false;
        }
        digits += usize::from(byte.is_ascii_digit());
        seen[usize::from(byte >> 6 & 1)] |= 1 << (byte & 63);
    }
    let bits = if digits == rest.len() { 3 } else { 4 } * rest.len();
    let distinct = (seen[0].count_ones() + seen[1].count_ones()) as usize;
    bits >= MIN_HIDDEN_BITS && digits >= 2 && digits * 16 >= rest.len() && distinct >= MIN_DISTINCT
}

/// Fewer bytes than these do not make a key.
const MIN_OPAQUE_BYTES: usize = 16;
/// Letters in a row that no word has.
const MAX_WORD: usize = 24;

/// Tells whether a value under a doubtful name looks like a key, a code or a card number and not like words, a path or a count.
///
/// Words are long runs of letters, keys change between letters, digits and cases after few.
pub(super) fn is_opaque(text: &str) -> bool {
    let text = text.trim();
    if is_card_number(text) {
        return true;
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+/=:".contains(&byte);
    let is_file = text.contains('/')
        && text
            .rsplit_once('.')
            .is_some_and(|(_, end)| (1..=5).contains(&end.len()));
    if text.len() < MIN_OPAQUE_BYTES || is_file || !text.bytes().all(fits) {
        return false;
    }
    let (mut runs, mut letters, mut run, mut longest) = (0, 0, 0, 0);
    let mut last = b'-';
    for byte in text.bytes() {
        let goes_on = match byte {
            b'a'..=b'z' => last.is_ascii_lowercase() || last.is_ascii_uppercase() && run == 1,
            b'A'..=b'Z' => last.is_ascii_uppercase(),
            b'0'..=b'9' => last.is_ascii_digit(),
            _ => true,
        };
        if byte.is_ascii_alphanumeric() {
            letters += 1;
            run = if goes_on { run + 1 } else { 1 };
            runs += usize::from(!goes_on);
            longest = longest.max(if byte.is_ascii_digit() { 0 } else { run });
        }
        last = byte;
    }
    longest > MAX_WORD || letters * 2 < runs * 7
}

/// Tells whether a text is 6 to 8 digits, as one-time codes are.
pub(super) fn is_one_time(text: &str) -> bool {
    (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether a text is 13 to 19 digits with the check digit of a card number (ISO/IEC 7812-1), in groups or not.
fn is_card_number(text: &str) -> bool {
    let groups = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
    if !(13..=40).contains(&text.len()) || !text.bytes().all(groups) {
        return false;
    }
    let digits: Vec<_> = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| u32::from(byte - b'0'))
        .collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_the_seed_shows_as_in_the_seed() {
        assert_eq!(
            shown("persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab").as_deref(),
            Some("persona_production_61bd73de-ce28-****-****-************")
        );
        assert_eq!(
            shown("61bd73de-ce28-4a1b-8c3d-0123456789ab").as_deref(),
            Some("61bd73de-ce28-****-****-************")
        );
    }

    #[test]
    fn uuid_of_time_and_node_keeps_none_of_its_groups() {
        assert_eq!(
            shown("demo_61bd73de-ce28-11ee-8c3d-0123456789ab").as_deref(),
            Some("demo_****")
        );
        assert_eq!(shown("61bd73de-ce28-11ee-8c3d-0123456789ab"), None);
    }

    #[test]
    fn random_rest_of_80_bits_keeps_its_vocabulary() {
        assert_eq!(
            shown("demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc").as_deref(),
            Some("demo_live_****")
        );
        assert_eq!(
            shown("demo_0123456789abcdef0123").as_deref(),
            Some("demo_****")
        );
    }

    #[test]
    fn what_is_shown_of_a_token_stays_when_it_is_masked_again() {
        for token in [
            "persona_production_61bd73de-ce28-4a1b-8c3d-0123456789ab",
            "61bd73de-ce28-4a1b-8c3d-0123456789ab",
            "demo_live_4k8Zq0Rw7Yt2Lm5Xp9Bc",
        ] {
            let once = shown(token).unwrap();
            assert_eq!(shown(&once), Some(once));
        }
        assert_eq!(shown("****"), None);
    }

    #[test]
    fn passphrases_short_and_unstructured_tokens_show_nothing() {
        for token in [
            "",
            "a",
            "canary-7f3a91",
            "correct_horse_battery_staple",
            "correct_horse_batterystaplebatterystaple",
            "correct_horse_battery_staple12345678901234",
            "demo_live_0123456789abcdef01",
            "demo_12345678901234567890123456",
            "demo_aaaaaaaaaaaaaaaaaaaaaaaa11",
            "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl0123456789",
            "averyveryverylongword_4k8Zq0Rw7Yt2Lm5Xp9Bc",
            "Demo_4k8Zq0Rw7Yt2Lm5Xp9Bc",
            "é_4k8Zq0Rw7Yt2Lm5Xp9Bc",
        ] {
            assert_eq!(shown(token), None, "{token}");
        }
    }
}
