use std::fmt;

use http::HeaderName;

use super::keyed_hash::KeyedHash;
use super::media_type::{Claim, MediaType};
use super::names::{Fit, Names, Rule, Shape};
use super::presets;
use crate::error::Error;

/// The most names of each kind that can be added.
const MAX_NAMES: usize = 1000;
const MAX_NAME_BYTES: usize = 256;

/// What is masked: the defaults and what is added here.
///
/// Every method but [`Rules::plain_text`] only adds masking; nothing takes a default away. Wrong rules are an error when the layer is built.
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
/// - Values that a sibling names: `{"name":"DB_PASSWORD","value":"x"}`, `["Authorization","x"]`, JSON Patch, `key=TOKEN&value=x`.
/// - JSON fields with names that are as often harmless, such as `code`, `key`, `state`, `access` or `number`, where the value looks like a key,
///   a code that is used once, or a card number.
/// - Header values that are marked by `HeaderValue::set_sensitive`.
/// - Userinfo and secret parameters of URLs, in the target, in header fields such as `Referer` and `Location`, and in fields, alone or in a
///   sentence.
/// - JSON, forms and base64 of JSON inside strings, down to three levels; every JSON Web Token; text in which a secret's name is followed by
///   its value, as `password=x`.
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
pub struct Rules {
    headers: Vec<String>,
    queries: Vec<String>,
    fields: Vec<String>,
    plain_texts: Vec<String>,
    hash_key: Option<[u8; 32]>,
}

impl Rules {
    /// Masks the value of a header or trailer field, by its name in any case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>) -> Self {
        self.headers.push(name.into());
        self
    }

    /// Masks a parameter of queries and forms, by its whole name or one of its parts in brackets, in any spelling.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>) -> Self {
        self.queries.push(name.into());
        self
    }

    /// Masks fields of JSON, forms and multipart bodies, query parameters and header fields whose name holds these words.
    ///
    /// `internal_code` masks `internalCode`, `INTERNAL-CODE` and `old_internal_code` as well.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.fields.push(name.into());
        self
    }

    /// Keeps bodies of a type of text as they are, such as `text/plain`, because the service puts no secrets there.
    ///
    /// Without it, text that is not JSON is withheld. Types with a masker of their own (JSON, forms, multipart) are refused.
    #[must_use]
    pub fn plain_text(mut self, media_type: impl Into<String>) -> Self {
        self.plain_texts.push(media_type.into());
        self
    }

    /// Sets the key of the hashes that stand for withheld bodies, so that they compare across processes.
    ///
    /// The default is a key of the operating system's randomness for each process.
    #[must_use]
    pub fn hash_key(mut self, key: [u8; 32]) -> Self {
        self.hash_key = Some(key);
        self
    }

    /// Compiles the rules.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Configuration`] for a name that is empty, too long or without letters and digits, for a header name or media type that is
    /// none, for a type that has a masker of its own, and where a random key cannot be had.
    pub(crate) fn compile(&self) -> Result<Compiled, Error> {
        for header in &self.headers {
            HeaderName::from_bytes(header.as_bytes())
                .map_err(|_| Error::configuration("a masked header must be a header name"))?;
        }
        let headers = own(&self.headers, Fit::Alone)?;
        let queries = own(&self.queries, Fit::Alone)?;
        let fields = own(&self.fields, Fit::Words)?;
        let plain_texts = self.plain_texts.iter().map(|it| plain_text(it));
        let presets = |lists: &[&[presets::Preset]]| -> Vec<Rule> {
            lists.iter().flat_map(|list| presets::rules(list)).collect()
        };
        let list = |own: &[&[Rule]], more: Vec<Rule>| {
            Names::new(own.iter().copied().flatten().cloned().chain(more).collect())
        };
        Ok(Compiled {
            headers: list(
                &[&headers, &fields],
                presets(&[presets::HEADERS, presets::FIELDS]),
            ),
            pairs: list(
                &[&queries, &fields],
                presets(&[presets::PARAMETERS, presets::FIELDS]),
            ),
            fields: list(&[&fields], presets(&[presets::FIELDS])),
            plain_texts: plain_texts.collect::<Result<_, _>>()?,
            hash: match &self.hash_key {
                Some(key) => KeyedHash::new(key)?,
                None => KeyedHash::random()?,
            },
        })
    }
}

fn own(names: &[String], fit: Fit) -> Result<Vec<Rule>, Error> {
    if names.len() > MAX_NAMES {
        return Err(Error::configuration(
            "there may be at most 1000 masked names of a kind",
        ));
    }
    let rule = |name: &String| {
        if name.len() > MAX_NAME_BYTES || !name.contains(char::is_alphanumeric) {
            return Err(Error::configuration(
                "a masked name must have a letter or digit and at most 256 bytes",
            ));
        }
        Ok(Rule {
            name: name.clone(),
            fit,
            shape: Shape::Whole,
            own: true,
        })
    };
    names.iter().map(rule).collect()
}

fn plain_text(media_type: &str) -> Result<String, Error> {
    let parsed = MediaType::parse(media_type).filter(|it| it.essence() == media_type);
    match parsed.map(|it| it.claim()) {
        Some(Claim::Text | Claim::Unknown) => Ok(media_type.to_owned()),
        Some(_) => Err(Error::configuration(
            "a type of plain text must not be JSON, a form or multipart, which are masked field by field",
        )),
        None => Err(Error::configuration(
            "a type of plain text must be a media type without parameters, as text/plain",
        )),
    }
}

/// Prints the names and never the key.
impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("headers", &self.headers)
            .field("queries", &self.queries)
            .field("fields", &self.fields)
            .field("plain_texts", &self.plain_texts)
            .finish_non_exhaustive()
    }
}

/// Rules that a [`super::Masker`] can be made of.
pub(crate) struct Compiled {
    pub(super) headers: Names,
    pub(super) pairs: Names,
    pub(super) fields: Names,
    pub(super) plain_texts: Vec<String>,
    pub(super) hash: KeyedHash,
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
            rules().plain_text("text"),
            rules().plain_text("text/*"),
            rules().plain_text("text/plain; charset=utf-8"),
            rules().plain_text("application/json"),
            rules().plain_text("multipart/form-data"),
        ] {
            let error = wrong.compile().err().map(|error| error.kind());
            assert_eq!(error, Some(ErrorKind::Configuration), "{wrong:?}");
        }
        assert!(rules().field("é").plain_text("text/csv").compile().is_ok());
    }

    #[test]
    fn t12_debug_of_rules_prints_no_hash_key() {
        let shown = format!("{:?}", Rules::default().hash_key([0xab; 32]).field("code"));
        assert_eq!(
            shown,
            r#"Rules { headers: [], queries: [], fields: ["code"], plain_texts: [], .. }"#
        );
    }
}
