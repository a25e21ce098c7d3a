//! A row as ClickHouse keeps it.
//!
//! No column is `Nullable`, which costs a file and a mask each: no text is the empty one, and a text that is empty, or begins with
//! [`ESCAPE`], has one more [`ESCAPE`] before it. No number is -1.

use std::borrow::Cow;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::store::sql;

/// Stands before texts that could be taken for no text, or for escaped ones.
pub(super) const ESCAPE: char = '\u{1}';

/// The columns that are written and read, in the order of the table.
#[derive(Row, Serialize, Deserialize)]
pub(super) struct Columns<'a> {
    #[serde(borrow)]
    organisation: Cow<'a, str>,
    id: u128,
    version: u64,
    created_at: i64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    route: Cow<'a, str>,
    status: i32,
    #[serde(borrow)]
    project: Cow<'a, str>,
    #[serde(borrow)]
    environment: Cow<'a, str>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    client_ip: Cow<'a, str>,
    #[serde(borrow)]
    user_agent: Cow<'a, str>,
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    actor_kind: Cow<'a, str>,
    #[serde(borrow)]
    session: Cow<'a, str>,
    #[serde(borrow)]
    api_key: Cow<'a, str>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    micros: i64,
    #[serde(borrow)]
    category: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    ref_id: Cow<'a, str>,
    #[serde(borrow)]
    exchange: Cow<'a, str>,
    weight: u32,
    #[serde(borrow)]
    head: Cow<'a, str>,
    #[serde(borrow)]
    request_text: Cow<'a, str>,
    #[serde(borrow)]
    response_text: Cow<'a, str>,
}

impl<'a> Columns<'a> {
    /// Splits an entry into the columns of one version of it.
    pub(super) fn split(entry: &'a LogEntry, version: u64) -> Result<Self, Error> {
        let mut row = sql::Row::split(entry)?;
        if let Some(event) = entry.event() {
            // An event has no bodies; here lies what is searched for text.
            row.request_text = Some(event.text().into());
        }
        Ok(Self {
            organisation: stored(row.organisation),
            id: number(row.id),
            version,
            created_at: row.created_at,
            kind: row.kind,
            method: stored(row.method),
            path: stored(row.path),
            route: stored(row.route),
            status: row.status.map_or(-1, i32::from),
            project: stored(row.project),
            environment: stored(row.environment),
            actor: stored(row.actor),
            client_ip: stored(row.client_ip),
            user_agent: stored(row.user_agent),
            request_id: stored(row.request_id),
            api_version: stored(row.api_version),
            actor_kind: stored(row.actor_kind),
            session: stored(row.session),
            api_key: stored(row.api_key),
            outcome: stored(row.outcome),
            micros: row.micros.unwrap_or(-1),
            category: stored(row.category),
            action: stored(row.action),
            ref_id: stored(row.ref_id),
            exchange: stored(row.exchange),
            weight: row.weight.unwrap_or(0),
            head: row.head,
            request_text: stored(row.request_text),
            response_text: stored(row.response_text),
        })
    }

    /// Puts the entry together again.
    pub(super) fn join(self) -> Result<LogEntry, Error> {
        let row = sql::Row {
            id: EntryId::from_bytes(self.id.to_be_bytes()),
            created_at: self.created_at,
            kind: self.kind,
            method: loaded(self.method),
            path: loaded(self.path),
            route: loaded(self.route),
            // -1 fits no status.
            status: u16::try_from(self.status).ok(),
            organisation: loaded(self.organisation),
            project: loaded(self.project),
            environment: loaded(self.environment),
            actor: loaded(self.actor),
            client_ip: loaded(self.client_ip),
            user_agent: loaded(self.user_agent),
            request_id: loaded(self.request_id),
            api_version: loaded(self.api_version),
            actor_kind: loaded(self.actor_kind),
            session: loaded(self.session),
            api_key: loaded(self.api_key),
            outcome: loaded(self.outcome),
            micros: (self.micros >= 0).then_some(self.micros),
            category: loaded(self.category),
            action: loaded(self.action),
            ref_id: loaded(self.ref_id),
            exchange: loaded(self.exchange),
            weight: Some(self.weight),
            head: self.head,
            request_text: loaded(self.request_text),
            response_text: loaded(self.response_text),
        };
        row.join()
    }

    pub(super) fn id(&self) -> EntryId {
        EntryId::from_bytes(self.id.to_be_bytes())
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }
}

/// Returns the number of an id; numbers sort as ids do, which ClickHouse's own UUIDs do not.
pub(super) fn number(id: EntryId) -> u128 {
    u128::from_be_bytes(*id.as_bytes())
}

/// Returns a text, or none, as a column holds it.
pub(super) fn stored(text: Option<Cow<'_, str>>) -> Cow<'_, str> {
    match text {
        None => Cow::Borrowed(""),
        Some(text) if text.is_empty() || text.starts_with(ESCAPE) => {
            Cow::Owned(format!("{ESCAPE}{text}"))
        }
        Some(text) => text,
    }
}

/// Returns what [`stored`] has stored.
pub(super) fn loaded(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if text.is_empty() {
        return None;
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(ESCAPE).unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(text.strip_prefix(ESCAPE).unwrap_or(&text).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_and_none_come_back_and_no_two_are_stored_alike() {
        let texts = [
            None,
            Some(""),
            Some("\u{1}"),
            Some("\u{1}\u{1}"),
            Some("\u{1}a"),
            Some("a"),
            Some("\0"),
        ];
        let mut seen = Vec::new();
        for text in texts {
            let stored = stored(text.map(Cow::Borrowed));
            assert!(!seen.contains(&stored), "{text:?}");
            assert_eq!(loaded(stored.clone()).as_deref(), text);
            seen.push(stored);
        }
    }
}
