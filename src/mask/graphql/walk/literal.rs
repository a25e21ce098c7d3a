use super::super::Malformed;
use super::super::lexer::{self, Kind, Token};
use super::{Expect, Frame, Holds, Walk};
use crate::mask::names::{Role, RuleId, Shape};
use crate::mask::{MASKED, inside};

/// The arguments of one kind that are looked at in one bracket.
const MAX_MEMBERS: usize = 16;
/// Names that are values and say nothing.
const KEYWORDS: [&str; 3] = ["true", "false", "null"];

/// What becomes of values.
impl Walk<'_, '_, '_> {
    /// Replaces the values of a bracket that a sibling names, or whose name may have been cut off.
    pub(super) fn settle(&mut self, frame: &Frame, is_cut: bool) {
        let doubtful = (is_cut && !frame.is_named).then_some(RuleId::UNNAMED);
        for &(start, end, role) in &frame.values {
            if let Some(rule) = frame.named.rule(role).or(doubtful) {
                self.replace(start, end, rule, None);
            }
        }
        for &(name, role) in &frame.variables {
            if let Some(rule) = frame.named.rule(role) {
                self.bind(name, rule);
            }
        }
    }

    pub(super) fn value(&mut self, token: Token) -> Result<(), Malformed> {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else {
            return Err(Malformed);
        };
        frame.expect = match frame.holds {
            // A directive or the next variable.
            Holds::Variables => Expect::Type,
            _ => Expect::Item,
        };
        let is_shown = std::mem::take(&mut frame.is_listed) || frame.is_shown;
        let rule = frame.rule.take();
        let role = std::mem::replace(&mut frame.role, Role::None);
        if token.kind == Kind::Sign(b'$') {
            frame.expect = Expect::Variable;
            let around = self.hidden.map(|it| it.2);
            self.variables.takes = around.or(rule);
            self.variables.role = match rule {
                Some(_) => Role::None,
                None => role,
            };
            return Ok(());
        }
        if frame.holds == Holds::Variables
            && !(token.kind == Kind::Name
                && KEYWORDS.contains(&self.source.get(token.start..token.end).unwrap_or_default()))
        {
            self.variables.default_begins(token);
        }
        let bracket = match token.kind {
            Kind::Sign(b'{') => Some(Holds::Members),
            Kind::Sign(b'[') => Some(Holds::Values),
            _ => None,
        };
        // What no list lets show is replaced anyway.
        let may_show = is_shown || bracket.is_some();
        let is_value = role.holds() && rule.is_none() && may_show;
        if is_value && frame.values.len() < MAX_MEMBERS {
            frame.values.push((token.start, self.source.len(), role));
            frame.is_open = true;
        }
        if let Some(holds) = bracket {
            let hides = rule.filter(|&it| self.pass.fields.shape(it).hides_all());
            if let (Some(rule), None) = (hides, self.hidden) {
                self.hidden = Some((depth, token.start, rule));
            }
            self.open(token, holds, Expect::Item)?;
            if let Some(frame) = self.frames.last_mut() {
                frame.is_shown = is_shown;
            }
            return Ok(());
        }
        frame.ended(token.end);
        match token.kind {
            Kind::Text | Kind::BlockText => self.string(token, rule, role, is_shown),
            Kind::Name | Kind::Number => {
                self.scalar(token, rule, is_shown);
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    fn string(
        &mut self,
        token: Token,
        rule: Option<RuleId>,
        role: Role,
        is_shown: bool,
    ) -> Result<(), Malformed> {
        let text = lexer::decoded(token, self.source)?;
        if let Some(frame) = self.frames.last_mut().filter(|_| role.names()) {
            frame.is_named = true;
            let decided = self.pass.decide_sibling(&text, |fields, text| {
                text.split('/').find_map(|it| fields.decide_once(it))
            });
            frame.named.take(role, decided);
        }
        if self.hidden.is_some() || self.is_brief {
            return Ok(());
        }
        if let Some(rule) = rule.filter(|&it| self.pass.fields.shape(it).hides(&text)) {
            let shown = self.pass.stands_for_field(rule, &text);
            self.replace(token.start, token.end, rule, shown.as_deref());
        } else if !is_shown {
            self.replace(token.start, token.end, RuleId::NOT_LISTED, None);
        } else if (inside::may_hold(&text) || self.pass.may_find(&text))
            && let Some(masked) = inside::mask(&text, false, self.level + 1, self.pass)
        {
            let quoted = serde_json::Value::String(masked).to_string();
            self.edits.replace(token.start, token.end, quoted);
        }
        Ok(())
    }

    fn scalar(&mut self, token: Token, rule: Option<RuleId>, is_shown: bool) {
        if self.hidden.is_some() || self.is_brief {
            return;
        }
        let text = self.text(token);
        let hides = |rule: RuleId| match (token.kind, self.pass.fields.shape(rule)) {
            (Kind::Name, _) if KEYWORDS.contains(&text) => false,
            // `code: 201234` is the number of an error.
            (Kind::Number, Shape::Code) => Shape::Opaque.hides(text),
            (_, shape) => shape.hides(text),
        };
        let rule = rule.filter(|&rule| hides(rule));
        if let Some(rule) = rule.or((!is_shown).then_some(RuleId::NOT_LISTED)) {
            let shown = self.pass.stands_for_field(rule, text);
            self.replace(token.start, token.end, rule, shown.as_deref());
        } else if token.kind == Kind::Number
            && let Some((rule, shown)) = self.pass.find_number(text)
        {
            let rule = rule.to_owned();
            self.put(token.start, token.end, &rule, shown.as_deref());
        }
    }

    pub(super) fn replace(&mut self, start: usize, end: usize, rule: RuleId, shown: Option<&str>) {
        let value = self.source.get(start..end).unwrap_or_default();
        let content = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        if content.is_some_and(|it| self.pass.stays(it, shown.unwrap_or(MASKED))) {
            return;
        }
        let rule = self.pass.fields.rule_name(rule).to_owned();
        self.put(start, end, &rule, shown);
    }

    fn put(&mut self, start: usize, end: usize, rule: &str, shown: Option<&str>) {
        self.pass.report.masked(String::new, rule, end - start);
        let shown = shown.unwrap_or(MASKED);
        self.edits.replace(start, end, format!("\"{shown}\""));
    }
}

impl Frame {
    /// Notes where the present value ends.
    pub(super) fn ended(&mut self, end: usize) {
        if std::mem::take(&mut self.is_open)
            && let Some(last) = self.values.last_mut()
        {
            last.1 = end;
        }
    }
}
