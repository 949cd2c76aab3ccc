//! The outpost program: servers and their human clients.
//!
//! `main` first becomes the keeper where it was started as one, then parses, runs one command, and
//! turns its end into an exit status. The runtime is left behind without waiting for it: what has
//! to be waited for, a command has waited for, and a read of a terminal may block a thread for good.

mod args;
mod cmd;
mod exit;
mod machine;
mod memory;
mod say;
mod signals;
mod telemetry;
mod terminal;
mod time;

use std::{num::NonZero, process::ExitCode};

use anyhow::Context;
use clap::{CommandFactory, Parser, error::ErrorKind};
use tokio::runtime::{Builder, Runtime};

use self::args::{Cli, Command, Tool};

fn main() -> ExitCode {
    outpost_server::dispatch();
    memory::keep_what_was_touched();
    let status = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => refuse(&error),
    };
    ExitCode::from(status)
}

/// Runs one command to its end; says what went wrong, in the manner of the command.
fn run(cli: Cli) -> u8 {
    let (failed, server) = match &cli.command {
        Command::Run(_) => (exit::OURS, false),
        Command::ExecServer(_) | Command::AppServer(_) => (exit::FAILED, true),
        Command::Fs(_)
        | Command::Ps(_)
        | Command::Kill(_)
        | Command::Doctor(_)
        | Command::Schema(_)
        | Command::Completions { .. } => (exit::FAILED, false),
    };
    match dispatch(cli) {
        Ok(status) => status,
        Err(error) if server => {
            say::raw(format_args!("Error: {}", say::causes(&error)));
            failed
        }
        Err(error) => {
            say::line(say::causes(&error));
            failed
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<u8> {
    telemetry::start(&cli.log)?;
    let before = cli.config;
    let command = match cli.command {
        Command::AppServer(mut arguments) => {
            arguments.config.before(before);
            Command::AppServer(arguments)
        }
        _ if !before.is_empty() => {
            let words = "`--config` is for `app-server` only".to_owned();
            let refusal = Cli::command().error(ErrorKind::UnknownArgument, words);
            return Ok(refuse(&refusal));
        }
        Command::ExecServer(arguments) => match arguments.unsupported.given() {
            Some(option) => return Ok(refuse(&unsupported(option))),
            None => Command::ExecServer(arguments),
        },
        Command::Completions { shell } => return cmd::completions::print(shell),
        Command::Schema(arguments) => return cmd::schema::write(&arguments),
        Command::Doctor(arguments) => match &arguments.attempt {
            Some(attempt) => return Ok(cmd::doctor::attempt(*attempt, &arguments.subject)),
            None => Command::Doctor(arguments),
        },
        command => command,
    };
    let runtime = runtime()?;
    let status = runtime.block_on(async {
        match command {
            Command::ExecServer(arguments) => Box::pin(cmd::exec_server::run(*arguments)).await,
            Command::AppServer(mut arguments) => match arguments.tool.take() {
                Some(Tool::Proxy(arguments)) => Box::pin(cmd::app_proxy::run(arguments)).await,
                None => Box::pin(cmd::app_server::run(*arguments)).await,
            },
            Command::Run(arguments) => cmd::run::run(arguments).await,
            Command::Fs(arguments) => cmd::fs::run(arguments).await,
            Command::Ps(arguments) => cmd::processes::ps(arguments).await,
            Command::Kill(arguments) => cmd::processes::kill(arguments).await,
            Command::Doctor(arguments) => cmd::doctor::run(arguments).await,
            Command::Completions { .. } | Command::Schema(_) => {
                unreachable!("it was run above, without a runtime")
            }
        }
    });
    runtime.shutdown_background();
    status
}

/// A worker for every two processors, so that each command's output has a processor left for the
/// command itself. With a worker for each of two, a wake-up went to the other one as often as not,
/// and a keystroke's echo took half as long again (`docs/performance.md`).
fn runtime() -> anyhow::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = (processors / 2).max(1);
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build();
    runtime.context("failed to start the runtime")
}

/// What is said of an option that the reference has and this program has not.
fn unsupported(option: &str) -> clap::Error {
    let words = format!(
        "`{option}` is not supported: this server is dialled by its clients and registers nowhere"
    );
    let mut command = Cli::command();
    let server = command.find_subcommand_mut("exec-server");
    server
        .expect("it is a subcommand")
        .error(ErrorKind::UnknownArgument, words)
}

/// Prints help, the version, or what is wrong with the arguments. A wrong argument of `run` must
/// not be taken for the end of its command.
fn refuse(error: &clap::Error) -> u8 {
    // There is no third place to complain to.
    let _unsaid = error.print();
    let of_run = || {
        std::env::args_os()
            .nth(1)
            .is_some_and(|first| first == "run")
    };
    match error.exit_code() {
        0 => exit::DONE,
        _ if of_run() => exit::OURS,
        _ => exit::USAGE,
    }
}
