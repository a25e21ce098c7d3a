use super::detect;

/// Which bytes a text has without which it holds nothing: what a look over them once saves every search for one of them.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    kinds: u8,
    /// The classes of [`detect::CLASS`].
    classes: u8,
}

const COLON: u8 = 1;
const EQUALS: u8 = 2;
const LESS: u8 = 4;
const PERCENT: u8 = 8;
const AT: u8 = 16;
const QUESTION: u8 = 32;
/// The rest of them.
const OTHER: u8 = 64;
/// What may be a space, ASCII or not.
const SPACE: u8 = 128;

/// The kinds of bytes, and above them their classes.
const KINDS: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let kinds = match byte as u8 {
            b':' => COLON,
            b'=' => EQUALS,
            b'<' => LESS,
            b'%' => PERCENT,
            b'@' => AT,
            b'?' => QUESTION,
            b'{' | b'[' | b'"' | b'\\' | b'#' | b';' => OTHER,
            b'\t'..=b'\r' | b' ' | 0x80.. => SPACE,
            _ => 0,
        };
        table[byte] = kinds as u16 | (detect::CLASS[byte] as u16) << 8;
        byte += 1;
    }
    table
};

impl Marks {
    /// Looks over a text.
    pub(super) fn of(text: &str) -> Self {
        let (eights, rest) = text.as_bytes().as_chunks::<8>();
        let kind = |all: u16, byte: &u8| all | KINDS[usize::from(*byte)];
        let all = eights.iter().fold(0, |all, it| it.iter().fold(all, kind));
        let [kinds, classes] = rest.iter().fold(all, kind).to_le_bytes();
        Self { kinds, classes }
    }

    /// Tells whether there are any.
    pub(super) fn any(self) -> bool {
        self.has(!SPACE)
    }

    /// Tells whether colons are all there are.
    pub(super) fn only_colons(self) -> bool {
        self.kinds & !SPACE == COLON
    }

    /// Tells whether there may be a space.
    pub(super) fn may_have_space(self) -> bool {
        self.has(SPACE)
    }

    /// Tells whether there may be a reference that does not begin the text.
    pub(super) fn may_have_reference(self) -> bool {
        self.has(QUESTION | COLON | AT)
    }

    /// Tells whether a secret may be said in words.
    pub(super) fn may_say_a_secret(self) -> bool {
        self.has(COLON | EQUALS | LESS)
    }

    /// Returns the classes of the bytes, by which detectors are asked.
    pub(super) fn classes(self) -> u8 {
        self.classes
    }

    pub(super) fn has_equals(self) -> bool {
        self.has(EQUALS)
    }

    pub(super) fn has_percent(self) -> bool {
        self.has(PERCENT)
    }

    fn has(self, marks: u8) -> bool {
        self.kinds & marks != 0
    }
}

/// Returns the words of a text that may be references, and where each begins.
pub(super) fn references(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let marks = memchr::memchr3_iter(b'?', b':', b'@', bytes);
    let begins = |at: usize| at.checked_sub(1).is_none_or(|at| is_between(bytes[at]));
    let starts = memchr::memchr2_iter(b'/', b'#', bytes).filter(move |&at| begins(at));
    let (mut marks, mut starts) = (marks.peekable(), starts.peekable());
    let mut passed = 0;
    std::iter::from_fn(move || {
        // What is marked in the word before counts no more.
        while marks.next_if(|&at| at < passed).is_some() {}
        while starts.next_if(|&at| at < passed).is_some() {}
        let next = [marks.peek(), starts.peek()].into_iter().flatten().min();
        let next = *next?;
        let is_between = |byte: &u8| is_between(*byte);
        let (before, after) = (bytes.get(passed..next)?, bytes.get(next..)?);
        let start = before.iter().rposition(is_between);
        let start = start.map_or(passed, |at| passed + at + 1);
        let end = after.iter().position(is_between);
        let end = end.map_or(bytes.len(), |at| next + at);
        passed = end;
        Some((start, text.get(start..end)?))
    })
}

/// Tells what stands between the words of a text, of which a URL is one.
#[inline]
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'<' | b'>' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_references_are_found_where_they_stand() {
        let found = |text| references(text).collect::<Vec<_>>();
        assert_eq!(found(""), []);
        assert_eq!(found("a é b"), []);
        assert_eq!(found("/"), [(0, "/")]);
        assert_eq!(
            found("see <a:b>, \"/x\" or é?"),
            [(5, "a:b"), (12, "/x"), (19, "é?")]
        );
        assert_eq!(found("a@b"), [(0, "a@b")]);
        assert_eq!(found("#a\n#b "), [(0, "#a"), (3, "#b")]);
    }

    #[test]
    fn marks_tell_what_a_text_has() {
        assert!(!Marks::of("/plain text, (it's) -+!&").any());
        assert!(Marks::of("10:20 at").only_colons() && !Marks::of("10:20?").only_colons());
        assert!(!Marks::of("10:20=").only_colons() && !Marks::of("a b").only_colons());
        for (text, has) in [
            ("a=b", true),
            ("a:b", true),
            ("<b", true),
            ("a?b%c@d#", false),
        ] {
            assert_eq!(Marks::of(text).may_say_a_secret(), has, "{text}");
        }
        assert!(Marks::of("é").may_have_space() && !Marks::of("a-b").may_have_space());
    }
}
