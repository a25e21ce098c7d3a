use serde_json::value::RawValue;

use super::fields::Field;
use super::json;
use crate::entry::{BodyRecord, Headers, Params};

/// What a request's body means as parameters, as Rails reads it.
pub(super) enum Posted<'a> {
    /// A JSON object.
    Object(&'a RawValue),
    /// Other JSON, which Rails gives the name `_json`.
    Other(&'a RawValue),
    /// A form.
    Form(Params),
    /// Nothing: no body, another type, or a body that is not there in whole.
    Nothing,
}

impl<'a> Posted<'a> {
    /// Writes the parameters; `None` where there is nothing.
    pub(super) fn field(self) -> Option<Field<'a>> {
        match self {
            Self::Object(json) => Some(json.into()),
            Self::Other(json) => Some(Field::verbatim(vec![("_json", json)])),
            Self::Form(params) => Some(Field::data(&params)),
            Self::Nothing => None,
        }
    }
}

pub(super) fn posted<'a>(headers: &Headers, body: &'a BodyRecord) -> Posted<'a> {
    let BodyRecord::Whole { text, .. } = body else {
        return Posted::Nothing;
    };
    if is_form(headers.get("content-type").unwrap_or_default()) {
        return Posted::Form(Params::parse(text));
    }
    match json::whole(body) {
        Some(json) if json::is_object(json) => Posted::Object(json),
        Some(json) => Posted::Other(json),
        None => Posted::Nothing,
    }
}

/// Tells whether a content type is that of a form.
pub(super) fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
