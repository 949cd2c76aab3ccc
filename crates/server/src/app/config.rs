//! What an operator may choose.

use std::time::Duration;

use outpost_host::{
    process::{ProcessLimits, keeper::KeeperConfig},
    sandbox::SandboxConfig,
};
use outpost_protocol::app::policy::SandboxPolicy;
use outpost_rpc::limits::Limits;

/// The choices of one app server.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Who starts the commands.
    pub keeper: KeeperConfig,
    /// How policies are enforced.
    pub sandbox: SandboxConfig,
    /// What a command is held to that names no policy.
    pub default_policy: SandboxPolicy,
    /// Bytes of output that may wait for the end of its command, of all connections together.
    pub buffered_bytes: usize,
    /// Bounds of processes.
    pub processes: ProcessLimits,
    /// Bounds of connections.
    pub limits: Limits,
}

/// How long a background child may hold the output open after its command's end; the reference's
/// number.
const DRAIN: Duration = Duration::from_secs(2);

/// What is kept of a command's output beside what its client is told: nobody reads it later.
const RETAIN: usize = 256 << 10;

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            keeper: KeeperConfig::default(),
            sandbox: SandboxConfig::default(),
            default_policy: SandboxPolicy::ReadOnly {
                network_access: false,
            },
            buffered_bytes: 512 << 20,
            processes: ProcessLimits {
                retain_bytes: RETAIN,
                drain_after_exit: Some(DRAIN),
                ..ProcessLimits::default()
            },
            limits: Limits::default(),
        }
    }
}
