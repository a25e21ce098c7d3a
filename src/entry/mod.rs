//! The record: what is stored of one exchange or one audit event, already masked.
//!
//! Comes in: nothing; these are plain types. Goes out: everywhere below the masker. Promises: [`LogEntry`] serialises and
//! reads back with serde, unknown fields are ignored and missing ones take their default, `Debug` prints no user data.

mod body;
mod context;
mod event;
mod headers;
mod id;
mod json;
mod masked;
mod message;
mod note;
mod outcome;
mod params;
#[cfg(feature = "explorer")]
mod replayed;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

pub use body::{BodyRecord, CutReason, SkipReason, WithheldReason};
pub use context::{Actor, ActorKind, Context, Resource};
pub use event::{Change, ChangedField, EventRecord, Finding};
pub use headers::Headers;
pub use id::EntryId;
pub(crate) use id::EntryIds;
pub use masked::{Masked, Place};
pub use message::{RequestRecord, ResponseRecord};
pub use note::Note;
pub use outcome::{Outcome, Timing};
pub use params::{Param, Params};
#[cfg(feature = "explorer")]
pub use replayed::Replayed;

/// Marks a response of the log's own endpoints, in its extensions: the layer leaves such exchanges out, so that reading the log is never
/// logged into itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnEndpoint;

/// One stored record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// The identity, and the place in every listing.
    pub id: EntryId,
    /// When the exchange began or the event happened.
    pub created_at: Timestamp,
    /// Who, for whom and from where.
    pub context: Context,
    /// What happened.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// The two kinds of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// An HTTP call.
    Exchange(Box<Exchange>),
    /// An audit event.
    Event(Box<EventRecord>),
}

/// The name of a kind, for filters and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// [`EntryKind::Exchange`].
    Exchange,
    /// [`EntryKind::Event`].
    Event,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Exchange, Self::Event];

    /// Returns the snake-case name that serialises it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Event => "event",
        }
    }
}

/// One HTTP call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// The request's head.
    pub request: RequestRecord,
    /// The request's body, as far as the service read it.
    #[serde(default)]
    pub request_body: BodyRecord,
    /// The length of the request's body once its content coding was undone; `None` where it has none, or was not decoded to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_decoded_bytes: Option<u64>,
    /// The response's head; `None` when there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseRecord>,
    /// The response's body, as far as it was handed over.
    #[serde(default)]
    pub response_body: BodyRecord,
    /// The same of the response's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_decoded_bytes: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the service's error, its body's or its panic said of itself, masked: up to 1 KiB, with `…` at the end of what was longer. `None` for other outcomes, and
    /// where it said nothing that is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How long it took.
    pub timing: Timing,
    /// How many exchanges it stands for, itself among them, where the policy keeps a sample ([`Policy::sample`](crate::Policy::sample)) or so many a second; else 1,
    /// which is left out of the serialised form. To count exchanges, sum their weights.
    ///
    /// A sum over many is right on average and no more exact than the sample is large: of `n` kept exchanges of one weight its error is about `1 / √n`. Zero is the
    /// weight of one that was kept beside the sample, which stands for it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: u32,
    /// What the application noted, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What was masked, where, by which rule: the first [`Exchange::MAX_MASKED`] spots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<Masked>,
    /// How many spots were masked in all.
    #[serde(default)]
    pub masked_count: u64,
}

impl LogEntry {
    /// Makes an entry of its parts.
    pub fn new(id: EntryId, created_at: Timestamp, context: Context, kind: EntryKind) -> Self {
        Self {
            id,
            created_at,
            context,
            kind,
        }
    }

    /// Returns the exchange, if it is one.
    pub fn exchange(&self) -> Option<&Exchange> {
        match &self.kind {
            EntryKind::Exchange(exchange) => Some(exchange),
            EntryKind::Event(_) => None,
        }
    }

    /// Returns the event, if it is one.
    pub fn event(&self) -> Option<&EventRecord> {
        match &self.kind {
            EntryKind::Exchange(_) => None,
            EntryKind::Event(event) => Some(event),
        }
    }

    /// Returns the name of the kind.
    pub fn kind(&self) -> Kind {
        match self.kind {
            EntryKind::Exchange(_) => Kind::Exchange,
            EntryKind::Event(_) => Kind::Event,
        }
    }

