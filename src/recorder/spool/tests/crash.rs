//! T30: a process that is killed at any instant.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const FOLDER: &str = "API_LOG_SPOOL_CHILD_FOLDER";
const FIRST: &str = "API_LOG_SPOOL_CHILD_FIRST";
const FULL: &str = "API_LOG_SPOOL_CHILD_FULL";

/// Not a test of its own: works on a spool until it is killed, and tells what it does.
#[test]
#[ignore = "is run by the others"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut next: u32 = std::env::var(FIRST).unwrap().parse().unwrap();
    let sync = match std::env::var_os(FULL) {
        Some(_) => SyncMode::Full,
        None => SyncMode::Normal,
    };
    let settings = Spool::at(folder)
        .max_bytes(2 << 20)
        .max_dead_letters(1 << 20);
    let (mut spool, _) = SpoolFile::open(&settings, sync).unwrap();
    let mut random = Seeded(u64::from(next) + 1);
    let mut out = std::io::stdout().lock();
    let mut tell = |line: String| out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    tell("open 0".into());
    let mut held = Vec::new();
    loop {
        match random.below(10) {
            0..=4 => {
                let count = 1 + random.below(20) as u32;
                let some: Vec<_> = (next..next + count).map(|it| large(it, 700)).collect();
                tell(format!("try {}", words(numbers(&some))));
                next += count;
                let appended = spool.append(&some).unwrap();
                if appended.accepted == some.len() as u64 {
                    tell(format!("acknowledged {}", words(numbers(&some))));
                }
            }
            5..=6 => {
                if let Some(batch) = spool.next_batch(1 + random.below(30), 1 << 20).unwrap() {
                    let all = words(numbers(&batch.entries));
                    tell(format!("out {} {all}", batch.number));
                    held.push(batch);
                }
            }
            7..=8 if !held.is_empty() => {
                let batch = held.remove(random.below(held.len()));
                match random.below(4) {
                    0 => spool.release(batch.number),
                    1 => {
                        let number = numbers(&batch.entries)[0];
                        tell(format!("changing {} {number}", batch.number));
                        spool
                            .set_aside(sample::id(number), "refused", sample::time(1))
                            .unwrap();
                        spool.release(batch.number);
                    }
                    _ => {
                        let all = words(numbers(&batch.entries));
                        tell(format!("confirming {} {all}", batch.number));
                        spool.confirm(batch.number);
                    }
                }
            }
            _ => match random.below(2) {
                0 => spool.flush().unwrap(),
                _ => drop(spool.idle().unwrap()),
            },
        }
    }
}

struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

fn words(numbers: Vec<u32>) -> String {
    let words: Vec<_> = numbers.iter().map(u32::to_string).collect();
    words.join(" ")
}

#[derive(Default)]
struct Told {
    tried: BTreeSet<u32>,
    acknowledged: BTreeSet<u32>,
    /// May be gone from the queue.
    confirming: BTreeSet<u32>,
    /// Were set aside, or are in the queue.
    out: BTreeMap<u64, Vec<u32>>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let verb = words.next().unwrap();
        let mut number = || words.next().and_then(|it| it.parse::<u64>().ok());
        let batch = match verb {
            "out" | "confirming" | "changing" => number(),
            _ => None,
        };
        let list: Vec<_> = std::iter::from_fn(number).map(|it| it as u32).collect();
        match verb {
            "try" => self.tried.extend(list),
            "acknowledged" => self.acknowledged.extend(list),
            "out" => drop(self.out.insert(batch.unwrap(), list)),
            "confirming" => {
                self.confirming.extend(list);
                self.out.remove(&batch.unwrap());
            }
            "changing" => drop(self.out.remove(&batch.unwrap())),
            _ => {}
        }
    }
}

fn kill_again_and_again(rounds: u32, most_micros: usize, sync: SyncMode) {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    let mut random = Seeded(7);
    for round in 0..rounds {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "recorder::spool::tests::crash::child",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .env(FIRST, told.tried.last().map_or(0, |it| it + 1).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if sync == SyncMode::Full {
            command.env(FULL, "1");
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next().unwrap().unwrap() != "open 0" {}
        // Any instant of its work.
        std::thread::sleep(Duration::from_micros(random.below(most_micros) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        told.out.clear();
        for line in lines {
            told.hear(&line.unwrap());
        }
        verify(folder.path(), &told, round);
    }
    let (acknowledged, confirming) = (told.acknowledged.len(), told.confirming.len());
    assert!(
        acknowledged > 50 && confirming > 5,
        "{acknowledged} {confirming}"
    );
}

/// Holds what is in the folder against what the child has told.
fn verify(folder: &Path, told: &Told, round: u32) {
    let settings = Spool::at(folder)
        .max_bytes(2 << 20)
        .max_dead_letters(1 << 20);
    let (mut spool, recovered) = SpoolFile::open(&settings, SyncMode::Normal)
        .unwrap_or_else(|error| panic!("round {round}: {error}"));
    assert_eq!(
        (recovered.damaged, recovered.unknown_damage),
        (0, false),
        "round {round}"
    );
    let mut found = BTreeSet::new();
    let mut frozen = told.out.clone();
    let mut count = 0;
    while let Some(batch) = spool.next_batch(50, 1 << 20).unwrap() {
        let all = numbers(&batch.entries);
        if let Some(before) = frozen.remove(&batch.number) {
            assert_eq!(before, all, "round {round}");
        }
        count += all.len();
        found.extend(all);
        spool.release(batch.number);
        let batch = spool.next_batch(1, 1).unwrap().unwrap();
        // Held, so that the next one comes.
        assert!(!batch.entries.is_empty());
    }
    assert_eq!(count, found.len(), "round {round}: an id came twice");
    assert_eq!(count as u64, recovered.entries, "round {round}");
    assert!(
        frozen.is_empty(),
        "round {round}: a batch that was out has changed: {frozen:?}"
    );
    let letters = spool.dead_letters(usize::MAX, None).unwrap();
    for letter in letters {
        let entry = letter.entry.unwrap();
        assert!(
            found.insert(numbers(&[entry])[0]),
            "round {round}: in two places"
        );
    }
    assert!(found.is_subset(&told.tried), "round {round}");
    let lost: Vec<_> = told
        .acknowledged
        .iter()
        .filter(|it| !found.contains(it) && !told.confirming.contains(it))
        .collect();
    assert!(lost.is_empty(), "round {round}: lost {lost:?}");
}

#[test]
fn t30_process_killed_at_any_instant_loses_nothing_that_was_acknowledged() {
    kill_again_and_again(40, 60_000, SyncMode::Normal);
}

#[test]
fn t30_process_killed_at_any_instant_while_it_waits_for_the_disk_loses_nothing_either() {
    kill_again_and_again(20, 250_000, SyncMode::Full);
}

#[test]
fn folder_of_a_process_that_works_is_refused_and_free_as_soon_as_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "recorder::spool::tests::crash::child",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .env(FIRST, "0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while lines.next().unwrap().unwrap() != "open 0" {}
    let error = SpoolFile::open(&Spool::at(folder.path()), SyncMode::Normal)
        .err()
        .unwrap();
    assert_eq!(error.kind(), crate::error::ErrorKind::Configuration);
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    open(folder.path());
}
