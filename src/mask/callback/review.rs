//! The walk over the values of an entry: once to collect them, and once to write back what came of them.

use serde_json::Value as Json;

use super::runner::{Asked, Runner};
use super::{Answer, leaves};
use crate::capture::Fields;
use crate::entry::{BodyRecord, Context, EventRecord, Exchange, Finding, Headers, Masked, Place};
use crate::mask::media_type::{Claim, MediaType};
use crate::mask::{MASKED, STARS, WITHHELD, pairs};

/// The rule's name in reports of what a callback replaced or hid, and where it failed.
const RULE: &str = "callback";
const FAILED: &str = "callback failed";

/// How the text of a body is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::mask) enum Kind {
    Json,
    JsonLines,
    Form,
    Multipart,
    Text,
}

impl Kind {
    pub(in crate::mask) fn of(fields: &Fields) -> Self {
        let media_type = fields.text("content-type").and_then(MediaType::parse);
        match media_type.map_or(Claim::Unknown, |it| it.claim()) {
            Claim::Json => Self::Json,
            Claim::JsonLines | Claim::JsonSequence => Self::JsonLines,
            Claim::Form => Self::Form,
            Claim::Multipart => Self::Multipart,
            _ => Self::Text,
        }
    }

    /// Returns what the text is, which may be JSON whatever its type says.
    fn of_text(self, text: &str) -> Self {
        match self {
            Self::Form | Self::Text if text.trim_start().starts_with(['{', '[']) => Self::Json,
            kind => kind,
        }
    }
}

impl Runner {
    /// Asks about the values of an exchange, and about what its context repeats of them.
    pub(in crate::mask) fn exchange(
        &mut self,
        exchange: &mut Exchange,
        context: &mut Context,
        kinds: [Kind; 2],
    ) {
        let report = self.review(&mut |review| {
            let changed = review.exchange(exchange, kinds);
            changed.iter().for_each(|it| it.follow(context));
        });
        append(report, &mut exchange.masked, &mut exchange.masked_count);
    }

    /// Asks about the values of an event.
    pub(in crate::mask) fn event(&mut self, event: &mut EventRecord) {
        let report = self.review(&mut |review| review.event(event));
        append(report, &mut event.masked, &mut event.masked_count);
    }

    /// Asks about the values of a body.
    pub(in crate::mask) fn body(&mut self, body: &mut BodyRecord, kind: Kind) {
        self.review(&mut |review| review.body(body, kind, Place::RequestBody));
    }

    fn review(&mut self, walk: &mut dyn FnMut(&mut Review)) -> Vec<Masked> {
        let mut review = Review::default();
        walk(&mut review);
        if review.asked.is_empty() {
            return Vec::new();
        }
        review.answers = Some(self.ask(std::mem::take(&mut review.asked)).into_iter());
        walk(&mut review);
        review.report
    }
}

fn append(report: Vec<Masked>, masked: &mut Vec<Masked>, count: &mut u64) {
    *count += report.len() as u64;
    let room = Exchange::MAX_MASKED.saturating_sub(masked.len());
    masked.extend(report.into_iter().take(room));
}

/// The state of a walk.
#[derive(Default)]
struct Review {
    asked: Vec<Asked>,
    /// `None` while values are collected. In the order of the values.
    answers: Option<std::vec::IntoIter<Option<Answer>>>,
    report: Vec<Masked>,
}

/// What is stored in the place of a value.
enum New {
    Text(String),
    Mark,
    Withheld,
}

impl New {
    fn with_mark(self, mark: &str) -> String {
        match self {
            Self::Text(text) => text,
            Self::Mark => mark.to_owned(),
            Self::Withheld => WITHHELD.to_owned(),
        }
    }
}

/// A header's value, and what is stored in its place.
struct Changed {
    old: String,
    new: String,
}

impl Changed {
    /// Lets the context say nothing that the header does not say any more.
    fn follow(&self, context: &mut Context) {
        for told in [&mut context.user_agent, &mut context.request_id] {
            if told.as_deref() == Some(&self.old) {
                *told = Some(self.new.clone());
            }
        }
        let is_of = |trace: &str| self.old.contains(trace) && !self.new.contains(trace);
        if context.trace_id.as_deref().is_some_and(is_of) {
            context.trace_id = None;
        }
    }
}

