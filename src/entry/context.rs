use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Who called, for whom, and from where. Everything is optional, because a service may know none of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Context {
    /// Who made the call, as the application knows them; never taken from a client's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The e-mail address of whoever acts in the actor's name, such as a support agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impersonator: Option<String>,
    /// The actor's session, by an id that grants nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The API key, by a fingerprint or by the id of its record, never by the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The tenant that the call belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The project within the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The project's name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The environment, such as `production` or `sandbox`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The object that the call is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The client's own request id: at most 128 characters of letters, digits and `-_.:/+=`; not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The client's address: the rightmost hop that no trusted network holds, or the peer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<IpAddr>,
    /// The address of the connection's other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_ip: Option<IpAddr>,
    /// The `User-Agent` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The trace id of a valid W3C `traceparent`: 32 lower-case hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The API's version, from the path (`v1` of `/api/v1/…`) or as the application says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
}

impl Context {
    /// Takes from another what this one does not say.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            actor: self.actor.or(other.actor),
            impersonator: self.impersonator.or(other.impersonator),
            session: self.session.or(other.session),
            api_key: self.api_key.or(other.api_key),
            organisation: self.organisation.or(other.organisation),
            project: self.project.or(other.project),
            project_name: self.project_name.or(other.project_name),
            environment: self.environment.or(other.environment),
            resource: self.resource.or(other.resource),
            request_id: self.request_id.or(other.request_id),
            client_ip: self.client_ip.or(other.client_ip),
            peer_ip: self.peer_ip.or(other.peer_ip),
            user_agent: self.user_agent.or(other.user_agent),
            trace_id: self.trace_id.or(other.trace_id),
            api_version: self.api_version.or(other.api_version),
        }
    }

    /// Takes out what tells of a person.
    pub(super) fn erase(&mut self) {
        (self.actor, self.client_ip, self.peer_ip) = (None, None, None);
        (self.session, self.api_key, self.request_id) = (None, None, None);
        (self.impersonator, self.user_agent, self.resource) = (None, None, None);
    }

    /// Returns the bytes that the texts hold.
    pub(crate) fn size_bytes(&self) -> usize {
        let actor = self.actor.as_ref().map_or(0, |actor| {
            let names = [&actor.email, &actor.first_name, &actor.last_name];
            actor.id.len() + total(names)
        });
        let resource = self.resource.as_ref();
        let resource = resource.map_or(0, |it| it.kind.len() + it.id.len());
        let texts = [
            &self.impersonator,
            &self.session,
            &self.api_key,
            &self.organisation,
            &self.project,
            &self.project_name,
            &self.environment,
            &self.request_id,
            &self.user_agent,
            &self.trace_id,
            &self.api_version,
        ];
        actor + resource + total(texts)
    }
}

fn total<const N: usize>(texts: [&Option<String>; N]) -> usize {
    texts
        .iter()
        .filter_map(|text| text.as_ref())
        .map(String::len)
        .sum()
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// Who made a call.
///
/// # Example: a user with a name
///
/// ```
/// use tower_api_log::Actor;
///
/// let actor = Actor::user("user_1").email("jane@example.com").name("Jane", "Doe");
/// assert_eq!(actor.id, "user_1");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// What kind of actor it is.
    pub kind: ActorKind,
    /// The application's id of the actor; what filters and scopes compare.
    pub id: String,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

/// The object that a call is about.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// The kind of object, such as `project`.
    pub kind: String,
    /// The object's id.
    pub id: String,
}

impl Resource {
    /// Names an object by its kind and id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The kinds of [`Actor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActorKind {
    /// A person.
    User,
    /// Another service, or a job.
    Service,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::User, Self::Service];

    /// Returns the snake-case name that serialises it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
        }
    }
}

impl Actor {
    /// Makes a person of the application's user id.
    pub fn user(id: impl Into<String>) -> Self {
        Self {
            kind: ActorKind::User,
            id: id.into(),
            email: None,
            first_name: None,
            last_name: None,
        }
    }

    /// Makes a service of its name.
    pub fn service(id: impl Into<String>) -> Self {
        Self {
            kind: ActorKind::Service,
            ..Self::user(id)
        }
    }

    /// Adds the e-mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Adds the first and the last name.
    #[must_use]
    pub fn name(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.first_name = Some(first.into());
        self.last_name = Some(last.into());
        self
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
