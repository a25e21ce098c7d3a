//! Callbacks of the application that see every value that is left, and say what to store.
//!
//! - They are asked last. What they are given has been masked, and what a rule hid is never given.
//! - They run on a thread of their own, with a deadline for each value. A value whose callback panics or is late is withheld and counted; a
//!   thread that is late is left to itself, and its successor goes on with the next value. Where [`Runner::MAX_ABANDONED`] threads are left
//!   to themselves, every value is withheld until one of them comes back.
//! - Of an entry the values are collected, asked all at once, and written back as their places want it.
//!
//! Without a callback there is no thread and nothing of this is done.

mod leaves;
mod review;
mod runner;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Rules;
use crate::elided::Elided;
use crate::entry::Place;

pub(super) use review::Kind;
pub(super) use runner::Runner;

/// A value that a callback is asked about. It has been masked by the rules.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Value<'v> {
    /// The part of the entry.
    pub place: Place,
    /// Where in that part: the name of a header, parameter, part or note, the number of a segment of the path, or a JSON pointer; empty for
    /// text that is offered as a whole.
    pub pointer: &'v str,
    /// The decoded text: a header's value, a parameter, a string or number of JSON, a text body.
    pub text: &'v str,
}

/// What a callback says of a value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It is stored as it is.
    Keep,
    /// This text is stored in its place.
    Replace(String),
    /// The mark is stored in its place.
    Hide,
}

pub(super) type Callback = dyn Fn(&Value<'_>) -> Answer + Send + Sync;

/// What the rules say of callbacks.
#[derive(Clone, Default)]
pub(super) struct Callbacks {
    /// In the order in which they are asked.
    all: Vec<Arc<Callback>>,
    limit: Option<Duration>,
}

impl Rules {
    /// Asks the application about every value that the rules have left: header values, parameters of queries and forms, strings and numbers of
    /// JSON, multipart fields, segments of the path, notes, and the texts and values of events. What a rule has hidden is not offered. Of
    /// several callbacks each is given what the one before it made of the value.
    ///
    /// It runs on a thread of its own. A value whose callback panics, or takes longer than [`callback_limit`](Self::callback_limit), is stored as
    /// `[WITHHELD]` and counted in [`Stats::withheld_by_callbacks`](crate::recorder::Stats::withheld_by_callbacks); so is what is left of an
    /// entry for which all answers together take twenty times as long.
    ///
    /// # Example: numbers of customers
    ///
    /// ```
    /// use tower_api_log::mask::{Answer, Masker, Rules};
    ///
    /// let rules = Rules::default().callback(|value| match value.text.strip_prefix("customer-") {
    ///     Some(_) if value.pointer.ends_with("/ref") => Answer::Replace("customer-…".to_owned()),
    ///     _ => Answer::Keep,
    /// });
    /// let shown = Masker::new(&rules)?.body(Some("application/json"), br#"{"ref":"customer-17","n":1}"#);
    /// assert_eq!(shown.text(), Some(r#"{"ref":"customer-…","n":1}"#));
    /// # Ok::<(), tower_api_log::Error>(())
    /// ```
    pub fn callback(
        mut self,
        callback: impl Fn(&Value<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.callbacks.all.push(Arc::new(callback));
        self
    }

    /// Sets how long callbacks may take for one value, 50 ms by default.
    pub fn callback_limit(mut self, limit: Duration) -> Self {
        self.callbacks.limit = Some(limit);
        self
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("Keep"),
            Self::Replace(text) => f.debug_tuple("Replace").field(&Elided::of(text)).finish(),
            Self::Hide => f.write_str("Hide"),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value")
            .field("place", &self.place)
            .field("pointer", &self.pointer)
            .finish_non_exhaustive()
    }
}
