//! A complete, safe and searchable log of the API calls of any tower service.

// In the order of the walk of a request.
mod layer;
mod capture;
pub mod annotate;
pub mod mask;
pub mod recorder;
pub mod entry;
pub mod sink;
pub mod query;
pub mod store;
pub mod format;
pub mod api;
#[cfg(feature = "testing")]
pub mod testing;

mod clock;
mod error;

pub use async_trait::async_trait;
pub use clock::{Clock, SystemClock, Timestamp};
pub use entry::{Actor, AuditEvent, EntryId, LogEntry};
pub use error::{Error, ErrorKind};
pub use query::{LogQuery, Scope};
pub use sink::LogSink;
pub use store::{LogStore, Retention};
