//! Where an object changed.
//!
//! Compared are the values as the application told them, so that a secret that changed is listed; shown are those of the masked documents. A pointer
//! leads through names and lists only as far as the masked document has the same: what the masker hid as a whole is one spot, and none of
//! the names in it shows.
//!
//! Costs: time linear in both documents for objects, and for lists once more for each of at most [`MAX_STEPS`] levels; listed spots do not overlap, so
//! that their values are together no longer than the documents.

use serde_json::{Map, Value};

use super::MASKED;
use super::document::Document;
use crate::entry::{Change, ChangedField};

/// What is nested more deeply is one spot.
const MAX_STEPS: usize = 32;
/// Spots with longer pointers are counted and not listed.
const MAX_POINTER_BYTES: usize = 1024;

/// A value as it was told and as it may show.
#[derive(Clone, Copy)]
struct Side<'v> {
    raw: &'v Value,
    shown: &'v Value,
}

/// An object or a list with the side that it is.
type Of<'v, T> = (&'v T, Side<'v>);

struct Diff {
    pointer: String,
    steps: usize,
    fields: Vec<ChangedField>,
    count: u64,
}

/// Makes the change of two documents, of which one may not be there.
pub(super) fn change(before: Option<Document>, after: Option<Document>) -> Change {
    let mut diff = Diff {
        pointer: String::new(),
        steps: 0,
        fields: Vec::new(),
        count: 0,
    };
    diff.documents(before.as_ref(), after.as_ref());
    let shown = |document: Option<Document>| document.map_or(Value::Null, |it| it.shown);
    Change {
        before: shown(before),
        after: shown(after),
        fields: diff.fields,
        fields_count: diff.count,
    }
}

impl Diff {
    fn documents(&mut self, before: Option<&Document>, after: Option<&Document>) {
        // Nobody knows what changed in what was withheld.
        if [before, after]
            .into_iter()
            .flatten()
            .any(|it| it.raw.is_none())
        {
            return;
        }
        let [before, after] = [before, after].map(|it| it.and_then(Side::of));
        // Of an object that was not there every member is new.
        let nothing = Value::Object(Map::new());
        let empty = Side {
            raw: &nothing,
            shown: &nothing,
        };
        let is_object = |it: Option<Side<'_>>| it.is_some_and(|it| it.raw.is_object());
        match (before, after) {
            (None, _) if is_object(after) => self.compare(Some(empty), after),
            (_, None) if is_object(before) => self.compare(before, Some(empty)),
            _ => self.compare(before, after),
        }
    }

    fn compare(&mut self, before: Option<Side<'_>>, after: Option<Side<'_>>) {
        if let (Some(old), Some(new)) = (before, after) {
            let goes_on = self.steps < MAX_STEPS && old.is_open() && new.is_open();
            match (old.raw, new.raw) {
                (Value::Object(a), Value::Object(b)) if goes_on => {
                    return self.objects((a, old), (b, new));
                }
                (Value::Array(a), Value::Array(b)) if goes_on => {
                    return self.lists((a, old), (b, new));
                }
                (a, b) if a == b => return,
                _ => {}
            }
        }
        self.differs(before, after);
    }

    fn objects(
        &mut self,
        (a, old): Of<'_, Map<String, Value>>,
        (b, new): Of<'_, Map<String, Value>>,
    ) {
        for name in a.keys() {
            self.step(name, |it| it.compare(old.member(name), new.member(name)));
        }
        for name in b.keys().filter(|name| !a.contains_key(*name)) {
            self.step(name, |it| it.compare(None, new.member(name)));
        }
    }

    /// Compares lists by index, between their common beginning and their common end.
    fn lists(&mut self, (a, old): Of<'_, [Value]>, (b, new): Of<'_, [Value]>) {
        let same = |(a, b): &(&Value, &Value)| a == b;
        let start = a.iter().zip(b).take_while(same).count();
        let (a, b) = (&a[start..], &b[start..]);
        let end = a.iter().rev().zip(b.iter().rev()).take_while(same).count();
        let (in_a, in_b) = (start + a.len() - end, start + b.len() - end);
        for at in start..in_a.max(in_b) {
            self.step(&at.to_string(), |it| {
                it.compare(old.item(at, in_a), new.item(at, in_b));
            });
        }
    }

    /// Goes one step further (RFC 6901) and back.
    fn step(&mut self, name: &str, compare: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        for letter in name.chars() {
            match letter {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                letter => self.pointer.push(letter),
            }
        }
        self.steps += 1;
        compare(self);
        self.steps -= 1;
        self.pointer.truncate(length);
    }

    fn differs(&mut self, before: Option<Side<'_>>, after: Option<Side<'_>>) {
        self.count += 1;
        if self.fields.len() < Change::MAX_FIELDS && self.pointer.len() <= MAX_POINTER_BYTES {
            self.fields.push(ChangedField {
                pointer: self.pointer.clone(),
                before: before.map(|it| it.show()),
                after: after.map(|it| it.show()),
            });
        }
    }
}

impl<'v> Side<'v> {
    fn of(document: &'v Document) -> Option<Self> {
        Some(Self {
            raw: document.raw.as_ref()?,
            shown: &document.shown,
        })
    }

    fn member(self, name: &str) -> Option<Self> {
        Some(Self {
            raw: self.raw.get(name)?,
            shown: self.shown.get(name)?,
        })
    }

    /// Returns an item of those up to `end`.
    fn item(self, at: usize, end: usize) -> Option<Self> {
        (at < end).then_some(())?;
        Some(Self {
            raw: self.raw.get(at)?,
            shown: self.shown.get(at)?,
        })
    }

    /// Tells whether the masked document has the same names or items here.
    fn is_open(self) -> bool {
        match (self.raw, self.shown) {
            (Value::Object(raw), Value::Object(shown)) => {
                raw.len() == shown.len() && raw.keys().all(|name| shown.contains_key(name))
            }
            (Value::Array(raw), Value::Array(shown)) => raw.len() == shown.len(),
            _ => false,
        }
    }

    fn show(self) -> Value {
        match std::mem::discriminant(self.raw) == std::mem::discriminant(self.shown) {
            true => self.shown.clone(),
            false => Value::String(MASKED.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
