//! What an operator may choose.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use outpost_agent::{
    config::{Configuration, OpenError, Places},
    threads::ThreadLimits,
};
use outpost_client::{ConnectOptions, config::Environments};
use outpost_host::{
    environment as machine,
    fs::FsLimits,
    process::{ProcessLimits, keeper::KeeperConfig},
    sandbox::SandboxConfig,
    search::SearchLimits,
};
use outpost_rpc::limits::Limits;

/// The choices of one app server.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// What the administrator, the user and the command line say; its home is the server's.
    pub configuration: Arc<Configuration>,
    /// The home folder of the user, for skills that belong to no program; none: there are none.
    pub user_home: Option<PathBuf>,
    /// The machines that commands run on and files lie on. Only this one, unless the program says
    /// otherwise: nothing is read from anybody's home.
    pub environments: Environments,
    /// How long a lost connection to another environment may take to come back before what ran there
    /// is given up.
    pub environment_recovery: Duration,
    /// Who starts the commands.
    pub keeper: KeeperConfig,
    /// How policies are enforced.
    pub sandbox: SandboxConfig,
    /// Bytes of output that may wait for the end of its command, of all connections together.
    pub buffered_bytes: usize,
    /// Bounds of file calls.
    pub files: FsLimits,
    /// Bounds of searches; `searches` are the sessions that are open at once.
    pub search: SearchLimits,
    /// Bounds of processes.
    pub processes: ProcessLimits,
    /// Bounds of threads.
    pub threads: ThreadLimits,
    /// Bounds of connections.
    pub limits: Limits,
}

/// How long a background child may hold the output open after its command's end; the reference's
/// number.
const DRAIN: Duration = Duration::from_secs(2);

/// What is kept of a command's output beside what its client is told: nobody reads it later.
const RETAIN: usize = 256 << 10;

/// Sessions of searches at once. One that has walked takes memory for its paths, which has a bound
/// of its own, and nothing else.
const SEARCHES: usize = 64;

// === impl AppConfig ===

impl AppConfig {
    /// The usual choices for a server of this user on this computer; `flags` are `key=value`, as
    /// after `-c` on the command line. Blocks on the file system.
    ///
    /// # Errors
    ///
    /// A flag is wrong, or what the administrator demands cannot be read.
    pub fn of_this_machine<S: AsRef<str>>(flags: &[S]) -> Result<Self, OpenError> {
        let places = machine::Places::of(&machine::describe(Vec::new()));
        // A home that cannot be told from here is one that nobody has.
        let home = std::path::absolute(&places.home);
        let home = home.unwrap_or_else(|_| Path::new("/").join(&places.home));
        let user_home = places.user_home;
        let places = Places {
            home,
            system: places.system,
        };
        Ok(Self {
            user_home,
            ..Self::new(Configuration::open(places, flags)?)
        })
    }

    /// The usual choices for a server with this configuration.
    #[must_use]
    pub fn new(configuration: Configuration) -> Self {
        Self {
            configuration: Arc::new(configuration),
            user_home: None,
            environments: Environments::local(),
            environment_recovery: ConnectOptions::default().recovery,
            keeper: KeeperConfig::default(),
            sandbox: SandboxConfig::default(),
            buffered_bytes: 512 << 20,
            files: FsLimits::default(),
            search: SearchLimits {
                searches: SEARCHES,
                ..SearchLimits::default()
            },
            processes: ProcessLimits {
                retain_bytes: RETAIN,
                drain_after_exit: Some(DRAIN),
                ..ProcessLimits::default()
            },
            threads: ThreadLimits::default(),
            limits: Limits::default(),
        }
    }
}
