use super::names::Names;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::store::sql::Value;
use crate::store::{Organisations, Outdated};

/// What goes, as a condition with its values: true or false of every entry, and never unknown.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
    pub(super) whole: Whole,
}

/// When a partition goes as a whole, but for what is held, so that nobody has to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Always,
    /// Where everything in it was created before a time.
    Before(Timestamp),
    /// Nobody knows without reading it.
    Unknown,
}

/// As many values as the protocol binds, but for a few.
const MAX_ORGANISATIONS: usize = 65_000;

impl Gone {
    /// Makes the condition of what is outdated and not held; `None` where nothing is.
    ///
    /// # Errors
    ///
    /// For more organisations than a statement takes values.
    pub(super) fn outdated(names: &Names, outdated: &Outdated) -> Result<Option<Self>, Error> {
        let mut gone = Self::unheld(names);
        gone.values.push(Value::Time(outdated.before.as_micros()));
        gone.sql.push_str(" AND created_at < $1");
        gone.whole = Whole::Before(outdated.before);
        let (these, goes) = match &outdated.organisations {
            Organisations::All => return Ok(Some(gone)),
            Organisations::Only(these) if these.is_empty() => return Ok(None),
            Organisations::AllBut(these) if these.is_empty() => return Ok(Some(gone)),
            Organisations::Only(these) => (these, "coalesce(organisation IN ("),
            Organisations::AllBut(these) => (these, "NOT coalesce(organisation IN ("),
        };
        if these.len() > MAX_ORGANISATIONS {
            return Err(Error::invalid_query(
                "a deletion must name at most 65000 organisations",
            ));
        }
        gone.whole = Whole::Unknown;
        gone.sql.push_str(" AND ");
        gone.sql.push_str(goes);
        for (place, organisation) in these.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            gone.values.push(Value::Text(organisation.clone()));
            gone.sql.push_str(&format!("{comma}${}", gone.values.len()));
        }
        gone.sql.push_str("), false)");
        Ok(Some(gone))
    }

    /// Makes the condition of what is not held.
    pub(super) fn unheld(names: &Names) -> Self {
        Self {
            sql: format!(
                "NOT EXISTS (SELECT 1 FROM {} held WHERE held.id = kept.id)",
                names.held()
            ),
            values: Vec::new(),
            whole: Whole::Always,
        }
    }
}
