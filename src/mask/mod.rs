//! The gate: the only road from what was captured to what is stored.
//!
//! Comes in: a `Captured` or a `CapturedEvent`, which may hold secrets. Goes out: a [`LogEntry`], which holds none that the rules know, and the report
//! of what was masked. Runs on the recorder's thread.
//!
//! Invariants:
//!
//! - Nothing of what was captured reaches an entry but through a function of this folder.
//! - It fails closed. What cannot be understood under the rules is masked as far as it parses where the beginning is certain, and
//!   otherwise withheld, with the reason, its length and a keyed hash. No error path returns the input.
//! - A name is decoded before it is decided on, and decided on by whole words (`names`); a value is replaced as a whole, whatever its type,
//!   and never by a part of itself but by what `token` lets show.
//! - What is not masked keeps its bytes; of a body with a content coding, those that it decodes to.
//!
//! Layout: `rules` and the table of defaults in `presets`; one file for each kind of place (`headers`, `cookies`, `authorization`,
//! `uri`, `path`, `pairs`, `multipart`, `json`, `xml`, `graphql`, `csv`, `sse`), `body` to choose between them, `decode` for content codings and
//! `charset` to read text, `inside`, `base64` and `prose` for text that holds more text, `detect` and `spots` for secrets that show by their value,
//! `edits` for what is replaced out of order; `again` for what is masked once more for one sink;
//! `event` for what the application tells, with `told` for its texts, `document` for its values and `diff` for what changed in them.
//!
//! Costs: time linear in what was captured, whatever its content; memory for the masked copy, plus one bit for each level of JSON and a few
//! words for each open element of XML. Little is allocated for a part in which nothing is masked, apart from its copy into the entry: what has to be decoded, and the names
//! that may name a sibling.

mod again;
mod allow;
mod authorization;
mod base64;
mod body;
mod callback;
mod charset;
mod condition;
mod context;
mod cookies;
mod credentials;
mod csv;
#[cfg(feature = "decompress")]
mod decode;
mod detect;
mod diff;
mod document;
mod edits;
mod event;
mod explain;
mod graphql;
mod headers;
mod inside;
mod json;
mod keyed_hash;
mod lint;
mod marks;
mod media_type;
mod multipart;
mod names;
mod pairs;
mod pass;
mod path;
mod patterns;
mod presets;
mod prose;
mod pseudonym;
mod replacement;
mod report;
mod rule;
mod rules;
mod segments;
mod split;
mod spots;
mod sse;
mod token;
mod told;
mod uri;
#[cfg(feature = "xml")]
mod xml;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::Version;

use crate::capture::{
    Captured, CapturedBody, Codings, Fields, Policy, Reservation, TrustedNetworks,
};
use crate::entry::{
    BodyRecord, EntryKind, Exchange, LogEntry, Place, RequestRecord, ResponseRecord, SkipReason,
    WithheldReason,
};
use crate::error::Error;

use pass::Pass;

pub use callback::{Answer, Value};
use callback::{Kind, Runner};
pub use detect::Detector;
pub use explain::{Explanation, Spot};
pub use lint::Warning;
pub use replacement::Replacement;
pub use rule::Rule;
use rules::Compiled;
pub use rules::Rules;

/// In the place of a value in JSON, a query or a form.
const MASKED: &str = "[MASKED]";
/// In the place of text in which nobody can tell where the secret ends.
const WITHHELD: &str = "[WITHHELD]";
/// In the place of a header's or cookie's value, and of userinfo.
const STARS: &str = "****";

/// Turns what was captured into entries. A layer has one of its own; on its own it tells what rules do.
///
/// # Example: what shows of a body
///
/// ```
/// use tower_api_log::mask::{Masker, Rules};
///
/// let mut masker = Masker::new(&Rules::default().field("internal_code"))?;
/// let body = br#"{"name":"Jane","internal_code":"7f3a91"}"#;
/// let shown = masker.body(Some("application/json"), body);
/// assert_eq!(shown.text(), Some(r#"{"name":"Jane","internal_code":"[MASKED]"}"#));
/// # Ok::<(), tower_api_log::Error>(())
/// ```
pub struct Masker {
    rules: Compiled,
    trusted: TrustedNetworks,
    callbacks: Option<Runner>,
}

