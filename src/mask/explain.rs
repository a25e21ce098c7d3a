//! What would be stored of an exchange, and why.

mod shown;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::{HeaderMap, Request, Response};

use super::{Masker, json, pairs};
use crate::capture::{
    Budget, Captured, CapturedBody, CapturedResponse, Codings, Fields, MatchedRoute, Policy, Share,
};
use crate::clock::Timestamp;
use crate::elided::Elided;
use crate::entry::{Actor, BodyRecord, Context, EntryId, Exchange, Headers};
use crate::entry::{LogEntry, Outcome, Place, Timing};

/// What would be stored of an exchange, and each spot at which something was hidden: [`Masker::explain`].
///
/// It prints as a text for people, and holds nothing that was hidden.
#[derive(Clone)]
#[non_exhaustive]
pub struct Explanation {
    /// The exchange as it would be stored, at the time zero and without its timing.
    pub entry: LogEntry,
    /// The first [`Exchange::MAX_MASKED`] spots.
    pub spots: Vec<Spot>,
    /// How many spots there are in all.
    pub spots_count: u64,
}

/// A spot at which something was hidden.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spot {
    /// The part of the exchange.
    pub place: Place,
    /// Where in that part: a header's or parameter's name, or a JSON pointer.
    pub pointer: String,
    /// The rule, by its name.
    pub rule: String,
    /// The length of what was hidden, in bytes as sent.
    pub bytes: u64,
    /// What stands there now, the whole field or value around it; `None` where it was left out, or stands in what cannot be looked up.
    pub shown: Option<String>,
}

impl Masker {
    /// Tells what would be stored of an exchange, and what would be hidden by which rule.
    ///
    /// Bodies are taken as a whole, whatever a policy would keep of them. One with a content coding is decoded as in the layer, up to 16 MiB, with
    /// the feature `decompress`; one whose coding is not undone is skipped. Of the request's extensions a
    /// [`MatchedRoute`], a [`Context`] and an [`Actor`] count as they do in the layer.
    ///
    /// # Example: a test of one's own rules
    ///
    /// ```
    /// use http::{Request, Response};
    /// use tower_api_log::mask::{Masker, Rules};
    ///
    /// let mut masker = Masker::new(&Rules::default().field("internal_code"))?;
    /// let request = Request::post("/v1/users?invite_code=sample-1")
    ///     .header("authorization", "Bearer sample-2")
    ///     .header("content-type", "application/json")
    ///     .body(r#"{"name":"Jane","internal_code":"sample-3"}"#)
    ///     .unwrap();
    /// let explained = masker.explain(&request, None);
    ///
    /// assert!(!explained.shows("sample-"), "{explained}");
    /// assert!(explained.shows("Jane"), "{explained}");
    /// assert_eq!(explained.spots[2].to_string(), "request_body /internal_code: [MASKED], by `internal_code`, 10 bytes");
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn explain<B: AsRef<[u8]>>(
        &mut self,
        request: &Request<B>,
        response: Option<&Response<B>>,
    ) -> Explanation {
        let masked = self.exchange(captured(request, response));
        let Some(exchange) = masked.entry.exchange() else {
            return Explanation::of(masked.entry, Vec::new(), 0);
        };
        let spot = |it: &crate::entry::Masked| Spot {
            place: it.place,
            pointer: it.pointer.clone(),
            rule: it.rule.clone(),
            bytes: it.bytes,
            shown: shown::at(exchange, it.place, &it.pointer),
        };
        let spots = exchange.masked.iter().map(spot).collect();
        let count = exchange.masked_count;
        Explanation::of(masked.entry, spots, count)
    }
}

impl Explanation {
    fn of(entry: LogEntry, spots: Vec<Spot>, spots_count: u64) -> Self {
        Self {
            entry,
            spots,
            spots_count,
        }
    }

    /// Tells whether a text stands anywhere in what would be stored, as it is, percent-encoded or with the escapes of JSON.
    pub fn shows(&self, text: &str) -> bool {
        let mut whole = self.to_string();
        // Plain values under string keys always serialise.
        whole.push_str(&serde_json::to_string(&self.entry).unwrap_or_default());
        // JSON in a body is escaped once more in the entry.
        let once = json::decoded(&whole);
        let twice = json::decoded(&once);
        [&*whole, &once, &twice]
            .iter()
            .any(|it| it.contains(text) || pairs::decoded(it).contains(text))
    }
}

