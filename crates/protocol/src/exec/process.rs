//! Processes: start, read, write, signal, end; and what the server tells of them.

mod events;
mod limits;
mod output;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    events::{ClosedParams, ExitReason, ExitedParams, OutputParams},
    limits::Limits,
    output::write_output,
};
use super::sandbox::SandboxContext;
use crate::{
    Base64Bytes, PathUri,
    method::{methods, notifications},
};

methods! {
    /// Starts a process under an id of the client's choice.
    Start = "process/start": WireExecParams => StartResponse;
    /// Reads retained output after a sequence number; may wait for it.
    Read = "process/read": ReadParams => ReadResponse;
    /// Queues bytes for the standard input.
    Write = "process/write": WriteParams => WriteResponse;
    /// Signals the whole process group.
    Signal = "process/signal": SignalParams => SignalResponse;
    /// Ends the whole process tree.
    Terminate = "process/terminate": TerminateParams => TerminateResponse;
    /// Addition: sets the size of the process's terminal.
    Resize = "process/resize": ResizeParams => ResizeResponse;
    /// Addition: ends the standard input after what is queued.
    CloseStdin = "process/closeStdin": CloseStdinParams => CloseStdinResponse;
    /// Addition: stops or resumes the notifications of one process, so that a slow reader of it
    /// does not hold up the others. Unfollowed, it is treated as a detached session's process.
    Follow = "process/follow": FollowParams => FollowResponse;
    /// Addition: the processes of the session.
    List = "process/list": crate::NoParams => ListResponse;
}

notifications! {
    /// The next output of a process.
    Output = "process/output": OutputParams;
    /// The process has ended; output of its descendants may follow.
    Exited = "process/exited": ExitedParams;
    /// Ended, and nobody holds its output any more: the last event.
    Closed = "process/closed": ClosedParams;
}

/// How to start a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireExecParams {
    /// Unique in the session; may be empty.
    pub process_id: String,
    /// For the record: whose work this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ExecMetadata>,
    /// Program and arguments; not empty.
    pub argv: Vec<String>,
    /// Where it runs.
    pub cwd: PathUri,
    /// Refused when it names an unknown shell; otherwise without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell_snapshot: Option<ShellSnapshot>,
    /// How the environment is made; absent: `env` is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_policy: Option<EnvPolicy>,
    /// Variables, added last.
    pub env: BTreeMap<String, String>,
    /// A terminal instead of pipes.
    pub tty: bool,
    /// Keeps the standard input open for `process/write`.
    #[serde(default)]
    pub pipe_stdin: bool,
    /// The name the program sees itself called by.
    #[serde(default)]
    pub arg0: Option<String>,
    /// What the process may do.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// The network only through a managed proxy.
    #[serde(default)]
    pub enforce_managed_network: bool,
    /// Details of the managed network.
    #[serde(default)]
    pub managed_network: Option<ManagedNetwork>,
    /// A proxy to be started beside the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_proxy: Option<serde_json::Value>,
    /// Addition: the size of the terminal from the start; 24 × 80 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<TerminalSize>,
    /// Addition: milliseconds after which the tree is killed and the reason is `timedOut`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Addition: how much the process and its descendants may use; what cannot be enforced is
    /// refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// Whose work a process is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecMetadata {
    /// A UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<uuid_text::UuidText>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

pub mod uuid_text;

/// A shell whose start-up files were captured before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShellSnapshot {
    /// 1 to 256 bytes.
    pub scope_id: String,
    /// The shell.
    pub shell: super::environment::ShellInfo,
}

/// How a process's environment is made from the server's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvPolicy {
    /// What is taken from the server's environment.
    pub inherit: Inherit,
    /// Keeps names that look like secrets (`*KEY*`, `*SECRET*`, `*TOKEN*`).
    pub ignore_default_excludes: bool,
    /// Globs of names to drop, without regard to case.
    pub exclude: Vec<String>,
    /// Variables added after that.
    pub set: BTreeMap<String, String>,
    /// Globs of names to keep; empty keeps all.
    pub include_only: Vec<String>,
}

/// What is taken from the server's environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Inherit {
    // In the order in which the reference lists them when it refuses another.
    /// The names every shell needs.
    Core,
    /// Everything.
    All,
    /// Nothing.
    None,
}

/// Details of a managed network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedNetwork {
    /// Ports of the loopback interface that stay reachable.
    pub loopback_ports: Vec<u16>,
    /// Whether sockets may be bound.
    pub allow_local_binding: bool,
}

/// Rows and columns of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters a line.
    pub cols: u16,
}

/// The process runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartResponse {
    /// As asked.
    pub process_id: String,
    /// `none`, or the walls around it. Absent from older servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_type: Option<String>,
}