impl Review {
    /// Collects a value, or returns what is stored in its place.
    fn ask(&mut self, place: Place, pointer: &str, text: &str) -> Option<New> {
        if text.is_empty() || is_mark(text) {
            return None;
        }
        let Some(answers) = &mut self.answers else {
            self.asked.push(Asked {
                place,
                pointer: pointer.to_owned(),
                text: text.to_owned(),
            });
            return None;
        };
        let (rule, new) = match answers.next().flatten() {
            Some(Answer::Keep) => return None,
            Some(Answer::Replace(new)) if new == text => return None,
            Some(Answer::Replace(new)) => (RULE, New::Text(new)),
            Some(Answer::Hide) => (RULE, New::Mark),
            None => (FAILED, New::Withheld),
        };
        self.report
            .push(Masked::new(place, pointer, rule, text.len()));
        Some(new)
    }

    /// Replaces a text that is a value as a whole.
    fn text(&mut self, place: Place, pointer: &str, text: &mut String) {
        if let Some(new) = self.ask(place, pointer, text) {
            *text = new.with_mark(MASKED);
        }
    }

    fn exchange(&mut self, exchange: &mut Exchange, kinds: [Kind; 2]) -> Vec<Changed> {
        let request = &mut exchange.request;
        if let Some(authority) = &mut request.authority {
            self.text(Place::Authority, "", authority);
        }
        self.path(&mut request.path);
        if let Some(query) = &mut request.query {
            self.pairs(Place::Query, query);
        }
        let changed = self.headers(Place::RequestHeader, &mut request.headers);
        self.headers(Place::RequestTrailer, &mut request.trailers);
        self.body(&mut exchange.request_body, kinds[0], Place::RequestBody);
        if let Some(response) = &mut exchange.response {
            self.headers(Place::ResponseHeader, &mut response.headers);
            self.headers(Place::ResponseTrailer, &mut response.trailers);
        }
        self.body(&mut exchange.response_body, kinds[1], Place::ResponseBody);
        if let Some(failure) = &mut exchange.failure {
            self.text(Place::Failure, "", failure);
        }
        for note in &mut exchange.notes {
            self.text(Place::Note, &note.name, &mut note.value);
        }
        changed
    }

    fn path(&mut self, path: &mut String) {
        let segments = path.split('/').enumerate();
        let segments = segments.map(|(at, segment)| {
            let number = at.to_string();
            self.encoded(Place::Path, &number, segment)
                .unwrap_or_else(|| segment.to_owned())
        });
        *path = segments.collect::<Vec<_>>().join("/");
    }

    /// Asks about a percent-encoded value.
    fn encoded(&mut self, place: Place, pointer: &str, value: &str) -> Option<String> {
        let new = self.ask(place, pointer, &pairs::decoded(value))?;
        Some(pairs::encoded(&new.with_mark(MASKED)))
    }

