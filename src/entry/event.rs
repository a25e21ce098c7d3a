use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::EntryId;

/// Something that happened to an object, told by the application: who did what to which object.
///
/// The data is stored as given here; the recorder masks it on the way.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditEvent {
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
    /// Anything else about it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// The exchange in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<EntryId>,
}

impl AuditEvent {
    /// Makes an event of its category and action.
    pub fn new(category: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            category: category.into(),
            action: action.into(),
            ..Self::default()
        }
    }

    /// Names the object.
    #[must_use]
    pub fn ref_id(mut self, ref_id: impl Into<String>) -> Self {
        self.ref_id = Some(ref_id.into());
        self
    }

    /// Returns about how many bytes the event holds; the data as long as its JSON.
    pub(super) fn size_bytes(&self) -> usize {
        let texts = [&self.ref_id, &self.title].map(|text| text.as_ref().map_or(0, String::len));
        size_of::<Self>()
            + self.category.len()
            + self.action.len()
            + texts.iter().sum::<usize>()
            + self.data.to_string().len()
    }
}

impl fmt::Debug for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("category", &self.category)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
