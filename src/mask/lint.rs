//! What of the rules cannot be meant, although it is no error.
//!
//! The rules are compiled as the masker compiles them, and each is asked for its own name wherever it counts: what does not decide there decides
//! nowhere.

use std::fmt;

use super::names::{Names, RuleId, Shape, squashed};
#[cfg(feature = "regex")]
use super::patterns::engine::Engine;
use super::presets::{self, Preset};
use super::replacement::Replacement;
use super::rule::{Rule, What};
use super::rules::Rules;
use super::segments::Template;

/// Words that name most of what an API sends.
const COMMON: [&str; 24] = [
    "amount",
    "attributes",
    "body",
    "content",
    "count",
    "data",
    "date",
    "description",
    "id",
    "items",
    "list",
    "message",
    "name",
    "object",
    "page",
    "result",
    "results",
    "status",
    "text",
    "time",
    "title",
    "type",
    "url",
    "value",
];
/// Fields that are masked in their own way, whatever the table of defaults says.
const OF_THEIR_OWN: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Something about rules that cannot be meant, and what to do about it. It prints as one line.
///
/// # Example: rules that are what they seem to be
///
/// ```
/// use tower_api_log::mask::{Replacement, Rule, Rules};
///
/// let rules = Rules::default().rule(Rule::header("x-partner-key").replace_with(Replacement::Pseudonym));
/// let warnings = rules.lint();
/// assert!(warnings[0].to_string().contains("hash_key"));
/// assert!(rules.hash_key(*b"32 random bytes of a secret stor").lint().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The rule, as `field("id")`; empty where it is about all of them.
    pub(super) rule: String,
    pub(super) says: String,
}

impl Warning {
    fn new(rule: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            says: says.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule.is_empty() {
            true => f.write_str(&self.says),
            false => write!(f, "the masking rule {} {}", self.rule, self.says),
        }
    }
}

impl Rules {
    /// Tells what of the rules cannot be meant, although it is no error: rules that never decide, that hide most of a log, or that promise what they
    /// do not hold. The default rules have no warnings; a layer keeps those of its own, see
    /// [`ApiLogLayer::warnings`](crate::ApiLogLayer::warnings).
    pub fn lint(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        self.lint_key(&mut warnings);
        let mut lists = [
            Linted::of(self, is_for_headers, &[presets::HEADERS, presets::FIELDS]),
            Linted::of(self, is_for_pairs, &[presets::PARAMETERS, presets::FIELDS]),
            Linted::of(self, is_for_fields, &[presets::FIELDS]),
            Linted::of(self, is_for_cookies, &[]),
        ];
        let allowed = self.allowed_headers();
        for (at, rule) in self.rules.iter().enumerate() {
            let mut say = |says: String| warnings.push(Warning::new(told(rule), says));
            lint_condition(rule, &mut say);
            lint_breadth(rule, &mut say);
            if let What::Header(name) = &rule.what
                && allowed.as_ref().is_some_and(|it| !it.header(name))
            {
                say("is never asked: `only_headers` leaves the field out; list it, or take the rule out".to_owned());
                continue;
            }
            if !rule.what.is_name() {
                self.lint_repeated(at, rule, &mut say);
            }
            if let What::Detector(detector) = rule.what
                && rule.replacement == Replacement::Fixed
                && self.detectors.is_on(detector)
            {
                say("does what is done without it; leave it out, or say what stands in the secret's place".to_owned());
            }
            let mut verdicts = lists
                .iter_mut()
                .flatten()
                .filter_map(|it| it.verdict(at, rule));
            if let Some(first) = verdicts.next() {
                let worst = verdicts.fold(first, Verdict::max);
                say_verdict(worst, rule, &self.rules, at, &mut say);
            }
        }
        warnings
    }

    /// Tells of a template or pattern that stands before it already.
    fn lint_repeated(&self, at: usize, rule: &Rule, say: &mut impl FnMut(String)) {
        let mut before = self.rules.iter().take(at);
        if before.any(|it| it.what == rule.what && it.condition.covers(&rule.condition)) {
            say("stands before already; take one of them out".to_owned());
        }
        if rule.replacement == Replacement::Remove {
            say("leaves the mark, because a part of a text is not left out; leave `replace_with` out".to_owned());
        }
    }

