use super::Malformed;
use crate::mask::inside;

/// A string without its opening quote.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// Where the content ends: before the closing quote, or at the last whole character or escape.
    pub(super) end: usize,
    pub(super) closed: bool,
    /// Whether there is a backslash.
    pub(super) escaped: bool,
    /// Whether there is a byte without which text holds no other text.
    pub(super) marked: bool,
}

/// Marks the bytes at which plain text ends: the quote, the backslash and control characters.
const ENDS: u8 = 1;
/// Marks the bytes of [`inside::MARKS`].
const MARK: u8 = 2;

const KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte < 0x20 || byte == b'"' as usize || byte == b'\\' as usize {
            table[byte] |= ENDS;
        }
        if inside::MARKS[byte] {
            table[byte] |= MARK;
        }
        byte += 1;
    }
    table
};

/// Reads a string from after its opening quote.
pub(super) fn string(bytes: &[u8], from: usize) -> Result<Text, Malformed> {
    let mut text = Text {
        end: from,
        closed: false,
        escaped: false,
        marked: false,
    };
    // Where the first half of a surrogate pair stands, so that a cut does not keep it alone.
    let mut high = None;
    loop {
        let plain = plain(bytes, text.end, &mut text.marked);
        text.end += plain;
        if plain > 0 {
            high = None;
        }
        match bytes.get(text.end) {
            None => break,
            Some(b'"') => {
                text.closed = true;
                return Ok(text);
            }
            Some(b'\\') => {}
            Some(_) => return Err(Malformed),
        }
        (text.escaped, text.marked) = (true, true);
        match bytes.get(text.end + 1) {
            None => break,
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                text.end += 2;
                high = None;
            }
            Some(b'u') => {
                let digits = bytes.get(text.end + 2..).unwrap_or_default();
                let digits = digits.get(..4).unwrap_or(digits);
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Malformed);
                }
                if digits.len() < 4 {
                    break;
                }
                let first = matches!(
                    digits,
                    [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]
                );
                high = first.then_some(text.end);
                text.end += 6;
            }
            Some(_) => return Err(Malformed),
        }
    }
    text.end = high.unwrap_or(text.end);
    Ok(text)
}

/// Counts the bytes up to the next that ends plain text, eight at a time.
fn plain(bytes: &[u8], from: usize, marked: &mut bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let kind = |byte: &u8| KINDS[usize::from(*byte)];
    let (eights, _) = rest.as_chunks::<8>();
    let mut count = 0;
    let mut kinds = 0;
    for eight in eights {
        let all = eight.iter().fold(0, |all, byte| all | kind(byte));
        if all & ENDS != 0 {
            break;
        }
        kinds |= all;
        count += 8;
    }
    while let Some(byte) = rest.get(count) {
        let kind = kind(byte);
        if kind & ENDS != 0 {
            break;
        }
        kinds |= kind;
        count += 1;
    }
    *marked |= kinds & MARK != 0;
    count
}

/// Reads a number. Returns where it ends, or `None` where the text ends before it is a number.
pub(super) fn number(bytes: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
    let mut at = from;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    match bytes.get(at) {
        None => return Ok(None),
        Some(b'0') => at += 1,
        Some(b'1'..=b'9') => at = digits(bytes, at),
        Some(_) => return Err(Malformed),
    }
    if bytes.get(at) == Some(&b'.') {
        match bytes.get(at + 1) {
            None => return Ok(None),
            Some(b'0'..=b'9') => at = digits(bytes, at + 1),
            Some(_) => return Err(Malformed),
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        match bytes.get(at) {
            None => return Ok(None),
            Some(b'0'..=b'9') => at = digits(bytes, at),
            Some(_) => return Err(Malformed),
        }
    }
    Ok(Some(at))
}

fn digits(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|it| it.is_ascii_digit()).count()
}

/// Reads `true`, `false` or `null`. Returns where it ends, or `None` where the text ends within it.
pub(super) fn literal(bytes: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
    let word: &[u8] = match bytes.get(from) {
        Some(b't') => b"true",
        Some(b'f') => b"false",
        Some(b'n') => b"null",
        _ => return Err(Malformed),
    };
    let rest = bytes.get(from..).unwrap_or_default();
    let there = rest.get(..word.len()).unwrap_or(rest);
    match word.starts_with(there) {
        true => Ok((there.len() == word.len()).then_some(from + word.len())),
        false => Err(Malformed),
    }
}
