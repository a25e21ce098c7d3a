use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{CancelToken, Client, Config, NoTls};

use crate::error::Error;

/// How connections are encrypted.
#[derive(Clone)]
pub(super) enum Tls {
    /// Not at all.
    Off,
    /// By rustls, where `sslmode` and the server want it. A certificate that is not trusted ends the connection, whatever `sslmode` says.
    #[cfg(feature = "postgres-tls")]
    On(tokio_postgres_rustls::MakeRustlsConnect),
}

impl Tls {
    /// Makes what the settings and the crate's features allow. `roots` has trusted certificates as PEM, in the place of the system's.
    ///
    /// # Errors
    ///
    /// A configuration error where TLS is required and not built in, and for certificates that cannot be read.
    #[cfg(not(feature = "postgres-tls"))]
    pub(super) fn new(config: &Config, _roots: Option<&[u8]>) -> Result<Self, Error> {
        match config.get_ssl_mode() {
            SslMode::Require => Err(Error::configuration(
                "sslmode=require needs the crate's feature postgres-tls",
            )),
            _ => Ok(Self::Off),
        }
    }

    /// Makes what the settings and the crate's features allow. `roots` has trusted certificates as PEM, in the place of the system's.
    ///
    /// # Errors
    ///
    /// A configuration error where TLS is required and not built in, and for certificates that cannot be read.
    #[cfg(feature = "postgres-tls")]
    pub(super) fn new(config: &Config, roots: Option<&[u8]>) -> Result<Self, Error> {
        if config.get_ssl_mode() == SslMode::Disable {
            return Ok(Self::Off);
        }
        // Of the application's choice of a provider for the whole process we know nothing.
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| Error::configuration("TLS cannot be set up").with_source(cause))?
            .with_root_certificates(trusted(roots)?)
            .with_no_client_auth();
        Ok(Self::On(tokio_postgres_rustls::MakeRustlsConnect::new(
            config,
        )))
    }

    /// Opens a connection, and drives it on the runtime of the caller.
    pub(super) async fn connect(
        self,
        config: &Config,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        match self {
            Self::Off => {
                let (client, connection) = config.connect(NoTls).await?;
                Ok((client, drive(connection)))
            }
            #[cfg(feature = "postgres-tls")]
            Self::On(tls) => {
                let (client, connection) = config.connect(tls).await?;
                Ok((client, drive(connection)))
            }
        }
    }

    /// Cancels what a connection's server process is doing.
    pub(super) async fn cancel(self, token: CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Off => token.cancel_query(NoTls).await,
            #[cfg(feature = "postgres-tls")]
            Self::On(tls) => token.cancel_query(tls).await,
        }
    }
}

fn drive<C>(connection: C) -> JoinHandle<()>
where
    C: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    tokio::spawn(async move {
        // Whoever uses the client is told.
        let _ = connection.await;
    })
}

#[cfg(feature = "postgres-tls")]
fn trusted(roots: Option<&[u8]>) -> Result<rustls::RootCertStore, Error> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut store = rustls::RootCertStore::empty();
    let Some(pem) = roots else {
        // A system without any trusts no server; that is told when one is met.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(store);
    };
    let unreadable = || {
        Error::configuration("the root certificates cannot be read; they must be in the PEM format")
    };
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| unreadable())?;
        store.add(certificate).map_err(|_| unreadable())?;
    }
    match store.is_empty() {
        true => Err(unreadable()),
        false => Ok(store),
    }
}
