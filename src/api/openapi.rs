//! The OpenAPI document of what is mounted: the formats' own descriptions, and what the endpoint does for all of them.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::access::Access;
use crate::error::Error;
use crate::format::{Operation, Reply, Route, WireFormat};

/// Where the document is, and the document.
pub(super) struct Document {
    pub(super) path: String,
    pub(super) reply: Reply,
}

impl Document {
    pub(super) fn new(
        path: String,
        formats: &[Box<dyn WireFormat>],
        access: &dyn Access,
    ) -> Result<Self, Error> {
        let mut parts = Parts::default();
        for format in formats {
            let scheme = access.security().unwrap_or_else(|| format.security());
            let scheme = parts.scheme(scheme);
            for route in format.routes() {
                parts.add(&route, format.describe(&route), &scheme)?;
            }
        }
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "API log",
                "description": "The log of an API's calls, newest first, as far as the reader may see it.",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "paths": parts.paths,
            "components": { "securitySchemes": parts.schemes },
        });
        let reply = Reply::json(StatusCode::OK, &document);
        Ok(Self { path, reply })
    }
}

#[derive(Default)]
struct Parts {
    paths: Map<String, Value>,
    schemes: Map<String, Value>,
    operation_ids: Vec<String>,
}

impl Parts {
    /// Adds a security scheme and returns its name; the same scheme is there once.
    fn scheme(&mut self, scheme: Value) -> String {
        let named = ["name", "scheme", "type"]
            .iter()
            .find_map(|name| scheme[name].as_str());
        let named = slug(named.unwrap_or("access"));
        let fits = |name: &String| self.schemes.get(name).is_none_or(|known| *known == scheme);
        let name = numbered(&named, fits);
        self.schemes.insert(name.clone(), scheme);
        name
    }

    /// Adds an operation. Of a template that a format has twice the first is served, and so described.
    fn add(&mut self, route: &Route, mut operation: Value, scheme: &str) -> Result<(), Error> {
        let template = route.template();
        if self.paths.contains_key(template) {
            return Ok(());
        }
        let Some(members) = operation.as_object_mut() else {
            return Err(Error::configuration(format!(
                "a format must describe {template} as an object"
            )));
        };
        let id = self.operation_id(members.get("operationId"), route);
        members.insert("operationId".into(), id.into());
        members.insert("security".into(), json!([{ scheme: [] }]));
        if let Some(responses) = members.get_mut("responses").and_then(Value::as_object_mut) {
            let long =
                json!({ "description": "The server in front refuses a target of this length" });
            responses.entry("414").or_insert(long);
            if !matches!(route.operation(), Operation::Export | Operation::Tail) {
                let held =
                    json!({ "description": "The reply is the one that If-None-Match names" });
                responses.entry("304").or_insert(held);
            }
        }
        self.paths
            .insert(template.into(), json!({ "get": operation }));
        Ok(())
    }

    /// Returns the id that the format gives, or one made of the path where there is none or another operation has it.
    fn operation_id(&mut self, given: Option<&Value>, route: &Route) -> String {
        let given = given.and_then(Value::as_str);
        let free = |id: &String| !self.operation_ids.contains(id);
        let id = match given.map(str::to_owned).filter(free) {
            Some(id) => id,
            None => {
                let verb = given.unwrap_or(match route.operation() {
                    Operation::List => "list",
                    Operation::Retrieve => "retrieve",
                    Operation::Export => "export",
                    Operation::Stats | Operation::Facets => "sum",
                    Operation::Tail => "follow",
                });
                numbered(&format!("{verb}{}", slug(route.template())), free)
            }
        };
        self.operation_ids.push(id.clone());
        id
    }
}

/// Returns the name, with the first number behind it that makes it fit.
fn numbered(name: &str, fits: impl Fn(&String) -> bool) -> String {
    let numbers = (2_u64..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbers);
    names.find(fits).unwrap_or_default()
}

/// Makes a name that needs no escaping: each run of other characters than letters and digits is one underscore.
fn slug(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for c in text.trim_end_matches('}').chars() {
        match c.is_ascii_alphanumeric() {
            true => name.push(c),
            false if name.ends_with('_') => {}
            false => name.push('_'),
        }
    }
    name
}
