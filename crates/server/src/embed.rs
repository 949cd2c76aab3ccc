//! A server in this process: the same face on one end of a link.
//!
//! There is no second stack: a caller gets the other end of a [`Link::pair`] and talks the
//! protocol, through `outpost_client`, by hand, or through the [`AppHandle`] of [`app()`]. With
//! `outpost_server::dispatch()` first in `main`, commands are held by a keeper as under a server of
//! its own; without it see
//! [`KeeperProgram::None`](outpost_host::process::keeper::KeeperProgram::None) for what is then
//! not promised.

mod app;
mod calls;
mod event;
mod handle;
mod inbox;
mod legacy;
mod queue;
mod reader;
mod refusals;
mod tier;
mod wire;

use std::sync::Arc;

use outpost_client::{ConnectError, ConnectOptions, Connector, Environment, Transport};
use outpost_rpc::{link::Link, router::BoxFuture};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::{
    app::{AppArgs, ClientArgs, Delivery, app, attach},
    event::{ClientRequest, Event, LegacyEvent, ServerNotification, ServerRequest},
    handle::AppHandle,
};
use crate::{
    app::{AppConfig, AppServer},
    exec::{ExecConfig, ExecServer},
    serve::Server,
};

/// A server without a listener. Dropping it stops it without waiting; [`Embedded::shutdown`] waits
/// until every process is gone.
#[derive(Debug)]
pub struct Embedded<S> {
    server: S,
    stop: CancellationToken,
    tasks: Mutex<JoinSet<()>>,
}

/// An exec server without a listener.
pub type EmbeddedExec = Embedded<ExecServer>;

/// An app server without a listener.
pub type EmbeddedApp = Embedded<AppServer>;

// === impl Embedded ===

impl EmbeddedExec {
    /// Starts it on the current runtime.
    #[must_use]
    pub fn new(config: ExecConfig) -> Self {
        Self::of(ExecServer::new(config))
    }
}

impl EmbeddedApp {
    /// Starts it on the current runtime.
    #[must_use]
    pub fn new(config: AppConfig) -> Self {
        Self::of(AppServer::new(config))
    }
}

impl<S: Server> Embedded<S> {
    fn of(server: S) -> Self {
        let mut tasks = JoinSet::new();
        let beside = server.clone();
        tasks.spawn(async move { beside.background().await });
        Self {
            server,
            stop: CancellationToken::new(),
            tasks: Mutex::new(tasks),
        }
    }

    /// A new connection to it: the client's end.
    #[must_use]
    pub fn connect(&self) -> Link {
        let limits = self.server.limits();
        let (ours, theirs) = Link::pair((limits.outbox_bytes, limits.inbox_bytes));
        let (server, stop) = (self.server.clone(), self.stop.clone());
        let mut tasks = self.tasks.lock();
        // Those that have ended are only waiting to be forgotten.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let close = server.connect(ours, "in process".to_owned(), stop).await;
            tracing::debug!(%close, "embedded connection ended");
        });
        theirs
    }

    /// Ends its connections, its sessions and every process of theirs.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.server.shutdown().await;
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        while tasks.join_next().await.is_some() {}
    }
}

impl Connector for EmbeddedExec {
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        let link = Self::connect(self);
        Box::pin(async move { Ok(Transport::served(link)) })
    }

    fn describe(&self) -> String {
        "this process".to_owned()
    }
}

/// The environment of this computer, without a server of its own. It is a trait because the client
/// library must not know the server.
pub trait Local {
    /// This computer, with the defaults. Dropping the last clone ends every process of it without
    /// waiting; to wait, keep the [`EmbeddedExec`] of [`Local::embedded`] and shut it down.
    #[must_use]
    fn local() -> Self;

    /// This computer, through an embedded server that the caller keeps.
    #[must_use]
    fn embedded(server: Arc<EmbeddedExec>, options: ConnectOptions) -> Self;
}

impl Local for Environment {
    fn local() -> Self {
        let server = Arc::new(EmbeddedExec::new(ExecConfig::default()));
        Self::embedded(server, ConnectOptions::default())
    }

    fn embedded(server: Arc<EmbeddedExec>, options: ConnectOptions) -> Self {
        Self::over_with(server, options)
    }
}
