use super::Walk;
use crate::mask::names::RuleId;

/// The variables of a request.
#[derive(Clone, Copy)]
pub(super) struct Variables {
    /// Where they begin.
    start: usize,
    /// How many brackets are open around them.
    pub(super) around: usize,
    /// How many are open around the names of variables.
    depth: usize,
}

/// Variables of GraphQL requests.
impl Walk<'_, '_, '_> {
    /// Looks whether the value that begins here is the variables of a request.
    #[inline(never)]
    pub(super) fn bind(&mut self, byte: u8) {
        self.pass.bound = None;
        let Some(bound) = self.requests.as_ref().and_then(|it| it.at(self.at)) else {
            return;
        };
        if bound.is_all() {
            self.secret = self.secret.or(Some(RuleId::UNREAD));
            return;
        }
        // Requests of a batch may share a text, and have a list of variables.
        let brackets = match byte {
            b'{' => 1,
            b'[' => 2,
            _ => {
                self.pass.bound = Some(Box::new(bound.clone()));
                return;
            }
        };
        let around = self.nesting.depth();
        self.variables = Some(Variables {
            start: self.at,
            around,
            depth: around + brackets,
        });
    }

    /// Returns the rule of a member that is a variable and goes to a secret argument.
    #[inline]
    pub(super) fn bound_rule(&self, name: &str) -> Option<RuleId> {
        let variables = self.variables?;
        self.rule_of_variable(variables, name)
    }

    #[inline(never)]
    fn rule_of_variable(&self, variables: Variables, name: &str) -> Option<RuleId> {
        if variables.depth != self.nesting.depth() {
            return None;
        }
        self.requests.as_ref()?.at(variables.start)?.rule(name)
    }
}
