/// One line of a stream.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    /// Before its line end.
    pub(super) end: usize,
    /// After its line end.
    pub(super) next: usize,
}

/// What a line is, and where its value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// An empty line, which ends an event.
    End,
    Data(usize),
    Event(usize),
    Id(usize),
    Retry(usize),
    Comment(usize),
    Other,
}

impl Line {
    pub(super) fn field(&self, text: &str) -> Field {
        let line = text.get(self.start..self.end).unwrap_or_default();
        let colon = line.find(':');
        let name = &line[..colon.unwrap_or(line.len())];
        let value = colon.map_or(self.end, |at| {
            let space = line[at + 1..].starts_with(' ');
            self.start + at + 1 + usize::from(space)
        });
        match (name, colon) {
            ("", None) => Field::End,
            ("", Some(_)) => Field::Comment(value),
            ("data", _) => Field::Data(value),
            ("event", _) => Field::Event(value),
            ("id", _) => Field::Id(value),
            ("retry", _) => Field::Retry(value),
            _ => Field::Other,
        }
    }
}

/// The lines of a stream, which end in LF, CR, or both.
pub(super) struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|it| !it.is_empty())?;
        let is_end = |it: &u8| matches!(it, b'\n' | b'\r');
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let after = match rest.get(length..).unwrap_or_default() {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        self.at = start + length + after;
        Some(Line {
            start,
            end: start + length,
            next: self.at,
        })
    }
}
