use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::headers::Headers;
use super::params::Params;

/// The request of an exchange, without its body. Everything in it is masked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The method as sent, `GET`.
    pub method: String,
    /// The scheme, `https`, where the target or a trusted proxy told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The host and port that the client asked for, from the target or the `Host` field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The route's template, `/users/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The query as sent, without the question mark, secrets replaced in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The protocol's version: `1.0`, `1.1`, `2` or `3` (OpenTelemetry's `network.protocol.version`).
    pub version: Cow<'static, str>,
    /// The header fields.
    pub headers: Headers,
    /// The trailer fields.
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub trailers: Headers,
}

impl RequestRecord {
    /// Reads the query as nested parameters.
    pub fn query_params(&self) -> Params {
        Params::parse(self.query.as_deref().unwrap_or_default())
    }
}

impl fmt::Debug for RequestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestRecord")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The response of an exchange, without its body. Everything in it is masked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResponseRecord {
    /// The status code.
    pub status: u16,
    /// The header fields, as the layer passed them on.
    pub headers: Headers,
    /// Whether the header fields were left out because the budget of captured bytes was used up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub headers_left_out: bool,
    /// The trailer fields.
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub trailers: Headers,
}

impl fmt::Debug for ResponseRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseRecord")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
