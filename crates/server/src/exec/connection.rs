//! What a connection owns: its session's name, open files, watches, streamed bodies.
//!
//! Everything here ends with the connection; the session does not.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use outpost_host::{
    fs::{Files, Handles},
    process::ProcessHost,
};
use outpost_protocol::RpcError;
use outpost_rpc::peer::Peer;
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Shared,
    fs::{REFERENCE_CLIENT, REFERENCE_CLIENT_FILE},
    sandbox::{Helpers, OpenElsewhere},
    session::Session,
};

/// One connected client.
pub(crate) struct Client {
    /// Names the connection in this server and its logs.
    pub(crate) number: u64,
    pub(crate) peer: Peer,
    pub(crate) handles: Handles,
    /// What does its file calls under policies.
    pub(super) helpers: Helpers,
    /// Files that are open there.
    pub(super) elsewhere: OpenElsewhere,
    /// Set once, by a successful `initialize`.
    session: Mutex<Option<Arc<Session>>>,
    /// It takes no message above 64 MiB.
    is_reference: AtomicBool,
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
    pub(crate) fn new(number: u64, peer: Peer, files: &Files, host: &ProcessHost) -> Self {
        Self {
            number,
            peer,
            handles: Handles::new(files),
            helpers: Helpers::new(host.clone()),
            elsewhere: OpenElsewhere::default(),
            session: Mutex::new(None),
            is_reference: AtomicBool::new(false),
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
    pub(crate) fn initialize(&self, session: Arc<Session>, name: &str) -> bool {
        *self.session.lock() = Some(session);
        let is_reference = name == REFERENCE_CLIENT;
        self.is_reference.store(is_reference, Ordering::Relaxed);
        // Whoever ends the connection cancels first and looks for a session then.
        !self.ended.is_cancelled()
    }

    /// Bytes of a file that fit one answer to it, where that is known.
    pub(crate) fn answer_bytes(&self) -> Option<u64> {
        let is_reference = self.is_reference.load(Ordering::Relaxed);
        is_reference.then_some(REFERENCE_CLIENT_FILE)
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
        self.elsewhere.close();
        self.helpers.finish().await;
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
