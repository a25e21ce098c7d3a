use super::super::media_type::{MediaType, parameters};

/// The body breaks the grammar.
pub(super) struct Malformed;

/// One part, between two delimiters.
pub(super) struct Part<'a> {
    pub(super) head: &'a [u8],
    pub(super) content: &'a [u8],
    /// Whether the delimiter after it was there.
    pub(super) ended: bool,
}

/// The parts of a body in order.
pub(super) struct Parts<'a> {
    rest: &'a [u8],
    delimiter: String,
    cut: bool,
    state: State,
    /// Whether the lines of delimiters end in CR LF, as the first one does.
    crlf: Option<bool>,
}

#[derive(PartialEq, Eq)]
enum State {
    Before,
    /// After a delimiter.
    Between,
    Closed,
    CutOff,
}

impl<'a> Parts<'a> {
    pub(super) fn new(body: &'a [u8], boundary: &str, cut: bool) -> Self {
        Self {
            rest: body,
            delimiter: format!("--{boundary}"),
            cut,
            state: State::Before,
            crlf: None,
        }
    }

    /// Tells whether the closing delimiter was there.
    pub(super) fn complete(&self) -> bool {
        self.state == State::Closed
    }

    pub(super) fn next_part(&mut self) -> Result<Option<Part<'a>>, Malformed> {
        if self.state == State::Before {
            let Some((_, after)) = self.delimiter_at(true) else {
                return self.ends_early();
            };
            self.rest = after;
            self.state = State::Between;
        }
        if self.state != State::Between {
            return Ok(None);
        }
        if self.rest.starts_with(b"--") {
            self.state = State::Closed;
            return Ok(None);
        }
        let blank = self.rest.iter().take_while(|it| matches!(it, b' ' | b'\t'));
        let line = self.rest.get(blank.count()..).unwrap_or_default();
        let Some(line) = line
            .strip_prefix(b"\r\n")
            .or_else(|| line.strip_prefix(b"\n"))
        else {
            // Within the line of a delimiter that was cut.
            return match line {
                b"" | b"-" | b"\r" => self.ends_early(),
                _ => Err(Malformed),
            };
        };
        let crlf = self.rest.get(..self.rest.len() - line.len());
        let crlf = crlf.is_some_and(|end| end.ends_with(b"\r\n"));
        if *self.crlf.get_or_insert(crlf) != crlf {
            return Err(Malformed);
        }
        let Some((head, content)) = split_head(line) else {
            return self.ends_early();
        };
        self.rest = content;
        match self.delimiter_at(false) {
            Some((content, after)) => {
                self.rest = after;
                Ok(Some(Part {
                    head,
                    content,
                    ended: true,
                }))
            }
            None if self.cut => {
                self.state = State::CutOff;
                Ok(Some(Part {
                    head,
                    content: self.without_half_delimiter(content),
                    ended: false,
                }))
            }
            None => Err(Malformed),
        }
    }

    /// Leaves out a delimiter that was cut within, with the line end before it.
    fn without_half_delimiter(&self, content: &'a [u8]) -> &'a [u8] {
        let tail = content.len().saturating_sub(self.delimiter.len() + 1);
        let tail_bytes = content.get(tail..).unwrap_or_default();
        let line = tail_bytes.iter().rposition(|&byte| byte == b'\n');
        let before = line.and_then(|at| {
            let begun = tail_bytes.get(at + 1..)?;
            let is_delimiter = self.delimiter.as_bytes().starts_with(begun);
            content.get(..tail + at).filter(|_| is_delimiter)
        });
        let before = before.unwrap_or(content);
        before.strip_suffix(b"\r").unwrap_or(before)
    }

    fn ends_early(&mut self) -> Result<Option<Part<'a>>, Malformed> {
        self.state = State::CutOff;
        if self.cut { Ok(None) } else { Err(Malformed) }
    }

    /// Finds the next delimiter at the beginning of a line. Returns what is before its line end, and what comes after it.
    fn delimiter_at(&self, first: bool) -> Option<(&'a [u8], &'a [u8])> {
        let delimiter = self.delimiter.as_bytes();
        let mut from = 0;
        loop {
            let at = if from == 0 && first && self.rest.starts_with(delimiter) {
                0
            } else {
                from + self
                    .rest
                    .get(from..)?
                    .iter()
                    .position(|&byte| byte == b'\n')?
                    + 1
            };
            if let Some(after) = self.rest.get(at..)?.strip_prefix(delimiter) {
                let before = self.rest.get(..at)?;
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                return Some((before.strip_suffix(b"\r").unwrap_or(before), after));
            }
            from = at;
        }
    }
}

