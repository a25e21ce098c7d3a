use std::fmt;

use http::HeaderName;

use super::allow::{Allowed, Lists};
use super::callback::Callbacks;
use super::condition::Condition;
use super::detect::{Detector, Detectors};
use super::keyed_hash::KeyedHash;
use super::media_type::{Claim, MediaType};
use super::names::{Fit, NameRule, Names, Pointers, Shape};
use super::patterns::Patterns;
use super::presets;
use super::rule::{Rule, What};
use super::segments::Segments;
use super::spots::{FinderRule, Finders};
use crate::error::Error;

const MAX_RULES: usize = 1000;
const MAX_CONDITIONS: usize = 200;
const MAX_NAME_BYTES: usize = 256;

/// What is masked: the defaults and what is added here.
///
/// Every method but [`Rules::plain_text`] and [`Rules::ignore`] only adds masking. Wrong rules are an error when the layer is built.
///
/// # Example: names of one's own
///
/// ```
/// use tower_api_log::mask::Rules;
///
/// let rules = Rules::default()
///     .header("X-Partner-Key")
///     .query("invite")
///     .field("internal_code");
/// ```
///
/// # What is masked by default
///
/// - `Authorization` and `Proxy-Authorization` of every scheme; of the schemes only well-known names show.
/// - `Cookie` and `Set-Cookie`, value by value; names and attributes show.
/// - Header fields, query parameters, form fields, multipart fields, JSON fields and segments of the route (`/reset/{token}`) whose name holds
///   the words of a secret: passwords, tokens, API keys, private keys, session ids, one-time codes, signatures, card data and the like. Words
///   are told apart at `_`, `-`, `.`, brackets and changes of case, so that `newPassword` is masked and `passenger` is not. What is said
///   about a secret, such as `password_changed_at` or `has_password`, stays.
/// - Files in multipart bodies, of which the size and a hash show: SHA-256, and below 1 KiB a keyed one, since few bytes can be tried out.
/// - Values that a sibling names: `{"name":"DB_PASSWORD","value":"x"}`, `{"field":"password","from":"x","to":"y"}`, `["Authorization","x"]`, JSON Patch,
///   `key=TOKEN&value=x`; and items of lists after `--password`.
/// - JSON fields with names that are as often harmless, such as `code`, `key`, `state`, `access` or `number`, where the value looks like a key,
///   a code that is used once, or a card number.
/// - Header values that are marked by `HeaderValue::set_sensitive`.
/// - Userinfo and secret parameters of URLs, in the target, in header fields such as `Referer` and `Location`, and in fields, alone or in a
///   sentence.
/// - What the [`Detector`]s that are on by default find in texts, numbers, names and paths.
/// - Columns of CSV, arguments of GraphQL and their variables, wherever in the request these stand, and with the feature `xml` elements and attributes of XML, by the same names.
/// - JSON, GraphQL, XML, forms and base64 of JSON inside strings, down to three levels; every JSON Web Token; text in which a secret's name is followed by
///   its value, as `password=x`, `password eq 'x'` and `mysql -px`.
///
/// A body that is not what its type says, and text of which nobody can tell where a secret might be, is withheld.
///
/// # What shows of a token
///
/// Tokens, API keys and credentials keep what says their kind: `Bearer persona_production_61bd73de-ce28-****-****-************`.
/// Before a UUID, and before at least 80 bits of letters and digits that look random, at most two lower-case words that end in `_` show; of a UUID its
/// first two groups do, which leaves 80 bits hidden, 74 of them unknown where the UUID is a random one. Everything else shows as `****`
/// or `[MASKED]`.
#[derive(Clone, Default)]
#[must_use = "rules do nothing until they are given to a layer or a masker"]
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) detectors: Detectors,
    plain_texts: Vec<String>,
    pub(super) hash_key: Option<[u8; 32]>,
    pub(super) former_hash_keys: Vec<[u8; 32]>,
    pub(super) lists: Lists,
    pub(super) callbacks: Callbacks,
}

impl Rules {
    /// Adds a rule. Of two that fit, the one that was added first decides what stands in the value's place, and any comes before the defaults.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Hides the value of a header or trailer field: [`Rule::header`].
    pub fn header(self, name: impl Into<String>) -> Self {
        self.rule(Rule::header(name))
    }

    /// Hides a parameter of queries and forms: [`Rule::query`].
    pub fn query(self, name: impl Into<String>) -> Self {
        self.rule(Rule::query(name))
    }

    /// Hides fields, parameters and header fields whose name holds these words: [`Rule::field`].
    pub fn field(self, name: impl Into<String>) -> Self {
        self.rule(Rule::field(name))
    }

