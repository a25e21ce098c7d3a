mod body;
mod describe;
mod params;

use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, StatusCode};

use super::fields::{Case, Field, Object};
use super::limit::Answered;
use super::question::{Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::retention::Retention;
use super::{WireFormat, only};
use crate::entry::{EntryId, LogEntry};
use crate::query::{Page, Position};

/// Lago's API logs: the calls that change something.
///
/// | path | gives |
/// | --- | --- |
/// | `/api/v1/api_logs` | a page by number, newest first, with totals |
/// | `/api/v1/api_logs/{request_id}` | one call, by its id here or, failing that, the newest by the client's own request id |
///
/// The credential is the second word of `Authorization`, whatever the first one is, as Lago reads it.
///
/// Only `POST`, `PUT` and `DELETE` are served, because some of Lago's own clients cannot read other methods; [`Lago::all_methods`] serves every
/// exchange. Audit events do not exist here.
///
/// | parameter | accepted |
/// | --- | --- |
/// | `page` | a page from 1; anything that is no such number is 1. At most 2147483647 |
/// | `per_page` | 100 by default and for anything that is no positive number; held at 1000, where Lago has no bound |
/// | `from_date`, `to_date` | inclusive, `to_date` with all of its second; `2022-08-09` (its first instant in UTC) or an ISO 8601 time, without an offset in UTC. Anything else is 422 `invalid_date` |
/// | `http_methods[]` | `post`, `put`, `delete` |
/// | `http_statuses[]` | numbers, or `succeeded` (up to 399) or `failed` (from 400), with which numbers count no more; both words match nothing. A call without a response has none |
/// | `api_version` | as `v1` |
/// | `request_paths[]` | paths, exact but for `*` |
/// | `clients[]` | user agents, exact |
///
/// Lists are accepted with and without brackets; an empty value is as good as none. A value that nothing can have gives an empty list, as in Lago; an unknown
/// parameter is refused with 400, where Lago ignores it, because a misspelt filter would show everything.
///
/// Lists go 30 days back ([`Lago::retention`]); a log is found by its id as long as the store holds it.
///
/// # Shape
///
/// - `request_id` is the entry's UUID; the client's own request id is not unique, and is not shown.
/// - `request_body` is an object always: query, then route parameters, then the body, as Rails merges them; where names meet the
///   body's value stands. JSON that is no object stands under `_json`. Of a body of another type, or one that was cut, withheld or not kept, nothing is
///   shown.
/// - `request_response` is an object too (other JSON under `_json`); null for a body that is empty, not JSON, cut, withheld or not kept.
/// - `client` is empty without a user agent, `http_status` 0 without a response, `request_origin` empty without a host: the clients want them there.
/// - Times have whole seconds, in UTC.
/// - `meta` of a list without any log has 0 for numbers and null for pages; past the last page `current_page` is the one that was asked for.
///
/// # Errors
///
/// `status`, `error` (the status' reason) and, where the table has one, `code`.
///
/// | status | |
/// | --- | --- |
/// | 400 | a bad parameter: `error` is `BadRequest: ` and what is wrong |
/// | 401 | no credential, or one that nobody holds |
/// | 403 | `read_action_not_allowed_for_api_log` |
/// | 404 | `api_log_not_found`; `resource_not_found` where no route has the path |
/// | 405 | `method_not_allowed` |
/// | 422 | `validation_errors`, and `error_details` with the codes of each parameter |
/// | 429 | asked too often |
/// | 500, 503 | the store failed, or cannot be reached now |
///
/// Replies to a limited reader have the header fields `x-ratelimit-limit`, `x-ratelimit-remaining` and `x-ratelimit-reset` (whole seconds to wait).
#[derive(Clone, Copy, Debug)]
pub struct Lago {
    methods: Methods,
    retention: Retention,
}

/// Which methods are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Methods {
    Changing,
    All,
}

const CHANGING: [&str; 3] = ["post", "put", "delete"];

const LIST: &str = "/api/v1/api_logs";
const RETRIEVE: &str = "/api/v1/api_logs/{request_id}";

impl Lago {
    /// Makes the format with the methods that Lago logs and lists that go 30 days back.
    pub fn new() -> Self {
        Self {
            methods: Methods::Changing,
            retention: Retention::days(30),
        }
    }

    /// Serves exchanges of every method, which Lago's clients for Rust refuse.
    #[must_use]
    pub fn all_methods(mut self) -> Self {
        self.methods = Methods::All;
        self
    }

