//! One line of JSON for each entry.

mod file;
mod line;
#[cfg(all(test, feature = "testing"))]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::file::LineFile;
use super::LogSink;
use crate::entry::{EntryId, LogEntry};
use crate::error::{Error, ErrorKind};

/// Appends every entry as one line of JSON, as `LogEntry` serialises, to a file or any other writer.
///
/// Control characters (C0, DEL, C1) and the line separators of Unicode are escaped, so that a line is a line for every reader, and shows
/// nothing but itself in a terminal. A batch that fails half way is cut off a file again; a writer, which cannot be cut, gets the
/// rest of the batch before anything else.
///
/// It remembers the ids of the last [`Ndjson::REMEMBERED_IDS`] entries, and of a file's last 4 MiB when it is opened, and leaves out
/// those that come again. What it cannot promise, because lines cannot be looked up: an id that comes again after more
/// entries than that gives a second line. It must be the only one who appends to the file. Renaming the file and
/// truncating it, as log rotation does, is fine. Writing blocks the thread.
pub struct Ndjson {
    state: Mutex<State>,
}

struct State {
    target: Target,
    recent: Recent,
}

enum Target {
    File(LineFile),
    Writer {
        writer: Box<dyn Write + Send>,
        /// What a failed write has not written of its batch.
        rest: Vec<u8>,
    },
}

#[derive(Default)]
struct Recent {
    order: VecDeque<EntryId>,
    ids: HashSet<EntryId>,
}

impl Ndjson {
    /// How many ids are remembered, so that a batch that is written again leaves one copy.
    pub const REMEMBERED_IDS: usize = 65_536;

    /// Opens or makes a file to append to.
    ///
    /// A file that is made here can be read by its owner only, on Unix. An entry that was cut short by the end of the process is
    /// removed.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, and a configuration error when its last line is none of ours.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let (file, ids) = LineFile::open(path.as_ref())?;
        let mut recent = Recent::default();
        recent.extend(ids);
        Ok(Self::with(Target::File(file), recent))
    }

    /// Writes to a writer, such as the standard output.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let target = Target::Writer {
            writer: Box::new(writer),
            rest: Vec::new(),
        };
        Self::with(target, Recent::default())
    }

    fn with(target: Target, recent: Recent) -> Self {
        Self {
            state: Mutex::new(State { target, recent }),
        }
    }

    // A panic of a writer leaves what it has taken unknown, as an error does.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn extend(&mut self, ids: impl IntoIterator<Item = EntryId>) {
        for id in ids {
            if self.ids.insert(id) {
                self.order.push_back(id);
            }
            if self.order.len() > Ndjson::REMEMBERED_IDS
                && let Some(oldest) = self.order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
    }

    /// Writes the lines of the entries that are not remembered, and returns their ids.
    fn lines(&self, batch: &[LogEntry]) -> Result<(Vec<u8>, Vec<EntryId>), Error> {
        let (mut lines, mut ids, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for entry in batch {
            if !self.ids.contains(&entry.id) && seen.insert(entry.id) {
                line::write(entry, &mut lines)?;
                ids.push(entry.id);
            }
        }
        Ok((lines, ids))
    }
}

impl State {
    fn write(&mut self, batch: &[LogEntry]) -> Result<(), Error> {
        if let Target::Writer { writer, rest } = &mut self.target {
            write_rest(writer, rest)?;
        }
        let (lines, ids) = self.recent.lines(batch)?;
        match &mut self.target {
            Target::File(file) => {
                file.append(&lines)?;
                self.recent.extend(ids);
                Ok(())
            }
            Target::Writer { writer, rest } => {
                // Taken from here on: if the rest has to wait, it goes first next time.
                *rest = lines;
                self.recent.extend(ids);
                write_rest(writer, rest)
            }
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        match &mut self.target {
            Target::File(file) => file.sync(),
            Target::Writer { writer, rest } => {
                write_rest(writer, rest)?;
                writer.flush().map_err(failed)
            }
        }
    }
}

fn write_rest(writer: &mut impl Write, rest: &mut Vec<u8>) -> Result<(), Error> {
    let mut written = 0;
    let result = loop {
        if written == rest.len() {
            break Ok(());
        }
        match writer.write(&rest[written..]) {
            Ok(0) => break Err(failed(std::io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => break Err(failed(error)),
        }
    };
    rest.drain(..written);
    result
}

/// Every error of a disk or a pipe may pass, but for a reader that has gone.
fn failed(cause: std::io::Error) -> Error {
    let passes = cause.kind() != std::io::ErrorKind::BrokenPipe;
    let error = Error::new(ErrorKind::Unavailable, "lines cannot be written").with_source(cause);
    if passes { error.retryable() } else { error }
}

#[async_trait]
impl LogSink for Ndjson {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.state().write(batch)
    }

    async fn flush(&self) -> Result<(), Error> {
        self.state().flush()
    }
}

impl fmt::Debug for Ndjson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ndjson")
            .field("remembered", &self.state().recent.ids.len())
            .finish_non_exhaustive()
    }
}
