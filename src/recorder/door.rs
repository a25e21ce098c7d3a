//! What those who push and the one who takes agree on without a lock.
//!
//! # Invariants
//!
//! - Nothing is lost at the end: a push counts itself before it looks whether the door is closed, and the one who takes closes it before it counts who is
//!   still inside. So each push either sees the closed door or is waited for.
//! - Nothing waits beside a sleeper: a push counts itself before it looks whether somebody sleeps, and who goes to sleep says so before it looks whether
//!   anything waits. So one of the two notices the other.
//!
//! Both need one order of all four operations, which is why they are `SeqCst`. `tests/interleaved` runs this file in some hundred thousand of their orders.

use super::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many went in, how many were taken, whether it is closed, and whether the one who takes sleeps.
#[derive(Default)]
pub(super) struct Door {
    accepted: AtomicU64,
    taken: AtomicU64,
    is_closed: AtomicBool,
    is_asleep: AtomicBool,
}

impl Door {
    /// Counts one who is about to push, and returns how many wait, that one among them.
    pub(super) fn enter(&self) -> u64 {
        let accepted = self.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        accepted.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    /// Takes the count back of one who could not push.
    pub(super) fn turn_back(&self) {
        self.accepted.fetch_sub(1, Ordering::SeqCst);
    }

    /// Tells one who has pushed whether to wake the one who takes.
    pub(super) fn wakes(&self) -> bool {
        // Reading first leaves the line to others' caches.
        self.is_asleep.load(Ordering::SeqCst) && self.is_asleep.swap(false, Ordering::SeqCst)
    }

    /// Counts one as taken.
    pub(super) fn took(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns how many have ever gone in.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Returns how many have ever been taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    /// Returns how many wait.
    pub(super) fn waiting(&self) -> u64 {
        let taken = self.taken();
        self.accepted().saturating_sub(taken)
    }

    /// Says that the one who takes will sleep until it is woken, unless something waits: `false`.
    pub(super) fn sleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        let may = self.waiting() == 0;
        if !may {
            self.wake();
        }
        may
    }

    /// Says that the one who takes is awake.
    pub(super) fn wake(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    #[cfg(test)]
    pub(super) fn is_asleep(&self) -> bool {
        self.is_asleep.load(Ordering::SeqCst)
    }
}
