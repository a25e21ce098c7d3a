use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::entry::LogEntry;
use crate::error::Error;
use crate::sink::LogSink;

/// A sink whose writes wait at a gate until the test opens it, and that fails or panics as often as it is told to.
///
/// It keeps every batch that it took, duplicates included. Clones share one sink.
///
/// # Example: a sink that fails once
///
/// ```
/// use tower_api_log::testing::{GateSink, sample};
/// use tower_api_log::{Error, ErrorKind, LogSink};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let sink = GateSink::open();
/// sink.fail_next(1, || Error::new(ErrorKind::Unavailable, "scripted").retryable());
/// assert!(sink.write(&[sample::plain(1)]).await.is_err());
/// assert!(sink.write(&[sample::plain(1)]).await.is_ok());
/// assert_eq!(sink.entries(), [sample::plain(1)]);
/// # }
/// ```
#[derive(Clone)]
pub struct GateSink {
    shared: Arc<Shared>,
}

struct Shared {
    open: watch::Sender<bool>,
    arrived: watch::Sender<u64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batches: Vec<Vec<LogEntry>>,
    faults: VecDeque<Fault>,
    flushes: u64,
}

enum Fault {
    Error(Error),
    Panic,
}

impl GateSink {
    /// Makes a sink whose gate is open.
    pub fn open() -> Self {
        Self::with_gate(true)
    }

    /// Makes a sink whose gate is closed.
    pub fn closed() -> Self {
        Self::with_gate(false)
    }

    fn with_gate(open: bool) -> Self {
        Self {
            shared: Arc::new(Shared {
                open: watch::Sender::new(open),
                arrived: watch::Sender::new(0),
                state: Mutex::default(),
            }),
        }
    }

    /// Lets the writes pass that wait and those that come.
    pub fn open_gate(&self) {
        self.shared.open.send_replace(true);
    }

    /// Holds the writes that come from now on.
    pub fn close_gate(&self) {
        self.shared.open.send_replace(false);
    }

    /// Lets the next `times` writes that pass the gate fail, after the faults that were asked for before.
    pub fn fail_next(&self, times: usize, error: impl Fn() -> Error) {
        let faults = (0..times).map(|_| Fault::Error(error()));
        self.state().faults.extend(faults);
    }

    /// Lets the next `times` writes that pass the gate panic, after the faults that were asked for before.
    pub fn panic_next(&self, times: usize) {
        let faults = (0..times).map(|_| Fault::Panic);
        self.state().faults.extend(faults);
    }

    /// Waits until `writes` writes have come to the gate since the sink was made.
    pub async fn arrived(&self, writes: u64) {
        let mut arrived = self.shared.arrived.subscribe();
        // The sender lives as long as `self`, so that the wait ends with the value only.
        let _ = arrived.wait_for(|count| *count >= writes).await;
    }

    /// Returns the batches that were taken, in order.
    pub fn batches(&self) -> Vec<Vec<LogEntry>> {
        self.state().batches.clone()
    }

    /// Returns the entries that were taken, in order.
    pub fn entries(&self) -> Vec<LogEntry> {
        self.state().batches.concat()
    }

    /// Returns how often the sink was flushed.
    pub fn flushes(&self) -> u64 {
        self.state().flushes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LogSink for GateSink {
    async fn write(&self, batch: &[LogEntry]) -> Result<(), Error> {
        self.shared.arrived.send_modify(|count| *count += 1);
        let mut open = self.shared.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
        let fault = self.state().faults.pop_front();
        match fault {
            Some(Fault::Error(error)) => Err(error),
            Some(Fault::Panic) => panic!("the gate sink was told to panic"),
            None => {
                self.state().batches.push(batch.to_vec());
                Ok(())
            }
        }
    }

    async fn flush(&self) -> Result<(), Error> {
        self.state().flushes += 1;
        Ok(())
    }
}

impl fmt::Debug for GateSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateSink")
            .field("open", &*self.shared.open.borrow())
            .field("batches", &self.state().batches.len())
            .finish_non_exhaustive()
    }
}