    /// Says how far back lists go, whatever the store still holds: 30 days by default, as in Lago; `None` for all of it.
    #[must_use]
    pub fn retention(mut self, period: Option<Duration>) -> Self {
        self.retention = Retention::new(period);
        self
    }
}

impl Default for Lago {
    fn default() -> Self {
        Self::new()
    }
}

impl WireFormat for Lago {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(RETRIEVE, Operation::Retrieve),
        ]
    }

    fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        only(headers, AUTHORIZATION.as_str())?
            .split_whitespace()
            .nth(1)
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        match request.operation() {
            Operation::List => params::listing(request, self).map(Question::List),
            Operation::Retrieve => {
                request.parameters().only(&[])?;
                let text = request.path_param("request_id");
                let lookup = Lookup::new(params::served(self.methods));
                Ok(Question::Retrieve(
                    lookup.id(text.parse().ok()).request_id(text),
                ))
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
        let logs: Vec<Field<'_>> = page
            .entries
            .iter()
            .filter_map(api_log)
            .map(Field::from)
            .collect();
        let document = Object::new()
            .with("api_logs", logs)
            .with("meta", meta(asked, total.unwrap_or(0)));
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let log = api_log(entry).ok_or(Refusal::NoEntry)?;
        let document = Object::new().with("api_log", log);
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        let status = refusal.status();
        let error = match refusal.details() {
            Some(details) if status == StatusCode::BAD_REQUEST => format!("BadRequest: {details}"),
            _ => status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let mut document = Object::new()
            .with("status", u64::from(status.as_u16()))
            .with("error", error);
        if let Some(code) = code(refusal) {
            document = document.with("code", code);
        }
        if let Refusal::Unprocessable { name, code } = refusal {
            let details = Field::verbatim(vec![(name, [code])]);
            document = document.with("error_details", details);
        }
        Reply::json(status, &document.cased(Case::Snake))
    }

    fn sign(&self, answered: &Answered<'_>, headers: &mut HeaderMap) {
        if let Some(rate) = answered.rate_limit {
            for (name, number) in [
                ("x-ratelimit-limit", rate.limit.into()),
                ("x-ratelimit-remaining", rate.remaining.into()),
                ("x-ratelimit-reset", rate.reset_seconds()),
            ] {
                headers.insert(HeaderName::from_static(name), number.into());
            }
        }
    }

    fn describe(&self, route: &Route) -> serde_json::Value {
        match route.operation() {
            Operation::List => describe::list(self.methods),
            _ => describe::retrieve(self.methods),
        }
    }
}

fn code(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Forbidden(_) => Some("read_action_not_allowed_for_api_log"),
        Refusal::NoEntry => Some("api_log_not_found"),
        Refusal::NoRoute => Some("resource_not_found"),
        Refusal::MethodNotAllowed => Some("method_not_allowed"),
        Refusal::Unprocessable { .. } => Some("validation_errors"),
        _ => None,
    }
}

fn meta<'a>(asked: &Listing, total: u64) -> Object<'a> {
    let asked_page = match asked.position {
        Position::Number(number) => number,
        _ => 1,
    };
    let pages = total.div_ceil(u64::from(asked.limit));
    let current = if total == 0 { 0 } else { asked_page };
    Object::new()
        .with("current_page", current)
        .with("next_page", (current < pages).then_some(current + 1))
        .with("prev_page", (current > 1).then(|| current - 1))
        .with("total_pages", pages)
        .with("total_count", total)
}

/// Writes an exchange; `None` for an entry of another kind.
fn api_log(entry: &LogEntry) -> Option<Object<'_>> {
    let exchange = entry.exchange()?;
    let (request, context) = (&exchange.request, &entry.context);
    let time = entry.created_at.rfc3339(0);
    let log = Object::new()
        .with("request_id", entry.id.to_string())
        .with("client", context.user_agent.as_deref().unwrap_or_default())
        .with("http_method", request.method.to_ascii_lowercase())
        .with("http_status", exchange.status().map_or(0, u64::from))
        .with("request_origin", body::origin(request))
        .with("request_path", &request.path)
        .with("request_body", body::request(exchange))
        .with("request_response", body::response(exchange))
        .with(
            "api_version",
            context.api_version.as_deref().unwrap_or_default(),
        )
        .with("logged_at", time.clone())
        .with("created_at", time);
    Some(log)
}
