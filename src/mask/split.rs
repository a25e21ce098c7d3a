//! Splitting at one ASCII byte: `str::split` compares each find once more, which costs more than short pieces do.

/// Splits a text at every such byte, as [`str::split`] does.
pub(super) fn split(text: &str, byte: u8) -> impl Iterator<Item = &str> + Clone {
    debug_assert!(byte.is_ascii());
    let ends = memchr::memchr_iter(byte, text.as_bytes()).chain([text.len()]);
    let mut start = 0;
    ends.filter_map(move |end| {
        let piece = text.get(start..end);
        start = end + 1;
        piece
    })
}

/// Splits a text at the first such byte, as [`str::split_once`] does.
pub(super) fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    debug_assert!(byte.is_ascii());
    const SHORT: usize = 16;
    let at = match text.len() <= SHORT {
        true => text.bytes().position(|it| it == byte)?,
        false => memchr::memchr(byte, text.as_bytes())?,
    };
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_those_of_the_standard_library() {
        for text in ["", ";", "a", ";;", "a;b", "é;;ß;", ";a=é;b"] {
            let pieces: Vec<_> = split(text, b';').collect();
            assert_eq!(pieces, text.split(';').collect::<Vec<_>>(), "{text}");
            assert_eq!(split_once(text, b';'), text.split_once(';'), "{text}");
        }
    }
}
