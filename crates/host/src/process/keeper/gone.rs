//! After a keeper: ending what it leaves and reaping it.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use rustix::{
    net::Shutdown,
    process::{WaitId, WaitIdOptions, waitid},
};
use tokio::{net::unix::pipe, time::timeout};
use tokio_util::task::TaskTracker;

use super::link::{Entry, Link};
use crate::process::cgroup;

/// How long the trees of a lost keeper may take to end before they count as gone.
const LOST_TREES_END: Duration = Duration::from_secs(5);

/// The same for a keeper that has hung up, as for the runtime's clock.
const KEEPER_ENDS: Duration = Duration::from_secs(5);

// === impl Link: after its keeper ===

impl Link {
    /// Waits until the trees of a keeper that is gone are gone too, for some seconds at most.
    pub(super) async fn end_orphans(&self, orphans: Vec<Entry>, tasks: &TaskTracker) {
        if let Some(group) = self.group.clone() {
            let ended = tasks
                .spawn_blocking(move || cgroup::end(&group, LOST_TREES_END))
                .await;
            if !ended.unwrap_or(false) {
                tracing::warn!("the processes of the lost keeper do not all end");
            }
        } else {
            // Their guards end the rest; that the leaders are gone is what can be seen.
            let leaders = orphans.iter().filter_map(|entry| entry.pidfd.as_ref());
            let gone = async {
                for pidfd in leaders {
                    ended(pidfd).await;
                }
            };
            timeout(KEEPER_ENDS, gone).await.ok();
        }
        for entry in orphans {
            entry.empty.send_replace(true);
        }
    }
}

/// Makes the link lost when its task is dropped with its runtime.
pub(super) struct LostOnDrop(pub(super) Arc<Link>);

impl Drop for LostOnDrop {
    fn drop(&mut self) {
        rustix::net::shutdown(&self.0.socket, Shutdown::Both).ok();
        self.0.lose();
    }
}

/// Waits until the process of a pidfd has ended.
pub(super) async fn ended(pidfd: &OwnedFd) {
    // What can be waited for is not only pipes, but the runtime has no other name for it. A pidfd
    // that cannot be waited for is treated as one that has ended.
    let waiting = pidfd
        .try_clone()
        .and_then(pipe::Receiver::from_owned_fd_unchecked);
    if let Ok(waiting) = waiting {
        waiting.readable().await.ok();
    }
}

/// The keeper process, which is reaped whatever becomes of the task that waits for it.
pub(super) struct Reaped(pub(super) Option<OwnedFd>);

impl Reaped {
    /// Waits for the keeper to end. One that does not end keeps what it cannot end.
    pub(super) async fn wait(mut self) {
        if let Some(keeper) = &self.0 {
            ended(keeper).await;
            reap(keeper);
        }
        self.0 = None;
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let Some(keeper) = self.0.take() else { return };
        // The runtime is being dropped, with this task in it. The leash is cut, so the keeper ends
        // within moments; a thread of its own waits for that, and ends with it.
        let thread = std::thread::Builder::new().name("reap-keeper".into());
        thread.spawn(move || reap(&keeper)).ok();
    }
}

/// Reaps the keeper. Fails when the program we are part of reaps all children itself.
fn reap(keeper: &OwnedFd) {
    waitid(WaitId::PidFd(keeper.as_fd()), WaitIdOptions::EXITED).ok();
}
