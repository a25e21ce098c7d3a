use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::EntryId;
use super::masked::Masked;

/// The record of an audit event: who did what to which object. Everything in it is masked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EventRecord {
    /// The kind of object, such as `project`.
    pub category: String,
    /// What was done, such as `updated`.
    pub action: String,
    /// The object's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_id: Option<String>,
    /// One line for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The object before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<Change>>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// What asks for attention.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Finding>,
    /// Anything else about it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// The exchange in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<EntryId>,
    /// What was masked, where, by which rule: the first [`Exchange::MAX_MASKED`](super::Exchange::MAX_MASKED) spots.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<Masked>,
    /// How many spots were masked in all.
    pub masked_count: u64,
}

/// An object before and after, and the spots at which the two differ.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Change {
    /// The object before; null if it was not there.
    pub before: Value,
    /// The object after; null if it is not there any more.
    pub after: Value,
    /// The first [`Change::MAX_FIELDS`] spots that differ, compared before masking: a secret that changed is listed, its values masked. None where
    /// an object was withheld.
    pub fields: Vec<ChangedField>,
    /// How many spots differ in all.
    pub fields_count: u64,
}

/// A spot at which an object changed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ChangedField {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What stood there; `None` if nothing did.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Value>,
    /// What stands there now; `None` if nothing does.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Value>,
}

/// One error or alert of an event.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Finding {
    /// What it says.
    pub message: String,
    /// Which spot of the object it is about, as the application names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

/// Reads a value that is there; null is a value too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl EventRecord {
    /// Makes a record of a category and an action.
    pub fn new(category: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            category: category.into(),
            action: action.into(),
            ..Self::default()
        }
    }

    /// Writes what is searched for text: the title, the change, the errors, the alerts and the data, as JSON.
    pub(crate) fn text(&self) -> String {
        let Self {
            title,
            change,
            errors,
            alerts,
            data,
            ..
        } = self;
        let change = change.as_ref().map(|it| (&it.before, &it.after));
        // Plain values under string keys always serialise.
        serde_json::to_string(&(title, change, errors, alerts, data)).unwrap_or_default()
    }

    /// Takes out what may tell of a person.
    pub(super) fn erase(&mut self) {
        (self.title, self.change, self.data) = (None, None, Value::Null);
        (self.errors, self.alerts) = (Vec::new(), Vec::new());
        self.masked = Vec::new();
    }

    /// Returns about how many bytes the event holds.
    pub(super) fn size_bytes(&self) -> usize {
        let Self {
            category,
            action,
            ref_id,
            title,
            change,
            errors,
            alerts,
            data,
            exchange: _,
            masked,
            masked_count: _,
        } = self;
        let texts = [ref_id, title].map(|text| text.as_ref().map_or(0, String::len));
        let findings = errors.iter().chain(alerts).map(Finding::size_bytes);
        size_of::<Self>()
            + category.len()
            + action.len()
            + texts.iter().sum::<usize>()
            + change.as_ref().map_or(0, |it| it.size_bytes())
            + findings.sum::<usize>()
            + json_bytes(data)
            + masked.iter().map(Masked::size_bytes).sum::<usize>()
    }
}

impl Change {
    /// The most spots that [`Change::fields`] lists.
    pub const MAX_FIELDS: usize = 100;

    fn size_bytes(&self) -> usize {
        let field = |it: &ChangedField| {
            let values = [&it.before, &it.after].map(|it| it.as_ref().map_or(0, json_bytes));
            size_of::<ChangedField>() + it.pointer.len() + values.iter().sum::<usize>()
        };
        size_of::<Self>()
            + json_bytes(&self.before)
            + json_bytes(&self.after)
            + self.fields.iter().map(field).sum::<usize>()
    }
}

impl Finding {
    /// Makes a finding of its message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            pointer: None,
        }
    }

    /// Says which spot it is about.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn size_bytes(&self) -> usize {
        let pointer = self.pointer.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.message.len() + pointer
    }
}

impl From<&str> for Finding {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Finding {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

/// The members for which the smallest object has room, and one that has grown about twice as many as it needs.
const MEMBERS: usize = 11;

/// Returns about how many bytes a value holds beside itself, which can be a hundred times as many as its text has.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(list) => list
            .iter()
            .map(|it| size_of::<Value>() + json_bytes(it))
            .sum(),
        Value::Object(members) if members.is_empty() => 0,
        Value::Object(members) => {
            let room = MEMBERS.max(members.len() * 2) * size_of::<(String, Value)>();
            let held = members.iter().map(|(name, it)| name.len() + json_bytes(it));
            room + held.sum::<usize>()
        }
    }
}

impl fmt::Debug for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRecord")
            .field("category", &self.category)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("fields_count", &self.fields_count)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChangedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedField").finish_non_exhaustive()
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_of_an_event_is_that_of_its_values_and_not_of_their_text() {
        let mut event = EventRecord::default();
        let empty = event.size_bytes();
        let object = serde_json::json!({ "": 0 });
        event.data = Value::Array(vec![object; 8_000]);
        // A node of the standard library's map has room for 11 names of 24 bytes and values of at least 24.
        assert!(event.size_bytes() > 8_000 * 11 * 48);
        event.data = Value::Array(vec![Value::Null; 8_000]);
        assert!(event.size_bytes() >= 8_000 * size_of::<Value>());
        event.data = Value::String("x".repeat(1000));
        assert_eq!(event.size_bytes(), empty + 1000);
    }
}
