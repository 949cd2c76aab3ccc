//! How to connect.

use std::time::Duration;

use outpost_rpc::limits::Limits;

use crate::Secret;

/// How to connect, and what to do when the connection is lost. `Default` has the reference's
/// numbers.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Sent as `Authorization: Bearer` to WebSocket servers.
    pub bearer_token: Option<Secret>,
    /// Sent as `x-request-id` with the upgrade, for the logs of whoever passes it on.
    pub request_id: Option<String>,
    /// From the first byte to an open connection.
    pub connect_timeout: Duration,
    /// From an open connection to the answer to `initialize`.
    pub initialize_timeout: Duration,
    /// How long a lost connection may take to come back before the session is given up. Zero
    /// gives it up at once.
    pub recovery: Duration,
    /// What this client calls itself; for the server's logs.
    pub client_name: String,
    /// A session to take up instead of opening a new one.
    pub resume_session_id: Option<String>,
    /// Bytes of output held for a process whose reader is slow.
    pub process_buffer: usize,
    /// Bytes of an HTTP body held for a slow reader.
    pub body_buffer: usize,
    /// Bounds and deadlines of the connection.
    pub limits: Limits,
}

// === impl ConnectOptions ===

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            bearer_token: None,
            request_id: None,
            connect_timeout: Duration::from_secs(10),
            initialize_timeout: Duration::from_secs(10),
            recovery: Duration::from_secs(45),
            client_name: format!("outpost/{}", env!("CARGO_PKG_VERSION")),
            resume_session_id: None,
            process_buffer: 4 << 20,
            body_buffer: 4 << 20,
            limits: Limits::default(),
        }
    }
}
