//! An environment: one server, one session.

use std::sync::Arc;

use outpost_protocol::exec::environment::EnvironmentInfo;
use tokio::sync::broadcast;

use crate::{
    AddressError, ClientError, ConnectError, ConnectOptions, Connector, Files, Http, Processes,
    Program, dial::Dial, session::Core,
};

/// A machine whose processes, files and HTTP are at hand: one server, one session. Cheap to
/// clone.
///
/// The connection is made when something is first asked, and brought back when it is lost. It
/// ends with [`Environment::close`] or with the last clone and everything that was got from it;
/// the server then ends the session's processes after its time to live.
#[derive(Clone, Debug)]
pub struct Environment {
    core: Arc<Core>,
}

/// What happens to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// There is one, for the first time.
    Connected,
    /// It was lost.
    Lost {
        /// How it ended.
        reason: String,
        /// Whether it may come back.
        retrying: bool,
    },
    /// It is back, with the same session.
    Resumed,
    /// The session is lost for good.
    Gone {
        /// Why.
        reason: String,
    },
}

/// Where the connection stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// There was none yet.
    Unconnected {
        /// How the last attempt failed, if there was one.
        failure: Option<ConnectError>,
        /// One is being made.
        connecting: bool,
    },
    /// There is one.
    Connected,
    /// It was lost and may come back.
    Recovering,
    /// It will not come back.
    Ended(ClientError),
}

// === impl Environment ===

impl Environment {
    /// A server at `ws://HOST:PORT/…`, `wss://…` or `unix:///PATH`. Nothing is connected yet.
    pub fn connect(address: &str, options: ConnectOptions) -> Result<Self, AddressError> {
        let dial = Dial::new(address, &options)?;
        Ok(Self {
            core: Core::new(Box::new(dial), options),
        })
    }

    /// A server that is reached in another way, such as one in this process.
    #[must_use]
    pub fn over(connector: impl Connector) -> Self {
        Self::over_with(connector, ConnectOptions::default())
    }

    /// The same with options; those about addresses have no effect.
    #[must_use]
    pub fn over_with(connector: impl Connector, options: ConnectOptions) -> Self {
        Self {
            core: Core::new(Box::new(connector), options),
        }
    }

    /// A server that is a program, spoken to over its standard input and output. It is started
    /// when something is first asked, in a process group of its own, and ended with the
    /// connection.
    #[must_use]
    pub fn program(program: Program, options: ConnectOptions) -> Self {
        let limits = options.limits.clone();
        Self {
            core: Core::new(Box::new(program.connector(limits)), options),
        }
    }

    /// Its processes.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes {
            core: Arc::clone(&self.core),
        }
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files {
            core: Arc::clone(&self.core),
        }
    }

    /// HTTP from there.
    #[must_use]
    pub fn http(&self) -> Http {
        Http {
            core: Arc::clone(&self.core),
        }
    }

    /// Describes the machine. Servers of the older dialect cannot.
    pub async fn info(&self) -> Result<EnvironmentInfo, ClientError> {
        let live = self.core.live().await?;
        let info = live.info.ok_or(ClientError::Unsupported {
            what: "environment/info",
        })?;
        Ok((*info).clone())
    }

    /// The name of the session. Whoever knows it may resume the session: keep it as a secret.
    pub async fn session_id(&self) -> Result<String, ClientError> {
        Ok(self.core.live().await?.session_id.to_string())
    }

    /// What happens to the connection from now on. A receiver that is slow to look loses the
    /// oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.core.events()
    }

    /// Where the connection stands now; asks nobody.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.core.standing()
    }

    /// Ends the connection properly, and a program with it; done when that is. Everything asked
    /// from then on fails as [`ClientError::Closed`].
    pub async fn close(&self) {
        self.core.close().await;
    }
}
