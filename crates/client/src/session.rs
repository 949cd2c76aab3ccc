//! One session with a server: connected when first needed, reconnected when lost.
//!
//! [`Core`] is what handles hold; the last one to go takes the connection with it. A single task
//! (`session/run.rs`) owns the connection; everybody else reads the [`Phase`] it publishes.
//!
//! Calls come in two kinds. What may be asked twice ([`Core::repeat`]) is asked again after a
//! lost connection was resumed. What may not ([`Core::once`]) fails as unanswered.

mod calls;
mod chores;
mod inbound;
mod open;
mod run;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use outpost_protocol::exec::environment::{Capabilities, EnvironmentInfo};
use outpost_rpc::peer::Peer;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, broadcast, oneshot, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::chores::Chores;
pub(crate) use self::{
    calls::{Failed, ask},
    chores::{Chore, Pressure},
};
use crate::{
    ClientError, ConnectError, ConnectOptions, ConnectionEvent, Connector, Standing,
    http::BodyInbox, process::Inbox,
};

/// A session, for as long as somebody holds it.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    /// The connection's task. Dropping it cuts the connection.
    task: Mutex<JoinSet<()>>,
}

/// What the connection's task and the handles share.
pub(crate) struct Shared {
    pub(crate) connector: Box<dyn Connector>,
    pub(crate) options: ConnectOptions,
    phase: watch::Sender<Phase>,
    /// Somebody wants a connection.
    wanted: Notify,
    closing: CancellationToken,
    events: broadcast::Sender<ConnectionEvent>,
    /// Those whose notifications somebody takes. Locked for a look-up.
    pub(crate) processes: Mutex<HashMap<String, Arc<Inbox>>>,
    /// Of this connection; each ends with it.
    pub(crate) bodies: Mutex<HashMap<String, Arc<BodyInbox>>>,
    /// Of this connection; each ends with it.
    pub(crate) watches: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    pub(crate) chores: Chores,
    pub(crate) pressure: Arc<Pressure>,
    /// The server can stop the notifications of one process. Known from the first handshake on,
    /// and used also while a later one is under way.
    can_stop: AtomicBool,
    names: AtomicU64,
}

/// Where the session stands.
#[derive(Clone, Debug)]
enum Phase {
    /// There was no connection yet.
    Unconnected {
        /// Attempts that failed.
        attempts: u64,
        /// How the last one failed.
        failure: Option<ConnectError>,
        /// One is under way.
        trying: bool,
    },
    /// There is one.
    Live(Live),
    /// It was lost and may come back.
    Recovering,
    /// It will not.
    Ended(ClientError),
}

/// A connection that is ready for calls.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) peer: Peer,
    /// Counts the connections of the session.
    pub(crate) generation: u64,
    pub(crate) session_id: Arc<str>,
    /// Absent from servers of the older dialect.
    pub(crate) info: Option<Arc<EnvironmentInfo>>,
}

/// Connection events kept for a subscriber that is slow to look.
const EVENTS: usize = 64;

// === impl Core ===

impl Core {
    pub(crate) fn new(connector: Box<dyn Connector>, options: ConnectOptions) -> Arc<Self> {
        let phase = Phase::Unconnected {
            attempts: 0,
            failure: None,
            trying: false,
        };
        let shared = Shared {
            connector,
            options,
            phase: watch::Sender::new(phase),
            wanted: Notify::new(),
            closing: CancellationToken::new(),
            events: broadcast::Sender::new(EVENTS),
            processes: Mutex::default(),
            bodies: Mutex::default(),
            watches: Mutex::default(),
            chores: Chores::default(),
            pressure: Arc::default(),
            can_stop: AtomicBool::new(false),
            names: AtomicU64::new(1),
        };
        Arc::new(Self {
            shared: Arc::new(shared),
            task: Mutex::default(),
        })
    }

