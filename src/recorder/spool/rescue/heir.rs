use rusqlite::{Connection, params};

use super::cells::Finder;
use super::{PAGE, Pages};
use crate::recorder::spool::batch::Batch;
use crate::recorder::spool::fault::Fault;
use crate::recorder::spool::file;
use crate::recorder::spool::row::{Kind, Row};
use crate::recorder::spool::state::State;
use crate::recorder::spool::write::Confirmed;

/// What was carried over into a new file.
pub(super) struct Heir {
    /// Rows that are lost.
    pub(super) damaged: u64,
    /// Whether more may be.
    pub(super) is_unknown: bool,
    /// Ranges that are frozen or out, with what is left in each.
    pub(super) batches: Vec<Batch>,
}

/// What the first look finds.
#[derive(Default)]
struct Outline {
    /// The newest counts, and the page that they stand on.
    state: Option<(State, u32)>,
    batches: Vec<Batch>,
    /// Rows of the queue, of starts and of what was set aside that are not sound.
    unsound: u64,
    highest: i64,
}

impl Heir {
    /// Fills an empty file. `known` are the batches of a spool that is open, otherwise those of the damaged file.
    pub(super) fn fill(
        db: &Connection,
        pages: &mut Pages,
        confirmed: &[Confirmed],
        known: Option<&[Batch]>,
    ) -> Result<Self, Fault> {
        let outline = Outline::find(pages)?;
        let old = outline.state.map(|(state, _)| state);
        let first = old.map_or(1, |it| it.first);
        let is_gone = |seq| confirmed.iter().any(|it| (it.low..=it.high).contains(&seq));
        db.execute_batch("BEGIN")?;
        each(pages, |_, kind, row| {
            let table = match kind {
                Kind::Entry if row.seq < first || is_gone(row.seq) => return Ok(()),
                Kind::Entry => "entry",
                Kind::Started => "started",
                Kind::Dead => "dead",
                Kind::Batch | Kind::State => return Ok(()),
            };
            if row.open(kind).is_none() || row.id.len() != 16 {
                return Ok(());
            }
            // Of two that look alike, the first.
            let sql = format!(
                "INSERT OR IGNORE INTO {table} (seq, id, head, text) VALUES (?1, ?2, ?3, ?4)"
            );
            db.prepare_cached(&sql)?
                .execute(params![row.seq, row.id, row.head, row.text])?;
            Ok(())
        })?;
        let state = count(db, &outline)?;
        let mut heir = Self {
            damaged: outline.unsound,
            is_unknown: true,
            batches: Vec::new(),
        };
        if let Some((old, page)) = outline.state {
            let gone: u64 = confirmed.iter().map(|it| it.entries).sum();
            let lost = |had: u64, has: u64| had.saturating_sub(has);
            heir.damaged = lost(old.entries, state.entries + gone)
                + lost(old.started, state.started)
                + lost(old.dead, state.dead);
            // Counts of the past, if newer ones were damaged.
            heir.is_unknown = outline.highest >= old.next_seq
                || pages.log.damaged.iter().any(|(number, _)| *number == page);
        }
        heir.batches = match known {
            Some(known) => known
                .iter()
                .map(|it| left(db, it))
                .collect::<Result<_, _>>()?,
            None => outline.batches,
        };
        for batch in heir.batches.iter().filter(|it| it.is_frozen) {
            batch.write(db)?;
        }
        state.write(db)?;
        db.execute_batch("COMMIT")?;
        Ok(heir)
    }
}

impl Outline {
    fn find(pages: &mut Pages) -> Result<Self, Fault> {
        let mut outline = Self::default();
        each(pages, |page, kind, row| {
            match kind {
                Kind::State => {
                    let Some(state) = State::open(&row) else {
                        return Ok(());
                    };
                    let state = state.map_err(|_| file::newer())?;
                    let newest = outline.state.map_or(0, |(it, _)| it.generation);
                    if outline.state.is_none() || newest < state.generation {
                        outline.state = Some((state, page));
                    }
                    return Ok(());
                }
                Kind::Batch => outline.batches.extend(Batch::open(&row)),
                _ if row.open(kind).is_none() => {
                    outline.unsound += 1;
                    return Ok(());
                }
                _ => {}
            }
            outline.highest = outline.highest.max(row.seq);
            Ok(())
        })?;
        outline.batches.sort_by_key(|it| it.low);
        let mut end = 0;
        outline.batches.retain(|it| {
            let is_sound = it.low > end && it.high >= it.low;
            end = if is_sound { it.high } else { end };
            is_sound
        });
        Ok(outline)
    }
}

/// Gives every row of ours with the number of its page, the newest pages first named by the log.
fn each(
    pages: &mut Pages,
    mut take: impl FnMut(u32, Kind, Row<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut page = Box::new([0; PAGE]);
    let damaged = pages.log.damaged.clone();
    let mut finder = Finder::new(pages);
    for number in 1..=finder.pages.count {
        if finder.pages.is_free(number) {
            continue;
        }
        finder.pages.read(number, &mut page);
        finder.rows(number, &page, |kind, row| take(number, kind, row))?;
    }
    for (number, at) in damaged {
        finder.pages.read_log(at, &mut page);
        finder.rows(number, &page, |kind, row| take(number, kind, row))?;
    }
    Ok(())
}

/// Counts what is there.
fn count(db: &Connection, outline: &Outline) -> Result<State, Fault> {
    let old = outline.state.map_or_else(State::new, |(state, _)| state);
    let of = |table: &str| -> Result<(u64, u64, i64), Fault> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(length(text)), 0), coalesce(max(seq), 0) FROM {table}"
        );
        let row = db.query_row(&sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?))
        })?;
        Ok((row.0.cast_unsigned(), row.1.cast_unsigned(), row.2))
    };
    let (entry, started, dead) = (of("entry")?, of("started")?, of("dead")?);
    let first: Option<i64> = db.query_row("SELECT min(seq) FROM entry", [], |row| row.get(0))?;
    let highest = [outline.highest, entry.2, started.2, dead.2];
    let highest = highest.into_iter().max().unwrap_or(0);
    let next_seq = old.next_seq.max(highest.saturating_add(1));
    Ok(State {
        generation: old.generation + 1,
        entries: entry.0,
        bytes: entry.1,
        dead: dead.0,
        dead_bytes: dead.1,
        started: started.0,
        next_seq,
        first: first.unwrap_or(next_seq),
        low_from: first.unwrap_or(next_seq),
    })
}

/// Returns a batch with what is left of it.
fn left(db: &Connection, batch: &Batch) -> Result<Batch, Fault> {
    let sql =
        "SELECT count(*), coalesce(sum(length(text)), 0) FROM entry WHERE seq BETWEEN ?1 AND ?2";
    let (entries, bytes) = db.query_row(sql, [batch.low, batch.high], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    let (entries, bytes) = (entries.cast_unsigned(), bytes.cast_unsigned());
    Ok(Batch {
        entries,
        bytes,
        is_frozen: batch.is_frozen && entries == batch.entries,
        ..*batch
    })
}
