//! Ordinary documents: MB/s of each contender, in turns within one process.

use std::time::{Duration, Instant};

use crate::contenders::{Contenders, NAMES};
use crate::documents::Random;
use crate::varied::vary;
use crate::{SIZES, documents};

const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(1);
/// Smaller documents take turns with others of their kind, which together are as long.
const DISTINCT_BYTES: usize = 64 << 10;

pub(crate) fn table() {
    let mut contenders = Contenders::new();
    for size in SIZES {
        println!("\nMB/s, documents of {} KiB\n", size >> 10);
        println!(
            "| document | bytes | {} | ours to Value |",
            NAMES.join(" | ")
        );
        println!("|---|{}--:|", "--:|".repeat(NAMES.len() + 1));
        let mut worst = (f64::MAX, f64::MAX);
        for (name, make) in documents::SHAPES {
            let documents = match size < DISTINCT_BYTES {
                true => distinct(&make(size)),
                false => vec![make(size)],
            };
            let speeds = measure(&mut contenders, &documents);
            let ratio = speeds[0] / speeds[1];
            worst = (worst.0.min(speeds[0]), worst.1.min(ratio));
            let shown: Vec<_> = speeds.iter().map(|it| format!("{it:.0}")).collect();
            println!(
                "| {name} | {} | {} | {ratio:.1} |",
                documents.iter().map(String::len).sum::<usize>() / documents.len(),
                shown.join(" | ")
            );
        }
        println!("| least | | {:.0} | | | | {:.1} |", worst.0, worst.1);
    }
}

/// Makes documents that take turns.
fn distinct(document: &str) -> Vec<String> {
    let mut random = Random(0x5eed_0000_0000_0003);
    let count = DISTINCT_BYTES / document.len();
    (0..count).map(|_| vary(document, &mut random)).collect()
}

fn measure(contenders: &mut Contenders, documents: &[String]) -> [f64; 4] {
    let mut turns = NAMES.map(|_| documents.iter().cycle());
    let mean = documents.iter().map(String::len).sum::<usize>() as f64 / documents.len() as f64;
    let mut run = |at: usize, name: &str| {
        if let Some(document) = turns[at].next() {
            contenders.run(name, document.as_bytes());
        }
    };
    let mut counts = [0; NAMES.len()];
    for (at, name) in NAMES.iter().enumerate() {
        counts[at] = count(documents.len(), || run(at, name));
    }
    let mut times = NAMES.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (at, name) in NAMES.iter().enumerate() {
            let start = Instant::now();
            for _ in 0..counts[at] {
                run(at, name);
            }
            times[at].push(start.elapsed().as_secs_f64() / counts[at] as f64);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        mean / times[ROUNDS / 2] / 1e6
    })
}

/// Counts how often a contender runs in a round, in which each document has as many turns.
fn count(documents: usize, mut run: impl FnMut()) -> usize {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < ROUND {
        (0..documents).for_each(|_| run());
        count += documents;
    }
    count
}
