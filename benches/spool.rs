//! The spool: entries in, batches out.
//!
//! ```text
//! cargo bench --bench spool --features spool,testing             about a minute, 1 GB in the folder for temporary files
//! cargo bench --bench spool --features spool,testing -- FOLDER   on another disk
//! ```
//!
//! Entries are of 2 KiB as text. *In* appends; *through* appends, takes and confirms, in turns, the way it goes while the sink is well. *CPU* is that of
//! the thread, from `/proc/thread-self/schedstat`; what is lacking to the time is the disk, and others on the machine.
//!
//! # Results
//!
//! 2026-11-23, 2 virtual cores of an Intel Xeon, load 6 to 7 of which this was 1, Linux 6.18, ext4 on a virtual disk, rustc 1.95, SQLite as bundled by
//! libsqlite3-sys 0.40. One run.
//!
//! | | batch | entries/s | µs of CPU each | entries/s of CPU |
//! |---|--:|--:|--:|--:|
//! | in | 1 | 6720 | 36.8 | 27177 |
//! | in | 10 | 28966 | 12.8 | 78206 |
//! | in | 100 | 42635 | 9.4 | 106269 |
//! | in | 1000 | 45785 | 8.8 | 113141 |
//! | through | 1 | 6048 | 49.6 | 20172 |
//! | through | 10 | 20980 | 11.7 | 85235 |
//! | through | 100 | 47400 | 6.7 | 149980 |
//! | through | 1000 | 36949 | 8.2 | 122474 |
//! | in, on the disk | 1 | 288 | 186.1 | 5374 |
//! | in, on the disk | 64 | 13271 | 12.6 | 79468 |
//!
//! A group of 64 that waits for the disk commits 46 times as many entries as one at a time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tower_api_log::LogEntry;
use tower_api_log::entry::BodyRecord;
use tower_api_log::recorder::{Measured, Spool};
use tower_api_log::testing::sample;

fn main() {
    let folder = std::env::args().skip(1).find(|it| it != "--bench");
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let text = serde_json::to_string(&*entry(0)).unwrap();
    println!("an entry has {} bytes of text", text.len());
    println!("| | batch | entries/s | µs of CPU each | entries/s of CPU |");
    println!("|---|--:|--:|--:|--:|");
    for batch in [1, 10, 100, 1000] {
        let count = if batch == 1 { 20_000 } else { 100_000 };
        run("in", &folder, false, false, batch, count);
    }
    for batch in [1, 10, 100, 1000] {
        let count = if batch == 1 { 20_000 } else { 100_000 };
        run("through", &folder, false, true, batch, count);
    }
    let alone = run("in, on the disk", &folder, true, false, 1, 1_000);
    let group = run("in, on the disk", &folder, true, false, 64, 12_800);
    println!(
        "a group of 64 commits {:.0} times as many as one at a time",
        group / alone
    );
}

fn run(
    what: &str,
    folder: &Path,
    waits_for_disk: bool,
    passes: bool,
    batch: usize,
    count: u32,
) -> f64 {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let mut spool = Measured::open(&Spool::at(folder.path()), waits_for_disk).unwrap();
    let entries: Vec<_> = (0..count).map(entry).collect();
    let (start, cpu) = (Instant::now(), cpu_nanos());
    let mut passed = 0;
    for some in entries.chunks(batch) {
        assert_eq!(spool.append(some).unwrap(), some.len() as u64);
        if passes {
            passed += spool.pass(batch).unwrap();
        }
    }
    spool.flush().unwrap();
    let (time, cpu) = (start.elapsed().as_secs_f64(), cpu_nanos() - cpu);
    assert!(!passes || passed == entries.len());
    let each = cpu as f64 / 1e3 / f64::from(count);
    let rate = f64::from(count) / time;
    println!(
        "| {what} | {batch} | {rate:.0} | {each:.1} | {:.0} |",
        1e6 / each
    );
    rate
}

/// Makes an exchange that is 2 KiB long as JSON.
fn entry(number: u32) -> Arc<LogEntry> {
    let mut entry = sample::exchange(number);
    sample::change(&mut entry, |exchange| {
        exchange.response_body = BodyRecord::Whole {
            text: r#"{"name":"value"}"#.repeat(20),
            bytes_seen: 320,
        };
    });
    Arc::new(entry)
}

fn cpu_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let word = text.split_whitespace().next();
    word.and_then(|it| it.parse().ok()).unwrap_or_default()
}
