//! Pages.
//!
//! A page is one question in two steps. The inner one reads the columns of the filter along the sorting key and finds the keys of the page, and
//! of one entry on its other side; the outer one reads these entries, in all their copies. Which copy is the entry shows only then, so that each
//! is asked again whether it belongs to the listing. Duplicates are rare: `FINAL`, which merges them on the way, would read all of an
//! organisation for each page.
//!
//! It looks at the nearest day first, and goes back in larger steps while the page is not full: see [`Order::steps`].
//!
//! A search for text has no index. A page by cursor looks at [`TEXT_ENTRIES`] or [`TEXT_BYTES`] at most, and says how far it came.

use clickhouse::Row;
use serde::Deserialize;

use super::condition::{Sql, Value};
use super::day;
use super::order::{Extent, Order};
use super::read::{FAILED, NAMES, Newest};
use super::server::Server;
use crate::clock::{Clock, SystemClock};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{LogQuery, Page, Position};

/// How many entries a page by cursor looks at for a text.
const TEXT_ENTRIES: u64 = 5000;
/// How many bytes of bodies a page by cursor looks at for a text.
const TEXT_BYTES: u64 = 64 << 20;

/// A part of a listing, in its order.
#[derive(Default)]
struct Part {
    entries: Vec<LogEntry>,
    /// Whether more follow, or may follow.
    has_more: bool,
    /// Whether there are any before the part, or may be.
    has_before: bool,
    searched_to: Option<EntryId>,
}

/// Returns a page.
pub(super) async fn list(server: &Server, query: &LogQuery) -> Result<Page, Error> {
    let listing = Listing {
        server,
        query,
        limit: query.limit.clamp(1, LogQuery::MAX_LIMIT) as usize,
    };
    let (order, part) = match query.position {
        Position::First => (
            Order::NewestFirst,
            listing.part(Order::NewestFirst, None).await?,
        ),
        Position::After(id) => (
            Order::NewestFirst,
            listing.part(Order::NewestFirst, Some(id)).await?,
        ),
        Position::Before(id) => (
            Order::OldestFirst,
            listing.part(Order::OldestFirst, Some(id)).await?,
        ),
        // The first page needs to skip none, but must not stop early for a text.
        Position::Number(0 | 1) if query.filter.text.is_none() => (
            Order::NewestFirst,
            listing.part(Order::NewestFirst, None).await?,
        ),
        Position::FromOldest(0 | 1) if query.filter.text.is_none() => (
            Order::OldestFirst,
            listing.part(Order::OldestFirst, None).await?,
        ),
        Position::Number(number) => (
            Order::NewestFirst,
            listing.numbered(Order::NewestFirst, number).await?,
        ),
        Position::FromOldest(number) => (
            Order::OldestFirst,
            listing.numbered(Order::OldestFirst, number).await?,
        ),
    };
    let mut page = Page {
        entries: part.entries,
        searched_to: part.searched_to,
        ..Page::default()
    };
    (page.has_older, page.has_newer) = match order {
        Order::NewestFirst => (part.has_more, part.has_before),
        Order::OldestFirst => (part.has_before, part.has_more),
    };
    if let Position::Before(_) = query.position {
        page.entries.reverse();
    }
    Ok(page)
}

struct Listing<'l> {
    server: &'l Server,
    query: &'l LogQuery,
    limit: usize,
}

/// How far a search for text may look.
#[derive(Row, Deserialize)]
struct Window {
    /// The last entry that is looked at.
    last: u128,
    looked_at: u64,
    found: u64,
}

/// Returns what the table has, or had a minute ago.
async fn extent(server: &Server) -> Result<Extent, Error> {
    #[derive(Row, Deserialize)]
    struct Found {
        rows: u64,
        partitions: u64,
        oldest: String,
    }
    if let Some(extent) = server.known_extent() {
        return Ok(extent);
    }
    let mut sql = Sql::new(format!(
        "SELECT sum(rows) AS rows, uniqExact(partition_id) AS partitions, min(partition_id) AS oldest FROM {} WHERE active AND database = currentDatabase() AND table = ",
        server.system("parts")
    ));
    sql.bind(Value::Text(
        server.local_table().trim_matches('`').to_owned(),
    ));
    let found = server.all::<Found>(FAILED, &sql).await?.into_iter().next();
    let extent = found.map_or(Extent::UNKNOWN, |it| Extent {
        rows: it.rows,
        partitions: it.partitions,
        oldest: day::start(&it.oldest),
    });
    server.learn_extent(extent);
    Ok(extent)
}

