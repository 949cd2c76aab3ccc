//! The JSON-RPC peer: turning bytes into calls and back, in both directions.
//!
//! # Theory of operation
//!
//! A [`link::Link`] is one end of two bounded queues of frames; one frame is one JSON text. A
//! transport is a pump between the other end and bytes: a WebSocket, lines on a pipe. Two ends in
//! one process need no pump.
//!
//! A [`connection::Connection`] runs the protocol on a link: it decodes requests through a
//! [`router::Router`], runs them as [`lanes::Lanes`] allows, and gives a [`peer::Peer`] for calls
//! to the other side. A face is a [`connection::Service`]: its table, its handshake, its words.
//!
//! *Ordered*: frames of one link; requests that claim the same resource; an answer before what its
//! handler does after it. *Not ordered*: answers of independent requests.
//!
//! *Bounded*: queues in bytes, pending requests in bytes and count, jobs by pool, calls by count.
//! A full bound makes its sender wait, back to the socket; nothing is refused for load.
//!
//! *Cancelled*: when a connection ends, calls to the peer fail once with the reason, and jobs that
//! do not outlive their client are dropped at their next await.

mod answer;
pub mod backoff;
pub mod connection;
pub mod dial;
pub mod error;

pub mod frame;
pub mod lanes;
pub mod limits;
pub mod link;
pub mod listen;
mod load;
pub mod peer;
pub mod pending;
pub mod router;
pub mod transport;
