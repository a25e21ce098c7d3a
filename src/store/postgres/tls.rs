use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, NoTls};

use crate::error::Error;

/// How connections are encrypted.
#[derive(Clone)]
pub(super) enum Tls {
    /// Not at all: without the feature for it.
    Off,
}

impl Tls {
    /// Makes what the settings and the crate's features allow.
    pub(super) fn new(_config: &Config) -> Result<Self, Error> {
        Ok(Self::Off)
    }

    /// Opens a connection, and drives it on the runtime of the caller.
    pub(super) async fn connect(
        self,
        config: &Config,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        match self {
            Self::Off => {
                let (client, connection) = config.connect(NoTls).await?;
                let driven = tokio::spawn(async move {
                    // Whoever uses the client is told.
                    let _ = connection.await;
                });
                Ok((client, driven))
            }
        }
    }

    /// Cancels what a connection's server process is doing.
    pub(super) async fn cancel(self, token: CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Off => token.cancel_query(NoTls).await,
        }
    }
}
