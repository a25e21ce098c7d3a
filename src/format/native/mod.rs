mod document;
mod params;

use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};

use super::fields::{Case, Field, Object};
use super::question::{Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::{Parameters, WireFormat};
use crate::entry::{EntryId, LogEntry};
use crate::query::{Filter, Page};

/// Our own format: everything that an entry holds.
///
/// | path | gives |
/// | --- | --- |
/// | `/api-log/v1/entries` | a page of entries, newest first |
/// | `/api-log/v1/entries/{id}` | one entry, by its UUID |
///
/// The credential is the token of `Authorization: Bearer`.
///
/// # Parameters of the list
///
/// Repeated values of one parameter are joined by *or*, parameters by *and*. Those marked † also take values separated by commas. An unknown
/// parameter, and a value that is not of the form told here, is an error and never ignored.
///
/// | parameter | keeps the entries |
/// | --- | --- |
/// | `from`, `to` | begun not before, not after a time in RFC 3339 with an offset; once |
/// | `method` † | with a method, in any case |
/// | `status` † | with a status: `404`, `4xx` or `400-499` |
/// | `path` | with a path: exact, but for `*`, which stands for any run of characters |
/// | `route` | with a route's template, `/users/{id}` |
/// | `actor`, `organisation`, `project`, `environment` | with that id or name in their context |
/// | `client_ip` † | from an address |
/// | `user_agent` | with a `User-Agent`, whole |
/// | `request_id` † | with the client's own request id |
/// | `api_version` † | with an API version, `v1` |
/// | `kind` † | of a kind: `exchange`, `event` |
///
/// | parameter | chooses |
/// | --- | --- |
/// | `limit` | the entries of a page: 1 to 1000, 50 by default |
/// | `after` | the page of the entries older than an id |
/// | `before` | the page of the entries newer than an id; not together with `after` |
/// | `page` | the page of a number from 1, whose cost grows with it; not together with `after` or `before` |
/// | `count` | `true`: a total over all pages as well; `false` by default |
///
/// # The list
///
/// | field | what it is |
/// | --- | --- |
/// | `entries` | the entries, newest first |
/// | `page.after`, `page.before` | the id to ask for next as `after` (older) or `before` (newer); null where there is no such page |
/// | `page.limit` | the limit that was used |
/// | `page.total` | the entries over all pages; null unless counted |
/// | `links.next`, `links.prev` | relative links to the older and the newer page, with the same parameters; null where there is none |
///
/// # An entry
///
/// Every field is there in every entry of its kind, null where nothing is known. In brackets: OpenTelemetry's name.
///
/// | field | what it is |
/// | --- | --- |
/// | `id` | the UUID (version 7): the identity, the place in listings, the cursor |
/// | `kind` | `exchange` or `event` |
/// | `created_at` | when it began, RFC 3339 in UTC with microseconds |
/// | `context.actor` | `kind` (`user`, `service`), `id` (user.id), `email` (user.email), `first_name`, `last_name`; or null |
/// | `context.session` | the actor's session (session.id) |
/// | `context.api_key` | the fingerprint or record id of the API key |
/// | `context.organisation`, `.project`, `.environment` | whose it is |
/// | `context.request_id` | the client's own request id, not unique |
/// | `context.client_ip` | the client (client.address) |
/// | `context.peer_ip` | the other end of the connection (network.peer.address) |
/// | `context.user_agent` | (user_agent.original) |
/// | `context.trace_id` | 32 hexadecimal digits of the W3C trace |
/// | `context.api_version` | as `v1` |
///
/// Of an exchange:
///
/// | field | what it is |
/// | --- | --- |
/// | `request.method` | as sent (http.request.method) |
/// | `request.scheme`, `.authority` | (url.scheme), (server.address and server.port) |
/// | `request.path`, `.query` | as sent, secrets replaced (url.path), (url.query) |
/// | `request.params` | the query as nested parameters, leaves are strings |
/// | `request.route` | the template (http.route) |
/// | `request.version` | `1.0`, `1.1`, `2`, `3` (network.protocol.version) |
/// | `request.headers`, `.trailers` | lists of `[name, value]` in order, names in lower case, duplicates kept (http.request.header) |
/// | `request.body`, `response.body` | see below |
/// | `response` | null if the exchange ended without one |
/// | `response.status` | (http.response.status_code) |
/// | `response.headers`, `.trailers` | as those of the request (http.response.header) |
/// | `response.headers_left_out` | whether the budget of captured bytes had no room for the headers |
/// | `outcome` | how it ended: see [`Outcome`](crate::entry::Outcome) |
/// | `timing.to_headers_micros` | whole microseconds until the response's head; null without one |
/// | `timing.to_last_byte_micros` | whole microseconds until the end (http.server.request.duration) |
/// | `masked.count` | how many spots were masked |
/// | `masked.spots` | the first 100 of them: `place`, `pointer`, `rule`, `bytes` |
///
/// A body has `state` (`empty`, `whole`, `truncated`, `skipped`, `withheld`), `reason` (null unless truncated, skipped or withheld: see
/// [`CutReason`](crate::entry::CutReason), [`SkipReason`](crate::entry::SkipReason), [`WithheldReason`](crate::entry::WithheldReason)), `bytes_seen`
/// (http.request.body.size), `text` (the masked text), `json` (the same as JSON, where it is whole JSON that any reader can read) and `keyed_hash` (of
/// what was withheld).
///
/// Of an event: `event.category`, `.action`, `.ref_id`, `.title`, `.data` (JSON as the application gave it) and `.exchange` (the id of the exchange in
/// which it happened).
///
/// # Errors
///
/// `application/problem+json` (RFC 9457): `title`, `status`, `detail` (names the parameter and the accepted form), `parameter` (its name) and
/// `request_id` (the id of the refused request); absent where there is nothing to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

const LIST: &str = "/api-log/v1/entries";
const RETRIEVE: &str = "/api-log/v1/entries/{id}";

impl WireFormat for Native {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(RETRIEVE, Operation::Retrieve),
        ]
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        match request.operation() {
            Operation::List => params::listing(request.parameters()).map(Question::List),
            Operation::Retrieve => {
                request.parameters().only(&[])?;
                let lookup = Lookup::new(Filter::default());
                let id = request.path_param("id").parse().ok();
                Ok(Question::Retrieve(lookup.id(id)))
            }
            Operation::Export => Err(Refusal::NoRoute),
        }
    }

    fn page(
        &self,
        request: &Request<'_>,
        asked: &Listing,
        page: &Page,
        total: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let entries = page.entries.iter();
        let entries: Vec<Field<'_>> = entries.map(|entry| document::entry(entry).into()).collect();
        let older = page.entries.last().filter(|_| page.has_older);
        let newer = page.entries.first().filter(|_| page.has_newer);
        let id = |entry: &LogEntry| entry.id.to_string();
        let link = |name, entry: &LogEntry| link(request.parameters(), name, entry.id);
        let cursors = Object::new()
            .with("after", older.map(id))
            .with("before", newer.map(id))
            .with("limit", u64::from(asked.limit))
            .with("total", total);
        let links = Object::new()
            .with("next", older.map(|entry| link("after", entry)))
            .with("prev", newer.map(|entry| link("before", entry)));
        let list = Object::new()
            .with("entries", entries)
            .with("page", cursors)
            .with("links", links);
        Ok(Reply::json(StatusCode::OK, &list.cased(Case::Snake)))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let entry = document::entry(entry);
        Ok(Reply::json(StatusCode::OK, &entry.cased(Case::Snake)))
    }

    fn refuse(&self, refusal: &Refusal, id: EntryId) -> Reply {
        let status = refusal.status();
        let mut problem = Object::new()
            .with("title", status.canonical_reason())
            .with("status", u64::from(status.as_u16()));
        if let Some(details) = refusal.details() {
            problem = problem.with("detail", details);
        }
        match refusal {
            Refusal::BadParameter { name, .. } => problem = problem.with("parameter", name),
            Refusal::Unprocessable { name, .. } => problem = problem.with("parameter", &**name),
            _ => {}
        }
        let problem = problem.with("request_id", id.to_string());
        let reply = Reply::json(status, &problem.cased(Case::Snake))
            .header(CONTENT_TYPE, "application/problem+json");
        match refusal {
            Refusal::NoCredential | Refusal::BadCredential => {
                reply.header(WWW_AUTHENTICATE, "Bearer")
            }
            _ => reply,
        }
    }
}

/// Links to another page of the same listing.
fn link(parameters: &Parameters, cursor: &str, id: EntryId) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix(format!("{LIST}?"), LIST.len() + 1);
    let kept = parameters
        .iter()
        .filter(|(name, _)| !["after", "before", "page"].contains(name));
    query
        .extend_pairs(kept)
        .append_pair(cursor, &id.to_string());
    query.finish()
}
