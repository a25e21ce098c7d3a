//! No planted secret in any byte that leaves the process's memory, and no harmless text hidden.
//!
//! A generator makes exchanges and events of all kinds, plants canaries in every sensitive place and decoys beside them, and sends them through
//! the layer into every sink. Then the raw bytes of every file, what the process wrote to its standard streams and the answers of every endpoint
//! are searched for the canaries in every encoding; and every decoy has to be there.
//!
//! 2,000 cases by default, at the numbers from 0 on. More of them:
//!
//!     CANARY_CASES=100000 cargo test --test it canary -- --nocapture
//!
//! A failure tells the number of the case and the place. It alone, with what its entries then show:
//!
//!     CANARY_FIRST=1234 CANARY_CASES=1 CANARY_SHOW=1 cargo test --test it canary -- --nocapture

mod ask;
mod bodies;
mod case;
mod dice;
mod fields;
mod json;
mod multipart;
mod names;
mod pairs;
mod plant;
mod seek;
mod sinks;
mod told;

use std::collections::HashMap;
use std::process::Command;

use tower_api_log::LogEntry;

pub(crate) use bodies::{BODIES, Body};
pub(crate) use case::Case;
pub(crate) use fields::fields;
pub(crate) use json::MEMBERS;
pub(crate) use pairs::PAIRS;
use plant::MARK;
pub(crate) use plant::Plant;
use sinks::Sinks;
pub(crate) use sinks::{Seen, entries};

/// All of them share one; a case has its own number.
const SEED: u64 = 0x5eed_ca9a_71e5;
/// The cases that go through one layer.
const BATCH: u32 = 250;
/// How many failures are told.
const MOST_TOLD: usize = 40;
/// Tells a child which cases are its own: the first and how many.
const CHILD: &str = "CANARY_CHILD";

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |it| it.parse().expect("a number of cases"))
}

/// Tells whether to show what the entries hold, which is for whoever looks for a cause.
fn is_shown() -> bool {
    std::env::var_os("CANARY_SHOW").is_some()
}

#[test]
fn t2_no_canary_leaves_and_every_decoy_stays() {
    if let Ok(own) = std::env::var(CHILD) {
        let (first, count) = own.split_once(' ').unwrap();
        return child(first.parse().unwrap(), count.parse().unwrap());
    }
    let (first, cases) = (number("CANARY_FIRST", 0), number("CANARY_CASES", 2000));
    // In processes of their own, because what they write to their standard streams is searched as well.
    let half = cases.div_ceil(2);
    let children: Vec<_> = [(first, half), (first + half, cases - half)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(first, count)| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args([
                "--exact",
                "canary::t2_no_canary_leaves_and_every_decoy_stays",
                "--nocapture",
                "--test-threads",
                "1",
            ]);
            command.env(CHILD, format!("{first} {count}"));
            std::thread::spawn(move || command.output().unwrap())
        })
        .collect();
    for child in children {
        let output = child.join().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&told);
        if !is_shown() {
            let mut seen = Seen::new();
            seen.text("standard streams", &shown);
            assert_eq!(seen.leaks, [""; 0]);
        }
        assert!(output.status.success(), "{shown}");
        assert!(shown.contains("1 passed"), "the child ran: {shown}");
    }
}

/// Sends the cases of one process.
fn child(first: u32, count: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut failures = Vec::new();
    let last = first + count;
    for from in (first..last).step_by(BATCH as usize) {
        failures.extend(runtime.block_on(batch(from, last.min(from + BATCH))));
        if failures.len() > MOST_TOLD {
            break;
        }
    }
    failures.truncate(MOST_TOLD);
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// Sends cases through one layer, and returns what is wrong.
async fn batch(from: u32, to: u32) -> Vec<String> {
    let sinks = Sinks::open();
    let mut canaries = Vec::new();
    let mut decoys = HashMap::new();
    for number in from..to {
        let mut plant = Plant::new(SEED, number);
        let case = Case::new(&mut plant);
        case.send(&sinks.layer).await;
        decoys.extend(
            plant
                .decoys
                .into_iter()
                .map(|it| (it.text, (number, it.place))),
        );
        canaries.extend(
            plant
                .canaries
                .into_iter()
                .map(|(place, it)| (number, place, it)),
        );
    }
    let recorder = sinks.layer.recorder();
    recorder.flush().await.unwrap();
    let mut seen = Seen::new();
    seen.text(
        "statistics",
        &format!("{:?} {:?}", recorder.stats(), sinks.layer),
    );
    let balance = recorder.stats().balance;
    assert_eq!(
        (balance.in_flight(), balance.dropped_total()),
        (0, 0),
        "all were recorded"
    );

    let mut failures = Vec::new();
    let stored = entries(&sinks.sqlite).await;
    assert!(
        entries(&sinks.memory).await == stored,
        "both stores hold the same"
    );
    assert_eq!(stored.len() as u64, balance.stored());
    for entry in &stored {
        if is_shown() {
            println!(
                "\n{{\"case\":{from}}} {}",
                serde_json::to_string(entry).unwrap()
            );
        }
        let known = seen.leaks.len();
        seen.entry("store", entry);
        if seen.leaks.len() > known {
            failures.push(format!(
                "{}: {}",
                whose(entry, &canaries),
                seen.leaks[known..].join("; ")
            ));
        }
    }
    seen.leaks.clear();
    hidden("store", &seen, &decoys, &mut failures);
    seen.files("while open", sinks.folder());
    let lines = std::fs::read_to_string(sinks.folder().join("all.ndjson")).unwrap();
    assert_eq!(
        lines.lines().count(),
        stored.len(),
        "one line for each entry"
    );
    seen.decoys.clear();
    seen.text("all.ndjson", &lines);
    hidden("all.ndjson", &seen, &decoys, &mut failures);
    ask::every_endpoint(&sinks, &stored, &canaries, &mut seen, &mut failures).await;
    let report = recorder.shutdown(std::time::Duration::from_secs(20)).await;
    assert!(report.is_complete());
    drop(recorder);
    let folder = sinks.close();
    seen.files("when closed", folder.path());
    failures.extend(
        seen.leaks
            .into_iter()
            .map(|it| format!("cases {from} to {to}: {it}")),
    );
    failures
}

/// Tells the decoys that were not seen.
fn hidden(
    place: &str,
    seen: &Seen,
    decoys: &HashMap<String, (u32, &'static str)>,
    failures: &mut Vec<String>,
) {
    let hidden = decoys
        .iter()
        .filter(|(decoy, _)| !seen.decoys.contains(*decoy));
    let mut hidden: Vec<_> = hidden
        .map(|(decoy, (number, of))| (number, of, decoy))
        .collect();
    hidden.sort();
    failures.extend(
        hidden
            .into_iter()
            .map(|(number, of, decoy)| format!("case {number}, {of}: {decoy} is not in {place}")),
    );
}

/// Names the case and place of the canaries that an entry shows.
fn whose(entry: &LogEntry, canaries: &[(u32, &'static str, String)]) -> String {
    let text = serde_json::to_string(entry).unwrap();
    let shown = canaries
        .iter()
        .filter(|(.., canary)| text.contains(canary.as_str()));
    let mut all: Vec<_> = shown
        .map(|(number, place, _)| format!("case {number}, {place}"))
        .collect();
    all.dedup();
    match all.is_empty() {
        true => format!("an entry with a part, or another encoding, of a canary with {MARK:.1}…"),
        false => all.join("; "),
    }
}
