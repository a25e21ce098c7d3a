//! Random sequences of calls, held against a plain list; with crashes at any point, and logs that are torn at any place.

use std::fs;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append(u32),
    AppendAgain,
    Next(usize),
    Confirm(usize),
    ConfirmSome(usize, u8),
    Release(usize),
    SetAside(usize),
    Replay,
    Flush,
    Idle,
    Close,
    Crash,
    TornCopies,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..9_u32).prop_map(Step::Append),
        1 => Just(Step::AppendAgain),
        5 => (1..9_usize).prop_map(Step::Next),
        3 => (0..9_usize).prop_map(Step::Confirm),
        2 => (0..9_usize, any::<u8>()).prop_map(|(at, mask)| Step::ConfirmSome(at, mask)),
        2 => (0..9_usize).prop_map(Step::Release),
        2 => (0..99_usize).prop_map(Step::SetAside),
        1 => Just(Step::Replay),
        1 => Just(Step::Flush),
        1 => Just(Step::Idle),
        1 => Just(Step::Close),
        1 => Just(Step::Crash),
        1 => Just(Step::TornCopies),
    ]
}

/// What the file has by its last transaction.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kept {
    queue: Vec<u32>,
    /// Batches with their numbers, by their places.
    frozen: Vec<(u64, Vec<u32>)>,
    dead: Vec<u32>,
}

#[derive(Debug)]
struct Out {
    number: u64,
    left: Vec<u32>,
    is_whole: bool,
}

struct Model {
    folder: tempfile::TempDir,
    spool: Option<SpoolFile>,
    now: Kept,
    out: Vec<Out>,
    /// Every state that a transaction has left since the log was last emptied for good; the last is the newest.
    history: Vec<Kept>,
    /// How much of the log was on the disk before, and is not torn any more.
    floor: usize,
    next: u32,
}

