//! The arguments of `outpost run`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Sandbox, Target, values};

/// What the long help ends with.
const EXAMPLES: &str = "\
Exit status:
  That of the command, and
  124      when --timeout was over
  125      when outpost itself failed: no connection, a wrong option, a missing directory
  126      when the command was found and could not be executed
  127      when the command was not found
  128 + n  when the command was ended by signal n

Sandbox:
  With --sandbox the machine holds the command to what the mode and the options next to it permit,
  or refuses to start it, with status 125 and the reason. When a command fails and its sandbox had
  refused it something, or it went over a limit, one line on standard error says so.

Signals:
  SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to the command's process group. A second Ctrl-C
  within a second ends the command with all its descendants; a third one does not wait for it.
  Where the server knows no such signal (Codex knows SIGINT alone) the command is ended instead.

The command:
  It has the environment of the server (of this program, on `local`) and what -e adds. It runs until
  everything that holds its output has ended, as in a pipeline; what it leaves behind without output
  is ended with it. A lost connection is reported in one line; the command goes on meanwhile, and
  its output when the connection is back.

Examples:
  outpost run -- make -j8
  outpost run --on ws://10.0.0.5:7000 --token-file ~/token -- uname -a
  outpost run --on build -t -- htop
  tar c src | outpost run --on build -C /srv/app -- tar x
  outpost run --timeout 10m -e CI=1 -- cargo test
  outpost run --sandbox workspace-write --limit memory=2G,pids=200 -- make check
  outpost run --sandbox read-only --deny ~/.ssh -- ./look-around";

/// Run a command, here or on another machine
///
/// Its output, errors and exit status become those of outpost, byte for byte, and the standard
/// input of outpost becomes its own.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Give the command a terminal: this one, in raw mode, with its size
    ///
    /// Output and errors are one stream then. Standard input has to be a terminal.
    #[arg(short = 't', long)]
    pub(crate) tty: bool,
    /// Where to run
    ///
    /// A relative path is relative to the working directory of the server, which on `local` is that
    /// of outpost.
    #[arg(short = 'C', long = "cwd", value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// A variable for the command (repeatable)
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE", value_parser = values::variable)]
    pub(crate) env: Vec<(String, String)>,
    /// End the command with all its descendants after this long, and exit with 124
    #[arg(long, value_name = "DURATION", value_parser = values::positive_duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) sandbox: Sandbox,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}
