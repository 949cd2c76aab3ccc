//! What a server tells of itself: how it is doing, and what one should know.

use serde::{Deserialize, Serialize};

use crate::method::{methods, notifications};

methods! {
    /// How the server is doing.
    Read = "server/diagnostics": ServerDiagnosticsParams => ServerDiagnosticsResponse;
    /// Says back what it is told; for trying out the gate of experimental methods.
    Mock = "mock/experimentalMethod": MockExperimentalMethodParams => MockExperimentalMethodResponse;
}

notifications! {
    /// Something a user should know.
    Warning = "warning": WarningNotification;
    /// The client uses something that will go away.
    DeprecationNotice = "deprecationNotice": DeprecationNoticeNotification;
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerDiagnosticsParams {}

/// How the server is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerDiagnosticsResponse {
    /// The program.
    pub process: ServerDiagnosticsProcess,
    /// Numbers, each under a name of its own.
    pub gauges: Vec<ServerDiagnosticsGauge>,
}

/// The program.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServerDiagnosticsProcess {
    /// Its process id.
    pub id: u32,
    /// Memory it has.
    pub resident_memory_bytes: Option<u64>,
    /// Another measure of it, known on macOS only.
    pub physical_footprint_bytes: Option<u64>,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerDiagnosticsGauge {
    /// What it counts, as in `app.requests.queued`.
    pub name: String,
    /// How many.
    pub value: u64,
}

/// What to say back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MockExperimentalMethodParams {
    /// Anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MockExperimentalMethodResponse {
    /// The same.
    pub echoed: Option<String>,
}

/// Something a user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WarningNotification {
    /// Where it happened; told only to those who follow that thread.
    pub thread_id: Option<String>,
    /// What.
    pub message: String,
}

/// Something that will go away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeprecationNoticeNotification {
    /// What.
    pub summary: String,
    /// What to do instead.
    pub details: Option<String>,
}
