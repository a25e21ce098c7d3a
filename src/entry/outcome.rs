use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The response was handed over to its end; a declared length that was reached is an end.
    Completed,
    /// The service returned an error instead of a response.
    ServiceError,
    /// The service or the response body panicked.
    Panic,
    /// The client left, or a layer outside gave up, before there was a response.
    LeftBeforeResponse,
    /// The client left, or a layer outside gave up, before the response body's end.
    LeftInBody,
    /// The response body ended in an error.
    BodyError,
    /// The connection went on in another protocol (101, or a successful CONNECT).
    Upgraded,
    /// The process ended before the exchange did, however; known from a spool, which had its start.
    ProcessDied,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Completed,
        Self::ServiceError,
        Self::Panic,
        Self::LeftBeforeResponse,
        Self::LeftInBody,
        Self::BodyError,
        Self::Upgraded,
        Self::ProcessDied,
    ];

    /// Tells whether an error or a panic ended the exchange, of which [`Exchange::failure`](super::Exchange::failure) tells.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::ServiceError | Self::Panic | Self::BodyError)
    }

    /// Returns the snake-case name that serialises it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ServiceError => "service_error",
            Self::Panic => "panic",
            Self::LeftBeforeResponse => "left_before_response",
            Self::LeftInBody => "left_in_body",
            Self::BodyError => "body_error",
            Self::Upgraded => "upgraded",
            Self::ProcessDied => "process_died",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long an exchange took, in whole microseconds from when the service was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timing {
    /// Until the response's head, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_headers_micros: Option<u64>,
    /// Until the last byte of the response was handed over, or the exchange ended otherwise.
    pub to_last_byte_micros: u64,
}

impl Timing {
    /// Makes a timing of its two durations.
    pub fn new(to_headers: Option<Duration>, to_last_byte: Duration) -> Self {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self {
            to_headers_micros: to_headers.map(micros),
            to_last_byte_micros: micros(to_last_byte),
        }
    }
}
