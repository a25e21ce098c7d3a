use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::door::Door;
use super::lane::Lane;
use super::ledger::{DropReason, Ledger};
use super::ticket::Ticket;
use super::{Command, Report};
use crate::entry::EntryId;

/// The most exchanges that wait for their starts to be forgotten: a megabyte.
const MOST_CANCELLED: usize = 1 << 16;

/// The request path's end of the queue. A push costs tens of nanoseconds and never waits.
///
/// The recorder polls while it is busy, so a push does not wake it: waking a sleeping thread costs a hundred times as much as the
/// push. It is woken when the queue is half full, by the first push after more than a second of silence, and for what somebody waits for.
pub(crate) struct Intake<T> {
    pub(super) sender: SyncSender<Parcel<T>>,
    pub(super) shared: Arc<Shared>,
    /// Tells the recorder, by closing, that nobody is left who could push.
    pub(super) _alive: mpsc::UnboundedSender<Command>,
}

/// An item on its way to the recorder.
pub(crate) struct Parcel<T> {
    pub(crate) item: T,
    /// Whether it may use the last eighth of the queue.
    pub(crate) is_urgent: bool,
    /// What is held until every lane has done its duty.
    pub(crate) ticket: Option<Ticket>,
    /// What it is to the journal of starts.
    pub(crate) journal: Journal,
}

/// What an item is to the journal of exchanges that have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Journal {
    Nothing,
    /// It says that an exchange has started, and is not settled in the ledger.
    Starts,
    /// It is an exchange whose start was said.
    Ends(EntryId),
}

impl<T> Parcel<T> {
    /// Makes a parcel of an event or of an exchange that failed, for which nobody waits.
    pub(crate) fn urgent(item: T) -> Self {
        Self {
            item,
            is_urgent: true,
            ticket: None,
            journal: Journal::Nothing,
        }
    }
}

/// What the request path, the handles and the recorder's thread share.
pub(crate) struct Shared {
    pub(crate) ledger: Arc<Ledger>,
    pub(super) lanes: Vec<Lane>,
    /// Whether the end of a response may have to wait for a lane.
    pub(crate) holds: bool,
    /// How long they wait at most.
    pub(super) hold_limit: Duration,
    /// Whether a response may be refused whose entry a lane could not make safe.
    pub(crate) refuses: bool,
    /// Whether starts are written down.
    pub(crate) journals: bool,
    /// Exchanges whose start was said and that have no entry.
    pub(super) cancelled: Mutex<Vec<EntryId>>,
    pub(super) door: Door,
    pub(super) bell: Notify,
    /// Whether the bell has been rung for a half-full queue since the recorder last took from it.
    pub(super) is_rung: AtomicBool,
    pub(super) ended: OnceLock<Report>,
    pub(super) queue_entries: u64,
    pub(super) captured_bytes: Box<dyn Fn() -> usize + Send + Sync>,
}

impl Shared {
    /// Says that an exchange whose start was said has no entry.
    pub(crate) fn cancel_start(&self, id: EntryId) {
        let mut cancelled = self
            .cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if cancelled.len() < MOST_CANCELLED {
            cancelled.push(id);
        }
    }

    /// Tells whether a request would be refused at its end, so that the service need not see it.
    pub(crate) fn must_refuse(&self) -> bool {
        let mut lanes = self.lanes.iter();
        self.refuses && lanes.any(|it| it.shared.delivery.refuses() && !it.shared.is_safe())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.door.is_closed()
    }
}

impl<T> Clone for Intake<T> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            shared: self.shared.clone(),
            _alive: self._alive.clone(),
        }
    }
}

impl<T> Intake<T> {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Hands an ended exchange or an event over, or drops and counts it and returns `false`.
    pub(crate) fn push(&self, parcel: Parcel<T>) -> bool {
        let shared = &*self.shared;
        let waiting = shared.door.enter();
        let is_awaited = parcel.ticket.is_some();
        let room = match parcel.is_urgent {
            true => shared.queue_entries,
            false => shared.queue_entries - shared.queue_entries / 8,
        };
        let sent = match shared.is_closed() {
            true => Err((DropReason::Closed, parcel)),
            false if waiting > room => Err((DropReason::QueueFull, parcel)),
            false => self.sender.try_send(parcel).map_err(|error| match error {
                TrySendError::Full(parcel) => (DropReason::QueueFull, parcel),
                TrySendError::Disconnected(parcel) => (DropReason::Closed, parcel),
            }),
        };
        if let Err((reason, parcel)) = sent {
            shared.door.turn_back();
            match parcel.journal {
                Journal::Starts => {}
                Journal::Nothing => shared.ledger.dropped(reason, 1),
                Journal::Ends(id) => {
                    shared.ledger.dropped(reason, 1);
                    shared.cancel_start(id);
                }
            }
            if let Some(ticket) = parcel.ticket {
                ticket.lost();
            }
            return false;
        }
        let is_half_full = waiting >= shared.queue_entries.div_ceil(2)
            && !shared.is_rung.swap(true, Ordering::Relaxed);
        if is_awaited || is_half_full || shared.door.wakes() {
            shared.bell.notify_one();
        }
        true
    }
}
