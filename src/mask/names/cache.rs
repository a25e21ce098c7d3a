use std::collections::HashMap;

use super::Known;

/// More names than these begin the cache anew.
pub(super) const MAX_CACHED: usize = 4096;
/// Longer names are decided each time.
const MAX_CACHED_BYTES: usize = 64;
const SLOTS: usize = 512;

/// What is known of the names that were seen.
///
/// A slot for each of the latest names stands before the map: finding a name there costs no hash, and a client that lets names collide
/// there sends its own names, and those of others for a while, to the map.
#[derive(Default)]
pub(super) struct Cache {
    latest: Vec<Option<(Box<str>, Known)>>,
    all: HashMap<Box<str>, Known>,
}

impl Cache {
    pub(super) fn get(&mut self, name: &str) -> Option<Known> {
        let slot = slot(name);
        if let Some(Some((latest, known))) = self.latest.get(slot)
            && **latest == *name
        {
            return Some(*known);
        }
        let known = *self.all.get(name)?;
        self.put_latest(slot, name, known);
        Some(known)
    }

    pub(super) fn put(&mut self, name: &str, known: Known) {
        if name.len() > MAX_CACHED_BYTES {
            return;
        }
        if self.all.len() >= MAX_CACHED {
            self.all.clear();
        }
        self.all.insert(name.into(), known);
        self.put_latest(slot(name), name, known);
    }

    fn put_latest(&mut self, slot: usize, name: &str, known: Known) {
        if self.latest.is_empty() {
            self.latest.resize_with(SLOTS, || None);
        }
        if let Some(latest) = self.latest.get_mut(slot) {
            *latest = Some((name.into(), known));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// Mixes the length, the first and the last bytes of a name.
fn slot(name: &str) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = name.as_bytes();
    let word = |eight: Option<&[u8; 8]>| eight.map(|it| u64::from_le_bytes(*it));
    let ends = word(bytes.first_chunk()).zip(word(bytes.last_chunk()));
    let (first, last) = ends.unwrap_or_else(|| {
        let short = bytes
            .iter()
            .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        (short, 0)
    });
    let mixed = (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(ODD);
    (mixed >> 32) as usize % SLOTS
}
