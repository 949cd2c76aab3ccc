//! The streams of a command that is about to start: our ends and its ends.

use std::{
    ffi::CString,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::pipe::{PipeFlags, pipe_with};

use super::terminal;
use crate::keeper::wire::Stdio;

/// The ends of a command's streams.
#[derive(Debug)]
pub(crate) struct Ends {
    /// Ours, in the order they are handed on: stdin if there is one, stdout, stderr; or the
    /// master of the terminal.
    pub(crate) ours: Vec<OwnedFd>,
    /// The command's.
    pub(crate) theirs: Theirs,
}

/// The command's ends of its streams.
#[derive(Debug)]
pub(crate) enum Theirs {
    /// Descriptors 0 (the null device when there is none), 1 and 2.
    Pipes {
        stdin: Option<OwnedFd>,
        stdout: OwnedFd,
        stderr: OwnedFd,
    },
    /// The terminal to open as all three.
    Terminal(CString),
    /// The terminal, opened by somebody who does not have it.
    Slave(OwnedFd),
}

// === impl Ends ===

impl Ends {
    /// Makes the streams of a command, all of them closed on exec.
    pub(crate) fn open(stdio: Stdio) -> io::Result<Self> {
        match stdio {
            Stdio::Terminal { rows, cols } => {
                let (master, name) = terminal::open(rows, cols)?;
                Ok(Self {
                    ours: vec![master],
                    theirs: Theirs::Terminal(name),
                })
            }
            Stdio::Pipes { stdin } => {
                let input = if stdin { Some(pipe()?) } else { None };
                let ((out, stdout), (err, stderr)) = (pipe()?, pipe()?);
                let (stdin, ours) = input.unzip();
                let ours = ours.into_iter().chain([out, err]).collect();
                Ok(Self {
                    ours,
                    theirs: Theirs::Pipes {
                        stdin,
                        stdout,
                        stderr,
                    },
                })
            }
        }
    }
}

// === impl Theirs ===

impl Theirs {
    /// The descriptors among them.
    pub(crate) fn fds(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Self::Pipes {
                stdin,
                stdout,
                stderr,
            } => stdin
                .iter()
                .chain([stdout, stderr])
                .map(AsFd::as_fd)
                .collect(),
            Self::Terminal(_) => Vec::new(),
            Self::Slave(slave) => vec![slave.as_fd()],
        }
    }
}

/// A pipe closed on exec: the end to read, the end to write.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}
