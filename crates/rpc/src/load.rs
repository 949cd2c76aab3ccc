//! How many requests a connection has at hand.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Two counts, for looking at; nothing is decided by them.
#[derive(Debug, Default)]
pub(crate) struct Load {
    begun: AtomicUsize,
    waiting: AtomicUsize,
}

impl Load {
    /// A request has begun.
    pub(crate) fn begins(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// One that has begun is answered, or never will be.
    pub(crate) fn ends(&self) {
        self.begun.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many have yet to begin.
    pub(crate) fn wait(&self, waiting: usize) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// Those that have begun, and those that wait.
    pub(crate) fn now(&self) -> (usize, usize) {
        let now = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        (now(&self.begun), now(&self.waiting))
    }
}
