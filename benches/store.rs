//! The stores on servers, at a million rows.
//!
//! ```text
//! cargo bench --bench store -- postgres [ROWS]            on the server of TEST_POSTGRES_URL, as tests/servers/postgres.py prints it
//! cargo bench --bench store -- clickhouse [ROWS]          on the server of TEST_CLICKHOUSE_URL, as tests/servers/clickhouse.py prints it
//! cargo bench --bench store -- lago [ROWS]                the same server: Lago's table and questions beside ours, 5,000,000 rows unless told otherwise
//! ```
//!
//! # Results
//!
//! 2026-11-23, 2 virtual cores of an Intel Xeon, client and server on the same two, Linux 6.18, rustc 1.95, thin LTO. Rows are entries of 3,055 bytes of JSON, a third of
//! which is noise; times are milliseconds, median / 99th percentile of 100.
//!
//! PostgreSQL 15, a million rows, load 1.6 to 1.9. Batches of 1,000: 17,307 rows/s beside 18,387 of raw binary copies into a table with the same indexes (94 %) at 100,000,
//! 10,347 beside 10,436 (99 %) at a million. 3,321 bytes a row on disk, of which 938 are indexes.
//!
//! | question | ms |
//! |---|--:|
//! | an entry by its id | 0.26 / 0.45 |
//! | the newest page of 50 | 1.32 / 4.04 |
//! | the thousandth page, by cursor | 1.16 / 1.37 |
//! | a page anywhere, by cursor | 1.19 / 1.55 |
//! | the largest organisation's page | 1.51 / 1.86 |
//! | organisation, status, path and an hour | 0.74 / 2.20 |
//! | a page by any one filter but route and least time, of a common, a rare or an absent value, newest or by cursor | 0.92 to 4.84 / 1.15 to 6.70 |
//! | the same by route: newest, by cursor | 1.58 to 3.91 / 2.39 to 11.86, 1.98 to 15.59 / 7.24 to 26.07 |
//! | the count of everything, of a path with a star | 51 / 69, 240 / 242 |
//!
//! Calls that took long were found by walking the table then, 519 / 588 by cursor where there is none; they have an index now.
//!
//! ClickHouse 26.9, load 1.3 to 2.4. Batches of 1,000 of the same rows: 22,326 rows/s beside 29,198 by the official client, which gets its columns ready made (76 %; the aim of 80 % is
//! missed by the 5 us that making the columns of a row takes, and others). 703 bytes a row on disk. The server takes at most 90 us of CPU a row, merges and the bench's reading back
//! included. A million of them: an entry by its id 18.9 / 25.5, the newest page of everybody 179 / 199, a count of everything 4.8.
//!
//! Lago's table beside ours, ten million calls of 20 organisations in ten days, 97 bytes each on disk against 191 (51 %), each asked directly and counted through a proxy:
//!
//! | question | rows read | ms | Lago: rows read | ms |
//! |---|--:|--:|--:|--:|
//! | the newest page of 50 of an organisation | 6,948 | 34.67 / 39.50 | 811,008 | 52.51 / 93.73 |
//! | the thousandth page | 2,308 | 15.80 / 21.02 | 794,624 | 69.18 / 79.04 |
//! | by status, path and two days | 17,931 | 32.12 / 40.38 | 794,624 | 67.68 / 83.29 |
//! | an entry by its id | 578 | 8.49 / 10.14 | 40,960 | 9.11 / 11.05 |
//! | a page of all organisations | 72,145 | 65.18 / 79.95 | | |
//!

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "store/clickhouse.rs"]
mod clickhouse;
#[path = "sqlite/figures.rs"]
mod figures;
#[path = "sqlite/filters.rs"]
mod filters;
#[path = "store/lago.rs"]
mod lago;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "../tests/servers/clickhouse/proxy.rs"]
#[allow(dead_code)]
mod proxy;
#[path = "store/questions.rs"]
mod questions;
#[path = "sqlite/traffic.rs"]
mod traffic;

fn main() {
    let arguments: Vec<_> = std::env::args().filter(|it| it != "--bench").collect();
    let rows = arguments.iter().find_map(|it| it.parse().ok());
    let is_asked = |for_what| arguments.iter().any(|it| it == for_what);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if is_asked("clickhouse") {
        runtime.block_on(clickhouse::run(rows.unwrap_or(1_000_000), is_asked("keep")));
    }
    if is_asked("lago") {
        runtime.block_on(lago::run(rows.unwrap_or(5_000_000)));
    }
    if is_asked("postgres") {
        runtime.block_on(postgres::run(rows.unwrap_or(1_000_000), is_asked("keep")));
    }
}