/// Splits at the first empty line.
fn split_head(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut start = 0;
    for line in part.split_inclusive(|&byte| byte == b'\n') {
        let end = start + line.len();
        if matches!(line, b"\r\n" | b"\n") {
            return Some((part.get(..start)?, part.get(end..)?));
        }
        start = end;
    }
    None
}

/// What a part's header says.
pub(super) struct Head<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) name: String,
    /// The `name*` of RFC 5987, which forms may not have and some readers take.
    pub(super) extended_name: Option<String>,
    pub(super) is_file: bool,
    file_name: Option<String>,
    /// Whether the content is not encoded, and its name is read alike by all.
    pub(super) is_plain: bool,
}

impl<'a> Head<'a> {
    /// Reads a header; `None` where it has no disposition, has two, or is not UTF-8.
    pub(super) fn read(head: &'a [u8]) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        let (mut disposition, mut content_type, mut is_plain) = (None, None, true);
        for line in head.lines() {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
            let twice = match () {
                () if is("content-disposition") => disposition.replace(value).is_some(),
                () if is("content-type") => content_type.replace(value).is_some(),
                () if is("content-transfer-encoding") => {
                    let plain = ["7bit", "8bit", "binary"];
                    is_plain = plain.iter().any(|it| it.eq_ignore_ascii_case(value));
                    false
                }
                () => false,
            };
            if twice {
                return None;
            }
        }
        let disposition: &str = disposition?;
        let parameters = parameters(disposition.split_once(';').map_or("", |(_, rest)| rest));
        let get = |name: &str| {
            let mut all = parameters.iter().filter(|(known, _)| known == name);
            let first = all.next().map(|(_, value)| value.clone());
            (first, all.next().is_some())
        };
        let in_pieces = |(name, _): &(String, String)| {
            name.strip_prefix("name*").is_some_and(|it| !it.is_empty())
        };
        let (name, name_twice) = get("name");
        let name = name.unwrap_or_default();
        let is_odd =
            disposition.contains('\\') || name.contains("=?") || parameters.iter().any(in_pieces);
        let extended = get("name*").0;
        let file_name = get("filename").0.or_else(|| get("filename*").0);
        (!name_twice).then(|| Self {
            content_type,
            // `utf-8'en'name`
            extended_name: extended.map(|it| it.rsplit('\'').next().unwrap_or_default().to_owned()),
            name,
            is_file: file_name.is_some(),
            file_name,
            is_plain: is_plain && !is_odd,
        })
    }

    /// Writes the header. Of a name in which a secret could stand as text, `file` is asked what shows.
    pub(super) fn write(&self, out: &mut String, file: impl FnOnce(&str) -> Option<String>) {
        let quoted = |text: &str| text.replace('"', "%22").replace(['\r', '\n'], " ");
        out.push_str(&format!(
            "Content-Disposition: form-data; name=\"{}\"",
            quoted(&self.name)
        ));
        if let Some(name) = &self.file_name {
            let shown = file(name);
            let shown = quoted(shown.as_deref().unwrap_or(name));
            out.push_str(&format!("; filename=\"{shown}\""));
        }
        out.push_str("\r\n");
        if let Some(media_type) = self.content_type.and_then(MediaType::parse) {
            out.push_str(&format!("Content-Type: {}\r\n", media_type.essence()));
        }
    }
}
