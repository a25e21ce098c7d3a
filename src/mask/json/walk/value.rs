use super::super::scan::Text;
use super::super::text;
use super::Walk;
use crate::mask::names::{self, Role, RuleId, Shape};
use crate::mask::{MASKED, inside};

/// What becomes of a value.
impl Walk<'_, '_, '_> {
    /// Returns the rule of a value that a sibling names, before it or, as the pass before found, after it.
    pub(super) fn named_by_sibling(&mut self) -> Option<RuleId> {
        let (depth, fields) = (self.nesting.depth(), &*self.pass.fields);
        if self.nesting.in_object() == Some(false) {
            self.role = self.siblings.item(depth);
        }
        let named = match self.role {
            Role::Holds => self.siblings.value(self.at, depth, self.source, fields),
            Role::Names | Role::None => None,
        };
        let mut after = None;
        while let Some(&(at, rule)) = self.found.get(self.passed)
            && at <= self.at
        {
            after = (at == self.at).then_some(rule);
            self.passed += 1;
        }
        named.or(after)
    }

    /// Tells whether a number or literal is replaced that reaches up to here.
    pub(super) fn hides_scalar(&self, start: usize, rule: RuleId) -> bool {
        let value = self.source.get(start..self.at).unwrap_or_default();
        if let "true" | "false" = value {
            let name = self.nesting.present_name();
            let name = name.and_then(|(start, end)| self.source.get(start..end));
            return !name.is_some_and(|name| names::asks(&text::decoded(name)))
                && self.pass.fields.shape(rule).hides(value);
        }
        match self.pass.fields.shape(rule) {
            // `"code": 201234` is the number of an error.
            Shape::Code => Shape::Opaque.hides(value),
            shape => shape.hides(value),
        }
    }

    /// Replaces a string of a secret's name, unless the rule lets it stay.
    pub(super) fn hide_string(&mut self, start: usize, scanned: Text, rule: RuleId) -> bool {
        let raw = self.source.get(start + 1..scanned.end).unwrap_or_default();
        let shape = self.pass.fields.shape(rule);
        let content = text::decoded(raw);
        if scanned.closed && !shape.hides(&content) {
            return false;
        }
        let shown = match scanned.closed {
            true => self.pass.stands_for_field(rule, &content),
            false => None,
        };
        self.replace(start, self.at, rule, shown.as_deref());
        true
    }

    /// Masks a string that holds more.
    pub(super) fn look_inside(&mut self, start: usize, scanned: Text) {
        let raw = self.source.get(start + 1..scanned.end).unwrap_or_default();
        let holds = scanned.marked || inside::may_be_secret(raw);
        let may_find = !scanned.closed || self.pass.may_find(raw);
        if (!holds || inside::is_time(raw)) && !may_find {
            return;
        }
        let content = text::decoded(raw);
        let mark = self.pass.report.mark();
        let masked = inside::mask(&content, !scanned.closed, self.level, self.pass);
        let (nesting, source) = (&self.nesting, self.source);
        self.pass.report.under(&mark, || nesting.pointer(source));
        if let Some(masked) = masked {
            self.copy_up_to(start + 1);
            text::encode(&masked, &mut self.out);
            self.copied = scanned.end;
        }
    }

    /// Masks what the detectors find in a name.
    pub(super) fn look_into_name(&mut self, start: usize, scanned: Text) {
        let raw = self.source.get(start + 1..scanned.end).unwrap_or_default();
        if !self.pass.may_find(raw) {
            return;
        }
        let mark = self.pass.report.mark();
        let Some(masked) = self.pass.mask_found(&text::decoded(raw), false) else {
            return;
        };
        self.nesting.hide_name();
        let (nesting, source) = (&self.nesting, self.source);
        self.pass.report.under(&mark, || nesting.pointer(source));
        self.copy_up_to(start + 1);
        text::encode(&masked, &mut self.out);
        self.copied = scanned.end;
    }

    /// Replaces a number that a detector knows.
    pub(super) fn find_number(&mut self, start: usize) {
        let digits = self.source.get(start..self.at).unwrap_or_default();
        let Some((detector, shown)) = self.pass.find_number(digits) else {
            return;
        };
        self.put(start, self.at, shown.as_deref());
        let (nesting, source) = (&self.nesting, self.source);
        let pointer = || nesting.pointer(source);
        self.pass
            .report
            .masked(pointer, detector.as_str(), digits.len());
    }

    fn put(&mut self, start: usize, end: usize, shown: Option<&str>) {
        self.copy_up_to(start);
        self.out.push('"');
        self.out.push_str(shown.unwrap_or(MASKED));
        self.out.push('"');
        self.copied = end;
    }

    /// Puts the replacement of a secret in the place of its source.
    pub(super) fn replace(&mut self, start: usize, end: usize, rule: RuleId, shown: Option<&str>) {
        self.put(start, end, shown);
        let name = self.pass.fields.rule_name(rule);
        let (nesting, source) = (&self.nesting, self.source);
        self.pass
            .report
            .masked(|| nesting.pointer(source), name, end - start);
    }

    pub(super) fn copy_up_to(&mut self, end: usize) {
        if self.out.is_empty() {
            self.out.reserve(self.source.len() + MASKED.len());
        }
        self.out
            .push_str(self.source.get(self.copied..end).unwrap_or_default());
    }
}