    /// Hides what a detector finds that is off by default: [`Rule::detector`].
    pub fn detect(self, detector: Detector) -> Self {
        self.rule(Rule::detector(detector))
    }

    /// Turns off a detector that is on by default, because what it finds here is harmless: order numbers that look like cards.
    ///
    /// It takes masking away, as only [`Rules::plain_text`] does beside it. A [`Rule::detector`] turns it on again where that rule counts.
    pub fn ignore(mut self, detector: Detector) -> Self {
        self.detectors = self.detectors.without(detector);
        self
    }

    /// Keeps bodies of a type of text, such as `text/plain`, because the service puts no secrets there.
    ///
    /// Each line is masked for itself: tokens, URLs, `password=x`. Without it, text that has no structure to know secrets by is withheld.
    /// Types that are masked field by field (JSON, forms, multipart) are refused.
    pub fn plain_text(mut self, media_type: impl Into<String>) -> Self {
        self.plain_texts.push(media_type.into());
        self
    }

    /// Compiles the rules.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Configuration`] for a name that is empty, too long or without letters and digits, for a header name, JSON pointer or media type
    /// that is none, for a type that has a masker of its own, and where a random key cannot be had.
    pub(super) fn compile(&self) -> Result<Compiled, Error> {
        if self.rules.len() > MAX_RULES {
            return Err(Error::configuration("there may be at most 1000 rules"));
        }
        for rule in &self.rules {
            check(rule)?;
        }
        let plain_texts = self.plain_texts.iter().map(|it| plain_text(it));
        let (hash, former_hashes) = self.hashes()?;
        let listed = self.lists.fields()?;
        Ok(Compiled {
            headers: self.names(
                |it| matches!(it, What::Header(_) | What::Field(_)),
                &[presets::HEADERS, presets::FIELDS],
            )?,
            pairs: self
                .names(
                    |it| matches!(it, What::Query(_) | What::Field(_)),
                    &[presets::PARAMETERS, presets::FIELDS],
                )?
                .only(listed.clone()),
            fields: self
                .names(|it| matches!(it, What::Field(_)), &[presets::FIELDS])?
                .with_pointers(self.pointers()?)
                .only(listed),
            finders: self.finders(),
            segments: self.segments()?,
            patterns: self.patterns()?,
            cookies: self.names(|it| matches!(it, What::Cookie(_)), &[])?,
            plain_texts: plain_texts.collect::<Result<_, _>>()?,
            hash,
            former_hashes,
            allowed: self.lists.compile()?,
        })
    }

    fn pointers(&self) -> Result<Pointers, Error> {
        let rules = self.rules.iter();
        let rules = rules.filter(|it| matches!(it.what, What::Pointer(_)));
        Pointers::new(
            rules
                .map(|it| (it.condition.clone(), name_rule(it)))
                .collect(),
        )
    }

    fn finders(&self) -> Finders {
        let rule = |rule: &Rule| match rule.what {
            What::Detector(detector) => Some(FinderRule {
                detector,
                condition: rule.condition.clone(),
                replacement: rule.replacement,
                fits_route: true,
                counts: rule.condition.is_always(),
            }),
            _ => None,
        };
        let mut finders = Finders {
            everywhere: self.detectors,
            rules: self.rules.iter().filter_map(rule).collect(),
        };
        for rule in finders.rules.iter().filter(|it| it.counts) {
            finders.everywhere = finders.everywhere.with(rule.detector);
        }
        finders
    }

    /// Makes the lists of one kind of place: a layer for each run of rules that count under the same condition, and the defaults.
    pub(super) fn names(
        &self,
        is_meant: impl Fn(&What) -> bool,
        presets: &[&[presets::Preset]],
    ) -> Result<Names, Error> {
        let rules = |members: Vec<usize>| members.into_iter().filter_map(|at| self.rules.get(at));
        let runs = self.runs(is_meant).into_iter();
        let mut layers: Vec<_> = runs
            .map(|(condition, members)| (condition, rules(members).map(name_rule).collect()))
            .collect();
        if layers.len() > MAX_CONDITIONS {
            return Err(Error::configuration(
                "there may be at most 200 runs of rules with different conditions; put rules of one condition next to each other",
            ));
        }
        let defaults = presets.iter().flat_map(|list| presets::rules(list));
        layers.push((Condition::default(), defaults.collect()));
        Ok(Names::new(layers))
    }

