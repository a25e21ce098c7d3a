//! What is said of a sink to who subscribes to `tracing`: once for each change, so that a sink that stays down fills no other log.

use super::SinkState;
use crate::error::Error;

/// Says how a sink fares from now on.
#[cfg(feature = "tracing")]
pub(super) fn sink(name: &str, state: SinkState, error: Option<&Error>) {
    const TARGET: &str = "tower_api_log::recorder";
    let error = error.map(tracing::field::display);
    match state {
        SinkState::Up => {
            tracing::info!(target: TARGET, sink = name, "the sink stores entries again")
        }
        SinkState::Failing => {
            tracing::debug!(target: TARGET, sink = name, error, "a write failed and is repeated");
        }
        SinkState::Down => {
            tracing::warn!(target: TARGET, sink = name, error, "the sink is down; entries wait");
        }
        SinkState::Broken => tracing::error!(
            target: TARGET,
            sink = name,
            error,
            "the sink stores nothing before its settings, rights or schema are mended; entries wait"
        ),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn sink(_: &str, _: SinkState, _: Option<&Error>) {}

/// Says that a spool fails, or works again.
#[cfg(all(feature = "spool", feature = "tracing"))]
pub(super) fn spool(name: &str, error: Option<&Error>) {
    const TARGET: &str = "tower_api_log::recorder";
    match error.map(tracing::field::display) {
        Some(error) => tracing::error!(
            target: TARGET,
            sink = name,
            error,
            "the spool fails; entries wait in memory"
        ),
        None => tracing::info!(target: TARGET, sink = name, "the spool works again"),
    }
}

#[cfg(all(feature = "spool", not(feature = "tracing")))]
pub(super) fn spool(_: &str, _: Option<&Error>) {}

/// Says how many entries were dropped since the last time, and in all.
#[cfg(feature = "tracing")]
pub(in crate::recorder) fn drops(name: &str, new: u64, total: u64) {
    const TARGET: &str = "tower_api_log::recorder";
    tracing::warn!(target: TARGET, sink = name, new, total, "entries were dropped; Recorder::stats says why");
}
