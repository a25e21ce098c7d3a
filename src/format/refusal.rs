use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use super::limit::RateLimit;
use crate::elided::Elided;

/// Why a reader gets no entries; each format words it as its vendor does.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request has no credential.
    NoCredential,
    /// The request has a credential that nobody holds.
    BadCredential,
    /// The reader is known and may not do this; the text says why.
    Forbidden(Cow<'static, str>),
    /// There is no such entry, or it is outside the reader's scope: the two are the same.
    NoEntry,
    /// No route has this path.
    NoRoute,
    /// The route has this path, and another method.
    MethodNotAllowed,
    /// A parameter is unknown, repeated, or not of the accepted form.
    BadParameter {
        /// The parameter's name as sent, cut to [`Refusal::MAX_NAME_CHARS`].
        name: String,
        /// What it must be: follows the name in a sentence.
        must: Cow<'static, str>,
    },
    /// A parameter has the right form and a value that cannot be.
    Unprocessable {
        /// The parameter's name.
        name: Cow<'static, str>,
        /// The vendor's code of the fault.
        code: Cow<'static, str>,
    },
    /// The request cannot be answered, for a reason that is the format's own: 400 with this sentence.
    Invalid(Cow<'static, str>),
    /// The reader has asked too often.
    RateLimited(RateLimit),
    /// The store or the format failed.
    Internal,
    /// The store cannot be reached now.
    Unavailable,
}

impl Refusal {
    /// The most characters of a parameter's name that a refusal repeats.
    pub const MAX_NAME_CHARS: usize = 64;

    /// Refuses a parameter: `must` follows its name in a sentence, as in `limit` and `must be a whole number`.
    pub fn parameter(name: &str, must: impl Into<Cow<'static, str>>) -> Self {
        Self::BadParameter {
            name: name.chars().take(Self::MAX_NAME_CHARS).collect(),
            must: must.into(),
        }
    }

    /// Returns the status that every format gives it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoCredential | Self::BadCredential => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NoEntry | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadParameter { .. } | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unprocessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns one sentence for the reader, where there is more to say than the status does.
    pub fn details(&self) -> Option<String> {
        match self {
            Self::Invalid(why) | Self::Forbidden(why) => Some(why.clone().into_owned()),
            Self::BadParameter { name, must } => Some(format!("{name} {must}")),
            Self::Unprocessable { name, code } => Some(format!("{name}: {code}")),
            _ => None,
        }
    }
}

/// Prints the kind and how long its details are, which can repeat what the reader sent.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::NoCredential => "NoCredential",
            Self::BadCredential => "BadCredential",
            Self::Forbidden(_) => "Forbidden",
            Self::NoEntry => "NoEntry",
            Self::NoRoute => "NoRoute",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::BadParameter { .. } => "BadParameter",
            Self::Unprocessable { .. } => "Unprocessable",
            Self::Invalid(_) => "Invalid",
            Self::RateLimited(_) => "RateLimited",
            Self::Internal => "Internal",
            Self::Unavailable => "Unavailable",
        };
        match self.details() {
            Some(details) => f.debug_tuple(kind).field(&Elided::of(details)).finish(),
            None => f.write_str(kind),
        }
    }
}
