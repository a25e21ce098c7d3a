//! Rules by JSON pointer (RFC 6901), in which a step `*` stands for any one name or index, and `**` for any number of steps.
//!
//! All are matched at once: how far each has come is a bit of a set, and a step makes the next set of it. A value is hidden where the set has the end of a
//! rule. The bits of one rule stand in one word, so that a step costs a few operations a word.

use std::collections::HashMap;

use super::{NameRule, RuleId};
use crate::entry::Place;
use crate::error::Error;
use crate::mask::condition::Condition;

const MAX_RULES: usize = 64;
const MAX_BYTES: usize = 1024;
/// One bit less than a word has, for the end.
const MAX_STEPS: usize = 63;

/// How far the rules have come: the same number of words in each set.
pub(in crate::mask) type Set = [u64];

/// The rules of bodies and documents by pointer.
#[derive(Default)]
pub(in crate::mask) struct Pointers {
    rules: Vec<PointerRule>,
    /// The steps that every name and index makes.
    any: Vec<u64>,
    /// Those that are made any number of times.
    deep: Vec<u64>,
    /// The steps of each name.
    named: HashMap<Box<str>, Vec<u64>>,
    /// Whether one of them may be an index.
    has_index: bool,
    /// The beginnings of the rules that count in the present place.
    start: Vec<u64>,
}

struct PointerRule {
    rule: NameRule,
    condition: Condition,
    fits_route: bool,
    word: usize,
    /// The bit before its first step.
    start: u64,
    /// The bit after its last.
    end: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(Box<str>),
    Any,
    Deep,
}

impl Pointers {
    /// Compiles rules, of which those that stand first win.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Configuration`] for what is no pointer or has too many steps, and for too many of them.
    pub(in crate::mask) fn new(rules: Vec<(Condition, NameRule)>) -> Result<Self, Error> {
        if rules.len() > MAX_RULES {
            return Err(Error::configuration(
                "there may be at most 64 rules by JSON pointer; let a `*` stand for steps that differ",
            ));
        }
        let mut pointers = Self::default();
        let mut bit = 0;
        for (condition, rule) in rules {
            let steps = parse(&rule.name)?;
            if pointers.any.is_empty() || bit + steps.len() > MAX_STEPS {
                pointers.add_word();
                bit = 0;
            }
            let word = pointers.any.len() - 1;
            let end = bit + steps.len();
            for (at, step) in steps.into_iter().enumerate() {
                pointers.add_step(step, word, 1 << (bit + at));
            }
            pointers.rules.push(PointerRule {
                rule,
                fits_route: true,
                word,
                start: 1 << bit,
                end: 1 << end,
                condition,
            });
            bit = end + 1;
        }
        pointers.count(|rule| rule.condition.is_always());
        Ok(pointers)
    }

    fn add_word(&mut self) {
        for words in [&mut self.any, &mut self.deep, &mut self.start] {
            words.push(0);
        }
        self.named.values_mut().for_each(|it| it.push(0));
    }

    fn add_step(&mut self, step: Step, word: usize, bit: u64) {
        let words = match step {
            Step::Any => &mut self.any,
            Step::Deep => &mut self.deep,
            Step::Name(name) => {
                self.has_index |= name.bytes().all(|it| it.is_ascii_digit());
                let none = vec![0; self.any.len()];
                self.named.entry(name).or_insert(none)
            }
        };
        if let Some(word) = words.get_mut(word) {
            *word |= bit;
        }
    }

    /// Lets those rules count from now on that are meant for this route.
    pub(super) fn begin(&mut self, route: &str) {
        for rule in &mut self.rules {
            rule.fits_route = rule.condition.fits_route(route);
        }
    }

    /// Lets those rules count from now on that are meant for this place.
    pub(super) fn enter(&mut self, place: Place) {
        if !self.rules.is_empty() {
            self.count(|rule| rule.fits_route && rule.condition.fits_place(place));
        }
    }

