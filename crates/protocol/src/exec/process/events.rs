//! What the server tells of a process without being asked.

use serde::{Deserialize, Serialize};

use super::OutputStream;
use crate::Base64Bytes;

/// One piece of output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OutputParams {
    /// Which process.
    pub process_id: String,
    /// From 1, shared with exit and close, without gaps.
    pub seq: u64,
    /// Where it came from.
    pub stream: OutputStream,
    /// The bytes, at most 64 KiB.
    pub chunk: Base64Bytes,
}

/// The end of a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExitedParams {
    /// Which process.
    pub process_id: String,
    /// Its place in the order.
    pub seq: u64,
    /// The exit status; 128 + n for signal n.
    pub exit_code: i32,
    /// A failure of the command that the sandbox caused.
    #[serde(default)]
    pub sandbox_denied: bool,
    /// Addition: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ExitReason>,
    /// Addition: the name of the signal, as in `SIGKILL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Addition: the member of [`Limits`](super::Limits) that ended it, as in `memoryBytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_exceeded: Option<String>,
}

/// Why a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ExitReason {
    /// By itself.
    Exited,
    /// By a signal that was not the server's doing.
    Signaled,
    /// Its `timeoutMs` was over.
    TimedOut,
    /// By `process/terminate`.
    Terminated,
    /// Its session had been detached for too long, or the server stopped.
    Expired,
    /// The program that holds the commands was killed from outside.
    KeeperLost,
}

/// The last event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClosedParams {
    /// Which process.
    pub process_id: String,
    /// Its place in the order.
    pub seq: u64,
}
