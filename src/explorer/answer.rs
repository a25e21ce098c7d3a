use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName,
    LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::assets::Served;
use super::{ASSETS_PATH, PAGE_PATH, Shared};
use crate::api::{ApiBody, is_held};
use crate::entry::OwnEndpoint;
use crate::format::{Native, Refusal, Reply, WireFormat};

/// What the browser may do on the page: run and load what comes from the same origin, and nothing else.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The header fields of every response, but for how long it may be kept.
const ALWAYS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (X_FRAME_OPTIONS, "DENY"),
];

impl Shared {
    /// Answers for the page and its files.
    pub(super) fn respond(&self, parts: &Parts) -> Response<ApiBody> {
        let path = parts.uri.path();
        let asset = path.strip_prefix(ASSETS_PATH);
        let asset = asset.and_then(|name| self.assets.iter().find(|it| it.asset.name == name));
        let is_page = path == PAGE_PATH || path == PAGE_PATH.trim_end_matches('/');
        if !is_page && asset.is_none() {
            return self.refuse(&Refusal::NoRoute, parts);
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let mut response = self.refuse(&Refusal::MethodNotAllowed, parts);
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        let response = match asset {
            Some(asset) => file(asset, parts),
            None if path == PAGE_PATH => whole(self.page.clone(), "text/html; charset=utf-8"),
            None => {
                // Relative, so that it leads to the page wherever a router is nested.
                let mut response = Response::new(ApiBody::whole(Bytes::new()));
                *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
                let page = HeaderValue::from_static("api-log/");
                response.headers_mut().insert(LOCATION, page);
                response
            }
        };
        finish(response, parts)
    }

    /// Refuses in the words of the native format.
    pub(super) fn refuse(&self, refusal: &Refusal, parts: &Parts) -> Response<ApiBody> {
        let Reply {
            status,
            headers,
            body,
            ..
        } = Native.refuse(refusal, self.api.next_id());
        let mut response = Response::new(ApiBody::whole(body.clone()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, body.len().into());
        finish(response, parts)
    }
}

/// Makes the response of a file; without its body where the browser holds it already.
fn file(served: &Served, parts: &Parts) -> Response<ApiBody> {
    let etag = served.etag.as_ref();
    let mut response = match etag.is_some_and(|etag| is_held(&parts.headers, etag)) {
        true => {
            let mut response = Response::new(ApiBody::whole(Bytes::new()));
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => {
            let text = Bytes::from_static(served.asset.text.as_bytes());
            whole(text, served.asset.content_type())
        }
    };
    let headers = response.headers_mut();
    // The browser asks each time whether it still has the same, so that no page meets another version's files.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(etag.map(|etag| (ETAG, etag.clone())));
    response
}

pub(super) fn whole(body: Bytes, content_type: &'static str) -> Response<ApiBody> {
    let length = body.len();
    let mut response = Response::new(ApiBody::whole(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, length.into());
    response
}

/// Adds the header fields that every response has.
pub(super) fn finish(mut response: Response<ApiBody>, parts: &Parts) -> Response<ApiBody> {
    if parts.method == Method::HEAD {
        *response.body_mut() = ApiBody::whole(Bytes::new());
    }
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response.extensions_mut().insert(OwnEndpoint);
    response
}
