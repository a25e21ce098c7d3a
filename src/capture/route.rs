use std::sync::Arc;

/// The template of the route that a request took, such as `/users/{id}`, for routers other than axum's.
///
/// Put it into the extensions of the request before the layer, or of the response behind it. A policy of the route that is known by the response
/// alone leaves out, or narrows, what had been kept until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRoute(pub(crate) Arc<str>);

impl MatchedRoute {
    /// Makes the extension of a template.
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(template.into())
    }
}
