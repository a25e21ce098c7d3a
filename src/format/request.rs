use std::fmt;

use http::HeaderMap;

use super::params::Parameters;
use super::question::{Operation, Route};
use crate::clock::Timestamp;
use crate::entry::EntryId;
use crate::query::Scope;

/// A reader's request, as a format sees it: matched to a route, allowed, its query read.
pub struct Request<'a> {
    pub(crate) route: &'a Route,
    pub(crate) path_params: &'a [(String, String)],
    pub(crate) parameters: &'a Parameters,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) scope: &'a Scope,
    pub(crate) id: EntryId,
    pub(crate) now: Timestamp,
}

impl<'a> Request<'a> {
    /// Returns what the matched route does.
    pub fn operation(&self) -> Operation {
        self.route.operation()
    }

    /// Returns the matched route's template.
    pub fn template(&self) -> &'a str {
        self.route.template()
    }

    /// Returns a parameter of the path, percent-decoded; empty if the template has none of that name.
    pub fn path_param(&self, name: &str) -> &'a str {
        self.path_params
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// Returns the parameters of the query.
    pub fn parameters(&self) -> &'a Parameters {
        self.parameters
    }

    /// Returns the header fields.
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns what the reader may see. The endpoint joins it to the question; a format needs it only to refuse.
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// Returns the id of this very request.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// Returns the time of the request.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("route", &self.route)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
