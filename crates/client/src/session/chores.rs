//! What handles leave for the connection's task, and how they hold it back.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::process::Inbox;

/// A call that somebody wants made who cannot wait for its answer.
#[derive(Debug)]
pub(crate) enum Chore {
    /// A process's reader is slow: stop its notifications.
    Stop(Arc<Inbox>),
    /// An open file was dropped.
    CloseFile {
        /// Its handle.
        handle_id: String,
        /// The connection it belongs to.
        generation: u64,
    },
}

/// Chores in order. There are never more than processes and open files.
#[derive(Debug, Default)]
pub(crate) struct Chores {
    queue: Mutex<VecDeque<Chore>>,
    added: Notify,
}

/// Counts the readers for whose sake the connection is not read: those whose buffer is full and
/// whose notifications cannot be stopped.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    state: Mutex<Readers>,
}

#[derive(Debug, Default)]
struct Readers {
    full: usize,
    waker: Option<Waker>,
}

// === impl Chores ===

impl Chores {
    pub(crate) fn add(&self, chore: Chore) {
        self.queue.lock().push_back(chore);
        self.added.notify_one();
    }

    /// The next chore. Cancel-safe.
    pub(super) async fn next(&self) -> Chore {
        loop {
            if let Some(chore) = self.queue.lock().pop_front() {
                return chore;
            }
            self.added.notified().await;
        }
    }
}

// === impl Pressure ===

impl Pressure {
    /// One more reader is full.
    pub(crate) fn add(&self) {
        self.state.lock().full += 1;
    }

    /// One fewer.
    pub(crate) fn remove(&self) {
        let mut state = self.state.lock();
        state.full -= 1;
        let waker = if state.full == 0 {
            state.waker.take()
        } else {
            None
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ready while no reader is full.
    pub(super) fn poll_none(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.full == 0 {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn pressure_ends_with_the_last_full_reader() {
        let pressure = Arc::new(Pressure::default());
        pressure.add();
        pressure.add();
        let none = || poll_fn(|cx| pressure.poll_none(cx));
        assert!(futures_util::poll!(none()).is_pending());
        pressure.remove();
        assert!(futures_util::poll!(none()).is_pending());
        let ((), ()) = tokio::join!(none(), async { pressure.remove() });
        assert!(futures_util::poll!(none()).is_ready());
    }
}
