use super::Compiled;
use super::allow::Allowed;
use super::body::Bodies;
use super::detect::{Detectors, Found};
use super::graphql::Bound;
use super::keyed_hash::KeyedHash;
use super::names::{Names, RuleId};
use super::patterns::Patterns;
use super::pseudonym::ApiKey;
use super::replacement::is_mark;
use super::report::Report;
use super::segments::Segments;
use super::spots::Finders;
use crate::entry::Place;

/// What the maskers of one entry share.
pub(super) struct Pass<'m> {
    pub(super) headers: &'m mut Names,
    pub(super) pairs: &'m mut Names,
    pub(super) fields: &'m mut Names,
    pub(super) cookies: &'m mut Names,
    pub(super) finders: &'m mut Finders,
    pub(super) segments: &'m mut Segments,
    pub(super) patterns: &'m mut Patterns,
    /// Those that are on in the present place.
    pub(super) detectors: Detectors,
    /// Kept from one text to the next.
    pub(super) found: Vec<Found>,
    pub(super) hash: &'m KeyedHash,
    pub(super) allowed: &'m Allowed,
    pub(super) report: Report,
    /// Which members of the next document are secrets, where it is the variables of a GraphQL request.
    pub(super) bound: Option<Box<Bound>>,
    /// Which variables are secrets by a document in another part of the request.
    pub(super) elsewhere: Option<Box<Bound>>,
    /// What the request's fields tell of the caller's key.
    pub(super) api_key: ApiKey,
    /// The length of the body that was looked at last, where it was decoded to its end.
    pub(super) decoded_bytes: Option<u64>,
    /// How many bytes an earlier masking may have taken out of the present text.
    pub(super) taken: usize,
}

impl Compiled {
    /// Begins the masking of one entry, of which the route, or the path, is known.
    pub(super) fn pass(&mut self, route: &str) -> (Pass<'_>, Bodies<'_>) {
        let Self {
            headers,
            pairs,
            fields,
            cookies,
            finders,
            segments,
            patterns,
            plain_texts,
            hash,
            former_hashes: _,
            allowed,
        } = self;
        for names in [&mut *headers, pairs, fields, cookies] {
            names.begin(route);
        }
        finders.begin(route);
        segments.begin(route);
        patterns.begin(route);
        let pass = Pass {
            headers,
            pairs,
            fields,
            cookies,
            detectors: finders.everywhere,
            finders,
            segments,
            patterns,
            found: Vec::new(),
            hash,
            allowed,
            report: Report::new(),
            bound: None,
            elsewhere: None,
            decoded_bytes: None,
            taken: 0,
            api_key: ApiKey::default(),
        };
        (pass, Bodies { plain_texts, hash })
    }
}

impl Pass<'_> {
    /// Says which part of the entry comes next: for the report, and for the rules that count only there.
    pub(super) fn enter(&mut self, place: Place) {
        self.report.enter(place);
        let Self {
            headers,
            pairs,
            fields,
            cookies,
            ..
        } = self;
        for names in [&mut **headers, pairs, fields, cookies] {
            names.enter(place);
        }
        self.detectors = self.finders.enter(place);
        self.segments.enter(place);
        self.patterns.enter(place);
    }

    /// Tells whether a value is what stands in its place already, which is not told again.
    pub(super) fn stays(&self, value: &str, shown: &str) -> bool {
        value == shown || self.hash.sees_masked_values() && is_mark(value)
    }

    /// Returns what a rule of the fields puts in the place of a whole value; `None` for the mark.
    pub(super) fn stands_for_field(&self, rule: RuleId, value: &str) -> Option<String> {
        self.fields.replacement(rule).of(value, self.hash)
    }

    /// Returns what a rule of the parameters puts in the place of a whole value; `None` for the mark.
    pub(super) fn stands_for_parameter(&self, rule: RuleId, value: &str) -> Option<String> {
        self.pairs.replacement(rule).of(value, self.hash)
    }
}
