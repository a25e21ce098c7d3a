use super::super::text;
use super::Walk;

/// Nothing shorter is a name, with its quotes.
const SHORTEST: u8 = 7;
/// Options may be shorter.
const SHORTEST_OPTION: u8 = 5;
/// The fewest bytes of a name with its quotes that begins so; 0 where none does.
const LEAST: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match (at as u8).to_ascii_lowercase() {
            b'a' | b'c' | b'd' | b'o' | b'p' | b's' | b't' | b'x' | b'\\' | 0x80.. => SHORTEST,
            b'-' => SHORTEST_OPTION,
            _ => 0,
        };
        at += 1;
    }
    table
};
/// Longer texts are no names.
const MAX_NAME_BYTES: usize = 64;
/// Names of header fields that let in.
const FIELDS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];
/// Names of lists of fields, each a name and then its value, without separators.
const LISTS: [&str; 8] = [
    "headers",
    "httpheaders",
    "rawheaders",
    "rawtrailers",
    "requestheaders",
    "responseheaders",
    "trailers",
    "metadata",
];
/// Fields that stand beside those in lists of nothing but names.
const OTHERS: [&str; 20] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "dnt",
    "etag",
    "expires",
    "host",
    "if-match",
    "if-none-match",
    "origin",
    "referer",
    "user-agent",
    "www-authenticate",
];

/// Items of lists that name the next one: `["Cookie", "a=b"]` as Node lists header fields, and options of commands.
impl Walk<'_, '_, '_> {
    /// Looks at the item before the comma here.
    #[inline]
    pub(super) fn named_by_item(&mut self) {
        // A text ends in a quote, which spaces may follow.
        let last = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        if last.is_some_and(|it| *it == b'"' || *it <= b' ') {
            let first = self.bytes.get(self.last_text + 1);
            let least = first.map_or(0, |it| LEAST[usize::from(*it)]);
            let length = self.at - self.last_text;
            if (usize::from(least)..=6 * MAX_NAME_BYTES).contains(&length)
                && least > 0
                && self.hidden.is_none()
            {
                self.named_by_text();
            }
        }
    }

    #[inline(never)]
    fn named_by_text(&mut self) {
        let item = self.source.get(self.last_text..self.at).unwrap_or_default();
        let raw = item.trim_end().strip_prefix('"');
        let (Some(raw), Some(next)) = (raw.and_then(|it| it.strip_suffix('"')), self.next_item())
        else {
            return;
        };
        let name = text::decoded(raw);
        let is_option = name.starts_with('-');
        let is_field = FIELDS.iter().any(|it| name.eq_ignore_ascii_case(it))
            || name
                .get(..2)
                .is_some_and(|it| it.eq_ignore_ascii_case("x-"));
        let shows = match is_option {
            true => next.starts_with("\"-"),
            false => !is_field && !self.is_in_fields() || self.is_name_of_field(&name, next),
        };
        if shows || name.len() > MAX_NAME_BYTES || name.contains(['"', '=']) {
            return;
        }
        let name = name.trim_start_matches('-');
        self.secret = self.pass.fields.decide(name);
    }

    /// Tells whether the innermost list is one of fields by its name.
    fn is_in_fields(&self) -> bool {
        self.nesting.around(self.source).is_none_or(|name| {
            let name = text::decoded(name);
            let letters = name.bytes().filter(|it| !matches!(it, b'-' | b'_'));
            let letters = letters.map(|it| it.to_ascii_lowercase());
            LISTS.iter().any(|it| letters.clone().eq(it.bytes()))
        })
    }

    /// Returns the beginning of the next item, if it is a text or a number.
    fn next_item(&self) -> Option<&str> {
        let rest = self.source.get(self.at + 1..)?.trim_start();
        rest.starts_with(|it: char| it == '"' || it == '-' || it.is_ascii_digit())
            .then_some(rest)
    }

    /// Tells whether the item after a field's name is the name of another, in a list of names.
    fn is_name_of_field(&self, name: &str, next: &str) -> bool {
        let Some(next) = next.strip_prefix('"') else {
            return false;
        };
        let is_part = |it: &u8| it.is_ascii_alphabetic() || *it == b'-';
        let length = next
            .bytes()
            .take(MAX_NAME_BYTES)
            .take_while(is_part)
            .count();
        let word = next.get(..length).unwrap_or_default();
        let is_word = next.as_bytes().get(length) == Some(&b'"');
        let is_known = OTHERS
            .iter()
            .chain(&FIELDS)
            .any(|it| word.eq_ignore_ascii_case(it))
            || word
                .get(..2)
                .is_some_and(|it| it.eq_ignore_ascii_case("x-"));
        if is_word && is_known {
            return true;
        }
        // Outside of lists of fields `cookie` is a word as others.
        let is_cookie = name.get(name.len().saturating_sub(6)..);
        let is_cookie = is_cookie.is_some_and(|it| it.eq_ignore_ascii_case("cookie"));
        let has_pair = || {
            let mut bytes = next.bytes().take_while(|it| *it != b'"');
            bytes.any(|it| it == b'=' || it == b'\\')
        };
        !self.is_in_fields() && (is_word || is_cookie && !has_pair())
    }
}
