use serde::{Deserialize, Serialize};

/// One spot where the masker hid something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Masked {
    /// Which part of the exchange it was in.
    pub place: Place,
    /// Where in that part: a header's or parameter's name, `cookie` and its name, or a JSON pointer.
    pub pointer: String,
    /// The rule that hid it, by its name in the rules.
    pub rule: String,
    /// The length of what was hidden, in bytes as sent.
    pub bytes: u64,
}

impl Masked {
    /// Makes a report of one spot.
    pub fn new(
        place: Place,
        pointer: impl Into<String>,
        rule: impl Into<String>,
        bytes: usize,
    ) -> Self {
        Self {
            place,
            pointer: pointer.into(),
            rule: rule.into(),
            bytes: bytes as u64,
        }
    }

    pub(super) fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.pointer.len() + self.rule.len()
    }
}

/// The parts of an entry in which the masker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// The request's authority.
    Authority,
    /// The request's path: its matrix parameters.
    Path,
    /// The request's query.
    Query,
    /// A header field of the request.
    RequestHeader,
    /// The request's body.
    RequestBody,
    /// A trailer field of the request.
    RequestTrailer,
    /// A header field of the response.
    ResponseHeader,
    /// The response's body.
    ResponseBody,
    /// A trailer field of the response.
    ResponseTrailer,
    /// What an error or a panic said.
    Failure,
    /// A note of an exchange.
    Note,
    /// The title of an event.
    EventTitle,
    /// The data of an event.
    EventData,
    /// The object before an event.
    EventBefore,
    /// The object after an event.
    EventAfter,
    /// An error of an event.
    EventError,
    /// An alert of an event.
    EventAlert,
    /// What the application told of the caller.
    Context,
}
