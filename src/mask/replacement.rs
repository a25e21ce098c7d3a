use super::keyed_hash::KeyedHash;
use super::{MASKED, STARS, WITHHELD, token};

/// What stands in the place of a value that a rule hides.
///
/// Only a whole value that is text or a number is shown in part or by a pseudonym. Objects, lists, and values that were cut off, are always
/// replaced by the mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replacement {
    /// The mark: `[MASKED]` in bodies and parameters, `****` in header fields and cookies.
    #[default]
    Fixed,
    /// What says the kind of a token, as `persona_production_61bd73de-ce28-****-****-************` and `sk_live_****`; the mark for what is none.
    ///
    /// At least 80 bits stay hidden, see [`Rules`](super::Rules).
    Token,
    /// `****` and the last four characters, of values of at least twelve; the mark for shorter ones.
    LastFour,
    /// A keyed hash, `hmac.` with eight digits of the key's id and 32 of the value's HMAC-SHA256: equal values show as equal to who has no
    /// key, so that all calls with one key are found without the key. See [`Masker::pseudonyms`](super::Masker::pseudonyms).
    ///
    /// Who has the key can try values: do not use it for what has few values, such as a code of four digits.
    Pseudonym,
    /// Nothing: the field, parameter, cookie or member is left out with its name. Items of lists, and values found within a text, get the mark.
    Remove,
}

const MIN_FOR_LAST_FOUR: usize = 12;

impl Replacement {
    /// Returns what stands for a whole value; `None` for the mark of its place.
    pub(super) fn of(self, value: &str, hash: &KeyedHash) -> Option<String> {
        if hash.sees_masked_values() {
            let value = value.trim();
            let (stays, shows) = (self.has_made(value, hash), hides_something(value));
            if stays || shows && matches!(self, Self::LastFour | Self::Pseudonym) {
                return stays.then(|| value.to_owned());
            }
        }
        match self {
            Self::Fixed | Self::Remove => None,
            Self::Token => token::shown(value),
            Self::LastFour => last_four(value),
            Self::Pseudonym => Some(hash.pseudonym(value)),
        }
    }

    /// Tells whether a value is what stands in a value's place already.
    fn has_made(self, value: &str, hash: &KeyedHash) -> bool {
        is_mark(value)
            || match self {
                Self::Fixed | Self::Remove | Self::Token => false,
                Self::LastFour => value
                    .strip_prefix(STARS)
                    .is_some_and(|it| it.chars().count() == 4),
                Self::Pseudonym => hash.is_own(value),
            }
    }
}

/// Tells whether a text is one of the masker's marks.
pub(super) fn is_mark(text: &str) -> bool {
    [MASKED, WITHHELD, STARS].contains(&text)
}

/// Tells whether a part of a text is hidden, so that neither its end nor its hash says what it was.
fn hides_something(text: &str) -> bool {
    [MASKED, WITHHELD, STARS]
        .iter()
        .any(|mark| text.contains(mark))
}

fn last_four(value: &str) -> Option<String> {
    let value = value.trim();
    if value.chars().count() < MIN_FOR_LAST_FOUR {
        return None;
    }
    let (at, _) = value.char_indices().rev().nth(3)?;
    Some(format!("****{}", &value[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacement_shows_no_more_than_it_says() {
        let hash = KeyedHash::new(&[7; 32]).unwrap();
        let of = |replacement: Replacement, value: &str| replacement.of(value, &hash);
        assert_eq!(of(Replacement::Fixed, "canary-7f3a91"), None);
        assert_eq!(of(Replacement::Remove, "canary-7f3a91"), None);
        assert_eq!(of(Replacement::LastFour, "canary-7f3a"), None);
        assert_eq!(
            of(Replacement::LastFour, "canary-7f3aé91x").as_deref(),
            Some("****é91x")
        );
        let pseudonym = of(Replacement::Pseudonym, "canary").unwrap();
        assert_eq!(
            Some(&pseudonym),
            of(Replacement::Pseudonym, "canary").as_ref()
        );
        assert_ne!(
            Some(&pseudonym),
            of(Replacement::Pseudonym, "canarz").as_ref()
        );
        assert_eq!(pseudonym.len(), "hmac.".len() + 8 + 1 + 32);
    }
}
