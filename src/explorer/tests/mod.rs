mod files;
mod page;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::api::BearerTokens;
use crate::entry::OwnEndpoint;
use crate::format::Native;
use crate::query::Scope;
use crate::store::MemoryStore;

const ALL: &str = "token-of-everything-1";

fn api(store: MemoryStore) -> LogApi {
    let readers = BearerTokens::new([(ALL, Scope::all())]).unwrap();
    let api = LogApi::new(store).format(Native).access(readers);
    api.build().unwrap()
}

fn explorer() -> Explorer {
    Explorer::new(api(MemoryStore::new())).build().unwrap()
}

/// One response, read to its end.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(explorer: &Explorer, method: &str, path: &str, held: &str) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    if !held.is_empty() {
        request = request.header("if-none-match", held);
    }
    let request = request.body(String::new()).unwrap();
    let response = explorer.clone().oneshot(request).await.unwrap();
    assert!(response.extensions().get::<OwnEndpoint>().is_some());
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Got {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}
