//! The arguments of `outpost exec-server`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::values;

/// What the long help ends with.
const EXAMPLES: &str = "\
What it prints:
  With ws:// and unix:// exactly one line on standard output: the URL it listens at, once it does.
  With stdio the protocol alone. Logs go to standard error.

How it ends:
  SIGTERM, SIGINT or SIGHUP: it stops listening, closes the connections, ends every process with
  all its descendants and exits with 0. A second signal ends it at once. With stdio, the end of
  standard input does the same. It exits with 1 when it cannot start, and with 2 on an argument it
  does not understand.

Examples:
  Serve this machine to programs on it, at a free port:
      outpost exec-server
  Serve it to other machines, with a token:
      head -c 32 /dev/urandom | base64 > /etc/outpost.token
      outpost exec-server --listen ws://0.0.0.0:7000 \\
          --ws-auth capability-token --ws-token-file /etc/outpost.token
  Serve it over SSH, started by the client:
      ssh HOST outpost exec-server --listen stdio
  Serve it to the users of a socket file:
      outpost exec-server --listen unix:///run/user/1000/outpost.sock";

/// Serve this machine's processes, files and HTTP
///
/// Speaks the exec-server protocol of Codex 0.169.0: JSON-RPC, one object in each WebSocket message
/// or line.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ExecServer {
    /// Where to listen: ws://IP:PORT, unix://PATH or stdio
    ///
    /// Port 0 takes a free one. A socket file is open to its owner and root only.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:0")]
    pub(crate) listen: String,
    /// How many requests of one connection run at the same time
    ///
    /// Requests that depend on each other keep their order, whatever the number.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one)]
    pub(crate) concurrent_requests: usize,
    /// How long the processes of a client that is gone are kept for its return
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = values::duration)]
    pub(crate) session_ttl: Duration,
    /// How much output of one process is kept for a client that comes back
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::size)]
    pub(crate) retain: usize,
    /// How much output of all processes together is kept
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = values::size)]
    pub(crate) retain_total: usize,
    /// What happens to a process without a client that has filled its share
    #[arg(long, value_name = "WHAT", default_value = "block")]
    pub(crate) on_full: OnFull,
    /// Ends processes with SIGTERM first, and with SIGKILL after this long
    ///
    /// With 0 the whole tree gets SIGKILL at once, as clients of Codex expect.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = values::duration)]
    pub(crate) kill_grace: Duration,
    /// A variable of the server's environment that HTTP requests may put into their headers
    /// (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) http_env: Vec<String>,
    /// Time between two pings to a client
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "20s",
        value_parser = values::positive_duration
    )]
    pub(crate) ping_interval: Duration,
    /// How long a client may take to answer a ping before its connection counts as lost
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "20s",
        value_parser = values::positive_duration
    )]
    pub(crate) pong_timeout: Duration,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
    #[command(flatten)]
    pub(crate) unsupported: Unsupported,
}

/// Who may connect.
#[derive(Debug, Args)]
#[command(next_help_heading = "Authentication")]
pub(crate) struct AuthArgs {
    /// What a WebSocket client has to show in its Authorization header
    #[arg(long, value_name = "MODE")]
    pub(crate) ws_auth: Option<WsAuth>,
    /// The file that holds the token of capability-token, by its absolute path
    #[arg(long, value_name = "PATH")]
    pub(crate) ws_token_file: Option<PathBuf>,
    /// The SHA-256 digest of the token of capability-token, in hex
    #[arg(long, value_name = "HEX")]
    pub(crate) ws_token_sha256: Option<String>,
    /// The file that holds the secret of signed-bearer-token (at least 32 bytes), by its absolute
    /// path
    #[arg(long, value_name = "PATH")]
    pub(crate) ws_shared_secret_file: Option<PathBuf>,
    /// The issuer (`iss`) a signed token must name
    #[arg(long, value_name = "ISSUER")]
    pub(crate) ws_issuer: Option<String>,
    /// The audience (`aud`) a signed token must name
    #[arg(long, value_name = "AUDIENCE")]
    pub(crate) ws_audience: Option<String>,
    /// By how much the clocks may differ when a signed token's times are checked
    #[arg(long, value_name = "SECONDS")]
    pub(crate) ws_max_clock_skew_seconds: Option<u64>,
    /// Lets anybody who can reach the address run anything on this machine
    ///
    /// Without it, an address beyond loopback is refused unless --ws-auth is given.
    #[arg(long)]
    pub(crate) insecure_no_auth: bool,
}

/// What a WebSocket client has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WsAuth {
    /// A secret token
    CapabilityToken,
    /// A JSON Web Token signed with a shared secret (HS256)
    SignedBearerToken,
}

/// What happens when retained output has filled its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnFull {
    /// It waits until its client is back; nothing is lost
    Block,
    /// Its oldest output is dropped, and the client is told how much
    Evict,
}

/// What Codex's exec-server takes and this one does not: known by name, so that the refusal can
/// say more than "unexpected argument".
#[derive(Debug, Args)]
pub(crate) struct Unsupported {
    #[arg(long, hide = true, value_name = "URL")]
    remote: Option<String>,
    #[arg(long, hide = true, value_name = "ID")]
    environment_id: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    name: Option<String>,
    #[arg(long, hide = true, value_name = "TRANSPORT")]
    remote_transport: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "true")]
    exit_on_stdin_close: Option<String>,
    #[arg(long, hide = true)]
    use_agent_identity_auth: bool,
    #[arg(long, hide = true)]
    registration_bearer_stdin: bool,
}

// === impl Unsupported ===

impl Unsupported {
    /// The first of these options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--remote", self.remote.is_some()),
            ("--environment-id", self.environment_id.is_some()),
            ("--name", self.name.is_some()),
            ("--remote-transport", self.remote_transport.is_some()),
            ("--exit-on-stdin-close", self.exit_on_stdin_close.is_some()),
            ("--use-agent-identity-auth", self.use_agent_identity_auth),
            (
                "--registration-bearer-stdin",
                self.registration_bearer_stdin,
            ),
        ];
        given
            .into_iter()
            .find_map(|(name, given)| given.then_some(name))
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