    /// Returns the runs of rules of one kind that count under the same condition.
    pub(super) fn runs(&self, is_meant: impl Fn(&What) -> bool) -> Vec<(Condition, Vec<usize>)> {
        let mut runs: Vec<(Condition, Vec<usize>)> = Vec::new();
        let meant = self.rules.iter().enumerate();
        for (at, rule) in meant.filter(|(_, it)| is_meant(&it.what)) {
            match runs.last_mut() {
                Some((condition, members)) if *condition == rule.condition => members.push(at),
                _ => runs.push((rule.condition.clone(), vec![at])),
            }
        }
        runs
    }
}

fn name_rule(rule: &Rule) -> NameRule {
    NameRule {
        name: rule.name().to_owned(),
        fit: match &rule.what {
            What::Field(_) => Fit::Words,
            _ => Fit::Alone,
        },
        shape: Shape::Whole,
        replacement: rule.replacement,
        own: true,
    }
}

fn check(rule: &Rule) -> Result<(), Error> {
    if let What::Header(name) = &rule.what {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::configuration("a masked header must be a header name"))?;
    }
    let is_name = rule.what.is_name();
    let name = rule.name();
    if is_name && (name.len() > MAX_NAME_BYTES || !name.contains(char::is_alphanumeric)) {
        return Err(Error::configuration(
            "a masked name must have a letter or digit and at most 256 bytes",
        ));
    }
    let mut routes = rule.condition.routes().iter();
    if routes.any(|it| it.as_str().is_empty()) {
        return Err(Error::configuration(
            "on_route needs a pattern, as /users/*",
        ));
    }
    Ok(())
}

fn plain_text(media_type: &str) -> Result<String, Error> {
    let parsed = MediaType::parse(media_type).filter(|it| it.essence() == media_type);
    match parsed.map(|it| it.claim()) {
        Some(
            Claim::Json
            | Claim::JsonLines
            | Claim::JsonSequence
            | Claim::Form
            | Claim::Multipart
            | Claim::Parts,
        ) => Err(Error::configuration(
            "a type of plain text must not be JSON, a form or multipart, which are masked field by field",
        )),
        Some(Claim::Token) => Err(Error::configuration(
            "a type of plain text must not be that of a token, which is masked as a whole",
        )),
        Some(_) => Ok(media_type.to_owned()),
        None => Err(Error::configuration(
            "a type of plain text must be a media type without parameters, as text/plain",
        )),
    }
}

/// Prints the rules and never the key.
impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("rules", &self.rules)
            .field("detectors", &self.detectors)
            .field("plain_texts", &self.plain_texts)
            .finish_non_exhaustive()
    }
}

/// Rules that a [`super::Masker`] can be made of.
pub(super) struct Compiled {
    pub(super) headers: Names,
    pub(super) pairs: Names,
    pub(super) fields: Names,
    pub(super) cookies: Names,
    pub(super) finders: Finders,
    pub(super) segments: Segments,
    pub(super) patterns: Patterns,
    pub(super) plain_texts: Vec<String>,
    pub(super) hash: KeyedHash,
    pub(super) former_hashes: Vec<KeyedHash>,
    pub(super) allowed: Allowed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn wrong_rule_is_an_error_of_configuration() {
        let rules = Rules::default;
        for wrong in [
            rules().header(""),
            rules().header("X Partner"),
            rules().header("---"),
            rules().query(""),
            rules().field("_-_"),
            rules().field("x".repeat(257)),
            rules().rule(Rule::pointer("a/b")),
            rules().rule(Rule::pointer("/a~2b")),
            rules().rule(Rule::pointer("/a~")),
            rules().rule(Rule::pointer("/x".repeat(64))),
            rules().rule(Rule::pointer("/".repeat(1025))),
            (0..65).fold(rules(), |it, at| it.rule(Rule::pointer(format!("/{at}")))),
            rules().plain_text("text"),
            rules().plain_text("text/*"),
            rules().plain_text("text/plain; charset=utf-8"),
            rules().plain_text("application/json"),
            rules().plain_text("multipart/form-data"),
            rules().plain_text("multipart/mixed"),
            rules().plain_text("application/json-seq"),
            rules().plain_text("application/jwt"),
        ] {
            let error = wrong.compile().err().map(|error| error.kind());
            assert_eq!(error, Some(ErrorKind::Configuration), "{wrong:?}");
        }
        assert!(rules().field("é").plain_text("text/csv").compile().is_ok());
    }

    #[test]
    fn t12_debug_of_rules_prints_no_hash_key() {
        let shown = format!("{:?}", Rules::default().hash_key([0xab; 32]).field("code"));
        assert!(shown.contains("Field(\"code\")") && shown.ends_with("plain_texts: [], .. }"));
        assert!(!shown.contains("171") && !shown.contains("ab"), "{shown}");
    }
}