/// What to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReadParams {
    /// Which process.
    pub process_id: String,
    /// Only what comes after this sequence number.
    #[serde(default)]
    pub after_seq: Option<u64>,
    /// Budget of raw bytes; at least one chunk is answered.
    #[serde(default)]
    pub max_bytes: Option<usize>,
    /// How long to wait for something.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// Retained output and where the process stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReadResponse {
    /// In order of `seq`.
    pub chunks: Vec<ReadChunk>,
    /// The cursor for the next read is one less.
    pub next_seq: u64,
    /// The exit status is known.
    pub exited: bool,
    /// The exit status.
    pub exit_code: Option<i32>,
    /// Ended, and its output is complete.
    pub closed: bool,
    /// For clients that report their own failures in this form; a server sends `null`.
    pub failure: Option<String>,
    /// A failure of the command that the sandbox caused.
    #[serde(default)]
    pub sandbox_denied: bool,
    /// Addition: why the process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ExitReason>,
    /// Addition: the name of the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Addition: the member of [`Limits`] that ended it, as in `memoryBytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_exceeded: Option<String>,
    /// Addition, only after an eviction: bytes after the cursor that are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_bytes: Option<u64>,
    /// Addition, only after an eviction: the oldest sequence number still retained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_available_seq: Option<u64>,
}

/// One retained chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadChunk {
    /// Its sequence number.
    pub seq: u64,
    /// Where it came from.
    pub stream: OutputStream,
    /// The bytes.
    pub chunk: Base64Bytes,
}

/// Where output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OutputStream {
    /// The pipe at descriptor 1.
    Stdout,
    /// The pipe at descriptor 2.
    Stderr,
    /// The terminal.
    Pty,
}

/// Bytes for the standard input.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WriteParams {
    /// Which process.
    pub process_id: String,
    /// The bytes; none is accepted and is not the end of the input.
    pub chunk: Base64Bytes,
    /// Makes the write idempotent; absent in the older dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_id: Option<String>,
}

/// What became of the bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WriteResponse {
    /// What became of the bytes.
    pub status: WriteStatus,
    /// For clients of the older dialect: whether they were accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

/// What became of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum WriteStatus {
    /// Queued, now or by an earlier write of the same id.
    Accepted,
    /// No such process.
    UnknownProcess,
    /// The process has no standard input to write to.
    StdinClosed,
    /// The start is still in flight.
    Starting,
}

/// Which signal for whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignalParams {
    /// Which process.
    pub process_id: String,
    /// Which signal.
    pub signal: SignalName,
}

/// Signals by name. The reference knows only `interrupt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignalName {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
    /// SIGHUP.
    Hangup,
    /// SIGQUIT.
    Quit,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
}

/// Sent, or there was nobody to send it to.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignalResponse {}

/// Which process to end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TerminateParams {
    /// Which process.
    pub process_id: String,
    /// Addition: SIGTERM first, SIGKILL after this many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
}

/// Whether there was something to end.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TerminateResponse {
    /// The process itself (not only descendants of it) was running.
    pub running: bool,
}

/// A new size.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResizeParams {
    /// Which process.
    pub process_id: String,
    /// The size.
    pub size: TerminalSize,
}

/// Done.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResizeResponse {}

/// Whose input ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CloseStdinParams {
    /// Which process.
    pub process_id: String,
}

/// As for a write: `accepted`, `unknownProcess`, `stdinClosed` or `starting`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloseStdinResponse {
    /// What became of it.
    pub status: WriteStatus,
}

/// Whose notifications.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FollowParams {
    /// Which process.
    pub process_id: String,
    /// Whether they are wanted.
    pub follow: bool,
}

/// From where notifications go on, or where they stopped.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FollowResponse {
    /// The next sequence number; what lies before it is to be read.
    pub next_seq: u64,
}

/// The processes of the session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListResponse {
    /// In order of their start.
    pub processes: Vec<ProcessSummary>,
}

/// One process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProcessSummary {
    /// The client's name for it.
    pub process_id: String,
    /// The operating system's.
    pub pid: u32,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub cwd: PathUri,
    /// Has a terminal.
    pub tty: bool,
    /// Milliseconds since its start.
    pub age_ms: u64,
    /// The exit status is known.
    pub exited: bool,
    /// The exit status.
    pub exit_code: Option<i32>,
    /// Ended, and its output is complete.
    pub closed: bool,
    /// The next sequence number.
    pub next_seq: u64,
    /// Addition: the member of [`Limits`] that ended it, as in `memoryBytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_exceeded: Option<String>,
}

#[cfg(test)]
mod tests;
