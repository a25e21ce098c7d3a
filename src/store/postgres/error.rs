//! What the server's and the driver's failures mean, without their texts: these can quote rows, SQL and connection strings.

use std::fmt;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use crate::error::{Error, ErrorKind};

/// The cause as `source()` keeps it: the SQLSTATE, or what the driver failed at.
#[derive(Debug)]
struct Cause {
    code: Option<SqlState>,
    driver: &'static str,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "SQLSTATE {}", code.code()),
            None => f.write_str(self.driver),
        }
    }
}

impl std::error::Error for Cause {}

/// Says what failed, why as far as the SQLSTATE tells, and whether it may pass.
pub(super) fn failed(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |cause| {
        let Some(code) = cause.code().cloned() else {
            return without_code(doing, cause);
        };
        let judgement = judge(&code);
        let message = match judgement.advice {
            "" => doing.to_owned(),
            advice => format!("{doing}: {advice}"),
        };
        let error = Error::new(judgement.kind, message).with_source(Cause {
            code: Some(code),
            driver: "",
        });
        if judgement.passes {
            error.retryable()
        } else {
            error
        }
    }
}

/// Says why there is no connection.
pub(super) fn no_connection(cause: PoolError) -> Error {
    let doing = "there is no connection to Postgres";
    let unavailable =
        |why: &str| Error::new(ErrorKind::Unavailable, format!("{doing}: {why}")).retryable();
    match cause {
        PoolError::Backend(cause) => failed(doing)(cause),
        PoolError::Timeout(TimeoutType::Wait) => {
            unavailable("all of them are busy; allow more with max_connections")
        }
        PoolError::Timeout(_) => unavailable("the server did not answer in time"),
        PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            unavailable("the store is closed")
        }
    }
}

/// Says that the server did not answer, in words of its own: it may be frozen, or the network gone.
pub(super) fn too_late(doing: &'static str) -> Error {
    let message = format!("{doing}: the server did not answer in time");
    Error::new(ErrorKind::Unavailable, message).retryable()
}

fn without_code(doing: &'static str, cause: tokio_postgres::Error) -> Error {
    let is_row = {
        let text = cause.to_string();
        text.starts_with("error deserializing column") || text.starts_with("invalid column")
    };
    if is_row {
        let message = format!("{doing}: a column has another type than this version writes");
        return Error::new(ErrorKind::Schema, message);
    }
    if is_about_tls(&cause) {
        let message = format!(
            "{doing}: the server and sslmode do not agree on TLS, or its certificate is not trusted"
        );
        return Error::configuration(message);
    }
    if is_about_authentication(&cause) {
        let message = format!(
            "{doing}: the server asks for a password that the URL does not have, or in a way that is not supported"
        );
        return Error::new(ErrorKind::Denied, message);
    }
    let message = format!("{doing}: the connection is lost or refused");
    let error = Error::new(ErrorKind::Unavailable, message).retryable();
    match cause
        .into_source()
        .map(|it| it.downcast::<std::io::Error>())
    {
        Some(Ok(cause)) => error.with_source(cause),
        _ => error.with_source(Cause {
            code: None,
            driver: "the connection is closed",
        }),
    }
}

// The driver tells kinds of failures by their texts alone.
fn is_about_tls(cause: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    use std::io::{Error, ErrorKind};

    let source = cause.source().and_then(|it| it.downcast_ref::<Error>());
    // A connection that broke meanwhile is no matter of trust.
    let is_broken = source
        .is_some_and(|it| !matches!(it.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput));
    let text = cause.to_string();
    text.starts_with("error performing TLS handshake") && !is_broken
}

fn is_about_authentication(cause: &tokio_postgres::Error) -> bool {
    let text = cause.to_string();
    text.starts_with("authentication error") || text.starts_with("invalid configuration")
}

struct Judgement {
    kind: ErrorKind,
    passes: bool,
    advice: &'static str,
}

fn judge(code: &SqlState) -> Judgement {
    let passing = |advice| Judgement {
        kind: ErrorKind::Unavailable,
        passes: true,
        advice,
    };
    let lasting = |kind, advice| Judgement {
        kind,
        passes: false,
        advice,
    };
    match code.code() {
        "28P01" | "28000" => lasting(
            ErrorKind::Denied,
            "the server does not accept the user and password of the URL",
        ),
        "42501" => lasting(
            ErrorKind::Denied,
            "the user of the URL lacks a right; grant it, or let the owner of the tables connect",
        ),
        "3D000" => lasting(
            ErrorKind::Configuration,
            "the database of the URL does not exist; create it",
        ),
        "53300" => passing(
            "the server has no connection left; raise its max_connections or lower the store's",
        ),
        "53100" => passing("the server's disk is full"),
        "53200" => passing(
            "the server is out of memory or of locks; many partitions need a higher max_locks_per_transaction",
        ),
        "57014" => passing("it took longer than the statement time-out, or was cancelled"),
        "55P03" => passing("a lock was not free in time"),
        "57P03" => passing("the server is starting or stopping"),
        "25006" => passing("the server takes no writes: it is a replica, or being switched over"),
        "23514" => lasting(
            ErrorKind::Schema,
            "there is no partition for the day of an entry, or a constraint of somebody else's",
        ),
        "42P01" | "3F000" => lasting(
            ErrorKind::Schema,
            "a table of the store is missing; connect once with migrate(true)",
        ),
        "42703" | "42804" | "42883" | "42P10" => lasting(
            ErrorKind::Schema,
            "a table of the store was altered; compare it with ddl()",
        ),
        "0A000" => lasting(
            ErrorKind::Configuration,
            "the server does not support it; the store needs PostgreSQL 14 or later",
        ),
        // Statements that lost their connection, a deadlock or a server that goes down; one that waits for room.
        code => match code.get(..2) {
            Some("08" | "40" | "53" | "57" | "58") => passing(""),
            Some("XX") => lasting(ErrorKind::Storage, "the server found damage; see its log"),
            _ => lasting(ErrorKind::Storage, ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(code: &str) -> (ErrorKind, bool) {
        let judgement = judge(&SqlState::from_code(code));
        (judgement.kind, judgement.passes)
    }

    #[test]
    fn what_may_pass_is_retried() {
        for code in [
            "08006", "40001", "40P01", "53100", "53200", "53300", "53400", "55P03", "57014",
            "57P01", "57P02", "57P03", "57P05", "58030", "25006",
        ] {
            assert_eq!(judged(code), (ErrorKind::Unavailable, true), "{code}");
        }
    }

    #[test]
    fn what_an_operator_must_mend_is_not_retried() {
        for (code, kind) in [
            ("28P01", ErrorKind::Denied),
            ("28000", ErrorKind::Denied),
            ("42501", ErrorKind::Denied),
            ("3D000", ErrorKind::Configuration),
            ("42P01", ErrorKind::Schema),
            ("42703", ErrorKind::Schema),
            ("23514", ErrorKind::Schema),
            ("22021", ErrorKind::Storage),
            ("54000", ErrorKind::Storage),
            ("XX001", ErrorKind::Storage),
        ] {
            assert_eq!(judged(code), (kind, false), "{code}");
        }
    }
}
