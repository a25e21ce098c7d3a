//! The SQLite store at a million rows, and the layouts that it was chosen from.
//!
//! ```text
//! cargo bench --bench sqlite                              the store, about 2 minutes and 3.2 GB in the folder for temporary files
//! cargo bench --bench sqlite -- 200000 /tmp/kept.db       with other rows, in a file that is kept and not filled again
//! cargo bench --bench sqlite -- sustained [ROWS]          the store behind the layer, beside one prepared INSERT: `sqlite/sustained.rs`, 40 s
//! cargo bench --bench sqlite -- layouts [ROWS]            the layouts, without this crate's store: `sqlite/layouts.rs`
//! ```
//!
//! The rows (`sqlite/traffic.rs`) are 3 KB each: 300 organisations, the largest with 15 % of the calls, 20,000 actors, 60 routes, half of the paths
//! with a random id, 5,000 user agents, 30,000 addresses, a random request id on each, 2 % failed, 3 % events, a millisecond apart. *Common* are values
//! of rows drawn at random, *rare* ones are in ten rows of the million, *absent* ones in none. Cursors are drawn from all of the file, so that the page
//! is the ten thousandth on average. Each figure is of 120 questions, median / 99th percentile in milliseconds, whole entries with their bodies, in
//! process, on one thread, with the default cache of 8 MiB; the second of two rounds, so that the operating system has the file in memory; time in which
//! others had the processor is taken off.
//!
//! # Results
//!
//! 2026-11-22, 2 virtual cores of an Intel Xeon, load 1 to 2 of which this was 1, Linux 6.18, rustc 1.95, SQLite as bundled by
//! libsqlite3-sys 0.40. One run.
//!
//! | page of 50 by | newest: common | rare | absent | by cursor: common | rare | absent |
//! |---|--:|--:|--:|--:|--:|--:|
//! | none | 0.27 / 0.33 | 0.26 / 0.32 | 0.26 / 0.31 | 0.40 / 0.51 | 0.40 / 0.49 | 0.40 / 1.27 |
//! | method | 0.28 / 0.37 | 0.43 / 0.52 | 0.32 / 0.39 | 0.51 / 0.64 | 0.16 / 0.50 | 0.33 / 0.40 |
//! | status | 0.28 / 0.36 | 0.56 / 0.67 | 0.45 / 0.54 | 0.46 / 0.61 | 0.24 / 0.68 | 0.47 / 0.55 |
//! | status class | 0.27 / 0.34 | 0.36 / 0.45 | 0.36 / 0.45 | 0.40 / 0.52 | 0.68 / 0.81 | 0.68 / 0.82 |
//! | path | 1.19 / 1.37 | 1.25 / 1.38 | 1.17 / 1.31 | 0.63 / 1.43 | 0.62 / 1.61 | 1.22 / 1.34 |
//! | path with a star | 0.35 / 0.53 | 33.43 / 34.73 | 32.48 / 34.18 | 0.79 / 1.12 | 17.57 / 34.00 | 33.15 / 38.78 |
//! | route | 0.32 / 0.51 | 0.41 / 0.51 | 0.30 / 0.39 | 0.61 / 0.77 | 0.15 / 0.47 | 0.32 / 0.39 |
//! | organisation | 0.82 / 1.10 | 0.51 / 0.60 | 0.36 / 0.44 | 0.83 / 1.13 | 0.18 / 0.60 | 0.37 / 0.47 |
//! | project | 1.05 / 1.57 | 0.61 / 0.72 | 0.47 / 0.58 | 0.98 / 1.50 | 0.23 / 0.69 | 0.51 / 0.61 |
//! | environment | 0.28 / 0.36 | 0.44 / 0.54 | 0.33 / 0.40 | 0.45 / 0.68 | 0.15 / 0.49 | 0.32 / 0.40 |
//! | actor | 2.44 / 3.18 | 1.28 / 1.45 | 1.20 / 1.35 | 1.26 / 2.40 | 0.62 / 1.70 | 1.17 / 1.31 |
//! | actor kind | 0.26 / 0.32 | 0.26 / 0.33 | 0.25 / 0.31 | 0.42 / 0.59 | 0.44 / 0.54 | 0.43 / 0.53 |
//! | session | 1.27 / 1.81 | 1.23 / 1.36 | 1.09 / 1.26 | 0.99 / 1.68 | 0.59 / 1.64 | 1.16 / 1.29 |
//! | API key | 1.02 / 1.52 | 0.56 / 0.66 | 0.44 / 0.53 | 1.01 / 1.49 | 0.19 / 0.61 | 0.44 / 0.54 |
//! | client address | 2.64 / 6.46 | 1.28 / 1.43 | 1.16 / 1.31 | 1.16 / 2.67 | 0.65 / 1.74 | 1.21 / 1.33 |
//! | user agent | 1.50 / 2.22 | 1.34 / 1.47 | 1.26 / 1.37 | 1.43 / 2.22 | 0.70 / 1.95 | 1.23 / 1.37 |
//! | request id | 1.13 / 1.27 | 1.16 / 1.31 | 1.08 / 1.22 | 0.52 / 0.98 | 0.57 / 1.46 | 1.13 / 1.25 |
//! | API version | 0.25 / 0.32 | 0.41 / 0.52 | 0.30 / 0.38 | 0.45 / 0.57 | 0.14 / 0.45 | 0.31 / 0.42 |
//! | kind | 0.24 / 0.37 | 0.26 / 0.35 | 0.27 / 0.34 | 0.39 / 0.50 | 0.56 / 0.93 | 0.49 / 0.62 |
//! | outcome | 0.24 / 0.30 | 0.24 / 0.32 | 0.24 / 0.31 | 0.40 / 0.49 | 0.40 / 0.55 | 0.39 / 0.49 |
//! | least time | 0.26 / 0.39 | 0.45 / 0.57 | 0.32 / 0.39 | 0.44 / 0.61 | 0.15 / 0.51 | 0.30 / 0.38 |
//! | category | 0.49 / 0.83 | 0.30 / 0.38 | 0.30 / 0.37 | 0.72 / 0.94 | 0.31 / 0.41 | 0.31 / 0.39 |
//! | action | 0.43 / 0.52 | 0.30 / 0.37 | 0.29 / 0.36 | 0.92 / 1.36 | 0.30 / 0.37 | 0.30 / 0.38 |
//! | object | 0.35 / 0.45 | 0.31 / 0.39 | 0.31 / 0.38 | 0.38 / 0.49 | 0.32 / 0.42 | 0.34 / 0.43 |
//! | exchange | 0.36 / 0.50 | 0.32 / 0.41 | 0.31 / 0.39 | 0.41 / 0.52 | 0.35 / 0.44 | 0.35 / 0.44 |
//! | two of eleven | 1.63 / 4.15 | 0.54 / 2.42 | 0.40 / 1.42 | 0.79 / 3.16 | 0.22 / 1.28 | 0.41 / 1.63 |
//! | path with a star, and one of eleven | 0.54 / 11.86 | 1.28 / 32.13 | 0.85 / 32.74 | 0.84 / 7.05 | 0.61 / 25.37 | 0.82 / 31.62 |
//!
//! The slowest of the 55 pairs by median is actor and least time: 3.62 / 4.65. A path with a star has no index: it reads the paths of the rows that the rest
//! of the filter leaves.
//!
//! | count, and a page of 50 by number in the middle | entries | count | page |
//! |---|--:|--:|--:|
//! | everything | 1000000 | 0.80 / 0.91 | 0.89 / 1.22 |
//! | largest organisation | 149605 | 1.53 / 2.76 | 1.13 / 8.24 |
//! | Lago's list: its POST, PUT and DELETE | 53217 | 2.05 / 3.30 | 1.43 / 1.70 |
//! | and an API version | 53217 | 2.53 / 3.03 | 1.67 / 1.77 |
//! | and a path | 5841 | 4.14 / 5.02 | 2.46 / 7.88 |
//! | and a path with a star | 3991 | 14.33 / 14.88 | 7.41 / 16.02 |
//! | and a tenth of the time | 5365 | 0.21 / 0.77 | 0.37 / 16.66 |
//! | failed calls | 19363 | 1.50 / 2.40 | 1.12 / 3.65 |
//! | a path with a star | 78276 | 59.71 / 68.88 | 30.39 / 32.97 |
//!
//! A page of a search for a text that nothing has: 14 / 43. All entries by pages of 1000, as an export reads them: 11 / 28 a page, 12 s in all.
//!
//! Inserts, in batches of 1000, with others on the machine: 12.6 to 18.2 µs of CPU a row for a million, over six runs; before segments, with indexes of the
//! tenant and of failed calls, 18.0 and 19.7. 400,000 rows in turns: 12.7, 13.6, 13.2 against 14.9, 15.1, 16.1 before. 3143 bytes a row in the file,
//! 3043 before. Erasing a person's 47 entries, each in a segment of its own: 0.8 s, by transactions of up to four segments; deleting the oldest tenth: 21 µs a
//! row, by transactions of 1000.
//!
//! Behind the layer (`sustained 1000000`): calls with bodies of 750 bytes each way, captured, masked, delivered and indexed without a drop, beside one prepared
//! `INSERT` of the same rows in batches of 1000 into one table with three indexes, one of them of random values, and the same pages. 2026-11-23, four rounds of a
//! million each, load 3 to 10 of which this was 2: 26,651 rows/s beside 10,296, 15,762 beside 8,255, 15,938 beside 5,867, 14,140 beside 5,943: 1.9 to 2.7 times.
//! A fresh file of 100,000 rows, whose random index still fits the memory, at a quiet moment, five rounds: 25,089 to 32,006 beside 52,301 to 56,966, 0.48 to 0.57 and 0.49 in the median;
//! there the calls take both processors, of which the other uses one. One of 300,000: 23,915 beside 18,616.
//!
//! Before, on the same rows: any filter without an index 120 to 130 for an absent value and 75 by cursor for a rare one, a path with a star 185.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "sqlite/figures.rs"]
mod figures;
#[path = "sqlite/filters.rs"]
mod filters;
#[path = "sqlite/layouts.rs"]
mod layouts;
#[path = "sqlite/store.rs"]
mod store;
#[path = "sqlite/sustained.rs"]
mod sustained;
#[path = "sqlite/traffic.rs"]
mod traffic;

fn main() {
    let arguments: Vec<_> = std::env::args().filter(|it| it != "--bench").collect();
    let rows = arguments.iter().find_map(|it| it.parse().ok());
    let is_asked = |for_what| arguments.iter().any(|it| it == for_what);
    if is_asked("layouts") {
        layouts::compare(rows.unwrap_or(200_000));
    } else if is_asked("sustained") {
        sustained::run(rows.map_or(100_000, |it| it as usize));
    } else {
        let kept = arguments.iter().find(|it| it.ends_with(".db"));
        store::run(rows.unwrap_or(1_000_000), kept.map(String::as_str));
    }
}
