use std::sync::{Mutex, PoisonError};

use clickhouse::Client;
use tokio::runtime::{Handle, Id};

/// How many runtimes have a client of their own at a time.
const MOST: usize = 8;

/// A client for each runtime.
///
/// A connection lives on the runtime that opened it. The recorder's runtime stands still between batches and ends before the service's, so that whoever
/// found one of its connections in a common pool would wait for it.
pub(super) struct Clients {
    make: Box<dyn Fn() -> Client + Send + Sync>,
    made: Mutex<Vec<(Option<Id>, Client)>>,
}

impl Clients {
    pub(super) fn new(make: impl Fn() -> Client + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            made: Mutex::default(),
        }
    }

    /// Returns the client of the runtime that runs this.
    pub(super) fn here(&self) -> Client {
        let id = Handle::try_current().ok().map(|runtime| runtime.id());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = made.iter().find(|(of, _)| *of == id) {
            return client.clone();
        }
        if made.len() == MOST {
            made.remove(0);
        }
        let client = (self.make)();
        made.push((id, client.clone()));
        client
    }
}
