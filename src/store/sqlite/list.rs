//! Pages and counts: what a listing asks of a [`Search`].
//!
//! A search for text has no index. It reads the entries that pass the rest of the filter one by one; a page by cursor looks at [`TEXT_ENTRIES`]
//! or [`TEXT_BYTES`] at most, which takes about 15 ms, and says how far it came.

use std::ops::ControlFlow::{Break, Continue};

use rusqlite::Connection;

use super::pool::snapshot;
use super::read::entry;
use super::search::{ALL, Ids, Order, Search, after, before, from, to};
use crate::entry::{EntryId, LogEntry};
use crate::error::Error;
use crate::query::{Filter, LogQuery, Page, Position, Scope};

/// How many entries a page by cursor looks at for a text.
const TEXT_ENTRIES: usize = 1000;
/// How many bytes of entries a page by cursor looks at for a text, as [`LogEntry::size_bytes`] counts them.
const TEXT_BYTES: usize = 8 << 20;

pub(super) fn list(db: &mut Connection, query: &LogQuery) -> Result<Page, Error> {
    let db = snapshot(db)?;
    let filters = [query.scope.as_filter(), &query.filter];
    let listing = Listing {
        db: &db,
        query,
        search: Search::new(&db, &filters)?,
        limit: query.limit.clamp(1, LogQuery::MAX_LIMIT) as usize,
    };
    listing.page(query.position)
}

pub(super) fn count(db: &mut Connection, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    let db = snapshot(db)?;
    let filters = [scope.as_filter(), filter];
    let search = Search::new(&db, &filters)?;
    if filter.text.is_none() {
        return search.count();
    }
    let mut count = 0;
    search.each(Order::NewestFirst, &ALL, 0, &mut |found| {
        let entry = entry(&db, found.id)?;
        let passes = |entry: &LogEntry| scope.allows(entry) && filter.matches(entry);
        count += u64::from(entry.as_ref().is_some_and(passes));
        Ok(Continue(()))
    })?;
    Ok(count)
}

struct Listing<'l> {
    db: &'l Connection,
    query: &'l LogQuery,
    search: Search<'l>,
    limit: usize,
}

/// Where a part of a listing lies.
struct Place {
    order: Order,
    ids: Ids,
    skip: u64,
    limit: usize,
    /// How many entries a search for text looks at.
    most_entries: usize,
    /// How many bytes of entries a search for text looks at.
    most_bytes: usize,
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
    fn page(&self, position: Position) -> Result<Page, Error> {
        use Order::{NewestFirst, OldestFirst};
        let mut page = Page::default();
        let part = match position {
            Position::First => self.take(Place::new(NewestFirst, ALL, self.limit))?,
            Position::After(id) => {
                page.has_newer = self.has_any(OldestFirst, id..=EntryId::MAX)?;
                self.take(Place::new(NewestFirst, to(before(id)), self.limit))?
            }
            Position::Before(id) => {
                page.has_older = self.has_any(NewestFirst, EntryId::MIN..=id)?;
                self.take(Place::new(OldestFirst, from(after(id)), self.limit))?
            }
            Position::Number(number) => {
                let (part, has_before) = self.numbered(NewestFirst, number)?;
                page.has_newer = has_before;
                part
            }
            Position::FromOldest(number) => {
                let (part, has_before) = self.numbered(OldestFirst, number)?;
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
    fn numbered(&self, order: Order, number: u64) -> Result<(Part, bool), Error> {
        let pages = number.saturating_sub(1);
        let part = match pages.checked_mul(self.limit as u64) {
            Some(skip) => self.take(Place {
                skip,
                most_entries: usize::MAX,
                most_bytes: usize::MAX,
                ..Place::new(order, ALL, self.limit)
            })?,
            None => Part::default(),
        };
        let has_before = pages > 0 && (!part.entries.is_empty() || self.has_any(order, ALL)?);
        Ok((part, has_before))
    }

    /// Tells whether there is any entry, or may be any where a text is not found soon.
    fn has_any(&self, order: Order, ids: Ids) -> Result<bool, Error> {
        Ok(self.take(Place::new(order, ids, 0))?.has_more)
    }

    fn take(&self, place: Place) -> Result<Part, Error> {
        match &self.query.filter.text {
            None => self.take_any(place),
            Some(_) => self.take_with_text(place),
        }
    }

    fn take_any(&self, place: Place) -> Result<Part, Error> {
        let mut part = Part::default();
        self.search
            .each(place.order, &place.ids, place.skip, &mut |found| {
                if part.entries.len() < place.limit || !found.is_sure {
                    let entry = entry(self.db, found.id)?;
                    let entry = entry.filter(|it| found.is_sure || self.query.matches(it));
                    let Some(entry) = entry else {
                        return Ok(Continue(()));
                    };
                    if part.entries.len() < place.limit {
                        part.entries.push(entry);
                        return Ok(Continue(()));
                    }
                }
                part.has_more = true;
                Ok(Break(()))
            })?;
        Ok(part)
    }

    fn take_with_text(&self, mut place: Place) -> Result<Part, Error> {
        let mut part = Part::default();
        let (mut entries, mut bytes, mut last) = (0, 0, None);
        self.search.each(place.order, &place.ids, 0, &mut |found| {
            if entries >= place.most_entries || bytes >= place.most_bytes {
                (part.has_more, part.searched_to) = (true, last);
                return Ok(Break(()));
            }
            let Some(entry) = entry(self.db, found.id)? else {
                return Ok(Continue(()));
            };
            (entries, bytes, last) = (entries + 1, bytes + entry.size_bytes(), Some(found.id));
            if !self.query.matches(&entry) {
                return Ok(Continue(()));
            }
            if place.skip > 0 {
                place.skip -= 1;
                return Ok(Continue(()));
            }
            if part.entries.len() == place.limit {
                part.has_more = true;
                return Ok(Break(()));
            }
            part.entries.push(entry);
            Ok(Continue(()))
        })?;
        Ok(part)
    }
}

impl Place {
    /// Makes the place of a page by cursor.
    fn new(order: Order, ids: Ids, limit: usize) -> Self {
        Self {
            order,
            ids,
            skip: 0,
            limit,
            most_entries: TEXT_ENTRIES,
            most_bytes: TEXT_BYTES,
        }
    }
}
