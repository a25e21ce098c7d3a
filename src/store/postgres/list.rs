//! Pages and counts: what a listing asks of a [`Search`].
//!
//! A search for text has no index. A page by cursor looks at [`TEXT_ENTRIES`] or [`TEXT_BYTES`] at most, on the server, and says how far it came.

use futures_util::future::try_join;
use tokio_postgres::Client;

use super::names::Names;
use super::search::{Ids, Order, Search};
use crate::entry::{EntryId, Kind, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Position, Scope};

/// How many entries a page by cursor looks at for a text.
const TEXT_ENTRIES: usize = 1000;
/// How many bytes of entries a page by cursor looks at for a text.
const TEXT_BYTES: usize = 8 << 20;
/// How many entries that may have a text are fetched at once.
const FETCHED: usize = 100;

pub(super) async fn list(client: &Client, names: &Names, query: &LogQuery) -> Result<Page, Error> {
    let filters = vec![query.scope.as_filter(), &query.filter];
    let listing = Listing {
        query,
        search: Search::new(client, names, filters).await?,
        limit: query.limit.clamp(1, LogQuery::MAX_LIMIT) as usize,
    };
    listing.page(query.position).await
}

pub(super) async fn count(
    client: &Client,
    names: &Names,
    scope: &Scope,
    filter: &Filter,
) -> Result<u64, Error> {
    let search = Search::new(client, names, vec![scope.as_filter(), filter]).await?;
    let Some(text) = &filter.text else {
        return search.count(None).await;
    };
    let exchanges = search.count(Some(text)).await?;
    let mut events = Filter::new();
    events.kinds = vec![Kind::Event];
    let filters = vec![scope.as_filter(), filter, &events];
    let search = Search::new(client, names, filters).await?;
    let mut counted = 0;
    let mut ids = Ids::ALL;
    loop {
        let found = search
            .entries(Order::NewestFirst, ids, FETCHED, None)
            .await?;
        counted += found.iter().filter(|it| filter.matches(it)).count() as u64;
        match found.get(FETCHED - 1) {
            Some(last) => ids = ids.behind(Order::NewestFirst, last.id),
            None => return Ok(exchanges + counted),
        }
    }
}

struct Listing<'l> {
    query: &'l LogQuery,
    search: Search<'l>,
    limit: usize,
}

/// The entries of a part in the order of the search.
#[derive(Default)]
struct Part {
    entries: Vec<LogEntry>,
    /// Whether more follow, or may follow.
    has_more: bool,
    /// The last entry that was looked at, where the next one was not.
    searched_to: Option<EntryId>,
}

