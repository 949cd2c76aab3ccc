//! Commands without a thread: `command/exec` and what steers one that runs.
//!
//! Ids of commands belong to a connection, and so do the commands: they end with it.

mod output;

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use self::output::write_output_delta;
use super::{Done, policy::SandboxPolicy};
use crate::{
    Base64Bytes,
    method::{methods, notifications},
};

methods! {
    /// Runs a command; answered when it has ended and its output is read to the end.
    Exec = "command/exec": CommandExecParams => CommandExecResponse;
    /// Gives bytes to a command's standard input, or ends it.
    Write = "command/exec/write": CommandExecWriteParams => Done;
    /// Kills a command; its own answer follows.
    Terminate = "command/exec/terminate": CommandExecTerminateParams => Done;
    /// Sets the size of a command's terminal.
    Resize = "command/exec/resize": CommandExecResizeParams => Done;
}

notifications! {
    /// The next output of a command; all of it comes before the command's answer.
    OutputDelta = "command/exec/outputDelta": CommandExecOutputDeltaNotification;
}

/// What to run and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecParams {
    /// Program and arguments; not empty.
    pub command: Vec<String>,
    /// The client's name for it, unique on the connection while it runs; may be empty. Needed by
    /// whoever streams, has a terminal, or steers it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
    /// On a terminal, which means both stream members too; all output then is `stdout`.
    #[serde(default)]
    pub tty: bool,
    /// Its standard input can be written to.
    #[serde(default)]
    pub stream_stdin: bool,
    /// Output is told as it comes, and left out of the answer.
    #[serde(default)]
    pub stream_stdout_stderr: bool,
    /// Bytes of each stream that are kept; 0 keeps none. Not together with `disableOutputCap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes_cap: Option<usize>,
    /// All output is kept.
    #[serde(default)]
    pub disable_output_cap: bool,
    /// It may run for ever.
    #[serde(default)]
    pub disable_timeout: bool,
    /// Milliseconds it may run, then it is killed; not negative. Not together with
    /// `disableTimeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
    /// Where it runs; relative paths start at the server's own folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathBuf>,
    /// Laid over the environment it would have; `null` removes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// Of its terminal; only with `tty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<CommandExecTerminalSize>,
    /// What it is held to; absent: what the configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_policy: Option<SandboxPolicy>,
    /// The same by the name of a profile. Not together with `sandboxPolicy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_profile: Option<String>,
    /// The environment it runs in, an addition; absent: `local`, or the default where this machine
    /// may not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
}

/// Size of a terminal in characters; neither is 0.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommandExecTerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub cols: u16,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecResponse {
    /// Its status; 128 + n for signal n; 124 when its time was over.
    pub exit_code: i32,
    /// Bytes that are not UTF-8 are replaced; empty when streamed.
    pub stdout: String,
    /// As `stdout`.
    pub stderr: String,
}

/// Input for a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecWriteParams {
    /// Which one.
    pub process_id: String,
    /// The bytes. Text, because a mistake in it is refused in other words than a mistake
    /// elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_base64: Option<String>,
    /// Nothing follows.
    #[serde(default)]
    pub close_stdin: bool,
}

/// A new size for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecResizeParams {
    /// Which one.
    pub process_id: String,
    /// What it becomes.
    pub size: CommandExecTerminalSize,
}

/// Which command to kill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecTerminateParams {
    /// Which one.
    pub process_id: String,
}

/// One piece of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CommandExecOutputDeltaNotification {
    /// Which command.
    pub process_id: String,
    /// Where it came from.
    pub stream: OutputStream,
    /// The bytes.
    pub delta_base64: Base64Bytes,
    /// This stream has used up its cap: what follows in it is dropped.
    pub cap_reached: bool,
}

/// Where output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OutputStream {
    /// The standard output, or the terminal.
    Stdout,
    /// The standard error.
    Stderr,
}
