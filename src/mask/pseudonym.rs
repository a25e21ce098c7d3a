//! Pseudonyms: their keys, what is searched for by one, and the one that stands for the key of a call.

use super::keyed_hash::{self, KeyedHash};
use super::{Masker, Rules};
use crate::error::Error;

/// Fields that hold an API key, though their name may not say so.
const OF_KEYS: [&str; 3] = ["authorization", "x-api-key", "api-key"];
/// What a `key` or `token` belongs to when it is not the caller's.
const OF_NOBODY: [&str; 9] = [
    "cache",
    "csrf",
    "encryption",
    "idempotency",
    "page",
    "partition",
    "publishable",
    "websocket",
    "xsrf",
];

impl Rules {
    /// Sets the key of pseudonyms, and of the hashes that stand for withheld bodies, so that they compare across processes.
    ///
    /// The default is a key of the operating system's randomness for each process. 32 random bytes of a secret store are meant, and not a
    /// password. To change it, see [`Masker::pseudonyms`].
    pub fn hash_key(mut self, key: [u8; 32]) -> Self {
        self.hash_key = Some(key);
        self
    }

    /// Adds a key that [`hash_key`](Self::hash_key) was before, so that what is stored under it is still found. Nothing more is stored under it.
    pub fn former_hash_key(mut self, key: [u8; 32]) -> Self {
        self.former_hash_keys.push(key);
        self
    }

    /// Makes the hashes of the current key and of the former ones.
    pub(super) fn hashes(&self) -> Result<(KeyedHash, Vec<KeyedHash>), Error> {
        let former = &self.former_hash_keys;
        let Some(key) = &self.hash_key else {
            return match former.is_empty() {
                true => Ok((KeyedHash::random()?, Vec::new())),
                false => Err(Error::configuration(
                    "former_hash_key needs a hash_key, which is the current one",
                )),
            };
        };
        let mut all = former.iter().enumerate();
        if all.any(|(at, it)| it == key || former[..at].contains(it)) {
            return Err(Error::configuration(
                "a former_hash_key must not be the hash_key or given twice",
            ));
        }
        let hashes: Result<_, _> = former.iter().map(KeyedHash::new).collect();
        Ok((KeyedHash::new(key)?, hashes?))
    }
}

impl Masker {
    /// Returns what [`Replacement::Pseudonym`](super::Replacement::Pseudonym) stores for a value: under the current key, and then under each
    /// former one. Spaces around the value do not count.
    ///
    /// Of a header such as `Authorization: Bearer …` the value is what comes after the scheme.
    ///
    /// # Example: all calls with one key
    ///
    /// Where a header of the caller's credentials has a rule with a pseudonym, and nobody told [`Context::api_key`](crate::entry::Context::api_key),
    /// the pseudonym is stored there, which every store has an index for. That is so for `Authorization`, `X-Api-Key`, `Api-Key` and every
    /// header whose name ends in `key` or `token`. Of several, a key wins over `Authorization`; two that differ tell nothing.
    ///
    /// ```
    /// use tower_api_log::{LogQuery, Scope};
    /// use tower_api_log::mask::{Masker, Replacement, Rule, Rules};
    ///
    /// let rules = Rules::default()
    ///     .hash_key([1; 32]) // of a secret store, as is the one before it
    ///     .former_hash_key([0; 32])
    ///     .rule(Rule::header("x-api-key").replace_with(Replacement::Pseudonym));
    ///
    /// // Where the log is read, with the same rules:
    /// let stolen = "the key as the client sent it";
    /// let mut query = LogQuery::new(Scope::all());
    /// query.filter.api_keys = Masker::new(&rules)?.pseudonyms(stolen);
    /// assert_eq!(query.filter.api_keys.len(), 2);
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    ///
    /// # Changing the key
    ///
    /// Give the old key to [`Rules::former_hash_key`] and a new one to [`Rules::hash_key`], in every process that writes or reads. What is new is
    /// stored under the new key, and what is old is found by the former. Once retention has deleted what was stored under it, leave it out. The
    /// eight digits after `hmac.` tell under which key a pseudonym was made. If a key has leaked, treat what it hid of few values as
    /// told.
    ///
    /// # What a pseudonym does not hide
    ///
    /// That two values are the same; and to who has the key, any value that can be guessed. A key or token of 128 random bits cannot; a card
    /// number, a telephone number or a PIN can, in seconds. PCI DSS 4.0 takes a hash of a card number only if it is keyed and the key is managed
    /// as one (3.5.1.1), and wants it kept apart from a shortened form of the same number (3.4.1): do not use both
    /// [`Replacement::LastFour`](super::Replacement::LastFour) and a pseudonym for one. There is no hash here without a key.
    pub fn pseudonyms(&self, value: &str) -> Vec<String> {
        let all = std::iter::once(&self.rules.hash).chain(&self.rules.former_hashes);
        all.map(|hash| hash.pseudonym(value)).collect()
    }
}

