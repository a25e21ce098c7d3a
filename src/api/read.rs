use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;

use super::access::Reader;
use crate::clock::Timestamp;
use crate::contain::contain;
use crate::entry::EntryId;
use crate::format::Route;

/// One reading of the log, or the attempt: what [`Builder::on_read`](super::Builder::on_read) tells.
#[non_exhaustive]
pub struct Read {
    /// The id of the reader's request, which the formats that tell one tell the reader as well.
    pub id: EntryId,
    /// When the request came.
    pub at: Timestamp,
    /// The request as it came, with the parameters that narrowed what was asked and with what other layers know of the client. Its header
    /// fields hold the reader's credential.
    pub request: Parts,
    /// The route that was asked.
    pub route: Route,
    /// Who read; `None` where nobody is known by the credential, or none was asked for.
    pub reader: Option<Reader>,
    /// The status of the reply: 401, 403 and 429 for those who were not let in.
    pub status: StatusCode,
    /// How many entries were shown: those of the page, one for a retrieve, for an export or a tail those written until its end.
    pub entries: u64,
    /// The entry that a retrieve showed.
    pub entry: Option<EntryId>,
    /// Whether the reply was given in whole: false for an export that the reader left or that the store failed, and for a tail that the store failed.
    pub complete: bool,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("id", &self.id)
            .field("route", &self.route)
            .field("status", &self.status)
            .field("entries", &self.entries)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// What is called with every reading.
pub(super) type OnRead = Arc<dyn Fn(&Read) + Send + Sync>;

/// A reading that is told once, when it is dropped: with the reply, or with the body of an export.
pub(super) struct Telling {
    pub(super) read: Read,
    pub(super) on_read: OnRead,
}

impl Drop for Telling {
    fn drop(&mut self) {
        let _ = contain(|| (self.on_read)(&self.read));
    }
}