    /// Takes out what tells of a person: the actor, impersonator, session, key, addresses, user agent, client's request id and resource of the context;
    /// the query, fields, bodies, failure and notes of an exchange; the title, change, findings and data of an event. What was called, when and with what status stays.
    pub fn erase_person(&mut self) {
        self.context.erase();
        match &mut self.kind {
            EntryKind::Exchange(exchange) => exchange.erase(),
            EntryKind::Event(event) => event.erase(),
        }
    }

    /// Returns about how many bytes the entry holds in memory.
    pub fn size_bytes(&self) -> usize {
        let kind = match &self.kind {
            EntryKind::Exchange(exchange) => exchange.size_bytes(),
            EntryKind::Event(event) => event.size_bytes(),
        };
        size_of::<Self>() + self.context.size_bytes() + kind
    }
}

impl Exchange {
    /// The most spots that [`Exchange::masked`] lists.
    pub const MAX_MASKED: usize = 100;

    /// Makes an exchange without a response, with empty bodies and nothing masked.
    pub fn new(request: RequestRecord, outcome: Outcome, timing: Timing) -> Self {
        Self {
            request,
            request_body: BodyRecord::Empty,
            request_decoded_bytes: None,
            response: None,
            response_body: BodyRecord::Empty,
            response_decoded_bytes: None,
            outcome,
            failure: None,
            timing,
            weight: 1,
            notes: Vec::new(),
            masked: Vec::new(),
            masked_count: 0,
        }
    }

    /// Returns the response's status.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status)
    }

    /// Tells whether the exchange failed: a status from 400, an outcome that is neither completed nor upgraded, or a `grpc-status` other than
    /// 0 in the response's head or trailers.
    pub fn has_failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Completed | Outcome::Upgraded) || self.was_refused()
    }

    /// Tells whether the service did not do what was asked: as [`Exchange::has_failed`], but for a client that left once it had the response's head.
    pub(crate) fn was_not_done(&self) -> bool {
        self.has_failed() && (self.outcome != Outcome::LeftInBody || self.was_refused())
    }

    fn was_refused(&self) -> bool {
        let response = self.response.as_ref();
        let mut heads = response
            .into_iter()
            .flat_map(|it| [&it.headers, &it.trailers]);
        self.status().is_some_and(|status| status >= 400)
            || heads.any(|it| it.get("grpc-status").is_some_and(|status| status != "0"))
    }

    /// Takes out what may tell of a person.
    fn erase(&mut self) {
        let request = &mut self.request;
        if let Some(route) = &request.route {
            request.path.clone_from(route);
        }
        request.query = None;
        (request.headers, request.trailers) = (Headers::default(), Headers::default());
        if let Some(response) = &mut self.response {
            (response.headers, response.trailers) = (Headers::default(), Headers::default());
        }
        for body in [&mut self.request_body, &mut self.response_body] {
            if *body != BodyRecord::Empty {
                *body = BodyRecord::Skipped {
                    reason: SkipReason::Erased,
                    bytes_seen: body.bytes_seen(),
                };
            }
        }
        self.failure = None;
        self.notes.clear();
        self.masked.clear();
    }

    fn size_bytes(&self) -> usize {
        let request = &self.request;
        let response = self
            .response
            .as_ref()
            .map_or(0, |it| it.headers.size_bytes() + it.trailers.size_bytes());
        let bodies =
            [&self.request_body, &self.response_body].map(|body| body.text().map_or(0, str::len));
        size_of::<Self>()
            + request.method.len()
            + request.path.len()
            + [
                &request.scheme,
                &request.authority,
                &request.route,
                &request.query,
                &self.failure,
            ]
            .map(|text| text.as_ref().map_or(0, String::len))
            .iter()
            .sum::<usize>()
            + request.headers.size_bytes()
            + request.trailers.size_bytes()
            + response
            + bodies.iter().sum::<usize>()
            + self.notes.iter().map(Note::size_bytes).sum::<usize>()
            + self.masked.iter().map(Masked::size_bytes).sum::<usize>()
    }
}

/// The weight of an exchange that stands for itself alone.
pub(crate) fn one() -> u32 {
    1
}

pub(crate) fn is_one(weight: &u32) -> bool {
    *weight == 1
}

impl fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEntry")
            .field("id", &self.id)
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("status", &self.status())
            .field("outcome", &self.outcome)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
