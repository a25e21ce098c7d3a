//! Which names are those of secrets.
//!
//! A name is split into words at case changes (`apiKey`, `APIKey`), between letters and digits and at everything that is
//! neither, and compared in lower case. Full-width letters count as their ASCII ones and invisible characters as nothing. A rule is a
//! list of words too, and [`Fit`] says where in the name they must stand. A name that ends in what is said *about* a secret, such as
//! `password_policy`, is not a secret's, unless a rule of the user takes it.
//!
//! Decisions are kept in a cache of bounded size, so that a client that sends new names costs time
//! linear in what it sends, bounded memory, and the others their speed only for a while. The maps are the standard library's, keyed by SipHash.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

mod cache;
mod words;

use super::{presets, token};
use cache::Cache;
use words::Words;

/// A rule about names.
#[derive(Clone)]
pub(super) struct Rule {
    /// The rule's words as written in the table or by the user; also its name in reports.
    pub(super) name: String,
    pub(super) fit: Fit,
    pub(super) shape: Shape,
    /// Whether it comes from the user.
    pub(super) own: bool,
}

/// Where a rule's words must stand in a name. Every fit also takes the name that is the same without its separators.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Anywhere, as whole words in a row; the last also in the plural.
    Words,
    /// At the end, digits aside; also in the plural.
    Last,
    /// The whole name; also in the plural.
    Alone,
    /// Anywhere in the name without its separators, even within a word.
    Inside,
    /// The end of the last word, unless what stands before it is one of these.
    Ending(&'static [&'static str]),
}

/// How a value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As a whole.
    Whole,
    /// By what [`super::token::shown`] lets show.
    Token,
    /// As a whole, unless it is a number: the name is that of secrets and of how many there are.
    NoNumber,
    /// As a whole where it is a text that [`super::token::is_opaque`]: the name is as often harmless.
    Opaque,
    /// As `Opaque`, and where it is 6 to 8 digits: the name may be that of a one-time code.
    Code,
}

impl Shape {
    /// Tells whether a text of this shape is replaced.
    pub(super) fn hides(self, text: &str) -> bool {
        match self {
            Self::Whole | Self::Token => true,
            Self::NoNumber => text.parse::<f64>().is_err(),
            Self::Opaque => token::is_opaque(text),
            Self::Code => token::is_opaque(text) || token::is_one_time(text),
        }
    }

    /// Tells whether objects and lists are replaced too.
    pub(super) fn hides_all(self) -> bool {
        !matches!(self, Self::Opaque | Self::Code)
    }
}

/// What a member is to its siblings, as in `{"name":"password","value":"x"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its value may be the name of another member's value.
    Names,
    /// It may be the value that another member names.
    Holds,
    None,
}

/// What is known of a name.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) rule: Option<RuleId>,
    pub(super) role: Role,
    /// Whether it ends as a rule of several words does.
    pub(super) ends_rule: bool,
}

/// A rule of one [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleId(u16);

impl RuleId {
    /// The rule of a value whose name was cut off.
    pub(super) const UNNAMED: Self = Self(u16::MAX);
}

/// A compiled list of rules.
pub(super) struct Names {
    rules: Vec<Rule>,
    /// Whole names without separators.
    whole: HashMap<String, RuleId>,
    /// Rows of words, by their first word.
    rows: HashMap<String, Vec<(Vec<String>, RuleId)>>,
    /// The last words of rows of several.
    lasts: HashSet<String>,
    inside: Vec<(String, RuleId)>,
    endings: Vec<(String, RuleId)>,
    cache: Cache,
}

