//! Members that name each other's values: `{"name":"password","value":"x"}`, lists of such, and lists of `[name, value]`.
//!
//! A value that stands before its name is found when its object closes, and is replaced in a second pass. Of a document that was cut, a value
//! whose name may have come later is replaced too.

use super::text;
use crate::mask::names::{Names, Role, RuleId};

/// The open brackets that are looked at; what is nested more deeply has no siblings.
const MAX_DEPTH: usize = 256;
/// The members of one kind that are looked at in one object.
const MAX_MEMBERS: usize = 16;
/// An object or list of this length may be a value that a sibling names.
const NEAR_BYTES: usize = 4096;
/// Longer texts are no names.
const MAX_NAME_BYTES: usize = 128;

/// The members of the open brackets that may belong together.
#[derive(Default)]
pub(super) struct Siblings {
    frames: Vec<Frame>,
    /// Where values begin that stand before their names.
    found: Vec<(usize, RuleId)>,
}

/// One open bracket.
struct Frame {
    kind: Kind,
    /// Where the texts stand that may be names.
    names: Vec<(usize, usize)>,
    /// How many of them are decided to be harmless.
    decided: usize,
    /// Where values begin that had no secret name before them.
    values: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    List,
    /// A list in a list, of which no item has begun, or one has.
    EmptyPair,
    Pair,
}

impl Siblings {
    pub(super) fn open(&mut self, object: bool, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        let in_list = self.frames.last().is_some_and(|it| it.kind == Kind::List);
        self.frames.push(Frame {
            kind: match (object, in_list) {
                (true, _) => Kind::Object,
                (false, true) => Kind::EmptyPair,
                (false, false) => Kind::List,
            },
            names: Vec::new(),
            decided: 0,
            values: Vec::new(),
        });
    }

    /// Closes the bracket that brings the depth down to this.
    pub(super) fn close(&mut self, depth: usize, source: &str, fields: &Names) {
        if depth >= MAX_DEPTH {
            return;
        }
        if let Some(mut frame) = self.frames.pop()
            && !frame.values.is_empty()
            && let Some(rule) = frame.secret(source, fields)
        {
            self.found.extend(frame.values.iter().map(|&at| (at, rule)));
        }
    }

    /// Returns what the next item of the list at this depth is: of a pair the name or the value.
    pub(super) fn item(&mut self, depth: usize) -> Role {
        match self.frame(depth) {
            Some(frame) if frame.kind == Kind::EmptyPair => {
                frame.kind = Kind::Pair;
                Role::Names
            }
            Some(frame) if frame.kind == Kind::Pair => Role::Holds,
            _ => Role::None,
        }
    }

    /// Returns the rule of a value that a sibling before it names.
    pub(super) fn value(
        &mut self,
        at: usize,
        depth: usize,
        source: &str,
        fields: &Names,
    ) -> Option<RuleId> {
        let frame = self.frame(depth)?;
        let rule = frame.secret(source, fields);
        if rule.is_none() && frame.kind == Kind::Object && frame.values.len() < MAX_MEMBERS {
            frame.values.push(at);
        }
        rule
    }

    /// Takes a text that may be a name.
    pub(super) fn text(&mut self, start: usize, end: usize, depth: usize) {
        if let Some(frame) = self.frame(depth)
            && frame.names.len() < MAX_MEMBERS
            && end - start <= MAX_NAME_BYTES
        {
            frame.names.push((start, end));
        }
    }

    /// Returns where values begin that a sibling after them names, in order. Of a document that was cut, of every open object those
    /// whose name may have been cut off: a harmless one that is there need not be the only one.
    pub(super) fn found(mut self, cut: bool, source: &str, fields: &Names) -> Vec<(usize, RuleId)> {
        for frame in self.frames.iter_mut().filter(|_| cut) {
            let rule = frame.secret(source, fields);
            let values = frame.values.iter().filter_map(|&at| match rule {
                Some(rule) => Some((at, rule)),
                None => is_doubtful(at, source).then_some((at, RuleId::UNNAMED)),
            });
            self.found.extend(values);
        }
        self.found.sort_unstable_by_key(|&(at, _)| at);
        self.found
    }

    fn frame(&mut self, depth: usize) -> Option<&mut Frame> {
        let at = depth.checked_sub(1)?;
        self.frames.get_mut(at)
    }
}

/// Tells whether a value's name may have been cut off: any text's, of the rest what begins near the end. The long list of an OData answer
/// stays.
fn is_doubtful(at: usize, source: &str) -> bool {
    source.as_bytes().get(at) == Some(&b'"') || source.len() - at <= NEAR_BYTES
}

impl Frame {
    /// Returns the rule of the first name that is a secret's.
    fn secret(&mut self, source: &str, fields: &Names) -> Option<RuleId> {
        let new = self.names.get(self.decided..).unwrap_or_default();
        let rule = new.iter().find_map(|&(start, end)| {
            let name = text::decoded(source.get(start..end).unwrap_or_default());
            // `/user/password` of JSON Patch.
            name.split('/').find_map(|step| fields.decide_once(step))
        });
        if rule.is_none() {
            self.decided = self.names.len();
        }
        rule
    }
}
