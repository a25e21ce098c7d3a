use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use super::builder::SqliteStoreBuilder;
use super::error::failed;
use super::schema;
use crate::error::{Error, ErrorKind};

/// One connection that writes and a few that read.
///
/// Every job runs to its end once it has begun, on a blocking thread where there is a runtime, so that a dropped future leaves
/// neither half a transaction nor a lost connection. A connection is made when it is first needed, and again after a panic.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    settings: SqliteStoreBuilder,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn open(path: PathBuf, settings: &SqliteStoreBuilder) -> Result<Self, Error> {
        let writer = schema::open_writer(&path, settings)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path,
                settings: settings.clone(),
                writer: Arc::new(tokio::sync::Mutex::new(writer)),
                readers: Mutex::default(),
                permits: Arc::new(Semaphore::new(settings.max_readers)),
            }),
        })
    }

    /// Runs a job on the connection that writes. Jobs take turns in the order in which they came.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let mut writer = Arc::clone(&self.shared.writer).lock_owned().await;
        run(move || job(&mut writer)).await
    }

    /// Runs a job on the connection that writes, on the caller's thread: for callers that may be blocked, as the recorder may.
    pub(super) async fn write_here<T>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        job(&mut *self.shared.writer.lock().await)
    }

    /// Runs a job on a connection that reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.shared.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::new(ErrorKind::Closed, "the store is closed"))?;
        let shared = Arc::clone(&self.shared);
        run(move || {
            let _permit = permit;
            let idle = shared.idle().pop();
            let mut reader = match idle {
                Some(reader) => reader,
                None => schema::open_reader(&shared.path, &shared.settings)?,
            };
            let result = job(&mut reader);
            shared.idle().push(reader);
            result
        })
        .await
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether the caller's thread serves one task at a time at most: there is no runtime, or it has this thread alone.
pub(super) fn may_block() -> bool {
    Handle::try_current().map_or(true, |runtime| {
        runtime.runtime_flavor() == RuntimeFlavor::CurrentThread
    })
}

async fn run<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match Handle::try_current() {
        Ok(runtime) => match runtime.spawn_blocking(job).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => {
                Err(Error::new(ErrorKind::Panicked, "the store panicked"))
            }
            Err(_) => {
                let message = "the runtime is shutting down";
                Err(Error::new(ErrorKind::Unavailable, message).retryable())
            }
        },
        Err(_) => job(),
    }
}

/// Begins a transaction that reads: everything in it is answered from one state of the store.
pub(super) fn snapshot(reader: &mut Connection) -> Result<rusqlite::Transaction<'_>, Error> {
    reader
        .transaction()
        .map_err(failed("a reading transaction cannot begin"))
}

/// Begins a transaction that writes, waiting for other processes as long as the settings say.
pub(super) fn transaction(writer: &mut Connection) -> Result<rusqlite::Transaction<'_>, Error> {
    writer
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(failed("a writing transaction cannot begin"))
}