impl Names {
    /// Compiles rules; of two that fit a name the one of the exact name wins.
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        let mut names = Self {
            rules: Vec::with_capacity(rules.len()),
            whole: HashMap::new(),
            rows: HashMap::new(),
            lasts: HashSet::new(),
            inside: Vec::new(),
            endings: Vec::new(),
            cache: Cache::default(),
        };
        for rule in rules.into_iter().take(usize::from(u16::MAX)) {
            names.add(rule);
        }
        names
    }

    fn add(&mut self, rule: Rule) {
        let Ok(id) = u16::try_from(self.rules.len()).map(RuleId) else {
            return;
        };
        let words = Words::of(&rule.name);
        let one: Vec<_> = words.iter().map(str::to_owned).collect();
        let mut many = one.clone();
        if let Some(last) = many.last_mut() {
            last.push('s');
        }
        let plural = !matches!(rule.fit, Fit::Ending(_));
        for row in [Some(one), plural.then_some(many)].into_iter().flatten() {
            self.whole.entry(row.concat()).or_insert(id);
            if let (Fit::Words | Fit::Last, Some(first)) = (rule.fit, row.first()) {
                if let [_, .., last] = row.as_slice() {
                    self.lasts.insert(last.clone());
                }
                self.rows.entry(first.clone()).or_default().push((row, id));
            }
        }
        match rule.fit {
            Fit::Inside => self.inside.push((words.squashed().to_owned(), id)),
            Fit::Ending(_) => self.endings.push((words.squashed().to_owned(), id)),
            Fit::Words | Fit::Last | Fit::Alone => {}
        }
        self.rules.push(rule);
    }

    /// Returns what is known of a decoded name.
    pub(super) fn known(&mut self, name: &str) -> Known {
        if let Some(known) = self.cache.get(name) {
            return known;
        }
        let words = Words::of(name);
        let known = Known {
            rule: match name.contains('\0') {
                true => self.decide_once(name),
                false => self.find(&words),
            },
            role: role(&words),
            ends_rule: words.last().is_some_and(|it| self.lasts.contains(it)),
        };
        self.cache.put(name, known);
        known
    }

    /// Returns the rule that a decoded name falls under.
    pub(super) fn decide(&mut self, name: &str) -> Option<RuleId> {
        self.known(name).rule
    }

    /// Decides without the cache, for text that is a name by chance.
    pub(super) fn decide_once(&self, name: &str) -> Option<RuleId> {
        // Readers in C end a name at a zero byte.
        if name.contains('\0') {
            let first = name.split('\0').find(|piece| !piece.is_empty());
            return first
                .and_then(|first| self.find(&Words::of(first)))
                .or_else(|| self.find(&Words::of(&name.replace('\0', ""))));
        }
        self.find(&Words::of(name))
    }

    /// Returns the rule of a parameter's name, of which each part in brackets counts as a name of its own.
    pub(super) fn decide_bracketed(&mut self, name: &str) -> Option<RuleId> {
        self.decide(name).or_else(|| {
            name.contains(['[', ']'])
                .then(|| {
                    name.split(['[', ']'])
                        .filter(|part| !part.is_empty())
                        .find_map(|part| self.decide(part))
                })
                .flatten()
        })
    }

    /// Returns the rule's name, for reports.
    pub(super) fn rule_name(&self, id: RuleId) -> &str {
        self.rule(id)
            .map_or("name cut off", |rule| rule.name.as_str())
    }

    /// Returns how the rule replaces a value.
    pub(super) fn shape(&self, id: RuleId) -> Shape {
        self.rule(id).map_or(Shape::Whole, |rule| rule.shape)
    }

    fn find(&self, words: &Words) -> Option<RuleId> {
        let squashed = words.squashed();
        if let Some(id) = self.whole.get(squashed) {
            return Some(*id);
        }
        let about = words.last().is_some_and(|it| presets::ABOUT.contains(&it));
        let counts = |id: &RuleId| !about || self.rule(*id).is_some_and(|rule| rule.own);
        let harmless = |word: &&&str| squashed.contains(**word);
        let squashed = match presets::HARMLESS_WORDS.iter().find(harmless) {
            Some(word) => Cow::Owned(squashed.replace(word, "")),
            None => Cow::Borrowed(squashed),
        };
        let held = |(part, id): &&(String, RuleId)| squashed.contains(part.as_str()) && counts(id);
        (0..words.len())
            .find_map(|at| self.row_at(words, at, &counts))
            .or_else(|| self.inside.iter().find(held).map(|(_, id)| *id))
            .or_else(|| self.ending(words).filter(counts))
    }

    fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(usize::from(id.0))
    }

    fn row_at(
        &self,
        words: &Words,
        at: usize,
        counts: &impl Fn(&RuleId) -> bool,
    ) -> Option<RuleId> {
        let rows = self.rows.get(words.get(at)?)?;
        let fits = |(row, id): &&(Vec<String>, RuleId)| {
            let same = row
                .iter()
                .enumerate()
                .all(|(offset, word)| words.get(at + offset) == Some(word));
            let last = self.rule(*id).is_none_or(|rule| rule.fit == Fit::Last);
            same && (!last || words.only_digits_from(at + row.len())) && counts(id)
        };
        rows.iter().find(fits).map(|(_, id)| *id)
    }

    fn ending(&self, words: &Words) -> Option<RuleId> {
        let last = (0..words.len()).rev().find(|&at| !words.is_digits(at))?;
        let word = words.get(last)?;
        let before = last.checked_sub(1).and_then(|at| words.get(at));
        let fits = |(end, id): &&(String, RuleId)| {
            let Some(Fit::Ending(unless)) = self.rule(*id).map(|it| it.fit) else {
                return false;
            };
            match word.strip_suffix(end.as_str()) {
                Some("") => before.is_none_or(|before| !unless.contains(&before)),
                Some(stem) => !unless.contains(&stem),
                None => false,
            }
        };
        self.endings.iter().find(fits).map(|(_, id)| *id)
    }
}

/// Tells whether a name such as `has_password` asks what `true` or `false` answers.
pub(super) fn asks(name: &str) -> bool {
    let words = Words::of(name);
    let first = words.get(0).unwrap_or_default();
    presets::QUESTIONS.contains(&first)
}

fn role(words: &Words) -> Role {
    match words.last() {
        Some(last) if presets::NAMING.contains(&last) => Role::Names,
        Some(last) if presets::HOLDING.contains(&last) => Role::Holds,
        _ => Role::None,
    }
}

#[cfg(test)]
mod tests;
