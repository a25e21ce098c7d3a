use std::net::SocketAddr;

use http::{Method, Version};

use super::budget::Reservation;
use super::coding::Codings;
use super::failure::Failure;
use super::fields::Fields;
use super::policy::{LeftOut, Share};
use super::sampling::Lot;
use crate::clock::Timestamp;
use crate::entry::{Context, CutReason, EntryId, Note, Outcome, SkipReason, Timing};

/// One exchange as it was, secrets and all. Only the masker turns it into an entry.
///
/// It has neither `Debug` nor `Serialize`, on purpose.
pub(crate) struct Captured {
    pub(crate) id: EntryId,
    pub(crate) started: Timestamp,
    pub(crate) method: Method,
    pub(crate) version: Version,
    /// The request's fields, pseudo-fields first.
    pub(crate) request: Fields,
    pub(crate) request_body: CapturedBody,
    pub(crate) request_trailers: Fields,
    pub(crate) response: Option<CapturedResponse>,
    pub(crate) response_body: CapturedBody,
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<Failure>,
    pub(crate) timing: Timing,
    pub(crate) peer: Option<SocketAddr>,
    /// What the application said of the caller.
    pub(crate) told: Option<Box<Context>>,
    pub(crate) notes: Vec<Note>,
    /// What decides whether it is of a sample, where the policy takes one.
    pub(crate) lot: Option<Lot>,
    pub(crate) share: Share,
    /// Why it is left out, where it was let through only for the event that it may be.
    pub(crate) left_out: Option<LeftOut>,
    /// Why the response's body does not show, although it was kept for the event.
    pub(crate) hides_response_body: Option<SkipReason>,
    /// Held until the entry is stored.
    pub(crate) reservation: Reservation,
}

/// A response's head and trailers.
pub(crate) struct CapturedResponse {
    pub(crate) status: u16,
    /// `None` where the budget had no room for them.
    pub(crate) fields: Option<Fields>,
    pub(crate) trailers: Fields,
}

/// A body as far as it was kept.
pub(crate) struct CapturedBody {
    pub(crate) bytes_seen: u64,
    pub(crate) kept: Kept,
}

/// What was kept of a body.
pub(crate) enum Kept {
    /// There were no bytes.
    Nothing,
    /// The bytes were counted and not kept.
    Skipped(SkipReason),
    /// Every byte.
    All(Vec<u8>),
    /// The first bytes.
    Prefix(Vec<u8>, CutReason),
    /// Bytes under content codings that can be undone.
    Coded(Coded),
}

/// A body under content codings, as far as it was kept.
#[cfg_attr(not(feature = "decompress"), expect(dead_code))]
pub(crate) struct Coded {
    pub(crate) bytes: Vec<u8>,
    /// Why these are not all bytes.
    pub(crate) cut: Option<CutReason>,
    pub(crate) codings: Codings,
    /// The most bytes that are kept of it, coded and decoded alike.
    pub(crate) limit: usize,
}

impl Captured {
    /// Makes what is known of an exchange that has just started, as if its process had died since.
    pub(crate) fn started(&self, reservation: Reservation) -> Self {
        Self {
            id: self.id,
            started: self.started,
            method: self.method.clone(),
            version: self.version,
            request: self.request.only(|_| true),
            request_body: CapturedBody::empty(),
            request_trailers: Fields::default(),
            response: None,
            response_body: CapturedBody::empty(),
            outcome: Outcome::ProcessDied,
            failure: None,
            timing: Timing::default(),
            peer: self.peer,
            told: self.told.clone(),
            notes: Vec::new(),
            lot: self.lot,
            share: Share::default(),
            left_out: None,
            hides_response_body: None,
            reservation,
        }
    }

    /// Returns the request's path, without its query.
    pub(crate) fn path(&self) -> &str {
        let target = self.request.text(":path").unwrap_or_default();
        target.split('?').next().unwrap_or_default()
    }

    /// Tells whether the exchange failed, as [`Exchange::has_failed`](crate::entry::Exchange::has_failed) will of its entry.
    pub(crate) fn has_failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Completed | Outcome::Upgraded) || self.was_refused()
    }

    /// Tells whether the service did not do what was asked, as [`Exchange::was_not_done`](crate::entry::Exchange::was_not_done) will of its entry.
    pub(crate) fn was_not_done(&self) -> bool {
        self.has_failed() && (self.outcome != Outcome::LeftInBody || self.was_refused())
    }

    fn was_refused(&self) -> bool {
        let response = self.response.as_ref();
        let heads = response
            .iter()
            .flat_map(|it| it.fields.iter().chain([&it.trailers]));
        let mut grpc = heads.filter_map(|fields| fields.text("grpc-status"));
        response.is_some_and(|it| it.status >= 400) || grpc.any(|status| status != "0")
    }
}

impl CapturedBody {
    pub(crate) fn empty() -> Self {
        Self {
            bytes_seen: 0,
            kept: Kept::Nothing,
        }
    }

    /// Makes a body of which every byte is known, with the codings that can be undone of its message.
    pub(crate) fn whole(bytes: &[u8], codings: Option<Codings>, limit: usize) -> Self {
        let bytes_seen = bytes.len() as u64;
        let kept = match codings {
            _ if bytes.is_empty() => Kept::Nothing,
            None => Kept::Skipped(SkipReason::ContentCoding),
            Some(codings) if codings.is_empty() => Kept::All(bytes.to_vec()),
            Some(codings) => Kept::Coded(Coded {
                bytes: bytes.to_vec(),
                cut: None,
                codings,
                limit,
            }),
        };
        Self { bytes_seen, kept }
    }

    /// Forgets what was kept, for a reason.
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        if self.bytes_seen > 0 {
            self.kept = Kept::Skipped(reason);
        }
    }
}
