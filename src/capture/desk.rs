use std::sync::Arc;

use super::budget::Budget;
use super::event::{CapturedEvent, EventDraft};
use crate::clock::Clock;
use crate::entry::{EntryId, EntryIds};

/// What the handles of all exchanges and of the recorder share with the layer: identity, time, the budget, and the way to the recorder.
pub(crate) struct Desk {
    pub(crate) ids: EntryIds,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Arc<Budget>,
    outbox: Box<dyn Outbox>,
}

/// The recorder, as far as those who tell events know it.
pub(crate) trait Outbox: Send + Sync {
    /// Counts a call that came after its exchange had ended.
    fn late(&self);

    /// Counts a note past the bound.
    fn note_refused(&self);

    /// Counts an event that was told.
    fn event_seen(&self);

    /// Counts an event that came too late or past the bound.
    fn event_refused(&self);

    /// Counts an event for which the budget had no room.
    fn event_over_budget(&self);

    /// Hands an event over, or drops and counts it and returns `false`.
    fn push(&self, event: CapturedEvent) -> bool;
}

impl Desk {
    pub(crate) fn new(clock: Arc<dyn Clock>, budget: Arc<Budget>, outbox: Box<dyn Outbox>) -> Self {
        Self {
            ids: EntryIds::default(),
            clock,
            budget,
            outbox,
        }
    }

    pub(crate) fn outbox(&self) -> &dyn Outbox {
        &*self.outbox
    }

    /// Gives an event that was counted as seen its id, time and part of the budget; `None` where there is no room.
    pub(crate) fn take(&self, draft: Box<EventDraft>) -> Option<CapturedEvent> {
        let Some(reservation) = self.budget.reserve(draft.size_bytes()) else {
            self.outbox.event_over_budget();
            return None;
        };
        let at = self.clock.now();
        Some(CapturedEvent {
            id: self.ids.next(at),
            at,
            draft,
            exchange: None,
            origin: None,
            reservation,
        })
    }

    /// Takes an event that happened outside of any exchange and hands it over.
    pub(crate) fn tell(&self, draft: Box<EventDraft>) -> Option<EntryId> {
        self.outbox.event_seen();
        let event = self.take(draft)?;
        let id = event.id;
        self.outbox.push(event).then_some(id)
    }
}
