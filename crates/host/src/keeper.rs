//! The keeper: a small process of our own that is the parent of every command.
//!
//! The server starts one keeper, asks it over a socket to start commands, and gets the ends of
//! their streams back over the same socket, so bytes never pass through the keeper. Because the
//! keeper and not the server is the parent, a tree of processes can be ended as a whole, and it is
//! ended when the server dies, by SIGKILL too: the closed socket is the signal.
//!
//! **Containment.** Each command is born in a cgroup leaf of its own where cgroup v2 can be
//! written, else below a guard, a small process of its own that adopts its orphans. In both,
//! `setsid` and double forks do not lead out.
//!
//! **What is promised.** Terminate ends every member of the tree. The server's death ends every
//! tree within moments. The keeper's death alone ends them too: leaders get SIGKILL from the
//! kernel, guards sweep their trees, the server kills the group. When server and keeper are killed
//! at the same instant, leaders die at once and guards still sweep; in a cgroup the descendants
//! that remain are ended by the next keeper that starts in the same place.
//!
//! **What it costs.** One thread, no runtime, well under 2 MiB of private memory. A command of the
//! same user can kill the keeper; the server notices and reports the commands as lost.
//!
//! The side of the server is [`crate::process`]; this module and those below it run in the keeper
//! process only, but for `wire` and `socket`, which both ends share.

pub(crate) mod child;
mod commands;
mod ends;
pub(crate) mod guard;
mod limits;
mod main;
mod orders;
pub(crate) mod socket;
mod spare;
mod spares;
mod strays;
pub(crate) mod sys;
mod table;
pub(crate) mod tree;
mod walled;
pub(crate) mod wire;

use std::ffi::OsStr;

pub use self::wire::{Exceeded, Verdict};
use crate::sandbox::inside;

/// The first argument of a program that is to be a keeper.
pub(crate) const SUBCOMMAND: &str = "keeper";

/// The variable that says a program was started as a keeper by a server, and not by hand.
pub(crate) const MARK: &str = "OUTPOST_KEEPER";

/// The first argument of a program that is to be the first process behind walls.
pub(crate) const INSIDE: &str = "walls";

/// The descriptor at which a keeper finds its end of the leash.
pub(crate) const LEASH: i32 = 3;

/// How the trees of commands are kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A leaf of cgroup v2 for each command.
    Cgroup,
    /// A guard process, nearest subreaper above each command.
    Subreaper,
}

// === impl Mode ===

impl Mode {
    /// This mode as one byte.
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Cgroup => 1,
            Self::Subreaper => 2,
        }
    }

    /// The mode of a byte, `None` for any other: the keeper's own choice.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Cgroup),
            2 => Some(Self::Subreaper),
            _ => None,
        }
    }
}

/// Becomes the keeper, or the first process behind walls, when this program was started as one,
/// and then never returns; otherwise returns at once.
///
/// A program that embeds the host calls this first thing in `main`, before it has started a
/// thread or opened a file.
pub fn dispatch() {
    let mut arguments = std::env::args_os().skip(1);
    let Some(first) = arguments.next() else {
        return;
    };
    let inside = first == OsStr::new(INSIDE);
    if (first != OsStr::new(SUBCOMMAND) && !inside) || std::env::var_os(MARK).is_none() {
        return;
    }
    let Some(leash) = sys::adopt(LEASH) else {
        return;
    };
    // A second thread would take the keeper's signals and be missing in its forks. The server is
    // told by the end of the leash that this program makes no keeper.
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
    // Behind walls there may be no way to count; there the program is the keeper's own.
    match threads {
        _ if inside => inside::init::run(leash),
        Ok(1) => main::run(leash),
        Ok(_) | Err(_) => {}
    }
    let text =
        b"the keeper was dispatched after a thread was started; it must come first in main\n";
    rustix::io::write(rustix::stdio::stderr(), text).ok();
    sys::exit_now(1);
}
