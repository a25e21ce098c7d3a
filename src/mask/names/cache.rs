use std::collections::HashMap;

use super::Known;

/// More long names than these begin their map anew.
const MAX_LONG: usize = 1024;
/// Longer names are decided each time.
const MAX_LONG_BYTES: usize = 64;
/// Names up to here stand in the table.
const MAX_BYTES: usize = 32;
const WORDS: usize = MAX_BYTES / 8;
const SETS: usize = 512;
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
    known: Option<Known>,
}

/// A name in words of eight bytes, with zeros behind it, and its length.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    words: [u64; WORDS],
    length: usize,
}

impl Cache {
    #[inline]
    pub(super) fn get(&mut self, name: &str) -> Option<Known> {
        let Some(name) = Name::of(name) else {
            return self.long.get(name).copied();
        };
        let [first, second] = self.table.get_mut(name.set())?;
        if first.name == name {
            return first.known;
        }
        if second.name == name {
            std::mem::swap(first, second);
            return first.known;
        }
        None
    }

    /// Looks without making a name that is found the newer one.
    pub(super) fn peek(&self, name: &str) -> Option<Known> {
        let Some(name) = Name::of(name) else {
            return self.long.get(name).copied();
        };
        let set = self.table.get(name.set())?;
        set.iter().find(|it| it.name == name)?.known
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
            *first = Slot {
                name: short,
                known: Some(known),
            };
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
            length: usize::MAX,
        },
        known: None,
    };
}

impl Name {
    /// Reads a name of at most [`MAX_BYTES`].
    #[inline]
    fn of(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        let length = bytes.len();
        if length > MAX_BYTES {
            return None;
        }
        let mut words = [0; WORDS];
        let (eights, rest) = bytes.as_chunks::<8>();
        for (word, eight) in words.iter_mut().zip(eights) {
            *word = u64::from_le_bytes(*eight);
        }
        if let Some(word) = words.get_mut(eights.len()) {
            *word = match bytes.last_chunk::<8>() {
                // The last eight bytes, without those that are in the words before.
                Some(_) if rest.is_empty() => 0,
                Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
                None => short(rest),
            };
        }
        Some(Self { words, length })
    }

    #[inline]
    fn set(&self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let start = self.length as u64;
        let mixed = self.words.iter().fold(start, |mixed, word| {
            (mixed.rotate_left(23) ^ word).wrapping_mul(ODD)
        });
        (mixed >> 40) as usize % SETS
    }
}

/// Reads less than eight bytes.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    let four = |it: Option<&[u8; 4]>| it.map_or(0, |it| u64::from(u32::from_le_bytes(*it)));
    match bytes.len() {
        // The two halves overlap in the same bytes.
        4.. => four(bytes.first_chunk()) | four(bytes.last_chunk()) << (8 * (bytes.len() - 4)),
        _ => bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::*;

    fn known(ends_rule: bool) -> Known {
        Known {
            rule: None,
            role: Role::None,
            ends_rule,
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
