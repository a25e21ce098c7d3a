use super::condition::Condition;
use super::detect::Detector;
use super::replacement::Replacement;
use crate::entry::Place;
use crate::pattern::PathPattern;

/// What is hidden, where, and what stands in its place.
///
/// # Example: whose calls they are, without who it is, and only there
///
/// ```
/// use tower_api_log::entry::Place;
/// use tower_api_log::mask::{Replacement, Rule, Rules};
///
/// let rules = Rules::default()
///     .hash_key([0; 32]) // of a secret store
///     .rule(Rule::header("x-partner-key").replace_with(Replacement::Pseudonym))
///     .rule(
///         Rule::field("email")
///             .only_in(Place::ResponseBody)
///             .on_route("/api/v1/users/*")
///             .replace_with(Replacement::LastFour),
///     );
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is given to `Rules::rule`"]
pub struct Rule {
    pub(super) what: What,
    pub(super) condition: Condition,
    pub(super) replacement: Replacement,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Header(String),
    Query(String),
    Cookie(String),
    Field(String),
    Pointer(String),
    Detector(Detector),
    Segment(String),
    #[cfg(feature = "regex")]
    Pattern(String),
}

impl What {
    /// Tells whether the rule is about a name.
    pub(super) fn is_name(&self) -> bool {
        matches!(
            self,
            Self::Header(_) | Self::Query(_) | Self::Cookie(_) | Self::Field(_)
        )
    }
}

const HEADERS: [Place; 4] = [
    Place::RequestHeader,
    Place::RequestTrailer,
    Place::ResponseHeader,
    Place::ResponseTrailer,
];
/// Where JSON documents stand.
const DOCUMENTS: [Place; 5] = [
    Place::RequestBody,
    Place::ResponseBody,
    Place::EventData,
    Place::EventBefore,
    Place::EventAfter,
];
const EVERYWHERE: [Place; 15] = [
    Place::Path,
    Place::Query,
    Place::RequestHeader,
    Place::RequestBody,
    Place::RequestTrailer,
    Place::ResponseHeader,
    Place::ResponseBody,
    Place::ResponseTrailer,
    Place::Note,
    Place::EventTitle,
    Place::EventData,
    Place::EventBefore,
    Place::EventAfter,
    Place::EventError,
    Place::EventAlert,
];

impl What {
    /// Returns the places in which such a rule can have an effect.
    pub(super) fn places(&self) -> &'static [Place] {
        match self {
            Self::Header(_) | Self::Cookie(_) => &HEADERS,
            Self::Pointer(_) => &DOCUMENTS,
            _ => &EVERYWHERE,
        }
    }
}

impl Rule {
    fn new(what: What) -> Self {
        Self {
            what,
            condition: Condition::default(),
            replacement: Replacement::default(),
        }
    }

    /// Hides the value of a header or trailer field, by its name in any case.
    pub fn header(name: impl Into<String>) -> Self {
        Self::new(What::Header(name.into()))
    }

    /// Hides a parameter of queries and forms, by its whole name or one of its parts in brackets, in any spelling.
    pub fn query(name: impl Into<String>) -> Self {
        Self::new(What::Query(name.into()))
    }

    /// Hides the value of a cookie, in any spelling. All are hidden by default: the rule is for another replacement.
    pub fn cookie(name: impl Into<String>) -> Self {
        Self::new(What::Cookie(name.into()))
    }

    /// Hides fields of JSON, forms and multipart bodies, query parameters and header fields whose name holds these words.
    ///
    /// `internal_code` hides `internalCode`, `INTERNAL-CODE` and `old_internal_code` as well.
    pub fn field(name: impl Into<String>) -> Self {
        Self::new(What::Field(name.into()))
    }

    /// Hides one place of JSON documents: bodies, each line of those in lines, and what events tell.
    ///
    /// The place is a JSON pointer (RFC 6901) of exact names, in which `~0` stands for `~` and `~1` for `/`, a step `*` for any one name or index, and `**`
    /// for any number of steps. The value is hidden as a whole, whatever it is. Documents within texts have no such places.
    ///
    /// # Example: one field of each item, and all comments
    ///
    /// ```
    /// use tower_api_log::mask::{Masker, Replacement, Rule, Rules};
    ///
    /// let rules = Rules::default()
    ///     .rule(Rule::pointer("/data/*/attributes/height"))
    ///     .rule(Rule::pointer("/**/comment").replace_with(Replacement::Remove));
    /// let body = br#"{"data":[{"attributes":{"height":1.8,"comment":"tall"}}],"height":2}"#;
    /// let shown = Masker::new(&rules)?.body(Some("application/json"), body);
    /// let expected = r#"{"data":[{"attributes":{"height":"[MASKED]"}}],"height":2}"#;
    /// assert_eq!(shown.text(), Some(expected));
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn pointer(pointer: impl Into<String>) -> Self {
        Self::new(What::Pointer(pointer.into()))
    }

