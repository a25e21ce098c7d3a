use std::sync::Arc;
use std::time::Duration;

use crate::annotate::CompiledRoutes;
use crate::capture::{Captured, CapturedEvent, Item, Origin, Reservation};
use crate::entry::{BodyRecord, EntryIds, LogEntry};
use crate::mask::{Masked, Masker};

/// What is done on the recorder's thread with what was captured: it is masked, and the event that an audit route finds in it comes out beside it.
pub(super) struct Gate {
    pub(super) masker: Masker,
    pub(super) audit: Option<Arc<CompiledRoutes>>,
    /// Its own, which never run ahead of the exchanges that are masked: an event found in one is listed at that one's time.
    pub(super) ids: EntryIds,
}

/// What came out of one item.
pub(super) struct Passed {
    /// `None` for an exchange that is left out.
    pub(super) own: Option<LogEntry>,
    pub(super) found: Option<LogEntry>,
    pub(super) expanding_bodies: u64,
    pub(super) reservation: Reservation,
}

impl Gate {
    pub(super) fn pass(&mut self, item: Item) -> Passed {
        match item {
            Item::Exchange(captured) => self.exchange(*captured),
            Item::Event(event) => {
                let (entry, reservation) = self.masker.event(*event);
                Passed {
                    own: Some(entry),
                    found: None,
                    expanding_bodies: 0,
                    reservation,
                }
            }
        }
    }

    fn exchange(&mut self, captured: Captured) -> Passed {
        let is_left_out = captured.is_left_out;
        let Masked {
            entry,
            hidden_response_body,
            expanding_bodies,
            mut reservation,
        } = self.masker.exchange(captured);
        let event = self.found(&entry, hidden_response_body.as_ref(), &reservation);
        let found = event.map(|mut event| {
            event.exchange = (!is_left_out).then_some(entry.id);
            self.masker.event(event).0
        });
        let own = (!is_left_out).then_some(entry);
        let sizes = own.iter().chain(&found).map(LogEntry::size_bytes);
        reservation.stand_for(sizes.sum());
        Passed {
            own,
            found,
            expanding_bodies,
            reservation,
        }
    }

    /// Returns the event that a masked exchange is: it happened when the exchange ended.
    fn found(
        &self,
        entry: &LogEntry,
        hidden_response_body: Option<&BodyRecord>,
        reservation: &Reservation,
    ) -> Option<CapturedEvent> {
        let exchange = entry.exchange()?;
        let response = hidden_response_body.unwrap_or(&exchange.response_body);
        let draft = self.audit.as_ref()?.event(exchange, response)?;
        let took = Duration::from_micros(exchange.timing.to_last_byte_micros);
        let at = entry.created_at.plus(took);
        let told = Some(Box::new(entry.context.clone()));
        let origin = Origin::told(told, reservation.empty_sibling());
        Some(CapturedEvent {
            id: self.ids.next(at),
            at,
            draft,
            exchange: None,
            origin: Some(Arc::new(origin)),
            reservation: reservation.empty_sibling(),
        })
    }
}
