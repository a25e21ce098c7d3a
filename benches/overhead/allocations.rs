//! Counts allocations, of the calling thread and of all, while it is switched on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static ALL: AtomicU64 = AtomicU64::new(0);
thread_local!(static OWN: Cell<u64> = const { Cell::new(0) });

fn count() {
    if IS_ON.load(Relaxed) {
        ALL.fetch_add(1, Relaxed);
        // A thread that ends may allocate after its locals are gone.
        let _ = OWN.try_with(|own| own.set(own.get() + 1));
    }
}

// SAFETY: every call goes on to the system's allocator unchanged; counting neither allocates nor unwinds.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations and reallocations so far.
#[derive(Clone, Copy)]
pub struct Count {
    pub own: u64,
    pub all: u64,
}

pub fn switch(on: bool) {
    IS_ON.store(on, Relaxed);
}

pub fn so_far() -> Count {
    Count {
        own: OWN.get(),
        all: ALL.load(Relaxed),
    }
}