/// Takes an exchange as the layer does, all of it.
fn captured<B: AsRef<[u8]>>(request: &Request<B>, response: Option<&Response<B>>) -> Captured {
    let uri = request.uri();
    let mut fields = Fields::default();
    let route: Option<&MatchedRoute> = request.extensions().get();
    let pseudo = [
        (":scheme", uri.scheme_str()),
        (":authority", uri.authority().map(|it| it.as_str())),
        (":path", uri.path_and_query().map(|it| it.as_str())),
        (":route", route.map(|it| &*it.0)),
    ];
    for (name, value) in pseudo {
        if let Some(value) = value {
            fields.push(name, value.as_bytes(), false);
        }
    }
    fields.extend(request.headers());
    let mut told: Option<Context> = request.extensions().get().cloned();
    if let Some(actor) = request.extensions().get::<Actor>() {
        let told = told.get_or_insert_default();
        told.actor.get_or_insert_with(|| actor.clone());
    }
    Captured {
        id: EntryId::from_bytes([0; 16]),
        started: Timestamp::from_micros(0),
        method: request.method().clone(),
        version: request.version(),
        request: fields,
        request_body: body(request.body(), request.headers()),
        request_trailers: Fields::default(),
        response: response.map(|it| CapturedResponse {
            status: it.status().as_u16(),
            fields: Some(all(it.headers())),
            trailers: Fields::default(),
        }),
        response_body: response
            .map_or_else(CapturedBody::empty, |it| body(it.body(), it.headers())),
        outcome: match response {
            Some(_) => Outcome::Completed,
            None => Outcome::LeftBeforeResponse,
        },
        timing: Timing::default(),
        peer: None,
        told: told.map(Box::new),
        failure: None,
        notes: Vec::new(),
        lot: None,
        share: Share::default(),
        left_out: None,
        hides_response_body: None,
        reservation: Budget::new(0).empty(),
    }
}

fn all(headers: &HeaderMap) -> Fields {
    let mut fields = Fields::default();
    fields.extend(headers);
    fields
}

fn body(body: &impl AsRef<[u8]>, headers: &HeaderMap) -> CapturedBody {
    let codings = Codings::of(headers);
    CapturedBody::whole(body.as_ref(), codings, Policy::MOST_BODY_BYTES)
}

/// Prints the exchange as it would be stored, and what was hidden.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        if let Some(exchange) = self.entry.exchange() {
            write_exchange(exchange, &mut out)?;
        }
        write!(out, "\nhidden: {}\n", self.spots_count)?;
        for spot in &self.spots {
            writeln!(out, "- {spot}")?;
        }
        if self.spots_count > self.spots.len() as u64 {
            let more = self.spots_count - self.spots.len() as u64;
            writeln!(out, "- and {more} more")?;
        }
        // What a client sends must not move the cursor of who reads.
        let plain = |letter: char| match letter {
            '\n' | '\t' => letter,
            _ if letter.is_control() => char::REPLACEMENT_CHARACTER,
            _ => letter,
        };
        f.write_str(&out.chars().map(plain).collect::<String>())
    }
}

fn write_exchange(exchange: &Exchange, out: &mut String) -> fmt::Result {
    let request = &exchange.request;
    let target = match &request.query {
        Some(query) => Cow::Owned(format!("{}?{query}", request.path)),
        None => Cow::Borrowed(&*request.path),
    };
    writeln!(out, "{} {target}", request.method)?;
    write_message(&request.headers, &exchange.request_body, out)?;
    if let Some(response) = &exchange.response {
        writeln!(out, "\n{}", response.status)?;
        write_message(&response.headers, &exchange.response_body, out)?;
    }
    Ok(())
}

fn write_message(headers: &Headers, body: &BodyRecord, out: &mut String) -> fmt::Result {
    for (name, value) in headers.iter() {
        writeln!(out, "{name}: {value}")?;
    }
    match body {
        BodyRecord::Empty => Ok(()),
        BodyRecord::Withheld {
            reason, bytes_seen, ..
        } => writeln!(
            out,
            "\nwithheld: {bytes_seen} bytes, {}",
            shown::serialised(reason)
        ),
        body => writeln!(out, "\n{}", body.text().unwrap_or("not kept")),
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown::serialised(&self.place))?;
        if !self.pointer.is_empty() {
            write!(f, " {}", self.pointer)?;
        }
        let shown = self.shown.as_deref().unwrap_or("left out");
        write!(f, ": {shown}, by `{}`, {} bytes", self.rule, self.bytes)
    }
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("spots_count", &self.spots_count)
            .finish_non_exhaustive()
    }
}

/// Prints how long what stands there is, of which only a part was hidden.
impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spot")
            .field("place", &self.place)
            .field("pointer", &self.pointer)
            .field("rule", &self.rule)
            .field("bytes", &self.bytes)
            .field("shown", &self.shown.as_ref().map(Elided::of))
            .finish()
    }
}
