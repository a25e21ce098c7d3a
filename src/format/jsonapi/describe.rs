//! Descriptions of the routes. A reply is in kebab case unless `Key-Inflection` says otherwise, so that its schema is that of any case.

use serde_json::{Value, json};

use super::{Collection, DEFAULT_SIZE, MAX_SIZE, Type};
use crate::format::fields::Case;
use crate::format::openapi::{and, header, nullable, object, operation, path, query, response};
use crate::format::{Operation, Route};

/// What a format tells of itself.
pub(in crate::format) struct Described {
    /// The id of the operation and what it does.
    pub(in crate::format) list: (&'static str, &'static str),
    /// As `list`.
    pub(in crate::format) retrieve: (&'static str, &'static str),
    /// The schema of a resource.
    pub(in crate::format) resource: Value,
    /// The schema of an included resource; `None` where a page has no `included`.
    pub(in crate::format) included: Option<Value>,
}

impl Collection {
    pub(in crate::format) fn describe(&self, route: &Route, described: Described) -> Value {
        let Described {
            list,
            retrieve,
            resource,
            included,
        } = described;
        let ((id, summary), mut parameters, what, document) = match route.operation() {
            Operation::List => {
                let document = page(resource, included);
                (list, self.list_parameters(), "A page", document)
            }
            _ => {
                let document = one(resource, included);
                (
                    retrieve,
                    self.retrieve_parameters(),
                    "The resource",
                    document,
                )
            }
        };
        parameters.extend(self.shared_parameters());
        let can_be_missing = route.operation() != Operation::List;
        let errors = ERRORS
            .into_iter()
            .filter(|(status, _)| *status != 404 || can_be_missing);
        let errors = errors.map(|(status, what)| (status, response(what, JSON, errors_document())));
        let cases = [Case::Kebab, Case::Camel, Case::Snake];
        let document = json!({ "anyOf": cases.map(|case| inflected(&document, case)) });
        let found = (200, response(what, JSON, document));
        operation(id, summary, parameters, [found].into_iter().chain(errors))
    }

    fn list_parameters(&self) -> Vec<Value> {
        let cursor = text(&format!("^{}_[0-9A-Za-z]{{22}}$", self.prefix));
        let size = json!({ "type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE });
        vec![
            query("page[size]", "How many resources a page has", size),
            query(
                "page[after]",
                "The id of which the page holds the older ones",
                cursor.clone(),
            ),
            query(
                "page[before]",
                "The id of which the page holds the newer ones; not with page[after]",
                cursor,
            ),
        ]
    }

    fn retrieve_parameters(&self) -> Vec<Value> {
        let id = format!("The id, as {}_…, or its UUID", self.prefix);
        let names: Vec<String> = self
            .relationships
            .iter()
            .map(|it| it.replace('_', "-"))
            .collect();
        let include = match names.as_slice() {
            [] => json!({ "type": "string", "maxLength": 0 }),
            _ => json!({ "type": "string", "examples": names }),
        };
        vec![
            path(self.id_param, &id, json!({ "type": "string" })),
            query(
                "include",
                "The relationships whose resources are included, separated by commas; empty for none",
                include,
            ),
        ]
    }

    fn shared_parameters(&self) -> Vec<Value> {
        let fields = |known: &Type| {
            query(
                &format!("fields[{}]", known.name),
                "The attributes to give, separated by commas; a dot leads inside",
                json!({ "type": "string" }),
            )
        };
        let mut parameters = vec![fields(&self.own)];
        parameters.extend(self.related.iter().map(fields));
        parameters.extend([
            header(
                "Key-Inflection",
                "The case of the names",
                json!({ "type": "string", "enum": ["kebab", "camel", "snake"], "default": "kebab" }),
            ),
            header(
                "Persona-Version",
                "A date; every version has the same shape",
                json!({ "type": "string", "format": "date" }),
            ),
            header(
                "Idempotency-Key",
                "Accepted, and of no effect on a GET",
                json!({ "type": "string" }),
            ),
        ]);
        parameters
    }
}

/// Writes the names of attributes in a schema in a case. What has an upper-case letter names a header field and stays.
fn inflected(schema: &Value, case: Case) -> Value {
    let name = |name: &str| match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_owned(),
        false => case.write(&Case::read(name)).into_owned(),
    };
    let inner = |value: &Value| inflected(value, case);
    match schema {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let value = match (key.as_str(), value) {
                    ("properties", Value::Object(known)) => {
                        let known = known.iter().map(|(key, value)| (name(key), inner(value)));
                        Value::Object(known.collect())
                    }
                    ("required", Value::Array(names)) => {
                        let names = names.iter().filter_map(Value::as_str);
                        names.map(name).collect()
                    }
                    (_, value) => inner(value),
                };
                (key.clone(), value)
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(list) => list.iter().map(inner).collect(),
        value => value.clone(),
    }
}

const JSON: &str = "application/json";

const ERRORS: [(u16, &str); 7] = [
    (
        400,
        "A parameter or header field is not of the accepted form",
    ),
    (401, "There is no credential, or nobody holds it"),
    (403, "The reader may not read this"),
    (
        404,
        "There is no such resource within what the reader may see",
    ),
    (429, "The reader has asked too often"),
    (500, "The log failed"),
    (503, "The log cannot be reached now"),
];

/// Describes the attributes of a type, any of which a sparse fieldset takes out.
pub(in crate::format) fn narrowed(members: Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": members })
}

/// Describes a text by a pattern.
pub(in crate::format) fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// Describes the resource of a type: its name, its id, and what else it has.
pub(in crate::format) fn identified(type_name: &str, id: Value, others: Value) -> Value {
    let members = json!({ "type": { "const": type_name }, "id": id });
    object(and(members, others))
}

fn page(resource: Value, included: Option<Value>) -> Value {
    let link = nullable("string");
    let mut members = json!({
        "data": { "type": "array", "items": resource },
        "links": object(json!({ "prev": link, "next": link })),
    });
    if let Some(included) = included {
        members["included"] = json!({ "type": "array", "items": included });
    }
    object(members)
}

fn one(resource: Value, included: Option<Value>) -> Value {
    let included = match included {
        Some(included) => json!({ "type": "array", "items": included }),
        None => json!({ "type": "array", "maxItems": 0 }),
    };
    json!({
        "type": "object",
        "required": ["data"],
        "additionalProperties": false,
        "properties": { "data": resource, "included": included },
    })
}

fn errors_document() -> Value {
    let error = json!({
        "type": "object",
        "required": ["title"],
        "additionalProperties": false,
        "properties": { "title": { "type": "string" }, "details": { "type": "string" } },
    });
    object(json!({ "errors": { "type": "array", "items": error } }))
}
