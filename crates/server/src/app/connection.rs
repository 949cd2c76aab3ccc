//! What a connection owns: who its client is, the commands it has started.
//!
//! Everything here ends with the connection.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use outpost_host::process::{EndCause, Processes};
use outpost_protocol::{Notification, app};
use outpost_rpc::{frame::Frame, peer::Peer};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Shared,
    audience::News,
    handshake::Identity,
    running::{Family, Running},
    search, settings,
    watches::Watches,
};

/// One connected client.
pub(crate) struct Client {
    /// Names the connection in this server and its logs.
    pub(super) number: u64,
    pub(super) peer: Peer,
    /// Set once, by a successful `initialize`.
    identity: OnceLock<Identity>,
    /// What it has been told of files of the configuration that are broken.
    pub(super) told: Mutex<settings::Told>,
    /// What it is still to be told of what all are.
    pub(super) news: News,
    /// Everything it has started, under names that it does not know.
    pub(super) processes: Processes,
    names: AtomicU64,
    /// As much as it may have running on other machines.
    pub(super) remote_slots: Arc<Semaphore>,
    /// What runs and has a name of the client's. Locked for a look-up, never across an await.
    running: Mutex<HashMap<(Family, String), Running>>,
    pub(super) watches: Watches,
    pub(super) searches: search::Running,
    /// Waits for the ends of what it has started.
    tasks: TaskTracker,
    ended: CancellationToken,
}

/// What a handler gets besides the parameters.
#[derive(Clone)]
pub(crate) struct Call {
    pub(super) server: Arc<Shared>,
    pub(super) client: Arc<Client>,
}

// === impl Client ===

impl Client {
    pub(super) fn new(number: u64, peer: Peer, server: &Shared) -> Self {
        Self {
            number,
            peer,
            identity: OnceLock::new(),
            told: Mutex::default(),
            news: News::default(),
            processes: Processes::new(server.host.clone()),
            names: AtomicU64::new(0),
            remote_slots: Arc::new(Semaphore::new(server.remote_commands)),
            running: Mutex::default(),
            watches: Watches::default(),
            searches: search::Running::default(),
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
        }
    }

    /// Who the client is, once it has said so.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    /// The client has said who it is. The gate lets only one `initialize` pass, and looks at
    /// nothing else meanwhile, so the first word is the only one.
    pub(super) fn introduce(&self, identity: Identity) {
        self.identity.get_or_init(|| identity);
    }

    /// Whether the client is to be told of this.
    pub(super) fn wants(&self, notification: &str) -> bool {
        self.identity()
            .is_some_and(|client| client.wants(notification))
    }

    /// Tells the client something, if it wants to be told; waits for room to.
    pub(super) async fn notify<N: Notification>(&self, params: &N::Params) {
        if !self.wants(N::NAME) {
            return;
        }
        let text = app::notification::<N>(params, now_ms());
        let text = text.expect("what is told is JSON");
        // A connection that has ended need not be told.
        drop(self.peer.outbox().send(Frame::Text(text)).await);
    }

    /// A name for a process that nothing of this connection has had.
    pub(super) fn fresh_name(&self) -> String {
        self.names.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// What runs under a name of the client's.
    pub(super) fn running(&self, family: Family, id: &str) -> Option<Running> {
        self.running.lock().get(&(family, id.to_owned())).cloned()
    }

    /// From now on this is what runs under a name.
    pub(super) fn runs(&self, family: Family, id: &str, running: Running) {
        self.running.lock().insert((family, id.to_owned()), running);
    }

    /// Nothing runs under a name any more.
    pub(super) fn forget(&self, family: Family, id: &str) {
        self.running.lock().remove(&(family, id.to_owned()));
    }

    /// Runs something until it is done or the connection has ended.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Whether the connection has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// The connection has ended.
    pub(super) fn end(&self) {
        self.ended.cancel();
        self.tasks.close();
    }

    /// Ends everything it has started, and waits until nothing is left of it.
    pub(super) async fn finish(&self) {
        self.end();
        self.tasks.wait().await;
        self.running.lock().clear();
        self.searches.clear();
        self.processes.end_all(EndCause::Expired).await;
    }
}

/// Now, in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
