use super::*;
use crate::entry::Outcome;

fn start(number: u32) -> LogEntry {
    let mut entry = sample::plain(number);
    sample::change(&mut entry, |it| {
        it.response = None;
        it.outcome = Outcome::LeftBeforeResponse;
    });
    entry
}

#[test]
fn t30_exchange_that_was_under_way_when_the_process_died_is_an_entry_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    assert_eq!(
        spool
            .begin(&[start(0), start(1), start(2), sample::event(3)])
            .unwrap(),
        3
    );
    assert_eq!(spool.begin(&[start(0)]).unwrap(), 0);
    spool.append(&[Arc::new(sample::plain(0))]).unwrap();
    spool.cancel(&[sample::id(1), sample::id(9)]).unwrap();
    assert_eq!(spool.counts().started, 1);
    drop(spool);

    let (mut spool, recovered) = opened(folder.path());
    assert_eq!((recovered.entries, recovered.died), (2, 1));
    assert_eq!(spool.counts().started, 0);
    let all = drain(&mut spool, 10);
    assert_eq!(*all[0], sample::plain(0));
    let mut died = start(2);
    sample::change(&mut died, |it| it.outcome = Outcome::ProcessDied);
    assert_eq!(*all[1], died);
    assert!(all[1].exchange().unwrap().has_failed());
    drop(spool);
    assert_eq!(
        opened(folder.path()).1.entries,
        2,
        "confirmed and not yet taken out"
    );
}

#[test]
fn start_that_comes_after_its_entry_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[Arc::new(sample::plain(0))]).unwrap();
    assert_eq!(spool.begin(&[start(0)]).unwrap(), 0);
    drop(spool);
    assert_eq!(opened(folder.path()).1.died, 0);
}

#[test]
fn thousands_that_were_under_way_all_become_entries() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let starts: Vec<_> = (0..1000).map(start).collect();
    spool.begin(&starts).unwrap();
    drop(spool);
    let (mut spool, recovered) = opened(folder.path());
    assert_eq!((recovered.entries, recovered.died), (1000, 1000));
    assert_eq!(drain(&mut spool, 300).len(), 1000);
}
