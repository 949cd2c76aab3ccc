//! Terminals: what is typed into one from within, and those of others.

use std::{fs, os::fd::AsRawFd, path::Path};

use super::{Report, Scene, open_to_write, sys::call};

/// A bit that a filter of 32 bits does not see.
const HIGH: u64 = 1 << 32;

/// Tries a request on every way to the terminal.
fn ask(report: &mut Report, request: u64, argument: &[u8]) {
    for request in [request, request | HIGH] {
        for fd in 0..3 {
            let outcome = call!(SYS_ioctl, fd, request, argument);
            report.gate(format_args!("{request:x} on {fd}"), outcome);
        }
        match fs::File::open("/dev/tty") {
            Ok(terminal) => {
                let outcome = call!(SYS_ioctl, terminal.as_raw_fd(), request, argument);
                report.gate(format_args!("{request:x} on /dev/tty"), outcome);
            }
            Err(error) => report.note(format_args!("/dev/tty: {error}")),
        }
    }
}

/// Keys that nobody pressed: they are read by whoever has the terminal next.
pub(crate) fn tiocsti(_: &Scene, report: &mut Report) {
    ask(report, libc::TIOCSTI, b"!");
}

/// The same by the selection of the console.
pub(crate) fn tioclinux(_: &Scene, report: &mut Report) {
    // To paste what was selected.
    ask(report, 0x541c, &[3, 0, 0, 0, 0, 0, 0, 0]);
}

/// Terminals and consoles of others.
pub(crate) fn others(_: &Scene, report: &mut Report) {
    let consoles = [
        "console", "tty0", "tty1", "ttyS0", "vcs", "vcsa", "vcsu", "tty",
    ];
    for name in consoles {
        let path = Path::new("/dev").join(name);
        report.way(path.display(), open_to_write(&path));
    }
    for entry in fs::read_dir("/dev/pts").into_iter().flatten().flatten() {
        let path = entry.path();
        if !path.ends_with("ptmx") {
            report.way(path.display(), open_to_write(&path));
        }
    }
}
