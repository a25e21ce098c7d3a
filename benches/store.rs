//! The stores on servers, at a million rows.
//!
//! ```text
//! cargo bench --bench store -- postgres [ROWS]            on the server of TEST_POSTGRES_URL, as tests/servers/postgres.py prints it
//! cargo bench --bench store -- clickhouse [ROWS]          on the server of TEST_CLICKHOUSE_URL, as tests/servers/clickhouse.py prints it
//! cargo bench --bench store -- lago [ROWS]                the same server: Lago's table and questions beside ours, 5,000,000 rows unless told otherwise
//! ```

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
