//! The machines that commands run on and files lie on: `local`, which is this one, and those behind
//! exec servers.
//!
//! A call is about the environment it names. One that names none is about this machine where this
//! machine may be used at all, as with the reference; elsewhere about the default of the
//! configuration. Nothing is looked up, locked or connected for a call about this machine.
//!
//! Remote environments are connected to when they become known, and then whenever something is
//! asked of them; a lost connection is brought back by the client, and a session that is lost for
//! good is replaced by a new one at the next call. There are at most [`ENVIRONMENTS`].

pub(super) mod commands;
mod connections;
mod errors;
pub(super) mod files;
mod fleet;
mod news;
mod policy;
mod remote;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use outpost_client::{
    ConnectOptions,
    config::{self, Target},
};
use outpost_protocol::{RpcError, app::environment::EnvironmentAddParams};
use parking_lot::Mutex;
use tokio::sync::broadcast;

pub(super) use self::connections::methods;
pub(super) use self::errors::Absent;
pub use self::news::EnvironmentEvent;
use self::{fleet::Fleet, remote::Remote};

/// All environments of one server.
pub(crate) struct Environments {
    /// This machine may be used.
    local: bool,
    /// What a call is about that names none, where this machine may not be used.
    usual: Option<String>,
    remotes: Mutex<BTreeMap<String, Arc<Remote>>>,
    /// How long a lost connection may take to come back.
    recovery: Duration,
    events: broadcast::Sender<EnvironmentEvent>,
    /// Everything that is told from the beginning, for whoever takes it.
    beginning: Mutex<Option<broadcast::Receiver<EnvironmentEvent>>>,
    /// What this server has started elsewhere.
    fleet: Arc<Fleet>,
}

/// Where a call is to be done.
pub(super) enum Place {
    /// Here.
    Local,
    /// There.
    Remote(Arc<Remote>),
}

/// The name of this machine.
pub(super) const LOCAL: &str = config::LOCAL;

/// Environments beside this machine. Each may hold a connection, and somebody has to find their way
/// among them.
pub(super) const ENVIRONMENTS: usize = 256;

/// Bytes of a name: it is said with every line of the log.
const ID_BYTES: usize = 256;

/// Events kept for a subscriber that is slow to look.
const EVENTS: usize = 256;

/// How long the end of the server waits for the ends of what runs elsewhere. Whoever serves it ends
/// it with the session in any case.
const FAREWELL: Duration = Duration::from_secs(5);

// === impl Environments ===

impl Environments {
    /// Those of a configuration. `recovery` is how long a lost connection may take to come back,
    /// `drain` how long the output of a command may stay open after its end.
    pub(super) fn new(
        configured: &config::Environments,
        recovery: Duration,
        drain: Option<Duration>,
    ) -> Self {
        let (events, beginning) = broadcast::channel(EVENTS);
        let is_remote = |entry: &&config::Entry| !matches!(entry.target, Target::Local);
        let entries = configured.entries().iter();
        let remotes = entries.clone().filter(is_remote).map(|entry| {
            let mut target = entry.target.clone();
            if let Target::Server { options, .. } | Target::Program { options, .. } = &mut target {
                options.recovery = recovery;
            }
            let remote = Remote::new(entry.name.clone(), target, &events);
            (entry.name.clone(), Arc::new(remote))
        });
        Self {
            local: !entries.clone().all(|entry| is_remote(&entry)),
            usual: configured.default_entry().map(|entry| entry.name.clone()),
            remotes: Mutex::new(remotes.collect()),
            recovery,
            events: events.clone(),
            beginning: Mutex::new(Some(beginning)),
            fleet: Arc::new(Fleet::new(drain)),
        }
    }

    /// Where a call is to be done that names this environment, or none.
    pub(super) fn choose(&self, named: Option<&str>) -> Result<Place, Absent> {
        match named {
            None if self.local => Ok(Place::Local),
            Some(LOCAL) if self.local => Ok(Place::Local),
            None => {
                let usual = self.usual.as_deref().ok_or(Absent::NothingUsual)?;
                self.remote(usual).map(Place::Remote)
            }
            Some(id) => self.remote(id).map(Place::Remote),
        }
    }

    /// The remote environment of this name.
    fn remote(&self, id: &str) -> Result<Arc<Remote>, Absent> {
        let remotes = self.remotes.lock();
        let remote = remotes.get(id).cloned();
        remote.ok_or_else(|| Absent::Unknown(id.to_owned()))
    }

    /// Makes an exec server known under a name. What had the name before keeps what runs there.
    pub(super) fn add(&self, params: EnvironmentAddParams) -> Result<(), RpcError> {
        let EnvironmentAddParams {
            environment_id: id,
            exec_server_url,
            auth_bearer_token,
            websocket_request_id,
            connect_timeout_ms,
            // Skills belong to threads.
            skills: _,
        } = params;
        let token = auth_bearer_token.map(|token| token.0);
        let address = errors::check(
            &id,
            &exec_server_url,
            token.as_deref(),
            websocket_request_id.as_deref(),
        )?;
        let usual = ConnectOptions::default();
        let options = ConnectOptions {
            bearer_token: token
                .filter(|token| !token.trim().is_empty())
                .map(Into::into),
            request_id: websocket_request_id.filter(|id| !id.is_empty()),
            connect_timeout: connect_timeout_ms
                .map_or(usual.connect_timeout, Duration::from_millis),
            recovery: self.recovery,
            ..usual
        };
        let target = Target::Server {
            address: address.to_owned(),
            options,
        };
        let mut remotes = self.remotes.lock();
        if remotes.len() >= ENVIRONMENTS && !remotes.contains_key(&id) {
            return Err(errors::too_many());
        }
        tracing::info!(environment = id, "environment added");
        // Before the new one has anything to tell.
        if let Some(before) = remotes.get(&id) {
            before.retire();
        }
        let remote = Arc::new(Remote::new(id.clone(), target, &self.events));
        let before = remotes.insert(id, remote);
        drop(remotes);
        // Outside the lock: its connection may end with it.
        drop(before);
        Ok(())
    }

    /// What becomes of the connections to remote environments, from now on.
    pub(super) fn events(&self) -> broadcast::Receiver<EnvironmentEvent> {
        self.events.subscribe()
    }

    /// The same from the server's start on, the first time.
    pub(super) fn events_from_the_start(&self) -> broadcast::Receiver<EnvironmentEvent> {
        let beginning = self.beginning.lock().take();
        beginning.unwrap_or_else(|| self.events())
    }

    /// Each remote environment, and whether it is connected as far as was told.
    pub(super) fn standing(&self) -> BTreeMap<Arc<str>, bool> {
        let remotes = self.remotes.lock();
        let standing = remotes
            .values()
            .map(|remote| (Arc::clone(remote.id()), remote.is_told_connected()));
        standing.collect()
    }

    /// What this server has started elsewhere.
    pub(super) fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// Ends what runs elsewhere and every connection.
    pub(super) async fn shutdown(&self) {
        self.fleet.end(FAREWELL).await;
        let remotes = std::mem::take(&mut *self.remotes.lock());
        join_all(remotes.values().map(|remote| remote.close())).await;
    }
}
