//! What failures of the server mean, and what to do about them.
//!
//! The server's own text never goes into an error: it quotes the statement and values. Its code does.

use std::fmt;

use clickhouse::error::Error as Cause;

use crate::error::{Error, ErrorKind};

/// What becomes of a batch whose write has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing of it is stored; later it may be.
    Passes,
    /// It may be stored or not. Written again, it is stored once.
    Unknown,
    /// Nothing of it is stored, and nothing will be before somebody acts.
    Stays,
}

/// The code of an error that the server has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ServerError(u32);

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClickHouse error {}", self.0)
    }
}

impl std::error::Error for ServerError {}

/// Says what failed, why, and what to do.
pub(super) fn failed(doing: &'static str) -> impl Fn(Cause) -> Error {
    move |cause| match &cause {
        Cause::BadResponse(text) => match code(text) {
            Some(code) => {
                let is_partitions = code == 252 && text.contains("partitions");
                reported(doing, code, is_partitions)
            }
            None => proxy(doing, text),
        },
        Cause::TimedOut => timed_out(doing),
        Cause::Network(_) => {
            let why = "the server cannot be reached, or has closed the connection";
            made(doing, ErrorKind::Unavailable, Fate::Unknown, why).with_source(cause)
        }
        Cause::Unsupported(_) => {
            let why = "for https, switch the feature `clickhouse-tls` on";
            made(doing, ErrorKind::Configuration, Fate::Stays, why)
        }
        Cause::InvalidParams(_) => {
            let why = "the URL or a setting cannot be sent";
            made(doing, ErrorKind::Configuration, Fate::Stays, why)
        }
        Cause::SchemaMismatch(_) | Cause::InvalidColumnsHeader(_) => {
            let why = "the table has other columns than this version knows";
            made(doing, ErrorKind::Schema, Fate::Stays, why)
        }
        Cause::NotEnoughData | Cause::Decompression(_) => {
            let why = "the server's answer ended early";
            made(doing, ErrorKind::Unavailable, Fate::Unknown, why)
        }
        Cause::InvalidUtf8Encoding(_) | Cause::DataFormat(_) | Cause::InvalidTagEncoding(_) => {
            let why = "a stored value cannot be read";
            made(doing, ErrorKind::Corrupt, Fate::Stays, why)
        }
        _ => {
            let why = "the connection was lost";
            made(doing, ErrorKind::Unavailable, Fate::Unknown, why)
        }
    }
}

/// Says that the server has not answered in time.
pub(super) fn timed_out(doing: &'static str) -> Error {
    let why = "the server has not answered in time";
    made(doing, ErrorKind::Unavailable, Fate::Unknown, why)
}

fn made(doing: &str, kind: ErrorKind, fate: Fate, why: &str) -> Error {
    let error = Error::new(kind, format!("{doing}: {why}"));
    match fate {
        Fate::Stays => error,
        Fate::Passes | Fate::Unknown => error.retryable(),
    }
}

fn reported(doing: &str, code: u32, is_partitions: bool) -> Error {
    let (kind, fate, why) = match is_partitions {
        // Batches are split by partition before they are sent.
        true => (
            ErrorKind::Storage,
            Fate::Stays,
            "the batch has too many days",
        ),
        false => judge(code),
    };
    made(doing, kind, fate, &format!("{why} (error {code})")).with_source(ServerError(code))
}

/// Judges an answer that is not the server's own.
fn proxy(doing: &str, text: &str) -> Error {
    let status = text.get(..3).and_then(|it| it.parse::<u16>().ok());
    let (kind, fate, why) = match status {
        Some(401 | 403) => (
            ErrorKind::Denied,
            Fate::Stays,
            "the credentials were not accepted",
        ),
        Some(404 | 405) => (
            ErrorKind::Configuration,
            Fate::Stays,
            "the URL is not that of a ClickHouse server",
        ),
        _ => (
            ErrorKind::Unavailable,
            Fate::Unknown,
            "something other than ClickHouse has answered, or nothing",
        ),
    };
    made(doing, kind, fate, why)
}

