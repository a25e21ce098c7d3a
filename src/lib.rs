//! A complete, safe and searchable log of the API calls of any tower service.
//!
//! [`ApiLogLayer`] records every exchange of the service it is put around; the recorder's thread masks what was captured and writes it
//! to a [`LogSink`]; [`LogApi`] serves a [`LogStore`] back in the wire formats of others and in our own.
//!
//! # Example: the whole integration
//!
//! ```
//! use tower::{Layer, service_fn};
//! use tower_api_log::api::BearerTokens;
//! use tower_api_log::format::Native;
//! use tower_api_log::{ApiLogLayer, LogApi, MemoryStore, Scope};
//!
//! let store = MemoryStore::new();
//! let layer = ApiLogLayer::new(store.clone());
//! let service = layer.layer(service_fn(async |_: http::Request<_>| {
//!     Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hello")))
//! }));
//! # let _: tower_api_log::ApiLogService<_> = service; fn ok<S: tower::Service<http::Request<String>>>(_: S) {} ok(service);
//!
//! let readers = BearerTokens::new([("a-token-of-your-own-making", Scope::all())])?;
//! let read_side = LogApi::new(store).format(Native).access(readers).build()?;
//! # let _ = read_side;
//! # Ok::<(), tower_api_log::Error>(())
//! ```
//!
//! # Where to look
//!
//! | to | see |
//! | --- | --- |
//! | put the layer in place and configure it | [`ApiLogLayer`], [`layer::ApiLogLayerBuilder`] |
//! | say what is recorded, and how much of it | [`Policy`] |
//! | say what else is masked | [`mask::Rules`] |
//! | add what only a handler knows | [`ApiLog`] |
//! | record what was done to which object | [`AuditEvent`], in a handler or a job; [`AuditRoutes`] without a change to the handlers |
//! | know what was stored and what was lost; end in order | [`Recorder`] |
//! | say how entries travel, and what outlives the process | [`recorder::Delivery`], [`layer::Destination`] |
//! | write a sink or a store | [`LogSink`], [`LogStore`], [`Retention`], `testing` |
//! | serve the log | [`LogApi`], [`mod@format`] |
//! | see the log in a browser, and send a recorded request once more | `explorer::Explorer`, `explorer::Replay` |
//! | say who may read, and what | [`api::Access`], [`Scope`]; [`api::BearerTokens`], [`api::HeaderTokens`], `api::JwtAccess`, [`api::access_fn`] |
//! | limit how often a reader may ask | `api::Builder::rate_limit` |
//! | record who read | [`api::Builder::on_read`] |
//! | export entries | [`format::Native`] (NDJSON, CSV, HAR), [`format::GoRules`] (CSV) |
//! | know what can be asked | the OpenAPI document, at [`/openapi.json`](api::Builder::openapi_at) |
//! | write a wire format | [`WireFormat`], `examples/pandadoc.rs` |
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! | --- | --- |
//! | `axum` | [`ApiLog`] as an extractor, the matched route and the peer's address without a hook, `LogApi::into_router` |
//! | `sqlite` | `SqliteStore`, on a bundled SQLite |
//! | `postgres` | `PostgresStore`, on the tokio-postgres crate |
//! | `postgres-tls` | encrypted connections to Postgres, on the rustls crate |
//! | `clickhouse` | `ClickHouseStore`, on ClickHouse's own crate |
//! | `clickhouse-tls` | encrypted connections to ClickHouse, on the rustls crate |
//! | `explorer` | `explorer::Explorer`, the page to see the traffic with |
//! | `decompress` | bodies under `gzip`, `deflate`, `br` and `zstd`, decoded for the log; without it they are counted |
//! | `jwt` | `api::JwtAccess`, on the jsonwebtoken crate |
//! | `metrics` | the ledger as counters and gauges, on the metrics crate |
//! | `rate-limit` | `api::Builder::rate_limit`, on the governor crate |
//! | `regex` | [`mask::Rule`]`::pattern`, on the regex crate |
//! | `spool` | [`recorder`]`::Spool`, a folder that keeps entries until their sink has stored them, on a bundled SQLite |
//! | `tracing` | warnings about masking rules as events of the tracing crate, when a layer is built |
//! | `xml` | masking of XML bodies, which are withheld without it, on the quick-xml crate |
//! | `testing` | `testing`: the conformance suite, sample entries, scripted bodies and a manual clock |
//! | `full` | everything above |
//!
//! # Promises
//!
//! 1. **Transparent.** With the layer in place the wire carries the same bytes, but for the response's `Request-Id`: headers, frame
//!    order and timing, trailers, upgrades, errors. No body is buffered before it is passed on.
//! 2. **Exactly one entry** for each exchange, however it ends.
//! 3. **No secret leaves.** Unmasked material has a type of its own that only the masker turns into a [`LogEntry`]. What cannot be understood is
//!    withheld, with the reason. `Debug` and errors never print user data.
//! 4. **Never in the way.** Logging neither fails nor delays a request; masking, parsing, serialising and I/O run on the recorder's thread.
//! 5. **Bounded.** Captured bytes stay under one budget; past it bodies shrink to prefixes, then to nothing, and the entry says so.
//! 6. **Accounted.** `seen = stored + filtered + sampled out + dropped + spooled + dead-lettered + in flight`, for each sink and at every moment, in
//!    [`Recorder::stats`].
//! 7. **Durable where asked.** What is in a spool (feature `spool`) survives `kill -9`, a damaged file, a full disk and an outage of any length. Without one, a process
//!    that is killed loses what waits in memory.
//! 8. **Scoped.** A reader sees its [`Scope`] and nothing else: in lists, by id, in counts, by cursor, in exports.
//! 9. **Stable pages.** A walk by cursor under concurrent writes and deletion shows every entry that was there at the start exactly once.

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

#[cfg(feature = "explorer")]
pub mod explorer;

// For authors of sinks and stores.
#[cfg(feature = "testing")]
pub mod testing;

// Under all of it.

mod clock;
mod contain;
mod elided;
mod error;
mod pattern;

pub use annotate::{ApiLog, AuditEvent, AuditRoutes};
pub use api::LogApi;
pub use async_trait::async_trait;
pub use capture::{Policy, Sampling};
pub use clock::{Clock, SystemClock, Timestamp};
pub use entry::{Actor, EntryId, LogEntry};
pub use error::{Error, ErrorKind};
pub use format::WireFormat;
pub use layer::{ApiLogLayer, ApiLogService};
pub use query::{LogQuery, Scope};
pub use recorder::Recorder;
pub use sink::LogSink;
#[cfg(feature = "clickhouse")]
pub use store::ClickHouseStore;
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{LogStore, MemoryStore, Retention};

/// The README's examples, as doc tests.
#[cfg(all(doctest, feature = "axum", feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
