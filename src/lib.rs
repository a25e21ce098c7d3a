//! A complete, safe and searchable log of the API calls of any tower service.

mod capture;
pub mod entry;
pub mod query;
pub mod sink;
pub mod store;

mod clock;
mod error;

pub use async_trait::async_trait;
pub use clock::{Clock, SystemClock, Timestamp};
pub use entry::{Actor, AuditEvent, EntryId, LogEntry};
pub use error::{Error, ErrorKind};
pub use query::{LogQuery, Scope};
pub use sink::LogSink;
pub use store::{LogStore, Retention};