    /// Hides what a detector finds in a text or a number, and leaves the rest of it; the other way to turn one on is [`Rules::detect`].
    ///
    /// [`Rules::detect`]: super::Rules::detect
    pub fn detector(detector: Detector) -> Self {
        Self::new(What::Detector(detector))
    }

    /// Hides segments of paths by a template of the path itself, for services without routes and for the URLs of others: of the request's target, and
    /// of URLs and paths in header fields, bodies and texts.
    ///
    /// `{name}` is a segment that is hidden, `*` one that shows, `{*rest}` at the end every one that is left; all else must be the same, in
    /// any case and encoding. What the route's own template names as a secret, as `/reset/{token}`, is hidden without a rule.
    /// [`Replacement::Remove`] leaves the mark, so that a path keeps its segments.
    ///
    /// # Example: links that let in
    ///
    /// ```
    /// use tower_api_log::mask::{Masker, Rule, Rules};
    ///
    /// let mut masker = Masker::new(&Rules::default().rule(Rule::segment("/invites/{code}/*")))?;
    /// let body = br#"{"link":"https://example.com/invites/k9-sample/accept"}"#;
    /// let shown = masker.body(Some("application/json"), body);
    /// assert_eq!(shown.text(), Some(r#"{"link":"https://example.com/invites/%5BMASKED%5D/accept"}"#));
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn segment(template: impl Into<String>) -> Self {
        Self::new(What::Segment(template.into()))
    }

    /// Hides what a regular expression of the [`regex`](https://docs.rs/regex) crate finds in any decoded text: strings and numbers of JSON, header
    /// values, parameters, segments of paths, texts that the application tells, plain text. The rest of the text stays; a number is hidden as
    /// a whole.
    ///
    /// The pattern is not anchored and must not match the empty text. Text that was cut off, and text with more than a thousand finds, is
    /// hidden as a whole. [`Replacement::Remove`] leaves the mark.
    ///
    /// # Example: numbers of one's own
    ///
    /// ```
    /// use tower_api_log::mask::{Masker, Rule, Rules};
    ///
    /// let mut masker = Masker::new(&Rules::default().rule(Rule::pattern("ACME-[0-9]{6}")))?;
    /// let shown = masker.body(Some("application/json"), br#"{"note":"see ACME-918273"}"#);
    /// assert_eq!(shown.text(), Some(r#"{"note":"see [MASKED]"}"#));
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    #[cfg(feature = "regex")]
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self::new(What::Pattern(pattern.into()))
    }

    /// Lets the rule count in this part of an entry, and in those named before; in all of them by default.
    pub fn only_in(mut self, place: Place) -> Self {
        self.condition.only_in(place);
        self
    }

    /// Lets the rule count for routes that match, and for those named before: the route's template, or the path where no template is known,
    /// exact but for `*`, which stands for any run of characters. It counts for all routes, and for what is told outside of a call, by default.
    pub fn on_route(mut self, pattern: impl Into<String>) -> Self {
        self.condition.on_route(PathPattern::new(pattern));
        self
    }

    /// Says what stands in the place of the value; [`Replacement::Fixed`] by default.
    ///
    /// A card's security code, track and PIN are always hidden as a whole.
    pub fn replace_with(mut self, replacement: Replacement) -> Self {
        self.replacement = replacement;
        self
    }

    /// Returns the name that the rule compares with, the detector's, or the template or pattern.
    pub(super) fn name(&self) -> &str {
        match &self.what {
            What::Header(name) | What::Query(name) | What::Cookie(name) | What::Field(name) => name,
            What::Pointer(pointer) => pointer,
            What::Detector(detector) => detector.as_str(),
            What::Segment(template) => template,
            #[cfg(feature = "regex")]
            What::Pattern(pattern) => pattern,
        }
    }
}
