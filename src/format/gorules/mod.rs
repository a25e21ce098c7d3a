mod describe;
mod document;
mod export;
mod params;

use std::time::Duration;

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use super::fields::{Case, Field, Object};
use super::question::{Export, Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::retention::Retention;
use super::{ExportWriter, WireFormat};
use crate::entry::{EntryId, LogEntry};
use crate::query::{Page, Position};

/// The audit log of GoRules' rules platform (BRMS): who did what to which object.
///
/// | path | gives |
/// | --- | --- |
/// | `/api/audit-logs` | a page by number, newest first, with totals |
/// | `/api/audit-logs/{auditLogId}` | one event, by its UUID, with what changed |
/// | `/api/audit-logs/export` | a listing as a file of CSV, newest first |
///
/// The credential is the token of `Authorization: Bearer`.
///
/// Entries are the audit events of GoRules' nine types: `organisation`, `user`, `group`, `accessToken`, `project`, `document`, `release`, `member` and
/// `personalAccessToken`, which are an event's category. [`GoRules::all_categories`] serves every event. Exchanges do not exist here.
///
/// # Parameters
///
/// Each may be given once; an unknown one, and a value that is not of the form told here, is refused with 400. Of the export only those marked † are known.
///
/// | parameter | accepted |
/// | --- | --- |
/// | `projectId` †, `userId` † | the id of a project, of an actor, as the application has it; need not be a UUID |
/// | `fromDate` †, `toDate` † | inclusive: a day in UTC (`2026-01-31`), with all of it, or an ISO 8601 time, without an offset in UTC; `toDate` with all of its millisecond, not before `fromDate` |
/// | `type` † | one of the nine types |
/// | `action` † | as `updated`, exact |
/// | `orderBy` | `createdAt` (the default) or `id`, which are the same order, and the only one that the log has |
/// | `sort` | `DESC` (the default) or `ASC` |
/// | `page` | 1 (the default) to 4294967295; the cost of a page grows with its number |
/// | `perPage` | 1 to 1000, 10 by default |
///
/// # Shape
///
/// A list has `results` and `paginate`: `current` and `pageSize` as asked for, `total` over all pages, and `from` and `to`, the places of the page's first
/// and last result counted from 1, both 0 for a page without results.
///
/// | field | what it is |
/// | --- | --- |
/// | `id` | the entry's UUID |
/// | `createdAt` | RFC 3339 in UTC with milliseconds |
/// | `type`, `action` | what was done to which kind of object |
/// | `ipAddress`, `userAgent` | of the client, or null |
/// | `refId` | the object's id, or null |
/// | `organisationId` | the tenant, or null; not in lists |
/// | `user` | `id`, `email`, `firstName`, `lastName` of the actor, each but the id may be null; or null |
/// | `project` | `id` and `name`, which may be null; or null |
/// | `data` | what follows, or null if there is none of it; not in lists |
///
/// What `data` has not got is left out:
///
/// | field of `data` | what it is |
/// | --- | --- |
/// | `title` | one line for people |
/// | `before`, `after` | the object before and after; null for one that was not there |
/// | `changes` | the first 100 spots that differ: `pointer` (RFC 6901), `before` and `after`, left out where nothing stood |
/// | `changesCount` | how many spots differ in all |
/// | `errors`, `alerts` | lists of `message` and, where there is one, `pointer` |
/// | `details` | anything else that the application told, as it told it |
///
/// # The export
///
/// A file of CSV (RFC 4180) in UTF-8 without a byte order mark, written as the reader takes it, newest first. More than 100,000 entries
/// ([`GoRules::max_export_entries`]) are refused with 400, so that a part is not taken for the whole.
///
/// Its first row names the columns: `id`, `createdAt`, `type`, `action`, `refId`, `organisationId`, `ipAddress`, `userAgent`, `userId`, `userEmail`,
/// `userFirstName`, `userLastName`, `projectId`, `projectName`. What is not known is an empty cell. A cell that a spreadsheet would run as a formula has an
/// apostrophe in front.
///
/// # Errors
///
/// `{"statusCode":404,"message":"Audit log not found","error":"Not Found"}`: the status, what is wrong, and the status' reason.
#[derive(Clone, Copy, Debug)]
pub struct GoRules {
    categories: Categories,
    retention: Retention,
    max_export_entries: u64,
}

/// Which events are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Categories {
    Known,
    All,
}

