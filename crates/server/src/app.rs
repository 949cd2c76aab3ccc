//! The app face: commands of this machine for clients of the app protocol.
//!
//! [`AppServer`] is what all connections of one server share: the engine, the sandboxes, the
//! description of the machine. [`AppServer::connect`] runs one connection. What a connection starts
//! is its own: ids are scoped to it, and commands end with it, with everything they have started.
//!
//! A request is answered once, whatever the load: what does not fit the bounds of a connection is
//! not read until there is room. Nothing is refused for load.
//!
//! On [`AppServer::shutdown`] every process tree of every connection is gone before it returns.

mod account;
mod audience;
mod choices;
mod commands;
mod config;
mod connection;
mod diagnostics;
mod environment;
mod environments;
mod errors;
mod extensions;
mod face;
mod files;
mod handshake;
mod hooks;
mod methods;
mod models;
mod output;
mod processes;
mod running;
mod sandbox;
mod search;
mod settings;
mod skills;
mod telling;
mod threads;
mod watches;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use outpost_agent::{account::Accounts, config::Configuration};
use outpost_host::{
    environment as machine,
    fs::{ChangeWatches, Files},
    process::{ProcessHost, keeper::Keeper},
    sandbox::Sandboxes,
};
use outpost_protocol::{
    PathUri,
    app::{
        AbsolutePath,
        environment::{EnvironmentInfoResponse, EnvironmentShellInfo},
    },
};
use outpost_rpc::{
    connection::Connection,
    limits::Limits,
    link::{Close, Link},
    router::Router,
};
use tokio::sync::broadcast;

use self::{
    audience::Audience,
    connection::{Call, Client},
    environments::Environments,
    face::Face,
    output::Memory,
};
pub use self::{config::AppConfig, environments::EnvironmentEvent};

/// One app server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppServer {
    shared: Arc<Shared>,
}

/// What all connections share.
pub(crate) struct Shared {
    /// What the administrator, the user and the command line say. Its functions block.
    configuration: Arc<Configuration>,
    /// Who may look at it, and who change it.
    turns: settings::Turns,
    accounts: Arc<Accounts>,
    skills: skills::Shelf,
    host: ProcessHost,
    sandboxes: Sandboxes,
    files: Files,
    watches: ChangeWatches,
    search: search::Desk,
    threads: threads::Desk,
    /// Who is told what all are told.
    audience: Audience,
    environments: Environments,
    /// What one connection may have running in other environments.
    remote_commands: usize,
    machine: Machine,
    /// What output that waits for the end of its command may cost.
    memory: Arc<Memory>,
    limits: Limits,
    router: Router<Call>,
    connections: AtomicU64,
}

/// What a client is told of the machine.
struct Machine {
    home: AbsolutePath,
    name: String,
    installation: String,
    /// The folder that relative ones are relative to.
    cwd: PathBuf,
    /// As an environment.
    info: EnvironmentInfoResponse,
}

// === impl AppServer ===

impl AppServer {
    /// A server that serves nobody yet. Needs a Tokio runtime; it starts no process before the
    /// first command.
    #[must_use]
    pub fn new(config: AppConfig) -> Self {
        let files = Files::new(config.files);
        let drain = config.processes.drain_after_exit;
        let shared = Shared {
            environments: Environments::new(
                &config.environments,
                config.environment_recovery,
                drain,
            ),
            remote_commands: config.processes.processes,
            host: ProcessHost::new(Keeper::new(config.keeper), config.processes),
            sandboxes: Sandboxes::new(config.sandbox),
            watches: ChangeWatches::new(&files),
            files,
            search: search::Desk::new(config.search),
            threads: threads::Desk::new(config.threads),
            audience: Audience::default(),
            machine: Machine::of(&config.configuration),
            accounts: Arc::new(Accounts::new(&config.configuration.places().home)),
            skills: skills::Shelf::new(config.user_home),
            configuration: config.configuration,
            turns: settings::Turns::new(),
            memory: Arc::new(Memory::new(config.buffered_bytes)),
            limits: config.limits,
            router: methods::table(),
            connections: AtomicU64::new(0),
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

    /// Serves one connection until it ends or `stop` is cancelled. `peer` says who it is, in logs.
    pub async fn connect(
        &self,
        link: Link,
        peer: String,
        stop: tokio_util::sync::CancellationToken,
    ) -> Close {
        let number = self.shared.connections.fetch_add(1, Ordering::Relaxed);
        let connection = Connection::new(link, self.shared.limits.clone());
        let client = Arc::new(Client::new(number, connection.peer(), &self.shared));
        let face = Face::new(Arc::clone(&self.shared), Arc::clone(&client));
        tracing::info!(connection = number, %peer, "connected");
        let close = connection.run(face, stop).await;
        client.finish().await;
        self.shared.audience.leave(number);
        self.shared.threads.leave(number);
        tracing::info!(connection = number, %close, "disconnected");
        close
    }

    /// What becomes of the connections to other environments, from now on. A receiver that is slow
    /// to look loses the oldest.
    #[must_use]
    pub fn environment_events(&self) -> broadcast::Receiver<EnvironmentEvent> {
        self.shared.environments.events()
    }

    /// Takes away what is left over and tells of environments that come and go, until
    /// [`AppServer::shutdown`]. Whoever serves runs this once, beside its connections.
    pub async fn keep(&self) {
        tokio::select! {
            () = self.shared.threads.keep(&self.shared.audience) => {}
            () = threads::follow(&self.shared) => {}
        }
    }

    /// Ends the engine and whatever still runs. Connections are to be stopped before.
    pub async fn shutdown(&self) {
        self.shared.threads.close();
        self.shared.skills.shutdown().await;
        self.shared.environments.shutdown().await;
        self.shared.host.shutdown().await;
        self.shared.files.finish().await;
    }
}

// === impl Machine ===

impl Machine {
    fn of(configuration: &Configuration) -> Self {
        let description = machine::describe(Vec::new());
        let cwd = description
            .cwd
            .clone()
            .unwrap_or_else(|| PathBuf::from("/"));
        let home = AbsolutePath::new(&cwd.join(&configuration.places().home));
        Self {
            home: home.expect("a path that begins with the server's own folder is absolute"),
            name: description.hostname.clone().unwrap_or_default(),
            installation: description.provider_id,
            info: EnvironmentInfoResponse {
                shell: EnvironmentShellInfo {
                    name: description.shell.name.to_owned(),
                    path: description.shell.path.to_string_lossy().into_owned(),
                },
                cwd: Some(PathUri::from_path(&cwd)),
            },
            cwd,
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
