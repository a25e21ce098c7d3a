use std::borrow::Cow;

use serde_json::Value;

use super::{EntryKind, EventRecord, LogEntry};
use crate::error::{Error, ErrorKind};

/// What JSON parsers read back: `serde_json` stops at 128 levels, of which an entry takes six.
const MAX_DATA_DEPTH: usize = 100;

impl LogEntry {
    /// Writes the entry as JSON that [`LogEntry::from_json`] reads back: what a store keeps that has no columns.
    ///
    /// An event's data that is nested more than 100 levels deep, which parsers refuse, becomes the text of its JSON. All else comes back as it was.
    ///
    /// # Errors
    ///
    /// When the entry cannot be written as JSON; no entry of the recorder's is such.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(&self.readable())
            .map_err(|_| Error::new(ErrorKind::Storage, "an entry cannot be written as JSON"))
    }

    /// Reads what [`LogEntry::to_json`] wrote, of this version or an earlier one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] when the text is not an entry.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "a stored entry cannot be read"))
    }
}

impl LogEntry {
    /// Returns the entry with data that parsers of JSON read back.
    pub(crate) fn readable(&self) -> Cow<'_, Self> {
        let mut entry = Cow::Borrowed(self);
        if let EntryKind::Event(event) = &self.kind
            && let Cow::Owned(event) = event.readable()
        {
            entry.to_mut().kind = EntryKind::Event(Box::new(event));
        }
        entry
    }
}

impl EventRecord {
    /// Returns the record with data that parsers of JSON read back: what is too deep becomes the text of its JSON, so that one event cannot spoil a listing.
    pub(crate) fn readable(&self) -> Cow<'_, Self> {
        let mut event = Cow::Borrowed(self);
        if self.values().any(|it| is_deeper(it, MAX_DATA_DEPTH)) {
            event.to_mut().values_mut().for_each(flatten);
        }
        event
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        let changes = self.change.iter().flat_map(|change| {
            let fields = change.fields.iter();
            let values = fields.flat_map(|field| field.before.iter().chain(&field.after));
            [&change.before, &change.after].into_iter().chain(values)
        });
        [&self.data].into_iter().chain(changes)
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let changes = self.change.iter_mut().flat_map(|change| {
            let fields = change.fields.iter_mut();
            let values = fields.flat_map(|field| field.before.iter_mut().chain(&mut field.after));
            let whole = [&mut change.before, &mut change.after];
            whole.into_iter().chain(values)
        });
        [&mut self.data].into_iter().chain(changes)
    }
}

fn flatten(value: &mut Value) {
    if is_deeper(value, MAX_DATA_DEPTH) {
        *value = Value::String(value.to_string());
    }
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels == 0 || list.iter().any(|it| is_deeper(it, levels - 1)),
        Value::Object(map) => levels == 0 || map.values().any(|it| is_deeper(it, levels - 1)),
        _ => false,
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::{Change, ChangedField};
    use crate::testing::sample;

    fn deep(levels: usize) -> Value {
        (0..levels).fold(json!("leaf"), |inner, _| Value::Array(vec![inner]))
    }

    #[test]
    fn every_variant_reads_back_as_it_was_written() {
        let hostile = (500..).zip(sample::HOSTILE);
        let hostile = hostile.map(|(number, text)| sample::everywhere(number, text));
        for entry in sample::variants(1).into_iter().chain(hostile) {
            let text = entry.to_json().unwrap();
            assert!(!text.contains('\n') && !text.contains('\0'));
            assert!(LogEntry::from_json(&text).unwrap() == entry, "{text}");
        }
    }

    #[test]
    fn data_too_deep_for_parsers_reads_back_as_text_wherever_it_stands() {
        let mut entry = sample::event(1);
        let EntryKind::Event(event) = &mut entry.kind else {
            panic!("an event is none");
        };
        event.data = deep(500);
        event.change = Some(Box::new(Change {
            before: deep(500),
            after: deep(MAX_DATA_DEPTH),
            fields: vec![ChangedField {
                before: Some(deep(MAX_DATA_DEPTH)),
                after: Some(deep(MAX_DATA_DEPTH + 1)),
                ..ChangedField::default()
            }],
            ..Change::default()
        }));
        let read = LogEntry::from_json(&entry.to_json().unwrap()).unwrap();
        let event = read.event().unwrap();
        let change = event.change.as_ref().unwrap();
        let text = |levels| Value::String(deep(levels).to_string());
        assert_eq!(event.data, text(500));
        assert_eq!(
            (&change.before, &change.after),
            (&text(500), &deep(MAX_DATA_DEPTH))
        );
        let field = &change.fields[0];
        assert_eq!(field.before, Some(deep(MAX_DATA_DEPTH)));
        assert_eq!(field.after, Some(text(MAX_DATA_DEPTH + 1)));
    }

    #[test]
    fn what_is_no_entry_is_corrupt() {
        for text in ["", "{}", "null", "[1"] {
            let error = LogEntry::from_json(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
        }
    }
}
