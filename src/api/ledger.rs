use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use crate::format::Reply;

/// Where the counts of what was recorded and lost are served, and what tells them.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) path: String,
    pub(super) read: Arc<dyn Fn() -> Reply + Send + Sync>,
}

impl Ledger {
    pub(super) const PATH: &str = "/api-log/v1/ledger";

    pub(super) fn new<S: Serialize>(told: impl Fn() -> S + Send + Sync + 'static) -> Self {
        Self {
            path: Self::PATH.to_owned(),
            read: Arc::new(move || Reply::json(StatusCode::OK, &told())),
        }
    }
}
