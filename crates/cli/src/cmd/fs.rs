//! `outpost fs`: files of a machine.
//!
//! Every verb goes through what it was given, says what went wrong with each, and goes on: the exit
//! status tells whether anything did. A signal drops the work where it is; what is being received
//! leaves no trace then.

mod change;
mod get;
mod incoming;
mod list;
mod output;
mod progress;
mod put;
mod tree;

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use anyhow::Context;
use outpost_client::{ClientError, Environment, Files, WalkOptions};
use tokio::signal::unix::SignalKind;

use crate::{
    args::{Fs, FsCommand},
    cmd::paths,
    exit, machine, say,
    signals::Signals,
};

/// Files that are moved at the same time when there are many: enough to hide the way to the
/// machine and back, and far below the 128 handles a connection has.
const AT_ONCE: usize = 8;

/// The machine's side of a verb.
#[derive(Debug)]
struct Remote {
    files: Files,
    cwd: Option<PathBuf>,
}

/// Does what `arguments` say and returns the exit status.
pub(crate) async fn run(arguments: Fs) -> anyhow::Result<u8> {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut signals = Signals::listen(&kinds).context("failed to listen for signals")?;
    let machine = machine::reach(&arguments.target, None)?;
    let mut events = machine.environment().events();
    let done = {
        let work = async {
            let remote = Remote::new(machine.environment()).await?;
            remote.run(arguments.command).await
        };
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done,
                kind = signals.next() => break Ok(exit::of_signal(kind.as_raw_value())),
                Ok(event) = events.recv() => machine.tell(&event),
            }
        }
    };
    machine.close().await;
    done
}

// === impl Remote ===

impl Remote {
    async fn new(environment: &Environment) -> anyhow::Result<Self> {
        let cwd = machine::directory(environment).await?;
        Ok(Self {
            files: environment.files(),
            cwd,
        })
    }

    /// The path on the machine that the user means by `path`.
    fn path(&self, path: &Path) -> anyhow::Result<PathBuf> {
        paths::absolute(self.cwd.as_deref(), path)
    }

    async fn run(&self, command: FsCommand) -> anyhow::Result<u8> {
        match command {
            FsCommand::Ls { long, paths } => list::ls(self, &paths, long).await,
            FsCommand::Cat { paths } => list::cat(self, &paths).await,
            FsCommand::Stat { paths } => list::stat(self, &paths).await,
            FsCommand::Walk {
                path,
                max_depth,
                max_directories,
                max_entries,
                follow,
                no_hidden,
            } => {
                let options = WalkOptions {
                    max_depth,
                    max_directories,
                    max_entries,
                    follow_directory_symlinks: follow,
                    prune_hidden_directories: no_hidden,
                };
                list::walk(self, &path, options).await
            }
            FsCommand::Put {
                recursive,
                no_verify,
                from,
                to,
            } => {
                put::put(
                    self,
                    &from,
                    &to,
                    put::Options {
                        recursive,
                        verify: !no_verify,
                    },
                )
                .await
            }
            FsCommand::Get {
                recursive,
                from,
                to,
            } => get::get(self, &from, &to, recursive).await,
            FsCommand::Cp {
                recursive,
                from,
                to,
            } => change::cp(self, &from, &to, recursive).await,
            FsCommand::Rm {
                recursive,
                force,
                paths,
            } => change::rm(self, &paths, recursive, force).await,
            FsCommand::Mkdir { parents, paths } => change::mkdir(self, &paths, parents).await,
        }
    }

    /// Whether `path` is a directory on the machine; one that does not exist is none.
    async fn is_directory(&self, path: &Path) -> Result<bool, ClientError> {
        match self.files.metadata(path).await {
            Ok(metadata) => Ok(metadata.is_directory),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The exit status of a verb, from whether each of its parts was done.
fn status(all_done: bool) -> u8 {
    if all_done { exit::DONE } else { exit::FAILED }
}

/// Says what went wrong with one of several; whether it was done.
fn report<E: Display>(what: &str, path: &Path, done: Result<(), E>) -> bool {
    match done {
        Ok(()) => true,
        Err(error) => {
            say::line(format_args!("cannot {what} {}: {error:#}", path.display()));
            false
        }
    }
}
