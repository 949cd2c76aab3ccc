//! Processes of an environment.
//!
//! A [`Process`] is the one reader of its events; [`ProcessControl`] can be cloned and does
//! everything else. Dropping a [`Process`] leaves the process running and passes over what it
//! still says. Who wants it ended says so: [`ProcessControl::terminate`].

mod control;
mod handle;
mod inbox;
mod start;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use bytes::Bytes;
use outpost_protocol::exec::{
    process::{
        EnvPolicy, ExitReason, ExitedParams, Limits, OutputStream, ReadResponse, TerminalSize,
    },
    sandbox::SandboxContext,
};

pub(crate) use self::inbox::{Delivered, Inbox};
pub use self::{
    control::ProcessControl,
    handle::{Process, ProcessOutput},
    start::Processes,
};

/// What a process did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// It wrote something.
    Output {
        /// Where.
        stream: OutputStream,
        /// What; not empty.
        bytes: Bytes,
    },
    /// It ended. Output of what it left behind may follow.
    Exited(Exit),
    /// It ended, and its output is complete: the last event.
    Closed,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status; 128 + n for signal n.
    pub code: i32,
    /// Why; older servers do not say.
    pub reason: Option<ExitReason>,
    /// The name of the signal that ended it, as in `SIGKILL`, where the server says so.
    pub signal: Option<String>,
    /// The sandbox refused something while it ran. Older servers guess.
    pub sandbox_denied: bool,
    /// The member of [`Limits`] that ended it, as in `memoryBytes`, where the server says so.
    pub limit_exceeded: Option<String>,
}

/// What to start. `StartOptions::new(argv)` with the rest as the [`Default`] has it: pipes, no
/// standard input, the server's environment and folder.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// Program and arguments; not empty.
    pub argv: Vec<String>,
    /// An absolute path on the server; none: the folder the server runs in.
    pub cwd: Option<PathBuf>,
    /// Variables, added last.
    pub env: BTreeMap<String, String>,
    /// How the rest of the environment is made; none: there is no rest.
    pub env_policy: Option<EnvPolicy>,
    /// A terminal of this size instead of pipes. Servers without the addition have 24 × 80.
    pub tty: Option<TerminalSize>,
    /// Keeps the standard input open for writes. A terminal's always is.
    pub pipe_stdin: bool,
    /// The name the program sees itself called by.
    pub arg0: Option<String>,
    /// The tree is killed after this time.
    pub timeout: Option<Duration>,
    /// What the command is held to; none: it may do what the server may.
    pub sandbox: Option<SandboxContext>,
    /// How much the command may use; needs a server with the addition.
    pub limits: Option<Limits>,
    /// The name of the process in the session; none: a new one.
    pub process_id: Option<String>,
}

// === impl StartOptions ===

impl StartOptions {
    /// This command, with the server's environment.
    #[must_use]
    pub fn new<A: Into<String>>(argv: impl IntoIterator<Item = A>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            argv: Vec::new(),
            cwd: None,
            env: BTreeMap::new(),
            env_policy: Some(inherit_all()),
            tty: None,
            pipe_stdin: false,
            arg0: None,
            timeout: None,
            sandbox: None,
            limits: None,
            process_id: None,
        }
    }
}

/// Everything the server's own environment has.
#[must_use]
pub fn inherit_all() -> EnvPolicy {
    EnvPolicy {
        inherit: outpost_protocol::exec::process::Inherit::All,
        ignore_default_excludes: true,
        exclude: Vec::new(),
        set: BTreeMap::new(),
        include_only: Vec::new(),
    }
}

// === impl Exit ===

impl Exit {
    fn of(read: &ReadResponse) -> Option<Self> {
        read.exited.then(|| Self {
            // A server that knows of the exit knows its status.
            code: read.exit_code.unwrap_or(-1),
            reason: read.reason,
            signal: read.signal.clone(),
            sandbox_denied: read.sandbox_denied,
            limit_exceeded: read.limit_exceeded.clone(),
        })
    }
}

impl From<ExitedParams> for Exit {
    fn from(told: ExitedParams) -> Self {
        Self {
            code: told.exit_code,
            reason: told.reason,
            signal: told.signal,
            sandbox_denied: told.sandbox_denied,
            limit_exceeded: told.limit_exceeded,
        }
    }
}
