//! The exec face: processes, files and HTTP of this machine for JSON-RPC clients.
//!
//! [`ExecServer`] is what all connections of one server share: the engine, the sessions, the
//! description of the machine. [`ExecServer::connect`] runs one connection. Sessions outlive
//! connections: what a session owns (its processes) ends when nobody has come back for the time
//! to live; what a connection owns (open files, watches, streamed bodies) ends with it.
//!
//! On [`ExecServer::shutdown`] every process tree of every session is gone before it returns.

mod config;
mod connection;
mod environment;
pub(crate) mod errors;
mod face;
mod feed;
mod fs;
mod handshake;
mod http;
mod methods;
mod process;
mod reaper;
pub(crate) mod sandbox;
mod session;
mod sessions;
mod watch;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use outpost_host::{
    environment::{self as machine, Places},
    fs::{Files, MissingWatch},
    http::{HeaderVariables, HttpClient, HttpConfig},
    process::{ProcessHost, keeper::Keeper},
    sandbox::Sandboxes,
};
use outpost_protocol::exec::environment::EnvironmentInfo;
use outpost_rpc::{
    connection::Connection,
    limits::Limits,
    link::{Close, Link},
    router::Router,
};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::config::ExecConfig;
use self::{
    connection::{Call, Client},
    face::Face,
    session::Session,
    sessions::Sessions,
};

/// One exec server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ExecServer {
    shared: Arc<Shared>,
}

/// What all connections share.
pub(crate) struct Shared {
    host: ProcessHost,
    sandboxes: Sandboxes,
    files: Files,
    watches: MissingWatch,
    http: HttpClient,
    info: EnvironmentInfo,
    places: Places,
    /// Turns of look-ups that read many files.
    lookups: Arc<Semaphore>,
    hostname: Option<String>,
    limits: Limits,
    router: Router<Call>,
    /// Locked for a look-up or a change of state, never across an await.
    sessions: Mutex<Sessions<Arc<Session>, Arc<Client>>>,
    /// Wakes the reaper when the next expiry may have moved.
    changed: Notify,
    connections: AtomicU64,
    stopped: CancellationToken,
}

// === impl ExecServer ===

impl ExecServer {
    /// A server that serves nobody yet. Needs a Tokio runtime; it starts no process before the
    /// first command.
    #[must_use]
    pub fn new(config: ExecConfig) -> Self {
        let description = machine::describe(Vec::new());
        let files = Files::new(config.files);
        let header_variables = HeaderVariables::from_process(config.http_env);
        let shared = Shared {
            host: ProcessHost::new(Keeper::new(config.keeper), config.processes),
            sandboxes: Sandboxes::new(config.sandbox),
            watches: MissingWatch::new(&files),
            files,
            http: HttpClient::new(HttpConfig {
                header_variables,
                ..HttpConfig::default()
            }),
            info: environment::info(&description),
            places: Places::of(&description),
            lookups: Arc::new(Semaphore::new(environment::LOOKUPS)),
            hostname: description.hostname.clone(),
            limits: config.limits,
            router: methods::table(),
            sessions: Mutex::new(Sessions::new(config.session_ttl, config.max_sessions)),
            changed: Notify::new(),
            connections: AtomicU64::new(0),
            stopped: CancellationToken::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The bounds of a connection, for its transport.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Serves one connection until it ends or `stop` is cancelled. `peer` is how malformed input
    /// is told: `websocket 127.0.0.1:4711` or `stdio`.
    pub async fn connect(&self, link: Link, peer: String, stop: CancellationToken) -> Close {
        let number = self.shared.connections.fetch_add(1, Ordering::Relaxed);
        let connection = Connection::new(link, self.shared.limits.clone());
        let client = Arc::new(Client::new(
            number,
            connection.peer(),
            &self.shared.files,
            &self.shared.host,
        ));
        let face = Face::new(Arc::clone(&self.shared), Arc::clone(&client), peer);
        tracing::info!(connection = number, "connected");
        let close = connection.run(face, stop).await;
        client.finish().await;
        tracing::info!(connection = number, %close, "disconnected");
        close
    }

    /// Ends what expires. Runs until [`ExecServer::shutdown`].
    pub async fn reap(&self) {
        reaper::run(&self.shared).await;
    }

    /// Ends every session with its processes, and the engine. Connections are to be stopped
    /// before.
    pub async fn shutdown(&self) {
        self.shared.stopped.cancel();
        let sessions = self.shared.sessions.lock().drain();
        reaper::end_all(sessions, outpost_host::process::EndCause::Shutdown).await;
        self.shared.host.shutdown().await;
        self.shared.files.finish().await;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("sessions", &self.sessions.lock().len())
            .finish_non_exhaustive()
    }
}
