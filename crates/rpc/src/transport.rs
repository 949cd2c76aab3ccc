//! Transports: pumps between a [`Link`](crate::link::Link) and bytes.
//!
//! A pump is one future that owns both halves of the I/O and one end of a link. What every pump
//! promises:
//!
//! - Reading and writing never wait for each other. While the link has no room the bytes are not
//!   read, and that is the back-pressure; writing goes on meanwhile, and the other way round.
//! - Whatever is queued leaves together: frames are gathered up to a bound in bytes and handed to
//!   the kernel in one call, and a lone frame leaves at once.
//! - When the link's other end closes its sender, what was queued before leaves first.
//! - When the peer ends, breaks the rules or goes silent, both queues of the link end with the
//!   reason, and the future returns it. Frames that were still queued are dropped.
//! - Dropping the future drops the I/O and ends the link: nothing is left running.

use std::{fmt, net::SocketAddr};

pub mod stdio;
pub mod websocket;

pub(crate) mod meter;
mod outgoing;
pub(crate) mod tcp;
mod watch;

/// Who is at the other end of a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerInfo {
    /// The program that started this one, over standard input and output.
    Stdio,
    /// A WebSocket peer over TCP.
    Tcp(SocketAddr),
    /// A WebSocket peer over a Unix socket, as the kernel names it.
    Unix {
        /// The peer's user.
        uid: u32,
        /// The peer's process, where the kernel knows it.
        pid: Option<i32>,
    },
    /// The other end of a [`Link::pair`](crate::link::Link::pair) in this process.
    Memory,
}

// === impl PeerInfo ===

impl PeerInfo {
    /// Whether frames travel as WebSocket messages.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Unix { .. })
    }

    /// How messages to people name this peer of a service: `exec-server websocket 127.0.0.1:1234`.
    #[must_use]
    pub fn describe(&self, service: &str) -> String {
        format!("{service} {self}")
    }
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio => f.write_str("stdio"),
            Self::Tcp(address) => write!(f, "websocket {address}"),
            Self::Unix {
                uid,
                pid: Some(pid),
            } => {
                write!(f, "websocket unix socket (process {pid} of user {uid})")
            }
            Self::Unix { uid, pid: None } => write!(f, "websocket unix socket (user {uid})"),
            Self::Memory => f.write_str("in-process client"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_described_as_the_reference_does() {
        let tcp = PeerInfo::Tcp("127.0.0.1:1234".parse().unwrap());
        assert_eq!(
            tcp.describe("exec-server"),
            "exec-server websocket 127.0.0.1:1234"
        );
        assert_eq!(PeerInfo::Stdio.describe("exec-server"), "exec-server stdio");
        assert!(tcp.is_websocket() && !PeerInfo::Stdio.is_websocket());
    }
}
