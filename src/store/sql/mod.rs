//! What the SQL stores share: the columns, how an entry splits into them and back, and the questions as conditions.
//!
//! Comes in: a [`LogEntry`](crate::LogEntry), or a [`LogQuery`](crate::LogQuery). Goes out: a [`Row`], or text with the values
//! to bind. What is filtered on has a column in the table `entry`; the rest is one JSON text, the head, and lies with the
//! texts of the two bodies in the table `detail`, so that a filter never reads past them. Promises: nothing that came from outside is ever part of the text.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod condition;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod drift;
mod head;
mod row;
mod wanted;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use condition::{Condition, Value};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use drift::Drift;
pub(super) use row::Row;
pub(super) use wanted::Wanted;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::query::PathPattern;

/// The columns of `entry`, in the order in which [`Row`] has them.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) const COLUMNS: [&str; 25] = [
    "id",
    "created_at",
    "kind",
    "method",
    "path",
    "route",
    "status",
    "organisation",
    "project",
    "environment",
    "actor",
    "client_ip",
    "user_agent",
    "request_id",
    "api_version",
    "actor_kind",
    "session",
    "api_key",
    "outcome",
    "micros",
    "category",
    "action",
    "ref_id",
    "exchange",
    "weight",
];

/// What differs between the engines.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) trait Dialect {
    /// How many values a statement binds at most.
    const MAX_VALUES: usize;

    /// Writes the place of a value, which is the `number`th from 1.
    fn placeholder(number: usize, value: &Value, text: &mut String);

    /// Returns a time to compare `created_at` with: a number, unless the engine has a type for it.
    fn time(micros: i64) -> Value {
        Value::Integer(micros)
    }

    /// Returns what to add to the condition that a column has one of some values, so that the engine finds an index; it must be true wherever the column has one of them.
    fn hint(_column: &'static str, _values: &[std::borrow::Cow<'_, str>]) -> Option<&'static str> {
        None
    }

    /// Returns what to add to the condition that a call took some microseconds at least, so that the engine finds an index; it must be true of all of these.
    fn slower(_least_micros: i64) -> Option<&'static str> {
        None
    }

    /// Adds the condition that the path matches a pattern with stars, as [`PathPattern::matches`] defines it.
    fn path_matches(condition: &mut Condition<Self>, pattern: &PathPattern)
    where
        Self: Sized;
}
