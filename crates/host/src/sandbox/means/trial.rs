//! Running a small program to its end, for what it says.
//!
//! Blocks. The program has nothing to read, nothing of this program's environment, and a limited
//! time, after which it is killed with its whole group.

use std::{
    ffi::OsStr,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
    process::{
        Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
    },
};

use crate::process::{
    program::Program,
    spawn::{Slot, spawn},
};

/// How long it may run. What is tried takes milliseconds; a disk that hangs takes for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of what it says is kept, in bytes: enough for the longest complaint seen, and for a
/// message to stay readable.
const KEPT: usize = 1024;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Its exit status. Nothing when it was killed, or when something else in this process reaps
    /// all children.
    pub(super) status: Option<i32>,
    /// Whether it took too long.
    pub(super) late: bool,
    /// The beginning of what it said, without blanks at the ends.
    pub(super) words: String,
}

/// Runs it.
pub(super) fn run(argv: &[&OsStr]) -> Result<Outcome, Errno> {
    run_for(argv, PATIENCE)
}

fn run_for(argv: &[&OsStr], patience: Duration) -> Result<Outcome, Errno> {
    let argv: Vec<Vec<u8>> = argv.iter().map(|word| word.as_bytes().to_vec()).collect();
    // Its words are read by a program.
    let env = [(b"LC_ALL".to_vec(), b"C".to_vec())];
    let program = Program::new(&argv, None, b"/", &env).ok_or(Errno::INVAL)?;
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
    let slots = [
        Slot::Open(c"/dev/null"),
        Slot::Copy(theirs.as_fd()),
        Slot::Same(1),
    ];
    let pid = spawn(&program, &slots)?;
    drop(theirs);
    let child = Child(pid, pidfd_open(pid, PidfdFlags::empty()).ok());
    let deadline = Instant::now() + patience;
    let mut words = Vec::new();
    let heard = hear(&ours, &mut words, deadline);
    let late = !heard || !child.ends(deadline);
    let status = child.reap(late);
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    Ok(Outcome {
        status,
        late,
        words,
    })
}

/// Reads to the end. `false` when that did not come in time.
fn hear(pipe: &OwnedFd, words: &mut Vec<u8>, deadline: Instant) -> bool {
    let mut buffer = [0; KEPT];
    while ready(pipe, deadline) {
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) | Err(_) => return true,
            Ok(count) => {
                let room = KEPT.saturating_sub(words.len());
                words.extend(&buffer[..count.min(room)]);
            }
        }
    }
    false
}

/// Waits until there is something to be had. `false` when that did not come in time.
fn ready(fd: impl AsFd, deadline: Instant) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("some seconds can be said in any way");
        match poll(&mut fds, Some(&left)) {
            Ok(0) => return false,
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return true,
        }
    }
}

/// A process of ours that is not reaped yet, and its descriptor where the kernel has such.
struct Child(Pid, Option<OwnedFd>);

// === impl Child ===

impl Child {
    fn ends(&self, deadline: Instant) -> bool {
        self.1.as_ref().is_none_or(|child| ready(child, deadline))
    }

    /// Waits for its end, which is brought about first where it is overdue.
    fn reap(self, late: bool) -> Option<i32> {
        if late {
            // It leads a group of its own and was not reaped, so the number means nobody else.
            kill_process_group(self.0, Signal::KILL).ok();
        }
        let status = waitid(WaitId::Pid(self.0), WaitIdOptions::EXITED).ok()??;
        status.exit_status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, patience: Duration) -> Outcome {
        let argv = ["/bin/sh", "-c", script].map(OsStr::new);
        run_for(&argv, patience).unwrap()
    }

    #[test]
    fn what_is_said_and_the_status_are_kept() {
        let outcome = sh("echo out; echo err >&2; exit 3", PATIENCE);
        assert_eq!((outcome.status, outcome.late), (Some(3), false));
        assert_eq!(outcome.words, "out\nerr");
    }

    #[test]
    fn it_has_nothing_of_our_environment() {
        let outcome = sh("env | grep -c '^PATH=\\|^HOME=\\|^CARGO'", PATIENCE);
        assert_eq!(outcome.words, "0");
    }

    #[test]
    fn more_than_is_kept_is_read_all_the_same() {
        let outcome = sh("head -c 300000 /dev/zero | tr '\\0' x; exit 4", PATIENCE);
        assert_eq!(outcome.status, Some(4));
        assert_eq!(outcome.words.len(), KEPT);
    }

    #[test]
    fn what_takes_too_long_is_killed_with_its_children() {
        let begun = Instant::now();
        for script in ["echo here; sleep 60 & wait", "exec >&- 2>&-; sleep 60"] {
            let outcome = sh(script, Duration::from_millis(100));
            assert_eq!((outcome.status, outcome.late), (None, true), "{script}");
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_is_told() {
        let missing = run(&[OsStr::new("/no/such/program")]);
        assert_eq!(missing, Err(Errno::NOENT));
    }
}
