//! The stores on real servers, which `tests/run.sh` starts; plain `cargo test` ignores these tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "clickhouse")]
mod clickhouse;
#[cfg(feature = "postgres")]
mod postgres;
