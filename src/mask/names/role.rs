use super::RuleId;

/// What a member is to its siblings, as in `{"name":"password","value":"x"}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::mask) enum Role {
    /// Its value may be the name of another member's value.
    Names,
    /// As `Names`, but for members that [`Role::Changes`]: a message of the type `password_reset` is sent from one address to another.
    NamesKind,
    /// It may be the value that another member names.
    Holds,
    /// It may be what the value was or has become, as in `{"field":"password","from":"x","to":"y"}`.
    Changes,
    #[default]
    None,
}

impl Role {
    pub(in crate::mask) fn names(self) -> bool {
        matches!(self, Self::Names | Self::NamesKind)
    }

    pub(in crate::mask) fn holds(self) -> bool {
        matches!(self, Self::Holds | Self::Changes)
    }
}

/// The rules of the siblings that name secrets, the first of each role.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::mask) struct Named {
    by_any: Option<RuleId>,
    by_field: Option<RuleId>,
}

impl Named {
    /// Takes the rule of what a member of this role names.
    pub(in crate::mask) fn take(&mut self, role: Role, rule: Option<RuleId>) {
        if role.names() {
            self.by_any = self.by_any.or(rule);
        }
        if role == Role::Names {
            self.by_field = self.by_field.or(rule);
        }
    }

    /// Returns the rule of a member of this role.
    #[inline]
    pub(in crate::mask) fn rule(self, role: Role) -> Option<RuleId> {
        match role {
            Role::Holds => self.by_any,
            Role::Changes => self.by_field,
            Role::Names | Role::NamesKind | Role::None => None,
        }
    }
}