/// An exchange that was masked.
pub(crate) struct Masked {
    pub(crate) entry: LogEntry,
    /// The masked body of the response where the entry must not show it.
    pub(crate) hidden_response_body: Option<BodyRecord>,
    /// How many of the bodies decode to far more than they are.
    pub(crate) expanding_bodies: u64,
    /// The entry's, which may be somewhat larger than what was captured.
    pub(crate) reservation: Reservation,
}

impl Masker {
    /// Compiles rules.
    ///
    /// # Errors
    ///
    /// A rule that cannot be meant: [`ErrorKind::Configuration`](crate::ErrorKind).
    pub fn new(rules: &Rules) -> Result<Self, Error> {
        Self::behind(rules, TrustedNetworks::default())
    }

    /// Compiles rules for a service behind these networks.
    pub(crate) fn behind(rules: &Rules, trusted: TrustedNetworks) -> Result<Self, Error> {
        Ok(Self {
            callbacks: Runner::of(&rules.callbacks)?,
            rules: rules.compile()?,
            trusted,
        })
    }

    /// Returns the count of values that were withheld because a callback failed, if there is a callback.
    pub(crate) fn withheld_by_callbacks(&self) -> Option<Arc<AtomicU64>> {
        self.callbacks.as_ref().map(Runner::withheld)
    }

    /// Masks a whole body of a request, without a content coding, as it is stored.
    pub fn body(&mut self, content_type: Option<&str>, bytes: &[u8]) -> BodyRecord {
        let mut fields = Fields::default();
        if let Some(content_type) = content_type {
            fields.push("content-type", content_type.as_bytes(), false);
        }
        let codings = Some(Codings::default());
        let body = CapturedBody::whole(bytes, codings, Policy::MOST_BODY_BYTES);
        let (mut pass, bodies) = self.rules.pass("");
        pass.enter(Place::RequestBody);
        let mut body = bodies.mask(body, &fields, &mut pass);
        if let Some(callbacks) = &mut self.callbacks {
            callbacks.body(&mut body, Kind::of(&fields));
        }
        body
    }

    /// Masks an exchange.
    pub(crate) fn exchange(&mut self, captured: Captured) -> Masked {
        let (mut pass, bodies) = self.rules.pass(route(&captured.request));

        let mut request = request(&captured, &mut pass);
        if request.scheme.is_none() {
            let fields = &captured.request;
            let listed = pass.allowed.only(fields);
            let fields = listed.as_ref().unwrap_or(fields);
            let told = self.trusted.scheme(captured.peer, fields);
            request.scheme = told.map(str::to_owned);
        }
        let mut context = context::Seen {
            fields: &captured.request,
            peer: captured.peer,
            path: &request.path,
            headers: &request.headers,
        }
        .context(captured.told.as_deref(), &self.trusted, &mut pass);
        let mut exchange = Exchange::new(request, captured.outcome, captured.timing);
        exchange.weight = captured.share.weight;
        pass.enter(Place::RequestBody);
        pass.elsewhere = graphql::of_query(&captured.request, &mut pass);
        exchange.request_body = bodies.mask(captured.request_body, &captured.request, &mut pass);
        pass.elsewhere = None;
        exchange.request_decoded_bytes = pass.decoded_bytes.take();
        let nothing = Fields::default();
        let mut response_fields = &nothing;
        if let Some(response) = &captured.response {
            response_fields = response.fields.as_ref().unwrap_or(&nothing);
            exchange.response = Some(ResponseRecord {
                status: response.status,
                headers: headers::mask(response_fields, Place::ResponseHeader, &mut pass),
                headers_left_out: response.fields.is_none(),
                trailers: headers::mask(&response.trailers, Place::ResponseTrailer, &mut pass),
            });
        }
        pass.enter(Place::ResponseBody);
        let mark = pass.report.mark();
        exchange.response_body = bodies.mask(captured.response_body, response_fields, &mut pass);
        exchange.response_decoded_bytes = pass.decoded_bytes.take();
        let both = [&exchange.request_body, &exchange.response_body];
        let expanding_bodies = both.into_iter().filter(|it| expands(it)).count() as u64;
        let is_hidden = |_: &SkipReason| exchange.response_body != BodyRecord::Empty;
        let hidden_response_body = captured
            .hides_response_body
            .filter(is_hidden)
            .map(|reason| {
                pass.report.forget(&mark);
                exchange.response_decoded_bytes = None;
                let bytes_seen = exchange.response_body.bytes_seen();
                let shown = BodyRecord::Skipped { reason, bytes_seen };
                std::mem::replace(&mut exchange.response_body, shown)
            });
        exchange.failure = captured.failure.map(|it| told::failure(it, &mut pass));
        exchange.notes = told::notes(captured.notes, &mut pass);
        (exchange.masked, exchange.masked_count) = pass.finish();
        if let Some(callbacks) = &mut self.callbacks {
            let kinds = [&captured.request, response_fields].map(Kind::of);
            callbacks.exchange(&mut exchange, &mut context, kinds);
        }
        let kind = EntryKind::Exchange(Box::new(exchange));
        let entry = LogEntry::new(captured.id, captured.started, context, kind);
        let mut reservation = captured.reservation;
        reservation.stand_for(entry.size_bytes());
        Masked {
            entry,
            hidden_response_body,
            expanding_bodies,
            reservation,
        }
    }
}

