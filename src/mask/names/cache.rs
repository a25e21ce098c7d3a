use std::collections::HashMap;

use super::{Known, Role};

/// More long names than these begin their map anew.
const MAX_LONG: usize = 1024;
/// Longer names are decided each time.
const MAX_LONG_BYTES: usize = 64;
/// Names up to here stand in the table.
const MAX_BYTES: usize = 32;
const WORDS: usize = MAX_BYTES / 8;
const SETS: usize = 1024;
/// How many names share a place in the table.
const WAYS: usize = 2;

/// What is known of the names that were seen.
///
/// Short names stand in a table of fixed size, each at one of two places, the newer first: finding one costs no hash of a map and no pointer, and a client that
/// lets names collide sends only those names, and others of the place for a while, to be decided again. Longer ones stand in a map, keyed by SipHash.
#[derive(Default)]
pub(super) struct Cache {
    table: Vec<[Slot; WAYS]>,
    long: HashMap<Box<str>, Known>,
}

#[derive(Clone, Copy)]
struct Slot {
    name: Name,
    known: Known,
}

/// A name: its length, and words of eight of its bytes, which may overlap. Names of the same length with the same words are the same.
#[derive(Clone, Copy)]
struct Name {
    words: [u64; WORDS],
    length: u64,
}

impl Cache {
    #[inline]
    pub(super) fn get(&mut self, name: &str) -> Option<Known> {
        let Some(name) = Name::of(name) else {
            return self.long.get(name).copied();
        };
        let [first, second] = self.table.get_mut(name.set())?;
        if first.name.is(&name) {
            return Some(first.known);
        }
        if second.name.is(&name) {
            std::mem::swap(first, second);
            return Some(first.known);
        }
        None
    }

    /// Looks without making a name that is found the newer one.
    pub(super) fn peek(&self, name: &str) -> Option<Known> {
        let Some(name) = Name::of(name) else {
            return self.long.get(name).copied();
        };
        let set = self.table.get(name.set())?;
        set.iter().find(|it| it.name.is(&name)).map(|it| it.known)
    }

    pub(super) fn put(&mut self, name: &str, known: Known) {
        if name.len() > MAX_LONG_BYTES {
            return;
        }
        let Some(short) = Name::of(name) else {
            if self.long.len() >= MAX_LONG {
                self.long.clear();
            }
            self.long.insert(name.into(), known);
            return;
        };
        if self.table.is_empty() {
            self.table.resize(SETS, [Slot::EMPTY; WAYS]);
        }
        if let Some([first, second]) = self.table.get_mut(short.set()) {
            *second = *first;
            *first = Slot { name: short, known };
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.len() * WAYS + self.long.len()
    }
}

#[cfg(test)]
pub(super) const MAX_CACHED: usize = SETS * WAYS + MAX_LONG;

impl Slot {
    const EMPTY: Self = Self {
        name: Name {
            words: [0; WORDS],
            length: u64::MAX,
        },
        known: Known {
            rule: None,
            role: Role::None,
            ends_rule: false,
            classes: 0,
        },
    };
}

impl Name {
    /// Reads a name of at most [`MAX_BYTES`].
    #[inline]
    fn of(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        let length = bytes.len() as u64;
        let words = match (bytes.first_chunk::<16>(), bytes.first_chunk::<8>()) {
            _ if bytes.len() > MAX_BYTES => return None,
            (Some(first), _) => {
                let last = bytes.last_chunk::<16>()?;
                let [a, b] = halves(first);
                let [c, d] = halves(last);
                [a, b, c, d]
            }
            (None, Some(first)) => {
                let last = bytes.last_chunk::<8>()?;
                [u64::from_le_bytes(*first), 0, 0, u64::from_le_bytes(*last)]
            }
            (None, None) => [short(bytes), 0, 0, 0],
        };
        Some(Self { words, length })
    }

    #[inline]
    fn set(&self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        const OTHER: u64 = 0xd1b5_4a32_d192_ed03;
        let [a, b, c, d] = self.words;
        let outer = (a ^ d.rotate_left(29) ^ self.length).wrapping_mul(ODD);
        let inner = (b ^ c.rotate_left(31)).wrapping_mul(OTHER);
        ((outer ^ inner) >> 40) as usize % SETS
    }

    /// Compares without a branch or a call.
    #[inline]
    fn is(&self, other: &Self) -> bool {
        let [a, b, c, d] = self.words;
        let [e, f, g, h] = other.words;
        (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) | (self.length ^ other.length) == 0
    }
}

#[inline]
fn halves(bytes: &[u8; 16]) -> [u64; 2] {
    let whole = u128::from_le_bytes(*bytes);
    [whole as u64, (whole >> 64) as u64]
}

/// Reads less than eight bytes.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    let four = |it: Option<&[u8; 4]>| it.map_or(0, |it| u64::from(u32::from_le_bytes(*it)));
    match (bytes, bytes.len()) {
        // The two halves overlap in the same bytes.
        (_, length @ 4..) => {
            four(bytes.first_chunk()) | four(bytes.last_chunk()) << (8 * (length - 4))
        }
        ([first, .., last], length) => {
            let middle = bytes.get(length / 2).copied().unwrap_or_default();
            u64::from(*first) | u64::from(middle) << 8 | u64::from(*last) << 16
        }
        ([only], _) => u64::from(*only),
        ([], _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(ends_rule: bool) -> Known {
        Known {
            rule: None,
            role: Role::None,
            ends_rule,
            classes: 0,
        }
    }

    #[test]
    fn names_of_every_length_are_told_apart() {
        let mut cache = Cache::default();
        let text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_é";
        let ends: Vec<_> = (0..=text.len())
            .filter(|&at| text.is_char_boundary(at))
            .collect();
        for &end in &ends {
            let zeros = format!("{}\0", &text[..end]);
            for name in [&text[..end], &zeros] {
                assert!(cache.get(name).is_none(), "{name:?}");
                assert!(cache.peek(name).is_none(), "{name:?}");
                cache.put(name, known(name.len() % 2 == 0));
                let found = [cache.peek(name), cache.get(name)];
                assert_eq!(
                    found.map(|it| it.map(|it| it.ends_rule)),
                    [(name.len() <= MAX_LONG_BYTES).then_some(name.len() % 2 == 0); 2],
                    "{name:?}"
                );
            }
        }
        let changed: Vec<_> = (0..MAX_BYTES)
            .map(|at| {
                let mut bytes = text.as_bytes()[..MAX_BYTES].to_vec();
                bytes[at] = b'.';
                String::from_utf8(bytes).unwrap()
            })
            .collect();
        assert!(changed.iter().all(|it| cache.get(it).is_none()));
    }

    #[test]
    fn t26_names_that_collide_only_put_each_other_out() {
        let mut cache = Cache::default();
        for number in 0..100_000 {
            cache.put(&format!("n{number}"), known(true));
            cache.put(&format!("{number:0>40}"), known(true));
        }
        assert!(cache.len() <= MAX_CACHED);
        assert!(cache.get("n99999").is_some());
    }
}
