use super::lexer::{self, Kind, Lexer, Token};
use super::{Malformed, Told};
use crate::mask::edits::Edits;
use crate::mask::names::{Role, RuleId, Shape};
use crate::mask::{MASKED, Pass, inside};

/// The most open brackets; servers allow fewer.
pub(super) const MAX_DEPTH: usize = 256;
/// The arguments of one kind that are looked at in one bracket.
const MAX_MEMBERS: usize = 16;
pub(super) const OPERATIONS: [&str; 4] = ["query", "mutation", "subscription", "fragment"];

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Selections,
    /// Arguments, or the fields of an input object: names and values.
    Members,
    /// Definitions of variables.
    Variables,
    Values,
}

/// What may come next in a bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A selection, the name of a member, `$` of a variable, or the end.
    Item,
    /// After a name that may be an alias.
    AfterName,
    /// After a name, a directive or arguments.
    AfterItem,
    AfterSpread,
    FieldOfAlias,
    DirectiveName,
    VariableName,
    Colon,
    Type,
    Value,
    /// The name of a variable that is a value.
    Variable,
}

struct Frame {
    holds: Holds,
    expect: Expect,
    closes: u8,
    /// The rule of the name before the next value, and what the value is to its siblings.
    rule: Option<RuleId>,
    role: Role,
    /// The rule of the first sibling that names a secret, and whether any names anything.
    named: Option<RuleId>,
    is_named: bool,
    /// Values that a sibling may name.
    values: Vec<(usize, usize)>,
    /// Whether the last of them has not ended.
    is_open: bool,
}

/// The state of one pass.
pub(super) struct Walk<'t, 'p, 'm> {
    source: &'t str,
    lexer: Lexer<'t>,
    cut: bool,
    told: Told,
    level: u8,
    frames: Vec<Frame>,
    /// What may come next outside of all brackets: nothing but a definition, or the rest of its head.
    head: Option<Expect>,
    is_anonymous: bool,
    definitions: usize,
    /// Where the last name stands.
    name: (usize, usize),
    /// The value that is being replaced: how many brackets are open around it, where it begins, and its rule.
    hidden: Option<(usize, usize, RuleId)>,
    edits: Edits,
    pass: &'p mut Pass<'m>,
}

impl<'t, 'p, 'm> Walk<'t, 'p, 'm> {
    pub(super) fn new(
        source: &'t str,
        cut: bool,
        told: Told,
        level: u8,
        pass: &'p mut Pass<'m>,
    ) -> Self {
        Self {
            source,
            lexer: Lexer::new(source, cut),
            cut,
            told,
            level,
            frames: Vec::new(),
            head: None,
            is_anonymous: false,
            definitions: 0,
            name: (0, 0),
            hidden: None,
            edits: Edits::default(),
            pass,
        }
    }

    pub(super) fn run(mut self) -> Result<Option<String>, Malformed> {
        while let Some(token) = self.lexer.next_token()? {
            match token.kind {
                Kind::Comment => self.comment(token),
                _ if self.frames.is_empty() => self.outside(token)?,
                _ => self.inside(token)?,
            }
        }
        self.finish()
    }

    fn comment(&mut self, token: Token) {
        let content = self.text(token).trim_start_matches('#').trim();
        if !content.is_empty() {
            self.pass
                .report
                .masked(String::new, "comment", content.len());
            self.edits.replace(token.start + 1, token.end, "");
        }
    }

