//! The arguments of `outpost app-server`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use outpost_rpc::listen::{Address, AddressError};

use super::{exec_server::AuthArgs, values};

/// What the long help ends with.
const EXAMPLES: &str = "\
What it prints:
  With ws:// some lines on standard error that say where it listens, once it does; nothing on
  standard output. With stdio:// the protocol alone. Logs go to standard error.

How it ends:
  SIGTERM, SIGINT or SIGHUP: it stops listening, closes the connections, ends every command with
  all its descendants and exits with 0. A second signal ends it at once, with 0 too. With stdio://,
  the end of standard input does the same. It exits with 1 when it cannot start, and with 2 on an
  argument it does not understand.

Examples:
  Serve the program that starts it:
      outpost app-server
  Serve programs on this machine:
      outpost app-server --listen ws://127.0.0.1:7001
  Serve the users of a socket file in $OUTPOST_HOME, where clients look for it:
      outpost app-server --listen unix://
  Reach that one from a program that speaks over standard input and output:
      outpost app-server proxy";

/// Serve commands, files, configuration and threads to clients of the app protocol
///
/// Speaks the app-server protocol of Codex 0.169.0, so that its terminal client and SDK come up on
/// it. There are no model turns yet; what is not served is refused by name and with the reason.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct AppServer {
    #[command(subcommand)]
    pub(crate) tool: Option<Tool>,
    /// Where to listen: stdio://, ws://IP:PORT, unix://, unix://PATH or off
    ///
    /// Each message of a socket is a WebSocket message, each line of stdio:// one too. unix:// alone
    /// is app-server-control/app-server-control.sock in the home folder of this program.
    #[arg(
        long,
        value_name = "URL",
        default_value = "stdio://",
        value_parser = listen,
        conflicts_with = "stdio"
    )]
    pub(crate) listen: Listen,
    /// The same as --listen stdio://
    #[arg(long)]
    pub(crate) stdio: bool,
    /// How long a client may read nothing of what waits for it before it is closed
    ///
    /// Until then its commands wait, and nothing is lost.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        value_parser = values::positive_duration
    )]
    pub(crate) slow_client_timeout: Duration,
    #[command(flatten)]
    pub(crate) config: Overrides,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
}

/// What there is to do with a server that runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Tool {
    Proxy(Proxy),
}

/// What the long help of the proxy ends with.
const PROXY_EXAMPLES: &str = "\
How it ends:
  When its standard input ends or the server does, after what was read of one was handed to the
  other: with 0. With 1 and a line on standard error when no server runs, or when the connection is
  lost or refused.

Examples:
  Reach the server of another machine from a program that starts its server itself:
      ssh machine outpost app-server proxy";

/// Carry standard input and output to the server that runs
///
/// A client that speaks lines of JSON, as over stdio://, is carried as well as one that speaks
/// WebSocket from its handshake on.
#[derive(Debug, Args)]
#[command(after_long_help = PROXY_EXAMPLES)]
pub(crate) struct Proxy {
    /// The socket of the server
    ///
    /// Without it, the one of `outpost app-server --listen unix://`.
    #[arg(long, value_name = "SOCKET_PATH")]
    pub(crate) sock: Option<PathBuf>,
    // The server has its configuration already; clients give theirs to whatever they start.
    #[command(flatten)]
    pub(crate) config: Overrides,
}

/// What the command line says over the files of configuration.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// Set one key of the configuration, over what its files say; again for more keys
    ///
    /// KEY is split at its dots. VALUE is TOML; what is not is a text. May stand before `app-server`
    /// too.
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
    pub(crate) config: Vec<String>,
}

// === impl Overrides ===

impl Overrides {
    /// These were said before the command; what stands behind it is said later.
    pub(crate) fn before(&mut self, mut flags: Vec<String>) {
        flags.append(&mut self.config);
        self.config = flags;
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// There.
    At(Address),
    /// On the socket where clients look for it.
    Usual,
    /// Nowhere.
    Off,
}

/// The socket where clients look for a server, in the home folder.
pub(crate) const USUAL_SOCKET: &str = "app-server-control/app-server-control.sock";

fn listen(text: &str) -> Result<Listen, String> {
    match (text, text.parse()) {
        ("off", _) => Ok(Listen::Off),
        ("unix://", _) => Ok(Listen::Usual),
        ("stdio", _) | (_, Err(AddressError::Unsupported(_) | AddressError::Unix(_))) => {
            Err(format!(
                "unsupported --listen URL `{text}`; expected `stdio://`, `unix://`, `unix://PATH`, \
                 `ws://IP:PORT`, or `off`"
            ))
        }
        (_, Ok(Address::Unix(path))) => Ok(Listen::At(Address::Unix(absolute(path)))),
        (_, Ok(address)) => Ok(Listen::At(address)),
        (_, Err(refused @ AddressError::WebSocket(_))) => Err(refused.to_string()),
    }
}

/// A path from this program's folder; as it is where that cannot be told.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_and_refused_as_the_reference_does() {
        assert_eq!(listen("stdio://"), Ok(Listen::At(Address::Stdio)));
        assert_eq!(listen("off"), Ok(Listen::Off));
        assert_eq!(listen("unix://"), Ok(Listen::Usual));
        assert_eq!(
            listen("unix:///x/y"),
            Ok(Listen::At(Address::Unix("/x/y".into())))
        );
        assert!(matches!(
            listen("ws://127.0.0.1:0"),
            Ok(Listen::At(Address::WebSocket(_)))
        ));
        assert_eq!(
            listen("ws://localhost:1").unwrap_err(),
            "invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`"
        );
        for text in ["stdio", "http://x", "wss://127.0.0.1:1", ""] {
            assert_eq!(
                listen(text).unwrap_err(),
                format!(
                    "unsupported --listen URL `{text}`; expected `stdio://`, `unix://`, \
                     `unix://PATH`, `ws://IP:PORT`, or `off`"
                )
            );
        }
    }
}