    /// A connection that is ready for calls; makes the first one, and waits while a lost one may
    /// come back.
    pub(crate) async fn live(&self) -> Result<Live, ClientError> {
        self.run();
        let mut phase = self.shared.phase.subscribe();
        let mut failed_before = None;
        loop {
            match &*phase.borrow_and_update() {
                Phase::Live(live) if !live.peer.is_closed() => return Ok(live.clone()),
                // The task is about to see the end of that one.
                Phase::Live(_) | Phase::Recovering => {}
                Phase::Ended(error) => return Err(error.clone()),
                Phase::Unconnected {
                    attempts,
                    failure,
                    trying,
                } => {
                    let before = *failed_before.get_or_insert(*attempts);
                    match failure {
                        Some(failure) if *attempts > before => return Err(failure.clone().into()),
                        Some(_) | None if !trying => self.shared.wanted.notify_one(),
                        Some(_) | None => {}
                    }
                }
            }
            if phase.changed().await.is_err() {
                return Err(ClientError::Closed);
            }
        }
    }

    /// The connection events from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.shared.events.subscribe()
    }

    /// Where the connection stands now.
    pub(crate) fn standing(&self) -> Standing {
        match &*self.shared.phase.borrow() {
            Phase::Unconnected {
                failure, trying, ..
            } => Standing::Unconnected {
                failure: failure.clone(),
                connecting: *trying,
            },
            Phase::Live(live) if !live.peer.is_closed() => Standing::Connected,
            // The task is about to see the end of that one.
            Phase::Live(_) | Phase::Recovering => Standing::Recovering,
            Phase::Ended(error) => Standing::Ended(error.clone()),
        }
    }

    /// Ends the connection properly and waits until it has ended.
    pub(crate) async fn close(&self) {
        self.shared.closing.cancel();
        let mut task = std::mem::take(&mut *self.task.lock());
        while task.join_next().await.is_some() {}
        self.shared.end(&ClientError::Closed);
    }

    /// Starts the connection's task, which then waits until it is wanted.
    fn run(&self) {
        let mut task = self.task.lock();
        if task.is_empty() && !self.shared.closing.is_cancelled() {
            task.spawn(run::run(Arc::clone(&self.shared)));
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // Streams may outlive the core by an instant; they must not wait for ever.
        self.shared.end(&ClientError::Closed);
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.shared.connector.describe();
        f.debug_struct("Environment")
            .field("server", &server)
            .finish_non_exhaustive()
    }
}

// === impl Live ===

impl Live {
    /// What the server can do beyond the older dialect.
    pub(crate) fn can(&self) -> Capabilities {
        self.info
            .as_ref()
            .map(|info| info.capabilities)
            .unwrap_or_default()
    }
}

// === impl Shared ===

impl Shared {
    /// A number that no other name of this environment has.
    pub(crate) fn next_name(&self) -> u64 {
        self.names.fetch_add(1, Ordering::Relaxed)
    }

    fn tell(&self, event: ConnectionEvent) {
        tracing::debug!(?event, "connection");
        // Without subscribers there is nobody to tell.
        drop(self.events.send(event));
    }

    /// What ends with a connection.
    fn connection_ended(&self, reason: &str) {
        self.watches.lock().clear();
        let bodies = std::mem::take(&mut *self.bodies.lock());
        let words = format!("the connection was lost: {reason}");
        for body in bodies.into_values() {
            body.fail(ClientError::Body {
                words: words.clone(),
            });
        }
    }

    /// The end of everything: whoever waits is told once. The first reason stays.
    fn end(&self, error: &ClientError) {
        self.phase.send_if_modified(|phase| match phase {
            Phase::Ended(_) => false,
            Phase::Unconnected { .. } | Phase::Live(_) | Phase::Recovering => {
                *phase = Phase::Ended(error.clone());
                true
            }
        });
        self.connection_ended(&error.to_string());
        let processes = std::mem::take(&mut *self.processes.lock());
        for process in processes.into_values() {
            process.fail(error.clone());
        }
    }
}
