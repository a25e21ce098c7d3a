//! What the explorer may ask of the API beside which it stands: the same admission, scope and record of who read.

use http::StatusCode;
use http::request::Parts;

use super::answer::{Course, failed};
use super::read::Telling;
use super::{LogApi, Reader};
use crate::entry::{EntryId, LogEntry};
use crate::format::{Operation, Refusal, Route};
use crate::query::Scope;

/// One visit of a reader.
pub(crate) struct Visit {
    course: Course,
}

impl Visit {
    /// Returns who reads, once they are admitted.
    pub(crate) fn reader(&self) -> Option<&Reader> {
        self.course.reader.as_ref()
    }
}

impl LogApi {
    /// Tells whether a format, the document or the ledger answers a path.
    pub(crate) fn serves(&self, path: &str) -> bool {
        let shared = &self.shared;
        shared.routes.find(path).is_some()
            || shared.openapi.as_ref().is_some_and(|it| it.path == path)
            || shared.ledger.as_ref().is_some_and(|it| it.path == path)
    }

    /// Makes the id of a request.
    pub(crate) fn next_id(&self) -> EntryId {
        self.shared.ids.next(self.shared.clock.now())
    }

    /// Begins a visit.
    pub(crate) fn visit(&self) -> Visit {
        let course = self.shared.course();
        Visit { course }
    }

    /// Admits a reader by the credential of any format, and counts it.
    pub(crate) async fn admit(&self, visit: &mut Visit, parts: &Parts) -> Result<Scope, Refusal> {
        self.shared.admit_by_any(parts, &mut visit.course).await
    }

    /// Returns an entry, if there is one within the scope.
    pub(crate) async fn entry(
        &self,
        scope: &Scope,
        id: EntryId,
    ) -> Result<Option<LogEntry>, Refusal> {
        let found = self.shared.store.get(scope, id).await;
        found.map_err(|error| failed(&error))
    }

    /// Tells of the visit, as of a reading: it shows an entry, if any.
    pub(crate) fn tell(
        &self,
        visit: Visit,
        path: &'static str,
        shown: Option<EntryId>,
        status: StatusCode,
        parts: Parts,
    ) {
        if let Some(on_read) = &self.shared.on_read {
            let mut read = visit
                .course
                .read(Route::new(path, Operation::Retrieve), status, parts);
            read.entry = shown;
            read.entries = u64::from(shown.is_some());
            drop(Telling {
                read,
                on_read: on_read.clone(),
            });
        }
    }
}
