//! What can be asked for and what comes of it.

use std::{
    ffi::OsString,
    os::{fd::OwnedFd, unix::ffi::OsStringExt},
    path::PathBuf,
    sync::Arc,
};

use rustix::io::Errno;
use tokio::sync::oneshot;

use super::{SpawnError, Tree, link::Started};
use crate::{
    keeper::wire::{self, Stdio, Verdict},
    process::ResourceLimits,
    sandbox::Walls,
};

/// A command to start.
#[derive(Debug, Clone)]
pub struct SpawnRequest {
    /// Program and arguments. A program without a slash is looked for on the `PATH` in `env`.
    pub argv: Vec<OsString>,
    /// What the program sees as its own name, when it is not `argv[0]`.
    pub arg0: Option<OsString>,
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// What descriptors 0 to 2 are; there are no others.
    pub stdio: StdioPlan,
    /// How much it may use.
    pub limits: ResourceLimits,
    /// What it is walled in by, if by anything.
    pub walls: Option<Arc<Walls>>,
}

/// What a command's descriptors 0 to 2 are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StdioPlan {
    /// Pipes; descriptor 0 is the null device unless `stdin`.
    Pipes {
        /// Whether descriptor 0 is a pipe.
        stdin: bool,
    },
    /// A controlling terminal of this size.
    Terminal {
        /// Lines.
        rows: u16,
        /// Characters in a line.
        cols: u16,
    },
}

/// A running command. All its descriptors are non-blocking and closed on exec.
#[derive(Debug)]
pub struct Spawned {
    /// The leader's process id; also its group's and its session's.
    pub pid: u32,
    /// The pipe to descriptor 0, if one was asked for.
    pub stdin: Option<OwnedFd>,
    /// Where the output comes from.
    pub output: OutputEnds,
    /// The command and everything it started.
    pub tree: Tree,
    /// How the leader ended, as soon as it has. A dropped sender means the same as
    /// [`RawExit::KeeperLost`].
    pub exit: oneshot::Receiver<RawExit>,
}

/// Where the output of a command comes from.
#[derive(Debug)]
pub enum OutputEnds {
    /// One pipe for each stream.
    Pipes {
        /// Descriptor 1.
        stdout: OwnedFd,
        /// Descriptor 2.
        stderr: OwnedFd,
    },
    /// The master of the terminal, which also takes the input. It reads as an error (EIO) when
    /// nobody has the terminal open any more.
    Terminal(OwnedFd),
}

/// How a leader ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawExit {
    /// With this status, as `wait` gives it, and this beside it.
    Status(i32, Verdict),
    /// Nobody knows: the keeper is gone, and its commands were ended.
    KeeperLost,
}

// === impl Spawned ===

impl TryFrom<Started> for Spawned {
    type Error = SpawnError;

    fn try_from(started: Started) -> Result<Self, SpawnError> {
        let Started {
            pid,
            fds,
            tree,
            exit,
            stdio,
        } = started;
        for fd in &fds {
            rustix::io::ioctl_fionbio(fd, true).map_err(SpawnError::resource)?;
        }
        let mut fds = fds.into_iter();
        let mut next = || fds.next().ok_or(SpawnError::resource(Errno::BADF));
        let (stdin, output) = match stdio {
            Stdio::Terminal { .. } => (None, OutputEnds::Terminal(next()?)),
            Stdio::Pipes { stdin } => {
                let stdin = if stdin { Some(next()?) } else { None };
                (
                    stdin,
                    OutputEnds::Pipes {
                        stdout: next()?,
                        stderr: next()?,
                    },
                )
            }
        };
        Ok(Self {
            pid,
            stdin,
            output,
            tree,
            exit,
        })
    }
}

/// What can be told to be wrong before anything is started.
pub(super) fn check(request: &SpawnRequest) -> Result<(), SpawnError> {
    let invalid = |what| Err(SpawnError::Invalid { what });
    if request.argv.is_empty() {
        return invalid("the command is empty");
    }
    let nul = |text: &OsString| text.as_encoded_bytes().contains(&0);
    if request.argv.iter().chain(&request.arg0).any(nul) {
        return invalid("the command contains a NUL byte");
    }
    if nul(&request.cwd.clone().into_os_string()) {
        return invalid("the working directory contains a NUL byte");
    }
    if !request.cwd.is_absolute() {
        return invalid("the working directory is not absolute");
    }
    let bad_name = |name: &OsString| {
        let name = name.as_encoded_bytes();
        name.is_empty() || name.contains(&b'=') || name.contains(&0)
    };
    if request.env.iter().any(|(name, _)| bad_name(name)) {
        return invalid("the environment has an impossible name");
    }
    if request.env.iter().any(|(_, value)| nul(value)) {
        return invalid("the environment contains a NUL byte");
    }
    request.limits.check().map_err(SpawnError::Limits)
}

/// As the keeper wants it.
pub(super) fn encode(request: SpawnRequest) -> wire::Command {
    let env = request.env.into_iter();
    wire::Command {
        // Given by whoever keeps the command.
        id: 0,
        argv: request
            .argv
            .into_iter()
            .map(OsStringExt::into_vec)
            .collect(),
        arg0: request.arg0.map(OsStringExt::into_vec),
        cwd: request.cwd.into_os_string().into_vec(),
        env: env
            .map(|(name, value)| (name.into_vec(), value.into_vec()))
            .collect(),
        stdio: match request.stdio {
            StdioPlan::Pipes { stdin } => Stdio::Pipes { stdin },
            StdioPlan::Terminal { rows, cols } => Stdio::Terminal { rows, cols },
        },
        limits: request.limits,
        walls: request.walls.map(|walls| walls.order()),
    }
}

#[cfg(test)]
mod tests;
