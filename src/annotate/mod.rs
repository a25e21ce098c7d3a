//! What applications add: the [`ApiLog`] handle, which tells of an exchange what only the application knows, and [`AuditEvent`], which
//! tells what was done; [`AuditRoutes`] tells the same of calls whose handlers say nothing.
//!
//! Comes in: calls from handlers and from middleware inside the layer. Goes out: a [`Context`](crate::entry::Context) and notes that the recorder
//! joins with what the layer saw, and events on a road of their own: they are handed over with the response's head, with its later frames and at its
//! end, whether their exchange is recorded or not. Those of routes are found in the masked entry, on the recorder's thread.
//! Promises: what comes too late or past a bound changes nothing and is counted.
//! Costs: one allocation an exchange, and more only for what is told; the JSON of an event is written where it is told.

mod event;
#[cfg(feature = "axum")]
mod extract;
mod json;
mod log;
mod pattern;
mod routes;
mod template;
mod texts;

pub use event::AuditEvent;
#[cfg(feature = "axum")]
pub use extract::MissingApiLogLayer;
pub use log::ApiLog;
pub(crate) use log::{Told, Waiting};
pub use routes::AuditRoutes;
pub(crate) use routes::{Call, CompiledRoutes};
pub(crate) use texts::short_context;
