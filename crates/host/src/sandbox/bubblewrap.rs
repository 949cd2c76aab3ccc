//! A plan in bubblewrap's words.
//!
//! Pure. bubblewrap does what it is told in the order in which it is told: the root first, the
//! kernel's interfaces, then the plan's layers from above to below, and last what is to be made
//! read-only, because mount points are still made in it before.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

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

/// The parts of `/proc` that tell the real root of the memory of the whole system.
const SECRETS: [&str; 4] = [
    "/proc/kcore",
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
];

/// What this system has of the kernel's interfaces that a sandbox must not have as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interfaces {
    read_only: Vec<&'static str>,
    hidden: Vec<&'static str>,
}

/// What a sandbox has of its own whatever the policy: nobody outside is reached by these.
const NAMESPACES: [&str; 4] = [
    "--as-pid-1",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
];

/// What is laid over a file that is to be hidden.
const NOTHING: &str = "/dev/null";

/// bubblewrap's arguments, its own path first, up to the program it is to run.
pub(super) fn arguments(bubblewrap: &Path, plan: &Plan, kernel: &Interfaces) -> Vec<Vec<u8>> {
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
    for path in &kernel.read_only {
        line.say(["--ro-bind", path, path]);
    }
    for path in &kernel.hidden {
        line.say(["--ro-bind", NOTHING, path]);
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

// === impl Interfaces ===

impl Interfaces {
    /// Looks which there are.
    pub(super) fn look() -> Self {
        let there = |paths: &[&'static str]| {
            let paths = paths.iter().copied();
            paths.filter(|path| Path::new(path).exists()).collect()
        };
        Self {
            read_only: there(&KERNEL),
            hidden: there(&SECRETS),
        }
    }
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
            View::HiddenFile => self.say(["--ro-bind".as_ref(), NOTHING.as_ref(), path]),
            View::Link(target) => self.say(["--symlink".as_ref(), target.as_os_str(), path]),
        }
    }
}

fn is_below(path: &Path, above: &Path) -> bool {
    path != above && path.starts_with(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(base: Base, layers: &[(&str, View)], network: Network) -> String {
        let layer = |(path, view): &(&str, View)| Layer {
            path: path.into(),
            view: view.clone(),
        };
        let plan = Plan {
            base,
            layers: layers.iter().map(layer).collect(),
            network,
            guarded: Vec::new(),
            read: Vec::new(),
            write: Vec::new(),
        };
        let kernel = Interfaces {
            read_only: vec!["/proc/sys"],
            hidden: vec!["/proc/kcore"],
        };
        let words = arguments(Path::new("/bin/bwrap"), &plan, &kernel);
        String::from_utf8(words.join(&b' ')).unwrap()
    }

    #[test]
    fn the_network_is_shared_only_where_it_may_be_reached() {
        assert!(said(Base::ReadOnly, &[], Network::Restricted).contains("--unshare-net"));
        assert!(!said(Base::ReadOnly, &[], Network::Enabled).contains("--unshare-net"));
    }

    #[test]
    fn every_sandbox_has_its_own_processes_and_no_capability_but_the_one_to_lock_them() {
        for base in [Base::Empty, Base::ReadOnly, Base::Writable] {
            let said = said(base, &[], Network::Enabled);
            assert!(said.contains("--as-pid-1 --unshare-user --unshare-pid --unshare-ipc"));
            assert!(
                said.ends_with("--cap-drop ALL --cap-add CAP_SETPCAP"),
                "{said}"
            );
        }
    }

    #[test]
    fn b12_the_interfaces_of_the_kernel_are_covered_before_any_layer() {
        let said = said(Base::Writable, &[("/w", View::Writable)], Network::Enabled);
        let expected = "--bind / / --dev /dev --proc /proc --ro-bind /proc/sys /proc/sys \
                        --ro-bind /dev/null /proc/kcore --bind /w /w";
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn an_island_in_a_hidden_directory_is_reached_by_its_name_and_nothing_else_is() {
        let island = [("/h", View::HiddenDirectory), ("/h/i", View::Writable)];
        let with = said(Base::ReadOnly, &island, Network::Enabled);
        assert!(with.contains("--perms 0111 --tmpfs /h --bind /h/i /h/i --remount-ro /h"));
        let without = said(Base::ReadOnly, &island[..1], Network::Enabled);
        assert!(without.contains("--perms 0000 --tmpfs /h --remount-ro /h"));
        // A name that begins alike is not below it.
        let beside = [("/h", View::HiddenDirectory), ("/hi", View::Writable)];
        assert!(said(Base::ReadOnly, &beside, Network::Enabled).contains("--perms 0000"));
    }

    #[test]
    fn an_empty_root_is_made_read_only_once_everything_is_in_it() {
        let layers = [
            ("/bin", View::Link("usr/bin".into())),
            ("/usr", View::ReadOnly),
        ];
        let said = said(Base::Empty, &layers, Network::Enabled);
        let expected = "--symlink usr/bin /bin --ro-bind /usr /usr --remount-ro / --chdir /";
        assert!(said.contains(expected), "{said}");
    }
}
