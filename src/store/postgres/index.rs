//! The indexes, and why there are these.
//!
//! # As measured
//!
//! CPU microseconds of the server for a row and bytes on disk, for rows of 3 KB in PostgreSQL 15, by a binary copy of 50,000 into one partition:
//!
//! | layout | CPU | bytes of indexes |
//! |---|--:|--:|
//! | primary key, texts packed by pglz | 34 | 31 |
//! | **primary key, texts packed by lz4** | 16 | 31 |
//! | and a B-tree of one column and the id | 17 to 18 | 80 to 130 |
//! | and such B-trees of nine columns | 29 | 480 |
//! | and such B-trees of all 22 | 51 | 1370 |
//! | and one BRIN of blooms of the eleven columns of few values | 18 | 35 |
//! | and one BRIN of blooms of all | 20 | 75 |
//! | **primary key and the indexes below** | 49 | 840 |
//!
//! A B-tree of a column and the id gives a page in its order, however often the value comes. It is there for columns whose values come in up to a few of
//! a thousand rows, partial where a column is often empty; and for what an organisation asks of its own, a path and what failed, which would otherwise
//! read all of its rows. Of a column of few values a page is found by walking the primary key, unless
//! the value is rare: for these there is one BRIN, which says of each 64 pages what they cannot have, for next to nothing.
//!
//! Calls that took a second or longer are few and asked for by how long they took, at any place of the log: they have a small index in the order of pages.
//!
//! A path that begins as asked is found by the B-tree of paths, beside a small one of the few that are too long for it.
//!
//! An index refuses values of more than 2700 bytes, and with them the batch: longer ones than 512 are left out, and questions say that they ask for none.

use super::names::Names;

/// The most bytes of a value that an index has, as the conditions below say it.
pub(super) const MAX_INDEXED_BYTES: usize = 512;

/// From how many microseconds on a call is in the index of slow ones.
const SLOW_MICROS: i64 = 1_000_000;

macro_rules! short {
    ($($column:literal),*) => {
        [$(($column, concat!(" AND octet_length(", $column, ") <= 512"))),*]
    };
}

/// The columns with a B-tree, and the condition on the values that are in it.
const COLUMNS: [(&str, &str); 13] = short![
    "organisation",
    "project",
    "actor",
    "session",
    "api_key",
    "client_ip",
    "user_agent",
    "request_id",
    "path",
    "category",
    "action",
    "ref_id",
    "exchange"
];

/// The columns of few values.
const FEW: [&str; 7] = [
    "kind",
    "method",
    "route",
    "environment",
    "api_version",
    "actor_kind",
    "outcome",
];

/// Returns what a question adds, of values that are short enough, to be answered from an index.
pub(super) fn condition(column: &str) -> Option<&'static str> {
    let found = COLUMNS.iter().find(|(name, _)| *name == column);
    found.map(|(_, condition)| *condition)
}

/// Returns what a question for slow calls adds to be answered from their index.
pub(super) fn slower(least_micros: i64) -> Option<&'static str> {
    (least_micros >= SLOW_MICROS).then_some(" AND micros >= 1000000")
}

pub(super) fn statements(names: &Names) -> Vec<String> {
    let entry = names.entry();
    let mut made: Vec<_> = COLUMNS
        .into_iter()
        .map(|(column, condition)| {
            let condition = condition.trim_start_matches(" AND ");
            format!("CREATE INDEX ON {entry} ({column}, id) WHERE {condition}")
        })
        .collect();
    let short = "octet_length(organisation) <= 512";
    made.extend([
        format!("CREATE INDEX ON {entry} (organisation, path, id) WHERE {short} AND octet_length(path) <= 512"),
        format!("CREATE INDEX ON {entry} (organisation, id) WHERE {short} AND status >= 400"),
        format!("CREATE INDEX ON {entry} (status, id) WHERE status >= 400"),
        format!("CREATE INDEX ON {entry} (id) WHERE octet_length(path) > 512"),
        format!("CREATE INDEX ON {entry} (id, micros) WHERE micros >= {SLOW_MICROS}"),
    ]);
    // Without them the server takes a third of all values for that short.
    made.extend(COLUMNS.iter().map(|(column, _)| {
        let name = names.of(&names.bare(&format!("_{column}_length")));
        format!("CREATE STATISTICS {name} ON (octet_length({column})) FROM {entry}")
    }));
    let blooms: Vec<_> = FEW
        .map(|column| format!("{column} text_bloom_ops(n_distinct_per_range=64)"))
        .into();
    made.push(format!(
        "CREATE INDEX ON {entry} USING brin ({}, status int4_minmax_multi_ops, micros int8_minmax_ops) WITH (pages_per_range=64, autosummarize=on)",
        blooms.join(", ")
    ));
    made
}
