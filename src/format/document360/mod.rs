mod describe;
mod document;

use http::{HeaderMap, HeaderName, StatusCode};

use super::fields::{Case, Field, Object};
use super::limit::Answered;
use super::question::{Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::{WireFormat, only};
use crate::entry::{EntryId, Kind, LogEntry};
use crate::query::{Filter, Page, Position};
use document::{enveloped, findings};

/// Document360's logs of an API reference: what each import of it came to.
///
/// | path | gives |
/// | --- | --- |
/// | `/v2/APIReferences/{apiReferenceId}/Logs` | a page by number, newest first |
/// | `/v2/APIReferences/{apiReferenceId}/Logs/{logId}` | the errors and alerts of one log, by its UUID |
///
/// `ApiReferences` is understood as well, as the vendor's documents have both spellings.
///
/// The credential is the header field `api_token`, without a scheme. Some proxies drop names with an underscore unless told otherwise, as nginx does without
/// `underscores_in_headers on`.
///
/// A log is an audit event whose category is `apiReference` ([`Document360::category`]) and whose `ref_id` is the id of the API reference. Exchanges and
/// other events do not exist here.
///
/// | parameter of the list | accepted |
/// | --- | --- |
/// | `page` | 1 (the default) to 2147483647; the cost of a page grows with its number |
/// | `resultsPerPage` | 1 to 100, 5 by default |
///
/// An unknown parameter, and a value that is not of the form told here, is refused with 400.
///
/// # Shape
///
/// Every reply has the members of an envelope: `extension_data` (null), `success`, `errors`, `warnings` and `information` (both empty). A list has its logs in
/// `data`, which is empty past the last page; an API reference without any log that the reader may see is not known, and gives 400.
///
/// | field of a log | what it is |
/// | --- | --- |
/// | `logs_id` | the entry's UUID |
/// | `user_name` | the actor's first and last name, or the name of a service; or null |
/// | `user_id` | the actor's id, or null |
/// | `title` | the event's title; its category and action where it has none |
/// | `modified_at` | when it happened, in UTC with whole seconds |
/// | `error_count`, `alerts_count` | how many errors and alerts there are |
///
/// One log has `api_reference_errors` and `api_reference_alerts` beside the envelope: lists of `message` and `pointer`, which may be null.
///
/// # Errors
///
/// The envelope with `success` false and one error: its `description` says what is wrong; `extension_data`, `stack_trace`, `error_code` and `custom_data` are
/// null. A log that does not exist is 404, an API reference that does not is 400.
///
/// Replies to a limited reader have the header field `X-RateLimit-Remaining`, and once nothing remains `X-RateLimit-Limit` and `X-RateLimit-Reset` (whole
/// seconds).
#[derive(Clone, Debug)]
pub struct Document360 {
    category: String,
}

const LIST: &str = "/v2/APIReferences/{apiReferenceId}/Logs";
const RETRIEVE: &str = "/v2/APIReferences/{apiReferenceId}/Logs/{logId}";
const LIST_AS_WELL: &str = "/v2/ApiReferences/{apiReferenceId}/Logs";
const RETRIEVE_AS_WELL: &str = "/v2/ApiReferences/{apiReferenceId}/Logs/{logId}";

const MAX_PAGE: u64 = i32::MAX as u64;
const MAX_RESULTS_PER_PAGE: u32 = 100;
const DEFAULT_RESULTS_PER_PAGE: u32 = 5;

impl Document360 {
    /// Makes the format for events of the category `apiReference`.
    pub fn new() -> Self {
        Self {
            category: "apiReference".to_owned(),
        }
    }

    /// Says which category of events the logs are.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = category.into();
        self
    }

    /// Makes the filter of the logs of the API reference that the path names.
    fn logs(&self, request: &Request<'_>) -> Filter {
        Filter {
            kinds: vec![Kind::Event],
            categories: vec![self.category.clone()],
            ref_ids: vec![request.path_param("apiReferenceId").to_owned()],
            ..Filter::default()
        }
    }

    fn listing(&self, request: &Request<'_>) -> Result<Listing, Refusal> {
        let parameters = request.parameters();
        parameters.only(&["page", "resultsPerPage"])?;
        let page = parameters.integer("page", 1..=MAX_PAGE)?;
        let results = parameters.size(
            "resultsPerPage",
            MAX_RESULTS_PER_PAGE,
            DEFAULT_RESULTS_PER_PAGE,
        )?;
        Ok(Listing::new(
            self.logs(request),
            Position::Number(page.unwrap_or(1)),
            results,
        ))
    }
}

impl Default for Document360 {
    fn default() -> Self {
        Self::new()
    }
}

impl WireFormat for Document360 {
    fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(LIST, Operation::List),
            Route::new(RETRIEVE, Operation::Retrieve),
            Route::new(LIST_AS_WELL, Operation::List),
            Route::new(RETRIEVE_AS_WELL, Operation::Retrieve),
        ]
    }

    fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let token = only(headers, "api_token")?.trim_matches(' ');
        (!token.is_empty()).then_some(token)
    }

    fn security(&self) -> serde_json::Value {
        serde_json::json!({ "type": "apiKey", "in": "header", "name": "api_token" })
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        match request.operation() {
            Operation::List => self.listing(request).map(Question::List),
            Operation::Retrieve => {
                request.parameters().only(&[])?;
                let id = request.path_param("logId").parse().ok();
                Ok(Question::Retrieve(Lookup::new(self.logs(request)).id(id)))
            }
            _ => Err(Refusal::NoRoute),
        }
    }

    fn page(
        &self,
        _: &Request<'_>,
        _: &Listing,
        page: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        // Behind the last page of a known API reference there is nothing either, but there are newer logs.
        if page.entries.is_empty() && !page.has_newer {
            return Err(Refusal::Invalid("Api reference not found.".into()));
        }
        let logs = page
            .entries
            .iter()
            .filter_map(document::log)
            .map(Field::from);
        let logs: Vec<Field<'_>> = logs.collect();
        let document = enveloped(Object::new().with("data", logs), Vec::new());
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn entry(&self, _: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let event = entry.event().ok_or(Refusal::NoEntry)?;
        let document = Object::new()
            .with("api_reference_errors", findings(&event.errors))
            .with("api_reference_alerts", findings(&event.alerts));
        let document = enveloped(document, Vec::new());
        Ok(Reply::json(StatusCode::OK, &document.cased(Case::Snake)))
    }

    fn refuse(&self, refusal: &Refusal, _: EntryId) -> Reply {
        let status = refusal.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let description = match refusal {
            Refusal::NoEntry => Some("Api reference log not found.".to_owned()),
            refusal => refusal.details(),
        };
        let error = Object::new()
            .with("extension_data", Field::Null)
            .with("stack_trace", Field::Null)
            .with(
                "description",
                description.unwrap_or_else(|| reason.to_owned()),
            )
            .with("error_code", Field::Null)
            .with("custom_data", Field::Null);
        let document = enveloped(Object::new(), vec![error.into()]);
        Reply::json(status, &document.cased(Case::Snake))
    }

    fn sign(&self, answered: &Answered<'_>, headers: &mut HeaderMap) {
        let Some(rate) = answered.rate_limit else {
            return;
        };
        let mut set = |name, number: u64| {
            headers.insert(HeaderName::from_static(name), number.into());
        };
        set("x-ratelimit-remaining", rate.remaining.into());
        if rate.remaining == 0 {
            set("x-ratelimit-limit", rate.limit.into());
            set("x-ratelimit-reset", rate.reset_seconds());
        }
    }

    fn describe(&self, route: &Route) -> serde_json::Value {
        describe::route(route)
    }
}
