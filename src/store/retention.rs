use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;

/// Lets entries go: by age, by size, or by person. Done by the operator, hence without a scope.
///
/// # Contract
///
/// - Deleting never changes the order or the ids of what stays.
/// - What is held is neither deleted nor erased, until it is released.
/// - What is erased is gone from listings, filters and counts at once, and from the store's files as far as the engine can.
#[async_trait]
pub trait Retention: Send + Sync + 'static {
    /// Deletes every entry that is outdated, and returns how many there were.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be gone.
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error>;

    /// Returns about how many bytes the store takes, on disk where it has one.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn size_bytes(&self) -> Result<u64, Error>;

    /// Deletes entries of the smallest ids until the store takes at most so many bytes, and returns how many there were. An engine may delete in pieces of its own,
    /// such as all entries of a day.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be gone.
    async fn shrink(&self, bytes: u64) -> Result<u64, Error>;

    /// Holds entries: for a dispute, say. An id need not be there yet.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; then none is held that was not before.
    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error>;

    /// Holds entries no longer.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; then all are held that were before.
    async fn release(&self, ids: &[EntryId]) -> Result<(), Error>;

    /// Returns the ids that are held, the largest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn held(&self) -> Result<Vec<EntryId>, Error>;

    /// Takes an actor's personal data out of every entry of theirs, as [`LogEntry::erase_person`] does, and reports.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be changed.
    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error>;

    /// Deletes every entry created before a time, as [`Retention::delete`] does.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; some entries may be gone.
    async fn delete_before(&self, time: Timestamp) -> Result<u64, Error> {
        self.delete(&Outdated::before(time)).await
    }
}

/// What [`Retention::delete`] takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outdated {
    /// What was created before this time.
    pub before: Timestamp,
    /// Whose.
    pub organisations: Organisations,
}

/// Of which organisations entries are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Organisations {
    /// Of any, and of none.
    #[default]
    All,
    /// Of these.
    Only(Vec<String>),
    /// Of any other, and of none.
    AllBut(Vec<String>),
}

/// What [`Retention::erase`] did, for the answer that the person is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erasure {
    /// The calls that changed.
    pub exchanges: u64,
    /// The events that changed.
    pub events: u64,
    /// The entries of the person that are held, and did not change.
    pub held: u64,
}

/// For how long entries stay: by age, which may differ for each organisation, and by size.
///
/// # Example: 90 days, two years for one customer, and 50 GiB at most
///
/// ```
/// use std::time::Duration;
/// use tower_api_log::store::RetentionPolicy;
///
/// const DAY: Duration = Duration::from_secs(86_400);
/// let policy = RetentionPolicy::new()
///     .max_age(90 * DAY)
///     .organisation_max_age("org_1", 730 * DAY)
///     .max_bytes(50 << 30);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionPolicy {
    max_age: Option<Duration>,
    organisations: BTreeMap<String, Duration>,
    max_bytes: Option<u64>,
}

impl Outdated {
    /// Makes what was created before a time, of every organisation.
    pub fn before(time: Timestamp) -> Self {
        Self {
            before: time,
            organisations: Organisations::All,
        }
    }

    /// Says of which organisations.
    #[must_use]
    pub fn of(mut self, organisations: Organisations) -> Self {
        self.organisations = organisations;
        self
    }

    /// Tells whether an entry goes: the definition that stores are checked against.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        let organisation = entry.context.organisation.as_deref();
        entry.created_at < self.before && self.organisations.contain(organisation)
    }
}

impl Organisations {
    /// Tells whether an organisation, or none, is one of these.
    pub fn contain(&self, organisation: Option<&str>) -> bool {
        let is_listed =
            |list: &[String]| organisation.is_some_and(|id| list.iter().any(|it| it == id));
        match self {
            Self::All => true,
            Self::Only(these) => is_listed(these),
            Self::AllBut(these) => !is_listed(these),
        }
    }
}

impl Erasure {
    /// Returns how many entries changed.
    pub fn entries(&self) -> u64 {
        self.exchanges + self.events
    }

    /// Counts an entry that changed.
    #[must_use]
    pub fn with(mut self, entry: &LogEntry) -> Self {
        match entry.exchange() {
            Some(_) => self.exchanges += 1,
            None => self.events += 1,
        }
        self
    }
}

impl RetentionPolicy {
    /// Makes a policy under which everything stays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how old entries may get.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Says how old an organisation's entries may get, in the place of [`RetentionPolicy::max_age`].
    #[must_use]
    pub fn organisation_max_age(mut self, organisation: impl Into<String>, age: Duration) -> Self {
        self.organisations.insert(organisation.into(), age);
        self
    }

    /// Says how many bytes the store may take; above that the oldest entries go, whosever they are.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Deletes what the policy does not let stay, and returns how many entries there were. To be done every now and then, by one process of those that share a store.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; what could be deleted before that is gone.
    pub async fn enforce(&self, store: &dyn Retention, now: Timestamp) -> Result<u64, Error> {
        let mut deleted = 0;
        if let Some(age) = self.max_age {
            let organisations = match self.organisations.is_empty() {
                true => Organisations::All,
                false => Organisations::AllBut(self.organisations.keys().cloned().collect()),
            };
            let outdated = Outdated::before(now.minus(age)).of(organisations);
            deleted += store.delete(&outdated).await?;
        }
        for (organisation, age) in &self.organisations {
            let only = Organisations::Only(vec![organisation.clone()]);
            let outdated = Outdated::before(now.minus(*age)).of(only);
            deleted += store.delete(&outdated).await?;
        }
        if let Some(bytes) = self.max_bytes {
            deleted += store.shrink(bytes).await?;
        }
        Ok(deleted)
    }
}

#[async_trait]
impl<S: Retention + ?Sized> Retention for Arc<S> {
    async fn delete(&self, outdated: &Outdated) -> Result<u64, Error> {
        (**self).delete(outdated).await
    }

    async fn size_bytes(&self) -> Result<u64, Error> {
        (**self).size_bytes().await
    }

    async fn shrink(&self, bytes: u64) -> Result<u64, Error> {
        (**self).shrink(bytes).await
    }

    async fn hold(&self, ids: &[EntryId]) -> Result<(), Error> {
        (**self).hold(ids).await
    }

    async fn release(&self, ids: &[EntryId]) -> Result<(), Error> {
        (**self).release(ids).await
    }

    async fn held(&self) -> Result<Vec<EntryId>, Error> {
        (**self).held().await
    }

    async fn erase(&self, actor_id: &str) -> Result<Erasure, Error> {
        (**self).erase(actor_id).await
    }
}
