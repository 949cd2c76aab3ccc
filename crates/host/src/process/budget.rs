//! The output all processes of a server keep together.
//!
//! Bytes are reserved before they are read from a process and given back when they are evicted or
//! the process is forgotten. When nothing is left, the output of closed processes whose clients
//! were told everything goes first, the longest closed before the others; then the asker is told
//! to wait, and woken when something is given back.
//! The total can be exceeded only by [`Budget::force`]: what a pipe held at its process's exit,
//! and one chunk for each process that has an audience, so that nobody's hoard stops a live one.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Weak,
    task::Waker,
};

use parking_lot::Mutex;

/// The least worth reading, so that a budget that is nearly spent does not turn a stream into
/// crumbs. Small budgets use a sixteenth of themselves.
const LEAST_GRANT: usize = 4096;

/// A closed process whose output may go when room is needed.
pub(super) trait Reclaim: Send + Sync {
    /// Gives the output up and its bytes back to the budget.
    fn reclaim(&self);
}

pub(super) struct Budget {
    total: usize,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    used: usize,
    /// The longest closed first.
    closed: VecDeque<Weak<dyn Reclaim>>,
    /// Who was refused, by a number of its own.
    refused: BTreeMap<u64, Waker>,
}

impl Budget {
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            books: Mutex::default(),
        }
    }

    /// Grants up to `wanted` bytes; none when not enough is left to be worth it, and then the
    /// waker of asker number `who` is kept and called when something is given back.
    pub(super) fn reserve(&self, wanted: usize, who: u64, waker: &Waker) -> usize {
        let least = wanted.min(LEAST_GRANT).min((self.total / 16).max(1));
        loop {
            let closed = {
                let mut books = self.books.lock();
                let free = self.total.saturating_sub(books.used);
                if free >= wanted || (free >= least && books.closed.is_empty()) {
                    let granted = wanted.min(free);
                    books.used += granted;
                    return granted;
                }
                let Some(closed) = books.closed.pop_front() else {
                    books.refused.insert(who, waker.clone());
                    return 0;
                };
                closed
            };
            if let Some(closed) = closed.upgrade() {
                closed.reclaim();
            }
        }
    }

    /// Takes bytes whether they are there or not.
    pub(super) fn force(&self, bytes: usize) {
        self.books.lock().used += bytes;
    }

    /// Gives bytes back.
    pub(super) fn release(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let refused = {
            let mut books = self.books.lock();
            books.used -= bytes;
            std::mem::take(&mut books.refused)
        };
        refused.into_values().for_each(Waker::wake);
    }

    /// A process is closed, and its client knows all of it.
    pub(super) fn closed(&self, process: Weak<dyn Reclaim>) {
        let mut books = self.books.lock();
        // Those forgotten since need no place here.
        if books.closed.len() == books.closed.capacity() {
            books.closed.retain(|process| process.strong_count() > 0);
        }
        books.closed.push_back(process);
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.books.lock().used
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Closed {
        budget: Arc<Budget>,
        bytes: usize,
    }

    impl Reclaim for Closed {
        fn reclaim(&self) {
            self.budget.release(self.bytes);
        }
    }

    #[test]
    fn a_spent_budget_refuses_and_wakes_when_something_comes_back() {
        let (budget, count) = (Budget::new(100), Arc::new(Count::default()));
        let waker = Waker::from(count.clone());
        assert_eq!(budget.reserve(80, 1, &waker), 80);
        assert_eq!(budget.reserve(80, 2, &waker), 20);
        assert_eq!(budget.reserve(1, 2, &waker), 0);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        budget.release(20);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(budget.reserve(80, 2, &waker), 20);
    }

    #[test]
    fn crumbs_are_not_granted() {
        let budget = Budget::new(160);
        assert_eq!(budget.reserve(151, 1, Waker::noop()), 151);
        assert_eq!(budget.reserve(100, 1, Waker::noop()), 0);
        assert_eq!(budget.reserve(9, 1, Waker::noop()), 9);
    }

    #[test]
    fn closed_processes_make_room_the_longest_closed_first() {
        let budget = Arc::new(Budget::new(100));
        let closed = |bytes| {
            assert_eq!(budget.reserve(bytes, 0, Waker::noop()), bytes);
            let closed: Arc<dyn Reclaim> = Arc::new(Closed {
                budget: budget.clone(),
                bytes,
            });
            budget.closed(Arc::downgrade(&closed));
            closed
        };
        let kept = [closed(60), closed(40)];
        assert_eq!(budget.reserve(50, 0, Waker::noop()), 50);
        assert_eq!(budget.used(), 90);
        drop(kept);
    }

    #[test]
    fn force_exceeds_the_total() {
        let budget = Budget::new(10);
        budget.force(15);
        assert_eq!(budget.reserve(1, 0, Waker::noop()), 0);
        budget.release(15);
        assert_eq!(budget.used(), 0);
    }
}
