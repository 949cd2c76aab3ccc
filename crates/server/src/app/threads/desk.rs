//! The threads of a server, its clock beside them, and who is told.
//!
//! Whoever tells clients of a thread holds the lock meanwhile, which makes one order of what all
//! of them are told.

use outpost_agent::threads::{Loaded, Now, ThreadId, ThreadLimits, Threads, Watcher};
use outpost_protocol::app::{
    environment::{Connected, Disconnected, EnvironmentConnectionNotification},
    thread::{
        Closed, NameUpdated, SettingsUpdated, Started, StatusChanged, ThreadClosedNotification,
        ThreadNameUpdatedNotification, ThreadSettingsUpdatedNotification,
        ThreadStartedNotification, ThreadStatus, ThreadStatusChangedNotification,
    },
};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::app::{audience::Audience, connection::now_ms};

/// See the module.
pub(in crate::app) struct Desk {
    /// Locked for a decision and for telling of it, never across an await.
    threads: Mutex<Threads>,
    /// A thread may have to go sooner than was known.
    left: Notify,
    began: Instant,
    closing: CancellationToken,
}

// === impl Desk ===

impl Desk {
    pub(in crate::app) fn new(limits: ThreadLimits) -> Self {
        Self {
            threads: Mutex::new(Threads::new(limits)),
            left: Notify::new(),
            began: Instant::now(),
            closing: CancellationToken::new(),
        }
    }

    /// Decides something.
    pub(super) fn decide<T>(&self, decision: impl FnOnce(&mut Threads, Now) -> T) -> T {
        let now = Now {
            wall: now_ms() / 1000,
            running: self.began.elapsed(),
        };
        let decided = decision(&mut self.threads.lock(), now);
        self.left.notify_one();
        decided
    }

    /// Looks at a thread; `None` if it is not at hand.
    pub(super) fn look<T>(&self, id: ThreadId, look: impl FnOnce(&Loaded) -> T) -> Option<T> {
        self.threads.lock().get(id).map(look)
    }

    /// The connection of this number is gone.
    pub(in crate::app) fn leave(&self, number: u64) {
        self.decide(|threads, now| threads.leave(Watcher(number), now));
    }

    /// Everybody is told that a thread has begun, as it is now.
    pub(super) fn tell_started(&self, id: ThreadId, audience: &Audience) {
        self.look(id, |loaded| {
            let thread = loaded.shown();
            audience.tell_all::<Started>(&ThreadStartedNotification { thread });
        });
    }

    /// Everybody is told what a thread is called now.
    pub(super) fn tell_name(&self, id: ThreadId, audience: &Audience) {
        self.look(id, |loaded| {
            audience.tell_all::<NameUpdated>(&ThreadNameUpdatedNotification {
                thread_id: id.to_string(),
                thread_name: loaded.name().map(str::to_owned),
            });
        });
    }

    /// Those that want to know are told how a thread's turns are done now.
    pub(super) fn tell_settings(&self, id: ThreadId, audience: &Audience) {
        self.look(id, |loaded| {
            let told = ThreadSettingsUpdatedNotification {
                thread_id: id.to_string(),
                thread_settings: loaded.settings().told.clone(),
            };
            let watchers = loaded.watchers().map(|watcher| watcher.0);
            audience.tell::<SettingsUpdated>(watchers, &told);
        });
    }

    /// Those that watch a thread which has this environment are told what became of it.
    pub(super) fn tell_connection(&self, id: &str, connected: bool, audience: &Audience) {
        let threads = self.threads.lock();
        for loaded in threads.iter().filter(|loaded| loaded.has_environment(id)) {
            let told = EnvironmentConnectionNotification {
                thread_id: loaded.id().to_string(),
                environment_id: id.to_owned(),
            };
            let watchers = loaded.watchers().map(|watcher| watcher.0);
            match connected {
                true => audience.tell::<Connected>(watchers, &told),
                false => audience.tell::<Disconnected>(watchers, &told),
            }
        }
    }

    /// Takes threads away that are over, until [`Desk::close`].
    pub(in crate::app) async fn keep(&self, audience: &Audience) {
        loop {
            let next = self.threads.lock().next_expiry();
            let expiry = async {
                match next {
                    Some(next) => tokio::time::sleep_until(self.began + next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = self.left.notified() => {}
                () = expiry => self.expire(audience),
            }
        }
    }

    fn expire(&self, audience: &Audience) {
        let running = self.began.elapsed();
        let wall = now_ms() / 1000;
        let mut threads = self.threads.lock();
        for id in threads.expire(Now { wall, running }) {
            tracing::info!(thread = %id, "unloaded");
            tell_gone(id, audience);
        }
    }

    /// Ends [`Desk::keep`].
    pub(in crate::app) fn close(&self) {
        self.closing.cancel();
    }
}

/// Everybody is told that a thread is gone.
pub(super) fn tell_gone(id: ThreadId, audience: &Audience) {
    let thread_id = id.to_string();
    audience.tell_all::<StatusChanged>(&ThreadStatusChangedNotification {
        thread_id: thread_id.clone(),
        status: ThreadStatus::NotLoaded,
    });
    audience.tell_all::<Closed>(&ThreadClosedNotification { thread_id });
}
