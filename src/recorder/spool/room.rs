//! The spool's own size: what gives way when it is reached.

use rusqlite::params;

use super::SpoolFull;
use super::fault::Fault;
use super::file::{PAGE_BYTES, number};
use super::stored::Marks;
use super::write::{Write, log_pages};

/// Whose room may be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victims {
    /// Exchanges that did not fail.
    Plain,
    All,
}

/// What has left the queue to make room.
#[derive(Default)]
pub(super) struct Evicted {
    /// Their numbers, in no order.
    pub(super) numbers: Vec<i64>,
}

/// Pages that a transaction may need beside those of its rows.
const SPARE_PAGES: u64 = 8;

/// How many entries are looked at to find some that may give way, and how many give way at once.
const LOOK: i64 = 256;
const STEP: usize = 16;

/// Returns about how many pages a row takes, with its share of the indexes and of half-empty pages.
fn pages(text: usize) -> u64 {
    let bytes = text as u64 + 160;
    (bytes * 5 / 4).div_ceil(u64::from(PAGE_BYTES))
}

impl Write<'_> {
    /// Tells whether texts surely find room, so that no entry has to be looked at by itself.
    pub(super) fn has_room(&self, texts: usize, count: usize) -> Result<bool, Fault> {
        let wanted = pages(texts + count * 160) + SPARE_PAGES;
        Ok(self.free_pages()? >= wanted)
    }

    /// Makes room for a text, if what may give way is enough.
    pub(super) fn make_room(
        &mut self,
        text: usize,
        marks: Marks,
        evicted: &mut Evicted,
    ) -> Result<bool, Fault> {
        let wanted = pages(text) + SPARE_PAGES;
        if wanted > self.budget_pages() {
            return Ok(false);
        }
        let drops_oldest = self.settings.when_full == SpoolFull::DropOldest;
        let mut victims = match drops_oldest || marks.stays {
            true => Some(Victims::Plain),
            false => None,
        };
        while self.free_pages()? < wanted {
            victims = match victims {
                None => return Ok(false),
                Some(victims) if self.evict(victims, evicted)? => Some(victims),
                // The oldest of those that stay give way to another alone.
                Some(Victims::Plain) if drops_oldest && marks.stays => Some(Victims::All),
                Some(_) => return Ok(false),
            };
        }
        Ok(true)
    }

    /// Returns how many pages are free in the file, or may be added to it.
    fn free_pages(&self) -> Result<u64, Fault> {
        let pages = number(self.db, "PRAGMA page_count")?;
        let free = number(self.db, "PRAGMA freelist_count")?;
        let used = pages.checked_sub(free).ok_or(Fault::Damaged)?;
        Ok(self.budget_pages().saturating_sub(used))
    }

    /// The file has what the reserve and the log, which may be as long again while a transaction is under way, leave of the spool.
    fn budget_pages(&self) -> u64 {
        let pages = self.settings.max_bytes / u64::from(PAGE_BYTES);
        pages - 3 * u64::from(log_pages(self.settings.max_bytes))
    }

    /// Takes some of the oldest entries out that are in no batch; `false` where there is none.
    fn evict(&mut self, victims: Victims, evicted: &mut Evicted) -> Result<bool, Fault> {
        let mut from = match victims {
            Victims::Plain => self.state.low_from.max(self.state.first),
            Victims::All => self.state.first,
        };
        let mut found = Vec::new();
        while found.len() < STEP {
            if let Some(batch) = self.batches.iter().find(|it| it.has(from)) {
                from = batch.high + 1;
            }
            let ahead = self.batches.iter().find(|it| it.low > from);
            let to = ahead.map_or(self.state.next_seq, |it| it.low);
            let (read, last) = self.look(victims, from, to, &mut found)?;
            from = match (read, ahead) {
                (LOOK, _) => last + 1,
                (_, Some(_)) => to,
                (_, None) => {
                    from = to;
                    break;
                }
            };
        }
        found.truncate(STEP);
        if let (Victims::Plain, true) = (victims, found.len() < STEP) {
            self.state.low_from = from;
        } else if let (Victims::Plain, Some((last, _))) = (victims, found.last()) {
            self.state.low_from = last + 1;
        }
        for (seq, bytes) in &found {
            self.discard(*seq, *bytes)?;
            evicted.numbers.push(*seq);
        }
        self.find_first()?;
        Ok(!found.is_empty())
    }

    /// Looks at some entries of a range for those that may give way; returns how many it saw, and the number of the last.
    fn look(
        &self,
        victims: Victims,
        from: i64,
        to: i64,
        found: &mut Vec<(i64, u64)>,
    ) -> Result<(i64, i64), Fault> {
        let sql = "SELECT seq, head, length(text) FROM entry WHERE seq >= ?1 AND seq < ?2
            ORDER BY seq LIMIT ?3";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, to, LOOK])?;
        let (mut read, mut last) = (0, from);
        while let Some(row) = rows.next()? {
            (read, last) = (read + 1, row.get(0)?);
            let head = row.get_ref(1)?.as_blob().map_err(|_| Fault::Damaged)?;
            if victims == Victims::All || !Marks::stays(head) {
                found.push((last, row.get::<_, i64>(2)?.cast_unsigned()));
            }
        }
        Ok((read, last))
    }
}
