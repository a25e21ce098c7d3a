use super::super::scan::{self, Text};
use super::super::{siblings, text};
use super::{Name, Stop, Walk};
use crate::mask::names::{self, RuleId, Shape};
use crate::mask::replacement::Replacement;
use crate::mask::{MASKED, Pass, detect, inside, prose};

/// What becomes of a value.
impl Walk<'_, '_, '_> {
    /// Passes a number or literal that ends there; `None` where the source ends within it.
    #[inline]
    pub(super) fn scalar(&mut self, end: Option<usize>) -> Result<(), Stop> {
        let start = self.at;
        if let (Some(end), None, None) = (end, self.secret, self.hidden)
            && self.is_shown()
            && !self.may_find_number(end - start)
        {
            self.at = end;
            return Ok(());
        }
        self.scalar_of_interest(start, end)
    }

    #[inline(never)]
    fn scalar_of_interest(&mut self, start: usize, end: Option<usize>) -> Result<(), Stop> {
        self.at = end.unwrap_or(self.bytes.len());
        let hidden = self.secret.take().and_then(|rule| {
            let shown = self.hides((start, self.at), end.is_some(), self.name, rule)?;
            Some((rule, shown))
        });
        if let Some((rule, shown)) = hidden {
            self.replace(start, self.at, rule, shown.as_deref());
        } else if self.hidden.is_none() {
            match self.is_shown() {
                true => self.find_number(start),
                false => self.replace(start, self.at, RuleId::NOT_LISTED, None),
            }
        }
        match end {
            Some(_) => Ok(()),
            None => Err(Stop::EndsAt(start)),
        }
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.last_text = start;
        let plain = scan::plain(self.bytes, start + 1);
        if self.bytes.get(plain.end) == Some(&b'"')
            && (self.hidden, self.secret) == (None, None)
            && self.is_shown()
        {
            self.at = plain.end + 1;
            if self.role.names() {
                let depth = self.nesting.depth();
                self.siblings.text(start + 1, plain.end, self.role, depth);
            }
            if plain.is_marked() || self.may_be_secret(start + 1, plain) {
                self.look_inside(start, plain.closed());
            }
            return Ok(());
        }
        self.string_of_interest(start, plain)
    }

    #[inline(never)]
    fn string_of_interest(&mut self, start: usize, plain: Text) -> Result<(), Stop> {
        let scanned = plain.pass_escapes(self.bytes)?;
        self.at = match scanned.closed {
            true => scanned.end + 1,
            false => self.bytes.len(),
        };
        if self.hidden.is_none() {
            // A name that is hidden names its sibling all the same.
            if scanned.closed && self.role.names() {
                let depth = self.nesting.depth();
                self.siblings.text(start + 1, scanned.end, self.role, depth);
            }
            if !self.hide_string(start, scanned) {
                match self.is_shown() {
                    true => self.look_inside(start, scanned),
                    false => self.replace(start, self.at, RuleId::NOT_LISTED, None),
                }
            }
        }
        match scanned.closed {
            true => Ok(()),
            false => Err(Stop::EndsAt(scanned.end)),
        }
    }

    /// Tells whether a text without marks may be a secret or hold one.
    #[inline]
    fn may_be_secret(&self, start: usize, text: Text) -> bool {
        let first = self.bytes.get(start).copied().unwrap_or_default();
        text.end - start >= inside::SHORTEST_SECRET && begins_as_secret(first)
            || text.may_find(self.pass.detectors, start)
            || self.looks_at_all
            || text.may_have_spaces() && prose::may_say_without_signs(self.raw(start, text))
    }

    #[inline]
    fn raw(&self, start: usize, text: Text) -> &str {
        self.source.get(start..text.end).unwrap_or_default()
    }

    /// Replaces a string of a secret's name, unless the rule lets it stay.
    #[inline]
    fn hide_string(&mut self, start: usize, scanned: Text) -> bool {
        let Some(rule) = self.secret.take() else {
            return false;
        };
        let place = (start, self.at);
        let Some(shown) = self.hides(place, scanned.closed, self.name, rule) else {
            return false;
        };
        self.replace(start, self.at, rule, shown.as_deref());
        true
    }

    /// Masks a string that holds more, or a secret that shows by itself.
    #[inline(never)]
    fn look_inside(&mut self, start: usize, scanned: Text) {
        let raw = self.source.get(start + 1..scanned.end).unwrap_or_default();
        if !scanned.closed
            || scanned.is_marked_by_more_than_colons()
            || scanned.is_marked() && !inside::has_time(raw)
            || inside::may_be_secret(raw)
            || self.looks_at_all
            || prose::may_say_without_signs(raw)
        {
            let content = text::decoded(raw);
            self.mask_inside(start, scanned, |pass, level| {
                inside::mask(&content, !scanned.closed, level, pass)
            });
        } else if scanned.may_find(self.pass.detectors, start + 1) {
            self.mask_inside(start, scanned, |pass, _| {
                pass.mask_what_is_found(raw, false)
            });
        }
    }

    fn mask_inside(
        &mut self,
        start: usize,
        scanned: Text,
        mask: impl FnOnce(&mut Pass<'_>, u8) -> Option<String>,
    ) {
        let mark = self.pass.report.mark();
        let masked = mask(self.pass, self.level);
        let (nesting, source) = (&self.nesting, self.source);
        self.pass.report.under(&mark, || nesting.pointer(source));
        if let Some(masked) = masked {
            if self.role.names() {
                let rule = siblings::named(self.pass.fields, &masked);
                self.siblings
                    .rewritten(self.role, rule, self.nesting.depth());
            }
            self.out.rewrite(start + 1, scanned.end, |out| {
                text::encode(&masked, out);
            });
        }
    }

    /// Decides on a value of a secret's name: `None` where it stays, otherwise the content of what shows, the mark where that is `None`.
    ///
    /// Of a value that was cut the shape is not known, nor may anything of it show.
    pub(super) fn hides(
        &self,
        (start, end): (usize, usize),
        is_whole: bool,
        name: Name,
        rule: RuleId,
    ) -> Option<Option<String>> {
        let value = self.source.get(start..end).unwrap_or_default();
        let shape = self.pass.fields.shape(rule);
        match value.as_bytes().first() {
            Some(b'"') => {
                let raw = value.get(1..).unwrap_or_default();
                let content = text::decoded(raw.strip_suffix('"').unwrap_or(raw));
                match is_whole {
                    true if shape.hides(&content) => {
                        Some(self.pass.stands_for_field(rule, &content))
                    }
                    true => None,
                    false => Some(None),
                }
            }
            Some(b'{' | b'[') => shape.hides_all().then_some(None),
            Some(b't' | b'f') => {
                let name = self.source.get(name.start..name.end);
                let asks = |name: &str| names::asks(&text::decoded(name));
                // A pointer leads to the very value, whatever its name.
                let is_answer = is_whole && !rule.is_pointer() && name.is_some_and(asks);
                let hides = !is_answer && shape.hides(value);
                hides.then_some(None)
            }
            Some(b'n') => shape.hides(value).then_some(None),
            _ => {
                let hides = match shape {
                    // `"code": 201234` is the number of an error.
                    Shape::Code => Shape::Opaque.hides(value),
                    shape => shape.hides(value),
                };
                let shown = is_whole.then(|| self.pass.stands_for_field(rule, value));
                hides.then(|| shown.flatten())
            }
        }
    }

    /// Masks what the detectors find in a name. Tells whether there was something.
    pub(super) fn look_into_name(&mut self, start: usize, end: usize) -> bool {
        let raw = self.source.get(start..end).unwrap_or_default();
        let mark = self.pass.report.mark();
        let Some(masked) = self.pass.mask_found(&text::decoded(raw), false) else {
            return false;
        };
        // The end of a token can read as words of something harmless.
        self.secret = self.secret.or_else(|| self.pass.fields.decide(&masked));
        self.nesting.hide_name();
        let (nesting, source) = (&self.nesting, self.source);
        self.pass.report.under(&mark, || nesting.pointer(source));
        self.shown_lead = Some(self.out.position(self.lead));
        self.out
            .rewrite(start, end, |out| text::encode(&masked, out));
        true
    }

    /// Tells whether a detector or a pattern may find a number or literal of this length.
    #[inline]
    fn may_find_number(&self, length: usize) -> bool {
        length >= detect::SHORTEST_NUMBER || self.pass.patterns.is_on()
    }

    /// Replaces a number that a detector knows.
    fn find_number(&mut self, start: usize) {
        let digits = self.source.get(start..self.at).unwrap_or_default();
        let Some((rule, shown)) = self.pass.find_number(digits) else {
            return;
        };
        let rule = rule.to_owned();
        self.out.replace(start, self.at, shown.as_deref());
        let (nesting, source) = (&self.nesting, self.source);
        let pointer = || nesting.pointer(source);
        self.pass.report.masked(pointer, &rule, digits.len());
    }

    /// Tells whether a rule takes the present member out, with its name.
    pub(super) fn is_removed(&self, rule: RuleId) -> bool {
        self.nesting.in_object() && self.pass.fields.replacement(rule) == Replacement::Remove
    }

    /// Tells whether the present member is the first that shows.
    pub(super) fn is_first(&self) -> bool {
        self.bytes.get(self.lead) != Some(&b',')
    }

    /// Tells whether a place of the source holds its replacement already.
    pub(super) fn is_same(&self, start: usize, end: usize, shown: Option<&str>) -> bool {
        let value = self.source.get(start..end).unwrap_or_default();
        let content = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        content.is_some_and(|it| self.pass.stays(it, shown.unwrap_or(MASKED)))
    }

    /// Puts the replacement of a secret in the place of its source.
    pub(super) fn replace(&mut self, start: usize, end: usize, rule: RuleId, shown: Option<&str>) {
        if !self.is_removed(rule) && self.is_same(start, end, shown) {
            return;
        }
        match self.is_removed(rule) {
            true => {
                let is_first = self.is_first();
                self.out.remove(self.lead, self.shown_lead, end, is_first);
            }
            false => self.out.replace(start, end, shown),
        }
        let (nesting, source) = (&self.nesting, self.source);
        let name = self.pass.fields.rule_name(rule);
        self.pass
            .report
            .masked(|| nesting.pointer(source), name, end - start);
    }
}

/// Tells whether text that begins with this byte may be base64 of JSON or credentials: the rest need not be asked of most texts.
#[inline]
fn begins_as_secret(first: u8) -> bool {
    matches!(first, b'e' | b'W' | b'B' | b'b' | ..=b' ' | 0x80..)
}
