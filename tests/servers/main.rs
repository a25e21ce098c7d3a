//! The stores on real servers, which `tests/run.sh` starts; plain `cargo test` ignores these tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "clickhouse")]
mod clickhouse;
#[cfg(any(feature = "clickhouse", feature = "postgres"))]
mod line;
#[cfg(any(feature = "clickhouse", feature = "postgres"))]
mod network;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
#[path = "../it/faults/small_disk.rs"]
#[allow(dead_code)]
mod small_disk;
