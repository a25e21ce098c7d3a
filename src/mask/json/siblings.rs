//! Members that name each other's values: `{"name":"password","value":"x"}`, lists of such, and lists of `[name, value]`.
//!
//! A value that stands before its name is replaced when its object closes, in the text that was made of it by then. Of a document that was cut, a
//! value whose name may have come later is replaced too.

use super::text;
use super::walk::Name;
use crate::mask::names::{Named, Names, Role, RuleId};
use crate::mask::report::Mark;

/// The open brackets that are looked at; what is nested more deeply has no siblings.
const MAX_DEPTH: usize = 256;
/// The members of one kind that are looked at in one object.
const MAX_MEMBERS: usize = 64;
/// An object or list of this length may be a value that a sibling names.
const NEAR_BYTES: usize = 4096;
/// Longer texts are no names.
const MAX_NAME_BYTES: usize = 128;

/// The members of the open brackets that may belong together. Brackets without such members cost nothing.
#[derive(Default)]
pub(super) struct Siblings {
    frames: Vec<Frame>,
    /// Where the texts stand that may be names, of all frames.
    names: Vec<(usize, usize, Role)>,
    /// The values that had no secret name before them, of all frames.
    values: Vec<Value>,
}

/// One open bracket.
struct Frame {
    depth: usize,
    /// Where its names begin.
    names: usize,
    /// Up to where they are decided on.
    decided: usize,
    /// What they name.
    named: Named,
    /// Where its values begin.
    values: usize,
    /// Whether the last of them goes on.
    is_in_value: bool,
}

/// A value whose name may come after it.
pub(super) struct Value {
    /// Where it stands in the source.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its own name.
    pub(super) name: Name,
    pub(super) role: Role,
    /// Where it stands in the text that is made.
    pub(super) shown_start: usize,
    pub(super) shown_end: usize,
    /// Where in that text its member is cut out, with the comma before it.
    pub(super) lead: usize,
    /// Whether there is no such comma.
    pub(super) is_first: bool,
    /// The report before it and after it.
    pub(super) before: Mark,
    pub(super) after: Mark,
}

impl Siblings {
    /// Takes a text that may be a name.
    pub(super) fn text(&mut self, start: usize, end: usize, role: Role, depth: usize) {
        if end - start <= MAX_NAME_BYTES
            && self.begin(depth)
            && self
                .frames
                .last()
                .is_some_and(|it| self.names.len() - it.names < MAX_MEMBERS)
        {
            self.names.push((start, end, role));
        }
    }

    /// Takes the rule of a text that may be a name, once what it holds is masked.
    pub(super) fn rewritten(&mut self, role: Role, rule: Option<RuleId>, depth: usize) {
        // Before that it may have been too long for a name.
        if rule.is_some()
            && self.begin(depth)
            && let Some(frame) = self.frames.last_mut()
        {
            frame.named.take(role, rule);
        }
    }

    /// Returns the rule of a value that a sibling before it names.
    pub(super) fn named_before(
        &mut self,
        depth: usize,
        role: Role,
        source: &str,
        fields: &Names,
    ) -> Option<RuleId> {
        let frame = self.frames.last_mut().filter(|it| it.depth == depth)?;
        decide(frame, &self.names, source, fields).rule(role)
    }

    /// Takes a value that a sibling after it may name.
    pub(super) fn value(&mut self, depth: usize, value: impl FnOnce() -> Value) {
        if self.begin(depth)
            && let Some(frame) = self.frames.last_mut()
            && self.values.len() - frame.values < MAX_MEMBERS
        {
            self.values.push(value());
            frame.is_in_value = true;
        }
    }

    /// Returns the value that ends at this depth, if it was taken.
    pub(super) fn ended(&mut self, depth: usize) -> Option<&mut Value> {
        let frame = self.frames.last_mut()?;
        let is_taken = frame.depth == depth && std::mem::take(&mut frame.is_in_value);
        self.values.last_mut().filter(|_| is_taken)
    }

    /// Returns the depth of the innermost bracket that has members that may belong together.
    pub(super) fn depth(&self) -> Option<usize> {
        self.frames.last().map(|it| it.depth)
    }

    /// Tells whether the bracket at this depth has such members.
    #[inline]
    pub(super) fn has(&self, depth: usize) -> bool {
        self.frames.last().is_some_and(|it| it.depth == depth)
    }

    /// Closes the innermost bracket that has such members. Returns the values that a sibling after them names, the last first. Of a document that
    /// was cut, all whose name may have been cut off: a harmless one that is there need not be the only one.
    pub(super) fn close(
        &mut self,
        cut: bool,
        source: &str,
        fields: &Names,
    ) -> Vec<(Value, RuleId)> {
        let mut named = Vec::new();
        let Some(mut frame) = self.frames.pop() else {
            return named;
        };
        if self.values.len() > frame.values {
            let found = decide(&mut frame, &self.names, source, fields);
            let values = self.values.drain(frame.values..).rev();
            named.extend(values.filter_map(|it| match found.rule(it.role) {
                Some(rule) => Some((it, rule)),
                None => (cut && is_doubtful(it.start, source)).then_some((it, RuleId::UNNAMED)),
            }));
        }
        self.names.truncate(frame.names);
        named
    }

    /// Lets the innermost bracket, which is at this depth, have a frame, unless it is too deep.
    fn begin(&mut self, depth: usize) -> bool {
        if depth == 0 || depth > MAX_DEPTH {
            return false;
        }
        if !self.has(depth) {
            self.frames.push(Frame {
                depth,
                names: self.names.len(),
                decided: self.names.len(),
                named: Named::default(),
                values: self.values.len(),
                is_in_value: false,
            });
        }
        true
    }
}

/// Tells whether a value's name may have been cut off: any text's, of the rest what begins near the end. The long list of an OData answer
/// stays.
fn is_doubtful(at: usize, source: &str) -> bool {
    source.as_bytes().get(at) == Some(&b'"') || source.len() - at <= NEAR_BYTES
}

/// Returns what the names of a frame name, each of which is decided on once.
fn decide(
    frame: &mut Frame,
    names: &[(usize, usize, Role)],
    source: &str,
    fields: &Names,
) -> Named {
    let new = names.get(frame.decided..).unwrap_or_default();
    for &(start, end, role) in new {
        let name = source.get(start..end).unwrap_or_default();
        let rule = named(fields, &text::decoded(name));
        frame.named.take(role, rule);
    }
    frame.decided = names.len();
    frame.named
}

/// Returns the rule of a decoded name, or of a step of it: `/user/password` of JSON Patch.
pub(super) fn named(fields: &Names, name: &str) -> Option<RuleId> {
    let mut steps = name.split('/').filter(|it| !it.is_empty());
    steps.find_map(|step| fields.decide_once(step))
}
