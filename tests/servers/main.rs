//! The stores on real servers, which `tests/run.sh` starts; plain `cargo test` ignores these tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod postgres;
#[cfg(feature = "clickhouse")]
mod clickhouse;
