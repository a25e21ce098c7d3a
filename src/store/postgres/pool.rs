//! Connections, and the deadline of every call on them.
//!
//! # Invariants
//!
//! - A connection goes back to the pool only from a call that ended well. After an error, a time-out or a dropped future it is closed, and what the
//!   server is still doing for it is cancelled: no half transaction and no stray answer ever meets the next caller.
//! - All connections are driven by one thread of the store's own. A connection bound to the runtime of its first caller would stand
//!   still, or be gone, where that runtime is: the recorder's thread and the service's runtime share a store.
//! - Readers never take the last connection, so that a writer does not wait for questions.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, RecyclingMethod, Runtime, Timeouts,
};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

use super::builder::PostgresStoreBuilder;
use super::error::{no_connection, too_late};
use super::tls::Tls;
use crate::error::{Error, ErrorKind};

/// What the server's own time-out gets to tell of itself before the client's strikes.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct Pool {
    inner: deadpool_postgres::Pool,
    readers: Arc<Semaphore>,
    wait: Duration,
    deadline: Duration,
    driver: Arc<Driver>,
}

/// The thread that drives the connections; it ends with the last clone.
struct Driver {
    handle: Handle,
    tls: Tls,
    _stop: oneshot::Sender<()>,
}

impl Pool {
    pub(super) fn new(
        config: Config,
        tls: Tls,
        settings: &PostgresStoreBuilder,
    ) -> Result<Self, Error> {
        let (handle, stop) = start_thread().map_err(|cause| {
            Error::configuration("the thread of the Postgres store could not be started")
                .with_source(cause)
        })?;
        let connect = Connector {
            handle: handle.clone(),
            tls: tls.clone(),
        };
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_connect(config, connect, ManagerConfig { recycling_method });
        let inner = deadpool_postgres::Pool::builder(manager)
            .max_size(settings.max_connections)
            .timeouts(Timeouts {
                wait: Some(settings.connect_timeout),
                create: Some(settings.connect_timeout),
                recycle: Some(settings.connect_timeout),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| Error::configuration("the pool of connections could not be made"))?;
        Ok(Self {
            inner,
            readers: Arc::new(Semaphore::new((settings.max_connections - 1).max(1))),
            wait: settings.connect_timeout,
            deadline: settings.statement_timeout + GRACE,
            driver: Arc::new(Driver {
                handle,
                tls,
                _stop: stop,
            }),
        })
    }

    /// Takes a connection to write with.
    pub(super) async fn writer(&self) -> Result<Lease, Error> {
        self.lease(None).await
    }

    /// Takes a connection to read with.
    pub(super) async fn reader(&self) -> Result<Lease, Error> {
        let permit = Arc::clone(&self.readers).acquire_owned();
        let waited = tokio::time::timeout(self.wait, permit).await;
        let permit = waited.ok().and_then(Result::ok);
        let busy = || {
            let message = "all connections to Postgres that may read are busy; allow more with max_connections";
            Error::new(ErrorKind::Unavailable, message).retryable()
        };
        self.lease(Some(permit.ok_or_else(busy)?)).await
    }

    async fn lease(&self, permit: Option<OwnedSemaphorePermit>) -> Result<Lease, Error> {
        let object = self.inner.get().await.map_err(no_connection)?;
        Ok(Lease {
            object: Some(object),
            driver: Arc::clone(&self.driver),
            deadline: self.deadline,
            _permit: permit,
        })
    }
}

/// A connection in use.
pub(super) struct Lease {
    object: Option<Object>,
    driver: Arc<Driver>,
    deadline: Duration,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Runs a call with the deadline of a statement.
    pub(super) async fn run<'l, T, F>(
        &'l self,
        doing: &'static str,
        call: impl FnOnce(&'l Client) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + 'l,
    {
        self.run_for(self.deadline, doing, call).await
    }

    /// Runs a call with a deadline of its own.
    pub(super) async fn run_for<'l, T, F>(
        &'l self,
        deadline: Duration,
        doing: &'static str,
        call: impl FnOnce(&'l Client) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + 'l,
    {
        let Some(object) = &self.object else {
            return Err(too_late(doing));
        };
        let call = call(object);
        tokio::time::timeout(deadline, call)
            .await
            .unwrap_or_else(|_| Err(too_late(doing)))
    }

    /// Gives the connection back, for the next caller.
    pub(super) fn give_back(mut self) {
        drop(self.object.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else {
            return;
        };
        if !object.is_closed() {
            let (token, tls) = (object.cancel_token(), self.driver.tls.clone());
            // Best effort: the statement's time-out ends it at the latest.
            self.driver.handle.spawn(async move {
                let _ = tokio::time::timeout(Duration::from_secs(5), tls.cancel(token)).await;
            });
        }
        drop(Object::take(object));
    }
}

struct Connector {
    handle: Handle,
    tls: Tls,
}

type Connecting<'c> = Pin<
    Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + 'c>,
>;

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let (config, tls) = (config.clone(), self.tls.clone());
        let connecting = self.handle.spawn(async move { tls.connect(&config).await });
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected,
                // The thread is gone, and the store with it: the time-out of the pool answers.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

fn start_thread() -> std::io::Result<(Handle, oneshot::Sender<()>)> {
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("api-log-postgres".into())
        .spawn(move || {
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
    Ok((handle, stop))
}