    fn lint_key(&self, warnings: &mut Vec<Warning>) {
        let is_pseudonym = |it: &&Rule| it.replacement == Replacement::Pseudonym;
        match &self.hash_key {
            None => {
                if let Some(rule) = self.rules.iter().find(is_pseudonym) {
                    warnings.push(Warning::new(
                        told(rule),
                        "makes pseudonyms under a key of this process alone, which compare with no other's and with none after a restart; give the \
                         rules a `hash_key` of a secret store",
                    ));
                }
            }
            Some(key) if key.iter().all(|byte| *byte == key[0]) => warnings.push(Warning::new(
                "",
                "the hash key of the masking rules is one byte repeated, which anyone can guess; give 32 random bytes of a secret store",
            )),
            Some(_) => {}
        }
    }
}

/// Returns the rule as it was written.
fn told(rule: &Rule) -> String {
    let kind = match &rule.what {
        What::Header(_) => "header",
        What::Query(_) => "query",
        What::Cookie(_) => "cookie",
        What::Field(_) => "field",
        What::Pointer(_) => "pointer",
        What::Detector(detector) => return format!("detector(Detector::{detector:?})"),
        What::Segment(_) => "segment",
        #[cfg(feature = "regex")]
        What::Pattern(_) => "pattern",
    };
    format!("{kind}({:?})", rule.name())
}

fn is_for_headers(what: &What) -> bool {
    matches!(what, What::Header(_) | What::Field(_))
}

fn is_for_pairs(what: &What) -> bool {
    matches!(what, What::Query(_) | What::Field(_))
}

fn is_for_fields(what: &What) -> bool {
    matches!(what, What::Field(_))
}

fn is_for_cookies(what: &What) -> bool {
    matches!(what, What::Cookie(_))
}

fn lint_condition(rule: &Rule, say: &mut impl FnMut(String)) {
    for place in rule.condition.places() {
        if !rule.what.places().contains(place) {
            let place = format!("{place:?}");
            say(format!(
                "has no effect in `Place::{place}`; name a place in which such a thing stands, or use `Rule::field`"
            ));
        }
    }
    for route in rule.condition.routes() {
        let route = route.as_str();
        if !route.starts_with(['/', '*']) || route.contains(['?', '#', ' ']) {
            say(format!(
                "counts on no route, because no path is like {route:?}; write a path that begins with `/` and has no query, as `/users/*`"
            ));
        } else if route.chars().all(|letter| letter == '*') {
            say(format!(
                "counts on every route, because {route:?} is like any; leave `on_route` out, or write a path, as `/users/*`"
            ));
        }
    }
}

fn lint_breadth(rule: &Rule, say: &mut impl FnMut(String)) {
    let name = match &rule.what {
        What::Field(name) => name,
        What::Segment(template) if Template::parse(template).is_ok_and(|it| it.fits_all()) => {
            say("hides every path; begin the template with what the paths begin with, as `/s/{*rest}`".to_owned());
            return;
        }
        #[cfg(feature = "regex")]
        What::Pattern(pattern) if Engine::new(pattern).is_ok_and(|it| it.finds_all()) => {
            say("finds something in almost every text; write more of what is meant, as `ACME-[0-9]{6}`".to_owned());
            return;
        }
        _ => return,
    };
    let word = squashed(name);
    let is_short = word.chars().count() == 1;
    if rule.condition.is_always() && (is_short || COMMON.contains(&word.as_str())) {
        say(format!(
            "hides every field whose name has the word `{word}`, which is most of a log; add a word, or say `only_in` or `on_route`"
        ));
    }
}

/// What a list says of a rule's own name, the harmless first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// The rule decides, and does what nothing else does.
    Decides,
    /// The rule decides as the defaults would.
    LikeDefaults,
    /// The name is sealed by the defaults.
    Sealed,
    /// Another rule decides.
    Shadowed(usize),
}

impl Verdict {
    /// Returns what holds of two lists together: a rule that decides in one is needed.
    fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sealed, _) | (_, Self::Sealed) => Self::Sealed,
            (one, other) => one.min(other),
        }
    }
}

