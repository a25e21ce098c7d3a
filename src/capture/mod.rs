//! What is taken of an exchange, and by which policy.
//!
//! Comes in: what the layer sees and what the application tells. Goes out: an [`Item`] for the masker, an exchange or an event.
//! Promises: the policy decides before anything is buffered, and everything that is kept is counted against one budget.
//! Costs, on the request path: one copy of each head into one buffer and of each body up to its limit; all reading of addresses, ids and versions
//! happens on the recorder's thread.

mod budget;
mod captured;
mod client_ip;
mod coding;
mod correlation;
mod desk;
mod event;
mod failure;
mod fields;
mod policy;
mod route;
mod sampling;
mod tap;

pub use budget::CaptureBudget;
pub(crate) use budget::{Budget, Reservation};
#[cfg(feature = "decompress")]
pub(crate) use captured::Coded;
pub(crate) use captured::{Captured, CapturedBody, CapturedResponse, Kept};
pub use client_ip::ForwardedHeader;
pub(crate) use client_ip::TrustedNetworks;
#[cfg(feature = "decompress")]
pub(crate) use coding::Coding;
pub(crate) use coding::Codings;
pub(crate) use correlation::{api_version, client_request_id, trace_id};
pub(crate) use desk::{Desk, Outbox};
pub(crate) use event::{
    CapturedEvent, EventDraft, Findings, Item, Json, MAX_TEXT_BYTES, Origin, short,
};
pub(crate) use failure::Failure;
pub(crate) use fields::{Field, Fields};
pub use policy::Policy;
pub(crate) use policy::{Chosen, Ended, InForce, LeftOut, Share};
pub use route::MatchedRoute;
pub use sampling::Sampling;
pub(crate) use sampling::{ActorCap, Actors, Lot};
pub(crate) use tap::{SharedTap, Tap};
