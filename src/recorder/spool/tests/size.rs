//! What a start costs, at any size.

use std::time::{Duration, Instant};

use super::*;

/// Returns the shortest of some openings.
fn open_time(folder: &Path, entries: u64) -> Duration {
    let times = (0..5).map(|_| {
        let start = Instant::now();
        let (spool, recovered) = opened(folder);
        let time = start.elapsed();
        assert_eq!(recovered.entries, entries);
        // Neither in memory nor read.
        assert_eq!(spool.cache.iter().count(), 0);
        time
    });
    times.min().unwrap()
}

#[test]
fn spool_of_200_000_entries_opens_as_fast_as_a_small_one_and_holds_no_more() {
    let (small, large) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    open(small.path()).append(&entries(0..10)).unwrap();
    let mut spool = open(large.path());
    for first in (0..200_000).step_by(2000) {
        let some: Vec<_> = (first..first + 2000)
            .map(|it| Arc::new(sample::plain(it)))
            .collect();
        assert_eq!(spool.append(&some).unwrap().accepted, 2000);
    }
    assert!(spool.counts().file_bytes > 40 << 20);
    spool.close().unwrap();
    let (few, many) = (
        open_time(small.path(), 10),
        open_time(large.path(), 200_000),
    );
    assert!(
        many < few * 5 + Duration::from_millis(20),
        "{few:?} {many:?}"
    );

    let before = resident_kib();
    let mut spool = open(large.path());
    let batch = spool.next_batch(100, u64::MAX).unwrap().unwrap();
    assert_eq!(numbers(&batch.entries), Vec::from_iter(0..100));
    if let (Some(before), Some(after)) = (before, resident_kib()) {
        assert!(after < before + (16 << 10), "{before} {after} KiB");
    }
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
