//! Facets: the commonest values of several fields at once.

use serde_json::{Value, json};

use super::describe::{responses, stats_limit};
use super::{describe, params, schema, sums};
use crate::clock::Timestamp;
use crate::format::fields::{Field as Written, Object};
use crate::format::openapi::{self, object, query};
use crate::format::{Facets, Parameters, Refusal};
use crate::query::{Field, Stats};

/// The fields that are summed up unless told otherwise.
const DEFAULT_FIELDS: [Field; 3] = [Field::Method, Field::Status, Field::Route];
/// How many groups each field has unless told otherwise.
const DEFAULT_GROUPS: u32 = 10;
/// The most groups of a field.
const MAX_GROUPS: u32 = 100;

/// Reads what is to be summed up.
pub(super) fn asked(parameters: &Parameters, now: Timestamp) -> Result<Facets, Refusal> {
    params::only_filters_and(parameters, &["fields", "limit"])?;
    let limit = parameters.size("limit", MAX_GROUPS, DEFAULT_GROUPS)?;
    let must = "must be 1 to 8 different names of fields, as method,status,route";
    let mut fields = parameters.list("fields", must, |name| {
        Field::ALL.into_iter().find(|it| it.as_str() == name)
    })?;
    if fields.is_empty() {
        fields = DEFAULT_FIELDS.into();
    }
    let is_twice = |at: usize| fields[..at].contains(&fields[at]);
    if fields.len() > Facets::MAX_FIELDS || (0..fields.len()).any(is_twice) {
        return Err(Refusal::parameter("fields", must));
    }
    Ok(Facets::new(params::filter(parameters, now)?, fields, limit))
}

/// Makes the document of what was summed up, field by field.
pub(super) fn document<'a>(asked: &Facets, stats: &'a [Stats]) -> Object<'a> {
    let facets = asked.fields.iter().zip(stats).map(|(field, stats)| {
        let groups: Vec<Written<'_>> = stats
            .groups
            .iter()
            .map(sums::group)
            .map(Written::from)
            .collect();
        let facet = Object::new()
            .with("field", field.as_str())
            .with("groups", groups)
            .with("has_more", Written::data(&stats.has_more));
        Written::from(facet)
    });
    let facets: Vec<Written<'_>> = facets.collect();
    Object::new().with("facets", facets)
}

/// Describes the route.
pub(super) fn operation() -> Value {
    let names = json!({ "enum": Field::ALL.map(Field::as_str) });
    let fields = json!({
        "type": "array", "items": names, "minItems": 1, "maxItems": Facets::MAX_FIELDS, "uniqueItems": true,
        "default": DEFAULT_FIELDS.map(Field::as_str),
    });
    let mut parameters = describe::filter_parameters();
    let mut fields = query("fields", "The fields, separated by commas", fields);
    fields["explode"] = false.into();
    parameters.extend([
        fields,
        query(
            "limit",
            "The most groups of each field",
            stats_limit(MAX_GROUPS, DEFAULT_GROUPS),
        ),
    ]);
    let facet = object(json!({
        "field": { "enum": Field::ALL.map(Field::as_str) },
        "groups": { "type": "array", "items": schema::group() },
        "has_more": { "type": "boolean" },
    }));
    let found = object(json!({ "facets": { "type": "array", "items": facet } }));
    openapi::operation(
        "nativeFacets",
        "Sums entries up by several fields at once",
        parameters,
        responses(
            "The commonest values of each field",
            "application/json",
            found,
        ),
    )
}
