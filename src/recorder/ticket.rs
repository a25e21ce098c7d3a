use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// A lane's share in what the end of a response waits for. The response goes on when the last share is gone.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Inner>);

struct Inner {
    is_lost: AtomicBool,
    reply: Mutex<Option<oneshot::Sender<bool>>>,
}

impl Ticket {
    /// Makes a ticket and what waits for it: `true` where every lane did its duty, otherwise `false`.
    pub(crate) fn new() -> (Self, oneshot::Receiver<bool>) {
        let (sender, receiver) = oneshot::channel();
        let inner = Inner {
            is_lost: AtomicBool::new(false),
            reply: Mutex::new(Some(sender)),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// Says that a duty could not be done.
    pub(crate) fn lost(&self) {
        self.0.is_lost.store(true, Ordering::Relaxed);
    }
}

impl Inner {
    /// Lets the response go on, if it still waits.
    fn reply(&self, is_kept: bool) {
        let mut reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reply) = reply.take() {
            let _ = reply.send(is_kept);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reply(!self.is_lost.load(Ordering::Relaxed));
    }
}

/// The tickets that responses wait for, so that none waits for ever: a disk may never answer.
#[derive(Default)]
pub(super) struct Waiting {
    /// In the order in which they were handed out.
    tickets: VecDeque<(Instant, Weak<Inner>)>,
}

impl Waiting {
    pub(super) fn add(&mut self, ticket: &Ticket, now: Instant) {
        self.tickets.push_back((now, Arc::downgrade(&ticket.0)));
    }

    /// Lets those go on that have waited for so long, and returns when the next one will have.
    pub(super) fn give_up(&mut self, now: Instant, limit: Duration) -> Option<Instant> {
        while let Some((since, ticket)) = self.tickets.front() {
            let until = since.checked_add(limit);
            if ticket.strong_count() > 0 && until.is_none_or(|until| until > now) {
                return until;
            }
            if let Some(inner) = ticket.upgrade() {
                inner.reply(false);
            }
            self.tickets.pop_front();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_waits_no_longer_than_the_limit() {
        let (begun, limit) = (Instant::now(), Duration::from_secs(5));
        let mut waiting = Waiting::default();
        let mut tickets: Vec<_> = (0..3).map(|_| Ticket::new()).collect();
        for (second, (ticket, _)) in (0..).zip(&tickets) {
            waiting.add(ticket, begun + Duration::from_secs(second));
        }
        let (done, mut kept) = tickets.remove(0);
        drop(done);
        assert_eq!(kept.try_recv(), Ok(true));
        let at = |second| begun + Duration::from_secs(second);
        assert_eq!(
            waiting.give_up(at(3), limit),
            Some(at(6)),
            "the first is done"
        );
        assert!(tickets[0].1.try_recv().is_err(), "it waits");
        assert_eq!(waiting.give_up(at(6), limit), Some(at(7)));
        assert_eq!(tickets[0].1.try_recv(), Ok(false));
        assert!(tickets[1].1.try_recv().is_err(), "it waits");
        assert_eq!(waiting.give_up(at(60), Duration::MAX), None);
        drop(tickets.remove(1));
        assert_eq!(waiting.give_up(at(60), Duration::MAX), None);
        assert!(waiting.tickets.is_empty());
    }
}
