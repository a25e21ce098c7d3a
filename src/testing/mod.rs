#![doc = include_str!("guide.md")]
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
