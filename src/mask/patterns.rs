//! Patterns of the user: what a regular expression finds in a decoded text is replaced, and the rest of it stays.
//!
//! Time is linear in the text for each pattern: the engine never goes back, and a text in which a pattern is found more than [`MAX_FINDS`]
//! times is hidden as a whole, because each find may look at all the rest of it. Of a text that was cut nobody can tell what would have been
//! found at its end: it is hidden as a whole too. Marks of the masker are no finds.

use super::condition::Condition;
use super::replacement::Replacement;
use super::rules::Rules;
use super::{MASKED, Pass, STARS, WITHHELD};
use crate::entry::Place;
use crate::error::Error;

use engine::Engine;

const MAX_FINDS: usize = 1000;

/// The patterns of all rules.
#[derive(Default)]
pub(super) struct Patterns {
    rules: Vec<PatternRule>,
    is_on: bool,
}

struct PatternRule {
    engine: Engine,
    /// As written; its name in reports.
    text: String,
    condition: Condition,
    replacement: Replacement,
    fits_route: bool,
    counts: bool,
}

/// A find: bytes from `start` to `end`, which are bounds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    start: usize,
    end: usize,
    rule: usize,
}

impl Rules {
    /// Compiles the patterns.
    #[cfg(feature = "regex")]
    pub(super) fn patterns(&self) -> Result<Patterns, Error> {
        use super::rule::What;

        const MAX_PATTERNS: usize = 100;
        let mut patterns = Patterns::default();
        for rule in &self.rules {
            let What::Pattern(text) = &rule.what else {
                continue;
            };
            patterns.rules.push(PatternRule {
                engine: Engine::new(text)?,
                text: text.clone(),
                condition: rule.condition.clone(),
                replacement: rule.replacement,
                fits_route: true,
                counts: rule.condition.is_always(),
            });
        }
        if patterns.rules.len() > MAX_PATTERNS {
            return Err(Error::configuration("there may be at most 100 patterns"));
        }
        patterns.is_on = patterns.rules.iter().any(|it| it.counts);
        Ok(patterns)
    }

    #[cfg(not(feature = "regex"))]
    pub(super) fn patterns(&self) -> Result<Patterns, Error> {
        Ok(Patterns::default())
    }
}

impl Patterns {
    pub(super) fn begin(&mut self, route: &str) {
        for rule in &mut self.rules {
            rule.fits_route = rule.condition.fits_route(route);
        }
    }

    pub(super) fn enter(&mut self, place: Place) {
        for rule in &mut self.rules {
            rule.counts = rule.fits_route && rule.condition.fits_place(place);
        }
        self.is_on = self.rules.iter().any(|it| it.counts);
    }

    /// Tells whether a pattern counts in the present place.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Returns what is found in a text, in its order and without overlaps: of finds that overlap, their union, by the name of the first.
    fn find(&self, text: &str, cut: bool) -> Vec<Found> {
        let mut found = Vec::new();
        if !self.is_on || text.is_empty() {
            return found;
        }
        let marks = marks(text);
        let whole = |rule| Found {
            start: 0,
            end: text.len(),
            rule,
        };
        for (number, rule) in self.rules.iter().enumerate().filter(|(_, it)| it.counts) {
            if cut && marks.first() != Some(&(0, text.len())) {
                return vec![whole(number)];
            }
            let (mut at, mut count) = (0, 0);
            while let Some((start, end)) = rule.engine.find(text, at) {
                at = end;
                count += 1;
                if count > MAX_FINDS {
                    return vec![whole(number)];
                }
                if !is_within(&marks, start, end) {
                    found.push(Found {
                        start,
                        end,
                        rule: number,
                    });
                }
            }
        }
        unite(found)
    }
}

/// Returns where the marks of the masker stand, in their order.
fn marks(text: &str) -> Vec<(usize, usize)> {
    if !text.contains(['[', '*']) {
        return Vec::new();
    }
    let of = |mark: &'static str| text.match_indices(mark).map(|(at, it)| (at, at + it.len()));
    let mut all: Vec<_> = of(MASKED).chain(of(WITHHELD)).chain(of(STARS)).collect();
    all.sort_unstable();
    all
}

