//! Listeners: accept until told to stop, and hand out links.
//!
//! [`Listener::run`] is one future that owns the socket, a task for each connection and, through
//! them, every pump. A connection is a stranger until its upgrade: for at most
//! [`Timeouts::handshake`](crate::limits::Timeouts::handshake), and only while its place is not
//! needed for a newer one. Then it takes one of the seats, and its link is handed over.
//!
//! When told to stop, the socket is closed and strangers are sent away; connections go on until
//! their links are closed, which is for their owner to do, and then `run` returns. Dropping `run`
//! drops everything at once.
//!
//! When the system has no descriptors left, accepting pauses instead of spinning.

use std::{io, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
};
use tokio_util::sync::CancellationToken;

pub use self::{
    address::{Address, AddressError},
    auth::{Auth, AuthConfigError, AuthFlags, AuthMode, Denied, Signed},
    http::Routes,
    unix::UnixError,
};
use self::{auth::Throttle, doors::Doors, http::Gate, serve::serve, unix::Bound};
use crate::{
    limits::{Limits, Timeouts},
    link::Link,
    transport::PeerInfo,
};

mod address;
mod auth;
mod doors;
mod host;
mod http;
mod serve;
mod unix;

/// How a listener treats its connections.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may connect.
    pub auth: Auth,
    /// Listens beyond loopback without authentication all the same.
    pub insecure_no_auth: bool,
    /// Which paths are served.
    pub routes: Routes,
    /// The bounds of each connection.
    pub limits: Limits,
    /// Connections at the same time; one more is answered 503.
    pub connections: usize,
}

/// A connection that was let in.
#[derive(Debug)]
pub struct Accepted {
    /// The connection's end of its link.
    pub link: Link,
    /// Who it is.
    pub peer: PeerInfo,
}

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Everyone on the network could run commands.
    #[error(
        "refusing to start non-loopback websocket listener {0} without auth; configure `--ws-auth \
         capability-token` or `--ws-auth signed-bearer-token`, or accept that everyone who \
         reaches it may run commands here with `--insecure-no-auth`"
    )]
    Exposed(SocketAddr),
    /// Standard input and output are no listener.
    #[error("stdio cannot be listened on")]
    Stdio,
    /// The address cannot be had.
    #[error("failed to listen on ws://{address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The Unix socket cannot be had.
    #[error(transparent)]
    Unix(#[from] UnixError),
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Socket {
    Tcp(Tcp),
    Unix(Bound),
}

#[derive(Debug)]
struct Tcp {
    listener: TcpListener,
    timeouts: Timeouts,
}

/// What all connections of a listener share.
#[derive(Debug)]
struct Shared {
    gate: Gate,
    limits: Limits,
    doors: Arc<Doors>,
}

/// Connections a listener has at the same time unless it is told otherwise. Each costs some
/// descriptors and tens of KiB; a common limit of descriptors is 1024.
const CONNECTIONS: usize = 1024;

// === impl Listener ===

impl Listener {
    /// Listens, so that clients may connect from now on; they are served by [`Listener::run`].
    pub async fn bind(address: &Address, config: Config) -> Result<Self, ListenError> {
        let (socket, address) = match address {
            Address::Stdio => return Err(ListenError::Stdio),
            Address::Unix(path) => (Socket::Unix(Bound::bind(path).await?), address.clone()),
            Address::WebSocket(address) => {
                let local = address.ip().to_canonical().is_loopback();
                if !local && matches!(config.auth, Auth::Open) && !config.insecure_no_auth {
                    return Err(ListenError::Exposed(*address));
                }
                let (tcp, address) =
                    Tcp::bind(*address, &config.limits.timeouts)
                        .await
                        .map_err(|source| ListenError::Bind {
                            address: *address,
                            source,
                        })?;
                (Socket::Tcp(tcp), Address::WebSocket(address))
            }
        };
        let shared = Arc::new(Shared::new(config, &address));
        Ok(Self {
            socket,
            address,
            shared,
        })
    }

    /// Where it listens, with the port the system chose.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Serves until told to stop, or until nobody takes connections any more, and then until the
    /// last connection has ended.
    pub async fn run(self, stop: CancellationToken, accepted: mpsc::Sender<Accepted>) {
        match self.socket {
            Socket::Tcp(tcp) => serve(tcp, self.shared, stop, accepted).await,
            Socket::Unix(bound) => serve(bound, self.shared, stop, accepted).await,
        }
    }
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            auth: Auth::Open,
            insecure_no_auth: false,
            routes: Routes::default(),
            limits: Limits::default(),
            connections: CONNECTIONS,
        }
    }
}

// === impl Shared ===

impl Shared {
    fn new(config: Config, address: &Address) -> Self {
        let tcp = match address {
            Address::WebSocket(address) => Some(address.ip().to_canonical()),
            Address::Stdio | Address::Unix(_) => None,
        };
        let gate = Gate {
            routes: config.routes,
            auth: config.auth,
            refuse_origin: tcp.is_some(),
            local_only: tcp.is_some_and(|ip| ip.is_loopback()),
            seats: Arc::new(Semaphore::new(config.connections)),
            throttle: Mutex::new(Throttle::default()),
        };
        Self {
            gate,
            limits: config.limits,
            doors: Doors::new(),
        }
    }
}

// === impl Tcp ===

impl Tcp {
    async fn bind(address: SocketAddr, timeouts: &Timeouts) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((
            Self {
                listener,
                timeouts: timeouts.clone(),
            },
            address,
        ))
    }
}
