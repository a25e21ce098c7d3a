//! A batch in PostgreSQL's binary format of COPY: made once, and sent again as it is where it has to be.

use bytes::{BufMut, Bytes, BytesMut};

use super::text::encode;
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind};
use crate::store::sql::Row;

/// How large a piece grows before it is sent.
const PIECE_BYTES: usize = 64 << 10;
/// 2000-01-01, from where the server counts, in microseconds since 1970.
const SERVER_EPOCH: i64 = 946_684_800_000_000;
const COLUMNS: i16 = 28;

/// Returns a time as the server counts it. A time that it cannot count is before or after all others.
pub(super) fn server_time(micros: i64) -> i64 {
    micros.saturating_sub(SERVER_EPOCH)
}

/// Returns a time as we count it.
pub(super) fn own_time(micros: i64) -> i64 {
    micros.saturating_add(SERVER_EPOCH)
}

/// Encodes entries.
///
/// # Errors
///
/// When an entry cannot be split into columns.
pub(super) fn pieces(batch: &[&LogEntry]) -> Result<Vec<Bytes>, Error> {
    let mut made = Vec::new();
    let mut out = BytesMut::with_capacity(PIECE_BYTES);
    out.put_slice(b"PGCOPY\n\xff\r\n\0");
    // No flags and no extension of the header.
    out.put_i64(0);
    for entry in batch {
        put_row(&mut out, &Row::split(entry)?)?;
        if out.len() >= PIECE_BYTES {
            made.push(out.split().freeze());
            out.reserve(PIECE_BYTES);
        }
    }
    out.put_i16(-1);
    made.push(out.freeze());
    Ok(made)
}

/// The columns in the order of [`schema::columns`](super::schema::columns).
fn put_row(out: &mut BytesMut, row: &Row<'_>) -> Result<(), Error> {
    let Row {
        id,
        created_at,
        kind,
        method,
        path,
        route,
        status,
        organisation,
        project,
        environment,
        actor,
        client_ip,
        user_agent,
        request_id,
        api_version,
        actor_kind,
        session,
        api_key,
        outcome,
        micros,
        category,
        action,
        ref_id,
        exchange,
        weight,
        head,
        request_text,
        response_text,
    } = row;
    out.put_i16(COLUMNS);
    put_bytes(out, id.as_bytes())?;
    put_bytes(out, &server_time(*created_at).to_be_bytes())?;
    put_text(out, Some(kind))?;
    for text in [method, path, route] {
        put_text(out, text.as_deref())?;
    }
    match status {
        Some(status) => put_bytes(out, &i32::from(*status).to_be_bytes())?,
        None => out.put_i32(-1),
    }
    for text in [
        organisation,
        project,
        environment,
        actor,
        client_ip,
        user_agent,
        request_id,
        api_version,
        actor_kind,
        session,
        api_key,
        outcome,
    ] {
        put_text(out, text.as_deref())?;
    }
    put_integer(out, *micros)?;
    for text in [category, action, ref_id, exchange] {
        put_text(out, text.as_deref())?;
    }
    put_integer(out, weight.map(i64::from))?;
    put_text(out, Some(head))?;
    put_text(out, request_text.as_deref())?;
    put_text(out, response_text.as_deref())
}

fn put_integer(out: &mut BytesMut, value: Option<i64>) -> Result<(), Error> {
    match value {
        Some(value) => put_bytes(out, &value.to_be_bytes()),
        None => {
            out.put_i32(-1);
            Ok(())
        }
    }
}

fn put_text(out: &mut BytesMut, text: Option<&str>) -> Result<(), Error> {
    match text {
        Some(text) => put_bytes(out, encode(text).as_bytes()),
        None => {
            out.put_i32(-1);
            Ok(())
        }
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) -> Result<(), Error> {
    let length = i32::try_from(bytes.len()).map_err(|_| {
        Error::new(
            ErrorKind::Storage,
            "a text of an entry is larger than Postgres stores",
        )
    })?;
    out.put_i32(length);
    out.put_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::testing::sample;

    #[test]
    fn times_come_back_and_the_server_knows_them() {
        for time in [Timestamp::MIN, Timestamp::MAX, sample::start()] {
            let micros = time.as_micros();
            assert_eq!(own_time(server_time(micros)), micros);
        }
        assert_eq!(server_time(i64::MIN), i64::MIN);
    }

    #[test]
    fn rows_have_as_many_fields_as_the_table_has_columns() {
        assert_eq!(super::super::schema::columns().count(), COLUMNS as usize);
        let entry = sample::exchange(1);
        let pieces = pieces(&[&entry]).unwrap();
        let bytes: Vec<u8> = pieces.concat();
        let mut rest = &bytes[19..];
        let mut take = |length: usize| {
            let (taken, after) = rest.split_at(length);
            rest = after;
            taken
        };
        assert_eq!(take(2), COLUMNS.to_be_bytes());
        for _ in 0..COLUMNS {
            let length = i32::from_be_bytes(take(4).try_into().unwrap());
            take(usize::try_from(length).unwrap_or(0));
        }
        assert_eq!(take(2), (-1i16).to_be_bytes());
        assert!(rest.is_empty());
    }
}
