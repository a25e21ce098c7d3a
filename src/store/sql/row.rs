use std::borrow::Cow;

use super::head::{ActorHead, ContextHead, EventHead, ExchangeHead, FieldsHead};
use super::wanted::micros;
use crate::clock::Timestamp;
use crate::entry::{
    Actor, ActorKind, Context, EntryId, EntryKind, EventRecord, Exchange, Kind, LogEntry,
    RequestRecord, ResponseRecord,
};
use crate::error::{Error, ErrorKind};

type Text<'a> = Option<Cow<'a, str>>;

/// An entry as SQL stores it: the columns of [`COLUMNS`](super::COLUMNS), and the head and texts of `detail`.
///
/// From `outcome` on the columns are there to be asked only: the head says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Row<'a> {
    pub(in crate::store) id: EntryId,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) kind: Cow<'a, str>,
    pub(in crate::store) method: Text<'a>,
    pub(in crate::store) path: Text<'a>,
    pub(in crate::store) route: Text<'a>,
    pub(in crate::store) status: Option<u16>,
    pub(in crate::store) organisation: Text<'a>,
    pub(in crate::store) project: Text<'a>,
    pub(in crate::store) environment: Text<'a>,
    pub(in crate::store) actor: Text<'a>,
    pub(in crate::store) client_ip: Text<'a>,
    pub(in crate::store) user_agent: Text<'a>,
    pub(in crate::store) request_id: Text<'a>,
    pub(in crate::store) api_version: Text<'a>,
    pub(in crate::store) actor_kind: Text<'a>,
    pub(in crate::store) session: Text<'a>,
    pub(in crate::store) api_key: Text<'a>,
    pub(in crate::store) outcome: Text<'a>,
    pub(in crate::store) micros: Option<i64>,
    pub(in crate::store) category: Text<'a>,
    pub(in crate::store) action: Text<'a>,
    pub(in crate::store) ref_id: Text<'a>,
    pub(in crate::store) exchange: Text<'a>,
    pub(in crate::store) weight: Option<u32>,
    pub(in crate::store) head: Cow<'a, str>,
    pub(in crate::store) request_text: Text<'a>,
    pub(in crate::store) response_text: Text<'a>,
}

impl<'a> Row<'a> {
    /// Splits an entry.
    ///
    /// # Errors
    ///
    /// When the head cannot be written as JSON.
    pub(in crate::store) fn split(entry: &'a LogEntry) -> Result<Self, Error> {
        // Taken apart field by field, so that a new one is a compile error and not a silent loss.
        let LogEntry {
            id,
            created_at,
            context,
            kind,
        } = entry;
        let Context {
            actor,
            impersonator,
            session,
            api_key,
            organisation,
            project,
            project_name,
            environment,
            resource,
            request_id,
            client_ip,
            peer_ip,
            user_agent,
            trace_id,
            api_version,
        } = context;
        let context = ContextHead {
            actor: actor.as_ref().map(actor_head),
            impersonator: text(impersonator),
            project_name: text(project_name),
            resource: resource.as_ref().map(Cow::Borrowed),
            peer_ip: *peer_ip,
            trace_id: text(trace_id),
        };
        let mut row = Self {
            id: *id,
            created_at: created_at.as_micros(),
            kind: entry.kind().as_str().into(),
            method: None,
            path: None,
            route: None,
            status: None,
            organisation: text(organisation),
            project: text(project),
            environment: text(environment),
            actor: actor.as_ref().map(|actor| actor.id.as_str().into()),
            client_ip: client_ip.map(|address| address.to_string().into()),
            user_agent: text(user_agent),
            request_id: text(request_id),
            api_version: text(api_version),
            actor_kind: actor.as_ref().map(|actor| actor.kind.as_str().into()),
            session: text(session),
            api_key: text(api_key),
            outcome: None,
            micros: None,
            category: None,
            action: None,
            ref_id: resource.as_ref().map(|it| it.id.as_str().into()),
            exchange: None,
            weight: None,
            head: Cow::default(),
            request_text: None,
            response_text: None,
        };
        match kind {
            EntryKind::Exchange(exchange) => row.take_exchange(context, exchange)?,
            EntryKind::Event(event) => row.take_event(context, event)?,
        }
        Ok(row)
    }

