use crate::mask::names::{Named, Names, Role, RuleId};

/// The children of one kind that are looked at in one element.
const MAX_MEMBERS: usize = 16;
/// A value with elements in it, of which the name may have been cut off, is replaced where it is no longer than this.
const NEAR_BYTES: usize = 4096;
/// Longer texts are no names.
const MAX_NAME_BYTES: usize = 128;

/// The children of an element that may belong together, as `<key>pin</key><value>1</value>`.
#[derive(Default)]
pub(super) struct Siblings {
    named: Named,
    is_named: bool,
    values: Vec<Value>,
    /// The rule of the next element, as in a property list.
    pub(super) next: Option<RuleId>,
}

/// The content of an element that a sibling may name.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_text: bool,
    pub(super) role: Role,
}

/// Returns the rule of what a text names, of which `/user/password` is a path.
pub(super) fn named(fields: &Names, text: &str) -> Option<RuleId> {
    let text = text.trim();
    let mut steps = text.split('/').filter(|_| text.len() <= MAX_NAME_BYTES);
    steps.find_map(|step| fields.decide_once(step))
}

impl Siblings {
    /// Takes the text of an element that may name another.
    pub(super) fn name(&mut self, role: Role, rule: Option<RuleId>) {
        self.is_named = true;
        self.named.take(role, rule);
    }

    pub(super) fn value(&mut self, value: Value) {
        if self.values.len() < MAX_MEMBERS {
            self.values.push(value);
        }
    }

    /// Returns the values that are named, and of an element that was cut those whose name may have been cut off.
    pub(super) fn found(&self, is_cut: bool) -> impl Iterator<Item = (Value, RuleId)> {
        let is_doubtful = is_cut && !self.is_named;
        self.values.iter().filter_map(move |&value| {
            let near = value.is_text || value.end - value.start <= NEAR_BYTES;
            let doubt = (is_doubtful && near).then_some(RuleId::UNNAMED);
            Some((value, self.named.rule(value.role).or(doubt)?))
        })
    }
}
