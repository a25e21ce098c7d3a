use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

/// A lane's share in what the end of a response waits for. The response goes on when the last share is gone.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Inner>);

struct Inner {
    is_lost: AtomicBool,
    reply: Option<oneshot::Sender<bool>>,
}

impl Ticket {
    /// Makes a ticket and what waits for it: `true` where every lane did its duty, otherwise `false`.
    pub(crate) fn new() -> (Self, oneshot::Receiver<bool>) {
        let (sender, receiver) = oneshot::channel();
        let inner = Inner {
            is_lost: AtomicBool::new(false),
            reply: Some(sender),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// Says that a duty could not be done.
    pub(crate) fn lost(&self) {
        self.0.is_lost.store(true, Ordering::Relaxed);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(!*self.is_lost.get_mut());
        }
    }
}
