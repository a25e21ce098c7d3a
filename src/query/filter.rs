use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::entry::{Kind, LogEntry};
use crate::pattern::PathPattern;

/// What a listing is narrowed to.
///
/// The fields are joined by *and*, the values of one field by *or*; an empty field narrows nothing. Text compares exactly, byte
/// by byte. A field that an entry does not have (the method of an event, the status of a call without a response) matches no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
            organisations,
            projects,
            environments,
            client_ips,
            user_agents,
            request_ids,
            api_versions,
            kinds,
            nothing,
        } = self;
        let context = &entry.context;
        let exchange = entry.exchange();
        let request = exchange.map(|exchange| &exchange.request);
        let actor = context.actor.as_ref().map(|actor| &actor.id);

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
            && one_of(actors, actor)
            && one_of(organisations, context.organisation.as_ref())
            && one_of(projects, context.project.as_ref())
            && one_of(environments, context.environment.as_ref())
            && one_of(client_ips, context.client_ip.as_ref())
            && one_of(user_agents, context.user_agent.as_ref())
            && one_of(request_ids, context.request_id.as_ref())
            && one_of(api_versions, context.api_version.as_ref())
            && one_of(kinds, Some(&entry.kind()))
    }
}

fn one_of<T: PartialEq>(wanted: &[T], value: Option<&T>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
}