/// Returns what rules for routes are compared with: the template, or the path where no template is known.
fn route(fields: &Fields) -> &str {
    let target = || fields.text(":path").unwrap_or_default();
    let path = || target().split('?').next().unwrap_or_default();
    fields.text(":route").unwrap_or_else(path)
}

fn expands(body: &BodyRecord) -> bool {
    let expands = WithheldReason::Expands;
    matches!(body, BodyRecord::Withheld { reason, .. } if *reason == expands)
}

/// Masks the path of a target, with the route's names of its segments.
fn path_of(fields: &Fields, pass: &mut Pass<'_>) -> String {
    let target = fields.text(":path").unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    pass.enter(Place::Path);
    let route = fields.text(":route");
    let by_route = route.and_then(|route| path::mask_by_route(path, route, pass));
    let path = by_route.as_deref().unwrap_or(path);
    uri::mask_path(path, pass).unwrap_or_else(|| path.to_owned())
}

fn request(captured: &Captured, pass: &mut Pass<'_>) -> RequestRecord {
    let fields = &captured.request;
    pass.enter(Place::Path);
    let mut own = |text: &str| {
        pass.mask_found(text, false)
            .unwrap_or_else(|| text.to_owned())
    };
    let method = own(captured.method.as_str());
    let scheme = fields.text(":scheme").map(own);
    pass.enter(Place::Authority);
    let authority = fields
        .text(":authority")
        .or_else(|| fields.text("host"))
        .map(|it| uri::mask_host(it, pass).unwrap_or_else(|| it.to_owned()));
    let path = path_of(fields, pass);
    let route = fields.text(":route");
    pass.segments.pause();
    let route = route.map(|it| uri::mask_path(it, pass).unwrap_or_else(|| it.to_owned()));
    pass.enter(Place::Query);
    let target = fields.text(":path").unwrap_or_default();
    let query = target.split_once('?').map(|(_, query)| query);
    pass.elsewhere = graphql::of_body(&captured.request_body, fields, pass);
    let query = query.map(|it| pairs::mask(it, false, 0, pass).unwrap_or_else(|| it.to_owned()));
    pass.elsewhere = None;
    RequestRecord {
        method,
        scheme,
        authority,
        path,
        route,
        query,
        version: version(captured.version),
        headers: headers::mask(fields, Place::RequestHeader, pass),
        trailers: headers::mask(&captured.request_trailers, Place::RequestTrailer, pass),
    }
}

fn version(version: Version) -> Cow<'static, str> {
    Cow::Borrowed(match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    })
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
