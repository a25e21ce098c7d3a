use super::LIST;
use crate::entry::EntryId;
use crate::format::{Listing, Parameters};
use crate::query::{Page, Position};

/// The parameter that leads to another page of a listing.
pub(super) enum Cursor {
    After(EntryId),
    Before(EntryId),
    Number(u64),
}

/// What leads to the pages around one.
pub(super) struct Around {
    pub(super) next: Option<Cursor>,
    pub(super) prev: Option<Cursor>,
}

impl Around {
    pub(super) fn new(asked: &Listing, page: &Page) -> Self {
        if let Position::FromOldest(number) = asked.position {
            let before = number.saturating_sub(1);
            return Self {
                next: page.has_newer.then_some(Cursor::Number(number + 1)),
                prev: (before > 0).then_some(Cursor::Number(before)),
            };
        }
        let last = page.entries.last().filter(|_| page.has_older);
        let older = page.searched_to.or(last.map(|entry| entry.id));
        // A search goes forward only.
        let goes_back = page.has_newer && asked.filter.text.is_none();
        let first = page.entries.first().filter(|_| goes_back);
        Self {
            next: older.map(Cursor::After),
            prev: first.map(|entry| Cursor::Before(entry.id)),
        }
    }
}

impl Cursor {
    /// Returns the id, unless it is a number.
    pub(super) fn id(&self) -> Option<String> {
        match self {
            Self::After(id) | Self::Before(id) => Some(id.to_string()),
            Self::Number(_) => None,
        }
    }

    /// Links to the page with the parameters of the listing.
    pub(super) fn link(&self, parameters: &Parameters, asked: &Listing) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(format!("{LIST}?"), LIST.len() + 1);
        for (name, value) in parameters.iter() {
            // A time ago would move on until the link is followed.
            let fixed = match name {
                "after" | "before" | "page" => continue,
                "from" => asked.filter.from,
                "to" => asked.filter.to,
                _ => None,
            };
            match fixed {
                Some(at) => query.append_pair(name, &at.rfc3339(6)),
                None => query.append_pair(name, value),
            };
        }
        match self {
            Self::After(id) => query.append_pair("after", &id.to_string()),
            Self::Before(id) => query.append_pair("before", &id.to_string()),
            Self::Number(number) => query.append_pair("page", &number.to_string()),
        };
        query.finish()
    }
}