    fn count(&mut self, counts: impl Fn(&PointerRule) -> bool) {
        self.start.fill(0);
        for rule in self.rules.iter().filter(|it| counts(it)) {
            if let Some(word) = self.start.get_mut(rule.word) {
                *word |= rule.start;
            }
        }
        for (start, deep) in self.start.iter_mut().zip(&self.deep) {
            *start |= (*start & deep) << 1;
        }
    }

    /// Tells whether any rule counts in the present place.
    pub(in crate::mask) fn is_on(&self) -> bool {
        self.start.iter().any(|&word| word != 0)
    }

    /// Returns the set of a whole document.
    pub(in crate::mask) fn start(&self) -> &Set {
        &self.start
    }

    /// Makes of the set of an object that of its member of this name.
    pub(in crate::mask) fn name(&self, from: &Set, name: &str, to: &mut Set) {
        self.step(from, self.named.get(name), to);
    }

    /// Makes of the set of a list that of an item.
    pub(in crate::mask) fn index(&self, from: &Set, index: usize, to: &mut Set) {
        let named = match self.has_index {
            true => self.named.get(index.to_string().as_str()),
            false => None,
        };
        self.step(from, named, to);
    }

    fn step(&self, from: &Set, named: Option<&Vec<u64>>, to: &mut Set) {
        let sets = from.iter().zip(&self.any).zip(&self.deep);
        for (at, (to, ((from, any), deep))) in to.iter_mut().zip(sets).enumerate() {
            let named = named.and_then(|it| it.get(at)).copied().unwrap_or_default();
            // An end has no step, so that nothing leaves the bits of its rule.
            let next = (from & (any | named)) << 1 | from & deep;
            // Any number of steps may be none; two of them never follow each other.
            *to = next | (next & deep) << 1;
        }
    }

    /// Returns the first rule that hides the value of a set.
    pub(in crate::mask) fn hides(&self, set: &Set) -> Option<RuleId> {
        self.first(|rule| set.get(rule.word).is_some_and(|it| it & rule.end != 0))
    }

    /// Returns the first rule that may hide something in the value of a set, however deep.
    pub(in crate::mask) fn hides_deep(&self, set: &Set) -> Option<RuleId> {
        self.first(|rule| {
            let own = (rule.end - rule.start) | rule.end;
            let deep = self.deep.get(rule.word).copied().unwrap_or_default();
            set.get(rule.word).is_some_and(|it| it & deep & own != 0)
        })
    }

    fn first(&self, is_it: impl Fn(&PointerRule) -> bool) -> Option<RuleId> {
        let index = self.rules.iter().position(is_it)?;
        Some(RuleId::pointer(u16::try_from(index).ok()?))
    }

    pub(super) fn rule(&self, index: usize) -> Option<&NameRule> {
        self.rules.get(index).map(|it| &it.rule)
    }
}

/// Reads a pointer.
fn parse(pointer: &str) -> Result<Vec<Step>, Error> {
    let wrong = || {
        Error::configuration(
            "a JSON pointer begins with `/`, as /data/*/ssn, and writes `~` as `~0` and `/` in a name as `~1`",
        )
    };
    if pointer.len() > MAX_BYTES {
        return Err(Error::configuration(
            "a JSON pointer of a rule may have at most 1024 bytes",
        ));
    }
    let Some(names) = pointer.strip_prefix('/') else {
        return match pointer {
            "" => Ok(Vec::new()),
            _ => Err(wrong()),
        };
    };
    let mut steps = Vec::new();
    for name in names.split('/') {
        let step = match name {
            "*" => Step::Any,
            "**" => Step::Deep,
            _ => Step::Name(unescaped(name).ok_or_else(wrong)?.into()),
        };
        if step != Step::Deep || steps.last() != Some(&Step::Deep) {
            steps.push(step);
        }
    }
    match steps.len() <= MAX_STEPS {
        true => Ok(steps),
        false => Err(Error::configuration(
            "a JSON pointer of a rule may have at most 63 steps",
        )),
    }
}

fn unescaped(name: &str) -> Option<String> {
    let mut pieces = name.split('~');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (mark, rest) = piece.split_at_checked(1)?;
        text.push(match mark {
            "0" => '~',
            "1" => '/',
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}
