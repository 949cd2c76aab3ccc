//! What a connection owns: its session's name, open files, watches, streamed bodies.
//!
//! Everything here ends with the connection; the session does not.

use std::{collections::HashSet, sync::Arc};

use outpost_host::fs::{Files, Handles};
use outpost_protocol::RpcError;
use outpost_rpc::peer::Peer;
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Shared, session::Session};

/// One connected client.
pub(crate) struct Client {
    /// Names the connection in this server and its logs.
    pub(crate) number: u64,
    pub(crate) peer: Peer,
    pub(crate) handles: Handles,
    /// Set once, by a successful `initialize`.
    session: Mutex<Option<Arc<Session>>>,
    /// The name it gave itself.
    name: Mutex<String>,
    /// Request ids of bodies that are being streamed.
    bodies: Mutex<HashSet<String>>,
    /// Watches and streamed bodies.
    tasks: TaskTracker,
    ended: CancellationToken,
}

/// What a handler gets besides the parameters.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) server: Arc<Shared>,
    pub(crate) client: Arc<Client>,
}

/// Holds the request id of a streamed body.
pub(crate) struct StreamId {
    client: Arc<Client>,
    id: String,
}

// === impl Client ===

impl Client {
    pub(crate) fn new(number: u64, peer: Peer, files: &Files) -> Self {
        Self {
            number,
            peer,
            handles: Handles::new(files),
            session: Mutex::new(None),
            name: Mutex::default(),
            bodies: Mutex::default(),
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
        }
    }

    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.session.lock().clone()
    }

    /// Makes the session the connection's; `false` when the connection has ended meanwhile and
    /// the session is to be detached again.
    #[must_use]
    pub(crate) fn initialize(&self, session: Arc<Session>, name: String) -> bool {
        *self.session.lock() = Some(session);
        *self.name.lock() = name;
        // Whoever ends the connection cancels first and looks for a session then.
        !self.ended.is_cancelled()
    }

    /// The name it gave itself.
    pub(crate) fn name(&self) -> String {
        self.name.lock().clone()
    }

    /// Runs something until it is done or the connection has ended.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// The connection has ended.
    pub(crate) fn end(&self) {
        self.ended.cancel();
        self.tasks.close();
    }

    /// Waits for what it ran.
    pub(crate) async fn finish(&self) {
        self.end();
        self.tasks.wait().await;
    }
}

// === impl Call ===

impl Call {
    /// The session. The gate has let the call pass, so there is one; the error is for a call that
    /// was running when another connection took it.
    pub(crate) fn session(&self) -> Result<Arc<Session>, RpcError> {
        self.client
            .session()
            .ok_or_else(|| RpcError::invalid_request("client must call initialize first"))
    }

    /// Claims a request id for a streamed body; `None` when it is in use.
    pub(crate) fn stream_id(&self, id: &str) -> Option<StreamId> {
        let new = self.client.bodies.lock().insert(id.to_owned());
        new.then(|| StreamId {
            client: Arc::clone(&self.client),
            id: id.to_owned(),
        })
    }
}

impl Drop for StreamId {
    fn drop(&mut self) {
        self.client.bodies.lock().remove(&self.id);
    }
}
