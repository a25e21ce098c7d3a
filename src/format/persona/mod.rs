mod headers;
mod resource;
mod view;

use http::{HeaderName, StatusCode};

use super::fields::{Case, Field, Object};
use super::question::{Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::{Parameters, WireFormat};
use crate::entry::{EntryId, Kind, LogEntry};
use crate::query::{Filter, Page, Position};
use view::View;

/// Persona's API logs: every exchange, as a document close to JSON:API.
///
/// | path | gives |
/// | --- | --- |
/// | `/api/v1/api-logs` | a page, newest first |
/// | `/api/v1/api-logs/{api-log-id}` | one exchange, by `req_…` or by its plain UUID |
///
/// The credential is the token of `Authorization: Bearer`. Audit events are not API logs and do not exist here.
///
/// | parameter | where | accepted |
/// | --- | --- | --- |
/// | `page[size]` | list | 1 to 100, 10 by default |
/// | `page[after]`, `page[before]` | list | an id of this format; not both. Past the end the page is empty |
/// | `fields[api-log]` | both | attributes separated by commas, dots lead inside: `request.path`, in kebab, camel or snake case |
/// | `include` | retrieve | empty, for an API log has no relationships |
/// | `Key-Inflection` (header) | both | `kebab` (default), `camel`, `snake` |
///
/// Anything else is refused with 400.
///
/// # Shape
///
/// By default that of the API reference: all header fields, and `response.body`. [`Persona::strict`] gives the shape of the schema that Persona publishes
/// since 2025: `redacted-at`, only the header fields it allows, the rate limits and quotas as integers, no `response.body`.
///
/// - Names of header fields are in title case, and in Persona's spelling where that differs (`RateLimit-Limit`); a repeated field becomes one, joined by commas
///   (`Cookie` by semicolons).
/// - `get-params` is the query as Rails nests it; `post-params` is the JSON object or the form of the body. JSON that is no object stands under `_json`,
///   as in Rails; a body of another type, and one that was cut, withheld or not kept, is `{}`.
/// - `response.body` is the body's JSON; text that is not JSON, or that was cut, is a string; a body that was withheld or not kept is null.
/// - `response.status` is 0 for an exchange that ended without a response, because the schema wants a number.
/// - `links` are relative; they repeat `page[size]` and `fields` where the request has them.
///
/// Every reply but a 401 has `Request-Id`, the id of the request that it answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persona {
    shape: Shape,
}

/// Which of Persona's two published shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Reference,
    Strict,
}

const LIST: &str = "/api/v1/api-logs";
const RETRIEVE: &str = "/api/v1/api-logs/{api-log-id}";
const PREFIX: &str = "req";
const MAX_SIZE: u64 = 100;
const DEFAULT_SIZE: u32 = 10;

impl Persona {
    /// Keeps to the schema that Persona publishes, which allows no other attribute.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.shape = Shape::Strict;
        self
    }

    /// Makes the format in the shape of the API reference.
    pub fn new() -> Self {
        Self::default()
    }

    fn reply(self, request: &Request<'_>, view: &View, document: &Object<'_>) -> Reply {
        Reply::json(StatusCode::OK, &document.cased(view.case))
            .header(REQUEST_ID, &request.id().prefixed(PREFIX))
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

impl WireFormat for Persona {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(RETRIEVE, Operation::Retrieve),
        ]
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        View::read(request)?;
        let filter = Filter {
            kinds: vec![Kind::Exchange],
            ..Filter::default()
        };
        match request.operation() {
            Operation::List => listing(request.parameters(), filter).map(Question::List),
            Operation::Retrieve => {
                let text = request.path_param("api-log-id");
                let id = EntryId::from_prefixed(PREFIX, text).or_else(|| text.parse().ok());
                Ok(Question::Retrieve(Lookup::new(filter).id(id)))
            }
            Operation::Export => Err(Refusal::NoRoute),
        }
    }

    fn page(
        &self,
        request: &Request<'_>,
        _: &Listing,
        page: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let view = View::read(request)?;
        let entries = page.entries.iter();
        let data: Vec<Field<'_>> = entries
            .filter_map(|entry| resource::api_log(entry, self.shape, &view))
            .map(Field::from)
            .collect();
        let newer = page.entries.first().filter(|_| page.has_newer);
        let older = page.entries.last().filter(|_| page.has_older);
        let link = |name, entry: &LogEntry| link(request.parameters(), name, entry.id);
        let links = Object::new()
            .with("prev", newer.map(|entry| link("page[before]", entry)))
            .with("next", older.map(|entry| link("page[after]", entry)));
        let document = Object::new().with("data", data).with("links", links);
        Ok(self.reply(request, &view, &document))
    }

    fn entry(&self, request: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let view = View::read(request)?;
        let data = resource::api_log(entry, self.shape, &view).ok_or(Refusal::NoEntry)?;
        let mut document = Object::new().with("data", data);
        if view.include {
            document = document.with("included", Vec::new());
        }
        Ok(self.reply(request, &view, &document))
    }

    fn refuse(&self, refusal: &Refusal, id: EntryId) -> Reply {
        let mut error = Object::new().with("title", title(refusal));
        if let Some(details) = refusal.details() {
            error = error.with("details", details);
        }
        let document = Object::new().with("errors", vec![error.into()]);
        let reply = Reply::json(refusal.status(), &document.cased(Case::Kebab));
        match refusal {
            Refusal::NoCredential | Refusal::BadCredential => reply,
            _ => reply.header(REQUEST_ID, &id.prefixed(PREFIX)),
        }
    }
}

fn listing(parameters: &Parameters, filter: Filter) -> Result<Listing, Refusal> {
    let size = parameters
        .integer("page[size]", 1..=MAX_SIZE)?
        .and_then(|size| u32::try_from(size).ok())
        .unwrap_or(DEFAULT_SIZE);
    let id = |name: &str| -> Result<Option<EntryId>, Refusal> {
        let Some(text) = parameters.get(name)? else {
            return Ok(None);
        };
        let id = EntryId::from_prefixed(PREFIX, text);
        id.map(Some)
            .ok_or_else(|| Refusal::parameter(name, "must be the id of an API log, as req_…"))
    };
    let position = match (id("page[after]")?, id("page[before]")?) {
        (None, None) => Position::First,
        (Some(id), None) => Position::After(id),
        (None, Some(id)) => Position::Before(id),
        (Some(_), Some(_)) => {
            return Err(Refusal::parameter(
                "page[before]",
                "must not go with page[after]",
            ));
        }
    };
    Ok(Listing::new(filter, position, size))
}

fn link(parameters: &Parameters, cursor: &str, id: EntryId) -> String {
    let kept = parameters
        .iter()
        .filter(|(name, _)| !["page[after]", "page[before]"].contains(name));
    form_urlencoded::Serializer::for_suffix(format!("{LIST}?"), LIST.len() + 1)
        .append_pair(cursor, &id.prefixed(PREFIX))
        .extend_pairs(kept)
        .finish()
}

fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoCredential => "Must be authenticated to access this endpoint",
        Refusal::BadCredential => "Token is invalid",
        Refusal::Forbidden(_) => "Forbidden",
        Refusal::NoEntry => "Record not found",
        Refusal::NoRoute => "Not found",
        Refusal::MethodNotAllowed => "Method not allowed",
        Refusal::BadParameter { .. } | Refusal::Invalid(_) => "Bad Request",
        Refusal::RateLimited(_) => "Rate limit exceeded",
        Refusal::Unprocessable { .. } => "Unprocessable entity",
        Refusal::Internal => "Internal server error",
        Refusal::Unavailable => "Service unavailable",
    }
}
