//! Machines beside the local one, where commands run and files lie.

use serde::{Deserialize, Serialize};

use super::{Done, Secret};
use crate::{
    PathUri,
    method::{methods, notifications},
};

methods! {
    /// Makes an exec server known under a name; it is connected to when it is needed.
    Add = "environment/add": EnvironmentAddParams => Done;
    /// Describes an environment.
    Info = "environment/info": EnvironmentInfoParams => EnvironmentInfoResponse;
    /// Whether an environment can be used. Never an error: what is unknown is a status.
    Status = "environment/status": EnvironmentStatusParams => EnvironmentStatusResponse;
}

notifications! {
    /// An environment of a thread is there again.
    Connected = "thread/environment/connected": EnvironmentConnectionNotification;
    /// An environment of a thread is gone.
    Disconnected = "thread/environment/disconnected": EnvironmentConnectionNotification;
}

/// An exec server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentAddParams {
    /// The name; one that is known is replaced. `local` is this machine.
    pub environment_id: String,
    /// Where it listens; what cannot be dialled is found out when it is needed.
    pub exec_server_url: String,
    /// Shown to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_bearer_token: Option<Secret>,
    /// Sent along with the upgrade, for its logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket_request_id: Option<String>,
    /// Milliseconds a connection may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// What skills it has to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<EnvironmentSkillsParams>,
}

/// What skills an environment has to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentSkillsParams {
    /// Names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<String>>,
}

/// Which environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentInfoParams {
    /// Its name.
    pub environment_id: String,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentInfoResponse {
    /// The user's shell there.
    pub shell: EnvironmentShellInfo,
    /// Where commands start there.
    pub cwd: Option<PathUri>,
}

/// A shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentShellInfo {
    /// `bash`, `zsh` or `sh`.
    pub name: String,
    /// The program.
    pub path: String,
}

/// Which environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentStatusParams {
    /// Its name.
    pub environment_id: String,
}

/// Whether an environment can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvironmentStatusResponse {
    /// The short of it.
    pub status: EnvironmentStatusKind,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whether an environment can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum EnvironmentStatusKind {
    /// Yes.
    Ready,
    /// Not yet: a connection is being made.
    Pending,
    /// No connection.
    Disconnected,
    /// Nobody has added one of that name.
    Unknown,
}

/// An environment of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentConnectionNotification {
    /// Whose.
    pub thread_id: String,
    /// Which.
    pub environment_id: String,
}
