//! The crate from outside: one binary for all integration tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
mod budget;
mod callbacks;
mod canary;
mod captured;
mod conformance;
mod decompress;
mod destinations;
mod exactly_once;
mod failure;
mod faults;
mod keys;
mod lanes;
mod layering;
mod leaks;
mod leaving;
mod promises;
mod properties;
mod replay;
mod sampling;
mod soak;
mod spool;
mod sqlite;
mod support;
mod switch;
mod transparent;
