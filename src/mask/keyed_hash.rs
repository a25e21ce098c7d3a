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
}

impl KeyedHash {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, Error> {
        let mac = Hmac::new_from_slice(key)
            .map_err(|_| Error::configuration("the hash key cannot be used"))?;
        let mut hash = Self {
            mac,
            key_id: String::new(),
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
