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
//! 2026-11-23, 2 virtual cores of an Intel Xeon that were shared with other builds (load 11), Linux 6.18, rustc 1.95, thin LTO, valgrind 3.19. One run for each
//! table. In a calmer moment: api 406, nothing masked 573, numbers 503, wide 624, unicode 503 at 64 KiB.
//!
//! MB/s (10⁶ bytes), medians of 41 rounds in turns, at 1 KiB / 64 KiB; the last two columns are instructions a byte at 64 KiB:
//!
//! | document | ours | `Value` | strings | copy | ours to `Value` | ours, instructions | `Value` |
//! |---|--:|--:|--:|--:|--:|--:|--:|
//! | api | 339 / 309 | 211 / 106 | 1163 / 1132 | 23339 / 24076 | 1.6 / 2.9 | 40.93 | 78.39 |
//! | nothing masked | 448 / 547 | 138 / 133 | 918 / 903 | 18646 / 23492 | 3.3 / 4.1 | 35.95 | 103.95 |
//! | much masked | 150 / 240 | 142 / 133 | 941 / 887 | 17214 / 22079 | 1.1 / 1.8 | 57.11 | 100.54 |
//! | wide | 611 / 566 | 191 / 130 | 860 / 841 | 19357 / 22093 | 3.2 / 4.4 | 30.66 | 78.51 |
//! | deep | 314 / 335 | 92 / 4 | 762 / 735 | 22623 / 22824 | 3.4 / 79.8 | 61.10 | 183.72 |
//! | numbers | 420 / 498 | 125 / 120 | 85145 / 105387 | 22063 / 21874 | 3.4 / 4.1 | 40.20 | 101.97 |
//! | short strings | 529 / 639 | 143 / 97 | 480 / 446 | 22845 / 22027 | 3.7 / 6.6 | 33.85 | 126.97 |
//! | long strings | 872 / 1061 | 1307 / 1114 | 12974 / 13085 | 25653 / 23193 | 0.7 / 1.0 | 16.34 | 16.71 |
//! | escaped | 101 / 102 | 181 / 180 | 613 / 572 | 23709 / 21500 | 0.6 / 0.6 | 137.11 | 81.65 |
//! | unicode | 356 / 401 | 248 / 216 | 1493 / 1405 | 1454 / 1337 | 1.4 / 1.9 | 42.99 | 62.78 |
//! | chat | 229 / 199 | 195 / 233 | 1160 / 1338 | 22472 / 23448 | 1.2 / 0.9 | 73.03 | 50.63 |
//! | ids and dates | 527 / 721 | 266 / 215 | 1476 / 1296 | 19926 / 22126 | 2.0 / 3.4 | 27.59 | 62.17 |
//! | new names | 275 / 119 | 149 / 53 | 1006 / 987 | 18380 / 23467 | 1.8 / 2.2 | 85.55 | 102.28 |
//!
//! Of the 41 instructions a byte of `api`, 12 go to names (230 for each, and 85 to find what is known of it), 5 to the walk, 4 to scanning texts, 6 to what
//! detectors look into, 6 to what is masked and reported, and 4 to the copies and the checks of UTF-8 and ASCII.
//!
//! What a text costs depends on what may be in it: one with marks, or in which a detector may find something, is looked into (`escaped`, `chat`); the rest is
//! passed. `escaped` holds HTML, of which 52 of the 137 instructions a byte are those of reading it as XML. In 1 KiB every spot that is masked is also reported,
//! in 64 KiB only the first ones are, which is part of why `much masked` differs. Parsing into `Value` looks for nothing.
//!
//! Adversarial bodies, nanoseconds a byte at 64 KiB and a load of 11, those that were the slowest at a load of 5, and what they took then. Larger ones could not
//! be timed at that load: any run of theirs took several times as long, of the code before too, of which at a load of 5 none of 183 took 4 MiB more
//! than 1.6 times as long a byte as 64 KiB.
//!
//! | body | before | now |
//! |---|--:|--:|
//! | `a=1;` in a form | 98.4 | 46.3 |
//! | `a=1;` in strings of 120 | 92.2 | 44.0 |
//! | `a=1;` in a string | 85.0 | 38.0 |

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
#[path = "mask/varied.rs"]
mod varied;

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
