use std::fmt;
use std::sync::Arc;

use super::access::Access;
use super::routes::Routes;
use super::{LogApi, Shared};
use crate::clock::{Clock, SystemClock};
use crate::entry::EntryIds;
use crate::error::Error;
use crate::format::WireFormat;
use crate::store::LogStore;

/// A read side in the making. It can only be built once [`Builder::access`] has said who may read.
pub struct Builder<A> {
    store: Arc<dyn LogStore>,
    formats: Vec<Box<dyn WireFormat>>,
    clock: Box<dyn Clock>,
    access: A,
}

/// Nobody has said yet who may read.
#[derive(Clone, Copy, Debug)]
pub struct Unguarded(());

impl Builder<Unguarded> {
    pub(super) fn new(store: Arc<dyn LogStore>) -> Self {
        Self {
            store,
            formats: Vec::new(),
            clock: Box::new(SystemClock::default()),
            access: Unguarded(()),
        }
    }

    /// Says who may read, and what.
    pub fn access(self, access: impl Access) -> Builder<Box<dyn Access>> {
        Builder {
            store: self.store,
            formats: self.formats,
            clock: self.clock,
            access: Box::new(access),
        }
    }
}

impl<A> Builder<A> {
    /// Adds a format. Requests that no route matches are refused in the words of the first one.
    #[must_use]
    pub fn format(mut self, format: impl WireFormat) -> Self {
        self.formats.push(Box::new(format));
        self
    }

    /// Takes the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }
}

impl Builder<Box<dyn Access>> {
    /// Builds the service.
    ///
    /// # Errors
    ///
    /// A configuration error when there is no format, when a template of a route is malformed, or when a path has a route in two formats.
    pub fn build(self) -> Result<LogApi, Error> {
        let routes = self.formats.iter().map(|format| format.routes());
        let routes = Routes::new(routes)?;
        Ok(LogApi {
            shared: Arc::new(Shared {
                store: self.store,
                formats: self.formats,
                routes,
                access: self.access,
                clock: self.clock,
                ids: EntryIds::default(),
            }),
        })
    }

    /// Builds the service and turns it into a router; see [`LogApi::into_router`].
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    #[cfg(feature = "axum")]
    pub fn into_router(self) -> Result<axum::Router, Error> {
        Ok(self.build()?.into_router())
    }
}

impl<A> fmt::Debug for Builder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("formats", &self.formats.len())
            .finish_non_exhaustive()
    }
}
