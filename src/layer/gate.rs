use std::sync::Arc;
use std::time::Duration;

use crate::annotate::CompiledRoutes;
use crate::capture::{
    ActorCap, Actors, Captured, CapturedEvent, Item, LeftOut, Origin, Reservation,
};
use crate::entry::{BodyRecord, EntryIds, EntryKind, LogEntry};
use crate::mask::{Masked, Masker};

/// What is done on the recorder's thread with what was captured: it is masked, and the event that an audit route finds in it comes out beside it.
pub(super) struct Gate {
    pub(super) masker: Masker,
    pub(super) audit: Option<Arc<CompiledRoutes>>,
    /// Its own, which never run ahead of the exchanges that are masked: an event found in one is listed at that one's time.
    pub(super) ids: EntryIds,
    pub(super) actors: Actors,
}

/// What came out of one item.
pub(super) struct Passed {
    /// An exchange may be left out.
    pub(super) own: Result<LogEntry, LeftOut>,
    pub(super) found: Option<LogEntry>,
    pub(super) expanding_bodies: u64,
    pub(super) reservation: Reservation,
}

impl Gate {
    pub(super) fn pass(&mut self, item: Item) -> Passed {
        match item {
            Item::Exchange(captured) => self.exchange(*captured),
            Item::Start(captured) => {
                let Masked {
                    entry, reservation, ..
                } = self.masker.exchange(*captured);
                Passed {
                    own: Ok(entry),
                    found: None,
                    expanding_bodies: 0,
                    reservation,
                }
            }
            Item::Event(event) => {
                let (entry, reservation) = self.masker.event(*event);
                Passed {
                    own: Ok(entry),
                    found: None,
                    expanding_bodies: 0,
                    reservation,
                }
            }
        }
    }

    fn exchange(&mut self, captured: Captured) -> Passed {
        let (actor_cap, mut left_out) = (captured.share.actor_cap, captured.left_out);
        let Masked {
            mut entry,
            hidden_response_body,
            expanding_bodies,
            mut reservation,
        } = self.masker.exchange(captured);
        if left_out.is_none() && actor_cap.is_some_and(|cap| !self.lets_pass(cap, &mut entry)) {
            left_out = Some(LeftOut::Sampled);
        }
        let event = self.found(&entry, hidden_response_body.as_ref(), &reservation);
        let found = event.map(|mut event| {
            event.exchange = left_out.is_none().then_some(entry.id);
            self.masker.event(event).0
        });
        let own = left_out.map_or(Ok(entry), Err);
        let sizes = own.iter().chain(&found).map(LogEntry::size_bytes);
        reservation.stand_for(sizes.sum());
        Passed {
            own,
            found,
            expanding_bodies,
            reservation,
        }
    }

    /// Tells whether the actor's cap lets an exchange pass, which then carries what was suppressed before it.
    fn lets_pass(&mut self, cap: ActorCap, entry: &mut LogEntry) -> bool {
        let EntryKind::Exchange(exchange) = &mut entry.kind else {
            return true;
        };
        let (has_failed, weight) = (exchange.has_failed(), exchange.weight);
        let passed = self.actors.pass(cap, &entry.context, has_failed, weight);
        exchange.weight = passed.unwrap_or(weight);
        passed.is_some()
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
