use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;

/// How every pseudonym begins.
pub(super) const PREFIX: &str = "hmac.";

/// HMAC-SHA256 under one key, cut to its first 128 bits: equal bodies show as equal to who has no key, and nothing else of them.
#[derive(Clone)]
pub(super) struct KeyedHash {
    mac: Hmac<Sha256>,
    /// Tells keys apart and nothing else of them: eight hexadecimal digits.
    key_id: String,
    /// Whether the values may have been masked before, so that what was made of one stays.
    is_again: bool,
}

impl KeyedHash {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, Error> {
        let mac = Hmac::new_from_slice(key)
            .map_err(|_| Error::configuration("the hash key cannot be used"))?;
        let mut hash = Self {
            mac,
            key_id: String::new(),
            is_again: false,
        };
        hash.key_id = hash.of(b"tower-api-log: id of the key");
        hash.key_id.truncate(8);
        Ok(hash)
    }

    /// Returns what stands for a value wherever it is seen, and tells equal ones; spaces around it do not count.
    pub(super) fn pseudonym(&self, value: &str) -> String {
        let hash = self.of(value.trim().as_bytes());
        format!("{PREFIX}{}.{hash}", self.key_id)
    }

    /// Says that values may have been masked before.
    pub(super) fn see_masked_values(&mut self) {
        self.is_again = true;
    }

    /// Tells whether values may have been masked before.
    pub(super) fn sees_masked_values(&self) -> bool {
        self.is_again
    }

    /// Tells whether a text has the form of a pseudonym under this key.
    pub(super) fn is_own(&self, text: &str) -> bool {
        let rest = text.strip_prefix(PREFIX).unwrap_or_default();
        let hash = rest.split_once('.').filter(|(id, _)| *id == self.key_id);
        hash.is_some_and(|(_, it)| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit()))
    }

    /// Makes a key of the operating system's randomness.
    pub(super) fn random() -> Result<Self, Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| {
            Error::configuration("the operating system gave no randomness for the hash key")
                .with_source(error.to_string())
        })?;
        Self::new(&key)
    }

    /// Returns 32 hexadecimal digits.
    pub(super) fn of(&self, bytes: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(bytes);
        let digest = mac.finalize().into_bytes();
        digest
            .iter()
            .take(16)
            .fold(String::with_capacity(32), |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_the_first_half_of_hmac_sha256() {
        // HMAC-SHA256 of "what do ya want for nothing?" under 32 zero bytes, from Python's `hmac`.
        let hash = KeyedHash::new(&[0; 32]).unwrap();
        assert_eq!(
            hash.of(b"what do ya want for nothing?"),
            "76d9e7194e7dbc3aa00bbe8ffb9f6fcb"
        );
        assert_ne!(
            KeyedHash::random().unwrap().of(b"a"),
            KeyedHash::random().unwrap().of(b"a")
        );
    }
}
