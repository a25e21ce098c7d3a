//! What the resources of Persona's API share on the wire: documents close to JSON:API, pages by cursor, sparse fieldsets, errors, and the
//! header fields of every reply. A format tells its [`Collection`] and writes its resources.

mod describe;
mod errors;
mod sign;
mod view;

use http::StatusCode;

use super::Parameters;
use super::fields::{Case, Field, Object};
use super::question::{Listing, Lookup, Operation, Question, Route};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use crate::entry::{EntryId, LogEntry};
use crate::query::{Filter, Page, Position};

pub(super) use describe::{Described, identified, narrowed, text};
pub(super) use errors::refuse;
pub(super) use sign::sign;
pub(super) use view::View;

/// The resources behind one pair of routes.
pub(super) struct Collection {
    /// The template of the list's route.
    pub(super) list: &'static str,
    /// The template of one resource's route, its last segment [`Collection::id_param`].
    pub(super) retrieve: &'static str,
    pub(super) id_param: &'static str,
    /// What stands before the underscore of an id.
    pub(super) prefix: &'static str,
    /// The type of its resources.
    pub(super) own: Type,
    /// The types of the related resources that its documents may hold.
    pub(super) related: &'static [Type],
    /// The relationships that may be included, in snake case.
    pub(super) relationships: &'static [&'static str],
}

/// A type of resources.
pub(super) struct Type {
    /// The name on the wire, in kebab case.
    pub(super) name: &'static str,
    /// What a sparse fieldset may name: dot paths in snake case. Inside of what ends a path lies user data.
    pub(super) attributes: &'static [&'static str],
}

const MAX_SIZE: u32 = 100;
const DEFAULT_SIZE: u32 = 10;

impl Collection {
    pub(super) fn routes(&self) -> Vec<Route> {
        vec![
            Route::new(self.list, Operation::List),
            Route::new(self.retrieve, Operation::Retrieve),
        ]
    }

    /// Asks for the page or the resource of a request that [`View::read`] has accepted.
    pub(super) fn question(
        &self,
        request: &Request<'_>,
        filter: Filter,
    ) -> Result<Question, Refusal> {
        match request.operation() {
            Operation::List => self
                .listing(request.parameters(), filter)
                .map(Question::List),
            Operation::Retrieve => {
                let text = request.path_param(self.id_param);
                let id = EntryId::from_prefixed(self.prefix, text).or_else(|| text.parse().ok());
                Ok(Question::Retrieve(Lookup::new(filter).id(id)))
            }
            _ => Err(Refusal::NoRoute),
        }
    }

    /// Makes the document of a page, with relative links to its neighbours.
    pub(super) fn page<'a>(
        &self,
        request: &Request<'_>,
        page: &'a Page,
        resource: impl Fn(&'a LogEntry) -> Option<Object<'a>>,
    ) -> Object<'a> {
        let entries = page.entries.iter();
        let data: Vec<Field<'_>> = entries.filter_map(resource).map(Field::from).collect();
        let newer = page.entries.first().filter(|_| page.has_newer);
        let older = page.entries.last().filter(|_| page.has_older);
        let link = |cursor, entry: &LogEntry| self.link(request.parameters(), cursor, entry.id);
        let links = Object::new()
            .with("prev", newer.map(|entry| link("page[before]", entry)))
            .with("next", older.map(|entry| link("page[after]", entry)));
        Object::new().with("data", data).with("links", links)
    }

    fn listing(&self, parameters: &Parameters, filter: Filter) -> Result<Listing, Refusal> {
        let size = parameters.size("page[size]", MAX_SIZE, DEFAULT_SIZE)?;
        let after = self.cursor(parameters, "page[after]")?;
        let before = self.cursor(parameters, "page[before]")?;
        let position = match (after, before) {
            (None, None) => Position::First,
            (Some(id), None) => Position::After(id),
            (None, Some(id)) => Position::Before(id),
            (Some(_), Some(_)) => {
                return Err(Refusal::parameter(
                    "page[before]",
                    "must not go with page[after]",
                ));
            }
        };
        Ok(Listing::new(filter, position, size))
    }

    fn cursor(&self, parameters: &Parameters, name: &str) -> Result<Option<EntryId>, Refusal> {
        let Some(text) = parameters.get(name)? else {
            return Ok(None);
        };
        let id = EntryId::from_prefixed(self.prefix, text).map(Some);
        id.ok_or_else(|| {
            let must = format!("must be an id of this list, as {}_…", self.prefix);
            Refusal::parameter(name, must)
        })
    }

    fn link(&self, parameters: &Parameters, cursor: &str, id: EntryId) -> String {
        let kept = parameters
            .iter()
            .filter(|(name, _)| !["page[after]", "page[before]"].contains(name));
        form_urlencoded::Serializer::for_suffix(format!("{}?", self.list), self.list.len() + 1)
            .append_pair(cursor, &id.prefixed(self.prefix))
            .extend_pairs(kept)
            .finish()
    }

    /// Finds the type that a parameter `fields[type]` names, in any case.
    fn type_of(&self, parameter: &str) -> Option<&Type> {
        let given = Case::read(parameter.strip_prefix("fields[")?.strip_suffix(']')?);
        let mut types = std::iter::once(&self.own).chain(self.related);
        types.find(|known| Case::read(known.name) == given)
    }
}

/// Makes the document of one resource, with related ones where the reader asks for them.
pub(super) fn one<'a>(data: Object<'a>, included: Option<Vec<Field<'a>>>) -> Object<'a> {
    let document = Object::new().with("data", data);
    match included {
        Some(included) => document.with("included", included),
        None => document,
    }
}

/// Makes the reply of a document.
pub(super) fn reply(view: &View, document: &Object<'_>) -> Reply {
    Reply::json(StatusCode::OK, &document.cased(view.case))
}
