//! The helpers of one connection: one for each policy, started at its first call, kept warm.
//!
//! A helper is found by its walls, which are the same as long as the policy means the same on this
//! computer. Callers that come while it starts wait for it; one that has ended is started again by
//! the next call. At most [`HELPERS`] run: the one that was used longest ago makes room, unless it
//! holds files open. One that was not used for [`IDLE`] is ended.
//!
//! Dropping them ends all of them; [`Helpers::finish`] waits until they are gone.

use std::{collections::BTreeMap, env, path::PathBuf, sync::Arc, time::Duration};

use outpost_host::{
    process::{ProcessHost, ResourceLimits, Spec, StartError, Stdio, keeper::SpawnError},
    sandbox::Walls,
};
use outpost_protocol::RpcError;
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    helper::Helper,
    inside,
    shelf::{Shelf, Taken},
};
use crate::exec::errors;

/// Helpers of one connection. A client has a policy for what it looks at and one for what it
/// changes, and another pair where a user has approved more.
pub(in crate::exec) const HELPERS: usize = 4;

/// How long an unused one is kept: longer than a model thinks between two calls.
pub(in crate::exec) const IDLE: Duration = Duration::from_secs(60);

/// The helpers of one connection.
pub(in crate::exec) struct Helpers {
    host: ProcessHost,
    shelf: Arc<Mutex<Shelf<Arc<Walls>, Arc<Slot>>>>,
    /// An entry of the shelf is used less than before.
    moved: Arc<Notify>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// The place of a helper; held while it is started.
#[derive(Debug, Default)]
struct Slot {
    helper: tokio::sync::Mutex<Option<Arc<Helper>>>,
}

/// A helper that does a call. Dropping it ends the call's use of it.
pub(super) struct Turn<'a> {
    pub(super) helper: Arc<Helper>,
    lease: Lease<'a>,
}

/// No helper does a call.
pub(super) struct NotTaken {
    /// Its walls could not be raised.
    pub(super) raising: bool,
    pub(super) error: RpcError,
}

struct Lease<'a> {
    helpers: &'a Helpers,
    number: u64,
}

/// A use of a helper by a file that is open in it.
pub(super) struct Hold {
    shelf: Arc<Mutex<Shelf<Arc<Walls>, Arc<Slot>>>>,
    moved: Arc<Notify>,
    number: u64,
}

// === impl Helpers ===

impl Helpers {
    /// None run yet.
    pub(in crate::exec) fn new(host: ProcessHost) -> Self {
        let stop = CancellationToken::new();
        Self {
            host,
            shelf: Arc::new(Mutex::new(Shelf::new(HELPERS, IDLE))),
            moved: Arc::new(Notify::new()),
            tasks: TaskTracker::new(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Ends all of them and waits until they are gone.
    pub(in crate::exec) async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The helper behind these walls, running. `answer_bytes` is what its client can take.
    pub(super) async fn take(
        &self,
        walls: &Arc<Walls>,
        answer_bytes: Option<u64>,
    ) -> Result<Turn<'_>, NotTaken> {
        let (lease, slot) = self.lease(walls).await?;
        let mut current = slot.helper.lock().await;
        if let Some(helper) = current.as_ref().filter(|helper| !helper.has_ended()) {
            let helper = Arc::clone(helper);
            return Ok(Turn { helper, lease });
        }
        let started = self
            .host
            .spawn(&spec(Arc::clone(walls), answer_bytes))
            .await;
        let started = started.map_err(|error| NotTaken {
            raising: matches!(error, StartError::Spawn(SpawnError::Walls { .. })),
            error: errors::helper(&error),
        })?;
        let helper = Helper::new(started, &self.tasks, &self.stop);
        let helper = Arc::new(
            helper.map_err(|error| NotTaken::refused(RpcError::internal(error.to_string())))?,
        );
        *current = Some(Arc::clone(&helper));
        Ok(Turn { helper, lease })
    }

    async fn lease(&self, walls: &Arc<Walls>) -> Result<(Lease<'_>, Arc<Slot>), NotTaken> {
        loop {
            // Before the look, so that nothing that comes after it is missed.
            let moved = self.moved.notified();
            let taken = self.shelf.lock().take(walls, Instant::now(), Arc::default);
            match taken {
                Taken::Value {
                    number,
                    value,
                    given_up,
                } => {
                    // What made room is used by nobody: this ends it.
                    drop(given_up);
                    self.watch_idleness();
                    let helpers = self;
                    return Ok((Lease { helpers, number }, value));
                }
                Taken::AllBusy => moved.await,
                Taken::AllHeld => {
                    return Err(NotTaken::refused(RpcError::invalid_request(format!(
                        "files are open under {HELPERS} other policies on this connection; close \
                         those of one of them first"
                    ))));
                }
            }
        }
    }

    /// Has what nobody uses ended in time. The task runs while there are helpers.
    fn watch_idleness(&self) {
        if !self.tasks.is_empty() {
            return;
        }
        let (shelf, moved) = (Arc::clone(&self.shelf), Arc::clone(&self.moved));
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = end_the_idle(&shelf, &moved) => {}
            }
        });
    }
}

/// Ends what is idle for long enough, for ever.
async fn end_the_idle(shelf: &Mutex<Shelf<Arc<Walls>, Arc<Slot>>>, moved: &Notify) {
    loop {
        let changed = moved.notified();
        let next = {
            let mut shelf = shelf.lock();
            drop(shelf.expire(Instant::now()));
            shelf.next_expiry()
        };
        match next {
            Some(next) => tokio::select! {
                () = sleep_until(next) => {}
                () = changed => {}
            },
            None => changed.await,
        }
    }
}

/// How a helper is started: our own program, as it is mapped into whoever starts it.
fn spec(walls: Arc<Walls>, answer_bytes: Option<u64>) -> Spec {
    let mut env = BTreeMap::from([inside::mark(answer_bytes)]);
    // Where the loader finds the libraries of a program that is not linked statically.
    if let Ok(libraries) = env::var("LD_LIBRARY_PATH") {
        env.insert("LD_LIBRARY_PATH".to_owned(), libraries);
    }
    Spec {
        argv: vec!["/proc/self/exe".to_owned(), inside::SUBCOMMAND.to_owned()],
        arg0: Some("outpost".to_owned()),
        cwd: PathBuf::from("/"),
        env_policy: None,
        env,
        stdio: Stdio::Pipes { stdin: true },
        timeout: None,
        limits: ResourceLimits::default(),
        walls: Some(walls),
    }
}

impl std::fmt::Debug for Helpers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helpers").finish_non_exhaustive()
    }
}

// === impl NotTaken ===

impl NotTaken {
    fn refused(error: RpcError) -> Self {
        Self {
            raising: false,
            error,
        }
    }
}

// === impl Turn ===

impl Turn<'_> {
    /// Keeps the helper for a file that was opened in it.
    pub(super) fn hold(&self) -> Hold {
        let Lease { helpers, number } = self.lease;
        helpers.shelf.lock().hold(number);
        Hold {
            shelf: Arc::clone(&helpers.shelf),
            moved: Arc::clone(&helpers.moved),
            number,
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let helpers = self.helpers;
        helpers.shelf.lock().give_back(self.number, Instant::now());
        helpers.moved.notify_waiters();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shelf.lock().let_go(self.number, Instant::now());
        self.moved.notify_waiters();
    }
}
