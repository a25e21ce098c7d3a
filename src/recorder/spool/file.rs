//! The SQLite file: how it is made, opened and set up.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SyncMode;
use super::fault::{Fault, cannot};
use super::state::{State, VERSION};
use crate::error::{Error, ErrorKind};

/// An entry of 2 to 3 KiB fits in a page with others, so that one bad page loses few; the larger the page, the more each small transaction writes.
pub(super) const PAGE_BYTES: u32 = 8 << 10;

/// Marks a file as ours, as `PRAGMA application_id`: `tApS`.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"tApS");

const SCHEMA: &str = include_str!("schema_1.sql");

/// Makes a file, with what `fill` puts in, that is on the disk when this returns.
///
/// It has no log while it is made: whatever stops this leaves a file under a name that is nobody's.
pub(super) fn make<T>(
    path: &Path,
    fill: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .map_err(|cause| cannot("the spool's file cannot be made", cause))?;
    let db = connect(path)?;
    pragma(&db, "page_size", PAGE_BYTES)?;
    pragma(&db, "auto_vacuum", "INCREMENTAL")?;
    pragma(&db, "journal_mode", "OFF")?;
    pragma(&db, "synchronous", "OFF")?;
    db.execute_batch(SCHEMA)?;
    pragma(&db, "application_id", APPLICATION_ID)?;
    pragma(&db, "user_version", VERSION.cast_signed())?;
    let made = fill(&db)?;
    pragma(&db, "journal_mode", "WAL")?;
    db.close().map_err(|(_, cause)| cause)?;
    file.sync_all()?;
    Ok(made)
}

/// Opens a file that was made.
pub(super) fn open(
    path: &Path,
    sync: SyncMode,
    log_pages: u32,
) -> Result<(Connection, State), Fault> {
    let db = connect(path)?;
    let state = State::read(&db).and_then(|state| match state {
        Ok(state) => Ok(state),
        Err(_) => Err(newer().into()),
    });
    let state = match state {
        // A newer schema may have no such row.
        Err(Fault::Damaged) if says_newer(&db) => return Err(newer().into()),
        state => state?,
    };
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Damaged);
    }
    let is_full = sync == SyncMode::Full;
    pragma(&db, "synchronous", if is_full { "FULL" } else { "NORMAL" })?;
    // On macOS alone, where a plain fsync leaves the bytes in the drive.
    pragma(&db, "fullfsync", is_full)?;
    pragma(&db, "checkpoint_fullfsync", is_full)?;
    pragma(&db, "wal_autocheckpoint", log_pages)?;
    let log_bytes = i64::from(log_pages) * i64::from(PAGE_BYTES);
    pragma(&db, "journal_size_limit", log_bytes)?;
    Ok((db, state))
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.set_prepared_statement_cache_capacity(64);
    // The index of the log is then in memory and not in a file that is mapped: a full disk would end the process by a signal.
    pragma(&db, "locking_mode", "EXCLUSIVE")?;
    // Negative: in KiB and not in pages.
    pragma(&db, "cache_size", -4096)?;
    pragma(&db, "temp_store", "MEMORY")?;
    pragma(&db, "cell_size_check", "ON")?;
    pragma(&db, "trusted_schema", "OFF")?;
    pragma(&db, "foreign_keys", "OFF")?;
    pragma(&db, "secure_delete", "FAST")?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}

/// Tells whether a file is ours by its header, and of a newer schema.
fn says_newer(db: &Connection) -> bool {
    let read = |name| db.query_row(name, [], |row| row.get::<_, i32>(0));
    read("PRAGMA application_id").is_ok_and(|id| id == APPLICATION_ID)
        && read("PRAGMA user_version").is_ok_and(|it| i64::from(it) > VERSION.cast_signed())
}

/// Says that a newer version has written the file, which is left as it is.
pub(super) fn newer() -> Error {
    Error::new(
        ErrorKind::Schema,
        "the spool was written by a newer version of this crate; use that version, or another folder",
    )
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), Fault> {
    // Only Unix lets a folder be opened.
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

pub(super) fn pragma(
    db: &Connection,
    name: &str,
    value: impl rusqlite::ToSql,
) -> Result<(), Fault> {
    // Some answer with a row and some do not.
    db.pragma_update_and_check(None, name, value, |_| Ok(()))
        .or_else(|cause| match cause {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            cause => Err(cause.into()),
        })
}

/// Reads a pragma that is a number.
pub(super) fn number(db: &Connection, sql: &str) -> Result<u64, Fault> {
    let number = db
        .prepare_cached(sql)?
        .query_row([], |row| row.get::<_, i64>(0))?;
    Ok(number.cast_unsigned())
}
