//! The start of a command, and what a shell would say when there is none.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use outpost_client::{Capabilities, ClientError, Process, StartOptions, TerminalSize};
use outpost_protocol::RpcError;

use crate::{
    args::Run,
    cmd::{paths, policy},
    exit,
    machine::{self, Machine},
    say, terminal,
};

/// The name of the command in its session, which has no other.
pub(super) const ID: &str = "run";

/// A command that is about to be started.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    command: &'a [String],
    options: StartOptions,
    /// Where it is to run, as far as that is known.
    directory: Option<PathBuf>,
    input: Input,
    limit: Option<Duration>,
    session: String,
}

/// A command that runs.
#[derive(Debug)]
pub(super) struct Started {
    /// The command.
    pub(super) process: Process,
    /// Its input can be written and, unless it is a terminal, ended.
    pub(super) input: Input,
    /// A time limit that the server does not keep, so we do.
    pub(super) limit: Option<Duration>,
    /// The session it belongs to.
    pub(super) session: String,
}

/// What becomes of our standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The command has none.
    None,
    /// It is written to a pipe, whose end is told where the server can do that.
    Pipe {
        /// It can.
        ends: bool,
    },
    /// It is typed into a terminal.
    Terminal,
}

// === impl Plan ===

impl<'a> Plan<'a> {
    /// Asks the machine what it can do, and plans the start with that.
    pub(super) async fn make(machine: &Machine, arguments: &'a Run) -> anyhow::Result<Self> {
        let environment = machine.environment();
        let capabilities = match environment.info().await {
            Ok(info) => info.capabilities,
            Err(ClientError::Unsupported { .. }) => Capabilities::default(),
            Err(error) => return Err(error.into()),
        };
        let server = machine::directory(environment).await?;
        let asked = arguments.cwd.as_deref();
        let asked = asked.map(|cwd| paths::absolute(server.as_deref(), cwd));
        let asked = asked.transpose().context("-C")?;
        let directory = asked.clone().or(server);
        let sandbox = policy::context(&arguments.sandbox, directory.as_deref())?;
        if let Some(directory) = directory.as_deref().filter(|_| sandbox.is_some()) {
            check_writable(machine, arguments, directory).await?;
        }
        let input = input(arguments, &capabilities);
        let keeps_limits = capabilities.process_timeout;
        let options = StartOptions {
            cwd: asked,
            env: variables(arguments),
            tty: arguments.tty.then(size),
            pipe_stdin: matches!(input, Input::Pipe { .. }),
            timeout: arguments.timeout.filter(|_| keeps_limits),
            sandbox,
            limits: policy::limits(&arguments.sandbox)?,
            process_id: Some(ID.to_owned()),
            ..StartOptions::new(&arguments.command)
        };
        Ok(Self {
            command: &arguments.command,
            options,
            directory,
            input,
            limit: arguments.timeout.filter(|_| !keeps_limits),
            session: environment.session_id().await?,
        })
    }

    /// Starts the command. The inner error is an exit status, about which everything has been said.
    pub(super) async fn start(self, machine: &Machine) -> anyhow::Result<Result<Started, u8>> {
        let Self {
            command,
            options,
            directory,
            input,
            limit,
            session,
        } = self;
        match machine.environment().processes().start(options).await {
            Ok(process) => Ok(Ok(Started {
                process,
                input,
                limit,
                session,
            })),
            Err(ClientError::Refused { error, .. }) => {
                Ok(Err(
                    refused(machine, command, directory.as_deref(), &error).await
                ))
            }
            Err(error) => Err(error).context("failed to start the command"),
        }
    }
}

/// What our standard input is for a command of this machine.
fn input(arguments: &Run, capabilities: &Capabilities) -> Input {
    if arguments.tty {
        return Input::Terminal;
    }
    let ends = capabilities.process_close_stdin;
    // What is empty and cannot end is better not begun.
    if ends || terminal::is_there() || !is_null() {
        Input::Pipe { ends }
    } else {
        Input::None
    }
}

/// The variables to add. A terminal at the other end is of the kind we have here.
fn variables(arguments: &Run) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    if arguments.tty
        && let Ok(kind) = std::env::var("TERM")
    {
        variables.insert("TERM".to_owned(), kind);
    }
    variables.extend(arguments.env.iter().cloned());
    variables
}

/// The size of our terminal; that of all terminals where it does not tell.
fn size() -> TerminalSize {
    let size = terminal::size().unwrap_or(terminal::Size { rows: 24, cols: 80 });
    TerminalSize {
        rows: size.rows,
        cols: size.cols,
    }
}

/// Whether standard input is the null device, or one that is as empty.
fn is_null() -> bool {
    let null = rustix::fs::stat("/dev/null").map(|stat| stat.st_rdev);
    let input = rustix::fs::fstat(rustix::stdio::stdin()).map(|stat| stat.st_rdev);
    null.is_ok() && null == input
}

/// Says why there is no command, and returns the status that says so too.
async fn refused(
    machine: &Machine,
    command: &[String],
    cwd: Option<&Path>,
    error: &RpcError,
) -> u8 {
    // A missing directory is refused in the words of a missing program.
    if let Some(cwd) = cwd {
        let metadata = machine.environment().files().metadata(cwd).await;
        let there = match &metadata {
            Ok(metadata) => metadata.is_directory,
            Err(error) => !error.is_not_found(),
        };
        if !there {
            say::line(format_args!("{} is no directory", cwd.display()));
            return exit::OURS;
        }
    }
    let program = command.first().map(String::as_str).unwrap_or_default();
    say::line(format_args!("cannot run {program}: {}", error.message));
    exit::of_refused_start(error)
}

/// What may be written has to be there: the server passes over what is not, and the command would
/// fail for a reason that is hard to see.
async fn check_writable(
    machine: &Machine,
    arguments: &Run,
    directory: &Path,
) -> anyhow::Result<()> {
    for path in policy::writable(&arguments.sandbox, directory)? {
        match machine.environment().files().metadata(&path).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                bail!("--writable: there is no {}", path.display())
            }
            Err(error) => return Err(error).context("--writable"),
        }
    }
    Ok(())
}
