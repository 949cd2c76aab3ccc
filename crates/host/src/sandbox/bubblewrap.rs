//! A plan in bubblewrap's words.
//!
//! Pure. bubblewrap does what it is told in the order in which it is told: the root first, the
//! kernel's interfaces, then the plan's layers from above to below, and last what is to be made
//! read-only, because mount points are still made in it before.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::Path,
};

use super::{
    plan::{Base, Layer, Plan, View},
    policy::Network,
};

/// The parts of `/proc` by which a user who is root outside could change the whole system. A fresh
/// `/proc` belongs to the real root whatever namespace it is mounted in.
const KERNEL: [&str; 8] = [
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/irq",
    "/proc/bus",
    "/proc/fs",
    "/proc/acpi",
    "/proc/scsi",
    "/proc/mtrr",
];

/// What a sandbox has of its own whatever the policy: nobody outside is reached by these.
const NAMESPACES: [&str; 4] = [
    "--as-pid-1",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
];

/// bubblewrap's arguments, its own path first, up to the program it is to run.
pub(super) fn arguments(bubblewrap: &Path, plan: &Plan) -> Vec<Vec<u8>> {
    let mut line = Line(vec![bubblewrap.as_os_str().as_bytes().to_vec()]);
    line.say(NAMESPACES);
    if plan.network == Network::Restricted {
        line.say(["--unshare-net"]);
    }
    match plan.base {
        Base::ReadOnly => line.say(["--ro-bind", "/", "/"]),
        Base::Writable => line.say(["--bind", "/", "/"]),
        Base::Empty => line.say(["--tmpfs", "/"]),
    }
    line.say(["--dev", "/dev", "--proc", "/proc"]);
    for path in KERNEL {
        line.say(["--ro-bind-try", path, path]);
    }
    for layer in &plan.layers {
        line.lay(layer, &plan.layers);
    }
    for layer in plan.layers.iter().rev() {
        if layer.view == View::HiddenDirectory {
            line.say(["--remount-ro".as_ref(), layer.path.as_os_str()]);
        }
    }
    if plan.base == Base::Empty {
        line.say(["--remount-ro", "/"]);
    }
    line.say([
        "--chdir",
        "/",
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CAP_SETPCAP",
    ]);
    line.0
}

/// A command line that is being written.
struct Line(Vec<Vec<u8>>);

// === impl Line ===

impl Line {
    fn say<T: AsRef<OsStr>>(&mut self, words: impl IntoIterator<Item = T>) {
        let bytes = |word: T| word.as_ref().as_bytes().to_vec();
        self.0.extend(words.into_iter().map(bytes));
    }

    fn lay(&mut self, layer: &Layer, all: &[Layer]) {
        let path = layer.path.as_os_str();
        match &layer.view {
            View::ReadOnly => self.say(["--ro-bind".as_ref(), path, path]),
            View::Writable => self.say(["--bind".as_ref(), path, path]),
            View::HiddenDirectory => {
                // What is shown below it must be reached by its name.
                let islands = all.iter().any(|other| is_below(&other.path, &layer.path));
                let mode = if islands { "0111" } else { "0000" };
                self.say(["--perms".as_ref(), mode.as_ref(), "--tmpfs".as_ref(), path]);
            }
            // A device on a mount that knows no devices: it is seen and cannot be opened.
            View::HiddenFile => self.say(["--ro-bind".as_ref(), "/dev/null".as_ref(), path]),
            View::Link(target) => self.say(["--symlink".as_ref(), target.as_os_str(), path]),
        }
    }
}

fn is_below(path: &Path, above: &Path) -> bool {
    path != above && path.starts_with(above)
}
