use async_trait::async_trait;
use http::request::Parts;

use crate::query::Scope;

/// Decides who may read, and what.
///
/// # Contract
///
/// - What it returns is all that the reader sees: the scope is joined to every question, whatever the request asks for.
/// - The request is as the client sent it: only what cannot be forged, such as an extension that an authenticating layer set, or the
///   credential itself, may decide.
///
/// # Example: the tenant that an authenticating layer found
///
/// ```
/// use http::request::Parts;
/// use tower_api_log::api::{Access, Denial, Reader};
/// use tower_api_log::{Scope, async_trait};
///
/// #[derive(Clone)]
/// struct Tenant(String);
///
/// struct OwnTenant;
///
/// #[async_trait]
/// impl Access for OwnTenant {
///     async fn authorize(&self, request: &Parts, _: Option<&str>) -> Result<Reader, Denial> {
///         let tenant = request.extensions.get::<Tenant>().ok_or(Denial::Unauthenticated)?;
///         let scope = Scope::organisation(&*tenant.0).map_err(|_| Denial::Forbidden)?;
///         Ok(Reader::new(scope))
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// What the reader may see.
    pub scope: Scope,
    /// The reader's id, for rate limits and for the record of who read; `None` where the application does not tell.
    pub id: Option<String>,
}

impl Reader {
    /// Makes a reader of what they may see.
    pub fn new(scope: Scope) -> Self {
        Self { scope, id: None }
    }

    /// Says who it is.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl From<Scope> for Reader {
    fn from(scope: Scope) -> Self {
        Self::new(scope)
    }
}
