//! One connection's side of the protocol: the handshake, what may be asked, the refusals.

use std::sync::Arc;

use outpost_protocol::{
    Method as _, Notification as _, RequestId, RpcError, code,
    exec::session::{
        Initialize, InitializeParams, InitializeResponse, Initialized, PROTOCOL_VERSION,
    },
};
use outpost_rpc::{
    connection::Service,
    link::Close,
    router::{Reply, Router},
};
use serde_json::value::RawValue;
use tokio::time::{Duration, Instant, timeout};

use super::{
    Shared,
    connection::{Call, Client},
    handshake::{self, Phase, SUPERSEDED},
    session::Session,
    sessions::Resume,
};

/// How long a connection has to answer a ping when another one wants its session: longer than a
/// round trip to the far side of the world, shorter than a client waits for its answer.
const PROBE_PATIENCE: Duration = Duration::from_millis(1500);

/// [`Service`] of the exec face.
pub(crate) struct Face {
    call: Call,
    /// How malformed input is told.
    peer: String,
    /// `initialized` has come.
    ready: bool,
}

// === impl Face ===

impl Face {
    pub(crate) fn new(server: Arc<Shared>, client: Arc<Client>, peer: String) -> Self {
        Self {
            call: Call { server, client },
            peer,
            ready: false,
        }
    }

    fn phase(&self, session: Option<&Arc<Session>>) -> Phase {
        match (session, self.ready) {
            (None, _) => Phase::New,
            (Some(_), false) => Phase::Initialized,
            (Some(_), true) => Phase::Ready,
        }
    }
}

impl Service for Face {
    type Context = Call;

    fn router(&self) -> &Router<Call> {
        &self.call.server.router
    }

    fn context(&self) -> Call {
        self.call.clone()
    }

    fn gate(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        let session = self.call.client.session();
        if let Some(words) = handshake::refusal(self.phase(session.as_ref()), method) {
            return Err(RpcError::invalid_request(words));
        }
        let number = self.call.client.number;
        match session {
            Some(session) if !session.feeds(number) => Err(RpcError::invalid_request(SUPERSEDED)),
            Some(_) | None => Ok(()),
        }
    }

    fn unknown(&self, method: &str) -> RpcError {
        let words = format!("exec-server stub does not implement `{method}` yet");
        RpcError::new(code::METHOD_NOT_FOUND, words)
    }

    fn notified(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), Close> {
        if method != Initialized::NAME {
            return Err(Close::protocol(format!(
                "the notification `{method}` is not known here"
            )));
        }
        if self.call.client.session().is_none() {
            return Err(Close::protocol(
                "`initialized` came before `initialize` was answered",
            ));
        }
        self.ready = true;
        Ok(())
    }

    fn malformed(&self, words: &str) -> Option<RpcError> {
        let kind = if self.peer.starts_with("websocket") {
            "websocket "
        } else {
            ""
        };
        Some(RpcError::invalid_request(format!(
            "failed to parse {kind}JSON-RPC message from exec-server {}: {words}",
            self.peer
        )))
    }

    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close> {
        Err(Close::protocol(format!(
            "an answer came to request {id}, which was never made"
        )))
    }

    fn ended(&mut self, _: &Close) {
        self.call.client.end();
        if let Some(session) = self.call.client.session() {
            detach(&self.call, &session);
        }
    }
}

/// The session waits for its client to come back, unless another connection has it already.
fn detach(Call { server, client }: &Call, session: &Session) {
    if server
        .sessions
        .lock()
        .detach(&session.id, client.number, Instant::now())
    {
        session.detach(client.number);
        server.changed.notify_one();
    }
}

/// `initialize`: a new session, or an earlier one.
pub(crate) async fn initialize(
    call: Call,
    params: InitializeParams,
) -> Result<Reply<InitializeResponse>, RpcError> {
    let session = match &params.resume_session_id {
        None => open(&call)?,
        Some(id) => resume(&call, id).await?,
    };
    let Call { server, client } = &call;
    tracing::info!(
        connection = client.number,
        client = params.client_name,
        resumed = params.resume_session_id.is_some(),
        "{}",
        Initialize::NAME
    );
    if !client.initialize(Arc::clone(&session), &params.client_name) {
        detach(&call, &session);
    }
    let response = InitializeResponse {
        session_id: session.id.clone(),
        environment_info: Some(server.info.clone()),
        protocol_version: Some(PROTOCOL_VERSION.to_owned()),
    };
    // Answered first, then told of events; nothing later is looked at before both are done.
    let client = Arc::clone(client);
    Ok(Reply::then(response, move || {
        session.attach(client.number, client.peer.outbox());
    }))
}

fn open(call: &Call) -> Result<Arc<Session>, RpcError> {
    let Call { server, client } = call;
    let session = Arc::new(Session::new(server.host.clone()));
    let holder = (client.number, Arc::clone(client));
    let opened =
        server
            .sessions
            .lock()
            .open(session.id.clone(), Arc::clone(&session), holder, |s| {
                s.is_idle()
            });
    match opened {
        Ok(()) => Ok(session),
        Err(full) => Err(RpcError::internal(format!(
            "the server has {} sessions, all of them in use; try again later",
            full.limit
        ))),
    }
}

async fn resume(call: &Call, id: &str) -> Result<Arc<Session>, RpcError> {
    let mut dead = None;
    loop {
        match attach(call, id, dead) {
            Resume::Resumed(session) => return Ok(session),
            Resume::Unknown => {
                return Err(RpcError::invalid_request(format!(
                    "unknown session id {id}"
                )));
            }
            Resume::Attached { connection, client } => {
                if answers(&client).await {
                    let words = format!("session {id} is already attached to another connection");
                    return Err(RpcError::new(code::SESSION_ATTACHED, words));
                }
                client.peer.close(Close::policy(SUPERSEDED));
                dead = Some(connection);
            }
        }
    }
}

fn attach(call: &Call, id: &str, instead_of: Option<u64>) -> Resume<Arc<Session>, Arc<Client>> {
    let Call { server, client } = call;
    let holder = (client.number, Arc::clone(client));
    server.sessions.lock().resume(id, holder, instead_of)
}

/// Whether the client behind a connection is there: it answers a ping.
async fn answers(client: &Client) -> bool {
    let probe = client.peer.outbox().probe();
    matches!(timeout(PROBE_PATIENCE, probe).await, Ok(Ok(())))
}
