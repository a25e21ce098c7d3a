use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};

/// Appends the line of an entry.
pub(super) fn write(entry: &LogEntry, lines: &mut Vec<u8>) -> Result<(), Error> {
    let mut serializer = Serializer::with_formatter(&mut *lines, Escaped);
    if entry.serialize(&mut serializer).is_err() {
        let message = "an entry cannot be written as JSON";
        return Err(Error::new(ErrorKind::Storage, message));
    }
    lines.push(b'\n');
    Ok(())
}

/// Compact JSON in which what `serde_json` leaves of controls and line ends is escaped as well.
struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, found)) = rest.char_indices().find(|&(_, it)| is_escaped(it)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            write!(writer, "\\u{:04x}", u32::from(found))?;
            rest = &rest[at + found.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

fn is_escaped(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
}
