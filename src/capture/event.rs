use std::net::SocketAddr;
use std::sync::Arc;

use super::budget::Reservation;
use super::captured::Captured;
use super::fields::Fields;
use crate::clock::Timestamp;
use crate::entry::{Context, EntryId, Finding};

/// The most bytes that are kept of a text that the application tells; cut on a character boundary.
pub(crate) const MAX_TEXT_BYTES: usize = 1024;

/// Cuts a text to the bytes that are kept of it.
pub(crate) fn short(mut text: String) -> String {
    let most = text.len().min(MAX_TEXT_BYTES);
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    text.truncate(end.unwrap_or(0));
    // What was cut off, and room that was never used, would be held for as long and counted nowhere.
    if text.capacity() > MAX_TEXT_BYTES {
        text.shrink_to_fit();
    }
    text
}

/// What waits for the masker.
pub(crate) enum Item {
    Exchange(Box<Captured>),
    /// An exchange that has started, as if its process had died since.
    Start(Box<Captured>),
    Event(Box<CapturedEvent>),
}

/// An event as the application told it, secrets and all. Only the masker turns it into an entry.
///
/// It has neither `Debug` nor `Serialize`, on purpose.
pub(crate) struct CapturedEvent {
    pub(crate) id: EntryId,
    pub(crate) at: Timestamp,
    pub(crate) draft: Box<EventDraft>,
    /// The exchange in which it happened, unless the draft names another.
    pub(crate) exchange: Option<EntryId>,
    /// What is known of the exchange's caller; what the draft says wins.
    pub(crate) origin: Option<Arc<Origin>>,
    /// Held until the entry is stored.
    pub(crate) reservation: Reservation,
}

/// What an application says of an event.
#[derive(Clone, Default)]
pub(crate) struct EventDraft {
    pub(crate) category: String,
    pub(crate) action: String,
    pub(crate) ref_id: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
    pub(crate) data: Option<Json>,
    pub(crate) errors: Findings,
    pub(crate) alerts: Findings,
    pub(crate) context: Context,
    pub(crate) exchange: Option<EntryId>,
}

/// A value of the application's as JSON.
#[derive(Clone)]
pub(crate) enum Json {
    Text(Box<str>),
    /// It was longer than is kept: its bytes, as far as they were counted to the end.
    TooLarge(Option<u64>),
    /// Its `Serialize` failed or panicked.
    Unserializable,
}

/// The first findings of a kind, and how many came after them.
#[derive(Clone, Default)]
pub(crate) struct Findings {
    pub(crate) first: Vec<Finding>,
    pub(crate) more: u64,
}

/// What is known of an exchange's caller, which the events that are handed over together share.
pub(crate) struct Origin {
    /// What the application has said.
    pub(crate) told: Option<Box<Context>>,
    /// What was seen of the request.
    pub(crate) request: Fields,
    pub(crate) peer: Option<SocketAddr>,
    _reservation: Reservation,
}

impl Origin {
    /// The fields that tell where a request came from, and with `:path` the API's version.
    const NAMES: [&str; 11] = [
        ":path",
        ":route",
        "forwarded",
        "x-forwarded-for",
        "user-agent",
        "x-request-id",
        "request-id",
        "traceparent",
        "authorization",
        "proxy-authorization",
        "cookie",
    ];

    /// Tells whether a field is one of [`Self::NAMES`], or may hold the caller's key: what is told of the caller is compared with it.
    pub(crate) fn is_needed(name: &str) -> bool {
        Self::NAMES.contains(&name) || name.ends_with("key") || name.ends_with("token")
    }

    /// Makes it of what was said alone.
    pub(crate) fn told(told: Option<Box<Context>>, reservation: Reservation) -> Self {
        Self::new(told, Fields::default(), None, reservation)
    }

    /// Copies what tells it out of a request's fields.
    pub(crate) fn of(
        told: Option<Box<Context>>,
        request: &Fields,
        peer: Option<SocketAddr>,
        reservation: Reservation,
    ) -> Self {
        Self::new(told, request.only(Self::is_needed), peer, reservation)
    }

    fn new(
        told: Option<Box<Context>>,
        request: Fields,
        peer: Option<SocketAddr>,
        mut reservation: Reservation,
    ) -> Self {
        let told_bytes = told.as_ref().map_or(0, |it| it.size_bytes());
        // What the service has told is never left out.
        reservation.stand_for(size_of::<Self>() + request.size_bytes() + told_bytes);
        Self {
            told,
            request,
            peer,
            _reservation: reservation,
        }
    }
}

impl EventDraft {
    /// Returns about how many bytes it holds.
    pub(crate) fn size_bytes(&self) -> usize {
        let Self {
            category,
            action,
            ref_id,
            title,
            before,
            after,
            data,
            errors,
            alerts,
            context,
            exchange: _,
        } = self;
        let texts = [ref_id, title].map(|text| text.as_ref().map_or(0, String::len));
        let documents = [before, after, data].map(|json| match json {
            Some(Json::Text(text)) => text.len(),
            _ => 0,
        });
        size_of::<CapturedEvent>()
            + size_of::<Self>()
            + category.len()
            + action.len()
            + texts.iter().chain(&documents).sum::<usize>()
            + errors.size_bytes()
            + alerts.size_bytes()
            + context.size_bytes()
    }
}

impl Findings {
    /// The most that are kept.
    pub(crate) const MAX: usize = 100;

    pub(crate) fn push(&mut self, finding: Finding) {
        match self.first.len() < Self::MAX {
            true => self.first.push(finding),
            false => self.more += 1,
        }
    }

    fn size_bytes(&self) -> usize {
        self.first.iter().map(Finding::size_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_was_cut_holds_no_more_memory_than_is_counted() {
        assert!(short("x".repeat(1 << 20)).capacity() <= 2 * MAX_TEXT_BYTES);
        let mut roomy = String::with_capacity(1 << 20);
        roomy.push_str("short");
        assert!(short(roomy).capacity() <= MAX_TEXT_BYTES);
    }
}
