//! Processes under a handle: the experimental family that runs without a sandbox.
//!
//! Unlike a command, a process is answered for when it starts, and its end is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AbsolutePath, Done, Setting, command::OutputStream};
use crate::{
    Base64Bytes,
    method::{methods, notifications},
};

methods! {
    /// Starts a process.
    Spawn = "process/spawn": ProcessSpawnParams => Done;
    /// Gives bytes to a process's standard input, or ends it.
    WriteStdin = "process/writeStdin": ProcessWriteStdinParams => Done;
    /// Kills a process; its end is told.
    Kill = "process/kill": ProcessKillParams => Done;
    /// Sets the size of a process's terminal.
    ResizePty = "process/resizePty": ProcessResizePtyParams => Done;
}

notifications! {
    /// The next output of a process.
    OutputDelta = "process/outputDelta": ProcessOutputDeltaNotification;
    /// The end of a process; nothing more is told of it.
    Exited = "process/exited": ProcessExitedNotification;
}

/// What to start and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessSpawnParams {
    /// Program and arguments; not empty.
    pub command: Vec<String>,
    /// The client's name for it, unique on the connection while it runs.
    pub process_handle: String,
    /// Where it runs.
    pub cwd: AbsolutePath,
    /// On a terminal, which means both stream members too.
    #[serde(default)]
    pub tty: bool,
    /// Its standard input can be written to.
    #[serde(default)]
    pub stream_stdin: bool,
    /// Output is told as it comes, and left out of the end.
    #[serde(default)]
    pub stream_stdout_stderr: bool,
    /// Bytes of each stream that are kept; `null`: all.
    #[serde(default, skip_serializing_if = "Setting::is_default")]
    pub output_bytes_cap: Setting<usize>,
    /// Milliseconds it may run, then it is killed; `null`: for ever.
    #[serde(default, skip_serializing_if = "Setting::is_default")]
    pub timeout_ms: Setting<i64>,
    /// Laid over the environment it would have; `null` removes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// Of its terminal; only with `tty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<ProcessTerminalSize>,
    /// The environment it runs in, an addition; absent: `local`, or the default where this machine
    /// may not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
}

/// Size of a terminal in characters; neither is 0.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcessTerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub cols: u16,
}

/// Input for a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessWriteStdinParams {
    /// Which one.
    pub process_handle: String,
    /// The bytes. Text, because a mistake in it is refused in other words than a mistake
    /// elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_base64: Option<String>,
    /// Nothing follows.
    #[serde(default)]
    pub close_stdin: bool,
}

/// Which process to kill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessKillParams {
    /// Which one.
    pub process_handle: String,
}

/// A new size for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessResizePtyParams {
    /// Which one.
    pub process_handle: String,
    /// What it becomes.
    pub size: ProcessTerminalSize,
}

/// One piece of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessOutputDeltaNotification {
    /// Which process.
    pub process_handle: String,
    /// Where it came from.
    pub stream: OutputStream,
    /// The bytes.
    pub delta_base64: Base64Bytes,
    /// This stream has used up its cap: what follows in it is dropped.
    pub cap_reached: bool,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessExitedNotification {
    /// Which process.
    pub process_handle: String,
    /// Its status; 128 + n for signal n; 124 when its time was over.
    pub exit_code: i32,
    /// Something held its output open after its end, and was not waited for.
    pub output_drain_timed_out: Option<bool>,
    /// Bytes that are not UTF-8 are replaced; empty when streamed.
    pub stdout: String,
    /// Some of it was dropped.
    pub stdout_cap_reached: bool,
    /// As `stdout`.
    pub stderr: String,
    /// Some of it was dropped.
    pub stderr_cap_reached: bool,
}
