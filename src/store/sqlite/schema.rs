//! The file: its schema, its settings, and why they are so.
//!
//! # Invariants
//!
//! - A file that is not ours, by `application_id`, is refused before anything is changed in it; so is a newer `user_version`.
//! - A migration is one transaction, and looks at the version inside of it: of many processes that open a new file, one makes it.
//! - `entry` holds what is filtered on, in the order of the ids; `detail` holds the rest, in the order of arrival; all else is made from `entry`.
//!
//! # Layout, as measured
//!
//! By `cargo bench --bench sqlite -- layouts` on a machine of 2 cores that others used as well; 200,000 rows, batches of 1000, `secure_delete` on. Two bodies of 550
//! bytes each, of 3000 in the last two lines; CPU microseconds to insert a row, milliseconds to read all rows for a filter that matches
//! none, and to delete 1000:
//!
//! | layout | page | CPU | bytes a row | no match | delete |
//! |---|--:|--:|--:|--:|--:|
//! | one table, rows by number | 4 KiB | 15.9 | 4170 | 383 | 20 |
//! | one table, rows by number | 16 KiB | 7.6 | 2407 | 147 | 5 |
//! | one table, clustered by id | 16 KiB | 7.7 | 2373 | 129 | 25 |
//! | two tables, both by number | 16 KiB | 7.2 | 2407 | 36 | 5 |
//! | two tables, both clustered by id | 16 KiB | 8.7 | 2426 | 15 | 6 |
//! | **two tables, `entry` clustered, `detail` by number** | 4 KiB | 9.8 | 2400 | 28 | 6 |
//! | the same | 8 KiB | 8.8 | 2406 | 19 | 5 |
//! | **the same** | **16 KiB** | **7.8** | 2410 | **15** | 5 |
//! | two tables, both clustered by id, larger bodies | 16 KiB | 36.2 | 19080 | 4 | 53 |
//! | `entry` clustered, `detail` by number, larger bodies | 16 KiB | 16.7 | 8558 | 4 | 11 |
//!
//! A filter without an index reads the narrow table alone, ten times faster than whole rows. Rows of some KiB must not be clustered:
//! SQLite moves those of more than a quarter of a page out of an index tree, to pages of their own. A page of 50 takes 0.03 ms and an
//! entry by id 2 µs, whatever the layout.
//!
//! What indexes cost on this layout: without any 5.4 µs a row; the tenant's 2.4 more, for 50 tenants; the one of failed calls (2 % here, in the
//! order of time) 0.5; one of actors 3.9 and one of request ids, random ones on every call, 10.2 and growing. There is none: filters are asked of
//! segments (`segment/mod.rs`), for less than the first two cost, and ranges of time of the ids, see `Drift`.
//!
//! The store as a whole is measured by `benches/sqlite.rs`, whose header has the figures.
//!
//! # Settings
//!
//! `synchronous = NORMAL`: a commit does not wait for the disk. `secure_delete`: what is deleted or erased is overwritten, at no cost to inserts.
//! `auto_vacuum` is off: the file does not shrink, and deleted pages are used again.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OpenFlags};

use super::builder::SqliteStoreBuilder;
use super::error::failed;
use super::pool::transaction;
use crate::error::{Error, ErrorKind};
use crate::query::{Latencies, PathPattern};

/// Marks a file as ours, as `PRAGMA application_id`: `tApL`.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"tApL");

const PAGE_BYTES: u32 = 16 << 10;

/// What each version of the schema changes; `PRAGMA user_version` counts those that a file has.
const MIGRATIONS: [&str; 1] = [include_str!("schema_1.sql")];

/// Opens the connection that writes, and brings the schema up to date.
pub(super) fn open_writer(path: &Path, settings: &SqliteStoreBuilder) -> Result<Connection, Error> {
    let mut db = connect(path, settings)?;
    let schema = Schema::read(&db)?;
    schema.check()?;
    if schema.version == 0 {
        // Only of an empty file; fixed from then on.
        pragma(&db, "page_size", PAGE_BYTES)?;
    }
    into_wal(&db, settings.busy_timeout)?;
    pragma(&db, "synchronous", "NORMAL")?;
    pragma(&db, "secure_delete", "ON")?;
    pragma(&db, "journal_size_limit", 64 << 20)?;
    migrate(&mut db)?;
    Ok(db)
}

/// Opens a connection that reads, of a file that [`open_writer`] has opened.
pub(super) fn open_reader(path: &Path, settings: &SqliteStoreBuilder) -> Result<Connection, Error> {
    let db = connect(path, settings)?;
    Schema::read(&db)?.check()?;
    pragma(&db, "query_only", "ON")?;
    Ok(db)
}