impl Model {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory).unwrap(),
            false => tempfile::tempdir().unwrap(),
        };
        Self {
            spool: Some(open(folder.path())),
            folder,
            now: Kept::default(),
            out: Vec::new(),
            history: vec![Kept::default()],
            floor: 0,
            next: 0,
        }
    }

    fn spool(&mut self) -> &mut SpoolFile {
        self.spool.as_mut().unwrap()
    }

    fn committed(&mut self) {
        self.history.push(self.now.clone());
    }

    fn flushed(&mut self) {
        self.history = vec![self.now.clone()];
        self.floor = 0;
    }

    fn log_length(&self) -> usize {
        let log = fs::metadata(self.folder.path().join("spool.db-wal"));
        log.map_or(0, |it| it.len()) as usize
    }

    fn thaw(&mut self, number: u64) {
        self.now.frozen.retain(|(it, _)| *it != number);
    }

    fn take(&mut self, gone: &[u32]) {
        self.now.queue.retain(|it| !gone.contains(it));
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Append(count) => {
                let numbers = self.next..self.next + count;
                self.next += count;
                let appended = self.spool().append(&entries(numbers.clone())).unwrap();
                assert_eq!(appended.accepted, u64::from(count));
                self.now.queue.extend(numbers);
                self.committed();
            }
            Step::AppendAgain => {
                let some: Vec<_> = self.now.queue.iter().copied().take(3).collect();
                let some: Vec<_> = some.iter().flat_map(|it| entries(*it..it + 1)).collect();
                let appended = self.spool().append(&some).unwrap();
                assert_eq!(appended.duplicates, some.len() as u64);
                if !some.is_empty() {
                    self.committed();
                }
            }
            Step::Next(most) => self.next_batch(most),
            Step::Confirm(at) if !self.out.is_empty() => {
                let out = self.out.remove(at % self.out.len());
                self.spool().confirm(out.number);
                self.take(&out.left);
                self.thaw(out.number);
            }
            Step::ConfirmSome(at, mask) if !self.out.is_empty() => {
                let at = at % self.out.len();
                let out = &mut self.out[at];
                out.is_whole = false;
                let number = out.number;
                let mut index = 0;
                let mut gone = Vec::new();
                out.left.retain(|it| {
                    index += 1;
                    let goes = mask >> (index % 8) & 1 == 1;
                    gone.extend(goes.then_some(*it));
                    !goes
                });
                if out.left.is_empty() {
                    self.out.remove(at);
                }
                let ids: Vec<_> = gone.iter().map(|it| sample::id(*it)).collect();
                self.spool().confirm_some(number, &ids).unwrap();
                self.take(&gone);
                self.thaw(number);
                self.committed();
            }
            Step::Release(at) if !self.out.is_empty() => {
                let out = self.out.remove(at % self.out.len());
                self.spool().release(out.number);
                assert_eq!(
                    out.is_whole,
                    self.now.frozen.iter().any(|it| it.0 == out.number)
                );
            }
            Step::SetAside(at) if !self.now.queue.is_empty() => {
                let number = self.now.queue[at % self.now.queue.len()];
                let done = self
                    .spool()
                    .set_aside(sample::id(number), "refused", sample::time(0))
                    .unwrap();
                assert!(done.was_found);
                self.take(&[number]);
                self.now.dead.push(number);
                self.now.frozen.retain(|(_, all)| !all.contains(&number));
                for out in &mut self.out {
                    out.is_whole &= !out.left.contains(&number);
                    out.left.retain(|it| *it != number);
                }
                self.out.retain(|it| !it.left.is_empty());
                self.committed();
            }
            Step::Replay => {
                let count = self.spool().replay(None).unwrap();
                assert_eq!(count, self.now.dead.len() as u64);
                let dead = std::mem::take(&mut self.now.dead);
                if !dead.is_empty() {
                    self.now.queue.extend(dead);
                    self.committed();
                }
            }
            Step::Flush => {
                self.spool().flush().unwrap();
                self.flushed();
            }
            Step::Idle => {
                while self.spool().idle().unwrap() {}
                self.flushed();
            }
            Step::Close => {
                self.spool.take().unwrap().close().unwrap();
                self.flushed();
                self.start();
            }
            Step::Crash => {
                // Neither closed nor flushed: what was only confirmed comes again.
                let copy = self.copy(None);
                if self.history.len() == 1 {
                    // The next life writes behind what was flushed.
                    self.floor = self.log_length();
                }
                self.spool = None;
                self.folder = copy;
                self.now = self.history.last().unwrap().clone();
                self.start();
            }
            Step::TornCopies => self.tear(),
            _ => {}
        }
        let (entries, dead) = (self.now.queue.len() as u64, self.now.dead.len() as u64);
        let counts = self.spool().counts();
        assert_eq!((counts.entries, counts.dead_letters), (entries, dead));
        assert_eq!((counts.damaged, counts.unknown_damage), (0, false));
        assert!(counts.entries > 0 || counts.bytes == 0);
    }

    fn start(&mut self) {
        self.out.clear();
        self.spool = Some(open(self.folder.path()));
    }

    fn next_batch(&mut self, most: usize) {
        let waiting_frozen = self
            .now
            .frozen
            .iter()
            .find(|(number, _)| self.out.iter().all(|it| it.number != *number))
            .cloned();
        let taken = |it: &u32| {
            self.out.iter().any(|out| out.left.contains(it))
                || self.now.frozen.iter().any(|(_, all)| all.contains(it))
        };
        let loose: Vec<_> = self
            .now
            .queue
            .iter()
            .copied()
            .filter(|it| !taken(it))
            .collect();
        let Some(batch) = self.spool().next_batch(most, u64::MAX).unwrap() else {
            assert!(waiting_frozen.is_none() && loose.is_empty(), "{loose:?}");
            return;
        };
        let all = numbers(&batch.entries);
        match waiting_frozen {
            Some((number, before)) => assert_eq!((number, before), (batch.number, all.clone())),
            None => {
                assert!(all.len() <= most);
                assert_eq!(all, loose[..all.len()]);
                self.now.frozen.push((batch.number, all.clone()));
                let place = |it: &(u64, Vec<u32>)| {
                    self.now.queue.iter().position(|queued| *queued == it.1[0])
                };
                let mut frozen = self.now.frozen.clone();
                frozen.sort_by_key(place);
                self.now.frozen = frozen;
                self.committed();
            }
        }
        self.out.push(Out {
            number: batch.number,
            left: all,
            is_whole: true,
        });
    }

    /// Copies the files as they are, the log up to a length.
    fn copy(&self, length: Option<usize>) -> tempfile::TempDir {
        let copy = tempfile::tempdir_in(self.folder.path().parent().unwrap()).unwrap();
        for name in ["spool.db", "spool.db-wal"] {
            let mut bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
            if name.ends_with("wal") {
                bytes.truncate(length.unwrap_or(usize::MAX));
            }
            fs::write(copy.path().join(name), bytes).unwrap();
        }
        copy
    }

    /// Opens copies whose log is torn: each is as some transaction has left it.
    fn tear(&self) {
        assert_eq!(read_all(&self.copy(None)), *self.history.last().unwrap());
        // A log that was moved into the file is on the disk, and is not torn any more.
        if self.history.len() == 1 {
            return;
        }
        let frame = file::PAGE_BYTES as usize + 24;
        let frames = self.log_length().saturating_sub(32) / frame;
        for at in (0..=frames).step_by(1 + frames / 6) {
            for odd in [0, 1, frame / 2] {
                let length = 32 + at * frame + odd;
                if length < self.floor {
                    continue;
                }
                let found = read_all(&self.copy(Some(length)));
                assert!(
                    self.history.contains(&found),
                    "{found:?} of {:?}",
                    self.history
                );
            }
        }
    }
}

fn read_all(folder: &tempfile::TempDir) -> Kept {
    let mut spool = open(folder.path());
    let frozen = spool.batches.len();
    let mut kept = Kept::default();
    while let Some(batch) = spool.next_batch(1000, u64::MAX).unwrap() {
        let all = numbers(&batch.entries);
        if kept.frozen.len() < frozen {
            kept.frozen.push((batch.number, all));
        }
    }
    let sql = "SELECT id FROM entry ORDER BY seq";
    let db = spool.db.as_ref().unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let number = |id: [u8; 16]| {
        let id = EntryId::from_bytes(id);
        (0..).find(|it| sample::id(*it) == id).unwrap()
    };
    let rows = statement
        .query_map([], |row| Ok(number(row.get(0)?)))
        .unwrap();
    kept.queue = rows.map(Result::unwrap).collect();
    drop(statement);
    let letters = spool.dead_letters(1000, None).unwrap();
    kept.dead = numbers(&Vec::from_iter(
        letters.into_iter().filter_map(|it| it.entry),
    ));
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn t34_spool_does_what_a_list_does_whatever_comes(steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new();
        for step in &steps {
            model.run(step);
        }
    }
}
