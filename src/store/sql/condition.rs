use std::borrow::Cow;
use std::marker::PhantomData;

use super::{Dialect, Wanted};
use crate::entry::EntryId;
use crate::error::Error;
use crate::query::{Filter, PathPattern, StatusRange};

/// A condition in SQL, and the values to bind to it in their order.
pub(in crate::store) struct Condition<D: Dialect> {
    text: String,
    values: Vec<Value>,
    dialect: PhantomData<D>,
}

/// A value to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Value {
    Text(String),
    Integer(i64),
    /// Microseconds since 1970, where the engine tells times from numbers.
    #[cfg(feature = "postgres")]
    Time(i64),
    Id(EntryId),
}

impl<D: Dialect> Condition<D> {
    /// Makes the condition that every filter is met, but for the text. The scope goes first.
    ///
    /// # Errors
    ///
    /// When there are more values than the engine binds.
    pub(in crate::store) fn new<'f>(
        filters: impl IntoIterator<Item = &'f Filter>,
    ) -> Result<Self, Error> {
        let mut made = Self {
            text: String::from("1 = 1"),
            values: Vec::new(),
            dialect: PhantomData,
        };
        for (column, wanted) in filters.into_iter().flat_map(Wanted::of) {
            made.push_sql(" AND ");
            made.meets(column, wanted);
        }
        // Room for the position, the limit and the offset.
        if made.values.len() + 4 > D::MAX_VALUES {
            return Err(Error::invalid_query(format!(
                "a query must have at most {} values",
                D::MAX_VALUES - 4
            )));
        }
        Ok(made)
    }

    /// Returns the text and the values.
    pub(in crate::store) fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }

    /// Adds `and`, a piece of SQL, and a value after it.
    pub(in crate::store) fn and(&mut self, sql: &'static str, value: Value) {
        self.text.push_str(" AND ");
        self.push(sql, value);
    }

    /// Adds a piece of SQL and a value after it.
    pub(in crate::store) fn push(&mut self, sql: &'static str, value: Value) {
        self.text.push_str(sql);
        D::placeholder(self.values.len() + 1, &value, &mut self.text);
        self.values.push(value);
    }

    /// Adds a piece of SQL.
    pub(in crate::store) fn push_sql(&mut self, sql: &'static str) {
        self.text.push_str(sql);
    }

    fn meets(&mut self, column: &'static str, wanted: Wanted<'_>) {
        match wanted {
            Wanted::OneOf(values) => {
                let hint = D::hint(column, &values);
                self.one_of(column, values);
                self.push_sql(hint.unwrap_or_default());
            }
            Wanted::Matching(patterns) => self.matching(patterns),
            Wanted::Status(ranges) => self.any(ranges, &mut Self::status),
            Wanted::Within(range) => {
                let value = match column {
                    "created_at" => D::time,
                    _ => Value::Integer,
                };
                self.push_sql(column);
                self.push(" BETWEEN ", value(*range.start()));
                self.push(" AND ", value(*range.end()));
                let hint = match column {
                    "micros" => D::slower(*range.start()),
                    _ => None,
                };
                self.push_sql(hint.unwrap_or_default());
            }
        }
    }

    fn one_of(&mut self, column: &'static str, values: Vec<Cow<'_, str>>) {
        match values.len() {
            0 => self.push_sql("1 = 0"),
            1 => {
                self.push_sql(column);
                self.list(" = ", values);
            }
            _ => {
                self.push_sql(column);
                self.list(" IN (", values);
                self.push_sql(")");
            }
        }
    }

    fn list(&mut self, mut before: &'static str, values: Vec<Cow<'_, str>>) {
        for value in values {
            self.push(before, Value::Text(value.into_owned()));
            before = ", ";
        }
    }

    fn status(&mut self, range: &StatusRange) {
        self.push("status BETWEEN ", Value::Integer(range.from.into()));
        self.push(" AND ", Value::Integer(range.to.into()));
    }

    fn matching(&mut self, patterns: &[PathPattern]) {
        let (wild, exact): (Vec<_>, Vec<_>) = patterns.iter().partition(|path| path.is_wild());
        self.push_sql("(");
        self.one_of("path", exact.iter().map(|it| it.as_str().into()).collect());
        self.push_sql(" OR ");
        self.any(&wild, &mut |this, path| D::path_matches(this, path));
        self.push_sql(")");
    }

    /// Joins conditions by `or` as a balanced tree: engines bound the depth of an expression.
    fn any<T>(&mut self, items: &[T], add: &mut impl FnMut(&mut Self, &T)) {
        self.push_sql("(");
        match items {
            [] => self.push_sql("1 = 0"),
            [one] => add(self, one),
            _ => {
                let (left, right) = items.split_at(items.len() / 2);
                self.any(left, add);
                self.push_sql(" OR ");
                self.any(right, add);
            }
        }
        self.push_sql(")");
    }
}
