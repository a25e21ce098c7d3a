use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::error::Error;

/// The identity of an entry: a UUID version 7 (RFC 9562), made by us and never taken from a client.
///
/// The order of ids is the order in which the exchanges began, and the only order of every listing, hence the cursor.
/// Prints as a hyphenated UUID; [`EntryId::prefixed`] gives Persona's form, whose text sorts the same way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; 16]);

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62_DIGITS: usize = 22;

impl EntryId {
    /// The smallest id.
    pub const MIN: Self = Self([0; 16]);
    /// The largest id.
    pub const MAX: Self = Self([0xff; 16]);

    /// Makes an id of its sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the sixteen bytes, most significant first.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the smallest id that an entry made at `at` can have.
    pub fn first_at(at: Timestamp) -> Self {
        Self::assemble(ticks(at), 0)
    }

    /// Prints the hyphenated UUID without allocating.
    pub(crate) fn to_ascii(self) -> [u8; 36] {
        let mut text = [0; 36];
        Uuid::from_bytes(self.0)
            .hyphenated()
            .encode_lower(&mut text);
        text
    }

    /// Prints the prefix, an underscore and 22 base62 digits: `req_0CXZ…`.
    pub fn prefixed(&self, prefix: &str) -> String {
        let mut rest = u128::from_be_bytes(self.0);
        let mut digits = [b'0'; BASE62_DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = BASE62[(rest % 62) as usize];
            rest /= 62;
        }
        let mut text = String::with_capacity(prefix.len() + 1 + BASE62_DIGITS);
        text.push_str(prefix);
        text.push('_');
        text.extend(digits.iter().map(|&digit| char::from(digit)));
        text
    }

    /// Reads what [`EntryId::prefixed`] printed with the same prefix.
    pub fn from_prefixed(prefix: &str, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(prefix)?.strip_prefix('_')?;
        if digits.len() != BASE62_DIGITS {
            return None;
        }
        let mut value: u128 = 0;
        for byte in digits.bytes() {
            let digit = BASE62.iter().position(|&known| known == byte)?;
            value = value.checked_mul(62)?.checked_add(digit as u128)?;
        }
        Some(Self(value.to_be_bytes()))
    }

    /// Lays 60 bits of time and 62 bits of the rest out as RFC 9562 section 5.7 says, with the time's lower 12 bits in `rand_a`.
    fn assemble(ticks: u64, rest: u64) -> Self {
        let high = ((ticks >> 12) << 16) | 0x7000 | (ticks & 0xfff);
        let low = (0b10 << 62) | (rest & (u64::MAX >> 2));
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        Self(bytes)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl From<EntryId> for String {
    /// Prints the UUID, for the many places that take an id as a text.
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({self})")
    }
}

impl FromStr for EntryId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match (text.len(), Uuid::try_parse(text)) {
            (36, Ok(uuid)) => Ok(Self(uuid.into_bytes())),
            _ => Err(Error::invalid_query(
                "an entry's id must be a hyphenated UUID",
            )),
        }
    }
}

impl Serialize for EntryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| serde::de::Error::custom("not a hyphenated UUID"))
    }
}

/// Makes ids that strictly increase within the process, without a system call each.
///
/// The time's 60 bits (milliseconds and a 4096th of one) never repeat: a clock that stands still or goes back is
/// counted on. The remaining 62 bits are a keyed hash (SipHash under a key from the operating system), so that two processes do not meet
/// and one id tells nothing of another's.
#[derive(Debug, Default)]
pub(crate) struct EntryIds {
    last: AtomicU64,
    key: RandomState,
}

impl EntryIds {
    pub(crate) fn next(&self, at: Timestamp) -> EntryId {
        let now = ticks(at);
        let step = |last: u64| Some(now.max(last + 1));
        let last = match self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
        {
            Ok(last) | Err(last) => last,
        };
        let ticks = now.max(last + 1);
        EntryId::assemble(ticks, self.key.hash_one(ticks))
    }
}

/// Counts the 4096ths of a millisecond since the epoch, in 60 bits.
fn ticks(at: Timestamp) -> u64 {
    let micros = at.as_micros().max(0).unsigned_abs();
    ((micros / 1000) << 12) | ((micros % 1000) * 4096 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_increase_when_the_clock_stands_still_or_goes_back() {
        let ids = EntryIds::default();
        let mut last = EntryId::MIN;
        for micros in [5_000_000, 5_000_000, 5_000_000, 1_000_000, 5_000_001] {
            let id = ids.next(Timestamp::from_micros(micros));
            assert!(id > last);
            last = id;
        }
    }

    #[test]
    fn id_is_a_version_7_uuid_of_its_time() {
        let at = Timestamp::from_micros(1_695_241_203_485_250);
        let id = EntryIds::default().next(at);
        let uuid = Uuid::from_bytes(*id.as_bytes());
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(u128::from_be_bytes(*id.as_bytes()) >> 80, 1_695_241_203_485);
        assert!(EntryId::first_at(at) <= id);
        assert!(id < EntryId::first_at(Timestamp::from_micros(at.as_micros() + 1_000)));
    }

    #[test]
    fn prefixed_text_reads_back_and_sorts_as_the_ids_do() {
        let ids = EntryIds::default();
        let (a, b) = (
            ids.next(Timestamp::from_micros(1)),
            ids.next(Timestamp::from_micros(9_000_000_000)),
        );
        assert!(a.prefixed("req") < b.prefixed("req"));
        for id in [a, b, EntryId::MIN, EntryId::MAX] {
            assert_eq!(EntryId::from_prefixed("req", &id.prefixed("req")), Some(id));
        }
        assert_eq!(
            EntryId::from_prefixed("req", "req_zzzzzzzzzzzzzzzzzzzzzz"),
            None,
            "past 128 bits"
        );
        assert_eq!(EntryId::from_prefixed("req", &a.prefixed("ual")), None);
        assert_eq!(EntryId::from_prefixed("req", "req_é"), None);
    }
}
