use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

/// What went wrong, in one line and without user data.
///
/// The type is opaque, so that a driver's major version never becomes ours. [`Error::kind`] is for deciding,
/// [`Error::is_retryable`] tells the recorder whether the same batch may be written again, `source()` keeps the cause.
/// `Display` prints neither the cause nor anything that a client sent.
///
/// # Example: a sink that reports a passing failure
///
/// ```
/// use tower_api_log::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Unavailable, "the queue broker refused the batch").retryable();
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "unavailable: the queue broker refused the batch");
/// ```
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong or missing; reported by `build()` and `open()`.
    Configuration,
    /// A reader asked for something that cannot be asked; the message names the parameter and the accepted form.
    InvalidQuery,
    /// A sink or store cannot be reached or is busy.
    Unavailable,
    /// A sink or store did not accept the credentials, or the rights that come with them.
    Denied,
    /// A sink or store refused or failed the operation.
    Storage,
    /// A store holds data of a schema that this version does not know.
    Schema,
    /// A stored entry could not be read back.
    Corrupt,
    /// A sink panicked.
    Panicked,
    /// The recorder has been shut down.
    Closed,
}

impl ErrorKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::InvalidQuery => "invalid query",
            Self::Unavailable => "unavailable",
            Self::Denied => "denied",
            Self::Storage => "storage",
            Self::Schema => "schema",
            Self::Corrupt => "corrupt entry",
            Self::Panicked => "panicked",
            Self::Closed => "closed",
        }
    }
}

impl Error {
    /// Makes an error that is not retryable and has no cause.
    ///
    /// The message must hold no user data: name the setting, the parameter, the operation, not its value.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            retryable: false,
            source: None,
        }
    }

    /// Marks the error as one that the same call may get past later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Keeps the cause for `source()`; `Display` does not print it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says before the message what it is about.
    pub(crate) fn of(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message).into();
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Tells whether writing the same batch again may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Tells whether nothing can be written before somebody mends the sink, its settings, rights or schema.
    pub(crate) fn needs_operator(&self) -> bool {
        let kinds = [
            ErrorKind::Configuration,
            ErrorKind::Denied,
            ErrorKind::Schema,
        ];
        !self.retryable && kinds.contains(&self.kind)
    }

    pub(crate) fn configuration(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn invalid_query(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidQuery, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("retryable", &self.retryable)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
