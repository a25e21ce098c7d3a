//! Filters as conditions on columns, with everything that came from outside bound and nothing of it in the text.

use std::borrow::Cow;

use super::columns::{ESCAPE, number, stored};
use crate::entry::EntryId;
use crate::error::Error;
use crate::query::{Filter, PathPattern, StatusRange};
use crate::store::sql::Wanted;

/// The server reads a bound value of 128 KiB at most, and 1000 of them.
const MAX_VALUE_BYTES: usize = 100 << 10;
/// A question has its condition twice at most, and a few values of its own.
const MAX_VALUES: usize = 450;
/// More patterns or ranges than these are looked for one after the other in one list each.
const MAX_ALTERNATIVES: usize = 16;

/// A piece of SQL, and what is bound to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    pieces: Vec<Piece>,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(Cow<'static, str>),
    /// The place of one of the values, by its number from 0.
    Place(usize),
}

/// A value to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Integers(Vec<i64>),
    Natural(u64),
    Id(EntryId),
    Ids(Vec<EntryId>),
}

impl Value {
    fn sql_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "String",
            Self::Texts(_) => "Array(String)",
            Self::Integer(_) => "Int64",
            Self::Integers(_) => "Array(Int64)",
            Self::Natural(_) => "UInt64",
            Self::Id(_) => "UInt128",
            Self::Ids(_) => "Array(UInt128)",
        }
    }

    /// Returns how many bytes the value takes at most on its way.
    fn size_bytes(&self) -> usize {
        match self {
            Self::Text(text) => escaped_bytes(text),
            Self::Texts(texts) => texts.iter().map(|text| escaped_bytes(text)).sum(),
            Self::Integers(numbers) => numbers.len() * 21,
            Self::Ids(ids) => ids.len() * 40,
            Self::Integer(_) | Self::Natural(_) | Self::Id(_) => 40,
        }
    }
}

fn escaped_bytes(text: &str) -> usize {
    text.len() * 2 + 3
}

