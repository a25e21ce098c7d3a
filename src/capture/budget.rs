use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit to the bytes that the captures of several layers hold together. Clones are handles of the same limit.
///
/// The layers of one process should share one, because memory is the process's: give each
/// [`ApiLogLayerBuilder::budget`](crate::layer::ApiLogLayerBuilder::budget) a clone.
///
/// # Example: two services in one process
///
/// ```
/// use tower_api_log::layer::CaptureBudget;
/// use tower_api_log::{ApiLogLayer, MemoryStore};
///
/// let store = MemoryStore::new();
/// let budget = CaptureBudget::new(96 * 1024 * 1024);
/// let public = ApiLogLayer::builder(store.clone()).budget(budget.clone()).build()?;
/// let admin = ApiLogLayer::builder(store).budget(budget.clone()).build()?;
/// assert_eq!(budget.used_bytes(), 0);
/// # let _ = (public, admin);
/// # Ok::<(), tower_api_log::Error>(())
/// ```
#[derive(Clone)]
pub struct CaptureBudget(Arc<Budget>);

/// The bytes that captures may hold at one time, from the first header of a request until its entry is stored.
///
/// Bodies may use seven eighths; the last eighth is for heads, so that under pressure bodies shrink to prefixes first, then to
/// nothing, and only then are exchanges left out. What is taken is taken of what is shared with other layers as well, if there is such.
pub(crate) struct Budget {
    used: AtomicUsize,
    limit: usize,
    shared: Option<CaptureBudget>,
}

/// A part of the budget, given back on drop.
pub(crate) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

/// What a part is for.
#[derive(Clone, Copy)]
enum For {
    Heads,
    Bodies,
}

impl CaptureBudget {
    /// Makes a budget of this many bytes; a layer takes it from 64 KiB on.
    pub fn new(max_bytes: usize) -> Self {
        Self(Budget::new(max_bytes))
    }

    /// Returns the most bytes that it allows.
    pub fn max_bytes(&self) -> usize {
        self.0.limit
    }

    /// Returns how many bytes the captures of all its layers hold.
    pub fn used_bytes(&self) -> usize {
        self.0.used()
    }
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Self::within(limit, None)
    }

    /// Makes a budget that is a part of another.
    pub(crate) fn within(limit: usize, shared: Option<CaptureBudget>) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit,
            shared,
        })
    }

    /// Takes a part for an exchange's head.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        self.take(bytes, For::Heads).then(|| Reservation {
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

    /// Takes all of it or nothing.
    fn take(&self, bytes: usize, what: For) -> bool {
        if !self.take_own(bytes, what) {
            return false;
        }
        let shared = self.shared.as_ref();
        let granted = shared.is_none_or(|shared| shared.0.take_own(bytes, what));
        if !granted {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        granted
    }

    fn take_own(&self, bytes: usize, what: For) -> bool {
        let limit = match what {
            For::Heads => self.limit,
            For::Bodies => self.limit - self.limit / 8,
        };
        let grown = |used: usize| used.checked_add(bytes).filter(|&after| after <= limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .is_ok()
    }

    /// Takes, past the limit if need be.
    fn force(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        if let Some(shared) = &self.shared {
            shared.0.force(bytes);
        }
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(shared) = &self.shared {
            shared.0.give_back(bytes);
        }
    }
}

impl Reservation {
    /// Takes more for a body. On `false` the reservation is as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        self.grow_for(bytes, For::Bodies)
    }

    /// Takes more for a head. On `false` the reservation is as it was.
    pub(crate) fn grow_head(&mut self, bytes: usize) -> bool {
        self.grow_for(bytes, For::Heads)
    }

    fn grow_for(&mut self, bytes: usize, what: For) -> bool {
        let granted = self.budget.take(bytes, what);
        if granted {
            self.bytes += bytes;
        }
        granted
    }

    /// Makes the part as large as what it now stands for, past the limit if need be: for what has been taken already.
    pub(crate) fn stand_for(&mut self, bytes: usize) {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.budget.force(more),
            None => self.budget.give_back(self.bytes - bytes),
        }
        self.bytes = bytes;
    }

    /// Makes an empty part of the same budget.
    pub(crate) fn empty_sibling(&self) -> Self {
        self.budget.empty()
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
        self.budget.give_back(self.bytes);
    }
}

impl fmt::Debug for CaptureBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureBudget")
            .field("max_bytes", &self.max_bytes())
            .field("used_bytes", &self.used_bytes())
            .finish()
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

    #[test]
    fn layers_that_share_a_budget_stay_inside_it_and_inside_their_own() {
        let whole = CaptureBudget::new(800);
        let layer = |limit| Budget::within(limit, Some(whole.clone()));
        let (large, small) = (layer(1_000), layer(200));
        let mut first = large.reserve(100).unwrap();
        assert!(first.grow(500), "bodies may use 700 of the whole");
        let mut second = small.reserve(100).unwrap();
        assert!(!second.grow(1), "which the other has used up");
        assert!(!second.grow_head(101), "its own limit");
        assert!(second.grow_head(100));
        assert!(large.reserve(1).is_none() && small.reserve(1).is_none());
        let used = || (large.used(), small.used(), whole.used_bytes());
        assert_eq!(used(), (600, 200, 800), "what is refused is not taken");
        second.stand_for(50);
        first.stand_for(900);
        assert_eq!(used(), (900, 50, 950), "what is there already counts");
        drop((first, second));
        assert_eq!(used(), (0, 0, 0));
    }

    #[test]
    fn threads_never_hold_more_than_the_limits() {
        let whole = CaptureBudget::new(1_000);
        let layers = [600, 700].map(|limit| Budget::within(limit, Some(whole.clone())));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (layer, whole) = (&layers[thread % 2], &whole);
                scope.spawn(move || {
                    for round in 0..20_000 {
                        let held = layer.reserve(round % 300).map(|mut it| {
                            it.grow(round % 70);
                            it
                        });
                        assert!(layer.used() <= layer.limit);
                        assert!(whole.used_bytes() <= whole.max_bytes());
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(whole.used_bytes(), 0);
    }
}
