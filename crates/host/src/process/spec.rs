//! What a caller says about a process before it starts.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use super::{env::EnvPolicy, resources::ResourceLimits, start::StartError};
use crate::sandbox::Walls;

/// The size of a terminal window, in character cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub cols: u16,
}

impl Default for TerminalSize {
    /// The 24 by 80 every terminal program expects when nobody tells.
    fn default() -> Self {
        Self { rows: 24, cols: 80 }
    }
}

/// What the process's descriptors 0 to 2 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// Separate pipes for output and errors.
    Pipes {
        /// Whether input can be written; otherwise the process reads from the null device.
        stdin: bool,
    },
    /// One terminal, the controlling terminal of the process's session.
    Terminal {
        /// Its window size from the first instruction on.
        size: TerminalSize,
    },
}

/// Everything that decides how a process starts.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The program and its arguments; the program is looked up on the child's own `PATH`.
    pub argv: Vec<String>,
    /// What the program sees as its own name, when that differs from `argv[0]`.
    pub arg0: Option<String>,
    /// The working directory. A missing one is an error and nothing runs.
    pub cwd: PathBuf,
    /// How to derive the environment from the server's; without it `env` is all there is.
    pub env_policy: Option<EnvPolicy>,
    /// Variables set last, on top of the policy.
    pub env: BTreeMap<String, String>,
    /// Pipes or a terminal.
    pub stdio: Stdio,
    /// Run time after which the whole tree is killed.
    pub timeout: Option<Duration>,
    /// How much it may use.
    pub limits: ResourceLimits,
    /// What it is walled in by, if by anything.
    pub walls: Option<Arc<Walls>>,
}

impl Spec {
    /// Refuses what can be seen to be wrong before anything is reserved or started.
    pub(super) fn check(&self) -> Result<(), StartError> {
        match self.argv.first() {
            None => Err(StartError::EmptyArgv),
            Some(program) if program.is_empty() => Err(StartError::NoProgram),
            Some(_) => Ok(()),
        }
    }
}

/// A signal a client may send to a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `SIGINT`.
    Interrupt,
    /// `SIGTERM`.
    Terminate,
    /// `SIGKILL`.
    Kill,
    /// `SIGHUP`.
    Hangup,
    /// `SIGQUIT`.
    Quit,
    /// `SIGUSR1`.
    User1,
    /// `SIGUSR2`.
    User2,
}

impl Signal {
    /// Its number on this system.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
            Self::Kill => libc::SIGKILL,
            Self::Hangup => libc::SIGHUP,
            Self::Quit => libc::SIGQUIT,
            Self::User1 => libc::SIGUSR1,
            Self::User2 => libc::SIGUSR2,
        }
    }
}
