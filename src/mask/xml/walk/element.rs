use super::super::siblings::{self, Siblings, Value};
use super::super::tag::{Attribute, Tag};
use super::super::{Malformed, references, tag};
use super::{Frame, Walk};
use crate::mask::names::{self, Named, Role, RuleId};
use crate::mask::{MASKED, Replacement, inside};

/// Deeper elements have no siblings.
const MAX_DEPTH: usize = 256;
/// Attributes that say what kind of secret an element holds.
const ABOUT: [&str; 12] = [
    "algorithm",
    "encoding",
    "encodingtype",
    "format",
    "id",
    "lang",
    "name",
    "nil",
    "schemalocation",
    "space",
    "type",
    "valuetype",
];
/// Attributes whose value says what an element is and not what its text is called.
const KINDS: [&str; 3] = ["type", "kind", "path"];
/// Elements with a secret's name that hold harmless ones beside the secret.
const CONTAINERS: [&str; 3] = ["Signature", "UsernameToken", "RequestSecurityToken"];

/// What becomes of an element and its attributes.
impl<'t> Walk<'t, '_, '_> {
    pub(super) fn open(&mut self, start: usize, end: usize, empty: bool) -> Result<(), Malformed> {
        let tag = tag::read(self.source, start, end)?;
        self.check_name(tag.name)?;
        for attribute in &tag.attributes {
            self.check_name(attribute.name)?;
            references::decoded(attribute.value)?;
        }
        if self.frames.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(Malformed);
        }
        self.look_inside(false);
        self.enter(&tag);
        let local = tag::local(tag.name);
        let known = self.pass.fields.known(match local {
            "SignatureValue" => "signature",
            _ => local,
        });
        // `d` and `k` are members of a JSON Web Key and here a path or anything else.
        let own = known.rule.filter(|_| local.len() > 1);
        let is_shown = self.is_shown() || self.pass.fields.lists(local);
        let mut rule = None;
        if self.hidden.is_none() {
            let next = self.frames.last_mut().and_then(|it| it.siblings.as_mut());
            let next = next.and_then(|it| it.next.take());
            let named = self.attributes(&tag, own, known.role, is_shown)?;
            rule = own.or(next.filter(|_| !known.role.names())).or(named);
        }
        if !empty {
            self.frames.push(Frame {
                name: tag.name,
                start,
                content: end,
                rule,
                role: known.role,
                is_shown,
                has_children: false,
                siblings: None,
            });
        }
        Ok(())
    }

    /// Tells the element around a tag that it holds elements.
    fn enter(&mut self, child: &Tag<'_>) {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if std::mem::replace(&mut frame.has_children, true) {
            return;
        }
        let is_container = CONTAINERS.contains(&tag::local(frame.name))
            && (tag::local(frame.name) != "Signature" || tag::local(child.name) == "SignedInfo");
        frame.rule = frame.rule.filter(|_| !is_container);
        let hides = |rule: RuleId| self.pass.fields.shape(rule).hides_all();
        if frame.rule.is_some_and(hides) && self.hidden.is_none() {
            self.hidden = Some(depth - 1);
        }
    }

    /// Masks the attributes of an element. Returns the rule of its text, where an attribute names it.
    fn attributes(
        &mut self,
        tag: &Tag<'t>,
        own: Option<RuleId>,
        role: Role,
        is_shown: bool,
    ) -> Result<Option<RuleId>, Malformed> {
        let (mut named, mut names_text) = (Named::default(), None);
        for attribute in &tag.attributes {
            let local = tag::local(attribute.name);
            let namer = self.pass.fields.known(local).role;
            if namer.names() {
                let value = references::decoded(attribute.value)?;
                let rule = self.pass.decide_sibling(&value, siblings::named);
                named.take(namer, rule);
                let is_kind = KINDS.iter().any(|it| it.eq_ignore_ascii_case(local));
                if !is_kind || role == Role::Holds {
                    names_text = names_text.or(rule);
                }
            }
        }
        for attribute in tag.attributes.iter() {
            let local = tag::local(attribute.name);
            let known = self.pass.fields.known(local);
            // `<meta name="csrf-token" content="x"/>`
            let role = match local.eq_ignore_ascii_case("content") {
                true => Role::Holds,
                false => known.role,
            };
            let by_element = own.filter(|&rule| {
                let is_about = ABOUT.iter().any(|it| it.eq_ignore_ascii_case(local));
                role == Role::Holds || !is_about && self.pass.fields.shape(rule).hides_all()
            });
            let rule = known.rule.filter(|_| local.len() > 1);
            let rule = rule.or(by_element).or(named.rule(role));
            // A namespace is a part of names.
            let is_name = attribute.is_namespace();
            let is_shown = is_shown || is_name || self.pass.fields.lists(local);
            self.attribute(attribute, rule.filter(|_| !is_name), is_shown)?;
        }
        Ok(names_text)
    }

    fn attribute(
        &mut self,
        attribute: &Attribute<'t>,
        rule: Option<RuleId>,
        is_shown: bool,
    ) -> Result<(), Malformed> {
        let value = references::decoded(attribute.value)?;
        let (start, end) = (attribute.value_start, attribute.value_end());
        let local = tag::local(attribute.name);
        let rule = rule.filter(|&rule| self.hides(rule, local, &value));
        let not_listed = || (!is_shown && !value.is_empty()).then_some(RuleId::NOT_LISTED);
        if let Some(rule) = rule.or_else(not_listed) {
            let shown = self.pass.stands_for_field(rule, &value);
            let stands = shown.as_deref().unwrap_or(MASKED);
            let is_removed = self.pass.fields.replacement(rule) == Replacement::Remove;
            if !is_removed && self.pass.stays(&value, stands) {
                return Ok(());
            }
            match self.pass.fields.replacement(rule) {
                Replacement::Remove => self.edits.replace(attribute.start, attribute.end(), ""),
                _ => self.put(start, end, shown.as_deref().unwrap_or(MASKED)),
            }
            let (frames, rule) = (&self.frames, self.pass.fields.rule_name(rule));
            self.pass.report.masked(
                || format!("{} @{local}", Self::pointer(frames)),
                rule,
                end - start,
            );
        } else if inside::may_hold(&value) || self.pass.may_find(&value) {
            let mark = self.pass.report.mark();
            let masked = inside::mask(&value, false, self.level, self.pass);
            let frames = &self.frames;
            self.pass
                .report
                .under(&mark, || format!("{} @{local}", Self::pointer(frames)));
            if let Some(masked) = masked {
                self.put(start, end, &masked);
            }
        }
        Ok(())
    }

    /// Tells whether a value or text of a name is replaced.
    pub(super) fn hides(&self, rule: RuleId, name: &str, value: &str) -> bool {
        let value = value.trim();
        // `true` under a name that is no secret's says something about the secret beside it.
        let is_answer = matches!(value, "true" | "false")
            && (names::asks(name) || self.pass.fields.decide_once(name).is_none());
        !value.is_empty() && !is_answer && self.pass.fields.shape(rule).hides(value)
    }

    /// Returns the children of the innermost element that may belong together.
    pub(super) fn siblings(&mut self) -> Option<&mut Siblings> {
        let is_near = self.frames.len() <= MAX_DEPTH;
        let frame = self.frames.last_mut().filter(|_| is_near)?;
        Some(frame.siblings.get_or_insert_default())
    }

    /// Takes an element that may name a sibling or be named by one.
    pub(super) fn pair(&mut self, frame: &Frame<'_>, text: Option<&str>, end: usize) {
        match (frame.role, text) {
            (role, Some(text)) if role.names() => {
                let rule = self.pass.decide_sibling(text, siblings::named);
                let is_key = tag::local(frame.name) == "key";
                if let Some(siblings) = self.siblings() {
                    siblings.name(role, rule);
                    siblings.next = rule.filter(|_| is_key);
                }
            }
            // What no list lets show is replaced already.
            (role, _) if role.holds() && (frame.is_shown || frame.has_children) => {
                let value = Value {
                    start: frame.content,
                    end,
                    is_text: !frame.has_children,
                    role,
                };
                if let Some(siblings) = self.siblings() {
                    siblings.value(value);
                }
            }
            _ => {}
        }
    }

    /// Puts text in the place of a part.
    pub(super) fn put(&mut self, start: usize, end: usize, text: &str) {
        self.edits.replace(start, end, references::encoded(text));
    }
}
