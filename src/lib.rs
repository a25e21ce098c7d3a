//! A complete, safe and searchable log of the API calls of any tower service.

#![warn(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

// In the order of the walk of a request: taken on the request path,
pub mod layer;

mod capture;

pub mod annotate;

// masked and delivered on the recorder's thread,
pub mod mask;

pub mod recorder;

pub mod entry;

pub mod sink;

// and read back.
pub mod query;

pub mod store;

pub mod format;

pub mod api;

// For authors of sinks and stores.
#[cfg(feature = "testing")]
pub mod testing;

// Under all of it.

mod clock;
mod error;
mod pattern;

pub use annotate::ApiLog;
pub use api::LogApi;
pub use async_trait::async_trait;
pub use capture::Policy;
pub use clock::{Clock, SystemClock, Timestamp};
pub use entry::{Actor, AuditEvent, EntryId, LogEntry};
pub use error::{Error, ErrorKind};
pub use format::WireFormat;
pub use layer::{ApiLogLayer, ApiLogService};
pub use query::{LogQuery, Scope};
pub use recorder::Recorder;
pub use sink::LogSink;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{LogStore, MemoryStore, Retention};
