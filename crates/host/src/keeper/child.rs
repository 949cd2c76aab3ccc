//! From fork to exec: what a command's process does to itself before it becomes the command.
//!
//! Runs in a copy of the keeper or of a guard, on the only thread there is. A step that fails is
//! written to the report pipe, which a successful exec closes without a word.

use std::{
    convert::Infallible,
    ffi::CString,
    fs, io,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    process::{
        Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal,
        setrlimit,
    },
};

use super::{
    limits,
    sys::{self, Pointers},
    wire::Stage,
};
use crate::{
    process::{
        ResourceLimits,
        cgroup::controllers::enter,
        program::{Program, first_that_runs},
        protect::{self, OOM_SCORE, OOM_SCORE_ADJ},
        spawn,
        streams::Theirs,
    },
    sandbox::inside::sealing::Sealing,
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
    /// What the keeper has changed for itself and not for its commands, where that was not undone
    /// before.
    pub(crate) normal: Option<Normal>,
    /// What it closes itself in with, if with anything.
    pub(crate) sealing: Option<Sealing>,
    /// Where it enters the groups that bound it.
    pub(crate) doors: &'a [OwnedFd],
    /// What it is held to by itself.
    pub(crate) limits: &'a ResourceLimits,
}

/// What is normal for a process here. The keeper is not; its commands are.
#[derive(Debug, Clone)]
pub(crate) struct Normal {
    /// How a command ranks when memory runs out, where there is such a rank.
    oom_score: Option<i32>,
    /// How many descriptors it may open.
    descriptors: Rlimit,
}

// === impl Normal ===

impl Normal {
    /// Where the keeper may not lower its own rank the commands rank this much higher instead, as
    /// if each used a tenth of the memory more.
    const OOM_MARGIN: i32 = 100;

    /// The highest rank there is.
    const OOM_MAX: i32 = 1000;

    /// Lets this process, the keeper, be killed late and hold many descriptors, and says what was
    /// normal before.
    pub(crate) fn depart() -> Self {
        let told = std::env::var(protect::NORMAL).ok();
        let told = told.and_then(|text| protect::Normal::from_text(&text));
        let normal = told.unwrap_or_else(protect::Normal::here);
        let oom_score =
            normal
                .oom_score
                .map(|normal: i32| match set_oom_score(OOM_SCORE.min(normal)) {
                    Ok(()) => normal,
                    Err(_) => (normal + Self::OOM_MARGIN).min(Self::OOM_MAX),
                });
        let descriptors = Rlimit {
            current: normal.descriptors,
            ..getrlimit(Resource::Nofile)
        };
        let most = Rlimit {
            current: descriptors.maximum,
            ..descriptors
        };
        setrlimit(Resource::Nofile, most).ok();
        Self {
            oom_score,
            descriptors,
        }
    }

    /// Makes this process, about to be a command, a normal one. Neither step can be refused to
    /// whoever made the other.
    pub(crate) fn restore(&self) {
        if let Some(score) = self.oom_score {
            set_oom_score(score).ok();
        }
        setrlimit(Resource::Nofile, self.descriptors).ok();
    }
}

fn set_oom_score(score: i32) -> io::Result<()> {
    fs::write(OOM_SCORE_ADJ, score.to_string())
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
        enter(self.doors).map_err(resource)?;
        if let Some(normal) = &self.normal {
            normal.restore();
        }
        rustix::process::chdir(&self.program.cwd).map_err(|error| (Stage::Directory, error))?;
        install(self.theirs).map_err(resource)?;
        sys::close_others_on_exec();
        if let Some(sealing) = &self.sealing {
            let walls = |error: io::Error| (Stage::Walls, spawn::errno(&error));
            sealing.apply().map_err(walls)?;
        }
        limits::apply(self.limits).map_err(resource)?;
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
            become_all_three(&slave)
        }
        // Opened before the session was made, so it is not its terminal yet.
        Theirs::Slave(slave) => {
            rustix::process::ioctl_tiocsctty(slave)?;
            become_all_three(slave)
        }
    }
}

fn become_all_three(slave: &OwnedFd) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(slave)?;
    rustix::stdio::dup2_stdout(slave)?;
    rustix::stdio::dup2_stderr(slave)
}

/// What a report pipe says once it is readable: nothing when the program runs.
pub(crate) fn read_report(report: BorrowedFd<'_>) -> io::Result<Option<(Stage, i32)>> {
    let mut bytes = [0; REPORT];
    let length = rustix::io::retry_on_intr(|| rustix::io::read(report, &mut bytes))?;
    let [stage, errno @ ..] = bytes;
    let failed = Stage::from_byte(stage).map(|stage| (stage, i32::from_le_bytes(errno)));
    Ok(failed.filter(|_| length == REPORT))
}
