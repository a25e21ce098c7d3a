//! What handlers add: the [`ApiLog`] handle, which tells of the exchange what only the application knows.
//!
//! Comes in: calls from handlers and from middleware inside the layer. Goes out: a [`Context`] that the recorder joins with what the
//! layer saw. Promises: a call after the exchange has ended changes nothing and is counted. Costs: one allocation an exchange, and one
//! more at the first call.

#[cfg(feature = "axum")]
mod extract;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry::{Actor, Context};

#[cfg(feature = "axum")]
pub use extract::MissingApiLogLayer;

/// The handle of one exchange's record, in the request's extensions; with feature `axum` an extractor as well.
///
/// Cheap to clone, so that it can go into work spawned from the handler. The last call of each kind wins. A text is cut to its first
/// [`ApiLog::MAX_TEXT_BYTES`] bytes.
///
/// # Example: a handler that knows its caller
///
/// ```
/// use tower_api_log::{Actor, ApiLog};
///
/// async fn update<B>(request: http::Request<B>) {
///     if let Some(log) = request.extensions().get::<ApiLog>() {
///         log.actor(Actor::user("user_1").email("jane@example.com"));
///         log.organisation("org_1");
///     }
/// }
/// ```
#[derive(Clone)]
pub struct ApiLog {
    notes: Arc<Mutex<Notes>>,
    late: Arc<AtomicU64>,
}

#[derive(Default)]
struct Notes {
    told: Option<Box<Context>>,
    is_excluded: bool,
    is_closed: bool,
}

impl ApiLog {
    /// Makes the handle of an exchange that begins; calls after its end are counted in `late`.
    pub(crate) fn new(late: Arc<AtomicU64>) -> Self {
        Self {
            notes: Arc::default(),
            late,
        }
    }

    /// The most bytes that are kept of a text, 1 KiB; cut on a character boundary.
    pub const MAX_TEXT_BYTES: usize = 1024;

    /// Says who makes the call.
    pub fn actor(&self, actor: Actor) {
        let Actor {
            kind,
            id,
            email,
            first_name,
            last_name,
        } = actor;
        let [email, first_name, last_name] =
            [email, first_name, last_name].map(|text| text.map(short));
        let actor = Actor {
            kind,
            id: short(id),
            email,
            first_name,
            last_name,
        };
        self.tell(|context| context.actor = Some(actor));
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

    /// Says the environment, such as `production` or `sandbox`.
    pub fn environment(&self, environment: impl Into<String>) {
        self.text(environment, |context| &mut context.environment);
    }

    /// Says the API's version, where the path does not.
    pub fn api_version(&self, version: impl Into<String>) {
        self.text(version, |context| &mut context.api_version);
    }

    /// Leaves this exchange out of the log; it counts as filtered.
    pub fn exclude(&self) {
        self.with(|notes| notes.is_excluded = true);
    }

    /// Takes what was told and refuses later calls. `None` when the exchange is to be left out.
    pub(crate) fn close(&self) -> Option<Option<Box<Context>>> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.is_closed = true;
        let told = notes.told.take();
        (!notes.is_excluded).then_some(told)
    }

    /// Tells whether this is the handle of an exchange that the recorder with this counter records.
    pub(crate) fn is_counted_in(&self, late: &Arc<AtomicU64>) -> bool {
        Arc::ptr_eq(&self.late, late)
    }

    fn text(&self, text: impl Into<String>, field: fn(&mut Context) -> &mut Option<String>) {
        let text = short(text.into());
        self.tell(|context| *field(context) = Some(text));
    }

    fn tell(&self, change: impl FnOnce(&mut Context)) {
        self.with(|notes| change(notes.told.get_or_insert_default()));
    }

    fn with(&self, change: impl FnOnce(&mut Notes)) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.is_closed {
            self.late.fetch_add(1, Ordering::Relaxed);
        } else {
            change(&mut notes);
        }
    }
}

fn short(mut text: String) -> String {
    let most = text.len().min(ApiLog::MAX_TEXT_BYTES);
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    text.truncate(end.unwrap_or(0));
    text
}

impl fmt::Debug for ApiLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiLog").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_after_the_end_changes_nothing_and_is_counted() {
        let late = Arc::new(AtomicU64::new(0));
        let log = ApiLog::new(late.clone());
        log.actor(Actor::user("user_1"));
        let told = log.close().flatten().unwrap();
        assert_eq!(told.actor.unwrap().id, "user_1");
        log.organisation("org_1");
        log.exclude();
        assert_eq!(late.load(Ordering::Relaxed), 2);
        assert!(log.close().is_some(), "not excluded any more");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let log = ApiLog::new(Arc::default());
        log.session("é".repeat(1_000_000) + "a");
        log.actor(Actor::user("a".to_owned() + &"😀".repeat(1_000)));
        let told = log.close().flatten().unwrap();
        assert_eq!(told.session.unwrap().len(), ApiLog::MAX_TEXT_BYTES);
        assert_eq!(told.actor.unwrap().id.len(), 1021);
    }

    #[test]
    fn excluded_exchange_is_told_apart_from_one_with_nothing_told() {
        let log = ApiLog::new(Arc::default());
        assert!(matches!(log.close(), Some(None)));
        let log = ApiLog::new(Arc::default());
        log.exclude();
        assert!(log.close().is_none());
    }
}
