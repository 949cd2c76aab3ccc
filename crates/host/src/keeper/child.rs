//! From fork to exec: what a command's process does to itself before it becomes the command.
//!
//! Runs in a copy of the keeper or of a guard, on the only thread there is. A step that fails is
//! written to the report pipe, which a successful exec closes without a word.

use std::{convert::Infallible, ffi::CString, fs, io, os::fd::BorrowedFd};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    process::{Pid, Signal, getppid, set_parent_process_death_signal},
};

use super::{
    sys::{self, Pointers},
    wire::Stage,
};
use crate::process::{
    program::{Program, first_that_runs},
    spawn,
    streams::Theirs,
};

/// How long a report is: the stage and the error number.
const REPORT: usize = 5;

/// What the copy needs to become the command.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// What to run, where, and with which environment.
    pub(crate) program: &'a Program,
    /// Its streams.
    pub(crate) theirs: &'a Theirs,
    /// Where a failure is reported.
    pub(crate) report: BorrowedFd<'a>,
    /// Whose child it must still be once its death signal is set.
    pub(crate) parent: Pid,
    /// What its `oom_score_adj` shall be, where there is one.
    pub(crate) oom_score: Option<i32>,
}

// === impl Start ===

impl Start<'_> {
    /// Becomes the command, or reports why not and ends.
    pub(crate) fn run(&self) -> ! {
        let (stage, error) = match self.prepare() {
            Err(failed) => failed,
            Ok(()) => (Stage::Program, self.exec()),
        };
        let mut report = [stage.to_byte(); REPORT];
        report[1..].copy_from_slice(&error.raw_os_error().to_le_bytes());
        // A pipe takes so little in one piece; if its reader is gone nobody wants to know.
        rustix::io::write(self.report, &report).ok();
        sys::exit_now(127)
    }

    fn prepare(&self) -> Result<(), (Stage, Errno)> {
        let resource = |error| (Stage::Resource, error);
        rustix::process::setsid().map_err(resource)?;
        // The last line of defence: when the parent is killed, at least the leader goes at once.
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(resource)?;
        if getppid() != Some(self.parent) {
            sys::exit_now(127);
        }
        if let Some(score) = self.oom_score {
            set_oom_score(score).ok();
        }
        rustix::process::chdir(&self.program.cwd).map_err(|error| (Stage::Directory, error))?;
        install(self.theirs).map_err(resource)?;
        sys::close_others_on_exec();
        let unblocked = sys::unblock_signals();
        unblocked.map_err(|error| resource(spawn::errno(&error)))
    }

    fn exec(&self) -> Errno {
        let (argv, env) = (
            Pointers::new(&self.program.argv),
            Pointers::new(&self.program.env),
        );
        let run = |path: &CString| Err::<Infallible, _>(sys::exec(path, &argv, &env));
        match first_that_runs(&self.program.candidates, run) {
            Err(error) => error,
            Ok(never) => match never {},
        }
    }
}

/// Makes a command's ends descriptors 0 to 2 of this process, whose descriptor 0 is the null
/// device.
fn install(theirs: &Theirs) -> Result<(), Errno> {
    match theirs {
        Theirs::Pipes {
            stdin,
            stdout,
            stderr,
        } => {
            if let Some(stdin) = stdin {
                rustix::stdio::dup2_stdin(stdin)?;
            }
            rustix::stdio::dup2_stdout(stdout)?;
            rustix::stdio::dup2_stderr(stderr)
        }
        Theirs::Terminal(name) => {
            let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
            rustix::stdio::dup2_stdin(&slave)?;
            rustix::stdio::dup2_stdout(&slave)?;
            rustix::stdio::dup2_stderr(&slave)
        }
    }
}

/// What a report pipe says once it is readable: nothing when the program runs.
pub(crate) fn read_report(report: BorrowedFd<'_>) -> io::Result<Option<(Stage, i32)>> {
    let mut bytes = [0; REPORT];
    let length = rustix::io::retry_on_intr(|| rustix::io::read(report, &mut bytes))?;
    let [stage, errno @ ..] = bytes;
    let failed = Stage::from_byte(stage).map(|stage| (stage, i32::from_le_bytes(errno)));
    Ok(failed.filter(|_| length == REPORT))
}

/// This process's `oom_score_adj`.
pub(crate) fn oom_score() -> Option<i32> {
    fs::read_to_string("/proc/self/oom_score_adj")
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Sets this process's `oom_score_adj`. Lowering it needs a privilege.
pub(crate) fn set_oom_score(score: i32) -> io::Result<()> {
    fs::write("/proc/self/oom_score_adj", score.to_string())
}
