//! Lists of what may show: of header fields, of cookies, and of the fields of bodies and queries.
//!
//! Names are compared without their separators and in lower case, so that a list has one spelling for all. What a list lets show is masked as
//! ever.

use std::collections::HashSet;

use super::{Rules, names};
use crate::capture::Fields;
use crate::error::Error;

/// The name under which a report tells what no list holds.
pub(super) const RULE: &str = "not listed";

/// The lists as they were given; `None` where all may show.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    headers: Option<Vec<String>>,
    cookies: Option<Vec<String>>,
    fields: Option<Vec<String>>,
}

impl Rules {
    /// Lets only these header and trailer fields show, of requests and responses, and those of an earlier call; every other is left out with its
    /// name.
    ///
    /// What is told by a field that is left out is left out too: the user agent, the request id, the trace id, the client's address behind a
    /// proxy (`forwarded` or `x-forwarded-for`), the scheme that the proxy tells. The authority is part of what was asked for and stays.
    ///
    /// # Example: a log for many eyes
    ///
    /// ```
    /// use tower_api_log::mask::{Masker, Rules};
    ///
    /// let rules = Rules::default()
    ///     .only_headers(["content-type", "user-agent", "x-request-id"])
    ///     .only_fields(["id", "status", "errors"]);
    /// let body = br#"{"id":7,"name":"Jane","errors":[{"code":"taken"}]}"#;
    /// let shown = Masker::new(&rules)?.body(Some("application/json"), body);
    /// assert_eq!(shown.text(), Some(r#"{"id":7,"name":"[MASKED]","errors":[{"code":"taken"}]}"#));
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn only_headers<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        extend(&mut self.lists.headers, names);
        self
    }

    /// Lets only the names of these cookies show, and those of an earlier call; every other is left out with its name. Values never show.
    pub fn only_cookies<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        extend(&mut self.lists.cookies, names);
        self
    }

    /// Lets only the values of these fields show, and of those of an earlier call: in bodies of every kind, in queries, in URLs in header fields,
    /// and in the data and the states of events.
    ///
    /// A name that is listed lets everything below it show; where neither a value's own name nor one around it is listed, the mark stands
    /// in its place. Names stay. What a text holds, such as JSON in a string, shows where the text does. What counts as a field:
    ///
    /// | Kind | Fields |
    /// |---|---|
    /// | JSON | members of objects |
    /// | forms, queries, multipart bodies | parameters and parts |
    /// | XML | elements and attributes, without their prefixes; namespaces stay as names do |
    /// | CSV | columns |
    /// | GraphQL | arguments, fields of input objects, variables with a default; every literal is masked, numbers and `true` among them |
    /// | server-sent events | those of the JSON of an event, and its `id` and `retry`; its name stays, other data and comments are withheld |
    /// | other text, that of [`Rules::plain_text`] too | none: it is withheld |
    pub fn only_fields<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        extend(&mut self.lists.fields, names);
        self
    }
}

impl Rules {
    /// Returns the list of header fields, if there is one that can be meant.
    pub(super) fn allowed_headers(&self) -> Option<Allowed> {
        let allowed = self.lists.compile().ok()?;
        allowed.headers.is_some().then_some(allowed)
    }
}

fn extend<N: Into<String>>(list: &mut Option<Vec<String>>, names: impl IntoIterator<Item = N>) {
    let names = names.into_iter().map(Into::into);
    list.get_or_insert_default().extend(names);
}

/// The names of fields that may show, for [`names::Names`].
pub(super) type Listed = HashSet<String>;

/// The lists of header fields and cookies, compiled.
#[derive(Default)]
pub(super) struct Allowed {
    headers: Option<Listed>,
    cookies: Option<Listed>,
}

impl Lists {
    pub(super) fn compile(&self) -> Result<Allowed, Error> {
        Ok(Allowed {
            headers: compile(self.headers.as_deref())?,
            cookies: compile(self.cookies.as_deref())?,
        })
    }

    pub(super) fn fields(&self) -> Result<Option<Listed>, Error> {
        compile(self.fields.as_deref())
    }
}

fn compile(list: Option<&[String]>) -> Result<Option<Listed>, Error> {
    let Some(list) = list else { return Ok(None) };
    let names: Listed = list.iter().map(|it| names::squashed(it)).collect();
    match names.contains("") {
        true => Err(Error::configuration(
            "a listed name must have a letter or digit",
        )),
        false => Ok(Some(names)),
    }
}

impl Allowed {
    /// Tells whether a header field may show.
    pub(super) fn header(&self, name: &str) -> bool {
        shows(self.headers.as_ref(), name)
    }

    /// Tells whether a cookie may show.
    pub(super) fn cookie(&self, name: &str) -> bool {
        shows(self.cookies.as_ref(), name)
    }

    /// Copies the pseudo-fields and the fields that may show; `None` where all may.
    pub(super) fn only(&self, fields: &Fields) -> Option<Fields> {
        let is_meant = |name: &str| name.starts_with(':') || self.header(name);
        self.headers.as_ref().map(|_| fields.only(is_meant))
    }
}

fn shows(list: Option<&Listed>, name: &str) -> bool {
    list.is_none_or(|it| it.contains(&names::squashed(name)))
}

#[cfg(test)]
mod tests;
