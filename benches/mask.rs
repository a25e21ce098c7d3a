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
//!
//! # Results
//!
//! 2026-11-23, 2 virtual cores of an Intel Xeon that were shared with other builds (load 5), Linux 6.18, rustc 1.95, thin LTO, valgrind 3.19. One run for each table.
//!
//! MB/s (10⁶ bytes), medians of 41 rounds in turns, at 1 KiB / 64 KiB; the last two columns are instructions a byte at 64 KiB:
//!
//! | document | ours | `Value` | strings | copy | ours to `Value` | ours, instructions | `Value` |
//! |---|--:|--:|--:|--:|--:|--:|--:|
//! | api | 287 / 331 | 217 / 135 | 1179 / 1159 | 24441 / 23919 | 1.3 / 2.4 | 51.91 | 78.39 |
//! | nothing masked | 308 / 360 | 142 / 145 | 944 / 934 | 18425 / 24095 | 2.2 / 2.5 | 54.46 | 103.95 |
//! | much masked | 151 / 258 | 149 / 157 | 951 / 929 | 16808 / 24014 | 1.0 / 1.6 | 61.22 | 100.54 |
//! | wide | 515 / 546 | 184 / 144 | 873 / 879 | 19132 / 23995 | 2.8 / 3.8 | 35.50 | 78.51 |
//! | deep | 260 / 288 | 95 / 35 | 781 / 746 | 23433 / 24242 | 2.7 / 8.2 | 72.44 | 183.72 |
//! | numbers | 293 / 315 | 138 / 135 | 87887 / 105690 | 23638 / 23008 | 2.1 / 2.3 | 65.03 | 101.97 |
//! | short strings | 347 / 244 | 128 / 112 | 499 / 484 | 23602 / 24373 | 2.7 / 2.2 | 52.84 | 126.97 |
//! | long strings | 749 / 910 | 1294 / 1149 | 15381 / 13301 | 25097 / 24500 | 0.6 / 0.8 | 15.26 | 16.71 |
//! | escaped | 99 / 100 | 188 / 200 | 631 / 591 | 23839 / 22521 | 0.5 / 0.5 | 147.35 | 81.65 |
//! | unicode | 258 / 285 | 254 / 247 | 1596 / 1429 | 1605 / 1493 | 1.0 / 1.2 | 65.77 | 62.78 |
//! | chat | 151 / 140 | 207 / 291 | 1185 / 1397 | 23239 / 24089 | 0.7 / 0.5 | 118.29 | 50.63 |
//! | ids and dates | 472 / 634 | 266 / 243 | 1450 / 1352 | 20572 / 22360 | 1.8 / 2.6 | 29.77 | 62.17 |
//! | new names | 192 / 110 | 159 / 80 | 1054 / 1001 | 19136 / 24081 | 1.2 / 1.4 | 118.70 | 102.28 |
//!
//! What a text costs depends on what may be in it: one with marks, or in which a detector may find something, is looked into, which is 7 to 10 ns a byte
//! (`escaped`, `chat`); the rest is passed. Before the walk was one pass, and before there were detectors, at a load of 5 too: escaped 106, chat 158, long strings
//! 242, deep 272, numbers 288, api 399, nothing masked 479 at 64 KiB. Parsing into `Value` looks for nothing.
//!
//! Adversarial bodies, nanoseconds a byte, the slowest of 183. By the least of three runs none takes 4 MiB more than 1.6 times as long a byte as 64 KiB, by
//! any one run of these, at a load of 6, up to 4 times.
//!
//! | body | 64 KiB | 256 KiB | 1 MiB | 4 MiB | largest to smallest |
//! |---|--:|--:|--:|--:|--:|
//! | `a=1;` in a form | 98.4 | 99.8 | 103.4 | 101.1 | 1.03 |
//! | `a=1;` in strings of 120 | 92.2 | 92.6 | 92.9 | 91.1 | 0.99 |
//! | `a=1;` in a string | 85.0 | 84.9 | 87.3 | 87.8 | 1.03 |
//! | `a=%41;` in strings of 120 | 72.6 | 73.2 | 72.5 | 74.1 | 1.02 |
//! | `a=%41;` in a form | 64.0 | 65.6 | 66.9 | 67.7 | 1.06 |
//! | `a=%41;` in a string | 58.8 | 59.6 | 60.6 | 61.7 | 1.05 |
//! | `name=pin&value=1&` in strings of 120 | 37.0 | 54.2 | 55.4 | 53.1 | 1.43 |
//! | `a=1&` in strings of 120 | 34.0 | 34.5 | 39.7 | 48.4 | 1.42 |

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
