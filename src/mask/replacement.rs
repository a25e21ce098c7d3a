use super::keyed_hash::KeyedHash;
use super::token;

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
        match self {
            Self::Fixed | Self::Remove => None,
            Self::Token => token::shown(value),
            Self::LastFour => last_four(value),
            Self::Pseudonym => Some(hash.pseudonym(value)),
        }
    }
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