    fn pairs(&mut self, place: Place, text: &mut String) {
        let pairs = text.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) => {
                let new = self.encoded(place, &pairs::decoded(name), value);
                new.map_or_else(|| pair.to_owned(), |new| format!("{name}={new}"))
            }
            None => {
                let new = self.encoded(place, "", pair);
                new.unwrap_or_else(|| pair.to_owned())
            }
        });
        *text = pairs.collect::<Vec<_>>().join("&");
    }

    fn headers(&mut self, place: Place, headers: &mut Headers) -> Vec<Changed> {
        let mut changed = Vec::new();
        let mut reviewed = Headers::with_capacity(headers.len(), headers.size_bytes());
        for (name, value) in headers.iter() {
            match self.ask(place, name, value) {
                Some(new) => {
                    let new = new.with_mark(STARS);
                    reviewed.push(name, &new);
                    let old = value.to_owned();
                    changed.push(Changed { old, new });
                }
                None => reviewed.push(name, value),
            }
        }
        *headers = reviewed;
        changed
    }

    fn body(&mut self, body: &mut BodyRecord, kind: Kind, place: Place) {
        let (BodyRecord::Whole { text, .. } | BodyRecord::Truncated { text, .. }) = body else {
            return;
        };
        let kind = kind.of_text(text);
        match kind {
            Kind::Json | Kind::JsonLines => {
                let is_lines = kind == Kind::JsonLines;
                let new = leaves::offer(text, is_lines, |pointer, leaf| {
                    Some(self.ask(place, pointer, leaf)?.with_mark(MASKED))
                });
                if let Some(new) = new {
                    *text = new;
                }
            }
            Kind::Form => self.pairs(place, text),
            Kind::Multipart => self.multipart(place, text),
            Kind::Text => self.text(place, "", text),
        }
    }

    /// Asks about the fields of a body that the masker has written: each part begins with its boundary, its name and an empty line.
    fn multipart(&mut self, place: Place, text: &mut String) {
        let Some(boundary) = text.split("\r\n").next().map(str::to_owned) else {
            return;
        };
        let delimiter = format!("\r\n{boundary}");
        let mut parts = Vec::new();
        for part in text.split(&delimiter) {
            let reviewed = part.split_once("\r\n\r\n").and_then(|(head, content)| {
                if head.contains("; filename=") {
                    return None;
                }
                let name = head.split_once("name=\"")?.1.split('"').next()?;
                let new = self.ask(place, name, content)?.with_mark(MASKED);
                // It must not end the part.
                let new = match new.contains(&boundary) {
                    true => WITHHELD.to_owned(),
                    false => new,
                };
                Some(format!("{head}\r\n\r\n{new}"))
            });
            parts.push(reviewed.unwrap_or_else(|| part.to_owned()));
        }
        *text = parts.join(&delimiter);
    }

    fn event(&mut self, event: &mut EventRecord) {
        let title = Place::EventTitle;
        self.text(title, "category", &mut event.category);
        self.text(title, "action", &mut event.action);
        if let Some(ref_id) = &mut event.ref_id {
            self.text(title, "ref_id", ref_id);
        }
        if let Some(text) = &mut event.title {
            self.text(title, "", text);
        }
        if let Some(change) = &mut event.change {
            self.document(Place::EventBefore, &mut change.before);
            self.document(Place::EventAfter, &mut change.after);
            for field in &mut change.fields {
                repeat(&change.before, &field.pointer, &mut field.before);
                repeat(&change.after, &field.pointer, &mut field.after);
            }
        }
        self.findings(Place::EventError, &mut event.errors);
        self.findings(Place::EventAlert, &mut event.alerts);
        self.document(Place::EventData, &mut event.data);
    }

    fn findings(&mut self, place: Place, findings: &mut [Finding]) {
        for (at, finding) in findings.iter_mut().enumerate() {
            self.text(place, &format!("/{at}/message"), &mut finding.message);
        }
    }

    /// Asks about the strings and numbers of a value, which is nested less than a hundred times.
    fn document(&mut self, place: Place, document: &mut Json) {
        let mut open = vec![(String::new(), document)];
        while let Some((pointer, value)) = open.pop() {
            let text = match value {
                Json::Object(members) => {
                    let step = |name: &str| name.replace('~', "~0").replace('/', "~1");
                    let members = members.iter_mut();
                    open.extend(
                        members.map(|(name, it)| (format!("{pointer}/{}", step(name)), it)),
                    );
                    continue;
                }
                Json::Array(items) => {
                    let items = items.iter_mut().enumerate();
                    open.extend(items.map(|(at, it)| (format!("{pointer}/{at}"), it)));
                    continue;
                }
                Json::String(text) => text.clone(),
                Json::Number(number) => number.to_string(),
                Json::Bool(_) | Json::Null => continue,
            };
            if let Some(new) = self.ask(place, &pointer, &text) {
                *value = Json::String(new.with_mark(MASKED));
            }
        }
    }
}

/// Lets a spot of a change say what the document says there. What a mark around it hides keeps its own mark; anything else is withheld.
fn repeat(document: &Json, pointer: &str, said: &mut Option<Json>) {
    let Some(value) = said else { return };
    match document.pointer(pointer) {
        Some(there) => value.clone_from(there),
        None if value.as_str().is_some_and(is_mark) => {}
        None => *value = Json::String(WITHHELD.to_owned()),
    }
}

fn is_mark(text: &str) -> bool {
    [MASKED, WITHHELD, STARS].contains(&text)
}
