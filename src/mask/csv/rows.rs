use std::borrow::Cow;

/// The text breaks the grammar.
#[derive(Debug)]
pub(super) struct Malformed;

/// One cell, with its quotes.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_quoted: bool,
}

impl Cell {
    /// Returns what the cell says.
    pub(super) fn text<'t>(&self, source: &'t str) -> Cow<'t, str> {
        let raw = source.get(self.start..self.end).unwrap_or_default();
        match self.is_quoted {
            true => {
                let content = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
                match content.contains('"') {
                    true => Cow::Owned(content.replace("\"\"", "\"")),
                    false => Cow::Borrowed(content),
                }
            }
            false => Cow::Borrowed(raw),
        }
    }
}

/// Returns what separates the cells of the first row: the one of a comma, a semicolon and a tab that is there, and a comma where none is.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let mut found = None;
    let mut in_quotes = false;
    for byte in text.bytes() {
        match byte {
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            b'\n' | b'\r' => break,
            b',' | b';' | b'\t' if *found.get_or_insert(byte) != byte => return None,
            _ => {}
        }
    }
    Some(found.unwrap_or(b','))
}

/// The rows of a table, without empty lines.
#[derive(Clone)]
pub(super) struct Rows<'t> {
    text: &'t str,
    at: usize,
    delimiter: u8,
    cut: bool,
    certain: usize,
}

impl<'t> Rows<'t> {
    pub(super) fn new(text: &'t str, delimiter: u8, cut: bool) -> Self {
        Self {
            text,
            at: 0,
            delimiter,
            cut,
            certain: 0,
        }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Returns up to where the rows are whole.
    pub(super) fn certain(&self) -> usize {
        self.certain
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Vec<Cell>>, Malformed> {
        let bytes = self.text.as_bytes();
        while let Some(b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
            self.certain = self.at;
        }
        if self.at >= bytes.len() {
            return Ok(None);
        }
        let mut row = Vec::new();
        loop {
            let cell = self.cell()?;
            row.push(cell);
            match bytes.get(self.at) {
                Some(&byte) if byte == self.delimiter => self.at += 1,
                Some(b'\n') => {
                    self.at += 1;
                    break;
                }
                Some(b'\r') if bytes.get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    break;
                }
                None if self.cut => return Ok(None),
                None => break,
                Some(b'\r') if self.cut && self.at + 1 == bytes.len() => return Ok(None),
                Some(_) => return Err(Malformed),
            }
        }
        self.certain = self.at;
        Ok(Some(row))
    }

    /// Reads a cell up to what ends it.
    fn cell(&mut self) -> Result<Cell, Malformed> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let is_quoted = bytes.get(start) == Some(&b'"');
        if is_quoted {
            self.at += 1;
            loop {
                match (bytes.get(self.at), bytes.get(self.at + 1)) {
                    (Some(b'"'), Some(b'"')) => self.at += 2,
                    (Some(b'"'), _) => break,
                    (Some(_), _) => self.at += 1,
                    (None, _) if self.cut => break,
                    (None, _) => return Err(Malformed),
                }
            }
            self.at = (self.at + 1).min(bytes.len());
        } else {
            while let Some(&byte) = bytes.get(self.at)
                && byte != self.delimiter
                && !matches!(byte, b'\n' | b'\r')
            {
                if byte == b'"' {
                    return Err(Malformed);
                }
                self.at += 1;
            }
        }
        Ok(Cell {
            start,
            end: self.at,
            is_quoted,
        })
    }
}
