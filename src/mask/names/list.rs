use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::cache::Cache;
use super::words::Words;
use super::{Fit, Known, NameRule, RuleId, role};
use crate::mask::presets;

/// A compiled list of rules.
pub(super) struct List {
    /// Which layer of the names it is.
    layer: u8,
    rules: Vec<NameRule>,
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

impl List {
    /// Compiles rules; of two that fit a name the one of the exact name wins.
    pub(super) fn new(layer: u8, rules: Vec<NameRule>) -> Self {
        let mut names = Self {
            layer,
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

    fn add(&mut self, rule: NameRule) {
        let Ok(index) = u16::try_from(self.rules.len()) else {
            return;
        };
        let id = RuleId {
            layer: self.layer,
            index,
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

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.cache.len()
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

    pub(super) fn rule(&self, id: RuleId) -> Option<&NameRule> {
        self.rules.get(usize::from(id.index))
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
