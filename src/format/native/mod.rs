mod describe;
mod document;
mod export;
mod facets;
mod har;
mod paging;
mod params;
mod schema;
mod sums;
mod tail;

use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::Value;

use super::fields::{Case, Field, Object};
use super::question::{Export, Facets, Listing, Lookup, Operation, Question, Route, Sums, Tail};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::{ExportWriter, TailWriter, WireFormat};
use crate::entry::{EntryId, Kind, LogEntry};
use crate::query::{Filter, Page, Stats};
use paging::{Around, Cursor};

/// Our own format: everything that an entry holds, and everything that can be asked.
///
/// | path | gives |
/// | --- | --- |
/// | `/api-log/v1/entries` | a page of entries |
/// | `/api-log/v1/entries/{id}` | one entry, by its UUID; no parameters |
/// | `/api-log/v1/export.ndjson` | a file of the entries of a list, newest first: one JSON document a line |
/// | `/api-log/v1/export.csv` | one row an entry |
/// | `/api-log/v1/export.har` | the exchanges as HAR 1.2, for browsers' network panels and HTTP tools |
/// | `/api-log/v1/stats` | the sums over a list: calls, failures, statuses and latencies, by time or by a field |
/// | `/api-log/v1/facets` | the same by several fields at once: the commonest values of each |
/// | `/api-log/v1/tail` | entries as they come, as server-sent events |
///
/// The credential is the token of `Authorization: Bearer`. What the store holds is shown, however old it is.
///
/// # Parameters of the list and of the exports
///
/// Repeated values of one parameter are joined by *or*, parameters by *and*; those marked ¹ may be there once. Those marked † also take values
/// separated by commas. Text compares exactly. An unknown parameter, and a value that is not of the form told here, is an error and never ignored.
///
/// | parameter | keeps the entries |
/// | --- | --- |
/// | `from`, `to` ¹ | begun not before, not after: a time in RFC 3339 with an offset (`2026-01-31T12:00:00Z`), a date (from its first, to its last microsecond in UTC), `now`, or a time ago: `-` with one to nine digits and `s`, `m`, `h`, `d` or `w`, as `-15m` |
/// | `method` † | with a method, in any case |
/// | `status` † | with a status: `404`, `4xx` or `400-499` |
/// | `path` | with a path: exact, but for `*`, which stands for any run of characters |
/// | `route` | with a route's template, `/users/{id}` |
/// | `outcome` † | that ended so: `completed`, `service_error`, `panic`, `left_before_response`, `left_in_body`, `body_error`, `upgraded`, `process_died` |
/// | `min_duration`, `max_duration` ¹ | that took at least, at most so long to their end: `200us`, `250ms`, `1.5s`; whole microseconds, up to twelve digits before the point |
/// | `actor`, `session`, `api_key`, `organisation`, `project`, `environment` | with that id or name in their context |
/// | `actor_kind` † | of a kind of actor: `user`, `service` |
/// | `client_ip` † | from an address |
/// | `user_agent` | with a `User-Agent`, whole |
/// | `request_id` † | with the client's own request id |
/// | `api_version` † | with an API version, `v1` |
/// | `kind` † | of a kind: `exchange`, `event`; no HAR holds events |
/// | `category`, `action` | with that category, action of an event |
/// | `ref_id` | about an object: the `ref_id` of an event, the id of an exchange's resource |
/// | `exchange` † | events that happened in an exchange, by its UUID |
/// | `search` ¹ | that hold a text of 1 to 256 bytes, whatever the case of ASCII letters: in a body, or in an event's title, change, errors, alerts and data as JSON |
///
/// | parameter ¹ | chooses |
/// | --- | --- |
/// | `limit` | the entries of a page: 1 to 1,000, 50 by default. Of an export: 1 to 1,000,000; without one an export holds all, and more than 1,000,000 entries are refused |
/// | `after` | the entries older than an id |
/// | `before` | the page of the entries newer than an id; not together with `after`. List only |
/// | `page` | the page of a number from 1, whose cost grows with it; not together with `after` or `before`. List only |
/// | `order` | `newest` first, the default, or `oldest` first: by page number, not together with `after` or `before`. List only |
/// | `count` | `true`: a total over all pages as well; `false` by default. List only |
/// | `view` | `full`, the default, or `summary`: see below. Not for CSV and HAR |
///
/// There is no sort by another column: the id is the order of every listing, and the only one in which a page stays the same while entries are written.
///
/// A `search` has no index to go by. It looks at a bounded number of entries for each page, so that a page may come out short or empty while there is more:
/// `page.searched_to` is then the last id that was looked at, and `page.after` goes on from there. Therefore it goes forward only, not together with
/// `before`, `page`, `order=oldest` or `count=true`. An export goes on by itself.
///
/// # The list
///
/// | field | what it is |
/// | --- | --- |
/// | `entries` | the entries |
/// | `page.after`, `page.before` | the id to ask for next as `after` (older) or `before` (newer); null where there is no such page, `before` with `search`, and both with `order=oldest` |
/// | `page.limit` | the limit that was used |
/// | `page.total` | the entries over all pages; null unless counted |
/// | `page.searched_to` | how far a search came that has not looked at everything yet; otherwise null |
/// | `links.next`, `links.prev` | relative links to the next and the previous page, with the same parameters, relative times made absolute; null where there is none |
///
/// # An entry
///
/// Every field is there in every entry of its kind, null where nothing is known. In brackets: OpenTelemetry's name. `view=summary` leaves out the fields
/// marked ‡, and no other.
///
/// | field | what it is |
/// | --- | --- |
/// | `id` | the UUID (version 7): the identity, the place in listings, the cursor |
/// | `kind` | `exchange` or `event` |
/// | `created_at` | when it began, RFC 3339 in UTC with microseconds |
/// | `context.actor` | `kind` (`user`, `service`), `id` (user.id), `email` (user.email), `first_name`, `last_name`; or null |
/// | `context.impersonator` | the e-mail address of whoever acts in the actor's name |
/// | `context.session` | the actor's session (session.id) |
/// | `context.api_key` | the fingerprint or record id of the API key |
/// | `context.organisation`, `.project`, `.project_name`, `.environment` | whose it is |
/// | `context.resource` | the object that it is about, `kind` and `id`; or null |
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
/// | `request.route` | the template (http.route) |
/// | `request.version` | `1.0`, `1.1`, `2`, `3` (network.protocol.version) |
/// | `request.params` ‡ | the query as nested parameters, leaves are strings |
/// | `request.headers`, `.trailers` ‡ | lists of `[name, value]` in order, names in lower case, duplicates kept (http.request.header) |
/// | `request.body`, `response.body` | see below |
/// | `response` | null if the exchange ended without one |
/// | `response.status` | (http.response.status_code) |
/// | `response.headers`, `.trailers` ‡ | as those of the request (http.response.header) |
/// | `response.headers_left_out` ‡ | whether the budget of captured bytes had no room for the headers |
/// | `outcome` | how it ended: see [`Outcome`](crate::entry::Outcome) |
/// | `failure` | what the error or the panic said that ended it, masked, up to 1 KiB |
/// | `timing.to_headers_micros` | whole microseconds until the response's head; null without one |
/// | `timing.to_last_byte_micros` | whole microseconds until the end (http.server.request.duration) |
/// | `notes` ‡ | what the application noted: a list of `name` and `value` |
/// | `masked.count` ‡ | how many spots were masked |
/// | `masked.spots` ‡ | the first 100 of them: `place`, `pointer`, `rule`, `bytes` |
///
/// A body has `state` (`empty`, `whole`, `truncated`, `skipped`, `withheld`), `reason` (null unless truncated, skipped or withheld: see
/// [`CutReason`](crate::entry::CutReason), [`SkipReason`](crate::entry::SkipReason), [`WithheldReason`](crate::entry::WithheldReason)), `bytes_seen`
/// (http.request.body.size), `decoded_bytes` (the length once a content coding was undone; null without one or where it was not decoded to its end), `text` ‡ (the masked text), `json` ‡ (the same as JSON, where it is whole JSON that any reader can read) and `keyed_hash` ‡ (of
/// what was withheld).
///
/// Of an event:
///
/// | field | what it is |
/// | --- | --- |
/// | `event.category`, `.action`, `.ref_id` | what was done to which object |
/// | `event.title` | one line for people |
/// | `event.exchange` | the id of the exchange in which it happened |
/// | `event.change` ‡ | the object `before` and `after` (null where it was not there), and in `fields` the first 100 spots of `fields_count` that differ: `pointer` (RFC 6901), `before` and `after`, each absent where nothing was there; or null |
/// | `event.errors`, `.alerts` ‡ | lists of `message` and `pointer` |
/// | `event.data` ‡ | JSON as the application gave it |
/// | `event.masked` ‡ | as of an exchange |
///
/// # Exports
///
/// An export is streamed page by page, in constant memory. One that fails in the middle breaks off, so that a part is not taken for the whole. One that reached
/// its `limit` goes on with the last id as `after`. Each has the name `api-log` with its extension.
///
/// - **NDJSON**: the documents of the list, each on a line of its own.
/// - **CSV**: the columns `id`, `kind`, `created_at`, `method`, `scheme`, `authority`, `path`, `query`, `route`, `status`, `outcome`, `to_headers_micros`,
///   `to_last_byte_micros`, `request_bytes`, `response_bytes`, `category`, `action`, `ref_id`, `title`, `exchange`, `actor_kind`, `actor_id`, `actor_email`,
///   `impersonator`, `session`, `api_key`, `organisation`, `project`, `project_name`, `environment`, `resource_kind`, `resource_id`, `request_id`,
///   `client_ip`, `user_agent`, `trace_id`, `api_version`; empty where an entry has none. A cell that a spreadsheet would run as a formula has an
///   apostrophe in front.
/// - **HAR**: exchanges only, events are left out. Status 0 where there was no response. `timings.wait` lasts until the response's head, `receive` from there to
///   the end. `content.size` is the decoded length where it is known, `compression` what the coding saved. Trailers have no place in it. The comment of a body that is not there or not whole says why. Where the scheme is not known it is `http`,
///   where the host is not known `unknown.invalid`. `_id` is the entry's id, `_outcome` its outcome.
///
/// # Sums
///
/// The parameters of the list that narrow it, but for `search`, and, each once:
///
/// | parameter | chooses |
/// | --- | --- |
/// | `by` | what makes a group: `all`, one group, the default; `time`; or a field: `method`, `route`, `path`, `status`, `actor`, `api_key`, `organisation`, `project`, `environment`, `client_ip`, `user_agent`, `api_version`, `outcome`, `kind`, `category`, `action` |
/// | `width` | how long groups of time are: one to nine digits and `s`, `m`, `h`, `d` or `w`; `1h` by default. With `by=time`, which it means without `by` |
/// | `limit` | the groups: 1 to 1,000, 100 by default; of time the newest, of a field those of the most entries |
///
/// | field | what it is |
/// | --- | --- |
/// | `by`, `width_micros` | what was asked for; the width is null unless by time |
/// | `groups` | of time the oldest first, those that hold no entry left out; of a field those of the most entries first |
/// | `groups[].value` | the time in which it begins, the value of the field, or null |
/// | `groups[].entries` | the entries that are stored, events among them |
/// | `groups[].calls` | the calls; each exchange stands for as many as its weight says, where sampling left others out, and so in what follows |
/// | `groups[].failed` | those with a status from 400 or an outcome that is neither completed nor upgraded |
/// | `groups[].classes` | the calls by class of their status: `none`, `1xx` to `5xx`, `other` |
/// | `groups[].latency` | `p50_micros`, `p90_micros`, `p95_micros`, `p99_micros` of the time to the end, at most 6.3 % off; null without a call |
/// | `has_more` | whether there are more groups than the limit |
///
/// # Facets
///
/// The parameters of the sums, but for `by` and `width`, and, each once:
///
/// | parameter | chooses |
/// | --- | --- |
/// | `fields` † | 1 to 8 of the fields by which sums can be grouped, each once; `method,status,route` by default |
/// | `limit` | the groups of each field: 1 to 100, 10 by default; those of the most entries |
///
/// | field | what it is |
/// | --- | --- |
/// | `facets` | one for each field, in the order asked for |
/// | `facets[].field` | its name |
/// | `facets[].groups`, `.has_more` | as of sums by this field |
///
/// # The tail
///
/// The parameters of the list that narrow it, `search` among them; `view`, `summary` by default; and `interval`, how often entries are looked for: `250ms` to
/// `60s`, `1s` by default. It begins with now, or right after the id in the header `Last-Event-ID`: with up to 1,000 entries that came since, then with `more`.
/// It ends after 15 minutes, so that who may read is asked anew; the reader comes again with the last id.
///
/// | event | its data |
/// | --- | --- |
/// | `entries` | `entries`, the oldest first and at most 200; `more`, how many others have come that are not shown, null where nobody knows. Its `id` is the newest that was seen. An entry comes once, when it is stored: a call that took long comes behind newer ones |
/// | `ledger` | what `/api-log/v1/ledger` gives, when it has changed, to who may read that |
/// | `failed` | `title` and `status`: the store failed, and the tail ends |
///
/// # Errors
///
/// `application/problem+json` (RFC 9457): `title`, `status`, `detail` (names the parameter and the accepted form), `parameter` (its name) and
/// `request_id` (the id of the refused request); absent where there is nothing to say. A reader who asks too often gets 429 with `Retry-After` in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

