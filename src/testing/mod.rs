//! For authors of sinks and stores: the conformance suite, sample entries, and doubles of what the crate talks to.
//!
//! - [`store_conformance!`](crate::store_conformance) makes one test of every case of [`conformance`] for a store.
//! - [`sample`] makes entries with every field and variant; [`Random`] makes entries, filters and queries of a seed.
//! - [`ManualClock`] moves when told, [`GateSink`] writes when let, [`ScriptedBody`] sends what its script says.
//!
//! Promises: nothing here sleeps, reads a clock or draws randomness of its own.

// A failed expectation is how a suite reports.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod body;
mod clock;
pub mod conformance;
mod gate;
mod random;
pub mod sample;

pub use body::{EndOfStream, ScriptedBody, ScriptedBodyError, ScriptedBodyHandle};
pub use clock::ManualClock;
pub use gate::GateSink;
pub use random::Random;
