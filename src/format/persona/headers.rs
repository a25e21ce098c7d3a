use serde_json::Value;

use crate::entry::Headers;
use crate::format::fields::Field;

pub(super) const REQUEST: [&str; 5] = [
    "Accept",
    "Authorization",
    "Host",
    "Persona-Version",
    "User-Agent",
];

pub(super) const RESPONSE: [&str; 7] = [
    "Persona-Host",
    "Cache-Control",
    "Pragma",
    "Expires",
    "Request-Id",
    "Content-Type",
    "Vary",
];

pub(super) const INTEGERS: [&str; 6] = [
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Quota-Limit",
    "Quota-Remaining",
    "Quota-Reset",
];

/// Words of field names whose usual spelling is not title case.
const SPELLINGS: [&str; 4] = ["RateLimit", "ETag", "WWW", "TE"];

/// Writes every field once, in the order of the first appearance.
pub(super) fn all<'a>(headers: &Headers) -> Field<'a> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in headers.iter() {
        let spelled = spelled(name);
        match fields.iter_mut().find(|(known, _)| *known == spelled) {
            Some((_, joined)) => {
                joined.push_str(separator(name));
                joined.push_str(value);
            }
            None => fields.push((spelled, value.to_owned())),
        }
    }
    Field::verbatim(fields)
}

/// Writes the fields of a request that the published schema allows.
pub(super) fn allowed_in_request<'a>(headers: &Headers) -> Field<'a> {
    Field::verbatim(texts(headers, &REQUEST))
}

/// Writes the fields of a response that the published schema allows; a limit that is no integer is left out.
pub(super) fn allowed_in_response<'a>(headers: &Headers) -> Field<'a> {
    let integers = INTEGERS.iter().filter_map(|name| {
        let number: i64 = headers.get(name)?.trim().parse().ok()?;
        Some(((*name).to_owned(), Value::from(number)))
    });
    let texts = texts(headers, &RESPONSE);
    let texts = texts
        .into_iter()
        .map(|(name, text)| (name, Value::from(text)));
    Field::verbatim(integers.chain(texts).collect())
}

fn texts(headers: &Headers, names: &[&str]) -> Vec<(String, String)> {
    let one = |name: &&str| {
        let values: Vec<&str> = headers.get_all(name).collect();
        (!values.is_empty()).then(|| ((*name).to_owned(), values.join(separator(name))))
    };
    names.iter().filter_map(one).collect()
}

/// RFC 9110 section 5.3 joins repeated fields by commas, RFC 9113 section 8.2.3 the crumbs of a cookie by semicolons.
fn separator(name: &str) -> &'static str {
    match name {
        "cookie" => "; ",
        _ => ", ",
    }
}

fn spelled(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let known = SPELLINGS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(word));
        known.map_or_else(|| title_case(word), |known| (*known).to_owned())
    });
    words.collect::<Vec<_>>().join("-")
}

fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
