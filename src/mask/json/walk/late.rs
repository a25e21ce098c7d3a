use super::super::siblings::Value;
use super::Walk;
use crate::mask::names::{Role, RuleId};

/// Values that a sibling names.
impl Walk<'_, '_, '_> {
    /// Finds the rule of the next value, if a pointer or a sibling names one.
    #[inline(never)]
    pub(super) fn decide(&mut self) {
        let pointed = match &self.trail {
            Some(trail) => trail.rule(self.pass.fields.pointers()),
            None => None,
        };
        let is_gone = pointed.is_some_and(|rule| self.is_removed(rule));
        if self.secret.is_none() && self.role != Role::None && !is_gone {
            self.secret = self.named_by_sibling();
        }
        let is_sealed = |rule| self.pass.fields.shape(rule).is_sealed();
        if pointed.is_some() && !self.secret.is_some_and(is_sealed) {
            self.secret = pointed;
        }
    }

    /// Returns the rule of a value that a sibling before it names, and keeps one in mind that a sibling after it may name.
    pub(super) fn named_by_sibling(&mut self) -> Option<RuleId> {
        if !self.role.holds() {
            return None;
        }
        let depth = self.nesting.depth();
        let (role, fields) = (self.role, &*self.pass.fields);
        let named = self.siblings.named_before(depth, role, self.source, fields);
        if named.is_none() && self.nesting.in_object() {
            let (start, name, lead) = (self.at, self.name, self.lead);
            let shown_lead = self.shown_lead;
            let (out, report, is_first) = (&self.out, &self.pass.report, self.is_first());
            self.siblings.value(depth, || Value {
                start,
                end: start,
                name,
                role,
                shown_start: out.position(start),
                shown_end: 0,
                lead: shown_lead.unwrap_or_else(|| out.position(lead)),
                is_first,
                before: report.mark(),
                after: report.mark(),
            });
        }
        named
    }

    /// Notes where a value ends that was kept in mind.
    pub(super) fn sibling_ended(&mut self, depth: usize) {
        if let Some(value) = self.siblings.ended(depth) {
            value.end = self.at;
            value.shown_end = self.out.position(self.at);
            value.after = self.pass.report.mark();
        }
    }

    /// Closes the innermost bracket with members that belong together, and masks the values that are named after them. Tells whether there was one.
    pub(super) fn close_siblings(&mut self, cut: bool) -> bool {
        let Some(depth) = self.siblings.depth() else {
            return false;
        };
        self.nesting.close_down_to(depth);
        if cut {
            self.at = self.bytes.len();
            self.sibling_ended(depth);
        }
        let named = self.siblings.close(cut, self.source, self.pass.fields);
        // The last first, so that the reports of those before stay where they are.
        for (value, rule) in named {
            self.hide_late(&value, rule);
        }
        true
    }

    fn hide_late(&mut self, value: &Value, rule: RuleId) {
        let (start, end) = (value.start, value.end);
        let is_whole = end < self.bytes.len();
        let Some(shown) = self.hides((start, end), is_whole, value.name, rule) else {
            return;
        };
        if !self.is_removed(rule) && self.is_same(start, end, shown.as_deref()) {
            return;
        }
        match self.is_removed(rule) {
            true => self
                .out
                .remove_late(value.lead, value.shown_end, value.is_first),
            false => self
                .out
                .replace_late(value.shown_start, value.shown_end, shown),
        }
        match value.name.is_hidden {
            true => self.nesting.hide_name(),
            false => self.nesting.name(value.name.start, value.name.end),
        }
        let (nesting, source) = (&self.nesting, self.source);
        self.pass.report.masked_around(
            (&value.before, &value.after),
            || nesting.pointer(source),
            self.pass.fields.rule_name(rule),
            end - start,
        );
    }
}