/// The types of the vendor.
const TYPES: [&str; 9] = [
    "organisation",
    "user",
    "group",
    "accessToken",
    "project",
    "document",
    "release",
    "member",
    "personalAccessToken",
];

const LIST: &str = "/api/audit-logs";
const EXPORT: &str = "/api/audit-logs/export";
const RETRIEVE: &str = "/api/audit-logs/{auditLogId}";

impl GoRules {
    /// How many entries an export has at most, unless told otherwise.
    pub const DEFAULT_MAX_EXPORT_ENTRIES: u64 = 100_000;

    /// Makes the format with the types that GoRules has, without an end of retention, as GoRules keeps its log forever.
    pub fn new() -> Self {
        Self {
            categories: Categories::Known,
            retention: Retention::new(None),
            max_export_entries: Self::DEFAULT_MAX_EXPORT_ENTRIES,
        }
    }

    /// Serves events of every category, which the vendor's documents do not know as `type`.
    #[must_use]
    pub fn all_categories(mut self) -> Self {
        self.categories = Categories::All;
        self
    }

    /// Says how far back readers see, in lists, in exports and by id, whatever the store still holds; `None`, the default, for all of it.
    #[must_use]
    pub fn retention(mut self, period: Option<Duration>) -> Self {
        self.retention = Retention::new(period);
        self
    }

    /// Says how many entries an export has at most; one of more is refused.
    #[must_use]
    pub fn max_export_entries(mut self, entries: u64) -> Self {
        self.max_export_entries = entries;
        self
    }
}

impl Default for GoRules {
    fn default() -> Self {
        Self::new()
    }
}

impl WireFormat for GoRules {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(EXPORT, Operation::Export),
            Route::new(RETRIEVE, Operation::Retrieve),
        ]
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        match request.operation() {
            Operation::List => params::listing(request, self).map(Question::List),
            Operation::Export => params::export(request, self).map(Question::Export),
            Operation::Retrieve => {
                request.parameters().only(&[])?;
                let mut filter = params::served(self.categories);
                self.retention.narrow(&mut filter, request.now());
                let id = request.path_param("auditLogId").parse().ok();
                Ok(Question::Retrieve(Lookup::new(filter).id(id)))
            }
            _ => Err(Refusal::NoRoute),
        }
    }

    fn page(
        &self,
        _: &Request<'_>,
        asked: &Listing,
        page: &Page,
        total: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let results = page.entries.iter().filter_map(document::listed);
        let results: Vec<Field<'_>> = results.map(Field::from).collect();
        let paginate = paginate(asked, results.len(), total.unwrap_or(0));
        let document = Object::new()
            .with("results", results)
            .with("paginate", paginate);
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Camel)))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let document = document::retrieved(entry).ok_or(Refusal::NoEntry)?;
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Camel)))
    }

    fn export(&self, _: &Request<'_>, _: &Export) -> Result<Box<dyn ExportWriter>, Refusal> {
        Ok(Box::new(export::Rows))
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        let status = refusal.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let message = match refusal {
            Refusal::NoEntry => Some("Audit log not found".to_owned()),
            refusal => refusal.details(),
        };
        let document = Object::new()
            .with("status_code", u64::from(status.as_u16()))
            .with("message", message.unwrap_or_else(|| reason.to_owned()))
            .with("error", reason);
        let reply = Reply::json(status, &document.cased(Case::Camel));
        match status {
            StatusCode::UNAUTHORIZED => reply.header(WWW_AUTHENTICATE, "Bearer"),
            _ => reply,
        }
    }

    fn describe(&self, route: &Route) -> serde_json::Value {
        match route.operation() {
            Operation::List => describe::list(self.categories),
            Operation::Export => describe::export(self.categories),
            _ => describe::retrieve(self.categories),
        }
    }
}

fn paginate<'a>(asked: &Listing, results: usize, total: u64) -> Object<'a> {
    let current = match asked.position {
        Position::Number(number) | Position::FromOldest(number) => number,
        _ => 1,
    };
    let before = (current - 1).saturating_mul(asked.limit.into());
    let (from, to) = match results as u64 {
        0 => (0, 0),
        results => (before + 1, before + results),
    };
    Object::new()
        .with("current", current)
        .with("from", from)
        .with("to", to)
        .with("total", total)
        .with("page_size", u64::from(asked.limit))
}
