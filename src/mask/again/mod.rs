//! Entries that are masked already, masked once more for one sink.
//!
//! Comes in: an entry as the common rules made it. Goes out: the entry in which these rules have hidden what they hide as well, with what they hid added to
//! its report. Runs on the thread of the sink's lane.
//!
//! - The same functions mask it that mask what was captured: they are given what is stored.
//! - Nothing comes back: what the common rules hid is gone. Marks, tokens and the facts of files stay as they are and are not told again.
//! - Each part is masked until it stays as it is, so that twice is as good as once. A part that does not come to rest is withheld.
//! - What cannot be understood any more is withheld, and a rule for a route counts where nobody can tell the route.
//!
//! Costs: time linear in the entry, twice for the parts that change; memory for those.

mod body;
mod context;
mod event;
mod headers;
mod lint;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use body::delimited;

use super::body::Bodies;
use super::callback::Kind;
use super::condition::Condition;
use super::pass::Pass;
use super::replacement::is_mark;
use super::report::Report;
use super::{MASKED, Masker, STARS, WITHHELD, pairs, path, told, uri};
use crate::capture::{Failure, Fields, MAX_TEXT_BYTES, api_version};
use crate::entry::{
    Context, EntryKind, Exchange, Headers, LogEntry, Masked, Note, Place, RequestRecord,
};

/// How often a part is masked until it stays as it is.
const MAX_ROUNDS: usize = 4;
/// Words without which nothing was taken out of a text.
const TRACES: [&str; 4] = ["[", "*", "hmac.", "%5B"];

impl Masker {
    /// Masks an entry once more that is masked already.
    pub(crate) fn again(&mut self, mut entry: LogEntry) -> LogEntry {
        self.rules.hash.see_masked_values();
        match &mut entry.kind {
            EntryKind::Exchange(exchange) => self.exchange_again(exchange, &mut entry.context),
            EntryKind::Event(event) => self.event_again(event, &mut entry.context),
        }
        entry
    }

    fn exchange_again(&mut self, exchange: &mut Exchange, context: &mut Context) {
        let request = &exchange.request;
        let route = request.route.as_deref().unwrap_or(&request.path).to_owned();
        let kinds = [
            kind(&request.headers),
            kind(
                exchange
                    .response
                    .as_ref()
                    .map_or(&Headers::default(), |it| &it.headers),
            ),
        ];
        let (pass, bodies) = self.rules.pass(&route);
        let mut again = Again::new(pass, bodies, &exchange.masked);
        again.exchange(exchange, context);
        again.finish(&mut exchange.masked, &mut exchange.masked_count);
        if let Some(callbacks) = &mut self.callbacks {
            callbacks.exchange(exchange, context, kinds);
        }
    }

    fn event_again(&mut self, event: &mut crate::entry::EventRecord, context: &mut Context) {
        // The entry does not hold the route of its call.
        let (pass, bodies) = self.rules.pass(Condition::UNKNOWN_ROUTE);
        let mut again = Again::new(pass, bodies, &event.masked);
        again.leave_out(context);
        again.context(context);
        again.event(event);
        again.finish(&mut event.masked, &mut event.masked_count);
        if let Some(callbacks) = &mut self.callbacks {
            callbacks.event(event);
        }
    }
}

/// Returns how a body is read that came with these fields.
fn kind(headers: &Headers) -> Kind {
    let mut fields = Fields::default();
    for value in headers.get_all("content-type") {
        fields.push("content-type", value.as_bytes(), false);
    }
    Kind::of(&fields)
}

/// The second masking of one entry.
struct Again<'m> {
    pass: Pass<'m>,
    bodies: Bodies<'m>,
    /// What was masked before, as far as it is listed.
    before: Vec<Masked>,
    is_all_listed: bool,
    place: Place,
}

impl<'m> Again<'m> {
    fn new(pass: Pass<'m>, bodies: Bodies<'m>, before: &[Masked]) -> Self {
        Self {
            pass,
            bodies,
            before: before.to_vec(),
            is_all_listed: before.len() < Exchange::MAX_MASKED,
            place: Place::Authority,
        }
    }

    fn enter(&mut self, place: Place) {
        self.place = place;
        self.pass.enter(place);
    }

    fn exchange(&mut self, exchange: &mut Exchange, context: &mut Context) {
        // What a body is, is said by the fields as they came.
        let types = exchange.request.headers.clone();
        self.request(&mut exchange.request, context);
        self.body(&mut exchange.request_body, &types, Place::RequestBody);
        if let Some(response) = &mut exchange.response {
            let types = response.headers.clone();
            self.headers(&mut response.headers, Place::ResponseHeader);
            self.headers(&mut response.trailers, Place::ResponseTrailer);
            self.body(&mut exchange.response_body, &types, Place::ResponseBody);
        } else {
            let nothing = Headers::default();
            self.body(&mut exchange.response_body, &nothing, Place::ResponseBody);
        }
        self.context(context);
        self.enter(Place::Failure);
        if let Some(failure) = &mut exchange.failure {
            self.failure(failure);
        }
        self.enter(Place::Note);
        for note in &mut exchange.notes {
            self.note(note);
        }
    }

