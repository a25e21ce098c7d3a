//! Wire formats: how a reader's request becomes a question, and how what a store gives back becomes a reply.
//!
//! Comes in: path and query parameters, headers, the time and the reader's scope, as a [`Request`]. Goes out: a [`Question`] to
//! a store, then a [`Reply`], or a [`Refusal`] in the vendor's own words. Promises: a format is pure (no store, no clock, no web framework)
//! and never widens the reader's scope; names of attributes follow the vendor, user data keeps its own case and bytes.
//! Cost: one pass over the entries of a page; bodies are embedded as they are, and not built up as trees.

mod csv;
mod dates;
mod document360;
mod export;
mod fields;
mod gorules;
mod json;
mod jsonapi;
mod lago;
mod limit;
mod native;
mod openapi;
mod params;
mod persona;
mod persona_audit;
mod posted;
mod question;
mod refusal;
mod reply;
mod request;
mod retention;
mod tail;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::entry::{EntryId, LogEntry};
use crate::query::{Page, Stats};

pub use document360::Document360;
pub use export::ExportWriter;
pub use gorules::GoRules;
pub use lago::Lago;
pub use limit::{Answered, RateLimit};
pub use native::Native;
pub use params::Parameters;
pub use persona::Persona;
pub use persona_audit::PersonaAudit;
pub use question::{Export, Facets, Listing, Lookup, Operation, Question, Route, Sums, Tail};
pub use refusal::Refusal;
pub use reply::Reply;
pub use request::Request;
pub use tail::TailWriter;

/// One way to write the log on the wire.
///
/// `LogApi` matches the routes, lets `Access` decide, asks the store within the reader's scope and
/// calls the format in between: [`WireFormat::ask`], then [`WireFormat::page`], [`WireFormat::entry`], [`WireFormat::export`], [`WireFormat::stats`], [`WireFormat::facets`] or [`WireFormat::tail`], and
/// [`WireFormat::refuse`] wherever something is amiss.
///
/// # Contract
///
/// - **Pure.** The same request and the same entries give the same reply.
/// - **Told, not guessed.** What a reader asks for and the format does not know is refused, naming the parameter; it is never left out in silence.
/// - **Own words.** Every refusal has the status and the body that the vendor's clients expect.
pub trait WireFormat: Send + Sync + 'static {
    /// Returns the routes; where two of them match, the first wins.
    fn routes(&self) -> Vec<Route>;

    /// Finds the reader's credential in the request's headers: by default the token of `Authorization: Bearer`.
    fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let (scheme, token) = only(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
        let token = token.trim_matches(' ');
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }

    /// Describes where [`WireFormat::credential`] stands, as a Security Scheme Object of OpenAPI 3.1: by default `Authorization: Bearer`.
    fn security(&self) -> serde_json::Value {
        serde_json::json!({ "type": "http", "scheme": "bearer" })
    }

    /// Reads what is asked for.
    ///
    /// # Errors
    ///
    /// A parameter, header or id that the format does not accept.
    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal>;

    /// Writes one page of a listing. `total` is there where the listing asked for it.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn page(
        &self,
        request: &Request<'_>,
        asked: &Listing,
        page: &Page,
        total: Option<u64>,
    ) -> Result<Reply, Refusal>;

    /// Writes one entry.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn entry(&self, request: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal>;

    /// Begins to write an export. By default there is none.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn export(
        &self,
        request: &Request<'_>,
        asked: &Export,
    ) -> Result<Box<dyn ExportWriter>, Refusal> {
        let _ = (request, asked);
        Err(Refusal::NoRoute)
    }

    /// Writes the sums over a listing. By default there are none.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn stats(&self, request: &Request<'_>, asked: &Sums, stats: &Stats) -> Result<Reply, Refusal> {
        let _ = (request, asked, stats);
        Err(Refusal::NoRoute)
    }

    /// Writes the sums over a listing by several fields, those of each field in the order asked for. By default there are none.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn facets(
        &self,
        request: &Request<'_>,
        asked: &Facets,
        stats: &[Stats],
    ) -> Result<Reply, Refusal> {
        let _ = (request, asked, stats);
        Err(Refusal::NoRoute)
    }

    /// Begins to write a listing that goes on. By default there is none.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::ask`], which has read the same request before.
    fn tail(&self, request: &Request<'_>, asked: &Tail) -> Result<Box<dyn TailWriter>, Refusal> {
        let _ = (request, asked);
        Err(Refusal::NoRoute)
    }

    /// Writes a refusal. `id` names the request that is refused. The endpoint adds `Allow` and `Retry-After` where they belong.
    fn refuse(&self, refusal: &Refusal, id: EntryId) -> Reply;

    /// Adds the header fields that every reply has, exports and refusals among them. By default `RateLimit-Limit`, `RateLimit-Remaining` and
    /// `RateLimit-Reset` (seconds), where the reader is limited.
    fn sign(&self, answered: &Answered<'_>, headers: &mut HeaderMap) {
        answered.rate_limit_headers(headers);
    }

    /// Describes what a route accepts and gives, as an Operation Object of OpenAPI 3.1 with its schemas inline. By default only that it gives JSON.
    fn describe(&self, route: &Route) -> serde_json::Value {
        openapi::undescribed(route)
    }
}

/// Returns the value of a header that is there once; a header that is there twice says nothing certain.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => value.to_str().ok(),
        Some(_) => None,
    }
}
