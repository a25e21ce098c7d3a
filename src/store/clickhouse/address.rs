use std::fmt;

use http::Uri;
use percent_encoding::percent_decode_str;

use crate::error::Error;

/// Where a server is, and who asks. `Debug` shows neither user nor password.
#[derive(Clone)]
pub(super) struct Address {
    /// Scheme, host and port alone.
    pub(super) endpoint: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
}

impl Address {
    /// Reads `http://user:password@host:port/database`.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        let (scheme, authority) = uri
            .scheme_str()
            .zip(uri.authority())
            .ok_or_else(malformed)?;
        if !["http", "https"].contains(&scheme) || uri.query().is_some() {
            return Err(malformed());
        }
        let (login, host) = match authority.as_str().rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, authority.as_str()),
        };
        let host = match authority.port() {
            Some(_) => host.to_owned(),
            None if scheme == "https" => format!("{host}:8443"),
            None => format!("{host}:8123"),
        };
        let (user, password) = match login.map(|it| it.split_once(':').unwrap_or((it, ""))) {
            Some((user, password)) => (Some(decoded(user)?), Some(decoded(password)?)),
            None => (None, None),
        };
        let database = match uri.path().trim_matches('/') {
            "" => None,
            name => Some(decoded(name)?),
        };
        Ok(Self {
            endpoint: format!("{scheme}://{host}"),
            user,
            password,
            database,
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("endpoint", &self.endpoint)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

fn malformed() -> Error {
    Error::configuration(
        "the URL of ClickHouse must be as http://user:password@host:8123/database, percent-encoded",
    )
}

fn decoded(text: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_taken_apart_and_its_login_is_never_shown() {
        let address = Address::parse("http://jane:p%40ss%2Fword@host.example:18123/logs").unwrap();
        assert_eq!(address.endpoint, "http://host.example:18123");
        assert_eq!(address.user.as_deref(), Some("jane"));
        assert_eq!(address.password.as_deref(), Some("p@ss/word"));
        assert_eq!(address.database.as_deref(), Some("logs"));
        let debug = format!("{address:?}");
        assert!(
            !debug.contains("jane") && !debug.contains("word"),
            "{debug}"
        );
    }

    #[test]
    fn port_user_and_database_may_be_left_out() {
        let address = Address::parse("https://host.example").unwrap();
        assert_eq!(address.endpoint, "https://host.example:8443");
        assert_eq!((address.user, address.database), (None, None));
        let address = Address::parse("http://[::1]/").unwrap();
        assert_eq!(address.endpoint, "http://[::1]:8123");
    }

    #[test]
    fn error_about_a_url_does_not_repeat_it() {
        for url in [
            "",
            "host",
            "tcp://jane:secret@host",
            "http://jane:sec ret@host",
            "http://a:secret@h/?secret=1",
            "http://a:%ff@h/",
        ] {
            let error = Address::parse(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sec"), "{url}");
        }
    }
}
