use std::fmt;

use serde::Serialize;

use super::json::{self, json};
use super::texts::{short_actor, short_finding};
use crate::capture::{EventDraft, short};
use crate::entry::{Actor, EntryId, Finding};

/// What was done to which object, by whom: an entry of its own in the log, beside the exchange in which it happened.
///
/// Told by [`ApiLog::event`](crate::ApiLog::event) within an exchange, and by [`Recorder::event`](crate::Recorder::event) outside of one. What is
/// not said here of the caller is taken from the exchange.
///
/// Texts are cut to their first 1 KiB. Values are masked by the same rules as JSON bodies, on the recorder's thread; until then nothing here can
/// be printed or read back.
///
/// # Example: a project was renamed
///
/// ```
/// use serde_json::json;
/// use tower_api_log::AuditEvent;
///
/// let (before, after) = (json!({ "name": "Old" }), json!({ "name": "New" }));
/// let event = AuditEvent::new(AuditEvent::PROJECT, "updated")
///     .ref_id("project_1")
///     .title("Renamed")
///     .change(&before, &after);
/// ```
///
/// # Costs
///
/// A value that is only borrowed cannot wait: [`change`](Self::change), [`created`](Self::created), [`deleted`](Self::deleted) and
/// [`data`](Self::data) write it as JSON where they are called, about a microsecond a KiB. Of a value that is longer than
/// [`AuditEvent::MAX_JSON_BYTES`] nothing is kept, and one past 1 MiB is not even counted to its end. It shows as `[WITHHELD]`, with a masked spot of the
/// rule `too_large`, and one whose `Serialize` fails or panics with `unserializable`.
#[derive(Clone)]
#[must_use = "an event is recorded by `ApiLog::event` or `Recorder::event`"]
pub struct AuditEvent {
    pub(crate) draft: Box<EventDraft>,
}

/// Categories that GoRules names; any other text is one as well.
impl AuditEvent {
    /// The organisation itself.
    pub const ORGANISATION: &'static str = "organisation";
    /// A user.
    pub const USER: &'static str = "user";
    /// A group of users.
    pub const GROUP: &'static str = "group";
    /// An access token of a service.
    pub const ACCESS_TOKEN: &'static str = "accessToken";
    /// A project.
    pub const PROJECT: &'static str = "project";
    /// A document of a project.
    pub const DOCUMENT: &'static str = "document";
    /// A release of a project.
    pub const RELEASE: &'static str = "release";
    /// A member of an organisation or project.
    pub const MEMBER: &'static str = "member";
    /// An access token of a person.
    pub const PERSONAL_ACCESS_TOKEN: &'static str = "personalAccessToken";
}

impl AuditEvent {
    /// The most bytes of JSON that are kept of each value, 64 KiB.
    pub const MAX_JSON_BYTES: usize = json::MAX_JSON_BYTES;
    /// The most errors, and the most alerts, that are kept; a last one says how many came after them.
    pub const MAX_FINDINGS: usize = crate::capture::Findings::MAX;

    /// Makes an event of the kind of object, such as `project`, and of what was done to it, such as `updated`.
    pub fn new(category: impl Into<String>, action: impl Into<String>) -> Self {
        let draft = EventDraft {
            category: short(category.into()),
            action: short(action.into()),
            ..EventDraft::default()
        };
        Self {
            draft: Box::new(draft),
        }
    }

    /// Says the object's id.
    pub fn ref_id(mut self, id: impl Into<String>) -> Self {
        self.draft.ref_id = Some(short(id.into()));
        self
    }