fn say_verdict(
    verdict: Verdict,
    rule: &Rule,
    rules: &[Rule],
    at: usize,
    say: &mut impl FnMut(String),
) {
    let name = rule.name();
    match verdict {
        Verdict::Decides => {}
        Verdict::Sealed if rule.replacement == Replacement::Fixed => {}
        Verdict::Sealed => say("is about a card's code, track or PIN, which is always hidden as a whole; leave `replace_with` out".to_owned()),
        Verdict::Shadowed(by) => {
            let by = rules.get(by).map(told).unwrap_or_default();
            say(format!("is never asked, because {by} stands before it and fits all that it fits; put it first, or take one of them out"));
        }
        Verdict::LikeDefaults if !is_alone(name, rules, at) => {}
        Verdict::LikeDefaults => match &rule.what {
            What::Cookie(_) => say("hides what is hidden anyway, as the value of every cookie is; say `replace_with`, or take it out".to_owned()),
            What::Field(_) => say(format!(
                "hides what the defaults hide, and beside it only names that say something about it, as `{name}_policy`; take it out unless those are meant"
            )),
            _ => say("hides what the defaults hide; take it out".to_owned()),
        },
    }
}

/// Tells whether no other rule could decide on the name if the rule were not there.
fn is_alone(name: &str, rules: &[Rule], at: usize) -> bool {
    let name = squashed(name);
    let mut others = rules.iter().enumerate().filter(|(other, _)| *other != at);
    !others.any(|(_, it)| name.contains(&squashed(it.name())))
}

/// One kind of list: with all rules, and with the defaults alone.
struct Linted {
    names: Names,
    defaults: Names,
    /// Which rules are in which layer.
    layers: Vec<Vec<usize>>,
    is_meant: fn(&What) -> bool,
}

impl Linted {
    fn of(rules: &Rules, is_meant: fn(&What) -> bool, presets: &[&[Preset]]) -> Option<Self> {
        if !rules.rules.iter().any(|it| is_meant(&it.what)) {
            return None;
        }
        let runs = rules.runs(is_meant).into_iter();
        Some(Self {
            names: rules.names(is_meant, presets).ok()?,
            defaults: Rules::default().names(is_meant, presets).ok()?,
            layers: runs.map(|(_, members)| members).collect(),
            is_meant,
        })
    }

    /// Returns what the list says of a rule's own name, wherever the rule counts.
    fn verdict(&mut self, at: usize, rule: &Rule) -> Option<Verdict> {
        if !(self.is_meant)(&rule.what) {
            return None;
        }
        let named = rule.condition.places();
        let places = if named.is_empty() {
            rule.what.places()
        } else {
            named
        };
        let mut routes: Vec<_> = rule.condition.routes().iter().collect();
        routes.truncate(16);
        let mut samples: Vec<_> = routes
            .iter()
            .flat_map(|it| ["", "z9/z"].map(|run| it.as_str().replace('*', run)))
            .collect();
        if samples.is_empty() {
            samples.extend(["", "/z9/z"].map(str::to_owned));
        }
        let mut all = None;
        for route in &samples {
            self.names.begin(route);
            self.defaults.begin(route);
            for &place in places {
                self.names.enter(place);
                self.defaults.enter(place);
                let verdict = self.verdict_here(at, rule);
                all = Some(all.map_or(verdict, |all: Verdict| all.max(verdict)));
            }
        }
        all
    }

    fn verdict_here(&mut self, at: usize, rule: &Rule) -> Verdict {
        let name = rule.name();
        let Some(id) = self.names.decide(name) else {
            return Verdict::Decides;
        };
        match self.rule_of(id) {
            None if self.names.shape(id).is_sealed() => Verdict::Sealed,
            None => Verdict::Decides,
            Some(by) if by != at => Verdict::Shadowed(by),
            Some(_) if OF_THEIR_OWN.contains(&name.to_ascii_lowercase().as_str()) => {
                Verdict::Decides
            }
            Some(_) if matches!(rule.what, What::Cookie(_)) => match rule.replacement {
                Replacement::Fixed => Verdict::LikeDefaults,
                _ => Verdict::Decides,
            },
            Some(_) => {
                let same = self.defaults.decide(name).is_some_and(|id| {
                    self.defaults.shape(id) == Shape::Whole
                        && self.defaults.replacement(id) == rule.replacement
                });
                if same {
                    Verdict::LikeDefaults
                } else {
                    Verdict::Decides
                }
            }
        }
    }

    /// Returns which of the user's rules it is.
    fn rule_of(&self, id: RuleId) -> Option<usize> {
        let (layer, index) = id.position();
        self.layers.get(layer)?.get(index).copied()
    }
}

#[cfg(test)]
mod tests;
