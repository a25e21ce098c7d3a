use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::AuditEvent;
use super::texts::{short_actor, short_note, short_resource};
use crate::capture::{CapturedEvent, Desk, MAX_TEXT_BYTES, Origin, short};
use crate::entry::{Actor, Context, EntryId, Note, Resource};

/// The handle of one exchange's record, in the request's extensions; with feature `axum` an extractor as well.
///
/// Cheap to clone, so that it can go into work spawned from the handler. The last call of each kind wins. A text is cut to its first
/// [`ApiLog::MAX_TEXT_BYTES`] bytes.
///
/// # Example: a handler that knows its caller
///
/// ```
/// use tower_api_log::{Actor, ApiLog, AuditEvent};
///
/// async fn update<B>(request: http::Request<B>) {
///     if let Some(log) = request.extensions().get::<ApiLog>() {
///         log.actor(Actor::user("user_1").email("jane@example.com"));
///         log.organisation("org_1");
///         log.event(AuditEvent::new("project", "updated").ref_id("project_1"));
///     }
/// }
/// ```
#[derive(Clone)]
pub struct ApiLog {
    shared: Arc<Shared>,
}

struct Shared {
    desk: Arc<Desk>,
    exchange: Option<EntryId>,
    /// Whether the layer comes for the events; else they are handed over when they are told.
    is_held: bool,
    /// Whether events wait, so that the layer need not lock to know.
    has_events: AtomicBool,
    told: Mutex<Told>,
}

/// What has been told of an exchange.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) context: Option<Box<Context>>,
    pub(crate) notes: Vec<Note>,
    /// Events that wait for the layer.
    pub(crate) events: Vec<CapturedEvent>,
    pub(crate) is_excluded: bool,
    pub(crate) leaves_out_request_body: bool,
    pub(crate) leaves_out_response_body: bool,
    /// How many events were told so far.
    events_count: usize,
    is_closed: bool,
}

/// Events that were told, and what has been said of the caller.
pub(crate) struct Waiting {
    pub(crate) events: Vec<CapturedEvent>,
    pub(crate) context: Option<Box<Context>>,
}

impl Told {
    /// Takes the events that wait, if there are any.
    pub(crate) fn take_events(&mut self) -> Option<Waiting> {
        (!self.events.is_empty()).then(|| Waiting {
            events: std::mem::take(&mut self.events),
            context: self.context.clone(),
        })
    }
}

impl ApiLog {
    /// The most bytes that are kept of a text, 1 KiB; cut on a character boundary.
    pub const MAX_TEXT_BYTES: usize = MAX_TEXT_BYTES;
    /// The most notes of an exchange.
    pub const MAX_NOTES: usize = 32;
    /// The most events of an exchange.
    pub const MAX_EVENTS: usize = 1_000;

    /// Makes the handle of an exchange that begins, with what is known of its caller.
    ///
    /// An exchange without an id is not recorded. The layer of one that is `held` comes for the events and closes the handle.
    pub(crate) fn new(
        desk: Arc<Desk>,
        exchange: Option<EntryId>,
        is_held: bool,
        context: Option<Box<Context>>,
    ) -> Self {
        let told = Told {
            context,
            ..Told::default()
        };
        Self {
            shared: Arc::new(Shared {
                desk,
                exchange,
                is_held,
                has_events: AtomicBool::new(false),
                told: Mutex::new(told),
            }),
        }
    }

    /// Returns the id under which the exchange is recorded; `None` where the policy leaves it out from the start.
    ///
    /// Whether it is kept is known at its end only.
    pub fn exchange_id(&self) -> Option<EntryId> {
        self.shared.exchange
    }

    /// Says who makes the call.
    pub fn actor(&self, actor: Actor) {
        let actor = short_actor(actor);
        self.tell(|context| context.actor = Some(actor));
    }

    /// Says the e-mail address of whoever acts in the actor's name, such as a support agent.
    pub fn impersonator(&self, email: impl Into<String>) {
        self.text(email, |context| &mut context.impersonator);
    }

    /// Says the actor's session, by an id that grants nothing.
    pub fn session(&self, session: impl Into<String>) {
        self.text(session, |context| &mut context.session);
    }

    /// Says which API key was used, by a fingerprint or the id of its record, never by the key.
    pub fn api_key(&self, fingerprint: impl Into<String>) {
        self.text(fingerprint, |context| &mut context.api_key);
    }

    /// Says the tenant that the call belongs to.
    pub fn organisation(&self, organisation: impl Into<String>) {
        self.text(organisation, |context| &mut context.organisation);
    }

    /// Says the project within the organisation.
    pub fn project(&self, project: impl Into<String>) {
        self.text(project, |context| &mut context.project);
    }

    /// Says the project's name, for people.
    pub fn project_name(&self, name: impl Into<String>) {
        self.text(name, |context| &mut context.project_name);
    }