const LIST: &str = "/api-log/v1/entries";
const RETRIEVE: &str = "/api-log/v1/entries/{id}";
const NDJSON: &str = "/api-log/v1/export.ndjson";
const CSV: &str = "/api-log/v1/export.csv";
const STATS: &str = "/api-log/v1/stats";
const FACETS: &str = "/api-log/v1/facets";
const TAIL: &str = "/api-log/v1/tail";
const HAR: &str = "/api-log/v1/export.har";

/// How much of an entry is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Summary,
    Full,
}

impl WireFormat for Native {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(RETRIEVE, Operation::Retrieve),
            Route::new(NDJSON, Operation::Export),
            Route::new(CSV, Operation::Export),
            Route::new(HAR, Operation::Export),
            Route::new(STATS, Operation::Stats),
            Route::new(FACETS, Operation::Facets),
            Route::new(TAIL, Operation::Tail),
        ]
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        let (parameters, now) = (request.parameters(), request.now());
        match request.operation() {
            Operation::List => params::listing(parameters, now).map(Question::List),
            Operation::Retrieve => {
                parameters.only(&[])?;
                let lookup = Lookup::new(Filter::default());
                let id = request.path_param("id").parse().ok();
                Ok(Question::Retrieve(lookup.id(id)))
            }
            Operation::Export => {
                let more: &[&str] = match request.template() {
                    NDJSON => &["view"],
                    _ => &[],
                };
                let mut export = params::export(parameters, now, more)?;
                if request.template() == HAR {
                    only_exchanges(&mut export.filter)?;
                }
                Ok(Question::Export(export))
            }
            Operation::Stats => params::sums(parameters, now).map(Question::Stats),
            Operation::Facets => facets::asked(parameters, now).map(Question::Facets),
            Operation::Tail => tail::asked(request).map(Question::Tail),
        }
    }

    fn page(
        &self,
        request: &Request<'_>,
        asked: &Listing,
        page: &Page,
        total: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let view = params::view(request.parameters())?;
        let entries = page.entries.iter();
        let entries: Vec<Field<'_>> = entries.map(|it| document::entry(it, view).into()).collect();
        let around = Around::new(asked, page);
        let cursors = Object::new()
            .with("after", around.next.as_ref().and_then(Cursor::id))
            .with("before", around.prev.as_ref().and_then(Cursor::id))
            .with("limit", u64::from(asked.limit))
            .with("total", total)
            .with("searched_to", page.searched_to.map(|id| id.to_string()));
        let link = |cursor: &Cursor| cursor.link(request.parameters(), asked);
        let links = Object::new()
            .with("next", around.next.as_ref().map(link))
            .with("prev", around.prev.as_ref().map(link));
        let list = Object::new()
            .with("entries", entries)
            .with("page", cursors)
            .with("links", links);
        Ok(Reply::json(StatusCode::OK, &list.cased(Case::Snake)))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let entry = document::entry(entry, View::Full);
        Ok(Reply::json(StatusCode::OK, &entry.cased(Case::Snake)))
    }

    fn export(&self, request: &Request<'_>, _: &Export) -> Result<Box<dyn ExportWriter>, Refusal> {
        Ok(match request.template() {
            CSV => Box::new(export::Csv),
            HAR => Box::new(har::Har::default()),
            _ => Box::new(export::Ndjson(params::view(request.parameters())?)),
        })
    }

    fn stats(&self, _: &Request<'_>, asked: &Sums, stats: &Stats) -> Result<Reply, Refusal> {
        let document = sums::document(asked, stats);
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn facets(&self, _: &Request<'_>, asked: &Facets, stats: &[Stats]) -> Result<Reply, Refusal> {
        let document = facets::document(asked, stats);
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn tail(&self, request: &Request<'_>, _: &Tail) -> Result<Box<dyn TailWriter>, Refusal> {
        Ok(Box::new(tail::Events(tail::view(request)?)))
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

    fn describe(&self, route: &Route) -> Value {
        describe::operation(route.template())
    }
}

/// Keeps events out of what cannot hold them.
fn only_exchanges(filter: &mut Filter) -> Result<(), Refusal> {
    if filter.kinds.contains(&Kind::Event) {
        return Err(Refusal::parameter("kind", "must be exchange here"));
    }
    filter.kinds = vec![Kind::Exchange];
    Ok(())
}