    fn request(&mut self, request: &mut RequestRecord, context: &mut Context) {
        self.enter(Place::Path);
        self.text(&mut request.method, |it, pass| pass.mask_found(it, false));
        if let Some(scheme) = &mut request.scheme {
            self.text(scheme, |it, pass| pass.mask_found(it, false));
        }
        self.enter(Place::Authority);
        if let Some(authority) = &mut request.authority {
            self.text(authority, uri::mask_host);
        }
        self.enter(Place::Path);
        let version = api_version(&request.path).map(str::to_owned);
        let route = request.route.clone();
        self.text(&mut request.path, |it, pass| {
            mask_path(it, route.as_deref(), pass)
        });
        if version.is_some() && context.api_version == version {
            context.api_version = api_version(&request.path).map(str::to_owned);
        }
        if let Some(route) = &mut request.route {
            self.pass.segments.pause();
            self.text(route, uri::mask_path);
        }
        self.enter(Place::Query);
        if let Some(query) = &mut request.query {
            self.text(query, |it, pass| pairs::mask(it, false, 0, pass));
        }
        let changed = self.headers(&mut request.headers, Place::RequestHeader);
        headers::follow(&changed, context, request);
        self.headers(&mut request.trailers, Place::RequestTrailer);
    }

    fn failure(&mut self, text: &mut String) {
        let bare = text.strip_suffix(Failure::CUT).map(str::to_owned);
        self.pass.taken = self.taken("", text);
        let cut = bare.filter(|it| told::may_be_cut(it, &self.pass));
        let mask = |it: &String, pass: &mut Pass<'_>| {
            let is_cut = cut.is_some();
            let bare = it.strip_suffix(Failure::CUT).filter(|_| is_cut);
            let text = bare.unwrap_or(it).to_owned();
            Some(told::failure(Failure { text, is_cut }, pass))
        };
        self.settle(text, mask, |it| *it = WITHHELD.to_owned());
        self.pass.taken = 0;
    }

    fn note(&mut self, note: &mut Note) {
        self.pass.taken = self.taken(&note.name, &note.value);
        let mask = |it: &Note, pass: &mut Pass<'_>| Some(told::note(it.clone(), pass));
        let is_settled = is_mark(&note.value) && is_mark(&note.name);
        if !is_settled {
            self.settle(note, mask, |it| *it = Note::new(WITHHELD, WITHHELD));
        }
        self.pass.taken = 0;
    }

    /// Masks a text that the application told.
    fn told(&mut self, pointer: &str, text: &mut String) {
        self.pass.taken = self.taken(pointer, text);
        let mask = |it: &String, pass: &mut Pass<'_>| Some(told::text(it.clone(), pointer, pass));
        match is_mark(text) {
            true => {}
            false => self.settle(text, mask, |it| *it = WITHHELD.to_owned()),
        }
        self.pass.taken = 0;
    }

    /// Masks a text with what masks its like.
    fn text(
        &mut self,
        text: &mut String,
        mut mask: impl FnMut(&str, &mut Pass<'m>) -> Option<String>,
    ) {
        if !is_mark(text) {
            self.settle(
                text,
                |it, pass| mask(it, pass),
                |it| *it = WITHHELD.to_owned(),
            );
        }
    }

    /// Masks a part until it stays as it is, or lets it be withheld. What stays as it was is not reported.
    fn settle<T: PartialEq>(
        &mut self,
        part: &mut T,
        mut mask: impl FnMut(&T, &mut Pass<'m>) -> Option<T>,
        withhold: impl FnOnce(&mut T),
    ) {
        let mark = self.pass.report.mark();
        match mask(part, &mut self.pass) {
            Some(shown) if shown != *part => *part = shown,
            _ => return self.pass.report.forget(&mark),
        }
        let told = self.pass.report.mark();
        for _ in 0..MAX_ROUNDS {
            let next = mask(part, &mut self.pass);
            self.pass.report.forget(&told);
            match next {
                Some(next) if next != *part => *part = next,
                _ => return,
            }
        }
        withhold(part);
    }

    /// Returns how many bytes may have been taken out of a text of the present place, which may have been cut before that.
    fn taken(&self, pointer: &str, text: &str) -> usize {
        if !TRACES.iter().any(|it| text.contains(it)) {
            return 0;
        }
        let spots = self.before.iter().filter(|it| it.place == self.place);
        let spots = spots.filter(|it| pointer.len() > 200 || it.pointer.starts_with(pointer));
        let bytes = spots.map(|it| usize::try_from(it.bytes).unwrap_or(usize::MAX));
        match self.is_all_listed {
            true => bytes.fold(0, usize::saturating_add).min(MAX_TEXT_BYTES),
            false => MAX_TEXT_BYTES,
        }
    }

    /// Adds what was masked to what was masked before, and masks what all of that tells.
    fn finish(mut self, masked: &mut Vec<Masked>, count: &mut u64) {
        let (spots, more) = std::mem::replace(&mut self.pass.report, Report::new()).finish();
        *count += more;
        let room = Exchange::MAX_MASKED.saturating_sub(masked.len());
        masked.extend(spots.into_iter().take(room));
        for spot in masked {
            self.enter(spot.place);
            self.text(&mut spot.pointer, |it, pass| pass.mask_found(it, false));
        }
    }
}

/// Masks the path of a target, as the first masking does.
fn mask_path(path: &str, route: Option<&str>, pass: &mut Pass<'_>) -> Option<String> {
    let by_route = route.and_then(|route| path::mask_by_route(path, route, pass));
    let shown = by_route.as_deref().unwrap_or(path);
    uri::mask_path(shown, pass).or(by_route)
}
