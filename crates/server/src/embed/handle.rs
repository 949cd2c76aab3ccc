//! The handle on an embedded server: what an embedder says, reads and ends.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use outpost_protocol::{
    Method, Notification, RequestId, RpcError, app, app::session::InitializeResponse, envelope,
};
use outpost_rpc::{
    error::CallError,
    link::{Close, Link},
};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{
    EmbeddedApp,
    calls::Ended,
    event::{ClientRequest, Event},
    reader::Reader,
    refusals,
    wire::Wire,
};

/// One client of an app server, in this process.
///
/// All of it may be used from several tasks at once, through an [`Arc`]. Somebody has to read the
/// events: those that are never dropped hold back what comes after them, answers included, once
/// there are as many of them as the capacity. Who wants none calls [`AppHandle::ignore_events`].
///
/// Dropping it ends the server and its commands without waiting; [`AppHandle::shutdown`] waits.
#[derive(Debug)]
pub struct AppHandle {
    wire: Arc<Wire>,
    /// Set before anybody else sees the handle.
    server: Option<InitializeResponse>,
    /// For [`AppHandle::call`].
    names: AtomicU64,
    /// Held by whoever shuts down, so that a second one waits for the first.
    runtime: Mutex<Option<Runtime>>,
}

/// What runs for a handle.
#[derive(Debug)]
pub(super) struct Runtime {
    pub(super) tasks: JoinSet<()>,
    pub(super) stopped: oneshot::Receiver<()>,
    /// The server, where it belongs to the handle.
    pub(super) server: Option<EmbeddedApp>,
}

/// How long each of the two parts of a shutdown may take.
const PATIENCE: Duration = Duration::from_secs(5);

// === impl AppHandle ===

impl AppHandle {
    /// A handle whose handshake is yet to be done.
    pub(super) fn new(wire: Arc<Wire>, runtime: Runtime) -> Self {
        Self {
            wire,
            server: None,
            names: AtomicU64::new(0),
            runtime: Mutex::new(Some(runtime)),
        }
    }

    /// What the server said of itself.
    #[must_use]
    pub fn server(&self) -> &InitializeResponse {
        let server = self.server.as_ref();
        server.expect("the handshake is done before a handle is given out")
    }

    pub(super) fn introduced(&mut self, server: InitializeResponse) {
        self.server = Some(server);
    }

    /// Makes a request and waits for its answer. It never waits for room to ask.
    ///
    /// The outer error is the transport's: [`WouldBlock`](io::ErrorKind::WouldBlock) when as many
    /// messages as the capacity wait to be read by the server (try again later), and
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) after a shutdown. The inner one is the answer:
    /// the server's, or -32600 for an id that is in use, -32001 when the server holds as many
    /// bytes as it may, -32603 when it is gone or was shut down meanwhile.
    ///
    /// Dropping the future stops waiting; the request is not taken back, and its id stays in use
    /// until it is answered.
    pub async fn request(
        &self,
        request: ClientRequest,
    ) -> io::Result<Result<Box<RawValue>, RpcError>> {
        let text = request.text().map_err(invalid)?;
        match self.wire.request(request.id, text)? {
            Err(refusal) => Ok(Err(refusal)),
            Ok(answer) => Ok(awaited(answer).await),
        }
    }

    /// Makes a request under an id of its own and waits for the answer, and for room to ask.
    pub async fn call<M: Method>(&self, params: &M::Params) -> Result<M::Answer, CallError> {
        let method = M::NAME;
        let closed = || CallError::Closed {
            method,
            close: Close::normal(),
        };
        let decode = |error: serde_json::Error| CallError::Decode {
            method,
            words: error.to_string(),
        };
        let name = self.names.fetch_add(1, Ordering::Relaxed);
        let id = RequestId::Text(format!("outpost-{name}"));
        let text = envelope::request::<M>(&id, params).map_err(decode)?;
        let sent = self.wire.request_when_there_is_room(id, text).await;
        let answer = match sent.map_err(|_| closed())? {
            Ok(answer) => awaited(answer).await,
            Err(refusal) => Err(refusal),
        };
        let answer = answer.map_err(|error| CallError::Remote { method, error })?;
        serde_json::from_str(answer.get()).map_err(decode)
    }

    /// Tells the server something. Errors as of [`AppHandle::request`].
    pub fn notify<N: Notification>(&self, params: &N::Params) -> io::Result<()> {
        self.wire
            .tell(envelope::notification::<N>(params).map_err(invalid)?)
    }

    /// Answers a request of the server's. After [`WouldBlock`](io::ErrorKind::WouldBlock) it still
    /// waits for its answer. A request that is unknown, or was resolved meanwhile, needs none.
    pub fn respond(&self, id: &RequestId, result: &impl Serialize) -> io::Result<()> {
        let text = envelope::response(id, result).map_err(invalid)?;
        self.wire.answer(id, text)
    }

    /// Refuses a request of the server's; otherwise as [`AppHandle::respond`].
    pub fn reject(&self, id: &RequestId, error: &RpcError) -> io::Result<()> {
        self.wire.answer(id, app::failure(id, error))
    }

    /// The next event, in order; `None` after the last. Cancel-safe.
    pub async fn next_event(&self) -> Option<Event> {
        self.wire.inbox.next().await
    }

    /// Nobody reads events any more: notifications are dropped, and the server's requests are
    /// refused, those included that were not read yet.
    pub fn ignore_events(&self) {
        self.wire.unread.cancel();
    }

    /// Ends the server: requests that wait are failed with -32603 and so are the server's own,
    /// then every command is ended with all its descendants. Events that were not read still can
    /// be, until the `None` after them.
    ///
    /// It takes at most 5 s for the first and 5 s for the second part, and says
    /// [`TimedOut`](io::ErrorKind::TimedOut) when one took longer; what is left then is dropped.
    pub async fn shutdown(&self) -> io::Result<()> {
        self.wire.end(Ended::ShutDown);
        self.wire.stop.cancel();
        let mut held = self.runtime.lock().await;
        let Some(runtime) = held.as_mut() else {
            return Ok(());
        };
        let told = timeout(PATIENCE, &mut runtime.stopped).await;
        let ended = timeout(PATIENCE, runtime.end()).await;
        *held = None;
        self.wire.inbox.close();
        // Where it hangs, somebody may still wait for room.
        self.wire.say_goodbye();
        told.map_err(|_| refusals::too_slow("the server does not read"))?
            .ok();
        ended.map_err(|_| refusals::too_slow("the server does not end"))
    }
}

// === impl Runtime ===

impl Runtime {
    /// Ends the server and waits for the reader.
    async fn end(&mut self) {
        if let Some(server) = &self.server {
            server.shutdown().await;
        }
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What an answer came to. It is not lost: who ends the requests answers them.
async fn awaited(
    answer: oneshot::Receiver<Result<Box<RawValue>, RpcError>>,
) -> Result<Box<RawValue>, RpcError> {
    answer
        .await
        .unwrap_or_else(|_| Err(refusals::shutting_down()))
}

fn invalid(error: serde_json::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

/// Starts to read a link.
pub(super) fn start(
    link: Link,
    capacity: usize,
    inbox: super::inbox::Inbox,
) -> (Arc<Wire>, Runtime) {
    let wire = Arc::new(Wire::new(link.tx, capacity, inbox));
    let (tx, stopped) = oneshot::channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(Reader::new(Arc::clone(&wire)).run(link.rx, tx));
    let runtime = Runtime {
        tasks,
        stopped,
        server: None,
    };
    (wire, runtime)
}
