use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Empty;

use super::request_id::REQUEST_ID;

/// Makes the answer to a request whose entry cannot be made safe.
pub(super) fn refusal() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// Makes the answer in the place of one that was held back, of which only the request's id stays.
pub(super) fn instead_of(headers: &HeaderMap) -> Response<Empty<Bytes>> {
    let mut response = refusal();
    if let Some(id) = headers.get(REQUEST_ID) {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    response
}
