//! Documents of one kind that differ: in the order of what they hold, in what is left out and in the length of words.
//!
//! A processor that is given one small document again and again learns the way through it by heart, for every contender.

use crate::documents::Random;

/// Makes a document of another of the same kind.
pub(crate) fn vary(document: &str, random: &mut Random) -> String {
    let mut out = String::with_capacity(document.len());
    value(document.trim(), random, &mut out);
    out
}

fn value(text: &str, random: &mut Random, out: &mut String) {
    let inner = || text[1..text.len() - 1].trim();
    match text.as_bytes()[0] {
        b'{' => {
            let mut members = pieces(inner());
            shuffle(&mut members, random);
            let mut left_out = random.below(members.len() as u64 / 4 + 1);
            members.retain(|it| {
                let stays = left_out == 0 || it.ends_with(['}', ']']);
                left_out -= u64::from(!stays);
                stays
            });
            out.push('{');
            for (at, member) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                let end = string_end(member, 0);
                let after = member[end..].trim_start().strip_prefix(':').unwrap();
                out.push_str(&member[..end]);
                out.push(':');
                value(after.trim_start(), random, out);
            }
            out.push('}');
        }
        b'[' => {
            let mut items = pieces(inner());
            shuffle(&mut items, random);
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                value(item, random, out);
            }
            out.push(']');
        }
        b'"' if text
            .bytes()
            .all(|it| b"\" ,;.".contains(&it) || it.is_ascii_alphabetic()) =>
        {
            let content = &text[1..text.len() - 1];
            let left_out = random.below(content.len() as u64 / 4 + 1) as usize;
            out.push('"');
            out.push_str(&content[left_out..]);
            out.push('"');
        }
        _ => out.push_str(text),
    }
}

/// Splits at the commas outside of all brackets.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut depth, mut at) = (Vec::new(), 0, 0, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                pieces.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < text.len() {
        pieces.push(text[start..].trim());
    }
    pieces
}

/// Returns where the string ends that begins there.
fn string_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn shuffle(list: &mut [&str], random: &mut Random) {
    for last in (1..list.len()).rev() {
        list.swap(last, random.below(last as u64 + 1) as usize);
    }
}
