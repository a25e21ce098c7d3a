//! The page in a real browser, driven as a reader drives it. `tests/run.sh` starts the browser's driver; plain `cargo test` does not come here.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accessible;
mod app;
mod browser;
mod copied;
mod exchange;
mod files;
mod find;
mod hostile;
mod keyboard;
mod live;
mod pictures;
mod quick;
mod reader;
mod replay;
