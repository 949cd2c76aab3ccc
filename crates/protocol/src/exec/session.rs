//! Handshake and sessions.

use serde::{Deserialize, Serialize};

use super::environment::EnvironmentInfo;
use crate::method::{methods, notifications};

methods! {
    /// Opens a session, or takes up an earlier one. First request of every connection.
    Initialize = "initialize": InitializeParams => InitializeResponse;
}

notifications! {
    /// The client has read the answer to `initialize`; from here on everything may be asked.
    Initialized = "initialized": serde_json::Value;
}

/// What a client says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitializeParams {
    /// Free text, for logs. The reference's own client is `codex-environment`.
    pub client_name: String,
    /// The session to take up again.
    #[serde(default)]
    pub resume_session_id: Option<String>,
}

/// The session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitializeResponse {
    /// Whoever knows it may resume the session: keep it as a secret. The same one on resume.
    pub session_id: String,
    /// What `environment/info` answers; absent from older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_info: Option<EnvironmentInfo>,
    /// For clients of the older dialect: `exec-server.v0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
}

/// The value of [`InitializeResponse::protocol_version`].
pub const PROTOCOL_VERSION: &str = "exec-server.v0";
