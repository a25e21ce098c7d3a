//! What masking a body of JSON costs, beside parsing it and beside reading it.
//!
//! ```text
//! cargo bench --bench mask                    everything, about 3 minutes
//! cargo bench --bench mask -- --speed         ordinary documents, side by side, 20 s
//! cargo bench --bench mask -- --instructions  the same under callgrind (needs valgrind), 1 minute
//! cargo bench --bench mask -- --slopes        adversarial bodies at four sizes, 1 minute
//! cargo bench --bench mask -- --slopes 'a=1;' those that have it in their names
//! ```
//!
//! Contenders, each from borrowed bytes to a text of its own that is then dropped: this crate's `Masker::body` with the default rules, which copies the
//! bytes first, because the layer has them in a buffer of its own by then; `serde_json::Value` in and out, which checks and prints, and masks nothing; a
//! walk over all strings by `memchr2`, which checks nothing; a check of UTF-8 and a copy, the floor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "mask/contenders.rs"]
mod contenders;
#[path = "mask/documents.rs"]
mod documents;
#[path = "mask/instructions.rs"]
mod instructions;
#[path = "mask/slopes.rs"]
mod slopes;
#[path = "mask/speed.rs"]
mod speed;

/// The sizes of ordinary documents.
const SIZES: [usize; 2] = [1 << 10, 64 << 10];

fn main() {
    let arguments: Vec<_> = std::env::args().filter(|it| it != "--bench").collect();
    let words: Vec<_> = arguments.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            speed::table();
            instructions::table();
            slopes::table("");
        }
        ["--speed"] => speed::table(),
        ["--instructions"] => instructions::table(),
        ["--slopes"] => slopes::table(""),
        ["--slopes", part] => slopes::table(part),
        ["--child", job @ ..] => instructions::run(job),
        _ => println!("see the head of benches/mask.rs"),
    }
}
