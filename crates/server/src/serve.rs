//! A server behind a listener, or on standard input and output.
//!
//! One future serves until it is told to stop. Then, in this order: nobody is let in any more,
//! every connection is closed with 1001 after a bounded flush, everything that was started ends, and the future returns. Dropping it instead drops the connections at once; the
//! keeper ends the processes when the server's last handle is gone.

use outpost_rpc::{
    limits::Limits,
    link::{Close, Link},
    listen::{Accepted, Listener},
    transport::{PeerInfo, stdio},
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{app::AppServer, exec::ExecServer};

/// What all connections of one server share. A cheap clone.
pub trait Server: Clone + Send + Sync + 'static {
    /// The bounds of a connection, for its transport.
    fn limits(&self) -> &Limits;

    /// Serves one connection until it ends or `stop` is cancelled. `peer` says who it is.
    fn connect(
        &self,
        link: Link,
        peer: String,
        stop: CancellationToken,
    ) -> impl Future<Output = Close> + Send;

    /// What is to be done beside serving, until [`Server::shutdown`].
    fn background(&self) -> impl Future<Output = ()> + Send;

    /// Ends everything that was started. Connections are to be stopped before.
    fn shutdown(&self) -> impl Future<Output = ()> + Send;
}

/// Accepted connections that wait to be served: as many as one burst of the accept loop.
const ACCEPTED: usize = 16;

/// Serves everyone a listener lets in, until `stop`.
pub async fn on(server: impl Server, listener: Listener, stop: CancellationToken) {
    let stop = stop.child_token();
    let (tx, mut accepted) = mpsc::channel(ACCEPTED);
    let mut listening = JoinSet::new();
    listening.spawn(listener.run(stop.clone(), tx));
    let mut tasks = JoinSet::new();
    let beside = server.clone();
    tasks.spawn(async move { beside.background().await });
    loop {
        tokio::select! {
            next = accepted.recv() => match next {
                Some(Accepted { link, peer }) => {
                    tasks.spawn(serve(server.clone(), link, peer, stop.clone()));
                }
                None => break,
            },
            Some(ended) = tasks.join_next() => report(ended),
            () = stop.cancelled() => break,
        }
    }
    stop.cancel();
    drop(accepted);
    server.shutdown().await;
    while let Some(ended) = tasks.join_next().await {
        report(ended);
    }
    while let Some(ended) = listening.join_next().await {
        report(ended);
    }
}

async fn serve(server: impl Server, link: Link, peer: PeerInfo, stop: CancellationToken) {
    tracing::debug!(%peer, "accepted");
    server.connect(link, peer.to_string(), stop).await;
}

/// Serves the one client on standard input and output, until it ends its side or `stop`.
pub async fn on_stdio(server: impl Server, stop: CancellationToken) -> Close {
    let limits = server.limits().clone();
    let (ours, theirs) = Link::pair((limits.outbox_bytes, limits.inbox_bytes));
    let (input, output) = (stdio::stdin(), stdio::stdout());
    let mut tasks = JoinSet::new();
    let beside = server.clone();
    tasks.spawn(async move { beside.background().await });
    let connection = server.connect(ours, PeerInfo::Stdio.to_string(), stop);
    let pump = stdio::pump(input, output, theirs, &limits);
    let (_, close) = tokio::join!(connection, pump);
    server.shutdown().await;
    while let Some(ended) = tasks.join_next().await {
        report(ended);
    }
    close
}

/// A task of the server that panicked is a mistake of ours; the others go on.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task panicked");
    }
}

impl Server for ExecServer {
    fn limits(&self) -> &Limits {
        self.limits()
    }

    async fn connect(&self, link: Link, peer: String, stop: CancellationToken) -> Close {
        self.connect(link, peer, stop).await
    }

    async fn background(&self) {
        self.reap().await;
    }

    async fn shutdown(&self) {
        self.shutdown().await;
    }
}

impl Server for AppServer {
    fn limits(&self) -> &Limits {
        self.limits()
    }

    async fn connect(&self, link: Link, peer: String, stop: CancellationToken) -> Close {
        self.connect(link, peer, stop).await
    }

    async fn background(&self) {
        self.keep().await;
    }

    async fn shutdown(&self) {
        self.shutdown().await;
    }
}
