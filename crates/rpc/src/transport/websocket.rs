//! The WebSocket pump, the same for servers and clients, over any byte stream.
//!
//! One task drives both directions: each turn gathers what is queued, writes it with one flush and
//! reads what arrived, and waits only when neither can go on. Framing is tungstenite's.
//!
//! - A text leaves whole up to [`WireLimits::fragment_bytes`], else in fragments of that size, with
//!   pongs, pings and a close in the gaps.
//! - Text and binary messages are both taken as texts. A binary message that is not UTF-8 arrives
//!   as [`Frame::Garbled`](crate::frame::Frame::Garbled).
//! - Every ping is answered by one pong. Only a peer that sends pings and reads nothing gets fewer:
//!   once 64 KiB of them wait, the newest stands for all.
//! - Rule breakers get a close with a reason: 1002, 1007 for bad UTF-8, 1009 for too much. A close
//!   of the peer is answered with its own code. Then this side ends the stream and reads on until
//!   the peer has ended it too, for at most [`Timeouts::close`](crate::limits::Timeouts::close): a
//!   socket closed with unread input would be reset, and a reset overtakes the close frame.
//! - A peer that is silent for too long, or takes no byte for too long, is given up
//!   (the private `watch` module has the rules).
//! - A probe is a ping with its own payload and is answered by its own pong. While the link is full
//!   nothing is read, and probes wait.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};

pub(crate) use self::ending::hang_up;
use self::pump::Pump;
use crate::{
    limits::{Limits, WireLimits},
    link::{Close, Link},
    transport::meter::Meter,
};

mod ending;
mod io;
mod probes;
mod pump;

/// A byte stream on which the WebSocket handshake is done.
#[derive(Debug)]
pub struct Socket<S> {
    inner: WebSocketStream<Meter<S>>,
}

/// Bytes gathered for one write. Two large outputs fit; more would only leave the processor's
/// cache before the kernel copies it (measured: 1 MiB is a quarter slower).
const BATCH_BYTES: usize = 256 << 10;

/// Bytes of pongs that wait for a peer that reads nothing.
const PONG_BYTES: usize = 64 << 10;

/// The longest header of a frame.
const HEADER_BYTES: usize = 14;

/// What a server reads at once. Requests are small, and each connection keeps a buffer of this
/// size.
const SERVER_READ_BYTES: usize = 32 << 10;

/// What a client reads at once: outputs are large, connections few.
const CLIENT_READ_BYTES: usize = 128 << 10;

/// Moves frames between the socket and the link until one of them ends; says why. The link ends
/// with the same reason.
pub async fn pump<S>(socket: Socket<S>, link: Link, limits: &Limits) -> Close
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let mut pump = Pump::new(socket.inner, link, limits);
    let end = pump.run().await;
    let close = end.reason().clone();
    let mut socket = pump.end_link(&close);
    ending::farewell(&mut socket, &end, limits.timeouts.close).await;
    close
}

// === impl Socket ===

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// The server's end of a stream after its upgrade; `already_read` are bytes that arrived
    /// behind the request.
    pub async fn server(stream: S, already_read: Vec<u8>, wire: &WireLimits) -> Self {
        let config = Some(config(wire, SERVER_READ_BYTES));
        let stream = Meter::new(stream);
        let inner =
            WebSocketStream::from_partially_read(stream, already_read, Role::Server, config).await;
        Self { inner }
    }

    /// The client's end of a stream after its upgrade; `already_read` are bytes that arrived
    /// behind the answer.
    pub async fn client(stream: S, already_read: Vec<u8>, wire: &WireLimits) -> Self {
        let config = Some(client_config(wire));
        let stream = Meter::new(stream);
        let inner =
            WebSocketStream::from_partially_read(stream, already_read, Role::Client, config).await;
        Self { inner }
    }

    /// The client's end after a handshake with [`client_config`].
    pub(crate) fn connected(inner: WebSocketStream<Meter<S>>) -> Self {
        Self { inner }
    }
}

/// The settings of a client's handshake.
pub(crate) fn client_config(wire: &WireLimits) -> WebSocketConfig {
    config(wire, CLIENT_READ_BYTES)
}

fn config(wire: &WireLimits, read_bytes: usize) -> WebSocketConfig {
    // The pump alone decides when to write, so the framing never starts by itself.
    let ours = BATCH_BYTES + wire.fragment_bytes + HEADER_BYTES;
    WebSocketConfig::default()
        .read_buffer_size(read_bytes)
        .write_buffer_size(ours + PONG_BYTES)
        .max_write_buffer_size(ours + PONG_BYTES + 1)
        .max_frame_size(Some(wire.frame_bytes))
        .max_message_size(Some(wire.message_bytes))
}

#[cfg(test)]
mod tests;
