//! What the log costs, beside its peers: `cargo bench -p tower-api-log-benches --bench overhead -- MODE`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "overhead/allocations.rs"]
mod allocations;
#[path = "overhead/calls.rs"]
mod calls;
#[path = "overhead/child.rs"]
mod child;
#[path = "overhead/contenders.rs"]
mod contenders;
#[path = "overhead/exchange.rs"]
mod exchange;
#[path = "overhead/figures.rs"]
mod figures;
#[path = "overhead/http.rs"]
mod http;
#[path = "overhead/hung.rs"]
mod hung;
#[path = "overhead/instructions.rs"]
mod instructions;
#[path = "overhead/load.rs"]
mod load;
#[path = "overhead/memory.rs"]
mod memory;
#[path = "overhead/peers.rs"]
mod peers;

use std::process::ExitCode;

const USAGE: &str =
    "one of: (nothing: everything) --calls --instructions --functions CONTENDER --http --memory";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let is_held = match words.as_slice() {
        [] => {
            let steps = [
                figures::machine,
                instructions::table,
                calls::tables,
                http::tables,
                memory::table,
                hung::tables,
            ];
            // Every step runs, whatever the one before it found.
            steps
                .iter()
                .map(|step| step())
                .fold(true, |all, held| all & held)
        }
        ["--calls"] => calls::tables(),
        ["--instructions"] => instructions::table(),
        ["--functions", contender] => instructions::functions(contender),
        ["--http"] => http::tables(),
        ["--memory"] => memory::table() & hung::tables(),
        ["--child", job @ ..] => child::run(job),
        _ => {
            println!("{USAGE}");
            false
        }
    };
    if is_held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
