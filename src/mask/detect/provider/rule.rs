use crate::mask::detect::source::{self, ALNUM, DIGIT, LOWER, Set, UPPER};

/// A vendor's mark, and what follows it.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) prefix: &'static [u8],
    pub(super) set: Set,
    pub(super) least: u16,
    pub(super) most: Option<u16>,
    pub(super) asks: Asks,
    /// How much of the mark is no part of the secret.
    pub(super) shows: usize,
    /// Whether a dash, dot or underscore before it makes it part of something else.
    pub(super) apart: bool,
}

/// What the characters after a mark must have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Digit,
    /// A digit and letters of both cases.
    Mix,
    /// `_secret_`, between an id and its secret.
    SecretAfterId,
}

impl Asks {
    pub(super) fn are_met(self, bytes: &[u8]) -> bool {
        match self {
            Self::Nothing => true,
            Self::Digit => source::any(bytes, DIGIT),
            Self::Mix => [DIGIT, LOWER, UPPER]
                .iter()
                .all(|&it| source::any(bytes, it)),
            Self::SecretAfterId => memchr::memmem::find(bytes, b"_secret_").is_some(),
        }
    }
}

/// A key of at least so many letters and digits, one of which is a digit.
pub(super) const fn key(prefix: &'static str, least: u16) -> Rule {
    Rule {
        prefix: prefix.as_bytes(),
        set: ALNUM,
        least,
        most: None,
        asks: Asks::Digit,
        shows: 0,
        apart: false,
    }
}

impl Rule {
    pub(super) const fn of(mut self, set: Set) -> Self {
        self.set = set;
        self
    }

    /// Lets no more follow than the least.
    pub(super) const fn exactly(mut self) -> Self {
        self.most = Some(self.least);
        self
    }

    pub(super) const fn asking(mut self, asks: Asks) -> Self {
        self.asks = asks;
        self
    }

    /// Shows the mark, which says what follows and is no part of it.
    pub(super) const fn showing_the_mark(mut self) -> Self {
        self.shows = self.prefix.len();
        self
    }

    pub(super) const fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
}