impl Listing<'_> {
    /// Returns the condition of the listing, but for the text.
    fn condition(&self) -> Result<Sql, Error> {
        Sql::matching([self.query.scope.as_filter(), &self.query.filter])
    }

    /// Tells whether an entry belongs to the listing, or may belong where its text has not been looked for.
    fn may_match(&self, entry: &LogEntry) -> bool {
        let mut filter = self.query.filter.clone();
        filter.text = None;
        self.query.scope.allows(entry) && filter.matches(entry)
    }

    /// Returns the entries behind a cursor, or from the beginning.
    async fn part(&self, order: Order, cursor: Option<EntryId>) -> Result<Part, Error> {
        let mut part = Part::default();
        let (now, extent) = (SystemClock::default().now(), extent(self.server).await?);
        let mut steps = order.steps(self.query, cursor, now, extent);
        let window = match self.query.filter.text {
            Some(_) => self.window(order, cursor, &steps).await?,
            None => None,
        };
        if window.is_some() {
            steps = vec![window];
        }
        let mut steps = steps.into_iter();
        let (mut from, mut step, mut is_first) = (cursor, steps.next().flatten(), true);
        loop {
            // Room for copies.
            let wanted = self.limit - part.entries.len() + 3;
            let sql = self.keyed(order, from, step, wanted, is_first)?;
            let (mut found, mut before, mut rows) = (Newest::default(), Newest::default(), 0);
            let read = self.server.read(FAILED, &sql, |row| {
                if from.is_none_or(|from| order.is_behind(row.id(), from)) {
                    rows += 1;
                    found.take(row)
                } else {
                    before.take(row)
                }
            });
            read.await?;
            if let (true, Some(cursor)) = (is_first, cursor) {
                // The one that was found may be an old copy.
                let is_near = before.entries.iter().any(|it| self.may_match(it));
                part.has_before = is_near || self.any_before(order, cursor).await?;
            }
            is_first = false;
            if order == Order::OldestFirst {
                found.entries.reverse();
            }
            from = found.entries.last().map(|last| last.id).or(from);
            let matching = found
                .entries
                .into_iter()
                .filter(|it| self.query.matches(it));
            part.entries.extend(matching);
            if part.entries.len() > self.limit {
                part.entries.truncate(self.limit);
                part.has_more = true;
                return Ok(part);
            }
            // Every key that was found has a row at least.
            if rows < wanted {
                let Some(next) = step.and_then(|step| Some((step, steps.next()?))) else {
                    break;
                };
                (from, step) = (Some(next.0), next.1);
            }
        }
        if window.is_some() {
            (part.has_more, part.searched_to) = (true, window);
        }
        Ok(part)
    }

    /// Returns the page behind `number - 1` others.
    async fn numbered(&self, order: Order, number: u64) -> Result<Part, Error> {
        let pages = number.saturating_sub(1);
        let mut part = Part::default();
        if let Some(skip) = pages.checked_mul(self.limit as u64) {
            let mut keys = self.keys("FINAL");
            keys.append(self.condition()?)
                .has_text(&self.query.filter)?;
            keys.sql(" ORDER BY id ").sql(order.sql()).sql(" LIMIT ");
            keys.bind(Value::Natural(self.limit as u64 + 1));
            keys.sql(" OFFSET ").bind(Value::Natural(skip));
            let mut found = Newest::default();
            let sql = self.entries(keys);
            self.server
                .read(FAILED, &sql, |row| found.take(row))
                .await?;
            part.entries = found.entries;
        }
        if order == Order::OldestFirst {
            part.entries.reverse();
        }
        part.has_before = pages > 0 && (!part.entries.is_empty() || self.any().await?);
        part.has_more = part.entries.len() > self.limit;
        part.entries.truncate(self.limit);
        Ok(part)
    }

    /// Returns the last entry that a search for text behind a cursor looks at, if it does not look at all.
    async fn window(
        &self,
        order: Order,
        cursor: Option<EntryId>,
        steps: &[Option<EntryId>],
    ) -> Result<Option<EntryId>, Error> {
        let last = match order {
            Order::NewestFirst => "minIf",
            Order::OldestFirst => "maxIf",
        };
        let (table, order_sql) = (self.server.table(), order.sql());
        for step in steps {
            let mut sql = Sql::new(format!(
                "SELECT {last}(id, before < {TEXT_BYTES}) AS last, countIf(before < {TEXT_BYTES}) AS looked_at, count() AS found
                FROM (SELECT id, sum(bytes) OVER (ORDER BY id {order_sql} ROWS UNBOUNDED PRECEDING) - bytes AS before
                FROM (SELECT id, length(request_text) + length(response_text) AS bytes FROM {table} WHERE "
            ));
            sql.append(self.condition()?);
            if let Some(cursor) = cursor {
                sql.sql(order.behind()).bind(Value::Id(cursor));
            }
            if let Some(step) = step {
                sql.sql(order.up_to()).bind(Value::Id(*step));
            }
            sql.sql(format!(" ORDER BY id {order_sql} LIMIT {TEXT_ENTRIES}))"));
            let windows = self.server.all::<Window>(FAILED, &sql).await?;
            let is_cut = |it: &Window| it.looked_at < it.found || it.found == TEXT_ENTRIES;
            if let Some(window) = windows.into_iter().find(is_cut) {
                return Ok(Some(EntryId::from_bytes(window.last.to_be_bytes())));
            }
        }
        Ok(None)
    }

    /// Asks for the entries behind a cursor, and for the one before them that is next to it.
    fn keyed(
        &self,
        order: Order,
        from: Option<EntryId>,
        last: Option<EntryId>,
        limit: usize,
        with_before: bool,
    ) -> Result<Sql, Error> {
        let mut keys = Sql::new("(");
        let condition = self.condition()?;
        keys.append(self.keys("")).append(condition.clone());
        if let Some(from) = from {
            keys.sql(order.behind()).bind(Value::Id(from));
        }
        if let Some(last) = last {
            keys.sql(order.up_to()).bind(Value::Id(last));
        }
        keys.has_text(&self.query.filter)?;
        keys.sql(" ORDER BY id ").sql(order.sql()).sql(" LIMIT ");
        keys.bind(Value::Natural(limit as u64)).sql(")");
        if let (true, Some(from)) = (with_before, from) {
            keys.sql(" UNION ALL (")
                .append(self.keys(""))
                .append(condition);
            keys.sql(order.up_to()).bind(Value::Id(from));
            keys.sql(order.reversed().up_to())
                .bind(Value::Id(order.near(from)));
            keys.sql(" ORDER BY id ")
                .sql(order.reversed().sql())
                .sql(" LIMIT 1)");
        }
        Ok(self.entries(keys))
    }

    fn keys(&self, modifier: &str) -> Sql {
        let table = self.server.table();
        Sql::new(format!(
            "SELECT organisation, id FROM {table} {modifier} WHERE "
        ))
    }

    /// Asks for all copies of the entries of some keys, by id, in the order in which [`Newest`] takes them.
    fn entries(&self, keys: Sql) -> Sql {
        let (table, within) = (self.server.table(), self.server.within());
        let mut sql = Sql::new(format!(
            "SELECT {} FROM {table} WHERE (organisation, id) {within} (",
            *NAMES
        ));
        sql.append(keys).sql(") ORDER BY id DESC");
        sql
    }

    /// Tells whether the listing has any entry.
    async fn any(&self) -> Result<bool, Error> {
        let mut condition = self.condition()?;
        condition.has_text(&self.query.filter)?;
        self.is_any(condition).await
    }

    /// Tells whether there is an entry up to a cursor, but for the text.
    async fn any_before(&self, order: Order, cursor: EntryId) -> Result<bool, Error> {
        let mut condition = self.condition()?;
        condition.sql(order.up_to()).bind(Value::Id(cursor));
        self.is_any(condition).await
    }

    async fn is_any(&self, condition: Sql) -> Result<bool, Error> {
        // First any copy, which is soon found or soon known not to be; then, as it may be an old one, a whole entry.
        for modifier in ["", "FINAL"] {
            let mut sql = Sql::new("SELECT count() FROM (");
            sql.append(self.keys(modifier))
                .append(condition.clone())
                .sql(" LIMIT 1)");
            let counts = self.server.all::<u64>(FAILED, &sql).await?;
            if counts.iter().sum::<u64>() == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