impl Listing<'_> {
    async fn page(&self, position: Position) -> Result<Page, Error> {
        use Order::{NewestFirst, OldestFirst};
        let all = Ids::ALL;
        let mut page = Page::default();
        let part = match position {
            Position::First => self.take(NewestFirst, all, self.limit).await?,
            Position::After(id) => {
                let newer = self.has_any(OldestFirst, Ids { first: id, ..all });
                let older = self.take(NewestFirst, all.behind(NewestFirst, id), self.limit);
                let (newer, older) = try_join(newer, older).await?;
                page.has_newer = newer;
                older
            }
            Position::Before(id) => {
                let older = self.has_any(NewestFirst, Ids { last: id, ..all });
                let newer = self.take(OldestFirst, all.behind(OldestFirst, id), self.limit);
                let (older, newer) = try_join(older, newer).await?;
                page.has_older = older;
                newer
            }
            Position::Number(number) => {
                let (part, has_before) = self.numbered(NewestFirst, number).await?;
                page.has_newer = has_before;
                part
            }
            Position::FromOldest(number) => {
                let (part, has_before) = self.numbered(OldestFirst, number).await?;
                page.has_older = has_before;
                part
            }
        };
        (page.entries, page.searched_to) = (part.entries, part.searched_to);
        match position {
            Position::Before(_) | Position::FromOldest(_) => page.has_newer = part.has_more,
            _ => page.has_older = part.has_more,
        }
        if let Position::Before(_) = position {
            page.entries.reverse();
        }
        Ok(page)
    }

    /// Returns the page behind `number - 1` others, and whether there is any entry on them.
    async fn numbered(&self, order: Order, number: u64) -> Result<(Part, bool), Error> {
        let pages = number.saturating_sub(1);
        let skip = pages.checked_mul(self.limit as u64);
        let part = match (
            skip.and_then(|it| i64::try_from(it).ok()),
            &self.query.filter.text,
        ) {
            (None, _) => Part::default(),
            (Some(skip), None) => {
                let entries = self.search.numbered(order, skip, self.limit + 1).await?;
                self.cut(entries, self.limit)
            }
            (Some(skip), Some(text)) => {
                let (entries, _) = self
                    .matching(
                        order,
                        self.search.ids,
                        skip.unsigned_abs(),
                        self.limit + 1,
                        text,
                    )
                    .await?;
                self.cut(entries, self.limit)
            }
        };
        let has_before =
            pages > 0 && (!part.entries.is_empty() || self.has_any(order, Ids::ALL).await?);
        Ok((part, has_before))
    }

    /// Tells whether there is any entry, or may be any where a text is not found soon.
    async fn has_any(&self, order: Order, ids: Ids) -> Result<bool, Error> {
        match &self.query.filter.text {
            None => self.search.has_any(order, ids).await,
            Some(_) => Ok(self.take(order, ids, 0).await?.has_more),
        }
    }

    async fn take(&self, order: Order, ids: Ids, limit: usize) -> Result<Part, Error> {
        let Some(text) = &self.query.filter.text else {
            let entries = self.search.entries(order, ids, limit + 1, None).await?;
            return Ok(self.cut(entries, limit));
        };
        let looked_at = self.search.sizes(order, ids, TEXT_ENTRIES + 1).await?;
        let mut bytes = 0;
        let most = looked_at.iter().take(TEXT_ENTRIES).take_while(|(_, size)| {
            let is_within = bytes < TEXT_BYTES;
            bytes += size;
            is_within
        });
        let most = most.count();
        // Where not all were looked at, the last one that was.
        let edge = match most < looked_at.len() {
            true => most
                .checked_sub(1)
                .and_then(|last| looked_at.get(last))
                .map(|(id, _)| *id),
            false => None,
        };
        let within = edge.map_or(ids, |id| ids.up_to(order, id));
        let (entries, is_full) = self.matching(order, within, 0, limit + 1, text).await?;
        let mut part = self.cut(entries, limit);
        if !is_full && edge.is_some() {
            (part.has_more, part.searched_to) = (true, edge);
        }
        Ok(part)
    }

    /// Returns the first entries of a range that have a text, behind some that are skipped, and whether there are as many as wanted.
    async fn matching(
        &self,
        order: Order,
        mut ids: Ids,
        mut skip: u64,
        wanted: usize,
        text: &str,
    ) -> Result<(Vec<LogEntry>, bool), Error> {
        let mut found = Vec::new();
        loop {
            let fetched = self.search.entries(order, ids, FETCHED, Some(text)).await?;
            let last = fetched.get(FETCHED - 1).map(|entry| entry.id);
            for entry in fetched.into_iter().filter(|it| self.query.matches(it)) {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                found.push(entry);
                if found.len() == wanted {
                    return Ok((found, true));
                }
            }
            match last {
                Some(last) => ids = ids.behind(order, last),
                None => return Ok((found, false)),
            }
        }
    }

    /// Makes a part of the entries, of which one more than wanted was asked.
    fn cut(&self, mut entries: Vec<LogEntry>, limit: usize) -> Part {
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        Part {
            entries,
            has_more,
            searched_to: None,
        }
    }
}
