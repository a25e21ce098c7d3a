use std::convert::Infallible;
use std::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use super::log::ApiLog;

/// Says that a handler asks for [`ApiLog`] and that no `ApiLogLayer` is around it. Answers with 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingApiLogLayer;

impl fmt::Display for MissingApiLogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler extracts `ApiLog`, but no `ApiLogLayer` is around it: add `.layer(ApiLogLayer::new(sink))`")
    }
}

impl std::error::Error for MissingApiLogLayer {}

impl IntoResponse for MissingApiLogLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ApiLog {
    type Rejection = MissingApiLogLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingApiLogLayer> {
        parts.extensions.get().cloned().ok_or(MissingApiLogLayer)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for ApiLog {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}
