//! An exec server behind a listener, or on standard input and output.
//!
//! One future serves until it is told to stop. Then, in this order: nobody is let in any more,
//! every connection is closed with 1001 after a bounded flush, every session ends with all its
//! processes, and the future returns. Dropping it instead drops the connections at once; the
//! keeper ends the processes when the server's last handle is gone.

use outpost_rpc::{
    link::{Close, Link},
    listen::{Accepted, Listener},
    transport::{PeerInfo, stdio},
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::exec::ExecServer;

/// Accepted connections that wait to be served: as many as one burst of the accept loop.
const ACCEPTED: usize = 16;

/// Serves everyone a listener lets in, until `stop`.
pub async fn exec(server: ExecServer, listener: Listener, stop: CancellationToken) {
    let stop = stop.child_token();
    let (tx, mut accepted) = mpsc::channel(ACCEPTED);
    let mut listening = JoinSet::new();
    listening.spawn(listener.run(stop.clone(), tx));
    let mut tasks = JoinSet::new();
    let reaped = server.clone();
    tasks.spawn(async move { reaped.reap().await });
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

async fn serve(server: ExecServer, link: Link, peer: PeerInfo, stop: CancellationToken) {
    tracing::debug!(%peer, "accepted");
    server.connect(link, peer.to_string(), stop).await;
}

/// Serves the one client on standard input and output, until it ends its side or `stop`.
pub async fn exec_stdio(server: ExecServer, stop: CancellationToken) -> Close {
    let limits = server.limits().clone();
    let (ours, theirs) = Link::pair((limits.outbox_bytes, limits.inbox_bytes));
    let (input, output) = (stdio::stdin(), stdio::stdout());
    let mut tasks = JoinSet::new();
    let reaped = server.clone();
    tasks.spawn(async move { reaped.reap().await });
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
