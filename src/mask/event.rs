//! Events that the application tells.

use super::credentials::Credentials;
use super::{Masker, Pass, context, diff, document, headers, path_of, told};
use crate::capture::{
    CapturedEvent, EventDraft, Json, Origin, Reservation, TrustedNetworks, short,
};
use crate::entry::{Change, Context, EntryKind, EventRecord, LogEntry, Place};

impl Masker {
    /// Masks an event. The reservation is then the entry's.
    pub(crate) fn event(&mut self, captured: CapturedEvent) -> (LogEntry, Reservation) {
        let CapturedEvent {
            id,
            at,
            mut draft,
            exchange,
            origin,
            mut reservation,
        } = captured;
        let on = origin.as_ref().map_or("", |it| super::route(&it.request));
        let (mut pass, _) = self.rules.pass(on);
        let mark = pass.report.mark();
        let mut context = std::mem::take(&mut draft.context);
        let mut known = Context::default();
        let mut credentials = Credentials::default();
        if let Some(origin) = origin {
            known = caller(&origin, &self.trusted, &mut pass);
            if context != Context::default() {
                credentials = Credentials::of(&origin.request, &mut pass);
            }
        }
        // What was masked of the request is told by the exchange.
        pass.report.forget(&mark);
        credentials.clean(&mut context, &mut pass);
        context = context.or(known);
        let mut event = record(*draft, &mut pass);
        event.exchange = event.exchange.or(exchange);
        (event.masked, event.masked_count) = pass.finish();
        if let Some(callbacks) = &mut self.callbacks {
            callbacks.event(&mut event);
        }
        let kind = EntryKind::Event(Box::new(event));
        let entry = LogEntry::new(id, at, context, kind);
        reservation.stand_for(entry.size_bytes());
        (entry, reservation)
    }
}

/// Tells who called from where in the exchange of an event.
fn caller(origin: &Origin, trusted: &TrustedNetworks, pass: &mut Pass<'_>) -> Context {
    let fields = &origin.request;
    let path = path_of(fields, pass);
    let headers = headers::mask(fields, Place::RequestHeader, pass);
    let seen = context::Seen {
        fields,
        peer: origin.peer,
        path: &path,
        headers: &headers,
    };
    let mut context = seen.context(origin.told.as_deref(), trusted, pass);
    // A header has no bound of its own, and an exchange has many events.
    context.user_agent = context.user_agent.map(short);
    context
}

fn record(draft: EventDraft, pass: &mut Pass<'_>) -> EventRecord {
    let EventDraft {
        category,
        action,
        ref_id,
        title,
        before,
        after,
        data,
        errors,
        alerts,
        context: _,
        exchange,
    } = draft;
    pass.enter(Place::EventTitle);
    let category = told::text(category, "category", pass);
    let action = told::text(action, "action", pass);
    let mut event = EventRecord::new(category, action);
    event.exchange = exchange;
    event.ref_id = ref_id.map(|it| told::text(it, "ref_id", pass));
    event.title = title.map(|it| told::text(it, "", pass));
    event.change = change(before.as_ref(), after.as_ref(), pass).map(Box::new);
    event.errors = told::findings(errors, Place::EventError, pass);
    event.alerts = told::findings(alerts, Place::EventAlert, pass);
    if let Some(data) = data {
        event.data = document::mask(&data, Place::EventData, pass).shown;
    }
    event
}

fn change(before: Option<&Json>, after: Option<&Json>, pass: &mut Pass<'_>) -> Option<Change> {
    let before = before.map(|it| document::mask(it, Place::EventBefore, pass));
    let after = after.map(|it| document::mask(it, Place::EventAfter, pass));
    (before.is_some() || after.is_some()).then(|| diff::change(before, after))
}
