//! What an operator may choose.

use std::{collections::BTreeSet, time::Duration};

use outpost_host::{
    fs::FsLimits,
    process::{ProcessLimits, keeper::KeeperConfig},
    sandbox::SandboxConfig,
};
use outpost_rpc::limits::Limits;

/// The choices of one exec server.
#[derive(Clone, Debug)]
pub struct ExecConfig {
    /// How long a session without a connection is kept, and how long an exited process can be
    /// read.
    pub session_ttl: Duration,
    /// Sessions at the same time. One costs about a KiB while it has no process; a client that
    /// reconnects without resuming leaves one behind each time.
    pub max_sessions: usize,
    /// Variables of the server's environment that a request's header may carry.
    pub http_env: BTreeSet<String>,
    /// Who starts the commands.
    pub keeper: KeeperConfig,
    /// How policies are enforced.
    pub sandbox: SandboxConfig,
    /// Bounds of processes.
    pub processes: ProcessLimits,
    /// Bounds of files.
    pub files: FsLimits,
    /// Bounds of connections.
    pub limits: Limits,
}

impl Default for ExecConfig {
    fn default() -> Self {
        Self {
            session_ttl: Duration::from_secs(600),
            max_sessions: 4096,
            http_env: BTreeSet::new(),
            keeper: KeeperConfig::default(),
            sandbox: SandboxConfig::default(),
            processes: ProcessLimits::default(),
            files: FsLimits::default(),
            limits: Limits::default(),
        }
    }
}
