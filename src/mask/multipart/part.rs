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
