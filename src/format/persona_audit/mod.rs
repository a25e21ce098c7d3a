mod describe;
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
use crate::entry::{ActorKind, EntryId, Kind, LogEntry};
use crate::query::{Filter, Page, Scope};

/// Persona's user audit logs: the exchanges that users made, and who the users are.
///
/// | path | gives |
/// | --- | --- |
/// | `/api/v1/user-audit-logs` | a page, newest first |
/// | `/api/v1/user-audit-logs/{user-audit-log-id}` | one exchange, by `ual_…` or by its plain UUID |
///
/// The credential is the token of `Authorization: Bearer`.
///
/// An exchange is there when its actor is an [`Actor::user`](crate::Actor::user), its environment is `production`, and it is at most 183 days old. The
/// application says the first two in its handlers; one that says no environment needs [`PersonaAudit::all_environments`]. A reader whose scope is
/// held to another environment is refused with 403, as Persona refuses a sandbox key. Once a user is erased, their exchanges are not there any more.
///
/// | parameter | where | accepted |
/// | --- | --- | --- |
/// | `page[size]` | list | 1 to 100, 10 by default |
/// | `page[after]`, `page[before]` | list | an id of this format; not both. Past the end the page is empty |
/// | `fields[user-audit-log]`, `fields[user]` | both | attributes separated by commas. Names in kebab, camel or snake case |
/// | `include` | retrieve | `user`, `user-session`, both, or empty |
///
/// The header fields of requests are those of [`Persona`](super::Persona), and so are the errors and the header fields of replies.
///
/// # Shape
///
/// - `get-params` is the query as Rails nests it; `post-params` is the JSON object or the form of the body, and JSON that is no object stands under
///   `_json`, as in Rails. Without a query or a body they are `{}`.
/// - Either is the text `[FILTERED]` where there was something that is not shown: parameters whose JSON is larger than 16 KiB
///   ([`PersonaAudit::max_params_bytes`]) or that are more than a thousand, a body that was cut, withheld or not kept, and one that is neither JSON nor a form.
/// - `response-status` is 0 for an exchange that ended without a response, because the schema wants a number.
/// - `context` is there only where the exchange is about an object, and holds its id by the kind of the object: `inquiry-id`. The case of the suffix follows
///   `Key-Inflection`, the kind stays as the application says it.
/// - `created-at` has milliseconds and ends in `Z`.
/// - The ids of users and sessions are the application's own.
/// - `included` holds the distinct users of the page, as the newest of its exchanges tells them. A resource has it only where `include` asks for it; sessions
///   add nothing to it, for nothing is known of them but their ids.
#[derive(Clone, Debug)]
pub struct PersonaAudit {
    environment: Environment,
    retention: Retention,
    max_params_bytes: usize,
}

/// Which environments have user audit logs.
#[derive(Clone, Debug)]
enum Environment {
    Only(String),
    All,
}

const AUDIT_LOGS: Collection = Collection {
    list: "/api/v1/user-audit-logs",
    retrieve: "/api/v1/user-audit-logs/{user-audit-log-id}",
    id_param: "user-audit-log-id",
    prefix: "ual",
    own: Type {
        name: "user-audit-log",
        attributes: &[
            "path",
            "method",
            "get_params",
            "post_params",
            "ip_address",
            "user_agent",
            "response_status",
            "created_at",
            "impersonator_email_address",
            "context",
        ],
    },
    related: &[USER],
    relationships: &["user", "user_session"],
};

const USER: Type = Type {
    name: "user",
    attributes: &["email_address", "name_first", "name_last"],
};

impl PersonaAudit {
    /// Makes the format for the environment `production` and the last 183 days.
    pub fn new() -> Self {
        Self {
            environment: Environment::Only("production".to_owned()),
            retention: Retention::days(183),
            max_params_bytes: 16 * 1024,
        }
    }

    /// Shows the exchanges of another environment than `production`, and refuses readers who are held to any other.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Environment::Only(name.into());
        self
    }

    /// Shows the exchanges of every environment that the reader may see, and those of none.
    #[must_use]
    pub fn all_environments(mut self) -> Self {
        self.environment = Environment::All;
        self
    }

    /// Says how far back readers see, in lists and by id, whatever the store still holds: 183 days by default; `None` for all of it.
    #[must_use]
    pub fn retention(mut self, period: Option<Duration>) -> Self {
        self.retention = Retention::new(period);
        self
    }

    /// Shows parameters up to this size as JSON, 16384 by default; larger ones are `[FILTERED]`.
    #[must_use]
    pub fn max_params_bytes(mut self, bytes: usize) -> Self {
        self.max_params_bytes = bytes;
        self
    }

    /// Returns the environments to list, none for every one.
    fn environments(&self, scope: &Scope) -> Result<Vec<String>, Refusal> {
        let Environment::Only(name) = &self.environment else {
            return Ok(Vec::new());
        };
        match scope.environment_name() {
            Some(held) if held != name => Err(Refusal::Forbidden(
                "user audit logs are not available in this environment".into(),
            )),
            _ => Ok(vec![name.clone()]),
        }
    }
}

impl Default for PersonaAudit {
    fn default() -> Self {
        Self::new()
    }
}

impl WireFormat for PersonaAudit {
    fn routes(&self) -> Vec<Route> {
        AUDIT_LOGS.routes()
    }

    fn ask(&self, request: &Request<'_>) -> Result<Question, Refusal> {
        let mut filter = Filter {
            kinds: vec![Kind::Exchange],
            actor_kinds: vec![ActorKind::User],
            environments: self.environments(request.scope())?,
            ..Filter::default()
        };
        View::read(request, &AUDIT_LOGS)?;
        self.retention.narrow(&mut filter, request.now());
        AUDIT_LOGS.question(request, filter)
    }

    fn page(
        &self,
        request: &Request<'_>,
        _: &Listing,
        page: &Page,
        _: Option<u64>,
    ) -> Result<Reply, Refusal> {
        let view = View::read(request, &AUDIT_LOGS)?;
        let resource = |entry| resource::audit_log(entry, self.max_params_bytes, &view);
        let document = AUDIT_LOGS
            .page(request, page, resource)
            .with("included", resource::users(&page.entries, &view));
        Ok(jsonapi::reply(&view, &document))
    }

    fn entry(&self, request: &Request<'_>, entry: &LogEntry) -> Result<Reply, Refusal> {
        let view = View::read(request, &AUDIT_LOGS)?;
        let data = resource::audit_log(entry, self.max_params_bytes, &view);
        let included = view.has_include().then(|| match view.includes("user") {
            true => resource::users([entry], &view),
            false => Vec::new(),
        });
        let document = jsonapi::one(data.ok_or(Refusal::NoEntry)?, included);
        Ok(jsonapi::reply(&view, &document))
    }

    fn refuse(&self, refusal: &Refusal, id: EntryId) -> Reply {
        jsonapi::refuse(refusal, id)
    }

    fn sign(&self, answered: &Answered<'_>, headers: &mut HeaderMap) {
        jsonapi::sign(answered, headers);
    }

    fn describe(&self, route: &Route) -> Value {
        AUDIT_LOGS.describe(route, describe::described())
    }
}
