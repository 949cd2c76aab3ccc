//! Terminals: a master for the server, a name by which the command opens its own end.
//!
//! The command opens the other end by name as descriptor 0 right after `setsid`. A session leader
//! without a terminal gets the first it opens as its controlling terminal, so nothing else has to
//! be done between fork and exec, and no other descriptor of the terminal exists in the command.

use std::{
    ffi::CString,
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// Opens a terminal of the given size and names the command's end of it. The size is set before
/// anybody can look at it.
pub(crate) fn open(rows: u16, cols: u16) -> io::Result<(OwnedFd, CString)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    resize(&master, rows, cols)?;
    Ok((master, name))
}

/// Gives the terminal another size; its foreground group gets SIGWINCH when that is a change.
/// Fails when `master` is not a terminal.
pub(crate) fn resize(master: impl AsFd, rows: u16, cols: u16) -> io::Result<()> {
    let size = Winsize {
        ws_row: rows,
        ws_col: cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(tcsetwinsize(master, size)?)
}
