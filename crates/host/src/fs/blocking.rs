//! Where file calls wait.
//!
//! A file call can hang for as long as a network file system likes, so none runs on the threads
//! that serve connections. Each takes one of a fixed number of turns and runs on Tokio's blocking
//! threads; beyond that number, callers wait in the order they came, holding no thread. A call that
//! has begun runs to its end even if nobody waits for it any more: a write is never left half done
//! because a client went away. [`Blocking::finish`] waits for those.
//!
//! Calls that may go on for long by their nature (trees, large copies) take at most half of the
//! turns, so that a look at a file never waits for all of them.

use std::{future, panic, sync::Arc};

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// The turns. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct Blocking {
    turns: Arc<Semaphore>,
    /// How many of the turns long calls may have.
    long: Arc<Semaphore>,
    running: TaskTracker,
}

impl Blocking {
    /// At most `limit` calls run at once; at least one does.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            turns: Arc::new(Semaphore::new(limit)),
            long: Arc::new(Semaphore::new(limit.div_ceil(2))),
            running: TaskTracker::new(),
        }
    }

    /// Runs `work` on a thread that may block, and gives back what it returns. A panic in `work` is
    /// passed on.
    ///
    /// Dropping the future before `work` has begun gives up its turn; afterwards `work` goes on by
    /// itself.
    pub(super) async fn run<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore");
        let task = self.running.spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                // The runtime is going down and takes the caller with it.
                Err(_) => future::pending().await,
            },
        }
    }

    /// As [`Blocking::run`], for work that may take long although nothing hangs.
    pub(super) async fn run_long<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let share = Arc::clone(&self.long)
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore");
        self.run(move || {
            let result = work();
            drop(share);
            result
        })
        .await
    }

    /// Waits until no call is running. Calls may still be made.
    pub(super) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn never_more_than_the_limit_run_at_once() {
        let blocking = Blocking::new(2);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls = (0..40).map(|_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            blocking.run(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            })
        });
        join_all(calls).await;
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn work_that_has_begun_ends_without_its_caller() {
        let blocking = Blocking::new(1);
        let (begun_tx, begun) = mpsc::channel();
        let (go_tx, go) = mpsc::channel();
        let done = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&done);
        let mut call = Box::pin(blocking.run(move || {
            begun_tx.send(()).unwrap();
            go.recv().unwrap();
            seen.store(1, Ordering::SeqCst);
        }));
        assert!(futures_util::poll!(&mut call).is_pending());
        begun.recv().unwrap();
        drop(call);
        go_tx.send(()).unwrap();
        blocking.finish().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn long_calls_leave_turns_for_the_others() {
        let blocking = Blocking::new(4);
        let (begun_tx, begun) = mpsc::channel();
        let (go_tx, go) = mpsc::channel::<()>();
        let go = Arc::new(parking_lot::Mutex::new(go));
        let mut calls: Vec<_> = (0..3)
            .map(|number| {
                let (begun, go) = (begun_tx.clone(), Arc::clone(&go));
                Box::pin(blocking.run_long(move || {
                    begun.send(number).unwrap();
                    go.lock().recv().unwrap();
                }))
            })
            .collect();
        for call in &mut calls {
            assert!(futures_util::poll!(call).is_pending());
        }
        let first_two = [begun.recv().unwrap(), begun.recv().unwrap()];
        assert!(!first_two.contains(&2), "the third waits");
        assert_eq!(blocking.run(|| 7).await, 7);
        assert!(begun.try_recv().is_err());
        (0..3).for_each(|_| go_tx.send(()).unwrap());
        join_all(calls).await;
        assert_eq!(begun.recv().unwrap(), 2);
    }

    #[tokio::test]
    async fn a_panic_reaches_the_caller_and_frees_the_turn() {
        let blocking = Blocking::new(1);
        let call = panic::AssertUnwindSafe(blocking.run(|| panic!("expected by this test")));
        let result: Result<(), _> = futures_util::FutureExt::catch_unwind(call).await;
        assert!(result.is_err());
        assert_eq!(blocking.run(|| 7).await, 7);
    }
}
