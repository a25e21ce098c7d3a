use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::entry::{ActorKind, EntryId, EntryKind, Kind, LogEntry, Outcome};
use crate::pattern::PathPattern;

/// What a listing is narrowed to.
///
/// The fields are joined by *and*, the values of one field by *or*; an empty field narrows nothing. Text compares exactly, byte
/// by byte. A field that an entry does not have (the method of an event, the status of a call without a response) matches no value.
/// `Debug` says of texts and addresses how long or many they are.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Not after this time.
    pub to: Option<Timestamp>,
    /// The request's method, upper case as sent.
    pub methods: Vec<String>,
    /// The response's status.
    pub statuses: Vec<StatusRange>,
    /// The request's path.
    pub paths: Vec<PathPattern>,
    /// The route's template.
    pub routes: Vec<String>,
    /// The actor's id.
    pub actors: Vec<String>,
    /// The kind of the actor.
    pub actor_kinds: Vec<ActorKind>,
    /// The actor's session.
    pub sessions: Vec<String>,
    /// The fingerprint or record id of the API key.
    pub api_keys: Vec<String>,
    /// The organisation.
    pub organisations: Vec<String>,
    /// The project.
    pub projects: Vec<String>,
    /// The environment.
    pub environments: Vec<String>,
    /// The client's address.
    pub client_ips: Vec<IpAddr>,
    /// The user agent.
    pub user_agents: Vec<String>,
    /// The client's own request id.
    pub request_ids: Vec<String>,
    /// The API's version.
    pub api_versions: Vec<String>,
    /// The kind of the entry.
    pub kinds: Vec<Kind>,
    /// How an exchange ended.
    pub outcomes: Vec<Outcome>,
    /// An exchange that took at least this many microseconds to its end.
    pub min_micros: Option<u64>,
    /// An exchange that took at most this many microseconds to its end.
    pub max_micros: Option<u64>,
    /// The category of an event.
    pub categories: Vec<String>,
    /// The action of an event.
    pub actions: Vec<String>,
    /// The object: an event's `ref_id`, or the id of an exchange's resource.
    pub ref_ids: Vec<String>,
    /// The exchange in which an event happened.
    pub exchanges: Vec<EntryId>,
    /// What the bodies of an exchange, or an event's title, change, findings and data as JSON, have to contain; the case of ASCII letters does not
    /// count. No store has an index of it: see [`Page::searched_to`](super::Page::searched_to).
    pub text: Option<String>,
    /// Matches no entry at all: for a value that a wire format accepts and that nothing can have.
    pub nothing: bool,
}

/// An inclusive range of status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

impl StatusRange {
    /// Makes the range of one status.
    pub fn exact(status: u16) -> Self {
        Self {
            from: status,
            to: status,
        }
    }

    /// Makes the range of a class: 4 is 400 to 499. `None` unless it is 1 to 5.
    pub fn class(class: u16) -> Option<Self> {
        (1..=5).contains(&class).then(|| Self {
            from: class * 100,
            to: class * 100 + 99,
        })
    }

    /// Reads `404`, `4xx` or `400-499`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let code = |text: &str| -> Option<u16> {
            let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        match (text.as_bytes(), text.split_once('-')) {
            ([class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'], _) => {
                Self::class(u16::from(class - b'0'))
            }
            (_, Some((from, to))) => Some(Self {
                from: code(from)?,
                to: code(to)?,
            }),
            (_, None) => code(text).map(Self::exact),
        }
    }

    /// Tells whether the status lies in the range.
    pub fn contains(self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

impl Filter {
    /// Makes a filter that matches every entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells whether an entry passes: the definition of every field.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        let Self {
            from,
            to,
            methods,
            statuses,
            paths,
            routes,
            actors,
            actor_kinds,
            sessions,
            api_keys,
            organisations,
            projects,
            environments,
            client_ips,
            user_agents,
            request_ids,
            api_versions,
            kinds,
            outcomes,
            min_micros,
            max_micros,
            categories,
            actions,
            ref_ids,
            exchanges,
            text: _,
            nothing,
        } = self;
        let context = &entry.context;
        let exchange = entry.exchange();
        let request = exchange.map(|exchange| &exchange.request);
        let event = entry.event();
        let actor = context.actor.as_ref();
        let micros = exchange.map(|it| it.timing.to_last_byte_micros);
        let ref_id = match event {
            Some(event) => event.ref_id.as_ref(),
            None => context.resource.as_ref().map(|it| &it.id),
        };

        !nothing
            && from.is_none_or(|from| entry.created_at >= from)
            && to.is_none_or(|to| entry.created_at <= to)
            && one_of(methods, request.map(|it| &it.method))
            && (statuses.is_empty()
                || exchange
                    .and_then(|it| it.status())
                    .is_some_and(|it| statuses.iter().any(|range| range.contains(it))))
            && (paths.is_empty()
                || request.is_some_and(|it| paths.iter().any(|pattern| pattern.matches(&it.path))))
            && one_of(routes, request.and_then(|it| it.route.as_ref()))
            && one_of(actors, actor.map(|it| &it.id))
            && one_of(actor_kinds, actor.map(|it| &it.kind))
            && one_of(sessions, context.session.as_ref())
            && one_of(api_keys, context.api_key.as_ref())
            && one_of(organisations, context.organisation.as_ref())
            && one_of(projects, context.project.as_ref())
            && one_of(environments, context.environment.as_ref())
            && one_of(client_ips, context.client_ip.as_ref())
            && one_of(user_agents, context.user_agent.as_ref())
            && one_of(request_ids, context.request_id.as_ref())
            && one_of(api_versions, context.api_version.as_ref())
            && one_of(kinds, Some(&entry.kind()))
            && one_of(outcomes, exchange.map(|it| &it.outcome))
            && min_micros.is_none_or(|least| micros.is_some_and(|it| it >= least))
            && max_micros.is_none_or(|most| micros.is_some_and(|it| it <= most))
            && one_of(categories, event.map(|it| &it.category))
            && one_of(actions, event.map(|it| &it.action))
            && one_of(ref_ids, ref_id)
            && one_of(exchanges, event.and_then(|it| it.exchange.as_ref()))
            && self.finds_text(entry)
    }

    /// Tells whether an entry has the text that is searched for, or none is.
    pub(crate) fn finds_text(&self, entry: &LogEntry) -> bool {
        let Some(text) = &self.text else { return true };
        match &entry.kind {
            EntryKind::Exchange(exchange) => [&exchange.request_body, &exchange.response_body]
                .iter()
                .any(|body| body.text().is_some_and(|body| contains(body, text))),
            EntryKind::Event(event) => contains(&event.text(), text),
        }
    }
}

/// Tells whether a text contains another one, whatever the case of ASCII letters.
fn contains(text: &str, wanted: &str) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase();
    lower(text).contains(&lower(wanted))
}

fn one_of<T: PartialEq>(wanted: &[T], value: Option<&T>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}
