//! What a server has started on other machines, so that nothing of it is left there.
//!
//! Each process hangs on a [`Leash`]. A leash that is dropped before its process has ended has it
//! killed there, in a task of the fleet, for as long as its connection may come back.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use outpost_client::ProcessControl;
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, time::timeout};
use tokio_util::task::TaskTracker;

use super::remote::Remote;

/// See the module. There is as much in it as its connections may start.
pub(in crate::app) struct Fleet {
    /// Locked for a look, never across an await.
    running: Mutex<HashMap<u64, ProcessControl>>,
    names: AtomicU64,
    tasks: TaskTracker,
    runtime: Handle,
    /// How long output may stay open after the end of its command.
    pub(super) drain: Option<Duration>,
}

/// Holds a process on another machine.
pub(super) struct Leash {
    fleet: Arc<Fleet>,
    name: u64,
    pub(super) control: ProcessControl,
    /// Kept, and with it what tells of its connection, even when its name is another's by now.
    pub(super) remote: Arc<Remote>,
    /// Of what its connection may have running.
    _slot: OwnedSemaphorePermit,
    ended: bool,
}

// === impl Fleet ===

impl Fleet {
    pub(super) fn new(drain: Option<Duration>) -> Self {
        Self {
            running: Mutex::default(),
            names: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
            drain,
        }
    }

    /// Does something that does not end with whoever has asked for it.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(work, &self.runtime);
    }

    /// Takes a process that was just started.
    pub(super) fn hold(
        self: &Arc<Self>,
        control: ProcessControl,
        remote: Arc<Remote>,
        slot: OwnedSemaphorePermit,
    ) -> Leash {
        let name = self.names.fetch_add(1, Ordering::Relaxed);
        self.running.lock().insert(name, control.clone());
        Leash {
            fleet: Arc::clone(self),
            name,
            control,
            remote,
            _slot: slot,
            ended: false,
        }
    }

    /// Ends everything, and waits for that at most so long.
    pub(super) async fn end(&self, within: Duration) {
        let running: Vec<_> = self.running.lock().values().cloned().collect();
        let all = async {
            join_all(running.iter().map(kill)).await;
            self.tasks.close();
            self.tasks.wait().await;
        };
        if timeout(within, all).await.is_err() {
            tracing::warn!("what runs on other machines is left to their exec servers");
        }
    }
}

async fn kill(control: &ProcessControl) {
    if let Err(error) = control.terminate(None).await {
        tracing::debug!(process = control.id(), %error, "a process elsewhere was not ended");
    }
}

// === impl Leash ===

impl Leash {
    /// Kills the process and everything it has started, without waiting for that.
    pub(super) fn kill(&self) {
        let control = self.control.clone();
        self.fleet.spawn(async move { kill(&control).await });
    }

    /// How long output may stay open after the end.
    pub(super) fn drain(&self) -> Option<Duration> {
        self.fleet.drain
    }

    /// The process has ended by itself.
    pub(super) fn release(mut self) {
        self.ended = true;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.fleet.running.lock().remove(&self.name);
        if !self.ended {
            self.kill();
        }
    }
}
