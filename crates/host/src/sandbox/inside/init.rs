//! The first process inside a sandbox: takes its order, gives up its powers, starts the command.
//!
//! It is this program again, executed by whoever raised the walls, with one thread until the
//! command runs. From then on it is a guard ([`crate::keeper::guard`]): it reaps, reports and
//! signals. It keeps no capability and cannot be looked into by the command. Its end, also by the
//! closed socket of a keeper that died, is the end of everything inside: the kernel sees to that
//! where it is the first process of its own namespace.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
};

use rustix::fs::OFlags;

use super::sealing::Sealing;
use crate::{
    keeper::{
        guard::{self, Charge},
        socket::Socket,
        sys,
        wire::{Command, Inbox, Request, Stage, Stdio},
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
        Ok((command, doors)) => match prepare(&command, doors) {
            Err(error) => (command.id, error),
            Ok(charge) => guard::serve(keeper, charge),
        },
    };
    let errno = spawn::errno(&error).raw_os_error();
    guard::fail(&mut keeper, id, Stage::Walls, errno, &error.to_string());
    sys::exit_now(1)
}

/// What is to be started, and how many groups bound it.
fn take_order() -> io::Result<(Command, u8)> {
    let order = sys::adopt(ORDER).ok_or(io::ErrorKind::NotFound)?;
    let mut frame = Vec::new();
    File::from(order).read_to_end(&mut frame)?;
    let doors = frame.pop().ok_or(io::ErrorKind::InvalidData)?;
    let mut inbox = Inbox::default();
    inbox.push(&frame);
    match inbox.request().map_err(io::Error::other)? {
        Some(Request::Spawn(command)) => Ok((*command, doors)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn prepare(command: &Command, doors: u8) -> io::Result<Charge> {
    sys::own_signals()?;
    let handed = take_ends(command.stdio, doors);
    let (theirs, doors) = handed.ok_or(io::ErrorKind::NotFound)?;
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
    let order = command.walls.as_ref().ok_or(io::ErrorKind::InvalidData)?;
    let terminal = match &theirs {
        Theirs::Slave(slave) => Some(slave.as_fd()),
        Theirs::Pipes { .. } | Theirs::Terminal(_) => None,
    };
    let sealing = Sealing::prepare(&order.seal, terminal)?;
    // What the walls' raiser said until now is all it says; nothing else may hold its pipe open.
    let null = rustix::fs::open(
        "/dev/null",
        OFlags::RDWR | OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?;
    rustix::stdio::dup2_stderr(&null)?;
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

/// The command's ends of its streams and its doors, in the order in which they were handed over.
fn take_ends(stdio: Stdio, doors: u8) -> Option<(Theirs, Vec<OwnedFd>)> {
    let mut numbers = ORDER + 1..;
    let mut next = || sys::adopt(numbers.next()?);
    let theirs = match stdio {
        Stdio::Terminal { .. } => Theirs::Slave(next()?),
        Stdio::Pipes { stdin } => Theirs::Pipes {
            stdin: if stdin { Some(next()?) } else { None },
            stdout: next()?,
            stderr: next()?,
        },
    };
    let doors = (0..doors).map(|_| next()).collect::<Option<_>>()?;
    // This program, which was executed from here.
    drop(next());
    Some((theirs, doors))
}