    /// Says the environment, such as `production` or `sandbox`.
    pub fn environment(&self, environment: impl Into<String>) {
        self.text(environment, |context| &mut context.environment);
    }

    /// Says the object that the call is about.
    pub fn resource(&self, kind: impl Into<String>, id: impl Into<String>) {
        let resource = short_resource(Resource::new(kind, id));
        self.tell(|context| context.resource = Some(resource));
    }

    /// Says the API's version, where the path does not.
    pub fn api_version(&self, version: impl Into<String>) {
        self.text(version, |context| &mut context.api_version);
    }

    /// Notes anything else, masked as a field of that name. Past [`ApiLog::MAX_NOTES`] it is refused and counted in
    /// [`Stats::refused_notes`](crate::recorder::Stats::refused_notes).
    pub fn note(&self, name: impl Into<String>, value: impl Into<String>) {
        let note = short_note(Note::new(name, value));
        let is_refused = |told: &mut Told| {
            let is_full = told.notes.len() >= Self::MAX_NOTES;
            if !is_full {
                told.notes.push(note);
            }
            is_full
        };
        if self.with(is_refused) == Some(true) {
            self.shared.desk.outbox().note_refused();
        }
    }

    /// Leaves this exchange out of the log; it counts as filtered. Its events are recorded all the same.
    pub fn exclude(&self) {
        self.with(|told| told.is_excluded = true);
    }

    /// Leaves the request's body out of the record, but for how many bytes it had.
    pub fn leave_out_request_body(&self) {
        self.with(|told| told.leaves_out_request_body = true);
    }

    /// Leaves the response's body out of the record, but for how many bytes it had.
    pub fn leave_out_response_body(&self) {
        self.with(|told| told.leaves_out_response_body = true);
    }

    /// Records an event of this exchange and returns the event's own id.
    ///
    /// It is handed to the recorder with the response's head, or with the next frame or the end of its body, and takes with it what has been said of
    /// the caller by then. It is recorded even where the exchange is not.
    ///
    /// Returns `None` where the event is refused: because the exchange has ended, it had [`ApiLog::MAX_EVENTS`], the budget of captured bytes has no
    /// room or the recorder has been shut down. The ledger counts it as dropped then. A connection that was upgraded has ended as an
    /// exchange; what happens on it is told by [`Recorder::event`](crate::Recorder::event) with [`AuditEvent::exchange`].
    pub fn event(&self, event: AuditEvent) -> Option<EntryId> {
        let Shared { desk, exchange, .. } = &*self.shared;
        desk.outbox().event_seen();
        let mut told = self.lock();
        if told.is_closed || told.events_count >= Self::MAX_EVENTS {
            if told.is_closed {
                desk.outbox().late();
            }
            desk.outbox().event_refused();
            return None;
        }
        let mut event = desk.take(event.draft)?;
        event.exchange = *exchange;
        told.events_count += 1;
        let id = event.id;
        if self.shared.is_held {
            told.events.push(event);
            self.shared.has_events.store(true, Ordering::Release);
            return Some(id);
        }
        let context = told.context.clone();
        drop(told);
        let origin = Origin::told(context, event.reservation.empty_sibling());
        event.origin = Some(Arc::new(origin));
        desk.outbox().push(event).then_some(id)
    }

    /// Takes the events that wait, with what has been said of the caller. Costs one load where there are none.
    pub(crate) fn take_events(&self) -> Option<Waiting> {
        if !self.shared.has_events.load(Ordering::Acquire) {
            return None;
        }
        let mut told = self.lock();
        self.shared.has_events.store(false, Ordering::Release);
        told.take_events()
    }

    /// Takes all that was told and refuses later calls.
    pub(crate) fn close(&self) -> Told {
        let mut told = self.lock();
        let closed = Told {
            is_closed: true,
            ..Told::default()
        };
        std::mem::replace(&mut told, closed)
    }

    /// Tells whether this is the handle of an exchange of the layer with this desk.
    pub(crate) fn is_of(&self, desk: &Arc<Desk>) -> bool {
        Arc::ptr_eq(&self.shared.desk, desk)
    }

    fn text(&self, text: impl Into<String>, field: fn(&mut Context) -> &mut Option<String>) {
        let text = short(text.into());
        self.tell(|context| *field(context) = Some(text));
    }

    fn tell(&self, change: impl FnOnce(&mut Context)) {
        self.with(|told| change(told.context.get_or_insert_default()));
    }

    /// Changes what was told, unless the exchange has ended.
    fn with<T>(&self, change: impl FnOnce(&mut Told) -> T) -> Option<T> {
        let mut told = self.lock();
        if told.is_closed {
            self.shared.desk.outbox().late();
            return None;
        }
        Some(change(&mut told))
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        let told = &self.shared.told;
        told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ApiLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLog").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
