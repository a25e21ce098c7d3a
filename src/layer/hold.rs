use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use crate::recorder::{Intake, Ticket};

/// What the end of a response waits for: that its entry is where it should be.
pub(super) struct Hold {
    kept: oneshot::Receiver<bool>,
    /// Whether a response is refused whose entry is not safe.
    refuses: bool,
}

impl Hold {
    /// Makes one, and the ticket to it, where the end of a response may have to wait.
    pub(super) fn of<T>(intake: &Intake<T>) -> Option<(Ticket, Self)> {
        let shared = intake.shared();
        shared.holds.then(|| {
            let (ticket, kept) = Ticket::new();
            let refuses = shared.refuses;
            (ticket, Self { kept, refuses })
        })
    }

    /// Waits; `false` where the response is to be refused.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        // Of a recorder that is gone nothing is known.
        let is_kept = ready!(Pin::new(&mut self.kept).poll(cx)).unwrap_or(false);
        Poll::Ready(is_kept || !self.refuses)
    }
}
