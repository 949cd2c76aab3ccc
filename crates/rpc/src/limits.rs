//! Every number of this crate, each with its reason.

use std::time::Duration;

/// One frame never counts for less than this against a queue's byte bound, so that a bound in
/// bytes is also a bound in frames (8 MiB hold at most 8,192 frames).
pub const FRAME_FLOOR: usize = 1024;

/// Bounds of one connection. `Default` is what servers and clients use; [`Limits::tiny`] is the
/// same program with the smallest bounds that can work, for tests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes a link holds from the peer before the socket is not read any more. With
    /// `pending_bytes` and what an allocator makes of both, a connection that sends large requests
    /// without an end costs less than 100 MB.
    pub inbox_bytes: usize,
    /// Bytes a link holds for the peer before senders wait. Small enough that what is in flight
    /// (this, the socket buffers, 4/3 for base64) fits the default retention of a process.
    pub outbox_bytes: usize,
    /// Requests of one connection that run at the same time. Calls that only wait (long polls,
    /// HTTP) and control calls do not count.
    pub concurrent_requests: usize,
    /// Calls of one connection that may wait at the same time (long polls, HTTP).
    pub concurrent_waits: usize,
    /// Bytes of decoded requests that wait for their turn or run, before the link is not read.
    pub pending_bytes: usize,
    /// Requests that wait for their turn or run, before the link is not read.
    pub pending_requests: usize,
    /// Calls this side may have unanswered at the peer.
    pub calls: usize,
    /// How long the end of a connection waits for handlers that must finish and for the last
    /// answers to leave.
    pub flush_grace: Duration,
    /// What a transport may take and send.
    pub wire: WireLimits,
    /// Deadlines of a transport.
    pub timeouts: Timeouts,
}

/// Sizes on the wire.
#[derive(Clone, Debug)]
pub struct WireLimits {
    /// Largest WebSocket frame accepted; the reference's number.
    pub frame_bytes: usize,
    /// Largest message (or stdio line) accepted; the reference's number.
    pub message_bytes: usize,
    /// Outgoing messages above this leave in fragments of at most this.
    pub fragment_bytes: usize,
}

/// Deadlines of a transport.
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// For the whole HTTP head and upgrade of a new connection.
    pub handshake: Duration,
    /// Between two pings.
    pub ping_interval: Duration,
    /// From a ping to its pong; together with the interval a dead peer is noticed within 45 s.
    pub pong: Duration,
    /// A peer that takes no byte for this long while bytes wait for it is closed.
    pub write_stall: Duration,
    /// From our close frame to the peer's.
    pub close: Duration,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            inbox_bytes: 8 << 20,
            outbox_bytes: 4 << 20,
            concurrent_requests: 64,
            concurrent_waits: 1024,
            pending_bytes: 16 << 20,
            pending_requests: 65_536,
            calls: 65_536,
            flush_grace: Duration::from_secs(2),
            wire: WireLimits::default(),
            timeouts: Timeouts::default(),
        }
    }
}

impl Limits {
    /// The smallest bounds that can work: one frame queued, one request at a time.
    #[must_use]
    pub fn tiny() -> Self {
        Self {
            inbox_bytes: FRAME_FLOOR,
            outbox_bytes: FRAME_FLOOR,
            concurrent_requests: 1,
            concurrent_waits: 1,
            pending_bytes: 1,
            pending_requests: 1,
            ..Self::default()
        }
    }
}

impl Default for WireLimits {
    fn default() -> Self {
        Self {
            frame_bytes: 16 << 20,
            message_bytes: 64 << 20,
            fragment_bytes: 1 << 20,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            pong: Duration::from_secs(20),
            write_stall: Duration::from_secs(30),
            close: Duration::from_secs(2),
        }
    }
}
