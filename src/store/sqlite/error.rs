use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, ErrorKind};

/// Says what failed, and whether it may pass, without the driver's text: it can name the file and quote SQL.
pub(super) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |cause| {
        let Some(&code) = cause.sqlite_error() else {
            return match cause {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..) => Error::new(ErrorKind::Corrupt, doing),
                _ => Error::new(ErrorKind::Storage, doing),
            };
        };
        let (kind, passes) = judge(code);
        let error = Error::new(kind, doing).with_source(code);
        if passes { error.retryable() } else { error }
    }
}

fn judge(error: ffi::Error) -> (ErrorKind, bool) {
    match error.code {
        // Another connection holds it, or the call was cut short: the next one may get through.
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OperationAborted
        | ErrorCode::SchemaChanged => (ErrorKind::Unavailable, true),
        // Space, memory and descriptors come back, and a disk answers again.
        ErrorCode::DiskFull
        | ErrorCode::OutOfMemory
        | ErrorCode::CannotOpen
        | ErrorCode::SystemIoFailure
            if error.extended_code != ffi::SQLITE_IOERR_CORRUPTFS =>
        {
            (ErrorKind::Unavailable, true)
        }
        // A lock that recovery needs; every other kind of read-only waits for an operator.
        ErrorCode::ReadOnly
            if [
                ffi::SQLITE_READONLY_RECOVERY,
                ffi::SQLITE_READONLY_CANTLOCK,
                ffi::SQLITE_READONLY_CANTINIT,
            ]
            .contains(&error.extended_code) =>
        {
            (ErrorKind::Unavailable, true)
        }
        _ => (ErrorKind::Storage, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(code: i32) -> (ErrorKind, bool) {
        let error = failed("writing")(rusqlite::Error::SqliteFailure(
            ffi::Error::new(code),
            Some("/secret/path".into()),
        ));
        assert!(!format!("{error} {error:?}").contains("secret"));
        let source = std::error::Error::source(&error).unwrap();
        assert!(!format!("{source} {source:?}").contains("secret"));
        (error.kind(), error.is_retryable())
    }

    #[test]
    fn locks_and_full_disks_may_pass() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_LOCKED,
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_READONLY_RECOVERY,
        ] {
            assert_eq!(judged(code), (ErrorKind::Unavailable, true), "{code}");
        }
    }

    #[test]
    fn damage_and_refusals_do_not_pass() {
        for code in [
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_READONLY_DBMOVED,
            ffi::SQLITE_IOERR_CORRUPTFS,
            ffi::SQLITE_TOOBIG,
            ffi::SQLITE_ERROR,
        ] {
            assert_eq!(judged(code), (ErrorKind::Storage, false), "{code}");
        }
    }
}
