use std::fmt;

use http::Method;

use super::event::AuditEvent;
use super::pattern::Pattern;
use super::template::{Template, Values};
use crate::capture::{EventDraft, short};
use crate::entry::{BodyRecord, Exchange};
use crate::error::Error;

/// Events that calls of certain routes are, so that a service gets an audit trail without a change to its handlers.
///
/// A rule names a method and a path, `/projects/{id}`, in which `{id}` stands for any one segment and `{*rest}`, at the end, for all that follow. Where
/// the matched route is known, a fixed segment of it, as in `/projects/settings`, is not taken for `{id}`. The first rule that matches an exchange
/// decides.
///
/// The ref id and the title of the rule's event may hold `{name}`, the decoded segment of that name, and `{response:/data/id}`, what stands at that JSON
/// pointer (RFC 6901) in the response's body: a text, a number or a boolean. Both are read from the masked entry. A ref id of which a part is not there is left
/// out; in a title it shows as `…`. For a rule that asks for it, up to 64 KiB of the response's body are looked at even where the policy keeps none; a
/// body that is longer than what is kept of it is not read.
///
/// The event has the exchange's context, and is recorded even where the exchange is left out.
///
/// # Example: what is done to projects
///
/// ```
/// use http::Method;
/// use tower_api_log::{ApiLogLayer, AuditEvent, AuditRoutes, MemoryStore};
///
/// let event = |action| AuditEvent::new(AuditEvent::PROJECT, action);
/// let routes = AuditRoutes::new()
///     .on(Method::POST, "/projects", event("created").ref_id("{response:/id}"))
///     .on(Method::PUT, "/projects/{id}", event("updated").ref_id("{id}").title("Project {id} was updated"))
///     .on_any_outcome(Method::DELETE, "/projects/{id}", event("deletion asked for").ref_id("{id}"));
/// let layer = ApiLogLayer::builder(MemoryStore::new()).audit(routes).build()?;
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct AuditRoutes {
    rules: Vec<Rule>,
}

#[derive(Clone)]
struct Rule {
    method: Method,
    pattern: String,
    event: AuditEvent,
    failures_too: bool,
}

/// Rules that were checked.
pub(crate) struct CompiledRoutes {
    rules: Vec<CompiledRule>,
}

struct CompiledRule {
    method: Method,
    pattern: Pattern,
    event: AuditEvent,
    ref_id: Option<Template>,
    title: Option<Template>,
    failures_too: bool,
}

/// The head of a request, as a rule is compared with it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'r> {
    pub(crate) method: &'r str,
    pub(crate) path: &'r str,
    pub(crate) route: Option<&'r str>,
}

impl AuditRoutes {
    /// The most rules.
    pub const MAX_RULES: usize = 1_000;

    /// Makes an empty set of rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an event of each call that succeeded: with a status below 400, and to its end unless the client left before it, which undoes nothing.
    ///
    /// A client that leaves before the response's head may have had its way all the same: [`on_any_outcome`](Self::on_any_outcome) makes an event of
    /// that, too.
    #[must_use]
    pub fn on(self, method: Method, pattern: impl Into<String>, event: AuditEvent) -> Self {
        self.rule(method, pattern.into(), event, false)
    }

    /// Makes an event of each call, however it ended.
    #[must_use]
    pub fn on_any_outcome(
        self,
        method: Method,
        pattern: impl Into<String>,
        event: AuditEvent,
    ) -> Self {
        self.rule(method, pattern.into(), event, true)
    }

    fn rule(
        mut self,
        method: Method,
        pattern: String,
        event: AuditEvent,
        failures_too: bool,
    ) -> Self {
        self.rules.push(Rule {
            method,
            pattern,
            event,
            failures_too,
        });
        self
    }

    /// Checks the rules.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Configuration`] for a pattern or a template that cannot be meant.
    pub(crate) fn compile(self) -> Result<CompiledRoutes, Error> {
        if self.rules.len() > Self::MAX_RULES {
            return Err(Error::configuration(
                "there may be at most 1000 audit routes",
            ));
        }
        let rules = self.rules.into_iter().map(Rule::compile);
        Ok(CompiledRoutes {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

impl Rule {
    fn compile(self) -> Result<CompiledRule, Error> {
        let pattern = Pattern::parse(&self.pattern)?;
        let template = |text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| Template::parse(text, &pattern)).transpose()
        };
        Ok(CompiledRule {
            ref_id: template(&self.event.draft.ref_id)?,
            title: template(&self.event.draft.title)?,
            method: self.method,
            pattern,
            event: self.event,
            failures_too: self.failures_too,
        })
    }
}

impl CompiledRoutes {
    /// Tells whether a call that ended this way is an event.
    pub(crate) fn fires(&self, call: Call<'_>, has_failed: bool) -> bool {
        self.rule(call, has_failed).is_some()
    }

    /// Tells whether a rule, and which is found only at the end, may ask for the response's body.
    pub(crate) fn may_read_response(&self, call: Call<'_>) -> bool {
        let mut rules = self.rules.iter().filter(|rule| rule.matches(call));
        rules.any(CompiledRule::reads_response)
    }

    /// Makes the event that an exchange is, of its masked record and of the masked body of its response.
    pub(crate) fn event(
        &self,
        exchange: &Exchange,
        response: &BodyRecord,
    ) -> Option<Box<EventDraft>> {
        let request = &exchange.request;
        let call = Call {
            method: &request.method,
            path: &request.path,
            route: request.route.as_deref(),
        };
        let rule = self.rule(call, exchange.was_not_done())?;
        let body = response.text().filter(|_| rule.reads_response());
        let values = Values {
            segments: rule.pattern.values(&request.path),
            response: body.and_then(|text| serde_json::from_str(text).ok()),
        };
        let mut draft = rule.event.draft.clone();
        let ref_id = rule.ref_id.as_ref();
        draft.ref_id = ref_id.and_then(|it| it.fill(&values, None)).map(short);
        let title = rule.title.as_ref();
        draft.title = title.and_then(|it| it.fill(&values, Some("…"))).map(short);
        Some(draft)
    }

    fn rule(&self, call: Call<'_>, has_failed: bool) -> Option<&CompiledRule> {
        let counts = |rule: &&CompiledRule| rule.failures_too || !has_failed;
        let mut rules = self.rules.iter().filter(counts);
        rules.find(|rule| rule.matches(call))
    }
}

impl CompiledRule {
    fn matches(&self, call: Call<'_>) -> bool {
        self.method.as_str() == call.method && self.pattern.matches(call.path, call.route)
    }

    fn reads_response(&self) -> bool {
        let templates = [&self.ref_id, &self.title].into_iter().flatten();
        templates.into_iter().any(Template::reads_response)
    }
}

/// Prints the methods, the patterns and the events, which the application chose.
impl fmt::Debug for AuditRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules.iter();
        f.debug_map()
            .entries(rules.map(|it| ((&it.method, &it.pattern), &it.event)))
            .finish()
    }
}

#[cfg(test)]
mod tests;
