use rusqlite::Connection;

use super::*;

#[test]
fn t36_entry_that_the_sink_refuses_is_set_aside_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..6)).unwrap();
    let batch = spool.next_batch(4, u64::MAX).unwrap().unwrap();
    let done = spool
        .set_aside(sample::id(2), "refused", sample::time(9))
        .unwrap();
    assert!(done.was_found);
    let counts = spool.counts();
    assert_eq!((counts.entries, counts.dead_letters), (5, 1));
    spool.confirm(batch.number);
    assert_eq!(numbers(&drain(&mut spool, 10)), [4, 5]);
    drop(spool);

    let (mut spool, recovered) = opened(folder.path());
    assert_eq!((recovered.entries, recovered.dead_letters), (2, 1));
    let letters = spool.dead_letters(10, None).unwrap();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.entry.as_deref(), Some(&sample::exchange(2)));
    assert_eq!((letter.error.as_str(), letter.attempts), ("refused", 1));
    assert_eq!(letter.at, sample::time(9));
}

#[test]
fn rest_of_a_batch_of_which_one_was_set_aside_comes_under_another_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..6)).unwrap();
    let batch = spool.next_batch(4, u64::MAX).unwrap().unwrap();
    spool
        .set_aside(sample::id(0), "refused", sample::time(9))
        .unwrap();
    for is_reopened in [false, true] {
        match is_reopened {
            true => {
                drop(spool);
                spool = open(folder.path());
            }
            false => spool.release(batch.number),
        }
        let rest = spool.next_batch(3, u64::MAX).unwrap().unwrap();
        assert_ne!(rest.number, batch.number);
        assert_eq!(numbers(&rest.entries), [1, 2, 3]);
    }
}

#[test]
fn dead_letters_go_back_to_the_end_of_the_queue_and_know_how_often() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..5)).unwrap();
    for number in [1, 3, 4] {
        spool
            .set_aside(sample::id(number), "refused", sample::time(9))
            .unwrap();
    }
    assert_eq!(
        spool.replay(Some(&[sample::id(3), sample::id(0)])).unwrap(),
        1
    );
    assert_eq!(spool.counts().dead_letters, 2);
    assert_eq!(numbers(&drain(&mut spool, 10)), [0, 2, 3]);
    assert_eq!(spool.replay(None).unwrap(), 2);
    spool
        .set_aside(sample::id(4), "again", sample::time(10))
        .unwrap();
    assert_eq!(numbers(&drain(&mut spool, 10)), [1]);
    let letters = spool.dead_letters(10, None).unwrap();
    assert_eq!((letters.len(), letters[0].attempts), (1, 2));
    assert_eq!(spool.counts().entries, 0);
}

#[test]
fn oldest_dead_letters_give_way_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Spool::at(folder.path())
        .max_dead_letters(3)
        .max_bytes(1 << 20);
    let (mut spool, _) = SpoolFile::open(&settings, SyncMode::Normal).unwrap();
    spool.append(&entries(0..5)).unwrap();
    let mut dropped = 0;
    for number in 0..5 {
        let done = spool.set_aside(sample::id(number), "refused", sample::time(9));
        dropped += done.unwrap().dropped_oldest;
    }
    assert_eq!((dropped, spool.counts().dead_letters), (2, 3));
    let page = spool.dead_letters(2, None).unwrap();
    assert_eq!(page[0].id, sample::id(2));
    let next = spool.dead_letters(2, Some(page[1].number)).unwrap();
    assert_eq!((next.len(), next[0].id), (1, sample::id(4)));

    // A quarter of the spool, by bytes.
    spool
        .append(&[large(10, 150 << 10), large(11, 150 << 10)])
        .unwrap();
    for (number, gives_way) in [(10, 1), (11, 3)] {
        let done = spool.set_aside(sample::id(number), "refused", sample::time(9));
        assert_eq!(done.unwrap().dropped_oldest, gives_way);
    }
    assert_eq!(spool.counts().dead_letters, 1);
}

#[test]
fn text_of_a_newer_version_is_set_aside_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&entries(0..3)).unwrap();
    drop(spool);
    // An entry that is sound and has an outcome of the future.
    let db = Connection::open(folder.path().join("spool.db")).unwrap();
    let (seq, text): (i64, String) = db
        .query_row(
            "SELECT seq, CAST(text AS TEXT) FROM entry WHERE seq = 2",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let text = text.replace("\"completed\"", "\"concluded\"");
    let id = sample::id(1);
    let head = super::super::stored::Marks::default().seal(seq, id.as_bytes(), text.as_bytes());
    db.execute(
        "UPDATE entry SET head = ?1, text = ?2 WHERE seq = ?3",
        (head, text.as_bytes(), seq),
    )
    .unwrap();
    drop(db);

    let mut spool = open(folder.path());
    assert_eq!(numbers(&drain(&mut spool, 10)), [0, 2]);
    let counts = spool.counts();
    assert_eq!(
        (counts.entries, counts.damaged, counts.dead_letters),
        (0, 1, 1)
    );
    assert_eq!(
        spool.replay(None).unwrap(),
        0,
        "it would come back again and again"
    );
    let letters = spool.dead_letters(10, None).unwrap();
    assert!(letters[0].entry.is_none());
    assert!(letters[0].text.as_ref().unwrap().contains("concluded"));
}