    fn take_event(
        &mut self,
        context: ContextHead<'a>,
        event: &'a EventRecord,
    ) -> Result<(), Error> {
        self.category = Some(event.category.as_str().into());
        self.action = Some(event.action.as_str().into());
        self.ref_id = text(&event.ref_id);
        self.exchange = event.exchange.map(|id| id.to_string().into());
        self.head = json(&EventHead::new(context, event))?;
        Ok(())
    }

    fn take_exchange(
        &mut self,
        context: ContextHead<'a>,
        exchange: &'a Exchange,
    ) -> Result<(), Error> {
        let Exchange {
            request,
            request_body,
            request_decoded_bytes,
            response,
            response_body,
            response_decoded_bytes,
            outcome,
            failure,
            timing,
            weight,
            notes,
            masked,
            masked_count,
        } = exchange;
        let RequestRecord {
            method,
            scheme,
            authority,
            path,
            route,
            query,
            version,
            headers,
            trailers,
        } = request;
        self.method = Some(method.as_str().into());
        self.path = Some(path.as_str().into());
        self.route = text(route);
        self.status = response.as_ref().map(|response| response.status);
        self.outcome = Some(outcome.as_str().into());
        self.micros = Some(micros(timing.to_last_byte_micros));
        self.weight = Some(*weight);
        self.request_text = request_body.text().map(Into::into);
        self.response_text = response_body.text().map(Into::into);
        self.head = json(&ExchangeHead {
            context,
            scheme: text(scheme),
            authority: text(authority),
            query: text(query),
            version: version.as_ref().into(),
            request: FieldsHead {
                headers: Cow::Borrowed(headers),
                trailers: Cow::Borrowed(trailers),
                headers_left_out: false,
            },
            request_body: request_body.without_text(),
            request_decoded_bytes: *request_decoded_bytes,
            response: response.as_ref().map(response_head),
            response_body: response_body.without_text(),
            response_decoded_bytes: *response_decoded_bytes,
            outcome: *outcome,
            failure: text(failure),
            timing: *timing,
            weight: *weight,
            notes: notes.into(),
            masked: masked.into(),
            masked_count: *masked_count,
        })?;
        Ok(())
    }

    /// Puts the entry together again.
    ///
    /// # Errors
    ///
    /// When the row holds what no entry was split into.
    pub(in crate::store) fn join(self) -> Result<LogEntry, Error> {
        let (context, kind) = if self.kind == Kind::Exchange.as_str() {
            let mut head: ExchangeHead<'_> = read(&self.head)?;
            (
                std::mem::take(&mut head.context),
                exchange(
                    head,
                    [self.method, self.path, self.route],
                    self.status,
                    [self.request_text, self.response_text],
                ),
            )
        } else if self.kind == Kind::Event.as_str() {
            let mut head: EventHead<'_> = read(&self.head)?;
            (std::mem::take(&mut head.context), head.into_kind())
        } else {
            return Err(corrupt("a stored entry has an unknown kind"));
        };
        let client_ip = self.client_ip.map(|address| address.parse()).transpose();
        let actor_kind = self.actor_kind.as_deref().map(actor_kind).transpose()?;
        let actor_parts = self.actor.zip(context.actor).zip(actor_kind);
        let context = Context {
            actor: actor_parts.map(|((id, head), kind)| actor(id, kind, head)),
            impersonator: owned(context.impersonator),
            session: owned(self.session),
            api_key: owned(self.api_key),
            organisation: owned(self.organisation),
            project: owned(self.project),
            project_name: owned(context.project_name),
            environment: owned(self.environment),
            resource: context.resource.map(Cow::into_owned),
            request_id: owned(self.request_id),
            client_ip: client_ip.map_err(|_| corrupt("a stored address cannot be read"))?,
            peer_ip: context.peer_ip,
            user_agent: owned(self.user_agent),
            trace_id: owned(context.trace_id),
            api_version: owned(self.api_version),
        };
        let created_at = Timestamp::from_micros(self.created_at);
        Ok(LogEntry::new(self.id, created_at, context, kind))
    }
}

