//! Finds the marks of canaries in bytes, however they are written, in one walk for all of them.

use std::collections::HashMap;

use super::plant::{DIGITS_MARK, HEX_MARK, MARK};

/// A way to write a mark.
struct Needle {
    how: &'static str,
    bytes: Vec<u8>,
}

/// All ways to write the marks, searched for as Wu and Manber do (1994): by the last two bytes of a window, which say how far it may jump.
pub(crate) struct Needles {
    needles: Vec<Needle>,
    window: usize,
    jumps: Vec<u8>,
    by_end: HashMap<[u8; 2], Vec<usize>>,
}

impl Needles {
    pub(crate) fn new() -> Self {
        let mut needles = Vec::new();
        for mark in [MARK, DIGITS_MARK, HEX_MARK] {
            ways(mark, &mut needles);
        }
        let window = needles.iter().map(|it| it.bytes.len()).min().unwrap();
        let mut jumps = vec![u8::try_from(window - 1).unwrap(); 1 << 16];
        let mut by_end: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, needle) in needles.iter().enumerate() {
            for (at, pair) in needle.bytes[..window].windows(2).enumerate() {
                let jump = u8::try_from(window - 2 - at).unwrap();
                let known = &mut jumps[slot(pair)];
                *known = jump.min(*known);
            }
            let end = [needle.bytes[window - 2], needle.bytes[window - 1]];
            by_end.entry(end).or_default().push(number);
        }
        Self {
            needles,
            window,
            jumps,
            by_end,
        }
    }

    /// Returns where each mark stands and how it is written.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        let mut at = self.window;
        while at <= bytes.len() {
            let end = &bytes[at - 2..at];
            let jump = self.jumps[slot(end)];
            if jump > 0 {
                at += usize::from(jump);
                continue;
            }
            let start = at - self.window;
            for &number in self.by_end.get(end).into_iter().flatten() {
                let needle = &self.needles[number];
                if bytes[start..].starts_with(&needle.bytes) {
                    found.push((start, needle.how));
                }
            }
            at += 1;
        }
        found
    }
}

fn slot(pair: &[u8]) -> usize {
    usize::from(pair[0]) << 8 | usize::from(pair[1])
}

fn ways(mark: &str, needles: &mut Vec<Needle>) {
    let mut add = |how, bytes: Vec<u8>| {
        if needles.iter().all(|it| it.bytes != bytes) {
            needles.push(Needle { how, bytes });
        }
    };
    let each = |write: &dyn Fn(u8) -> String| mark.bytes().map(write).collect::<String>();
    add("plain", mark.into());
    add("upper case", mark.to_uppercase().into());
    add("lower case", mark.to_lowercase().into());
    add("percent-encoded", each(&|it| format!("%{it:02x}")).into());
    add("percent-encoded", each(&|it| format!("%{it:02X}")).into());
    add("hexadecimal", each(&|it| format!("{it:02x}")).into());
    add("hexadecimal", each(&|it| format!("{it:02X}")).into());
    add("escaped", each(&|it| format!("\\u{it:04x}")).into());
    add("escaped", each(&|it| format!("\\u{it:04X}")).into());
    let utf_16 = |end: fn(u16) -> [u8; 2]| mark.encode_utf16().flat_map(end).collect();
    add("UTF-16LE", utf_16(u16::to_le_bytes));
    add("UTF-16BE", utf_16(u16::to_be_bytes));
    add("reversed", mark.bytes().rev().collect());
    for lead in 0..3 {
        for letters in [STANDARD, URL_SAFE] {
            let all = base64(&[&[0; 3][..lead], mark.as_bytes()].concat(), letters);
            // Only the letters that the mark alone decides.
            let (from, to) = ((lead * 8).div_ceil(6), (lead + mark.len()) * 8 / 6);
            add("base64", all[from..to].into());
        }
    }
}

pub(crate) const STANDARD: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(crate) const URL_SAFE: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes base64 without padding.
pub(crate) fn base64(bytes: &[u8], letters: &str) -> String {
    let letter = |group: &[u8], at: usize| {
        let all = group
            .iter()
            .fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let all = all << (8 * (3 - group.len()));
        char::from(letters.as_bytes()[(all >> (18 - 6 * at) & 63) as usize])
    };
    let group =
        |group: &[u8]| -> String { (0..=group.len()).map(|at| letter(group, at)).collect() };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn every_way_to_write_a_canary_is_found() {
    let needles = Needles::new();
    let canary = super::plant::Plant::new(7, 9).canary();
    let reversed: String = canary.chars().rev().collect();
    let (first, second) = canary.split_at(8);
    let halves = |text: &str| text.chars().rev().collect::<String>();
    let hex: String = canary.bytes().map(|it| format!("{it:02x}")).collect();
    let mut texts = vec![
        canary.clone(),
        reversed,
        format!("{second}{first}"),
        format!("{}{}", halves(first), halves(&second[..8])),
        hex.to_uppercase(),
        hex,
    ];
    for lead in ["", "a", "ab"] {
        for letters in [STANDARD, URL_SAFE] {
            texts.push(base64(format!("{lead}{canary}?>").as_bytes(), letters));
        }
    }
    for text in texts {
        let inside = format!("some{text}thing");
        assert!(!needles.find(inside.as_bytes()).is_empty(), "{text}");
    }
    let wide: Vec<_> = canary.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(!needles.find(&wide).is_empty());
    let without = "Vqzx Kw, zuwo, 0123456789abcdef".repeat(1000);
    assert!(needles.find(without.as_bytes()).is_empty());
}