impl Sql {
    /// Begins with a piece of SQL.
    pub(super) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
            values: Vec::new(),
        }
    }

    /// Makes the condition that every filter is met. The scope goes first.
    ///
    /// # Errors
    ///
    /// When a value is longer, or there are more values, than the server takes.
    pub(super) fn matching<'f>(
        filters: impl IntoIterator<Item = &'f Filter>,
    ) -> Result<Self, Error> {
        let mut made = Self::new("1 = 1");
        for filter in filters {
            for (column, wanted) in Wanted::of(filter) {
                made.sql(" AND ");
                made.meets(column, wanted);
            }
        }
        made.check()?;
        Ok(made)
    }

    fn check(&self) -> Result<(), Error> {
        if self.values.len() > MAX_VALUES {
            return Err(Error::invalid_query("a query has too many values"));
        }
        if self
            .values
            .iter()
            .any(|it| it.size_bytes() > MAX_VALUE_BYTES)
        {
            return Err(Error::invalid_query(
                "a value of a query must have less than 50,000 bytes",
            ));
        }
        Ok(())
    }

    /// Returns the text, with `v0` and so on for the values.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Place(number) => {
                    let sql_type = self.values.get(*number).map_or("", Value::sql_type);
                    text.push_str(&format!("{{v{number}:{sql_type}}}"));
                }
            }
        }
        text
    }

    /// Returns the values, with the names by which the text has them.
    pub(super) fn values(&self) -> impl Iterator<Item = (String, &Value)> {
        let numbered = self.values.iter().enumerate();
        numbered.map(|(number, value)| (format!("v{number}"), value))
    }

    /// Adds a piece of SQL.
    pub(super) fn sql(&mut self, text: impl Into<Cow<'static, str>>) -> &mut Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// Adds a value and its place.
    pub(super) fn bind(&mut self, value: Value) -> &mut Self {
        self.pieces.push(Piece::Place(self.values.len()));
        self.values.push(value);
        self
    }

    /// Adds another piece with its values.
    pub(super) fn append(&mut self, other: Self) -> &mut Self {
        let before = self.values.len();
        self.pieces
            .extend(other.pieces.into_iter().map(|piece| match piece {
                Piece::Place(number) => Piece::Place(before + number),
                text => text,
            }));
        self.values.extend(other.values);
        self
    }

    /// Adds the condition that a column has one of some texts.
    pub(super) fn listed<'t>(
        &mut self,
        column: &'static str,
        texts: impl Iterator<Item = &'t str>,
    ) -> &mut Self {
        self.one_of(column, texts.map(Cow::Borrowed).collect());
        self
    }

    /// Adds the condition that an entry's id is one of these.
    pub(super) fn ids(&mut self, ids: &[EntryId]) -> &mut Self {
        self.sql("(1 = 0");
        for chunk in ids.chunks(MAX_VALUE_BYTES / 40) {
            self.sql(" OR id IN ").bind(Value::Ids(chunk.to_vec()));
        }
        self.sql(")")
    }

    /// Adds the condition that the filter's text is found, if it has one.
    pub(super) fn has_text(&mut self, filter: &Filter) -> Result<&mut Self, Error> {
        let Some(text) = &filter.text else {
            return Ok(self);
        };
        let escapes = text.contains(ESCAPE);
        let value = Value::Text(text.to_ascii_lowercase());
        let mut before = " AND (";
        for column in ["request_text", "response_text"] {
            self.sql(before)
                .sql(column)
                .sql(" != '' AND position(lower(");
            self.unescaped(column, escapes).sql("), ");
            self.bind(value.clone()).sql(") > 0");
            before = " OR ";
        }
        self.sql(")");
        self.check()?;
        Ok(self)
    }

    /// Adds a column, without its escape where that makes a difference.
    fn unescaped(&mut self, column: &'static str, escapes: bool) -> &mut Self {
        match escapes {
            true => self.sql(format!(
                "if(startsWith({column}, '\\x01'), substring({column}, 2), {column})"
            )),
            false => self.sql(column),
        }
    }

    fn meets(&mut self, column: &'static str, wanted: Wanted<'_>) {
        match wanted {
            Wanted::OneOf(values) => self.one_of(column, values),
            Wanted::Matching(patterns) => self.paths(patterns),
            Wanted::Status(ranges) => self.statuses(ranges),
            Wanted::Within(range) => {
                self.sql(column)
                    .sql(" BETWEEN ")
                    .bind(Value::Integer(*range.start()));
                self.sql(" AND ").bind(Value::Integer(*range.end()));
            }
        }
    }

    fn one_of(&mut self, column: &'static str, values: Vec<Cow<'_, str>>) {
        let mut texts = values.into_iter().map(|it| stored(Some(it)).into_owned());
        if texts.len() == 1 {
            // Not `IN`, with which the server does not read along the sorting key.
            let text = texts.next().unwrap_or_default();
            self.sql(column).sql(" = ").bind(Value::Text(text));
            return;
        }
        self.sql("(1 = 0");
        for chunk in chunks(texts) {
            self.sql(" OR ")
                .sql(column)
                .sql(" IN ")
                .bind(Value::Texts(chunk));
        }
        self.sql(")");
    }

    fn statuses(&mut self, ranges: &[StatusRange]) {
        let ranges = disjoint(ranges);
        if ranges.len() > MAX_ALTERNATIVES {
            let lows = ranges.iter().map(|range| range.0).collect();
            let highs = ranges.iter().map(|range| range.1).collect();
            self.sql("arrayExists((low, high) -> status BETWEEN low AND high, ");
            self.bind(Value::Integers(lows))
                .sql(", ")
                .bind(Value::Integers(highs))
                .sql(")");
            return;
        }
        self.sql("(1 = 0");
        for (low, high) in ranges {
            self.sql(" OR status BETWEEN ").bind(Value::Integer(low));
            self.sql(" AND ").bind(Value::Integer(high));
        }
        self.sql(")");
    }

    fn paths(&mut self, patterns: &[PathPattern]) {
        let (wild, exact): (Vec<_>, Vec<_>) = patterns.iter().partition(|it| it.is_wild());
        let escapes = wild.iter().any(|it| it.as_str().contains(ESCAPE));
        let likes: Vec<_> = wild.iter().map(|it| like(it.as_str())).collect();
        self.sql("(");
        self.one_of("path", exact.iter().map(|it| it.as_str().into()).collect());
        self.sql(" OR path != '' AND (1 = 0");
        if likes.len() > MAX_ALTERNATIVES {
            for chunk in chunks(likes.into_iter()) {
                self.sql(" OR arrayExists(it -> ")
                    .unescaped("path", escapes);
                self.sql(" LIKE it, ").bind(Value::Texts(chunk)).sql(")");
            }
        } else {
            for like in likes {
                self.sql(" OR ").unescaped("path", escapes);
                self.sql(" LIKE ").bind(Value::Text(like));
            }
        }
        self.sql("))");
    }
}

/// Returns a pattern with stars as `LIKE` has it.
fn like(pattern: &str) -> String {
    let mut like = String::with_capacity(pattern.len() + 8);
    for character in pattern.chars() {
        match character {
            '*' => like.push('%'),
            '%' | '_' | '\\' => like.extend(['\\', character]),
            other => like.push(other),
        }
    }
    like
}

/// Merges ranges that touch.
fn disjoint(ranges: &[StatusRange]) -> Vec<(i64, i64)> {
    let proper = ranges.iter().filter(|range| range.from <= range.to);
    let mut sorted: Vec<(i64, i64)> = proper.map(|it| (it.from.into(), it.to.into())).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (low, high) in sorted {
        match merged.last_mut() {
            Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// Splits texts into lists that the server takes as one value each.
fn chunks(texts: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let (mut chunks, mut bytes) = (Vec::<Vec<String>>::new(), usize::MAX);
    for text in texts {
        bytes = bytes.saturating_add(escaped_bytes(&text));
        match chunks.last_mut() {
            Some(chunk) if bytes <= MAX_VALUE_BYTES => chunk.push(text),
            _ => {
                bytes = escaped_bytes(&text);
                chunks.push(vec![text]);
            }
        }
    }
    chunks
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Integer(number) => number.serialize(serializer),
            Self::Integers(numbers) => numbers.serialize(serializer),
            Self::Natural(number) => number.serialize(serializer),
            Self::Id(id) => number(*id).serialize(serializer),
            Self::Ids(ids) => serializer.collect_seq(ids.iter().map(|id| number(*id))),
        }
    }
}
