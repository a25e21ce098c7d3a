use std::collections::HashMap;

use super::super::lexer::{Kind, Token};
use super::Walk;
use crate::mask::names::{Role, RuleId};

/// What a document does with its variables.
#[derive(Default)]
pub(super) struct Variables<'t> {
    /// Those that a secret argument takes.
    pub(super) bound: Vec<(&'t str, RuleId)>,
    /// Where the name stands that was defined last.
    pub(super) name: (usize, usize),
    /// The rule of the argument, or of what is around it, that takes the next one.
    pub(super) takes: Option<RuleId>,
    /// What that argument is to its siblings, of which one may name a secret.
    pub(super) role: Role,
    defaults: Vec<Default>,
}

/// The default of a variable.
struct Default {
    /// Where the variable's name stands.
    name: (usize, usize),
    start: usize,
    /// `None` while its bracket is open.
    end: Option<usize>,
}

impl Variables<'_> {
    pub(super) fn default_begins(&mut self, token: Token) {
        let is_bracket = matches!(token.kind, Kind::Sign(_));
        self.defaults.push(Default {
            name: self.name,
            start: token.start,
            end: (!is_bracket).then_some(token.end),
        });
    }

    /// Takes the end of a bracket, of which that of a default is the last to come.
    pub(super) fn default_ended(&mut self, end: usize, is_definition: bool) {
        if is_definition && let Some(last) = self.defaults.last_mut() {
            last.end.get_or_insert(end);
        }
    }
}

impl Walk<'_, '_, '_> {
    /// Takes the name of a variable that is a value.
    pub(super) fn variable(&mut self) {
        if let Some(rule) = self.variables.takes.take() {
            self.bind(self.name, rule);
        } else if self.variables.role.holds()
            && let Some(frame) = self.frames.last_mut()
        {
            frame.variables.push((self.name, self.variables.role));
        }
    }

    pub(super) fn bind(&mut self, (start, end): (usize, usize), rule: RuleId) {
        let name = self.source.get(start..end).unwrap_or_default();
        self.variables.bound.push((name, rule));
    }

    /// Replaces the defaults of variables that secret arguments take, and, of a document that was cut, of all that one may take further on.
    pub(super) fn settle_defaults(&mut self) {
        let mut rules = HashMap::new();
        for (name, rule) in self.variables.bound.drain(..) {
            rules.entry(name).or_insert(rule);
        }
        let doubt = self.cut.then_some(RuleId::UNNAMED);
        for it in std::mem::take(&mut self.variables.defaults) {
            let name = self.source.get(it.name.0..it.name.1).unwrap_or_default();
            let end = it.end.unwrap_or(self.source.len());
            if let Some(rule) = rules.get(name).copied().or(doubt) {
                self.replace(it.start, end, rule, None);
            }
        }
    }
}
