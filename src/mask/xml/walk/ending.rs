use super::super::{Malformed, tag};
use super::{Frame, Run, Walk};
use crate::mask::body::plain;
use crate::mask::names::RuleId;
use crate::mask::{MASKED, Replacement, WITHHELD, inside};

/// The most bytes that are kept of a text that ends in a sign.
const MAX_BEFORE_BYTES: usize = 128;

/// What becomes of text, and of an element that ends.
impl Walk<'_, '_, '_> {
    pub(super) fn close(&mut self, start: usize, end: usize) -> Result<(), Malformed> {
        let is_leaf = self.frames.last().is_some_and(|it| !it.has_children);
        let text = self.run.as_ref().filter(|_| is_leaf);
        let text = text.map(|it| it.text.clone().into_owned());
        let rule = self.frames.last().and_then(|it| it.rule);
        let hides = match (rule, &text) {
            (Some(rule), Some(text)) if self.hidden.is_none() => {
                let name = self.frames.last().map_or("", |it| tag::local(it.name));
                self.hides(rule, name, text)
            }
            _ => self.hidden == self.frames.len().checked_sub(1) && self.hidden.is_some(),
        };
        match hides {
            true => self.run = None,
            false => self.look_inside(false),
        }
        if let (true, Some(rule)) = (hides, rule) {
            self.hidden = None;
            self.replace_element(start, end, rule, text.as_deref());
        }
        let Some(frame) = self.frames.pop() else {
            return Err(Malformed);
        };
        if self.hidden.is_none() {
            self.settle(&frame, false);
            // A name that is hidden names its sibling all the same.
            if !hides || frame.role.names() {
                self.pair(&frame, text.as_deref(), start);
            }
        }
        Ok(())
    }

    /// Replaces the content of the innermost element.
    fn replace_element(&mut self, start: usize, end: usize, rule: RuleId, text: Option<&str>) {
        let Some(frame) = self.frames.last() else {
            return;
        };
        let (from, content) = (frame.start, frame.content);
        let shown = text.and_then(|it| self.pass.stands_for_field(rule, it.trim()));
        let stands = shown.as_deref().unwrap_or(MASKED);
        let is_removed = self.pass.fields.replacement(rule) == Replacement::Remove;
        if !is_removed && text.is_some_and(|it| self.pass.stays(it.trim(), stands)) {
            return;
        }
        match self.pass.fields.replacement(rule) {
            // A document has a root.
            Replacement::Remove if self.frames.len() > 1 => self.edits.replace(from, end, ""),
            _ => self.put(content, start, shown.as_deref().unwrap_or(MASKED)),
        }
        self.report(rule, start - content);
    }

    fn report(&mut self, rule: RuleId, bytes: usize) {
        let (frames, rule) = (&self.frames, self.pass.fields.rule_name(rule));
        self.pass
            .report
            .masked(|| Self::pointer(frames), rule, bytes);
    }

    /// Replaces the children of an element that a sibling names.
    fn settle(&mut self, frame: &Frame<'_>, is_cut: bool) {
        let Some(siblings) = &frame.siblings else {
            return;
        };
        for (value, rule) in siblings.found(is_cut) {
            let text = self.slice(value.start, value.end);
            let hides = match value.is_text {
                true => self.hides(rule, "value", text),
                false => self.pass.fields.shape(rule).hides_all(),
            };
            if hides {
                self.put(value.start, value.end, MASKED);
                self.report(rule, text.len());
            }
        }
    }

    /// Masks the text since the last tag.
    pub(super) fn look_inside(&mut self, cut: bool) {
        let Some(Run { start, end, text }) = self.run.take() else {
            return;
        };
        if text.trim().is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.before);
        let is_shown = self.is_shown();
        let mark = self.pass.report.mark();
        let masked = if plain::is_named(&before, &text, self.pass) {
            self.pass.report.masked(String::new, "text", text.len());
            Some(WITHHELD.to_owned())
        } else if !is_shown {
            let rule = self.pass.fields.rule_name(RuleId::NOT_LISTED);
            self.pass.report.masked(String::new, rule, text.len());
            Some(MASKED.to_owned())
        } else if cut || inside::may_hold(&text) || self.pass.may_find(&text) {
            inside::mask(&text, cut, self.level, self.pass)
        } else {
            None
        };
        let frames = &self.frames;
        self.pass.report.under(&mark, || Self::pointer(frames));
        if let Some(masked) = &masked {
            self.put(start, end, masked);
        }
        let text = text.trim_end();
        if (masked.is_none() || !is_shown) && text.ends_with([':', '=']) {
            let from = text.len().saturating_sub(MAX_BEFORE_BYTES);
            let from = (from..text.len()).find(|&at| text.is_char_boundary(at));
            self.before = text[from.unwrap_or(0)..].to_owned();
        }
    }

    pub(super) fn finish(mut self, certain: usize) -> Result<Option<String>, Malformed> {
        if !self.cut {
            return match self.frames.is_empty() && self.has_root {
                true => Ok(self.edits.apply(self.source, certain)),
                false => Err(Malformed),
            };
        }
        let end = self.source.len();
        let open = self.frames.last().filter(|it| !it.has_children);
        let open = open.and_then(|it| it.rule.map(|rule| (it.content, rule)));
        match (self.hidden, open) {
            (Some(at), _) => {
                let frame = self.frames.get(at).map(|it| (it.content, it.rule));
                let (content, rule) = frame.ok_or(Malformed)?;
                self.edits.replace(content, end, MASKED);
                self.report(rule.unwrap_or(RuleId::UNNAMED), end - content);
            }
            (None, Some((content, rule))) => {
                self.edits.replace(content, end, MASKED);
                self.report(rule, end - content);
            }
            (None, None) => self.look_inside(true),
        }
        while let Some(frame) = self.frames.pop() {
            self.settle(&frame, true);
            self.pair(&frame, None, end);
        }
        Ok(self.edits.apply(self.source, certain))
    }
}
