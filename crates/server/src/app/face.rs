//! One connection's side of the protocol: the handshake, what may be asked, the refusals.

use std::{fs, sync::Arc};

use outpost_protocol::{
    RequestId, RpcError,
    app::session::{
        InitializeParams, InitializeResponse, RemoteControlConnectionStatus, RemoteControlStatus,
        RemoteControlStatusChanged,
    },
};
use outpost_rpc::{
    connection::Service,
    link::Close,
    router::{Reply, Router},
};
use serde_json::value::RawValue;

use super::{
    Shared,
    connection::{Call, Client},
    handshake::{self, Identity},
    settings,
};

/// [`Service`] of the app face.
pub(super) struct Face {
    call: Call,
}

/// The answer to a text that is no JSON.
const PARSE_ERROR: i64 = -32700;

/// Says which system this is.
const KERNEL: &str = "/proc/sys/kernel/osrelease";

// === impl Face ===

impl Face {
    pub(super) fn new(server: Arc<Shared>, client: Arc<Client>) -> Self {
        Self {
            call: Call { server, client },
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

    fn gate(&mut self, method: &str, params: Option<&RawValue>) -> Result<(), RpcError> {
        match handshake::refusal(self.call.client.identity(), method, params) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    fn unknown(&self, method: &str) -> RpcError {
        handshake::unserved(self.call.client.identity(), method)
    }

    /// `initialized` is not waited for, and others are none of ours.
    fn notified(&mut self, method: &str, _: Option<&RawValue>) -> Result<(), Close> {
        tracing::debug!(connection = self.call.client.number, method, "notified");
        Ok(())
    }

    fn malformed(&self, words: &str) -> Option<RpcError> {
        Some(RpcError::new(PARSE_ERROR, format!("Parse error: {words}")))
    }

    fn answer_malformed(&self, text: Option<&str>, words: &str) -> Option<String> {
        let is_json = text.is_some_and(|text| serde_json::from_str::<&RawValue>(text).is_ok());
        let refusal = match self.malformed(words)? {
            _ if is_json => RpcError::invalid_request(format!("Invalid request: {words}")),
            refusal => refusal,
        };
        tracing::warn!(connection = self.call.client.number, %refusal, "no message");
        let error = serde_json::to_string(&refusal).expect("codes and strings are JSON");
        Some(format!(r#"{{"error":{error},"id":null}}"#))
    }

    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close> {
        tracing::debug!(connection = self.call.client.number, %id, "an answer to nothing");
        Ok(())
    }

    fn ended(&mut self, _: &Close) {
        self.call.client.end();
    }
}

/// `initialize`.
pub(super) async fn initialize(
    call: Call,
    params: InitializeParams,
) -> Result<Reply<InitializeResponse>, RpcError> {
    let Call { server, client } = call;
    client.introduce(Identity::new(&params)?);
    tracing::info!(
        connection = client.number,
        client = params.client_info.name,
        version = params.client_info.version,
        "initialize"
    );
    let kernel = fs::read_to_string(KERNEL).unwrap_or_default();
    let response = InitializeResponse {
        user_agent: handshake::user_agent(&params.client_info, kernel.trim()),
        codex_home: server.machine.home.clone(),
        platform_family: std::env::consts::FAMILY.to_owned(),
        platform_os: std::env::consts::OS.to_owned(),
    };
    let status = remote_control(&server);
    Ok(Reply::then(response, move || {
        server.audience.join(&client);
        let told = Arc::clone(&client);
        client.spawn(async move {
            told.notify::<RemoteControlStatusChanged>(&status).await;
            settings::at_start(&server, &told).await;
        });
    }))
}

/// Nobody steers this server from elsewhere.
pub(super) fn remote_control(server: &Shared) -> RemoteControlStatus {
    RemoteControlStatus {
        status: RemoteControlConnectionStatus::Disabled,
        server_name: server.machine.name.clone(),
        installation_id: server.machine.installation.clone(),
        environment_id: None,
    }
}
