use serde_json::Value;

use super::{Again, MASKED, WITHHELD, is_mark};
use crate::capture::Json;
use crate::entry::{Change, ChangedField, EventRecord, Finding, Place};
use crate::mask::{Pass, document, json};

impl Again<'_> {
    /// Masks what an event tells.
    pub(super) fn event(&mut self, event: &mut EventRecord) {
        self.enter(Place::EventTitle);
        self.told("category", &mut event.category);
        self.told("action", &mut event.action);
        if let Some(ref_id) = &mut event.ref_id {
            self.told("ref_id", ref_id);
        }
        if let Some(title) = &mut event.title {
            self.told("", title);
        }
        if let Some(change) = &mut event.change {
            self.change(change);
        }
        self.findings(&mut event.errors, Place::EventError);
        self.findings(&mut event.alerts, Place::EventAlert);
        self.document(&mut event.data, Place::EventData);
    }

    fn findings(&mut self, findings: &mut [Finding], place: Place) {
        self.enter(place);
        for (at, finding) in findings.iter_mut().enumerate() {
            self.told(&format!("/{at}/message"), &mut finding.message);
            if let Some(pointer) = &mut finding.pointer {
                self.told(&format!("/{at}/pointer"), pointer);
            }
        }
    }

    /// Masks both states, and lets each spot say what they say.
    fn change(&mut self, change: &mut Change) {
        let old = [change.before.clone(), change.after.clone()];
        self.document(&mut change.before, Place::EventBefore);
        self.document(&mut change.after, Place::EventAfter);
        if old == [&change.before, &change.after].map(Value::clone) {
            return;
        }
        let new = [&change.before, &change.after];
        change.fields.retain_mut(|it| {
            let was_there = old.iter().any(|old| old.pointer(&it.pointer).is_some());
            let is_there = new.iter().any(|new| new.pointer(&it.pointer).is_some());
            repeat(it, new);
            // A name that is left out or masked is not told here either.
            is_there || !was_there
        });
    }

    fn document(&mut self, document: &mut Value, place: Place) {
        if document.is_null() || document.as_str().is_some_and(is_mark) {
            return;
        }
        self.enter(place);
        let mask = |it: &Value, pass: &mut Pass<'_>| {
            let json = Json::Text(json_of(it, pass).into_boxed_str());
            Some(document::mask(&json, place, pass).shown)
        };
        self.settle(document, mask, |it| *it = Value::from(WITHHELD));
    }
}

/// Returns the JSON of a document, which is its text where no reader could have read it.
fn json_of(document: &Value, pass: &mut Pass<'_>) -> String {
    let text = document.as_str().unwrap_or_default();
    let mark = pass.report.mark();
    let is_text = document::parse(text) == *document && json::mask(text, 0, pass).is_ok();
    pass.report.forget(&mark);
    match is_text {
        true => text.to_owned(),
        false => document.to_string(),
    }
}

/// Lets a spot say what the states say there, and the mark where they say nothing any more.
fn repeat(field: &mut ChangedField, states: [&Value; 2]) {
    for (said, state) in [&mut field.before, &mut field.after]
        .into_iter()
        .zip(states)
    {
        let Some(value) = said else { continue };
        match state.pointer(&field.pointer) {
            Some(there) => value.clone_from(there),
            None if value.as_str().is_some_and(is_mark) => {}
            None => *value = Value::from(MASKED),
        }
    }
}
