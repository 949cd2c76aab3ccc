//! Ending a process: at once, or politely first.
//!
//! The whole tree is meant, also what has called `setsid`, and also after its leader's exit.
//! Works with or without the process's task: a task of its own waits out the grace time, one a
//! process however often it is asked.

use std::{sync::Arc, time::Duration};

use tokio::{
    select,
    time::{Instant, sleep_until},
};

use super::{exit::ExitReason, state::Shared};

impl Shared {
    /// Kills the whole tree, or sends it TERM and kills what is left after `grace`. Resolves when
    /// that is requested, not when it has happened. Returns whether the leader was running.
    pub(super) async fn end(self: &Arc<Self>, reason: ExitReason, grace: Duration) -> bool {
        let asks = !grace.is_zero();
        let running = self.lock().life.end(reason, asks);
        if asks {
            self.kill_after(grace);
            // One that cannot be signaled is gone already, or is killed when the time is over.
            let _told = self.tree.signal_tree(libc::SIGTERM).await;
        } else {
            self.tree.kill().await;
        }
        running
    }

    /// Kills the tree, waits until nothing of it is left and the process's task has finished.
    pub(super) async fn end_and_wait(self: &Arc<Self>, reason: ExitReason) {
        self.end(reason, Duration::ZERO).await;
        self.tree.empty().await;
        self.stop.cancel();
        self.finished.cancelled().await;
    }

    /// Sees to it that the tree is killed when `grace` is over, or earlier if that was said.
    fn kill_after(self: &Arc<Self>, grace: Duration) {
        let Some(at) = Instant::now().checked_add(grace) else {
            return;
        };
        let mut waits = false;
        self.kill_at.send_if_modified(|kill_at| {
            waits = kill_at.is_some();
            let earlier = kill_at.is_none_or(|former| at < former);
            if earlier {
                *kill_at = Some(at);
            }
            earlier
        });
        if !waits {
            let process = self.clone();
            self.host
                .tasks()
                .spawn(async move { process.wait_and_kill(at).await });
        }
    }

    async fn wait_and_kill(&self, mut at: Instant) {
        let mut kill_at = self.kill_at.subscribe();
        loop {
            at = kill_at.borrow_and_update().unwrap_or(at);
            select! {
                () = self.tree.empty() => break,
                () = self.stop.cancelled() => break,
                () = sleep_until(at) => {
                    self.tree.kill().await;
                    break;
                }
                // An earlier time was said: look at it.
                _ = kill_at.changed() => {}
            }
        }
        self.kill_at.send_replace(None);
    }
}
