use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Deserialize;

use super::failed;
use crate::entry::EntryId;
use crate::error::{Error, ErrorKind};

/// How much of a file is read back when it is opened.
const TAIL_BYTES: u64 = 4 << 20;

/// A file that holds whole lines only, as far as its owner can help.
pub(super) struct LineFile {
    file: File,
    /// Where the whole lines end, if what follows could not be cut off.
    torn_at: Option<u64>,
}

#[derive(Deserialize)]
struct Line {
    id: EntryId,
}

impl LineFile {
    /// Opens the file, cuts off what is no whole line, and returns the ids of its last lines.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<EntryId>), Error> {
        let opened = |cause| {
            let message = "the file of lines cannot be opened";
            Error::new(ErrorKind::Storage, message).with_source(cause)
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(opened)?;

        let length = file.metadata().map_err(opened)?.len();
        let start = length.saturating_sub(TAIL_BYTES);
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(start)).map_err(opened)?;
        file.read_to_end(&mut tail).map_err(opened)?;
        let whole = tail
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let (lines, torn) = tail.split_at(whole);
        let ids: Vec<_> = lines
            .split(|&byte| byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Line>(line).ok())
            .map(|line| line.id)
            .collect();

        let begins_as_ours = |text: &[u8]| {
            let known = br#"{"id":""#;
            let shared = text.len().min(known.len());
            text[..shared] == known[..shared]
        };
        let is_ours = if lines.is_empty() {
            start == 0 && begins_as_ours(torn)
        } else {
            !ids.is_empty() && begins_as_ours(torn)
        };
        if !is_ours && length > 0 {
            return Err(Error::configuration(
                "the file of lines ends in something else than an entry",
            ));
        }
        let mut file = Self {
            file,
            torn_at: (!torn.is_empty()).then_some(start + whole as u64),
        };
        file.mend()?;
        Ok((file, ids))
    }

    /// Appends lines: all of them, or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        self.mend()?;
        let length = self.file.metadata().map_err(failed)?.len();
        if let Err(error) = self.file.write_all(lines) {
            self.torn_at = Some(length);
            // If this fails as well, the next write tries again first.
            let _ = self.mend();
            return Err(failed(error));
        }
        Ok(())
    }

    /// Makes the lines durable.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.mend()?;
        self.file.sync_data().map_err(failed)
    }

    fn mend(&mut self) -> Result<(), Error> {
        if let Some(end) = self.torn_at {
            let length = self.file.metadata().map_err(failed)?.len();
            // Shorter if somebody has truncated the file meanwhile.
            if length > end {
                self.file.set_len(end).map_err(failed)?;
            }
            self.torn_at = None;
        }
        Ok(())
    }
}
