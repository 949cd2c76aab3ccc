//! Handshake, and what a connection is told about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AbsolutePath;
use crate::{
    NoParams,
    method::{methods, notifications},
};

methods! {
    /// Introduces a client. First request of every connection, and only once.
    Initialize = "initialize": InitializeParams => InitializeResponse;
    /// Whether somebody steers this server from elsewhere.
    RemoteControlStatusRead = "remoteControl/status/read": NoParams => RemoteControlStatus;
}

notifications! {
    /// The client has read the answer to `initialize`. Nothing waits for it.
    Initialized = "initialized": NoParams;
    /// The first thing a connection is told after its handshake.
    RemoteControlStatusChanged = "remoteControl/status/changed": RemoteControlStatus;
}

/// What a client says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitializeParams {
    /// Who it is.
    pub client_info: ClientInfo,
    /// What it can do; absent: nothing beyond the stable dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<InitializeCapabilities>,
}

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClientInfo {
    /// Becomes the front of the `userAgent` if it is the first one to introduce itself, so it has
    /// to be a valid header value; may be empty.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// May be empty.
    pub version: String,
}

/// What a client can do.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitializeCapabilities {
    /// It asks people where the server would let a model decide.
    #[serde(default)]
    pub required_human_approval: bool,
    /// It begins gateway logins by itself.
    #[serde(default)]
    pub explicit_gateway_oauth: bool,
    /// It knows the experimental methods and members; without it they are refused.
    #[serde(default)]
    pub experimental_api: bool,
    /// It answers `attestation/generate`.
    #[serde(default)]
    pub request_attestation: bool,
    /// It shows forms that tool servers ask for.
    #[serde(default)]
    pub mcp_server_openai_form_elicitation: bool,
    /// Notifications it does not want, by their exact names; unknown names are no mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_out_notification_methods: Option<Vec<String>>,
    /// What no other member has room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<BTreeMap<String, Value>>,
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitializeResponse {
    /// `NAME/VERSION (OS VERSION; ARCH) TERMINAL (CLIENT; CLIENT VERSION)`; clients read the
    /// version from it.
    pub user_agent: String,
    /// The folder of the configuration and of what is kept.
    pub codex_home: AbsolutePath,
    /// `unix`.
    pub platform_family: String,
    /// `linux`.
    pub platform_os: String,
}

/// Whether somebody steers this server from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemoteControlStatus {
    /// Always disabled here.
    pub status: RemoteControlConnectionStatus,
    /// The name of the machine.
    pub server_name: String,
    /// The same for as long as the folder of the configuration is.
    pub installation_id: String,
    /// Set only while somebody does.
    pub environment_id: Option<String>,
}

/// How far remote control has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RemoteControlConnectionStatus {
    /// Off.
    Disabled,
    /// On its way.
    Connecting,
    /// On.
    Connected,
    /// It failed.
    Errored,
}
