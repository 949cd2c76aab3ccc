//! The command line: what may be said, and the help that explains it.
//!
//! Only types and words; what a command does is in [`crate::cmd`]. The doc comments of options are
//! their help, so they address the user.

mod app_server;
mod doctor;
mod exec_server;
mod fs;
mod processes;
mod run;
mod sandbox;
mod schema;
pub(crate) mod values;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::{
    app_server::{AppServer, Listen, Proxy, Tool, USUAL_SOCKET},
    doctor::{Attempt, Doctor},
    exec_server::{AuthArgs, ExecServer, OnFull, WsAuth},
    fs::{Fs, FsCommand},
    processes::{Kill, Ps},
    run::Run,
    sandbox::{Bounded, Limit, Mode, Sandbox},
    schema::Schema,
};

/// What every command's help ends with.
const ENVIRONMENT: &str = "\
Environment variables:
  OUTPOST_EXEC_SERVER_URL  The machine to use when --on is absent: a URL, or `none`.
                           CODEX_EXEC_SERVER_URL is a synonym.
  OUTPOST_HOME             The folder of environments.toml; else CODEX_HOME, else ~/.outpost.
  OUTPOST_TOKEN_FILE       As --token-file.
  OUTPOST_SESSION          As --session of `ps` and `kill`.
  OUTPOST_LOG              As --log.
  OUTPOST_BWRAP            The bubblewrap to make sandboxes with; without it, one is looked for.
  NO_COLOR                 When set, logs have no colours.";

/// Processes and files of a machine, here or far away.
///
/// `outpost exec-server` serves the processes, files and HTTP of the machine it runs on to JSON-RPC
/// clients, and `outpost app-server` its commands, files, configuration and threads to clients of
/// the app protocol. The other commands are the human clients; without a server they work on this
/// machine.
#[derive(Debug, Parser)]
#[command(
    name = "outpost",
    version,
    after_long_help = ENVIRONMENT,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// For `app-server`, whose users' programs say it here.
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE", hide = true)]
    pub(crate) config: Vec<String>,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    ExecServer(Box<ExecServer>),
    AppServer(Box<AppServer>),
    Run(Run),
    Fs(Fs),
    Ps(Ps),
    Kill(Kill),
    Doctor(Doctor),
    Schema(Schema),
    /// Print a script that completes commands in a shell
    ///
    /// For bash, put this in ~/.bashrc:
    ///
    ///     source <(outpost completions bash)
    #[command(verbatim_doc_comment)]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// What is logged, and how.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What to log on standard error: off, error, warn, info, debug, trace, or a filter such as
    /// `outpost_server=debug,warn`
    #[arg(
        long,
        global = true,
        env = "OUTPOST_LOG",
        default_value = "warn",
        value_name = "LEVEL",
        help_heading = "Logs"
    )]
    pub(crate) log: String,
    /// How to write the logs
    #[arg(
        long,
        global = true,
        default_value = "text",
        value_name = "FORMAT",
        help_heading = "Logs"
    )]
    pub(crate) log_format: LogFormat,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    Text,
    /// An object of JSON in each line
    Json,
}

/// Which machine.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The machine: `local`, a name in environments.toml, or the URL of an exec-server (ws://,
    /// wss:// or unix://PATH)
    ///
    /// Without it OUTPOST_EXEC_SERVER_URL and environments.toml decide, and without those it is
    /// `local`: this machine, served from inside this program.
    #[arg(long, value_name = "ENV|URL", global = true, help_heading = "Machine")]
    pub(crate) on: Option<String>,
    /// A file with the bearer token for the URL of --on
    ///
    /// The token of a machine in environments.toml stands there.
    #[arg(
        long,
        value_name = "FILE",
        env = "OUTPOST_TOKEN_FILE",
        global = true,
        help_heading = "Machine"
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// How long to try to get a lost connection back before giving up
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "45s",
        value_parser = values::duration,
        global = true,
        help_heading = "Machine"
    )]
    pub(crate) recovery: Duration,
}

#[cfg(test)]
mod tests;
