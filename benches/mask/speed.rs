//! Ordinary documents: MB/s of each contender, in turns within one process.

use std::time::{Duration, Instant};

use crate::contenders::{Contenders, NAMES};
use crate::{SIZES, documents};

const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(1);

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
            let document = make(size);
            let speeds = measure(&mut contenders, document.as_bytes());
            let ratio = speeds[0] / speeds[1];
            worst = (worst.0.min(speeds[0]), worst.1.min(ratio));
            let shown: Vec<_> = speeds.iter().map(|it| format!("{it:.0}")).collect();
            println!(
                "| {name} | {} | {} | {ratio:.1} |",
                document.len(),
                shown.join(" | ")
            );
        }
        println!("| least | | {:.0} | | | | {:.1} |", worst.0, worst.1);
    }
}

fn measure(contenders: &mut Contenders, document: &[u8]) -> [f64; 4] {
    let counts = NAMES.map(|name| count(contenders, name, document));
    let mut times = NAMES.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (at, name) in NAMES.iter().enumerate() {
            let start = Instant::now();
            for _ in 0..counts[at] {
                contenders.run(name, document);
            }
            times[at].push(start.elapsed().as_secs_f64() / counts[at] as f64);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        document.len() as f64 / times[ROUNDS / 2] / 1e6
    })
}

/// Counts how often a contender runs in a round.
fn count(contenders: &mut Contenders, name: &str, document: &[u8]) -> usize {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < ROUND {
        contenders.run(name, document);
        count += 1;
    }
    count
}
