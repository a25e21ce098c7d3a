use std::fmt;

use async_trait::async_trait;
use http::request::Parts;

use super::digest::Digest;
use crate::elided::Elided;
use crate::query::Scope;

/// Decides who may read, and what.
///
/// # Contract
///
/// - What it returns is all that the reader sees: the scope is joined to every question, whatever the request asks for.
/// - The request is as the client sent it: only what cannot be forged, such as an extension that an authenticating layer set, or the
///   credential itself, may decide.
///
/// # Example: sessions that are looked up
///
/// ```
/// use http::request::Parts;
/// use tower_api_log::api::{Access, Denial, Reader};
/// use tower_api_log::{Scope, async_trait};
///
/// struct Sessions(/* a pool of connections */);
///
/// # impl Sessions { async fn tenant(&self, _: &str) -> Result<Option<(String, String)>, ()> { Ok(None) } }
/// #[async_trait]
/// impl Access for Sessions {
///     async fn authorize(&self, _: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
///         let session = credential.ok_or(Denial::Unauthenticated)?;
///         let found = self.tenant(session).await.map_err(|_| Denial::Unavailable)?;
///         let (user, tenant) = found.ok_or(Denial::Unauthenticated)?;
///         let scope = Scope::organisation(tenant).map_err(|_| Denial::Forbidden)?;
///         Ok(Reader::new(scope).id(user))
///     }
/// }
/// ```
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// Returns who reads and what they may see. `credential` is the one that the format found in the headers.
    ///
    /// # Errors
    ///
    /// A [`Denial`], which the reader gets in the format's words.
    async fn authorize(&self, request: &Parts, credential: Option<&str>) -> Result<Reader, Denial>;

    /// Describes where the credential stands, as a Security Scheme Object of OpenAPI 3.1, if not where the formats look for it. By default it is where
    /// they do.
    fn security(&self) -> Option<serde_json::Value> {
        None
    }
}

#[async_trait]
impl<A: Access + ?Sized> Access for Box<A> {
    async fn authorize(&self, request: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
        (**self).authorize(request, credential).await
    }

    fn security(&self) -> Option<serde_json::Value> {
        (**self).security()
    }
}

/// Why a reader may not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// Nobody is known by this credential, or there is none: 401.
    Unauthenticated,
    /// The reader is known and may not read the log: 403.
    Forbidden,
    /// It cannot be told now who the reader is: 503.
    Unavailable,
}

/// Who reads, and what they may see.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// What the reader may see.
    pub scope: Scope,
    /// The reader's id, for rate limits and for the record of who read: no two readers have the same one, of whichever tenants they are. `None` where
    /// the application does not tell.
    pub id: Option<String>,
    /// What stands for the token that the reader is known by, where this crate has checked it.
    pub(super) token: Option<Digest>,
}

impl Reader {
    /// Makes a reader of what they may see.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            id: None,
            token: None,
        }
    }

    /// Says who it is.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub(super) fn known_by(mut self, token: Digest) -> Self {
        self.token = Some(token);
        self
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("scope", &self.scope)
            .field("id", &self.id.as_ref().map(Elided::of))
            .finish_non_exhaustive()
    }
}

impl From<Scope> for Reader {
    fn from(scope: Scope) -> Self {
        Self::new(scope)
    }
}

/// Makes an [`Access`] of a function: for what is at hand in the request. One that has to wait, for a database say, implements the trait.
///
/// # Example: the tenant that an authenticating layer found
///
/// ```
/// use tower_api_log::Scope;
/// use tower_api_log::api::{Denial, access_fn};
///
/// #[derive(Clone)]
/// struct Tenant(String);
///
/// let access = access_fn(|request, _| {
///     let tenant: &Tenant = request.extensions.get().ok_or(Denial::Unauthenticated)?;
///     Scope::organisation(&*tenant.0).map_err(|_| Denial::Forbidden)
/// });
/// ```
pub fn access_fn<F, R>(decide: F) -> AccessFn<F>
where
    F: Fn(&Parts, Option<&str>) -> Result<R, Denial> + Send + Sync + 'static,
    R: Into<Reader>,
{
    AccessFn(decide)
}

/// The [`Access`] that [`access_fn`] makes.
#[derive(Clone, Copy)]
pub struct AccessFn<F>(F);

#[async_trait]
impl<F, R> Access for AccessFn<F>
where
    F: Fn(&Parts, Option<&str>) -> Result<R, Denial> + Send + Sync + 'static,
    R: Into<Reader>,
{
    async fn authorize(&self, request: &Parts, credential: Option<&str>) -> Result<Reader, Denial> {
        (self.0)(request, credential).map(Into::into)
    }
}

impl<F> fmt::Debug for AccessFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessFn").finish_non_exhaustive()
    }
}
