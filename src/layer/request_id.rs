use http::{HeaderMap, HeaderName, HeaderValue};

use crate::capture::{Fields, client_request_id};
use crate::entry::EntryId;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// How our request id prints in the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestIdFormat {
    /// A hyphenated UUID.
    #[default]
    Uuid,
    /// `req_` and 22 base62 digits, as Persona does.
    Prefixed,
}

/// What the response says of the request's id.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RequestIds {
    pub(super) are_trusted: bool,
    pub(super) are_hidden: bool,
    pub(super) format: RequestIdFormat,
}

impl RequestIds {
    /// Returns the client's own id, where it is trusted.
    pub(super) fn trusted(self, request: &Fields) -> Option<HeaderValue> {
        let id = self
            .are_trusted
            .then(|| client_request_id(request))
            .flatten()?;
        HeaderValue::from_str(id).ok()
    }

    /// Adds the request's id to a response that has none.
    pub(super) fn add(self, headers: &mut HeaderMap, id: EntryId, trusted: Option<HeaderValue>) {
        if self.are_hidden || headers.contains_key(REQUEST_ID) {
            return;
        }
        let ours = || match self.format {
            RequestIdFormat::Uuid => HeaderValue::from_bytes(&id.to_ascii()),
            RequestIdFormat::Prefixed => HeaderValue::from_str(&id.prefixed("req")),
        };
        if let Ok(value) = trusted.map_or_else(ours, Ok) {
            // A map of 32,768 fields takes no more; the response passes without.
            let _ = headers.try_insert(REQUEST_ID, value);
        }
    }
}
