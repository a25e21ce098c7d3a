use std::marker::PhantomData;

use super::{Dialect, Drift};
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
    Id(EntryId),
}

/// Returns a duration as a column holds it.
pub(in crate::store) fn micros(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

impl<D: Dialect> Condition<D> {
    /// Makes the condition that every filter is met. The scope goes first.
    ///
    /// # Errors
    ///
    /// When there are more values than the engine binds.
    pub(in crate::store) fn new<'f>(
        filters: impl IntoIterator<Item = &'f Filter>,
        drift: Drift,
    ) -> Result<Self, Error> {
        let mut made = Self {
            text: String::from("1 = 1"),
            values: Vec::new(),
            dialect: PhantomData,
        };
        for filter in filters {
            made.meets(filter, drift);
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
        self.values.push(value);
        D::placeholder(self.values.len(), &mut self.text);
    }

    /// Adds a piece of SQL.
    pub(in crate::store) fn push_sql(&mut self, sql: &'static str) {
        self.text.push_str(sql);
    }

    fn meets(&mut self, filter: &Filter, drift: Drift) {
        let Filter {
            from,
            to,
            methods,
            statuses,
            paths,
            routes,
            actors,
            organisations,
            projects,
            environments,
            client_ips,
            user_agents,
            request_ids,
            api_versions,
            kinds,
            actor_kinds,
            sessions,
            api_keys,
            outcomes,
            min_micros,
            max_micros,
            categories,
            actions,
            ref_ids,
            exchanges,
            // No column has it: the entries are asked.
            text: _,
            nothing,
        } = filter;
        if *nothing {
            self.push_sql(" AND 1 = 0");
        }
        if let Some(from) = from {
            self.and("created_at >= ", Value::Integer(from.as_micros()));
            self.and("id >= ", Value::Id(drift.first_from(*from)));
        }
        if let Some(to) = to {
            self.and("created_at <= ", Value::Integer(to.as_micros()));
            self.and("id <= ", Value::Id(drift.last_to(*to)));
        }
        self.one_of("organisation", organisations.iter().cloned());
        self.one_of("project", projects.iter().cloned());
        self.one_of("environment", environments.iter().cloned());
        self.one_of("kind", kinds.iter().map(|it| it.as_str().to_owned()));
        self.one_of("method", methods.iter().cloned());
        self.one_of("route", routes.iter().cloned());
        self.one_of("actor", actors.iter().cloned());
        self.one_of("client_ip", client_ips.iter().map(ToString::to_string));
        self.one_of("user_agent", user_agents.iter().cloned());
        self.one_of("request_id", request_ids.iter().cloned());
        self.one_of("api_version", api_versions.iter().cloned());
        self.one_of(
            "actor_kind",
            actor_kinds.iter().map(|it| it.as_str().to_owned()),
        );
        self.one_of("session", sessions.iter().cloned());
        self.one_of("api_key", api_keys.iter().cloned());
        self.one_of("outcome", outcomes.iter().map(|it| it.as_str().to_owned()));
        self.one_of("category", categories.iter().cloned());
        self.one_of("action", actions.iter().cloned());
        self.one_of("ref_id", ref_ids.iter().cloned());
        self.one_of("exchange", exchanges.iter().map(ToString::to_string));
        if let Some(least) = min_micros {
            self.and("micros >= ", Value::Integer(micros(*least)));
        }
        if let Some(most) = max_micros {
            self.and("micros <= ", Value::Integer(micros(*most)));
        }
        self.statuses(statuses);
        self.paths(paths);
    }

    fn one_of(&mut self, column: &'static str, values: impl ExactSizeIterator<Item = String>) {
        match values.len() {
            0 => {}
            1 => {
                self.push_sql(" AND ");
                self.push_sql(column);
                values.for_each(|value| self.push(" = ", Value::Text(value)));
            }
            _ => {
                self.push_sql(" AND ");
                self.push_sql(D::NOT_BY_INDEX);
                self.push_sql(column);
                self.push_sql(" IN ");
                self.list(values);
            }
        }
    }

    fn list(&mut self, values: impl Iterator<Item = String>) {
        for (number, value) in values.enumerate() {
            let before = if number == 0 { "(" } else { ", " };
            self.push(before, Value::Text(value));
        }
        self.push_sql(")");
    }

    fn statuses(&mut self, statuses: &[StatusRange]) {
        if statuses.is_empty() {
            return;
        }
        // Follows from the ranges; said so that an index of the failed calls alone can be used.
        if statuses.iter().all(|range| range.from >= 400) {
            self.push_sql(" AND status >= 400");
        }
        self.push_sql(" AND ");
        self.any(statuses, &mut |this, range| {
            this.push("status BETWEEN ", Value::Integer(range.from.into()));
            this.push(" AND ", Value::Integer(range.to.into()));
        });
    }

    fn paths(&mut self, paths: &[PathPattern]) {
        let (wild, exact): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.is_wild());
        let exact = exact.iter().map(|path| path.as_str().to_owned());
        match (wild.as_slice(), exact.len()) {
            ([], _) => self.one_of("path", exact),
            (wild, 0) => {
                self.push_sql(" AND ");
                self.any(wild, &mut |this, path| D::path_matches(this, path));
            }
            (wild, _) => {
                self.push_sql(" AND (path IN ");
                self.list(exact);
                self.push_sql(" OR ");
                self.any(wild, &mut |this, path| D::path_matches(this, path));
                self.push_sql(")");
            }
        }
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
