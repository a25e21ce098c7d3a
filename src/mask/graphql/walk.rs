use super::lexer::{Kind, Lexer, Token};
use super::{Malformed, Told};
use crate::mask::Pass;
use crate::mask::edits::Edits;
use crate::mask::names::{Named, Role, RuleId};
use variables::Variables;

mod literal;
mod variables;

/// The most open brackets; servers allow fewer.
pub(super) const MAX_DEPTH: usize = 256;
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
    /// Whether the name before the next value is listed.
    is_listed: bool,
    /// Whether all values within show: a name around them is listed, or no list is needed.
    is_shown: bool,
    /// The rule of the first sibling that names a secret, and whether any names anything.
    named: Named,
    is_named: bool,
    /// Values that a sibling may name.
    values: Vec<(usize, usize, Role)>,
    /// Whether the last of them has not ended.
    is_open: bool,
    /// Where the names of variables stand of which a sibling may say that they are secrets.
    variables: Vec<((usize, usize), Role)>,
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
    variables: Variables<'t>,
    /// Whether variables are all that is asked for.
    is_brief: bool,
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
            variables: Variables::default(),
            is_brief: false,
            edits: Edits::default(),
            pass,
        }
    }

    pub(super) fn run(mut self) -> Result<Option<String>, Malformed> {
        self.read()?;
        self.settle_defaults();
        Ok(self.edits.apply(self.source, self.lexer.at()))
    }

    /// Returns the variables that secret arguments take, with their rules.
    ///
    /// It does not look into texts: they would be looked into once more for each document around them.
    pub(super) fn bound(mut self) -> Result<Vec<(&'t str, RuleId)>, Malformed> {
        self.is_brief = true;
        self.read()?;
        Ok(self.variables.bound)
    }

    fn read(&mut self) -> Result<(), Malformed> {
        while let Some(token) = self.lexer.next_token()? {
            match token.kind {
                Kind::Comment => self.comment(token),
                Kind::Name if self.is_found(token) => return Err(Malformed),
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

    /// Tells whether a name holds what is hidden wherever it stands, and cannot be replaced.
    fn is_found(&mut self, token: Token) -> bool {
        let name = self.text(token);
        self.pass.may_find(name) && self.pass.mask_found(name, false).is_some()
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
        let (holds, expected) = (frame.holds, frame.expect);
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
                frame.is_listed = self.pass.fields.lists(name);
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
            match (holds, expected) {
                (Holds::Variables, Expect::VariableName) => self.variables.name = self.name,
                (_, Expect::Variable) => self.variable(),
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, token: Token, holds: Holds, expect: Expect) -> Result<(), Malformed> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Malformed);
        }
        // What a text holds shows where the text does.
        let is_needed = self.told == Told::ByItsType && self.pass.fields.is_limited();
        let parent = self.frames.last();
        let is_shown = parent.map_or(!is_needed, |it| it.is_shown);
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
            is_listed: false,
            is_shown,
            named: Named::default(),
            is_named: false,
            values: Vec::new(),
            is_open: false,
            variables: Vec::new(),
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
        let is_definition = self
            .frames
            .last()
            .is_some_and(|it| it.holds == Holds::Variables);
        self.variables.default_ended(end, is_definition);
        match self.frames.last_mut() {
            Some(parent) => parent.ended(end),
            None if frame.holds == Holds::Selections => self.definitions += 1,
            None => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Malformed> {
        let is_whole = self.frames.is_empty() && self.head.is_none() && self.definitions > 0;
        if !is_whole && !self.cut {
            return Err(Malformed);
        }
        for frame in std::mem::take(&mut self.frames) {
            self.settle(&frame, true);
        }
        if let Some((_, start, rule)) = self.hidden {
            self.replace(start, self.source.len(), rule, None);
        }
        Ok(())
    }
}