fn actor_head(actor: &Actor) -> ActorHead<'_> {
    let Actor {
        kind: _,
        id: _,
        email,
        first_name,
        last_name,
    } = actor;
    ActorHead {
        email: text(email),
        first_name: text(first_name),
        last_name: text(last_name),
    }
}

fn actor_kind(name: &str) -> Result<ActorKind, Error> {
    let mut kinds = ActorKind::ALL.into_iter();
    kinds
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| corrupt("a stored entry has an unknown kind of actor"))
}

fn actor(id: Cow<'_, str>, kind: ActorKind, head: ActorHead<'_>) -> Actor {
    Actor {
        kind,
        id: id.into_owned(),
        email: owned(head.email),
        first_name: owned(head.first_name),
        last_name: owned(head.last_name),
    }
}

fn response_head(response: &ResponseRecord) -> FieldsHead<'_> {
    let ResponseRecord {
        status: _,
        headers,
        headers_left_out,
        trailers,
    } = response;
    FieldsHead {
        headers: Cow::Borrowed(headers),
        headers_left_out: *headers_left_out,
        trailers: Cow::Borrowed(trailers),
    }
}

fn exchange(
    head: ExchangeHead<'_>,
    [method, path, route]: [Text<'_>; 3],
    status: Option<u16>,
    [request_text, response_text]: [Text<'_>; 2],
) -> EntryKind {
    let request = RequestRecord {
        method: owned(method).unwrap_or_default(),
        scheme: owned(head.scheme),
        authority: owned(head.authority),
        path: owned(path).unwrap_or_default(),
        route: owned(route),
        query: owned(head.query),
        version: Cow::Owned(head.version.into_owned()),
        headers: head.request.headers.into_owned(),
        trailers: head.request.trailers.into_owned(),
    };
    let response = head.response.map(|fields| ResponseRecord {
        status: status.unwrap_or_default(),
        headers: fields.headers.into_owned(),
        headers_left_out: fields.headers_left_out,
        trailers: fields.trailers.into_owned(),
    });
    let text = |text| owned(text).unwrap_or_default();
    EntryKind::Exchange(Box::new(Exchange {
        request,
        request_decoded_bytes: head.request_decoded_bytes,
        response_decoded_bytes: head.response_decoded_bytes,
        request_body: head.request_body.with_text(text(request_text)),
        response,
        response_body: head.response_body.with_text(text(response_text)),
        outcome: head.outcome,
        failure: owned(head.failure),
        timing: head.timing,
        weight: head.weight,
        notes: head.notes.into_owned(),
        masked: head.masked.into_owned(),
        masked_count: head.masked_count,
    }))
}

fn text(text: &Option<String>) -> Text<'_> {
    text.as_deref().map(Cow::Borrowed)
}

fn owned(text: Text<'_>) -> Option<String> {
    text.map(Cow::into_owned)
}

fn json(head: &impl serde::Serialize) -> Result<Cow<'static, str>, Error> {
    serde_json::to_string(head)
        .map(Cow::Owned)
        .map_err(|_| Error::new(ErrorKind::Storage, "an entry cannot be written as JSON"))
}

fn read<'de, T: serde::Deserialize<'de>>(head: &'de str) -> Result<T, Error> {
    serde_json::from_str(head).map_err(|_| corrupt("the head of a stored entry cannot be read"))
}

fn corrupt(message: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
