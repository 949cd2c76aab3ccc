//! The server's hold on its keeper: start it, ask it for commands, hear what became of them.
//!
//! [`Keeper`] is a cheap handle. The keeper process is started with the first command and again
//! after it was lost. One task per keeper process owns the receiving side of its socket; requests
//! are written by whoever makes them, so a kill is on its way before the call returns.
//!
//! When the last handle is dropped the socket is closed for writing, which ends every tree and the
//! keeper. Dropping a [`Tree`] ends that tree.
//!
//! Bounded: at most [`KeeperConfig::max_processes`] living trees, and requests of at most
//! `REQUEST_BYTES` on their way to the keeper; further starts wait.

mod direct;
mod error;
mod gone;
mod link;
mod request;
mod start;
mod tree;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::{
    direct::Direct,
    link::Link,
    request::{check, encode},
};
pub use self::{
    error::SpawnError,
    request::{OutputEnds, RawExit, SpawnRequest, Spawned, StdioPlan},
    tree::Tree,
};
use super::protect::room_for_commands;
use crate::keeper::Mode;

/// How many trees may live at once unless the caller says otherwise. Well below the 32,768
/// processes of a small machine, and with four descriptors each below the usual hard limit.
pub const MAX_PROCESSES: usize = 4096;

/// How long [`Keeper::shutdown`] waits for everything to be gone. SIGKILL takes milliseconds; what
/// needs longer hangs in the kernel, and the keeper stays with it after we have left.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// How the keeper is to be run.
#[derive(Debug, Clone)]
pub struct KeeperConfig {
    /// Which program becomes the keeper.
    pub program: KeeperProgram,
    /// How trees are kept together.
    pub containment: Containment,
    /// How many trees may live at once; fewer when this process has no descriptors for so many.
    pub max_processes: usize,
}

/// Which program becomes the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeeperProgram {
    /// This program again, as `PROGRAM keeper`. Its `main` must begin with
    /// [`dispatch`](crate::keeper::dispatch).
    CurrentExe,
    /// Another program whose `main` begins with [`dispatch`](crate::keeper::dispatch).
    Path(PathBuf),
    /// None: commands are children of this process. What is then **not** promised: the death of
    /// this process by SIGKILL leaves its commands alive; a process that calls `setsid` and loses
    /// its parent before the tree is killed escapes; that a tree is empty is noticed late.
    None,
}

/// How trees are kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Containment {
    /// By cgroup where one can be made, else by subreaper.
    #[default]
    Auto,
    /// By cgroup or not at all.
    Cgroup,
    /// By subreaper, also where a cgroup could be made.
    Subreaper,
}

/// A handle on the keeper. Cheap to clone; when the last clone is dropped everything is ended.
#[derive(Debug, Clone)]
pub struct Keeper {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: KeeperConfig,
    /// The keeper in use. Held across its start, so that there is never a second one.
    link: tokio::sync::Mutex<Option<Arc<Link>>>,
    direct: Direct,
    /// What the keeper in use works with; apart from `link` to be read without waiting.
    mode: parking_lot::Mutex<Option<Mode>>,
    /// One permit per living tree.
    trees: Arc<Semaphore>,
    /// How many permits there are.
    max_processes: usize,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

// === impl KeeperConfig ===

impl Default for KeeperConfig {
    fn default() -> Self {
        Self {
            program: KeeperProgram::CurrentExe,
            containment: Containment::Auto,
            max_processes: MAX_PROCESSES,
        }
    }
}

// === impl Keeper ===

impl Keeper {
    /// A handle; the keeper process is started with the first command.
    pub fn new(config: KeeperConfig) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let max_processes = config.max_processes.min(room_for_commands());
        let inner = Inner {
            link: tokio::sync::Mutex::new(None),
            direct: Direct::new(tasks.clone(), stop.clone()),
            mode: parking_lot::Mutex::new(None),
            trees: Arc::new(Semaphore::new(max_processes)),
            max_processes,
            tasks,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            config,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Starts a command and returns once it runs. Must be called within a Tokio runtime with I/O
    /// and time.
    ///
    /// Dropping the future ends whatever it may have started.
    ///
    /// # Errors
    /// When nothing was started; see [`SpawnError`].
    pub async fn spawn(&self, request: SpawnRequest) -> Result<Spawned, SpawnError> {
        let inner = &self.inner;
        check(&request)?;
        let permit = inner.trees.clone().try_acquire_owned();
        let permit = permit.map_err(|_| SpawnError::TooMany {
            limit: inner.max_processes,
        })?;
        let (program, directory) = (request.argv[0].clone(), request.cwd.clone());
        let command = encode(request);
        let started = if inner.config.program == KeeperProgram::None {
            inner.direct.spawn(&command, permit)
        } else {
            self.link().await?.spawn(command, permit).await
        };
        started
            .map_err(|failure| failure.explain(program, directory))?
            .try_into()
    }

    /// Ends every tree and the keeper, and waits until they are gone, for some seconds at most.
    /// Starts after this fail.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(SHUTDOWN, self.inner.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("some processes cannot be ended yet; the keeper stays with them");
        }
    }

    /// How the keeper that was started last keeps trees together. `None` before the first start,
    /// and always without a keeper.
    pub fn containment(&self) -> Option<Mode> {
        *self.inner.mode.lock()
    }

    async fn link(&self) -> Result<Arc<Link>, SpawnError> {
        let inner = &self.inner;
        let mut current = inner.link.lock().await;
        if inner.stop.is_cancelled() {
            return Err(SpawnError::KeeperLost);
        }
        match &*current {
            Some(link) if !link.is_lost() => Ok(link.clone()),
            _ => {
                let started = start::start(&inner.config, inner.stop.clone(), &inner.tasks).await;
                let link = started.map_err(|source| SpawnError::KeeperStart { source })?;
                *inner.mode.lock() = Some(link.mode());
                *current = Some(link.clone());
                Ok(link)
            }
        }
    }
}