    /// Says in one line for people what happened.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.draft.title = Some(short(title.into()));
        self
    }

    /// Shows the object before and after. Where the two differ is compared before masking.
    pub fn change(
        mut self,
        before: &(impl Serialize + ?Sized),
        after: &(impl Serialize + ?Sized),
    ) -> Self {
        (self.draft.before, self.draft.after) = (Some(json(before)), Some(json(after)));
        self
    }

    /// Shows an object that was not there before.
    pub fn created(mut self, after: &(impl Serialize + ?Sized)) -> Self {
        (self.draft.before, self.draft.after) = (None, Some(json(after)));
        self
    }

    /// Shows an object that is not there any more.
    pub fn deleted(mut self, before: &(impl Serialize + ?Sized)) -> Self {
        (self.draft.before, self.draft.after) = (Some(json(before)), None);
        self
    }

    /// Adds anything else about it.
    pub fn data(mut self, data: &(impl Serialize + ?Sized)) -> Self {
        self.draft.data = Some(json(data));
        self
    }

    /// Adds what went wrong: a message, or a [`Finding`] that names a spot of the object as well.
    pub fn error(mut self, error: impl Into<Finding>) -> Self {
        self.draft.errors.push(short_finding(error.into()));
        self
    }

    /// Adds what asks for attention: a message, or a [`Finding`] that names a spot of the object as well.
    pub fn alert(mut self, alert: impl Into<Finding>) -> Self {
        self.draft.alerts.push(short_finding(alert.into()));
        self
    }

    /// Says the exchange in which it happened, where that is not the one that it is told in.
    pub fn exchange(mut self, id: EntryId) -> Self {
        self.draft.exchange = Some(id);
        self
    }

    /// Says who did it.
    pub fn actor(mut self, actor: Actor) -> Self {
        self.draft.context.actor = Some(short_actor(actor));
        self
    }

    /// Says the e-mail address of whoever acts in the actor's name, such as a support agent.
    pub fn impersonator(mut self, email: impl Into<String>) -> Self {
        self.draft.context.impersonator = Some(short(email.into()));
        self
    }

    /// Says the actor's session, by an id that grants nothing.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.draft.context.session = Some(short(session.into()));
        self
    }

    /// Says which API key was used, by a fingerprint or the id of its record, never by the key.
    pub fn api_key(mut self, fingerprint: impl Into<String>) -> Self {
        self.draft.context.api_key = Some(short(fingerprint.into()));
        self
    }

    /// Says the tenant that it belongs to.
    pub fn organisation(mut self, organisation: impl Into<String>) -> Self {
        self.draft.context.organisation = Some(short(organisation.into()));
        self
    }

    /// Says the project within the organisation.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.draft.context.project = Some(short(project.into()));
        self
    }

    /// Says the project's name, for people.
    pub fn project_name(mut self, name: impl Into<String>) -> Self {
        self.draft.context.project_name = Some(short(name.into()));
        self
    }

    /// Says the environment, such as `production` or `sandbox`.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.draft.context.environment = Some(short(environment.into()));
        self
    }
}

/// Prints the category and the action, which the application chose, and nothing of the object.
impl fmt::Debug for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("category", &self.draft.category)
            .field("action", &self.draft.action)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_category_and_action_only() {
        let event = AuditEvent::new(AuditEvent::USER, "updated")
            .ref_id("canary")
            .title("canary")
            .data(&"canary")
            .error("canary")
            .actor(Actor::user("canary"));
        assert_eq!(
            format!("{event:?}"),
            r#"AuditEvent { category: "user", action: "updated", .. }"#
        );
    }

    #[test]
    fn texts_are_cut_and_findings_past_the_bound_are_counted() {
        let long = "é".repeat(1_000);
        let mut event = AuditEvent::new(&long, &long)
            .ref_id(&long)
            .title(&long)
            .organisation(&long);
        for _ in 0..AuditEvent::MAX_FINDINGS + 3 {
            event = event.alert(Finding::new(&long).pointer(&long));
        }
        let EventDraft {
            category,
            title,
            alerts,
            context,
            ..
        } = &*event.draft;
        assert_eq!((category.len(), alerts.more), (1024, 3));
        assert_eq!(alerts.first.len(), AuditEvent::MAX_FINDINGS);
        assert_eq!(alerts.first[0].message.len(), 1024);
        assert_eq!(title.as_ref().map(String::len), Some(1024));
        assert_eq!(context.organisation.as_ref().map(String::len), Some(1024));
        assert!(event.draft.size_bytes() > 200 * 1024);
    }
}