fn connect(path: &Path, settings: &SqliteStoreBuilder) -> Result<Connection, Error> {
    let opened = failed("the SQLite file cannot be opened");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(&opened)?;
    db.busy_timeout(settings.busy_timeout).map_err(&opened)?;
    db.set_prepared_statement_cache_capacity(64);
    // Negative: in KiB and not in pages.
    let cache_kib = i64::try_from(settings.max_cache_bytes / 1024).unwrap_or(i64::MAX);
    pragma(&db, "cache_size", -cache_kib)?;
    pragma(&db, "temp_store", "MEMORY")?;
    // SQLite would prepare a statement anew whenever a bound value changes, to look at statistics that there are none of.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(&opened)?;
    // On in the bundled build; there are no foreign keys.
    pragma(&db, "foreign_keys", "OFF")?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    db.create_scalar_function("path_matches", 2, flags, path_matches)
        .map_err(&opened)?;
    db.create_scalar_function("latency_bucket", 1, flags, latency_bucket)
        .map_err(&opened)?;
    Ok(db)
}

/// Tells whether the second argument matches the pattern of the first. `GLOB` cannot: it ends texts at NUL, and takes U+FFFE, U+FFFF
/// and U+FFFD for one another.
fn path_matches(context: &mut Context<'_>) -> rusqlite::Result<bool> {
    let pattern = context.get_or_create_aux(0, |text| {
        Ok::<_, rusqlite::types::FromSqlError>(PathPattern::new(text.as_str()?))
    })?;
    let path = context.get_raw(1).as_str_or_null()?;
    Ok(path.is_some_and(|path| pattern.matches(path)))
}

fn latency_bucket(context: &mut Context<'_>) -> rusqlite::Result<u16> {
    let micros: Option<i64> = context.get(0)?;
    Ok(Latencies::bucket(micros.unwrap_or_default().unsigned_abs()))
}

struct Schema {
    application_id: i32,
    version: usize,
    has_tables: bool,
}

impl Schema {
    fn read(db: &Connection) -> Result<Self, Error> {
        let sql = "SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_schema)
            FROM pragma_application_id, pragma_user_version";
        let read = db.query_row(sql, [], |row| {
            Ok(Self {
                application_id: row.get(0)?,
                // A negative version is nobody's; taken as newer than any.
                version: usize::try_from(row.get::<_, i32>(1)?).unwrap_or(usize::MAX),
                has_tables: row.get(2)?,
            })
        });
        read.map_err(refused("the schema of the SQLite file cannot be read"))
    }

    fn check(&self) -> Result<(), Error> {
        let is_empty = self.application_id == 0 && self.version == 0 && !self.has_tables;
        if !is_empty && self.application_id != APPLICATION_ID {
            return Err(not_ours());
        }
        if self.version > MIGRATIONS.len() {
            return Err(Error::new(
                ErrorKind::Schema,
                "the SQLite file was written by a newer version of this crate",
            ));
        }
        Ok(())
    }
}

/// Says what failed; a file of another format shows with whatever reads it first.
fn refused(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |cause| match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => not_ours(),
        _ => failed(doing)(cause),
    }
}

fn not_ours() -> Error {
    Error::configuration("the file is not a database of this store")
}

fn migrate(db: &mut Connection) -> Result<(), Error> {
    let failed = failed("the schema of the SQLite file cannot be brought up to date");
    let transaction = transaction(db)?;
    // Read again: another process may have got here first.
    let schema = Schema::read(&transaction)?;
    schema.check()?;
    if schema.version < MIGRATIONS.len() {
        for migration in &MIGRATIONS[schema.version..] {
            transaction.execute_batch(migration).map_err(&failed)?;
        }
        pragma(&transaction, "application_id", APPLICATION_ID)?;
        pragma(&transaction, "user_version", MIGRATIONS.len() as i64)?;
    }
    transaction.commit().map_err(&failed)
}

/// Switches to the write-ahead log. SQLite does not wait for other connections here, so that this does.
fn into_wal(db: &Connection, patience: Duration) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        let switched =
            db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match switched.map_err(failed("the SQLite file cannot use a write-ahead log")) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => {
                return Err(Error::configuration(
                    "the file system of the SQLite file does not support a write-ahead log",
                ));
            }
            Err(error) if error.is_retryable() && start.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
}

fn pragma(db: &Connection, name: &str, value: impl rusqlite::ToSql) -> Result<(), Error> {
    // Some answer with a row and some do not.
    db.pragma_update_and_check(None, name, value, |_| Ok(()))
        .or_else(|cause| match cause {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            cause => Err(refused("the SQLite file cannot be set up")(cause)),
        })
}
