//! The first process inside a sandbox: takes its order, gives up its powers, starts the command.
//!
//! It is this program again, executed by whoever raised the walls, with one thread until the
//! command runs. Its order is the command, or to be a spare (see `spare`) and wait for one. From then on it is a guard ([`crate::keeper::guard`]): it reaps, reports and
//! signals. It keeps no capability and cannot be looked into by the command. Its end, also by the
//! closed socket of a keeper that died, is the end of everything inside: the kernel sees to that
//! where it is the first process of its own namespace.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    fs::OFlags,
    process::{Signal, set_parent_process_death_signal},
};

use super::{
    sealing::{Ready, Sealing},
    spare,
};
use crate::{
    keeper::{
        guard::{self, Charge},
        socket::Socket,
        sys,
        wire::{Command, Inbox, Order, Reply, Request, Stage, Stdio},
    },
    process::{program::Program, spawn, streams::Theirs},
};

/// The descriptor at which the order is found; the first of the command's ends is the next.
const ORDER: i32 = 4;

/// Runs the first process, whose socket is `keeper`, until nothing is left inside.
pub(crate) fn run(keeper: OwnedFd) -> ! {
    rustix::thread::set_name(c"outpost-init").ok();
    let mut keeper = Socket::new(keeper);
    let (id, error) = match take_order() {
        Err(error) => (0, error),
        Ok(Errand::Wait(order)) => be_spare(keeper, &order),
        Ok(Errand::Start(command, doors)) => match prepare(&command, doors) {
            Err(error) => (command.id, error),
            Ok(charge) => guard::serve(keeper, charge),
        },
    };
    let errno = spawn::errno(&error).raw_os_error();
    guard::fail(&mut keeper, id, Stage::Walls, errno, &error.to_string());
    sys::exit_now(1)
}

/// What the first process is for.
enum Errand {
    /// To start this, which so many groups bound.
    Start(Box<Command>, u8),
    /// To wait for a command.
    Wait(Box<Order>),
}

fn take_order() -> io::Result<Errand> {
    let order = sys::adopt(ORDER).ok_or(io::ErrorKind::NotFound)?;
    let mut frame = Vec::new();
    File::from(order).read_to_end(&mut frame)?;
    let doors = frame.pop().ok_or(io::ErrorKind::InvalidData)?;
    let mut inbox = Inbox::default();
    inbox.push(&frame);
    match inbox.request().map_err(io::Error::other)? {
        Some(Request::Spawn(command)) => Ok(Errand::Start(command, doors)),
        Some(Request::Prepare(order)) => Ok(Errand::Wait(order)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn prepare(command: &Command, doors: u8) -> io::Result<Charge> {
    sys::own_signals()?;
    let mut numbers = ORDER + 1..;
    let mut next = || sys::adopt(numbers.next()?);
    let theirs = take_ends(command.stdio, &mut next).ok_or(io::ErrorKind::NotFound)?;
    let doors = (0..doors).map(|_| next()).collect::<Option<_>>();
    let doors = doors.ok_or(io::ErrorKind::NotFound)?;
    // This program, which was executed from here.
    drop(next());
    let order = command.walls.as_ref().ok_or(io::ErrorKind::InvalidData)?;
    let terminal = match &theirs {
        Theirs::Slave(slave) => Some(slave.as_fd()),
        Theirs::Pipes { .. } | Theirs::Terminal(_) => None,
    };
    let ready = Ready::prepare(&order.seal)?;
    if order.seal.namespaces {
        let shown = order
            .stamp
            .as_ref()
            .map(|stamp| Ok((spare::View::look(stamp)?, stamp)));
        let shown: Option<(spare::View, _)> =
            shown.transpose().map_err(|_: io::Error| changed())?;
        let holds = shown.is_some_and(|(view, stamp)| view.still_shows(stamp));
        holds.then_some(()).ok_or_else(changed)?;
    }
    let sealing = Sealing::prepare(ready, &order.seal, terminal)?;
    let charge = charge(command, theirs, doors, sealing)?;
    fall_silent()?;
    Ok(charge)
}

/// Why walls that have just been raised are not those that were asked for.
fn changed() -> io::Error {
    io::Error::other("the files that the sandbox is made of were changed meanwhile; try again")
}

/// Waits for a command, and starts it if these walls are still what they should be. When they are
/// not, or anything else is in the way, it ends without a word: nothing was started, and the
/// keeper has others raised.
fn be_spare(mut keeper: Socket, order: &Order) -> ! {
    let mut used = || -> io::Result<Option<Charge>> {
        sys::own_signals()?;
        // Whoever raised the walls is the one the keeper knows. Without it they are no spare.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // This program, which was executed from here.
        drop(sys::adopt(ORDER + 1));
        let ready = Ready::prepare(&order.seal)?;
        let view = spare::View::look(order.stamp.as_ref().ok_or(io::ErrorKind::InvalidData)?)?;
        fall_silent()?;
        let Some((command, fds)) = spare::wait(&mut keeper)? else {
            return Ok(None);
        };
        let asked = command
            .walls
            .as_ref()
            .and_then(|order| order.stamp.as_ref());
        if !view.still_shows(asked.ok_or(io::ErrorKind::InvalidData)?) {
            return Ok(None);
        }
        let sealing = Sealing::prepare(ready, &order.seal, None)?;
        let mut fds = fds.into_iter();
        let theirs = take_ends(command.stdio, &mut || fds.next());
        let theirs = theirs.ok_or(io::ErrorKind::NotFound)?;
        charge(&command, theirs, Vec::new(), sealing).map(Some)
    };
    let Ok(Some(charge)) = used() else {
        sys::exit_now(1);
    };
    keeper.reply(&Reply::Taken { id: charge.id }, Vec::new());
    keeper.flush();
    guard::serve(keeper, charge)
}

/// What the walls' raiser said until now is all it says; nothing else may hold its pipe open.
fn fall_silent() -> io::Result<()> {
    let mode = rustix::fs::Mode::empty();
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, mode)?;
    Ok(rustix::stdio::dup2_stderr(&null)?)
}

fn charge(
    command: &Command,
    theirs: Theirs,
    doors: Vec<OwnedFd>,
    sealing: Sealing,
) -> io::Result<Charge> {
    let Command {
        id,
        argv,
        arg0,
        cwd,
        env,
        ..
    } = command;
    let program = Program::new(argv, arg0.as_deref(), cwd, env);
    let program = program.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(Charge {
        id: *id,
        program,
        theirs,
        normal: None,
        sealing: Some(sealing),
        doors,
        limits: command.limits,
    })
}

/// The command's ends of its streams, in the order in which they were handed over.
fn take_ends(stdio: Stdio, next: &mut dyn FnMut() -> Option<OwnedFd>) -> Option<Theirs> {
    Some(match stdio {
        Stdio::Terminal { .. } => Theirs::Slave(next()?),
        Stdio::Pipes { stdin } => Theirs::Pipes {
            stdin: if stdin { Some(next()?) } else { None },
            stdout: next()?,
            stderr: next()?,
        },
    })
}
