//! Commands behind walls: how the keeper has them raised, and what it hears of that.
//!
//! The keeper forks, into a leaf where there is one; the copy executes what raises the walls
//! (bubblewrap, mostly), which executes this program again as the first process inside. That one
//! is a guard (see [`super::guard`]): it starts the command, reports and obeys over its socket.
//!
//! What the copy hands over, by number: 3 the socket, 4 a file with the order, then the command's
//! ends of its streams, then where it enters the groups that bound it, then this program. The
//! order is a frame and, in a byte, how many such groups there are: only the command itself is in
//! them, so that walls use up nothing of what it may use. Descriptors 0 and 1 are the null device; 2 is a pipe
//! for the words of whoever raises the walls, so they never mix with the command's own. A spare
//! (see [`super::spare`]) is raised in the same way, before there is a command.

use std::{
    ffi::{CStr, CString},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
};

use rustix::{
    event::epoll::EventFlags,
    fs::{MemfdFlags, Mode, OFlags, SeekFrom},
    io::Errno,
    process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal},
};

use super::{
    INSIDE, MARK,
    child::Normal,
    commands::{Around, Failed, Held, Next, resource},
    limits::Holding,
    main::{About, Keeper},
    socket::{self, Socket},
    spare,
    sys::{self, Forked, Pointers},
    wire::{Command, Order, Request},
};
use crate::process::streams::{self, Ends, Theirs};

/// How much of what was said is kept.
const WORDS: usize = 4096;

/// Where a sandbox finds the terminal of its command, whose own name is not known inside.
const CONSOLE: &[u8] = b"/dev/console";

/// What the copy needs to have walls raised.
struct Raise<'a> {
    order: &'a Order,
    /// What they are raised for, if there is something already.
    charge: Option<Charge<'a>>,
    control: BorrowedFd<'a>,
    words: BorrowedFd<'a>,
    parent: Pid,
    normal: &'a Normal,
}

/// What walls are raised for.
#[derive(Clone, Copy)]
pub(super) struct Charge<'a> {
    pub(super) command: &'a Command,
    pub(super) theirs: &'a Theirs,
    pub(super) holding: &'a Holding,
}

/// Walls that are being raised.
pub(super) struct Raised {
    pub(super) pid: u32,
    pub(super) pidfd: OwnedFd,
    pub(super) control: OwnedFd,
    pub(super) words: OwnedFd,
}

// === impl Keeper: walled commands ===

impl Keeper {
    /// Starts a command behind walls, all of it in `leaf` where there is one.
    pub(super) fn spawn_behind_walls(
        &mut self,
        command: &Command,
        leaf: Option<&OwnedFd>,
        holding: &Holding,
        ends: Ends,
    ) -> Result<(), Failed> {
        let order = command.walls.as_ref();
        let order = order.ok_or_else(|| resource(Errno::INVAL.into()))?;
        let charge = Charge {
            command,
            theirs: &ends.theirs,
            holding,
        };
        let raised = self.raise(order, Some(charge), holding.birth.as_ref().or(leaf))?;
        let Raised {
            pid,
            control,
            words,
            ..
        } = raised;
        let watched = self.watch(&control, About::Guard(command.id), EventFlags::IN);
        // What was raised ends with the socket.
        watched.map_err(resource)?;
        let held = Held::Guard {
            control: Socket::new(control),
            ours: ends.ours,
            walls: Some(Around {
                words,
                leaf: leaf.map(|_| command.id),
                next: spare::suits(command).then(|| Next {
                    order: Box::new(order.clone()),
                    again: false,
                }),
            }),
            again: None,
        };
        self.table.admit(command.id, pid, held);
        Ok(())
    }

    /// Has walls raised, by a process born in `birth`.
    pub(super) fn raise(
        &self,
        order: &Order,
        charge: Option<Charge<'_>>,
        birth: Option<&OwnedFd>,
    ) -> Result<Raised, Failed> {
        let (control, inner) = socket::pair().map_err(resource)?;
        let (words, speaker) = streams::pipe().map_err(resource)?;
        rustix::io::ioctl_fionbio(&words, true).map_err(|error| resource(error.into()))?;
        let parent = getpid();
        match sys::fork(birth.map(AsFd::as_fd)).map_err(resource)? {
            Forked::Child => Raise {
                order,
                charge,
                control: inner.as_fd(),
                words: speaker.as_fd(),
                parent,
                normal: &self.normal,
            }
            .run(),
            Forked::Parent(pid, pidfd) => Ok(Raised {
                pid: pid.as_raw_pid().unsigned_abs(),
                pidfd,
                control,
                words,
            }),
        }
    }
}

