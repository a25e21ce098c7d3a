use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that captures may hold at one time, from the first header of a request until its entry is stored.
///
/// Bodies may use seven eighths; the last eighth is for heads, so that under pressure bodies shrink to prefixes first, then to
/// nothing, and only then are exchanges left out.
pub(crate) struct Budget {
    used: AtomicUsize,
    limit: usize,
}

/// A part of the budget, given back on drop.
pub(crate) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit,
        })
    }

    /// Takes a part for an exchange's head.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.take(bytes, self.limit).then(|| Reservation {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// Makes an empty part.
    pub(crate) fn empty(self: &Arc<Self>) -> Reservation {
        Reservation {
            budget: Arc::clone(self),
            bytes: 0,
        }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize, limit: usize) -> bool {
        let grown = |used: usize| used.checked_add(bytes).filter(|&after| after <= limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .is_ok()
    }
}

impl Reservation {
    /// Takes more for a body. On `false` the reservation is as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        self.grow_within(bytes, self.budget.limit - self.budget.limit / 8)
    }

    /// Takes more for a head. On `false` the reservation is as it was.
    pub(crate) fn grow_head(&mut self, bytes: usize) -> bool {
        self.grow_within(bytes, self.budget.limit)
    }

    fn grow_within(&mut self, bytes: usize, limit: usize) -> bool {
        let granted = self.budget.take(bytes, limit);
        if granted {
            self.bytes += bytes;
        }
        granted
    }

    /// Makes the part as large as what it now stands for, past the limit if need be: for what has been taken already.
    pub(crate) fn stand_for(&mut self, bytes: usize) {
        self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }

    /// Makes an empty part of the same budget.
    pub(crate) fn empty_sibling(&self) -> Self {
        Self {
            budget: Arc::clone(&self.budget),
            bytes: 0,
        }
    }

    /// Takes over the other's part.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_stop_before_heads_do_and_all_is_given_back() {
        let budget = Budget::new(800);
        let mut first = budget.reserve(100).unwrap();
        assert!(first.grow(600), "bodies may use 700");
        assert!(!first.grow(1));
        let second = budget.reserve(100).expect("heads may use the last eighth");
        assert!(budget.reserve(1).is_none());
        first.absorb(second);
        assert_eq!((first.bytes(), budget.used()), (800, 800));
        drop(first);
        assert_eq!(budget.used(), 0);
    }
}
