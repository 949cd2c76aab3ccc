//! How a link to a server comes about.

use std::{fmt, sync::Arc};

use outpost_rpc::{link::Link, router::BoxFuture};

use crate::ConnectError;

/// Makes connections to one server. Asked again whenever a connection was lost.
pub trait Connector: Send + Sync + 'static {
    /// Makes a connection. How long it may take is the caller's business: it drops the future.
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>>;

    /// Whether a new connection can reach the sessions of an earlier one.
    fn resumable(&self) -> bool {
        true
    }

    /// What people call the server, for messages. Must not hold secrets.
    fn describe(&self) -> String;
}

/// A connection that is open.
pub struct Transport {
    /// This side's end.
    pub link: Link,
    /// Moves frames between the link's other end and the server; ready when the link has ended.
    /// Dropping it cuts the connection.
    pub pump: BoxFuture<()>,
}

// === impl Transport ===

impl Transport {
    /// A link whose other end is served already, in this process.
    #[must_use]
    pub fn served(link: Link) -> Self {
        Self {
            link,
            pump: Box::pin(std::future::ready(())),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

impl<C: Connector + ?Sized> Connector for Arc<C> {
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        (**self).connect()
    }

    fn resumable(&self) -> bool {
        (**self).resumable()
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}
