use super::filter::Filter;
use crate::entry::{Kind, LogEntry};
use crate::error::Error;

/// What a reader may see. It goes into every query, so that every store enforces it.
///
/// # Example: a tenant's own calls in production
///
/// ```
/// use tower_api_log::Scope;
///
/// let scope = Scope::organisation("org_1")?.environment("production");
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Scope {
    allowed: Filter,
}

impl Scope {
    /// Makes the scope that sees every entry of every tenant.
    pub fn all() -> Self {
        Self {
            allowed: Filter::default(),
        }
    }

    /// Makes the scope of one tenant.
    ///
    /// # Errors
    ///
    /// An empty id is a configuration error: a reader without a tenant sees nothing, never everything.
    pub fn organisation(id: impl Into<String>) -> Result<Self, Error> {
        let organisations = vec![not_empty(id.into(), "organisation")?];
        Ok(Self {
            allowed: Filter {
                organisations,
                ..Filter::default()
            },
        })
    }

    /// Makes the scope of one actor's own calls.
    ///
    /// # Errors
    ///
    /// An empty id is a configuration error.
    pub fn actor(id: impl Into<String>) -> Result<Self, Error> {
        let actors = vec![not_empty(id.into(), "actor")?];
        Ok(Self {
            allowed: Filter {
                actors,
                ..Filter::default()
            },
        })
    }

    /// Narrows the scope to one environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.allowed.environments = vec![environment.into()];
        self
    }

    /// Narrows the scope to one project.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.allowed.projects = vec![project.into()];
        self
    }

    /// Narrows the scope to one actor's own calls.
    #[must_use]
    pub fn by_actor(mut self, id: impl Into<String>) -> Self {
        self.allowed.actors = vec![id.into()];
        self
    }

    /// Narrows the scope to one kind of entries.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.allowed.kinds = vec![kind];
        self
    }

    /// Returns the one organisation that the reader is held to, if it is.
    pub fn organisation_id(&self) -> Option<&str> {
        self.allowed.organisations.first().map(String::as_str)
    }

    /// Returns the one environment that the reader is held to, if it is.
    pub fn environment_name(&self) -> Option<&str> {
        self.allowed.environments.first().map(String::as_str)
    }

    /// Tells whether the reader may see an entry.
    pub fn allows(&self, entry: &LogEntry) -> bool {
        self.allowed.matches(entry)
    }

    /// Returns a text that no other scope has.
    #[cfg(feature = "rate-limit")]
    pub(crate) fn key(&self) -> String {
        // What a scope can be narrowed by.
        let Filter {
            organisations,
            actors,
            environments,
            projects,
            kinds,
            ..
        } = &self.allowed;
        let texts = [organisations, actors, environments, projects];
        format!("{texts:?} {kinds:?}")
    }

    /// Returns the scope as the filter that a store joins with the reader's own.
    pub fn as_filter(&self) -> &Filter {
        &self.allowed
    }
}

fn not_empty(id: String, what: &str) -> Result<String, Error> {
    if id.is_empty() {
        return Err(Error::configuration(format!(
            "a scope needs the id of its {what}"
        )));
    }
    Ok(id)
}
