//! The same documents under callgrind: instructions per byte, which no noise moves.
//!
//! A run of so many documents less a run of half as many, after the same warm-up. User mode only.

use std::fs;
use std::process::{Command, Stdio};

use crate::contenders::{Contenders, NAMES};
use crate::{SIZES, documents};

/// The bytes that a run goes through.
const BYTES: usize = 1 << 20;

pub(crate) fn table() {
    for size in SIZES {
        println!("\nInstructions a byte, documents of {} KiB\n", size >> 10);
        println!("| document | {} |", NAMES.join(" | "));
        println!("|---|{}", "--:|".repeat(NAMES.len()));
        for (shape, make) in documents::SHAPES {
            let length = make(size).len();
            let runs = BYTES.div_ceil(length);
            let each = NAMES.map(|name| {
                let all = collected(name, shape, size, runs * 2);
                let half = collected(name, shape, size, runs);
                format!("{:.2}", (all - half) / (runs * length) as f64)
            });
            println!("| {shape} | {} |", each.join(" | "));
        }
    }
}

fn collected(name: &str, shape: &str, size: usize, runs: usize) -> f64 {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let out = folder.path().join("out");
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["--child", name, shape, &size.to_string(), &runs.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("valgrind is installed");
    assert!(done.success(), "{name} under valgrind");
    let profile = fs::read_to_string(out).unwrap();
    let sum = profile.lines().find_map(|it| it.strip_prefix("summary: "));
    sum.unwrap().trim().parse().unwrap()
}

/// The child: one contender, one document, so many times.
pub(crate) fn run(job: &[&str]) {
    let [name, shape, size, runs] = job else {
        return;
    };
    let found = documents::SHAPES.iter().find(|(it, _)| it == shape);
    let document = found.unwrap().1(size.parse().unwrap());
    let mut contenders = Contenders::new();
    for _ in 0..runs.parse().unwrap() {
        contenders.run(name, document.as_bytes());
    }
}