/// Reads the code that an answer of the server begins with.
fn code(text: &str) -> Option<u32> {
    let rest = text.trim_start().strip_prefix("Code: ")?;
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn judge(code: u32) -> (ErrorKind, Fate, &'static str) {
    use ErrorKind::{Configuration, Corrupt, Denied, Schema, Storage, Unavailable};
    use Fate::{Passes, Stays, Unknown};
    match code {
        192 | 193 | 194 | 516 => (
            Denied,
            Stays,
            "the user or password was not accepted; check both",
        ),
        195 => (
            Denied,
            Stays,
            "the server does not let this user in from this address",
        ),
        497 => (
            Denied,
            Stays,
            "the user lacks a right; grant it what the documentation of the store lists",
        ),
        164 => (
            Denied,
            Stays,
            "the user may read only and not send settings; let it write, or set its `readonly` to 2",
        ),
        81 => (
            Configuration,
            Stays,
            "the database does not exist; create it",
        ),
        115 => (
            Configuration,
            Stays,
            "the server does not know a setting that is sent, and may be too old",
        ),
        452 => (
            Configuration,
            Stays,
            "the user's profile forbids a setting that is sent",
        ),
        170 | 701 => (Configuration, Stays, "the server does not know the cluster"),
        60 | 218 => (
            Schema,
            Stays,
            "the table does not exist; connect with migrate(true), or create it as ddl() says",
        ),
        8 | 9 | 10 | 16 | 43 | 44 | 46 | 47 | 48 | 53 | 70 | 122 => (
            Schema,
            Stays,
            "the table has other columns than this version knows",
        ),
        159 => (
            Unavailable,
            Unknown,
            "the statement took longer than it may",
        ),
        160 => (
            Unavailable,
            Passes,
            "the server estimates that the statement takes longer than it may",
        ),
        201 => (Unavailable, Passes, "the user's quota is used up for now"),
        202 | 203 => (
            Unavailable,
            Passes,
            "the server has too many statements at once",
        ),
        241 => (
            Unavailable,
            Passes,
            "the server is out of memory; give it more, or ask for less at a time",
        ),
        242 => (
            Unavailable,
            Passes,
            "the table takes no writes for now; see whether its replica reaches Keeper",
        ),
        243 => (Unavailable, Passes, "the server's disk is full"),
        252 => (
            Unavailable,
            Passes,
            "the table has too many parts; write fewer and larger batches",
        ),
        279 => (Unavailable, Unknown, "a shard or replica cannot be reached"),
        285 | 286 => (
            Unavailable,
            Passes,
            "too few replicas are alive for the quorum",
        ),
        319 => (
            Unavailable,
            Unknown,
            "the server does not know whether it has stored the batch",
        ),
        209 | 210 | 394 | 425 | 999 => (
            Unavailable,
            Unknown,
            "the server has lost a connection or was interrupted",
        ),
        225 | 236 | 373 | 439 | 473 | 733 => {
            (Unavailable, Passes, "the server is busy or not ready")
        }
        40 | 246 | 271 => (
            Corrupt,
            Stays,
            "stored data is damaged; see the server's log",
        ),
        _ => (
            Storage,
            Stays,
            "the server has refused the statement; see its log",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(text: &str) -> (ErrorKind, bool) {
        let error = failed("writing")(Cause::BadResponse(text.to_owned()));
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let all = format!("{error} {error:?} {source:?}");
        assert!(!all.contains("secret") && !all.contains('\n'), "{all}");
        (error.kind(), error.is_retryable())
    }

    fn coded(code: u32) -> String {
        format!("Code: {code}. DB::Exception: secret value\nsecret. (NAME) (version 26.9)")
    }

    #[test]
    fn what_passes_is_retried() {
        let codes = [
            159, 160, 202, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 999,
        ];
        for code in codes {
            assert_eq!(
                judged(&coded(code)),
                (ErrorKind::Unavailable, true),
                "{code}"
            );
        }
    }

    #[test]
    fn what_an_operator_has_to_mend_is_not_retried() {
        for code in [16, 47, 53, 60, 62, 81, 115, 117, 164, 192, 194, 497, 516] {
            let (kind, retried) = judged(&coded(code));
            assert!(kind != ErrorKind::Unavailable && !retried, "{code}");
        }
        for code in [194, 516] {
            assert_eq!(judged(&coded(code)).0, ErrorKind::Denied);
        }
        assert_eq!(judged(&coded(81)).0, ErrorKind::Configuration);
        assert_eq!(judged(&coded(60)).0, ErrorKind::Schema);
    }

    #[test]
    fn too_many_partitions_of_one_batch_are_not_taken_for_too_many_parts() {
        let text = "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100).";
        assert_eq!(judged(text), (ErrorKind::Storage, false));
    }

    #[test]
    fn answers_of_a_proxy_are_told_from_those_of_the_server() {
        for text in [
            "502 Bad Gateway",
            "<html>secret",
            "503 Service Unavailable",
            "",
        ] {
            assert_eq!(judged(text), (ErrorKind::Unavailable, true), "{text}");
        }
        assert_eq!(judged("403 Forbidden"), (ErrorKind::Denied, false));
        assert_eq!(judged("404 Not Found"), (ErrorKind::Configuration, false));
    }
}
