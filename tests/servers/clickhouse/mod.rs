//! The store on ClickHouse, against a server at `TEST_CLICKHOUSE_URL`, and against servers of the tests' own that they break.

mod conformance;
mod server;