/// What was said by whoever raised walls, after it has ended.
pub(super) fn words(around: &Around) -> Vec<u8> {
    let mut words = vec![0; WORDS];
    let length = rustix::io::read(&around.words, &mut words).unwrap_or(0);
    words.truncate(length);
    words
}

/// The process id, as it is here, of a process whose pidfd came from behind walls.
pub(super) fn number(pidfd: &OwnedFd) -> Option<u32> {
    use std::os::fd::AsRawFd;
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    line.trim().parse().ok()
}

// === impl Raise ===

impl Raise<'_> {
    /// Becomes what raises the walls, or says why not and ends.
    fn run(&self) -> ! {
        let error = match self.prepare() {
            Err(error) => format!("prepare the walls: {error}"),
            Ok(program) => self.exec(program),
        };
        rustix::io::write(self.words, error.as_bytes()).ok();
        sys::exit_now(1)
    }

    /// Returns the number at which this program is handed over.
    fn prepare(&self) -> io::Result<usize> {
        rustix::process::setsid()?;
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(self.parent) {
            sys::exit_now(1);
        }
        self.normal.restore();
        let order = self.write_order()?;
        let slave = self.open_terminal()?;
        let own = rustix::fs::open("/proc/self/exe", OFlags::PATH, Mode::empty())?;
        rustix::stdio::dup2_stderr(self.words)?;
        let mut fds = vec![self.control, order.as_fd()];
        fds.extend(slave.iter().map(AsFd::as_fd));
        if let Some(Charge {
            theirs, holding, ..
        }) = self.charge
        {
            fds.extend(theirs.fds());
            fds.extend(holding.doors.iter().map(AsFd::as_fd));
        }
        fds.push(own.as_fd());
        sys::hand_over(&fds)?;
        sys::unblock_signals()?;
        Ok(fds.len() + 2)
    }

    fn write_order(&self) -> io::Result<OwnedFd> {
        let request = match self.charge {
            None => Request::Prepare(Box::new(self.order.clone())),
            Some(Charge {
                command, holding, ..
            }) => Request::Spawn(Box::new(Command {
                limits: holding.own,
                ..command.clone()
            })),
        };
        let mut frame = Vec::new();
        request.encode(&mut frame);
        let doors = self.charge.map_or(0, |charge| charge.holding.doors.len());
        frame.push(u8::try_from(doors).expect("there are two at most"));
        let order = rustix::fs::memfd_create("order", MemfdFlags::CLOEXEC)?;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            let written = rustix::io::write(&order, rest)?;
            rest = &rest[written..];
        }
        rustix::fs::seek(&order, SeekFrom::Start(0))?;
        Ok(order)
    }

    fn open_terminal(&self) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = self
            .terminal()
            .map(|name| rustix::fs::open(name, flags, Mode::empty()));
        opened.transpose()
    }

    /// The name of the command's terminal, if it has one.
    fn terminal(&self) -> Option<&CStr> {
        match self.charge?.theirs {
            Theirs::Terminal(name) => Some(name),
            Theirs::Pipes { .. } | Theirs::Slave(_) => None,
        }
    }

    /// Returns why it could not.
    fn exec(&self, own: usize) -> String {
        let own = format!("/proc/self/fd/{own}");
        let Some(launcher) = self.order.launcher.first() else {
            let argv = [b"outpost".to_vec(), INSIDE.into()];
            return Self::exec_as(own.as_bytes(), &argv);
        };
        let mut argv = self.order.launcher.clone();
        if let Some(name) = self.terminal() {
            argv.extend([
                b"--dev-bind".to_vec(),
                name.to_bytes().to_vec(),
                CONSOLE.to_vec(),
            ]);
        }
        argv.extend([b"--".to_vec(), own.into_bytes(), INSIDE.into()]);
        Self::exec_as(launcher, &argv)
    }

    fn exec_as(path: &[u8], argv: &[Vec<u8>]) -> String {
        let mut env = vec![[MARK.as_bytes(), b"=1"].concat()];
        if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
            env.push([b"LD_LIBRARY_PATH=", libraries.as_bytes()].concat());
        }
        let strings = |items: &[Vec<u8>]| -> Option<Vec<CString>> {
            let items = items.iter().cloned();
            items.map(|item| CString::new(item).ok()).collect()
        };
        let (Some(argv), Some(env), Ok(path)) = (strings(argv), strings(&env), CString::new(path))
        else {
            return "a path of the sandbox contains a NUL byte".to_owned();
        };
        let error = sys::exec(&path, &Pointers::new(&argv), &Pointers::new(&env));
        format!("run {}: {error}", path.to_string_lossy())
    }
}
