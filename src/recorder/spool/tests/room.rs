//! The spool's own size.

use super::*;

const MOST: u64 = 2 << 20;

fn small(folder: &Path, when_full: SpoolFull) -> SpoolFile {
    let settings = Spool::at(folder).max_bytes(MOST).when_full(when_full);
    SpoolFile::open(&settings, SyncMode::Normal).unwrap().0
}

#[test]
fn full_spool_drops_the_newest_counts_them_and_keeps_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = small(folder.path(), SpoolFull::DropNewest);
    let (mut accepted, mut dropped) = (0, 0);
    for first in (0..2000).step_by(10) {
        let some: Vec<_> = (first..first + 10).map(|it| large(it, 2000)).collect();
        let appended = spool.append(&some).unwrap();
        accepted += appended.accepted;
        dropped += appended.dropped_newest;
        assert_eq!(appended.dropped_oldest, 0);
        assert!(spool.counts().file_bytes <= MOST, "{:?}", spool.counts());
    }
    assert_eq!(accepted + dropped, 2000);
    assert!(accepted > 450, "{accepted}");
    assert_eq!(spool.counts().entries, accepted);
    let all = numbers(&drain(&mut spool, 100));
    assert_eq!(all, Vec::from_iter(0..accepted as u32), "the oldest stay");
    // What was taken out makes room.
    assert_eq!(spool.append(&[large(5000, 2000)]).unwrap().accepted, 1);
}

#[test]
fn full_spool_drops_the_oldest_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = small(folder.path(), SpoolFull::DropOldest);
    let (mut accepted, mut dropped) = (0, 0);
    for first in (0..2000).step_by(10) {
        let some: Vec<_> = (first..first + 10).map(|it| large(it, 2000)).collect();
        let appended = spool.append(&some).unwrap();
        accepted += appended.accepted;
        dropped += appended.dropped_oldest;
        assert!(spool.counts().file_bytes <= MOST);
    }
    assert_eq!(accepted, 2000);
    let counts = spool.counts();
    assert_eq!(counts.entries, accepted - dropped);
    assert!(counts.entries > 400, "{counts:?}");
    let all = numbers(&drain(&mut spool, 100));
    assert_eq!(all, Vec::from_iter(dropped as u32..2000));
}

#[test]
fn failures_and_events_outlive_successes_under_either_policy() {
    for when_full in [SpoolFull::DropNewest, SpoolFull::DropOldest] {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = small(folder.path(), when_full);
        let mut kept = Vec::new();
        for number in 0..2000 {
            let entry = match number % 10 {
                0 => failed(number, 2000),
                _ => large(number, 2000),
            };
            let appended = spool.append(&[entry]).unwrap();
            if number % 10 == 0 {
                assert_eq!(appended.accepted, 1);
                kept.push(number);
            }
        }
        let all = numbers(&drain(&mut spool, 100));
        let failures: Vec<_> = all.iter().copied().filter(|it| it % 10 == 0).collect();
        assert_eq!(failures, kept);
        assert!(all.len() > kept.len());
    }
}

#[test]
fn what_is_in_a_batch_does_not_give_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = small(folder.path(), SpoolFull::DropOldest);
    let first: Vec<_> = (0..50).map(|it| large(it, 2000)).collect();
    spool.append(&first).unwrap();
    let batch = spool.next_batch(20, u64::MAX).unwrap().unwrap();
    for number in 50..1500 {
        spool.append(&[large(number, 2000)]).unwrap();
    }
    drop(spool);
    let mut spool = small(folder.path(), SpoolFull::DropOldest);
    let again = spool.next_batch(1, 1).unwrap().unwrap();
    assert_eq!(
        (again.number, &again.entries),
        (batch.number, &batch.entries)
    );
    let next = spool.next_batch(1, 1).unwrap().unwrap();
    assert!(numbers(&next.entries)[0] > 500);
}

#[test]
fn spool_full_of_failures_takes_new_ones_only_in_the_place_of_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    for (when_full, expected) in [(SpoolFull::DropNewest, 0), (SpoolFull::DropOldest, 1)] {
        let mut spool = small(&folder.path().join(format!("{when_full:?}")), when_full);
        let mut number = 0;
        loop {
            let appended = spool.append(&[failed(number, 2000)]).unwrap();
            number += 1;
            if appended.dropped_newest + appended.dropped_oldest > 0 {
                break;
            }
        }
        assert_eq!(
            spool.append(&[failed(number, 2000)]).unwrap().accepted,
            expected
        );
        let success = spool.append(&[large(number + 1, 2000)]).unwrap();
        let is_full = success.accepted == 0;
        assert!(is_full || when_full == SpoolFull::DropOldest);
    }
}

#[test]
fn entry_larger_than_the_spool_is_dropped_and_its_neighbours_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = small(folder.path(), SpoolFull::DropOldest);
    let appended = spool
        .append(&[large(0, 2000), large(1, 3 << 20), large(2, 2000)])
        .unwrap();
    assert_eq!((appended.accepted, appended.dropped_newest), (2, 1));
    assert_eq!(numbers(&drain(&mut spool, 10)), [0, 2]);
}

#[test]
fn drained_spool_gives_the_disk_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    for first in (0..5000).step_by(500) {
        let some: Vec<_> = (first..first + 500).map(|it| large(it, 2000)).collect();
        spool.append(&some).unwrap();
    }
    let full = spool.counts().file_bytes;
    assert!(full > 10 << 20);
    assert_eq!(drain(&mut spool, 1000).len(), 5000);
    let mut steps = 0;
    while spool.idle().unwrap() {
        steps += 1;
    }
    assert!(steps > 3, "in small steps: {steps}");
    // What lies in reserve is none of it.
    let empty = folder.path().join("spool.db").metadata().unwrap().len();
    assert!(empty < 1 << 20, "{empty}");
    assert_eq!(spool.append(&entries(0..5)).unwrap().accepted, 5);
    assert_eq!(drain(&mut spool, 10).len(), 5);
}