    fn text(&self, token: Token) -> &'t str {
        self.source.get(token.start..token.end).unwrap_or_default()
    }

    fn outside(&mut self, token: Token) -> Result<(), Malformed> {
        use Expect::{AfterItem, AfterName, DirectiveName};
        self.head = match (self.head, token.kind) {
            (None, Kind::Name) if OPERATIONS.contains(&self.text(token)) => Some(AfterName),
            (None, Kind::Sign(b'{')) => {
                self.is_anonymous |= self.definitions == 0;
                return self.open(token, Holds::Selections, Expect::Item);
            }
            (Some(AfterName | AfterItem), Kind::Sign(b'{')) => {
                self.head = None;
                return self.open(token, Holds::Selections, Expect::Item);
            }
            (Some(AfterName), Kind::Name) => Some(AfterName),
            (Some(AfterName), Kind::Sign(b'(')) => {
                self.head = Some(AfterItem);
                return self.open(token, Holds::Variables, Expect::Item);
            }
            (Some(AfterName | AfterItem), Kind::Sign(b'@')) => Some(DirectiveName),
            (Some(DirectiveName), Kind::Name) => Some(AfterItem),
            (Some(AfterItem), Kind::Sign(b'(')) => {
                return self.open(token, Holds::Members, Expect::Item);
            }
            _ => return Err(Malformed),
        };
        Ok(())
    }

    fn inside(&mut self, token: Token) -> Result<(), Malformed> {
        use Expect::*;
        let source = self.source;
        let Some(frame) = self.frames.last_mut() else {
            return Err(Malformed);
        };
        frame.expect = match (frame.holds, frame.expect, token.kind) {
            (_, Item | AfterName | AfterItem | Type, Kind::Sign(sign)) if sign == frame.closes => {
                return self.close(token.end);
            }
            (Holds::Values, Item, _) | (_, Value, _) => return self.value(token),
            (_, Variable, Kind::Name) => match frame.holds {
                Holds::Variables => Type,
                _ => Item,
            },
            (Holds::Selections, Item | AfterName | AfterItem, Kind::Name) => AfterName,
            (Holds::Selections, Item | AfterName | AfterItem, Kind::Spread) => AfterSpread,
            (Holds::Selections, AfterSpread, Kind::Name) => AfterItem,
            (Holds::Selections, AfterName, Kind::Sign(b':')) => FieldOfAlias,
            (Holds::Selections, FieldOfAlias, Kind::Name) => AfterItem,
            (_, DirectiveName, Kind::Name) => AfterItem,
            (Holds::Selections, AfterName | AfterItem | AfterSpread, Kind::Sign(b'@')) => {
                DirectiveName
            }
            (Holds::Variables, Type | AfterItem, Kind::Sign(b'@')) => DirectiveName,
            (Holds::Selections, AfterName | AfterItem, Kind::Sign(b'('))
            | (Holds::Variables, AfterItem, Kind::Sign(b'(')) => {
                frame.expect = AfterItem;
                return self.open(token, Holds::Members, Item);
            }
            (Holds::Selections, AfterName | AfterItem | AfterSpread, Kind::Sign(b'{')) => {
                frame.expect = AfterItem;
                return self.open(token, Holds::Selections, Item);
            }
            (Holds::Members, Item, Kind::Name) | (Holds::Variables, VariableName, Kind::Name) => {
                let name = source.get(token.start..token.end).unwrap_or_default();
                let known = self.pass.fields.known(name);
                (frame.rule, frame.role) = (known.rule, known.role);
                Colon
            }
            (Holds::Members, Colon, Kind::Sign(b':')) => Value,
            (Holds::Variables, Item | Type | AfterItem, Kind::Sign(b'$')) => VariableName,
            (Holds::Variables, Colon, Kind::Sign(b':')) => Type,
            (Holds::Variables, Type, Kind::Name | Kind::Sign(b'[' | b']' | b'!')) => Type,
            (Holds::Variables, Type, Kind::Sign(b'=')) => Value,
            _ => return Err(Malformed),
        };
        let is_alias = frame.expect == Expect::FieldOfAlias && token.kind != Kind::Name;
        if is_alias && self.is_anonymous && self.told == Told::ByItself {
            let alias = self
                .source
                .get(self.name.0..self.name.1)
                .unwrap_or_default();
            if self.pass.fields.decide(alias).is_some() {
                return Err(Malformed);
            }
        }
        if token.kind == Kind::Name {
            self.name = (token.start, token.end);
        }
        Ok(())
    }

    fn open(&mut self, token: Token, holds: Holds, expect: Expect) -> Result<(), Malformed> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Malformed);
        }
        self.frames.push(Frame {
            holds,
            expect,
            closes: match token.kind {
                Kind::Sign(b'(') => b')',
                Kind::Sign(b'[') => b']',
                _ => b'}',
            },
            rule: None,
            role: Role::None,
            named: None,
            is_named: false,
            values: Vec::new(),
            is_open: false,
        });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Malformed> {
        let Some(frame) = self.frames.pop() else {
            return Err(Malformed);
        };
        if self.hidden.is_none() {
            self.settle(&frame, false);
        }
        if let Some((_, start, rule)) = self.hidden.take_if(|it| it.0 == self.frames.len()) {
            self.replace(start, end, rule, None);
        }
        match self.frames.last_mut() {
            Some(parent) => parent.ended(end),
            None if frame.holds == Holds::Selections => self.definitions += 1,
            None => {}
        }
        Ok(())
    }

    /// Replaces the values of a bracket that a sibling names, or whose name may have been cut off.
    fn settle(&mut self, frame: &Frame, is_cut: bool) {
        let doubtful = (is_cut && !frame.is_named).then_some(RuleId::UNNAMED);
        if let Some(rule) = frame.named.or(doubtful) {
            for &(start, end) in &frame.values {
                self.replace(start, end, rule, None);
            }
        }
    }

    fn value(&mut self, token: Token) -> Result<(), Malformed> {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else {
            return Err(Malformed);
        };
        frame.expect = match frame.holds {
            // A directive or the next variable.
            Holds::Variables => Expect::Type,
            _ => Expect::Item,
        };
        let rule = frame.rule.take();
        let role = std::mem::replace(&mut frame.role, Role::None);
        if token.kind == Kind::Sign(b'$') {
            frame.expect = Expect::Variable;
            return Ok(());
        }
        if role == Role::Holds && rule.is_none() && frame.values.len() < MAX_MEMBERS {
            frame.values.push((token.start, self.source.len()));
            frame.is_open = true;
        }
        if let Kind::Sign(sign @ (b'{' | b'[')) = token.kind {
            let hides = rule.filter(|&it| self.pass.fields.shape(it).hides_all());
            if let (Some(rule), None) = (hides, self.hidden) {
                self.hidden = Some((depth, token.start, rule));
            }
            return match sign {
                b'{' => self.open(token, Holds::Members, Expect::Item),
                _ => self.open(token, Holds::Values, Expect::Item),
            };
        }
        frame.ended(token.end);
        match token.kind {
            Kind::Text | Kind::BlockText => self.string(token, rule, role),
            Kind::Name | Kind::Number => {
                self.scalar(token, rule);
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    fn string(&mut self, token: Token, rule: Option<RuleId>, role: Role) -> Result<(), Malformed> {
        let text = lexer::decoded(token, self.source)?;
        if let (Role::Names, Some(frame)) = (role, self.frames.last_mut()) {
            frame.is_named = true;
            let decided = text
                .split('/')
                .find_map(|it| self.pass.fields.decide_once(it));
            frame.named = frame.named.or(decided);
        }
        if self.hidden.is_some() {
            return Ok(());
        }
        if let Some(rule) = rule.filter(|&it| self.pass.fields.shape(it).hides(&text)) {
            let shown = self.pass.stands_for_field(rule, &text);
            self.replace(token.start, token.end, rule, shown.as_deref());
        } else if inside::may_hold(&text)
            && let Some(masked) = inside::mask(&text, false, self.level + 1, self.pass)
        {
            let quoted = serde_json::Value::String(masked).to_string();
            self.edits.replace(token.start, token.end, quoted);
        }
        Ok(())
    }

    fn scalar(&mut self, token: Token, rule: Option<RuleId>) {
        let text = self.text(token);
        let Some(rule) = rule.filter(|_| self.hidden.is_none()) else {
            return;
        };
        let hides = match (token.kind, self.pass.fields.shape(rule)) {
            (Kind::Name, _) if matches!(text, "true" | "false" | "null") => false,
            // `code: 201234` is the number of an error.
            (Kind::Number, Shape::Code) => Shape::Opaque.hides(text),
            (_, shape) => shape.hides(text),
        };
        if hides {
            let shown = self.pass.stands_for_field(rule, text);
            self.replace(token.start, token.end, rule, shown.as_deref());
        }
    }

    fn replace(&mut self, start: usize, end: usize, rule: RuleId, shown: Option<&str>) {
        let rule = self.pass.fields.rule_name(rule);
        self.pass.report.masked(String::new, rule, end - start);
        let shown = shown.unwrap_or(MASKED);
        self.edits.replace(start, end, format!("\"{shown}\""));
    }

    fn finish(mut self) -> Result<Option<String>, Malformed> {
        let is_whole = self.frames.is_empty() && self.head.is_none() && self.definitions > 0;
        if !is_whole && !self.cut {
            return Err(Malformed);
        }
        let certain = self.lexer.at();
        for frame in std::mem::take(&mut self.frames) {
            self.settle(&frame, true);
        }
        if let Some((_, start, rule)) = self.hidden {
            self.replace(start, self.source.len(), rule, None);
        }
        Ok(self.edits.apply(self.source, certain))
    }
}

impl Frame {
    /// Notes where the present value ends.
    fn ended(&mut self, end: usize) {
        if std::mem::take(&mut self.is_open)
            && let Some(last) = self.values.last_mut()
        {
            last.1 = end;
        }
    }
}