fn is_within(marks: &[(usize, usize)], start: usize, end: usize) -> bool {
    let next = marks.partition_point(|it| it.0 <= start);
    let last = next.checked_sub(1).and_then(|at| marks.get(at));
    last.is_some_and(|&(_, mark_end)| end <= mark_end)
}

fn unite(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|it| (it.start, std::cmp::Reverse(it.end), it.rule));
    let mut united: Vec<Found> = Vec::with_capacity(found.len());
    for it in found {
        match united.last_mut() {
            Some(last) if it.start < last.end => last.end = last.end.max(it.end),
            _ => united.push(it),
        }
    }
    united
}

impl Pass<'_> {
    /// Replaces what the patterns find in a decoded text. Returns `None` where it stays as it is.
    pub(super) fn mask_patterns(&mut self, text: &str, cut: bool) -> Option<String> {
        let found = self.patterns.find(text, cut);
        if found.is_empty() {
            return None;
        }
        let mut out = String::new();
        let mut copied = 0;
        for spot in found {
            let secret = text.get(spot.start..spot.end).unwrap_or_default();
            out.push_str(text.get(copied..spot.start).unwrap_or_default());
            let rule = self.patterns.rules.get(spot.rule);
            let shown = rule.filter(|_| !cut);
            let shown = shown.and_then(|it| it.replacement.of(secret, self.hash));
            out.push_str(shown.as_deref().unwrap_or(MASKED));
            let name = rule.map_or("", |it| it.text.as_str());
            self.report.masked(String::new, name, secret.len());
            copied = spot.end;
        }
        Some(out + text.get(copied..).unwrap_or_default())
    }

    /// Returns the pattern that is found in a number, and what stands in the place of the number where that is not the mark.
    pub(super) fn pattern_of_number(&self, number: &str) -> Option<(&str, Option<String>)> {
        let found = self.patterns.find(number, false);
        let rule = self.patterns.rules.get(found.first()?.rule)?;
        Some((&rule.text, rule.replacement.of(number, self.hash)))
    }
}

#[cfg(feature = "regex")]
pub(super) mod engine {
    use regex::{Regex, RegexBuilder};

    use crate::error::Error;

    const MAX_PATTERN_BYTES: usize = 1024;
    /// Bounds what `\w{1000}{1000}` would take.
    const MAX_COMPILED_BYTES: usize = 1 << 20;

    pub(in crate::mask) struct Engine(Regex);

    impl Engine {
        pub(in crate::mask) fn new(pattern: &str) -> Result<Self, Error> {
            if pattern.len() > MAX_PATTERN_BYTES {
                return Err(Error::configuration("a pattern has at most 1024 bytes"));
            }
            let regex = RegexBuilder::new(pattern)
                .size_limit(MAX_COMPILED_BYTES)
                .dfa_size_limit(MAX_COMPILED_BYTES)
                .nest_limit(50)
                .build()
                .map_err(|error| {
                    Error::configuration("a pattern is no regular expression, or one too large")
                        .with_source(error)
                })?;
            match regex.is_match("") {
                true => Err(Error::configuration(
                    "a pattern must not match the empty text, as `[0-9]*` does; write `[0-9]+`",
                )),
                false => Ok(Self(regex)),
            }
        }

        /// Returns the first find from some byte on that is not empty.
        pub(super) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
            let mut from = from;
            loop {
                let found = self.0.find_at(text, from)?;
                if !found.is_empty() {
                    return Some((found.start(), found.end()));
                }
                // As `\b` is: nothing that could be hidden.
                from = found.end() + text.get(found.end()..)?.chars().next()?.len_utf8();
            }
        }

        /// Tells whether almost every text has a find.
        pub(in crate::mask) fn finds_all(&self) -> bool {
            let texts = ["a", "7", "Jane", "ünicode", "2024-01-01T10:20:30Z", "-"];
            texts.iter().filter(|it| self.0.is_match(it)).count() >= 5
        }
    }
}

#[cfg(not(feature = "regex"))]
mod engine {
    /// There is none without the feature `regex`.
    pub(super) enum Engine {}

    impl Engine {
        pub(super) fn find(&self, _: &str, _: usize) -> Option<(usize, usize)> {
            match *self {}
        }
    }
}

#[cfg(all(test, feature = "regex"))]
mod tests;