/// The pseudonym of the key that came with a request, as far as its fields were seen.
#[derive(Default)]
pub(super) struct ApiKey {
    seen: Option<Seen>,
}

struct Seen {
    /// `None` where two that differ were seen.
    pseudonym: Option<String>,
    is_authorization: bool,
}

impl ApiKey {
    /// Takes what a pseudonym's rule made of a field.
    pub(super) fn see(&mut self, name: &str, masked: &str) {
        let last = masked.rsplit(' ').next().unwrap_or_default();
        if !is_of_a_key(name) || !last.starts_with(keyed_hash::PREFIX) {
            return;
        }
        let is_authorization = name == "authorization";
        match &mut self.seen {
            Some(seen) if seen.is_authorization == is_authorization => {
                if seen.pseudonym.as_deref() != Some(last) {
                    seen.pseudonym = None;
                }
            }
            Some(_) if is_authorization => {}
            seen => {
                *seen = Some(Seen {
                    pseudonym: Some(last.to_owned()),
                    is_authorization,
                });
            }
        }
    }

    pub(super) fn take(&mut self) -> Option<String> {
        self.seen.take()?.pseudonym
    }
}

/// Tells whether a field, in lower case, is one of the caller's key.
fn is_of_a_key(name: &str) -> bool {
    let is_between = |letter: char| !letter.is_ascii_alphanumeric();
    let mut words = name.rsplit(is_between).filter(|it| !it.is_empty());
    let last = words.next().unwrap_or_default();
    let ends = last.ends_with("key") || last.ends_with("token");
    OF_KEYS.contains(&name)
        || ends
            && !words
                .next()
                .is_some_and(|before| OF_NOBODY.contains(&before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn pseudonyms_are_under_the_current_key_first_and_then_under_the_former_ones() {
        let masker = |rules: &Rules| Masker::new(rules).unwrap();
        let [old, new] = [[1; 32], [2; 32]];
        let before = masker(&Rules::default().hash_key(old));
        let after = masker(&Rules::default().hash_key(new).former_hash_key(old));
        let made = after.pseudonyms(" canary-7f3a ");
        assert_eq!(made.len(), 2);
        assert_eq!(made[1..], before.pseudonyms("canary-7f3a"));
        assert_ne!(made[0], made[1]);
        let key_id = |it: &str| it.split('.').nth(1).unwrap().to_owned();
        assert_ne!(key_id(&made[0]), key_id(&made[1]));
        assert_ne!(made[0], after.pseudonyms("canary-7f3b")[0]);
    }

    #[test]
    fn keys_that_cannot_be_meant_are_refused() {
        for wrong in [
            Rules::default().former_hash_key([1; 32]),
            Rules::default().hash_key([1; 32]).former_hash_key([1; 32]),
            Rules::default()
                .hash_key([1; 32])
                .former_hash_key([2; 32])
                .former_hash_key([2; 32]),
        ] {
            let error = Masker::new(&wrong).err().map(|it| it.kind());
            assert_eq!(error, Some(ErrorKind::Configuration));
        }
    }

    #[test]
    fn key_of_a_call_is_what_its_own_headers_hold_and_nothing_of_two_that_differ() {
        let of = |fields: &[(&str, &str)]| {
            let mut key = ApiKey::default();
            fields.iter().for_each(|(name, value)| key.see(name, value));
            key.take()
        };
        let hmac = |end: &str| Some(format!("hmac.{end}"));
        assert_eq!(of(&[("authorization", "Bearer hmac.a")]), hmac("a"));
        assert_eq!(of(&[("x-apikey", "hmac.a")]), hmac("a"));
        assert_eq!(
            of(&[("authorization", "hmac.a"), ("x-partner-token", "hmac.b")]),
            hmac("b")
        );
        assert_eq!(
            of(&[("api-key", "hmac.b"), ("authorization", "hmac.a")]),
            hmac("b")
        );
        assert_eq!(
            of(&[("api-key", "hmac.b"), ("x-api-key", "hmac.b")]),
            hmac("b")
        );
        assert_eq!(of(&[("api-key", "hmac.b"), ("api-key", "hmac.c")]), None);
        assert_eq!(of(&[("authorization", "Basic ****")]), None);
        for other in [
            "idempotency-key",
            "x-csrf-token",
            "x-partner",
            "x-monkey-business",
        ] {
            assert_eq!(of(&[(other, "hmac.a")]), None, "{other}");
        }
    }
}
