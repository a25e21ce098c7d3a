//! T34: files that were flipped, cut, or are of another kind.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::error::ErrorKind;

/// What a folder held, and what was put in.
struct Base {
    file: Vec<u8>,
    log: Vec<u8>,
    entries: HashMap<EntryId, Arc<LogEntry>>,
}

const COUNT: u32 = 40;

/// Makes a spool of 40 entries, 10 of which go on in other pages; `logged` of these are still in the log alone.
fn base(logged: u32) -> Base {
    base_of(COUNT, logged)
}

fn base_of(count: u32, logged: u32) -> Base {
    let folder = temporary();
    let entry = |it: u32| match it % 4 {
        3 => large(it, 20_000),
        _ => large(it, 1000),
    };
    let mut entries = HashMap::new();
    let mut add = |spool: &mut SpoolFile, range: std::ops::Range<u32>| {
        for it in range {
            let entry = entry(it);
            spool.append(std::slice::from_ref(&entry)).unwrap();
            entries.insert(entry.id, entry);
        }
    };
    let mut spool = open(folder.path());
    // Room that was used before: its rows must not come back.
    let past: Vec<_> = (1000..1030).map(|it| large(it, 1000)).collect();
    spool.append(&past).unwrap();
    drain(&mut spool, 10);
    add(&mut spool, 0..count - logged);
    spool.close().unwrap();
    let mut spool = open(folder.path());
    add(&mut spool, count - logged..count);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap_or_default();
    Base {
        file: read("spool.db"),
        log: read("spool.db-wal"),
        entries,
    }
}

/// In memory where there is such a folder: what is looked at is not the disk.
fn temporary() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// Opens the spool of these bytes and takes everything; returns how many of the 40 came out.
fn survive(base: &Base, file: &[u8], log: &[u8], what: &str) -> (u64, u64, bool) {
    let folder = temporary();
    fs::write(folder.path().join("spool.db"), file).unwrap();
    if !log.is_empty() {
        fs::write(folder.path().join("spool.db-wal"), log).unwrap();
    }
    let settings = Spool::at(folder.path());
    let (mut spool, _) = SpoolFile::open(&settings, SyncMode::Normal)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut seen = std::collections::HashSet::new();
    while let Some(batch) = spool
        .next_batch(7, 1 << 20)
        .unwrap_or_else(|error| panic!("{what}: {error}"))
    {
        for entry in &batch.entries {
            assert!(seen.insert(entry.id), "{what}: twice");
            assert_eq!(base.entries.get(&entry.id), Some(entry), "{what}");
        }
        spool.confirm(batch.number);
    }
    spool
        .flush()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let counts = spool.counts();
    assert_eq!((counts.entries, counts.bytes), (0, 0), "{what}");
    // It works.
    assert_eq!(
        spool.append(&[large(9999, 100)]).unwrap().accepted,
        1,
        "{what}"
    );
    assert_eq!(drain(&mut spool, 10).len(), 1, "{what}");
    (seen.len() as u64, counts.damaged, counts.unknown_damage)
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 8);
    bytes
}

#[test]
fn base_is_whole() {
    for logged in [0, 15] {
        let base = base(logged);
        assert_eq!(base.log.len() > 1000, logged > 0);
        assert_eq!(
            survive(&base, &base.file, &base.log, "whole"),
            (40, 0, false)
        );
    }
}

/// Of the places that are damaged, one in so many is tried: 4, unless `SPOOL_THIN` says otherwise. 1 is the full run.
fn thin() -> usize {
    let told = std::env::var("SPOOL_THIN").ok();
    told.and_then(|it| it.parse().ok()).unwrap_or(4)
}

#[track_caller]
fn check(found: (u64, u64, bool), most_lost: u64, what: &str) {
    let (found, damaged, is_unknown) = found;
    assert!(
        found + most_lost >= u64::from(COUNT),
        "{what}: {found} found"
    );
    if !is_unknown {
        assert_eq!(found + damaged, u64::from(COUNT), "{what}");
    }
}

#[test]
fn t34_flip_of_any_byte_of_the_first_page_loses_nothing() {
    let base = base(0);
    // Of the middle, which is empty, every sixteenth.
    let is_empty = |at: usize| {
        base.file[at - 8..(at + 8).min(PAGE)]
            .iter()
            .all(|it| *it == 0)
    };
    let is_tried = |at: &usize| *at < 256 || at.is_multiple_of(16) || !is_empty(*at);
    for at in (0..PAGE).filter(is_tried).step_by(thin()) {
        let what = format!("byte {at} of the first page");
        check(
            survive(&base, &flipped(&base.file, at), &[], &what),
            0,
            &what,
        );
    }
}

const PAGE: usize = file::PAGE_BYTES as usize;

#[test]
fn t34_flip_in_the_file_costs_the_entries_on_its_page_at_most() {
    let base = base(0);
    for at in (PAGE..base.file.len()).step_by(331 * thin()) {
        let what = format!("byte {at} of {}", base.file.len());
        // A page has up to six of the small ones.
        check(
            survive(&base, &flipped(&base.file, at), &[], &what),
            6,
            &what,
        );
    }
}

#[test]
fn t34_flip_in_the_log_costs_the_entries_of_its_frame_at_most() {
    let base = base(15);
    for at in (0..base.log.len())
        .step_by(977 * thin())
        .chain((0..60).step_by(thin()))
    {
        let what = format!("byte {at} of the log's {}", base.log.len());
        let found = survive(&base, &base.file, &flipped(&base.log, at), &what);
        // The last frame's transaction cannot be told from one that was never finished.
        let is_last = at + PAGE + 24 >= base.log.len();
        let (found, damaged, is_unknown) = found;
        assert!(found + 3 >= u64::from(COUNT), "{what}: {found}");
        if !is_unknown && !is_last {
            assert_eq!(found + damaged, u64::from(COUNT), "{what}");
        }
    }
}

