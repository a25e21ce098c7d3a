//! The plain walk: in, out, confirmed.

use super::*;
use crate::entry::EntryKind;
use crate::error::ErrorKind;

#[test]
fn entries_come_out_in_the_order_in_which_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let all = entries(0..25);
    for some in all.chunks(7) {
        let appended = spool.append(some).unwrap();
        assert_eq!(appended.accepted, some.len() as u64);
    }
    assert_eq!(spool.counts().entries, 25);
    assert_eq!(drain(&mut spool, 10), all);
    assert_eq!(spool.counts().entries, 0);
    assert_eq!(spool.counts().bytes, 0);
}

#[test]
fn entries_are_there_in_the_next_life_and_what_was_confirmed_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let all = entries(0..30);
    spool.append(&all).unwrap();
    let first = spool.next_batch(10, u64::MAX).unwrap().unwrap();
    spool.confirm(first.number);
    spool.close().unwrap();

    let (mut spool, recovered) = opened(folder.path());
    assert_eq!(recovered.entries, 20);
    assert_eq!((recovered.damaged, recovered.unknown_damage), (0, false));
    assert_eq!(drain(&mut spool, 7), all[10..]);
}

#[test]
fn id_that_comes_again_leaves_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let all = entries(0..5);
    spool.append(&all).unwrap();
    let again = spool.append(&entries(3..7)).unwrap();
    assert_eq!((again.accepted, again.duplicates), (2, 2));
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(spool.append(&all).unwrap().duplicates, 5);
    assert_eq!(drain(&mut spool, 100), entries(0..7));
}

#[test]
fn batch_of_an_earlier_life_comes_first_and_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..10)).unwrap();
    let first = spool.next_batch(4, u64::MAX).unwrap().unwrap();
    let second = spool.next_batch(3, u64::MAX).unwrap().unwrap();
    drop(spool);

    let mut spool = open(folder.path());
    spool.append(&entries(10..12)).unwrap();
    // Asked for other sizes than before.
    for before in [&first, &second] {
        let after = spool.next_batch(2, 1).unwrap().unwrap();
        assert_eq!(after.number, before.number);
        assert_eq!(after.entries, before.entries);
    }
    let third = spool.next_batch(100, u64::MAX).unwrap().unwrap();
    assert_eq!(third.entries, entries(7..12));
    assert!(spool.next_batch(100, u64::MAX).unwrap().is_none());
}

#[test]
fn released_batch_comes_again_before_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..10)).unwrap();
    let first = spool.next_batch(4, u64::MAX).unwrap().unwrap();
    spool.release(first.number);
    let again = spool.next_batch(9, u64::MAX).unwrap().unwrap();
    assert_eq!(again.number, first.number);
    assert_eq!(again.entries, first.entries);
    assert_eq!(ids(&drain(&mut spool, 9)), ids(&entries(4..10)));
    spool.confirm(again.number);
    assert_eq!(spool.counts().entries, 0);
}

#[test]
fn rest_of_a_batch_that_was_stored_in_part_comes_under_another_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..10)).unwrap();
    let batch = spool.next_batch(6, u64::MAX).unwrap().unwrap();
    let stored = [0, 1, 4].map(|it| batch.entries[it].id);
    spool.confirm_some(batch.number, &stored).unwrap();
    assert_eq!(spool.counts().entries, 7);
    spool.release(batch.number);
    let rest = spool.next_batch(3, u64::MAX).unwrap().unwrap();
    assert_ne!(rest.number, batch.number);
    assert_eq!(ids(&rest.entries), [2, 3, 5].map(sample::id));
    spool.confirm(rest.number);
    assert_eq!(ids(&drain(&mut spool, 100)), ids(&entries(6..10)));
}

#[test]
fn part_of_a_batch_and_then_the_rest_are_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..10)).unwrap();
    let batch = spool.next_batch(6, u64::MAX).unwrap().unwrap();
    spool
        .confirm_some(batch.number, &[sample::id(2), sample::id(8)])
        .unwrap();
    assert_eq!(spool.counts().entries, 9, "8 is not of the batch");
    spool.confirm(batch.number);
    assert_eq!(spool.counts().entries, 4);
    spool.flush().unwrap();
    assert_eq!(spool.counts().entries, 4);
    assert_eq!(ids(&drain(&mut spool, 100)), ids(&entries(6..10)));
}

#[test]
fn batch_keeps_within_entries_and_bytes_but_for_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..10)).unwrap();
    let bytes = spool.counts().bytes / 10;
    let mut taken = |entries, bytes| {
        let batch = spool.next_batch(entries, bytes).unwrap().unwrap();
        batch.entries.len()
    };
    assert_eq!(taken(2, u64::MAX), 2);
    assert_eq!(taken(100, bytes * 3 + bytes / 2), 3);
    assert_eq!(taken(100, 1), 1);
    drop(spool);
    let mut spool = open(folder.path());
    for _ in 0..3 {
        spool.next_batch(1, 1).unwrap();
    }
    // From the file now.
    let batch = spool
        .next_batch(100, bytes * 2 + bytes / 2)
        .unwrap()
        .unwrap();
    assert_eq!(batch.entries.len(), 2);
    assert_eq!(spool.next_batch(100, 1).unwrap().unwrap().entries.len(), 1);
}

#[test]
fn second_use_of_a_folder_is_refused_and_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let error = SpoolFile::open(&Spool::at(folder.path()), SyncMode::Full)
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
    drop(spool);
    open(folder.path());
}

#[test]
fn folder_and_files_are_made_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let mut spool = open(&path);
    spool.flush().unwrap();
    spool.append(&entries(0..3)).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        let files = std::fs::read_dir(&path).unwrap();
        let files = Vec::from_iter(files.map(|it| it.unwrap().path()));
        assert_eq!(files.len(), 4, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{file:?}");
        }
    }
}

#[test]
fn every_entry_reads_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = sample::variants(0);
    let first = all.len() as u32;
    for (number, text) in (first..).zip(sample::HOSTILE) {
        all.push(sample::everywhere(number, text));
    }
    let all: Vec<_> = all.into_iter().map(Arc::new).collect();
    open(folder.path()).append(&all).unwrap();
    let (mut spool, recovered) = opened(folder.path());
    assert_eq!(recovered.entries, all.len() as u64);
    assert_eq!(drain(&mut spool, 50), all);
}

#[test]
fn event_whose_data_is_nested_deeply_is_not_taken_for_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let mut deep = sample::event(1);
    if let EntryKind::Event(event) = &mut deep.kind {
        event.data = (0..500).fold("leaf".into(), |inner, _| serde_json::json!([inner]));
    }
    spool.append(&[Arc::new(deep.clone())]).unwrap();
    drop(spool);
    let (mut spool, recovered) = opened(folder.path());
    assert_eq!((recovered.entries, recovered.damaged), (1, 0));
    let found = drain(&mut spool, 10).remove(0);
    assert_eq!(found.id, deep.id);
    let data = &found.event().unwrap().data;
    assert!(data.as_str().unwrap().contains("leaf"), "{data}");
}
