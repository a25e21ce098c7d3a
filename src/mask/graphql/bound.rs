//! The variables of documents that stand for secrets: `login(password: $p)` makes a secret of `p` in `{"query":"..","variables":{"p":"x"}}`.
//!
//! A document that cannot be understood, or whose rest was cut off, may make one of any variable.

use super::walk::Walk;
use super::{Malformed, Told};
use crate::mask::Pass;
use crate::mask::names::RuleId;

/// More variables than these are all taken for secrets.
const MAX_NAMES: usize = 256;

/// Which variables are secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::mask) struct Bound {
    names: Vec<(String, RuleId)>,
    is_all: bool,
}

impl Bound {
    /// Every variable.
    pub(in crate::mask) fn all() -> Self {
        Self {
            names: Vec::new(),
            is_all: true,
        }
    }

    /// Adds the variables that a document makes secrets.
    pub(in crate::mask) fn read(&mut self, document: &str, cut: bool, pass: &mut Pass<'_>) {
        // Without a text the server knows the document by its hash.
        if document.trim().is_empty() && !cut {
            return;
        }
        let mark = pass.report.mark();
        let found = Walk::new(document, cut, Told::ByItsType, 0, pass).bound();
        pass.report.forget(&mark);
        match found {
            Ok(names) => {
                self.is_all |= cut;
                for (name, rule) in names {
                    self.add(name, rule);
                }
            }
            Err(Malformed) => self.is_all = true,
        }
    }

    /// Adds the variables of other documents.
    pub(in crate::mask) fn merge(&mut self, other: &Self) {
        self.is_all |= other.is_all;
        for (name, rule) in &other.names {
            self.add(name, *rule);
        }
    }

    fn add(&mut self, name: &str, rule: RuleId) {
        if self.names.len() >= MAX_NAMES {
            self.is_all = true;
        } else if self.rule(name).is_none() {
            self.names.push((name.to_owned(), rule));
        }
    }

    /// Returns the rule of a variable that is a secret.
    pub(in crate::mask) fn rule(&self, name: &str) -> Option<RuleId> {
        let mut names = self.names.iter();
        names.find(|(it, _)| it == name).map(|(_, rule)| *rule)
    }

    /// Tells whether every variable may be a secret.
    pub(in crate::mask) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Tells whether none is.
    pub(in crate::mask) fn is_none(&self) -> bool {
        !self.is_all && self.names.is_empty()
    }
}
