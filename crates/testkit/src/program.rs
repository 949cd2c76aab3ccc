//! A program started by a test: its own process group, no wait without a
//! deadline, and an end with the test.
//!
//! Dropping a [`Program`] that was not reaped kills its whole group and reaps
//! it. A program that was reaped is left alone: its group id may belong to
//! somebody else by then, and what it left behind is for [`crate::leaks`].

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

/// How many lines [`Lines`] holds before its reader stops reading.
const LINES_HELD: usize = 4096;

/// A command to be started with [`Program::start`], with an empty environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a test starts programs itself; this is the one place"
)]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    command
}

/// A running program and the group it leads.
#[derive(Debug)]
pub struct Program {
    child: Child,
    pidfd: OwnedFd,
    status: Option<ExitStatus>,
}

impl Program {
    /// Starts `command` as the leader of a new process group.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} did not start: {error}", command.get_program()));
        let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())
            .expect("a child that was not reaped has a pidfd");
        Self {
            child,
            pidfd,
            status: None,
        }
    }

    /// The process id, which is the id of the group as well.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Takes the writing end of its stdin, when that is a pipe.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Takes the reading end of its stdout, when that is a pipe.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Takes the reading end of its stderr, when that is a pipe.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for its end; nothing when it still runs after `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        if self.status.is_none() && ended(&self.pidfd, Instant::now() + patience) {
            self.status = Some(self.child.wait().expect("a child can be waited for once"));
        }
        self.status
    }

    /// Sends `signal` to the leader alone, when it was not reaped.
    pub fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            // A zombie takes a signal without an error; nothing else is possible here.
            rustix::process::pidfd_send_signal(&self.pidfd, signal)
                .expect("an unreaped child takes signals");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.status.is_none() {
            // The leader is not reaped, so the group id is still ours. An error
            // means that the group is empty, which is what is wanted.
            if kill_process_group(self.pid(), Signal::KILL).is_err() {
                return;
            }
            self.child.wait().expect("a killed child can be reaped");
        }
    }
}

/// Waits until the process behind `pidfd` has ended; false at the deadline.
pub(crate) fn ended(pidfd: &OwnedFd, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("a pidfd could not be polled: {error}"),
        }
    }
}

/// The lines of a stream, read by a thread that ends with the stream.
#[derive(Debug)]
pub struct Lines(Receiver<String>);

impl Lines {
    /// Reads `stream` until its end.
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let (tx, rx) = sync_channel(LINES_HELD);
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { return };
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
        Self(rx)
    }

    /// The next line; nothing at the end of the stream or after `patience`.
    pub fn line(&self, patience: Duration) -> Option<String> {
        self.line_or_end(patience).ok()
    }

    /// The next line, or why there is none.
    pub fn line_or_end(&self, patience: Duration) -> Result<String, RecvTimeoutError> {
        self.0.recv_timeout(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaks::{Marker, VARIABLE};

    #[test]
    fn wait_gives_up_at_its_deadline_and_drop_ends_the_group() {
        let marker = Marker::new();
        let mut program = Program::start(
            command("/bin/sh")
                .args(["-c", "sleep 600 & wait"])
                .env("PATH", "/usr/bin:/bin")
                .env(VARIABLE, marker.value()),
        );
        assert_eq!(program.wait(Duration::from_millis(20)), None);
        drop(program);
        marker.assert_gone(Duration::from_secs(10));
    }

    #[test]
    fn lines_end_with_the_stream() {
        let mut program =
            Program::start(command("/bin/echo").arg("one\ntwo").stdout(Stdio::piped()));
        let lines = Lines::of(program.take_stdout().unwrap());
        let patience = Duration::from_secs(10);
        assert_eq!(lines.line(patience).as_deref(), Some("one"));
        assert_eq!(lines.line(patience).as_deref(), Some("two"));
        assert_eq!(
            lines.line_or_end(patience),
            Err(RecvTimeoutError::Disconnected)
        );
        assert!(program.wait(patience).unwrap().success());
    }
}
