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
                    content,
                    ended: false,
                }))
            }
            None => Err(Malformed),
        }
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
    disposition: &'a str,
    pub(super) content_type: Option<&'a str>,
    pub(super) name: String,
    /// The `name*` of RFC 5987, which forms may not have and some readers take.
    pub(super) extended_name: Option<String>,
    pub(super) is_file: bool,
    /// Whether the content is not encoded.
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
        let disposition = disposition?;
        let parameters = parameters(disposition);
        let get = |name: &str| {
            let mut all = parameters.iter().filter(|(known, _)| known == name);
            let first = all.next().map(|(_, value)| value.clone());
            (first, all.next().is_some())
        };
        let (name, name_twice) = get("name");
        (!name_twice).then(|| Self {
            disposition,
            content_type,
            name: name.unwrap_or_default(),
            extended_name: get("name*").0,
            is_file: get("filename").0.is_some() || get("filename*").0.is_some(),
            is_plain,
        })
    }

    pub(super) fn write(&self, out: &mut String) {
        out.push_str(&format!("Content-Disposition: {}\r\n", self.disposition));
        if let Some(content_type) = self.content_type {
            out.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
    }
}

/// Reads `; name="value"` parameters, names in lower case, values without quotes and escapes.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_matches([';', ' ', '\t']).to_ascii_lowercase();
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match value.split_once(';') {
                Some((value, after)) => (value.trim().to_owned(), after),
                None => (value.trim().to_owned(), ""),
            },
        };
        parameters.push((name, value));
        rest = after;
    }
    parameters
}

fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            _ => value.push(letter),
        }
    }
    (value, letters.as_str())
}
