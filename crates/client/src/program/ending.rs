//! The end of a program and everything in its process group.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    process::Child,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};
use tokio::sync::oneshot;

/// A program that runs, or has run and was not reaped. Dropping it ends its group.
pub(super) struct Running {
    parts: Option<Parts>,
}

struct Parts {
    child: Child,
    /// The reading end of what the group may say; its end tells that nobody holds it any more.
    stderr: io::Result<OwnedFd>,
}

/// From SIGTERM to SIGKILL; the reference's number.
const GRACE: Duration = Duration::from_secs(2);

// === impl Running ===

impl Running {
    pub(super) fn new(child: Child, stderr: io::Result<OwnedFd>) -> Self {
        Self {
            parts: Some(Parts { child, stderr }),
        }
    }

    /// Ends the group; done when it is gone.
    pub(super) async fn end(mut self) {
        if let Some(done) = self.parts.take().and_then(in_background) {
            // An error tells that the thread has ended, which is as good.
            drop(done.await);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            drop(in_background(parts));
        }
    }
}

/// Ends the group on a thread of its own, or right here where there can be no thread.
fn in_background(parts: Parts) -> Option<oneshot::Receiver<()>> {
    let group = pid(&parts.child);
    // At once: a program that ends right after this still passes the news on.
    signal(group, Signal::TERM);
    let (tx, done) = oneshot::channel();
    let thread = std::thread::Builder::new().name("end-of-program".to_owned());
    let ended = thread.spawn(move || {
        end(parts, group);
        // Nobody may be waiting.
        tx.send(()).ok();
    });
    match ended {
        Ok(_) => Some(done),
        Err(error) => {
            // The child went with the closure: it stays unreaped, and the group gets no grace.
            tracing::warn!(%error, "no thread to end a program with");
            signal(group, Signal::KILL);
            None
        }
    }
}

fn end(Parts { mut child, stderr }: Parts, group: Pid) {
    let deadline = Instant::now() + GRACE;
    if let (Ok(leader), Ok(stderr)) = (pidfd_open(group, PidfdFlags::empty()), &stderr) {
        let gone = wait(&leader, PollFlags::IN, deadline) && wait_for_end(stderr, deadline);
        tracing::debug!(gone, "the program's group after SIGTERM");
    }
    signal(group, Signal::KILL);
    if let Err(error) = child.wait() {
        tracing::debug!(%error, "a program was reaped by somebody else");
    }
}

/// Whether the descriptor had one of these events before the deadline.
fn wait(fd: impl AsFd, events: PollFlags, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("two seconds fit");
        match poll(&mut [PollFd::new(&fd, events)], Some(&left)) {
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Whether the pipe's last writer was gone before the deadline. What is still in it is passed over.
fn wait_for_end(pipe: &OwnedFd, deadline: Instant) -> bool {
    let mut scrap = [0; 4096];
    while wait(pipe, PollFlags::IN, deadline) {
        match rustix::io::read(pipe, &mut scrap) {
            Ok(0) => return true,
            Ok(_) | Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return false,
        }
    }
    false
}

fn signal(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        // The leader is not reaped, so there is no other group of this number.
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => tracing::warn!(%error, "a program's group was not signalled"),
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}
