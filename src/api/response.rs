use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::export::Exporting;
use super::tail::Tailing;
use super::{ApiBody, conditional};
use crate::entry::OwnEndpoint;
use crate::format::Reply;

/// What goes out, before the header fields that every reply has.
pub(super) enum Answer {
    Reply(Reply),
    Export(HeaderMap, Box<Exporting>),
    Tail(HeaderMap, Box<Tailing>),
}

impl Answer {
    /// Makes the response, with the header fields that every one has.
    pub(super) fn respond(self, request: &Parts) -> Response<ApiBody> {
        let mut response = match self {
            Self::Reply(reply) => whole(reply, &request.headers),
            Self::Export(headers, body) => stream(headers, ApiBody::export(body)),
            Self::Tail(headers, body) => stream(headers, ApiBody::tail(body)),
        };
        if request.method == Method::HEAD {
            *response.body_mut() = ApiBody::whole(Bytes::new());
        }
        let headers = response.headers_mut();
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(OwnEndpoint);
        response
    }
}

fn stream(headers: HeaderMap, body: ApiBody) -> Response<ApiBody> {
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// Makes the response of a reply; without its body where that is given and the reader holds it already.
fn whole(reply: Reply, request: &HeaderMap) -> Response<ApiBody> {
    let etag = match reply.status {
        StatusCode::OK => conditional::etag(&reply.body),
        _ => None,
    };
    let held = etag
        .as_ref()
        .is_some_and(|it| conditional::is_held(request, it));
    let length = reply.body.len();
    let mut response = Response::new(ApiBody::whole(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length.into());
    headers.extend(etag.map(|etag| (ETAG, etag)));
    if held {
        headers.remove(CONTENT_LENGTH);
        headers.remove(CONTENT_TYPE);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = ApiBody::whole(Bytes::new());
    }
    response
}
