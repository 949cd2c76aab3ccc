//! The loop that accepts, and the task of each connection from its first byte to its last.

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    Accepted, Shared, Tcp,
    doors::Pass,
    http::{self, Outcome, Upgraded},
    unix::Bound,
};
use crate::{
    link::Link,
    transport::{PeerInfo, tcp, websocket},
};

/// Where connections come from.
pub(super) trait Source: Send {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. Cancel-safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, PeerInfo)>> + Send;
}

/// How long accepting pauses when the system is out of something. A connection that ends sooner
/// ends the pause.
const PAUSE: Duration = Duration::from_millis(100);

// === impl Tcp, Bound ===

impl Source for Tcp {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, PeerInfo)> {
        let (stream, address) = self.listener.accept().await?;
        // A peer that is gone already fails here; its first read says so.
        tcp::tune(&stream, &self.timeouts).ok();
        Ok((stream, PeerInfo::Tcp(address)))
    }
}

impl Source for Bound {
    type Stream = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, PeerInfo)> {
        let (stream, uid, pid) = Self::accept(self).await?;
        Ok((stream, PeerInfo::Unix { uid, pid }))
    }
}

// === serving ===

/// Accepts until told to stop, then waits for the last connection to end.
pub(super) async fn serve<S: Source>(
    mut source: S,
    shared: Arc<Shared>,
    stop: CancellationToken,
    accepted: mpsc::Sender<Accepted>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = accepted.closed() => break,
            Some(ended) = connections.join_next() => note(ended),
            connection = source.accept() => match connection {
                Ok((stream, peer)) => {
                    let (shared, accepted) = (Arc::clone(&shared), accepted.clone());
                    let pass = shared.doors.enter();
                    connections.spawn(connect(stream, peer, pass, shared, accepted));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(PAUSE) => {}
                        Some(ended) = connections.join_next() => note(ended),
                    }
                }
            },
        }
    }
    drop((source, accepted));
    shared.doors.clear();
    while let Some(ended) = connections.join_next().await {
        note(ended);
    }
}

/// Only a panic, which is a defect, ends a connection's task otherwise than by returning.
fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// One connection from its first byte to its last.
async fn connect<S>(
    stream: S,
    peer: PeerInfo,
    pass: Pass,
    shared: Arc<Shared>,
    accepted: mpsc::Sender<Accepted>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(Upgraded {
        stream,
        already_read,
        seat,
    }) = welcome(stream, &peer, pass, &shared).await
    else {
        return;
    };
    let limits = &shared.limits;
    let socket = websocket::Socket::server(stream, already_read, &limits.wire).await;
    let (near, far) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    // Nobody there to take the link drops its far end, and the pump says goodbye.
    accepted
        .send(Accepted {
            link: far,
            peer: peer.clone(),
        })
        .await
        .ok();
    drop(accepted);
    let close = websocket::pump(socket, near, limits).await;
    tracing::debug!(%peer, %close, "a connection ended");
    drop(seat);
}

/// The part in which a connection is a stranger.
async fn welcome<S>(stream: S, peer: &PeerInfo, pass: Pass, shared: &Shared) -> Option<Upgraded<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let source = match peer {
        PeerInfo::Tcp(address) => Some(address.ip()),
        PeerInfo::Unix { .. } | PeerInfo::Stdio | PeerInfo::Memory => None,
    };
    let timeouts = &shared.limits.timeouts;
    let handshake = timeout(
        timeouts.handshake,
        http::shake_hands(stream, source, &shared.gate),
    );
    let outcome = tokio::select! {
        outcome = handshake => outcome.ok()?,
        () = pass.withdrawn() => return None,
    };
    match outcome {
        Outcome::Upgraded(upgraded) => Some(upgraded),
        Outcome::Answered(mut stream) => {
            let goodbye = timeout(timeouts.close, websocket::hang_up(&mut stream));
            tokio::select! {
                _ = goodbye => {}
                () = pass.withdrawn() => {}
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
