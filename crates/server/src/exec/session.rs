//! One session: what outlives a connection.

use outpost_host::process::{Process, ProcessHost, Processes};
use outpost_rpc::link::FrameSender;
use parking_lot::Mutex;
use uuid::Uuid;

use super::feed::Feed;

/// A session and its processes.
pub(crate) struct Session {
    /// 122 random bits: whoever knows it may resume.
    pub(crate) id: String,
    pub(crate) processes: Processes,
    /// Where its events go: the connection's number and queue. None while detached.
    feed: Mutex<Option<(u64, FrameSender)>>,
}

// === impl Session ===

impl Session {
    pub(crate) fn new(host: ProcessHost) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            processes: Processes::new(host),
            feed: Mutex::new(None),
        }
    }

    /// Sends the events of every process to this connection from now on.
    pub(crate) fn attach(&self, connection: u64, outbox: &FrameSender) {
        // Held to the end: a connection that ends at this moment must not detach what this attaches.
        let mut feed = self.feed.lock();
        *feed = Some((connection, outbox.clone()));
        for process in self.processes.live() {
            process.attach(Box::new(Feed::new(outbox)));
        }
    }

    /// The connection has ended; unless another one has taken its place, nobody is told of events
    /// any more.
    pub(crate) fn detach(&self, connection: u64) {
        let mut feed = self.feed.lock();
        if feed
            .as_ref()
            .is_some_and(|(holder, _)| *holder == connection)
        {
            *feed = None;
            self.processes.live().iter().for_each(Process::detach);
        }
    }

    /// Sends the events of a process that has just started to whoever is attached now, unless a
    /// resume has done so already: what the first one is told begins with the first event, and what
    /// another one is told would not.
    pub(crate) fn introduce(&self, process: &Process) {
        let feed = self.feed.lock();
        if let Some((_, outbox)) = &*feed {
            process.attach_if_alone(Box::new(Feed::new(outbox)));
        }
    }

    /// Sends the events of one process to whoever is attached now.
    pub(crate) fn follow(&self, process: &Process) {
        let feed = self.feed.lock();
        if let Some((_, outbox)) = &*feed {
            process.attach(Box::new(Feed::new(outbox)));
        }
    }

    /// Whether this connection is told of events.
    pub(crate) fn feeds(&self, connection: u64) -> bool {
        self.feed
            .lock()
            .as_ref()
            .is_some_and(|(holder, _)| *holder == connection)
    }

    /// Whether nothing is lost with it.
    pub(crate) fn is_idle(&self) -> bool {
        self.processes.live().is_empty()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The id is a secret.
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
