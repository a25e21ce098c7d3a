mod describe;
mod headers;
mod resource;

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use super::WireFormat;
use super::jsonapi::{self, Collection, Type, View};
use super::limit::Answered;
use super::question::{Listing, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::retention::Retention;
use crate::entry::{EntryId, Kind, LogEntry};
use crate::query::{Filter, Page};

/// Persona's API logs: every exchange, as a document close to JSON:API.
///
/// | path | gives |
/// | --- | --- |
/// | `/api/v1/api-logs` | a page, newest first |
/// | `/api/v1/api-logs/{api-log-id}` | one exchange, by `req_…` or by its plain UUID |
///
/// The credential is the token of `Authorization: Bearer`. Audit events are not API logs and do not exist here. Neither does what is older than 14
/// days, as at Persona: [`Persona::retention`] changes that.
///
/// | parameter | where | accepted |
/// | --- | --- | --- |
/// | `page[size]` | list | 1 to 100, 10 by default |
/// | `page[after]`, `page[before]` | list | an id of this format; not both. Past the end the page is empty |
/// | `fields[api-log]` | both | attributes separated by commas, dots lead inside: `request.path`. Names in kebab, camel or snake case |
/// | `include` | retrieve | empty, for an API log has no relationships |
///
/// | header field | accepted |
/// | --- | --- |
/// | `Key-Inflection` | `kebab` (default), `camel`, `snake` |
/// | `Persona-Version` | a date, as `2023-01-05`. Every version gives the same: Persona's published schemas of these resources do not differ by version |
/// | `Idempotency-Key` | anything; it has no effect on a `GET`, as at Persona |
/// | `Accept` | anything, `application/vnd.api+json` too; the reply is `application/json` |
///
/// A parameter that is not in the table, and a value that is not accepted, is refused with 400.
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
/// - `redacted-at` is null: an entry whose person was erased does not tell when that was.
/// - `links` are relative; they repeat `page[size]` and `fields` where the request has them.
///
/// # Replies to a known reader
///
/// | header field | holds |
/// | --- | --- |
/// | `Request-Id` | `req_…`, the id of the request that is answered |
/// | `RateLimit-Limit`, `-Remaining`, `-Reset` | requests, requests, seconds; where the reader is limited |
/// | `Persona-Organization-Id`, `Persona-Environment-Id` | the organisation and environment that the reader is held to, if any, with `org_` or `env_` put in front of an id that does not begin so; bytes that a field cannot carry percent-encoded |
///
/// Errors have them as well; a reply to somebody unknown, such as a 401, has none.
#[derive(Clone, Copy, Debug)]
pub struct Persona {
    shape: Shape,
    retention: Retention,
}

/// Which of Persona's two published shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Reference,
    Strict,
}

const REFERENCE: Collection = Collection {
    list: "/api/v1/api-logs",
    retrieve: "/api/v1/api-logs/{api-log-id}",
    id_param: "api-log-id",
    prefix: "req",
    own: Type {
        name: "api-log",
        attributes: &[
            "request",
            "request.method",
            "request.path",
            "request.headers",
            "request.get_params",
            "request.post_params",
            "request.ip_address",
            "response",
            "response.status",
            "response.headers",
            "response.body",
            "created_at",
        ],
    },
    related: &[],
    relationships: &[],
};

const STRICT: Collection = Collection {
    own: Type {
        name: "api-log",
        attributes: &[
            "request",
            "request.method",
            "request.path",
            "request.headers",
            "request.get_params",
            "request.post_params",
            "request.ip_address",
            "response",
            "response.status",
            "response.headers",
            "created_at",
            "redacted_at",
        ],
    },
    ..REFERENCE
};

impl Persona {
    /// Makes the format in the shape of the API reference.
    pub fn new() -> Self {
        Self {
            shape: Shape::Reference,
            retention: Retention::days(14),
        }
    }

    /// Keeps to the schema that Persona publishes, which allows no other attribute.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.shape = Shape::Strict;
        self
    }

    /// Says how far back readers see, in lists and by id, whatever the store still holds: 14 days by default, as at Persona; `None` for all of it.
    #[must_use]
    pub fn retention(mut self, period: Option<Duration>) -> Self {
        self.retention = Retention::new(period);
        self
    }

    fn collection(self) -> &'static Collection {
        match self.shape {
            Shape::Reference => &REFERENCE,
            Shape::Strict => &STRICT,
        }
    }
}

impl Default for Persona {
    fn default() -> Self {
        Self::new()
    }
}

impl WireFormat for Persona {
    fn routes(&self) -> Vec<Route> {
        self.collection().routes()
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        View::read(request, self.collection())?;
        let mut filter = Filter {
            kinds: vec![Kind::Exchange],
            ..Filter::default()
        };
        self.retention.narrow(&mut filter, request.now());
        self.collection().question(request, filter)
    }

    fn page(
        &self,
        request: &Request<'_>,
        _: &Listing,
        page: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let view = View::read(request, self.collection())?;
        let resource = |entry| resource::api_log(entry, self.shape, &view);
        let document = self.collection().page(request, page, resource);
        Ok(jsonapi::reply(&view, &document))
    }

    fn entry(&self, request: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let view = View::read(request, self.collection())?;
        let data = resource::api_log(entry, self.shape, &view).ok_or(Refusal::NoEntry)?;
        let included = view.has_include().then(Vec::new);
        Ok(jsonapi::reply(&view, &jsonapi::one(data, included)))
    }

    fn refuse(&self, refusal: &Refusal, id: EntryId) -> Reply {
        jsonapi::refuse(refusal, id)
    }

    fn sign(&self, answered: &Answered<'_>, headers: &mut HeaderMap) {
        jsonapi::sign(answered, headers);
    }

    fn describe(&self, route: &Route) -> Value {
        self.collection()
            .describe(route, describe::described(self.shape))
    }
}
