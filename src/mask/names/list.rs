use std::collections::{HashMap, HashSet};

use super::cache::Cache;
use super::parts::{Filter, Listed, Parts};
use super::words::Words;
use super::{Fit, Known, NameRule, Role, RuleId, letters};
use crate::mask::{detect, presets};

/// A compiled list of rules.
pub(super) struct List {
    /// Which layer of the names it is.
    layer: u8,
    rules: Vec<NameRule>,
    /// Whole names without separators.
    whole: HashMap<String, RuleId>,
    may_be_whole: Filter,
    /// Rows of words, by their first word.
    rows: HashMap<String, Vec<(Vec<String>, RuleId)>>,
    may_begin_row: Filter,
    /// The last words of rows of several.
    lasts: HashSet<String>,
    may_be_last: Filter,
    about: Listed,
    naming: Listed,
    kinds: Listed,
    holding: Listed,
    changing: Listed,
    inside: Parts,
    endings: Vec<(String, RuleId)>,
    cache: Cache,
    /// Kept from one name to the next.
    words: Words,
}

impl List {
    /// Compiles rules; of two that fit a name the one of the exact name wins.
    pub(super) fn new(layer: u8, rules: Vec<NameRule>) -> Self {
        let mut names = Self {
            layer,
            rules: Vec::with_capacity(rules.len()),
            whole: HashMap::new(),
            may_be_whole: Filter::default(),
            rows: HashMap::new(),
            may_begin_row: Filter::default(),
            lasts: HashSet::new(),
            may_be_last: Filter::default(),
            about: Listed::new(presets::ABOUT),
            naming: Listed::new(presets::NAMING),
            kinds: Listed::new(presets::KINDS),
            holding: Listed::new(presets::HOLDING),
            changing: Listed::new(presets::CHANGING),
            inside: Parts::default(),
            endings: Vec::new(),
            cache: Cache::default(),
            words: Words::default(),
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
        let id = RuleId::new(self.layer, index);
        let words = Words::of(&rule.name);
        let one: Vec<_> = words.iter().map(str::to_owned).collect();
        let mut many = one.clone();
        if let Some(last) = many.last_mut() {
            last.push('s');
        }
        let plural = !matches!(rule.fit, Fit::Ending(_));
        for row in [Some(one), plural.then_some(many)].into_iter().flatten() {
            let whole = row.concat();
            self.may_be_whole.add(&whole);
            self.whole.entry(whole).or_insert(id);
            if let (Fit::Words | Fit::Last, Some(first)) = (rule.fit, row.first()) {
                if let [_, .., last] = row.as_slice() {
                    self.may_be_last.add(last);
                    self.lasts.insert(last.clone());
                }
                self.may_begin_row.add(first);
                self.rows.entry(first.clone()).or_default().push((row, id));
            }
        }
        match rule.fit {
            Fit::Inside => self.inside.add(words.squashed(), id),
            Fit::Ending(_) => self.endings.push((words.squashed().to_owned(), id)),
            Fit::Words | Fit::Last | Fit::Alone => {}
        }
        self.rules.push(rule);
    }

    /// Returns what is known of a decoded name.
    #[inline]
    pub(super) fn known(&mut self, name: &str) -> Known {
        match self.cache.get(name) {
            Some(known) => known,
            None => self.learn(name),
        }
    }

    #[cold]
    fn learn(&mut self, name: &str) -> Known {
        let mut words = std::mem::take(&mut self.words);
        words.read(name);
        let last = words.last();
        let role = match last {
            Some(last) if self.naming.has(last) => Role::Names,
            Some(last) if self.kinds.has(last) => Role::NamesKind,
            Some(last) if self.holding.has(last) => Role::Holds,
            _ if self.changing.has(words.squashed()) => Role::Changes,
            _ => Role::None,
        };
        let ends_rule =
            last.is_some_and(|it| self.may_be_last.may_have(it) && self.lasts.contains(it));
        let known = Known {
            rule: self.decide(name, &words),
            role,
            ends_rule,
            classes: detect::classes(name),
        };
        self.words = words;
        self.cache.put(name, known);
        known
    }

    /// Decides without putting it into the cache, for text that is a name by chance.
    pub(super) fn decide_once(&self, name: &str) -> Option<RuleId> {
        match self.cache.peek(name) {
            Some(known) => known.rule,
            None => self.decide(name, &Words::of(name)),
        }
    }

    fn decide(&self, name: &str, words: &Words) -> Option<RuleId> {
        // Readers in C end a name at a zero byte.
        if name.contains('\0') {
            let first = name.split('\0').find(|piece| !piece.is_empty());
            return first
                .and_then(|first| self.find(&Words::of(first)))
                .or_else(|| self.find(&Words::of(&name.replace('\0', ""))));
        }
        let looks_like = || letters::seen(&letters::plain(name));
        match self.find(words) {
            None if !name.is_ascii() => looks_like().and_then(|it| self.find(&Words::of(&it))),
            rule => rule,
        }
    }

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.cache.len()
    }

    fn find(&self, words: &Words) -> Option<RuleId> {
        let squashed = words.squashed();
        if self.may_be_whole.may_have(squashed)
            && let Some(id) = self.whole.get(squashed)
        {
            return Some(*id);
        }
        let about = words.last().is_some_and(|it| self.about.has(it));
        let counts = |id: &RuleId| !about || self.rule(*id).is_some_and(|rule| rule.own);
        let held = || {
            let rule = self.inside.find(squashed, counts)?;
            // These hold such a part themselves.
            let mut harmless = presets::HARMLESS_WORDS.iter();
            match harmless.find(|it| squashed.contains(**it)) {
                Some(word) => self.inside.find(&squashed.replace(word, ""), counts),
                None => Some(rule),
            }
        };
        (0..words.len())
            .find_map(|at| self.row_at(words, at, &counts))
            .or_else(held)
            .or_else(|| self.ending(words).filter(counts))
    }

    pub(super) fn rule(&self, id: RuleId) -> Option<&NameRule> {
        self.rules.get(usize::from(id.index()))
    }

    fn row_at(
        &self,
        words: &Words,
        at: usize,
        counts: &impl Fn(&RuleId) -> bool,
    ) -> Option<RuleId> {
        let word = words.get(at)?;
        let is_harmless = || {
            let mut rows = presets::HARMLESS_ROWS.iter();
            rows.any(|[first, second]| *first == word && words.get(at + 1) == Some(second))
        };
        if !self.may_begin_row.may_have(word) || is_harmless() {
            return None;
        }
        let rows = self.rows.get(word)?;
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
