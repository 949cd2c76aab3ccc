//! The arguments of `outpost ps` and `outpost kill`.

use std::time::Duration;

use clap::Args;
use outpost_protocol::exec::process::SignalName;

use super::{Target, values};

/// What both long helps end with.
const SESSIONS: &str = "\
Sessions:
  Processes belong to the session of the client that started them, and no client sees those of
  another. A session can be joined while no client is attached to it, by whoever knows its id; one
  that is attached elsewhere is refused. `outpost run` names its session when it has to leave a
  command behind.";

/// List the processes of a session
#[derive(Debug, Args)]
#[command(after_long_help = SESSIONS)]
pub(crate) struct Ps {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) session: Session,
}

/// End processes of a session, or send them a signal
///
/// Without --signal each process is ended with all its descendants.
#[derive(Debug, Args)]
#[command(after_long_help = SESSIONS)]
pub(crate) struct Kill {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) session: Session,
    /// Ask with SIGTERM first, and end them with SIGKILL after this long
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = values::duration,
        conflicts_with = "signal"
    )]
    pub(crate) grace: Option<Duration>,
    /// Send a signal to the process group instead: INT, TERM, KILL, HUP, QUIT, USR1 or USR2
    #[arg(short = 's', long, value_name = "NAME", value_parser = values::signal)]
    pub(crate) signal: Option<SignalName>,
    /// Process ids, as `ps` shows them
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

/// Which session.
#[derive(Debug, Args)]
pub(crate) struct Session {
    /// The session to join
    ///
    /// Whoever knows the id may join, and other users of this machine can see arguments: where that
    /// matters, say it in the variable.
    #[arg(
        long = "session",
        value_name = "ID",
        env = "OUTPOST_SESSION",
        hide_env_values = true
    )]
    pub(crate) id: String,
}
