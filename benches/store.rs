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
//! | a page by any one of 20 filters, of a common, a rare or an absent value, newest or by cursor | 0.92 to 4.84 / 1.15 to 7.24 |
//! | the same by a rare or absent route, by cursor | 15.6 / 26.1 |
//! | the count of everything, of a path with a star | 51 / 69, 240 / 242 |
//!
//! Calls that took long were found by walking the table then, 519 / 588 by cursor where there is none; they have an index now.

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