#[test]
fn t34_truncated_file_gives_what_is_left_of_it() {
    let base = base(0);
    let mut before = u64::from(COUNT);
    for length in (0..base.file.len()).rev().step_by(1733) {
        let what = format!("{length} of {} bytes", base.file.len());
        let (found, damaged, is_unknown) = survive(&base, &base.file[..length], &[], &what);
        assert!(found <= before, "{what}");
        before = found;
        assert!(
            is_unknown || found + damaged == u64::from(COUNT),
            "{what}: {found} {damaged}"
        );
    }
    assert_eq!(before, 0);
}

#[test]
fn t34_truncated_file_gives_what_its_log_has() {
    let base = base(15);
    for length in [0, 100, PAGE - 1, PAGE, PAGE * 3 + 7] {
        let what = format!("{length} bytes");
        let (found, ..) = survive(&base, &base.file[..length], &base.log, &what);
        assert!(found >= 15, "{what}: {found}");
    }
}

#[test]
fn t34_torn_log_gives_what_was_committed_before() {
    let base = base(15);
    let mut before = u64::from(COUNT);
    for length in (0..base.log.len()).rev().step_by(2111) {
        let what = format!("{length} of {} bytes of the log", base.log.len());
        let found = survive(&base, &base.file, &base.log[..length], &what);
        assert!(found.0 <= before && found.0 >= 25, "{what}: {found:?}");
        assert_eq!(
            (found.1, found.2),
            (0, false),
            "{what}: torn is not damaged"
        );
        before = found.0;
    }
    assert_eq!(before, 25);
}

#[test]
fn t34_file_of_another_kind_is_put_aside() {
    let base = base(0);
    for foreign in [
        &b"not a database"[..],
        &[0; 100_000],
        &[0xff; 70_000],
        &[0x0d; 50_000],
    ] {
        let found = survive(&base, foreign, &[], "foreign");
        assert_eq!((found.0, found.2), (0, true));
        let found = survive(&base, &base.file, foreign, "foreign log");
        assert_eq!(found, (40, 0, false));
    }
}

#[test]
fn damaged_files_are_kept_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let mut spool = open(folder.path());
        spool.append(&entries(round..round + 1)).unwrap();
        drop(spool);
        let path = folder.path().join("spool.db");
        let mut bytes = fs::read(&path).unwrap();
        bytes[..16].fill(0);
        fs::write(&path, bytes).unwrap();
    }
    let (spool, recovered) = opened(folder.path());
    assert_eq!((recovered.entries, recovered.damaged), (5, 0));
    drop(spool);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| it.ends_with(".db"))
        .collect();
    names.sort();
    assert_eq!(names, ["damaged-1.db", "damaged-2.db", "spool.db"]);
}

#[test]
fn rescue_that_was_stopped_half_way_goes_on() {
    let base = base(15);
    // Of what `inherit` does, any part was done.
    for done in 0..4 {
        let folder = temporary();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("spool.db"), b"damaged").unwrap();
        fs::write(path("spool.db-wal"), &base.log).unwrap();
        let heir = self::base(0).file;
        fs::write(path("rescued.db"), heir).unwrap();
        fs::write(path("unfinished.db"), b"never mind").unwrap();
        let steps = [
            ("spool.db", "damaged-1.db"),
            ("spool.db-wal", "damaged-1.db-wal"),
            ("rescued.db", "spool.db"),
        ];
        for (from, to) in &steps[..done] {
            fs::rename(path(from), path(to)).unwrap();
        }
        let (mut spool, recovered) = opened(folder.path());
        assert_eq!(
            (recovered.entries, recovered.unknown_damage),
            (40, false),
            "{done}"
        );
        assert_eq!(drain(&mut spool, 100).len(), 40);
        assert!(!path("unfinished.db").exists());
    }
}

#[test]
fn file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&entries(0..3)).unwrap();
    let path = folder.path().join("spool.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 2; DROP TABLE meta")
        .unwrap();
    drop(db);
    let before = fs::read(&path).unwrap();
    let error = SpoolFile::open(&Spool::at(folder.path()), SyncMode::Normal)
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("newer version"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn damage_while_the_spool_is_open_is_mended_and_batches_that_are_out_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let all: Vec<_> = (0..60).map(|it| large(it, 1000)).collect();
    spool.append(&all).unwrap();
    spool.flush().unwrap();
    drop(spool);
    let mut spool = open(folder.path());
    let confirmed = spool.next_batch(10, u64::MAX).unwrap().unwrap();
    let out = spool.next_batch(10, u64::MAX).unwrap().unwrap();
    spool.confirm(confirmed.number);
    // Behind what SQLite has in memory.
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("spool.db"))
        .unwrap();
    for page in 14..17 {
        file.write_all_at(&[0xa5; PAGE], page * PAGE as u64)
            .unwrap();
    }
    let rest = drain(&mut spool, 7);
    let counts = spool.counts();
    assert!(rest.len() < 40 && rest.len() > 10);
    assert!(!counts.unknown_damage);
    assert_eq!(rest.len() as u64 + counts.damaged, 40);
    assert_eq!(counts.entries, 10);
    spool.confirm(out.number);
    spool.flush().unwrap();
    assert_eq!(spool.counts().entries, 0);
    assert_eq!(opened_after(spool, folder.path()).entries, 0);
}

#[cfg(unix)]
fn opened_after(spool: SpoolFile, folder: &Path) -> Recovered {
    drop(spool);
    opened(folder).1
}
