use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, ErrorKind};

/// What came in the way of a step.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file is not what was written.
    Damaged,
    /// There is no room on the disk.
    DiskFull,
    /// The disk refuses to write, for a quota or otherwise.
    Refused(ffi::Error),
    /// Anything else.
    Failed(Error),
}

impl From<rusqlite::Error> for Fault {
    /// Judges by the code alone: the driver's text can name the file and quote SQL.
    ///
    /// The statements are fixed and tested, so that SQL that fails, a broken constraint and a column of another type are damage as well.
    fn from(cause: rusqlite::Error) -> Self {
        let Some(&code) = cause.sqlite_error() else {
            return Self::Damaged;
        };
        match code.code {
            ErrorCode::DiskFull => Self::DiskFull,
            // A file whose header says read-only; a folder that is shows when the file is made anew.
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly
            | ErrorCode::Unknown
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::SchemaChanged
            | ErrorCode::TooBig
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::NotFound => Self::Damaged,
            // Reads that give fewer bytes than the file should have.
            ErrorCode::SystemIoFailure if is_short_read(code) => Self::Damaged,
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed => Self::Failed(in_use()),
            ErrorCode::OutOfMemory => {
                let message = "the spool has no memory to work with";
                Self::Failed(Error::new(ErrorKind::Unavailable, message).retryable())
            }
            _ => Self::Refused(code),
        }
    }
}

fn is_short_read(code: ffi::Error) -> bool {
    [
        ffi::SQLITE_IOERR_SHORT_READ,
        ffi::SQLITE_IOERR_DATA,
        ffi::SQLITE_IOERR_CORRUPTFS,
    ]
    .contains(&code.extended_code)
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(cause: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        match cause.kind() {
            Io::StorageFull | Io::QuotaExceeded => Self::DiskFull,
            _ => Self::Failed(cannot("the spool's folder cannot be used", cause)),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged => Self::new(
                ErrorKind::Corrupt,
                "the spool's file is damaged again and again; see to the disk",
            )
            .retryable(),
            Fault::DiskFull => Self::new(
                ErrorKind::Unavailable,
                "the disk of the spool's folder is full; make room on it, or give the spool another folder",
            )
            .retryable(),
            Fault::Refused(code) => Self::new(
                ErrorKind::Unavailable,
                "the spool's disk does not read or write; see to the disk, its quota and the folder's permissions",
            )
            .retryable()
            .with_source(code),
            Fault::Failed(error) => error,
        }
    }
}

pub(super) fn in_use() -> Error {
    Error::configuration(
        "the spool's folder is in use by another process; give each process a folder of its own",
    )
}

/// Tells whether an error is that of a folder which another process uses.
pub(crate) fn is_in_use(error: &Error) -> bool {
    error.to_string() == in_use().to_string()
}

/// Says what a file system refused, in words of its own kind of error and without the path.
pub(super) fn cannot(doing: &'static str, cause: std::io::Error) -> Error {
    use std::io::ErrorKind as Io;
    let advice = match cause.kind() {
        Io::PermissionDenied => "make its owner the user of this process, with permission to write",
        Io::ReadOnlyFilesystem => "its file system is read-only",
        Io::NotADirectory | Io::AlreadyExists => "there is a file in the place of the folder",
        Io::NotFound => "it is gone",
        Io::StorageFull | Io::QuotaExceeded => return Fault::DiskFull.into(),
        _ => {
            let message = format!("{doing}: its file system refuses");
            let error = Error::new(ErrorKind::Unavailable, message).retryable();
            return error.with_source(cause);
        }
    };
    Error::configuration(format!("{doing}: {advice}")).with_source(cause)
}
