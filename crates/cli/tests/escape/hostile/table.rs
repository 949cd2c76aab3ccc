//! Every attack by name, and what it does where there is no sandbox.

use super::{
    Report, Scene, calls, devices, files, first, kernel, links, metadata, mounts, namespaces,
    privileges, processes, races, sockets, terminal,
};

/// One attack.
#[derive(Debug)]
pub(crate) struct Attack {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// Tries all its ways.
    pub(crate) run: fn(&Scene, &mut Report),
    /// Who succeeds with it without a sandbox.
    pub(crate) control: Control,
    /// What is promised of it where the network may be reached.
    pub(crate) network: UnderNetwork,
    /// Whether it attacks its terminal.
    pub(crate) terminal: bool,
    /// Whether it takes the scene's seconds.
    pub(crate) race: bool,
}

/// Who succeeds with an attack without a sandbox.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// Root and nobody.
    Everybody,
    /// Root and nobody, where this says so.
    Plain(fn() -> bool),
    /// Root.
    Root,
    /// Root, where this says so.
    RootWhere(fn() -> bool),
    /// Root, in a mount namespace of its own for the machine's sake.
    RootApart,
    /// Nobody but root, who needs no attack.
    Others,
    /// Not tried: why.
    Not(&'static str),
}

/// What is promised of an attack where the network may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnderNetwork {
    /// The same as elsewhere.
    Blocked,
    /// It works: it is what the network is for.
    Works,
    /// Nothing.
    Open,
}

const NO_PARENTS: Control = Not("the first namespaces have no parents");
const NOTHING_OPEN: Control = Not("a server's commands have three descriptors anyway");

/// Whether a dump of memory is a file, and not given to a program.
fn dumps_are_files() -> bool {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern");
    pattern.is_ok_and(|pattern| pattern.starts_with("core"))
}

/// Whether the kernel can load code.
fn has_modules() -> bool {
    std::fs::exists("/proc/modules").unwrap_or(false)
}

/// Whether the kernel listens to the machine's keys.
fn has_sysrq() -> bool {
    std::fs::exists("/proc/sysrq-trigger").unwrap_or(false)
}

/// Whether the machine's first process can be looked into, which a container may forbid to root.
fn first_is_open() -> bool {
    std::fs::read_link("/proc/1/root").is_ok()
}

/// Whether the kernel still has what types keys.
fn terminals_take_keys() -> bool {
    let setting = std::fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti");
    setting.is_ok_and(|setting| setting.trim() == "1")
}

const fn attack(name: &'static str, control: Control, run: fn(&Scene, &mut Report)) -> Attack {
    Attack {
        name,
        run,
        control,
        network: UnderNetwork::Blocked,
        terminal: false,
        race: false,
    }
}

// === impl Attack ===

impl Attack {
    const fn under(mut self, network: UnderNetwork) -> Self {
        self.network = network;
        self
    }

    const fn at_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    const fn racing(mut self) -> Self {
        self.race = true;
        self
    }
}

use Control::{Everybody, Not, Others, Plain, Root, RootApart, RootWhere};
use UnderNetwork::{Open, Works};

/// Every attack.
pub(crate) const ATTACKS: &[Attack] = &[
    // Settings of the kernel.
    attack("core-pattern", Root, kernel::core_pattern),
    attack("proc-sys", Root, kernel::proc_sys),
    attack("sysrq", RootWhere(has_sysrq), kernel::sysrq),
    attack("proc-irq", Root, kernel::proc_irq),
    attack(
        "proc-bus",
        Not("a machine need not have a bus"),
        kernel::proc_bus,
    ),
    attack(
        "proc-fs",
        Not("few file systems have settings there"),
        kernel::proc_fs,
    ),
    attack("kernel-memory", Root, kernel::memory),
    attack("sys", Root, kernel::sys),
    attack("cgroups", Root, kernel::cgroups),
    attack("modules", RootWhere(has_modules), calls::modules),
    attack("machine", Root, calls::machine),
    attack("clock", Root, calls::clock),
    attack("bpf", Root, calls::bpf),
    attack("perf", Root, calls::perf),
    attack("keys", Everybody, calls::keys),
    attack("userfaultfd", Root, calls::userfaultfd),
    attack("io-uring", Everybody, calls::io_uring),
    attack("handles", Root, calls::handles),
    // Mounts and namespaces.
    attack("mount", RootApart, mounts::mount),
    attack("bind-over", RootApart, mounts::bind_over),
    attack("remount", RootApart, mounts::remount),
    attack("unmount", RootApart, mounts::unmount),
    attack("pivot-root", RootApart, mounts::pivot_root),
    attack("new-mounts", RootApart, mounts::new_calls),
    attack("chroot", Root, mounts::chroot),
    attack("unshare", Everybody, namespaces::unshare),
    attack("clone", Everybody, namespaces::clone),
    attack("clone3", Everybody, namespaces::clone3),
    attack(
        "other-numbers",
        Plain(namespaces::knows_other_numbers),
        namespaces::other_numbers,
    ),
    attack("setns", Root, namespaces::setns),
    attack("namespace-parents", NO_PARENTS, namespaces::parents),
    // Other processes.
    attack("first-process-memory", Root, first::memory),
    attack(
        "first-process-files",
        RootWhere(first_is_open),
        first::files,
    ),
    attack(
        "first-process-signals",
        Not("it would stop the machine"),
        first::signals,
    ),
    attack("host-proc", Everybody, processes::host_proc),
    attack("ptrace", Everybody, processes::ptrace),
    attack("process-memory", Everybody, processes::memory),
    attack("signals", Everybody, processes::signals),
    attack("signal-groups", Everybody, processes::groups),
    attack("pidfd", Everybody, processes::pidfd),
    attack("process-limits", Everybody, processes::limits),
    attack("whereabouts", Everybody, processes::whereabouts),
    attack("shared-memory", Everybody, processes::shared_memory),
    attack("strangers-seen", Everybody, processes::strangers),
    // Privileges.
    attack("privileges", Everybody, privileges::state),
    attack("regain", Root, privileges::regain),
    attack("setuid-program", Others, privileges::setuid_program),
    attack(
        "program-in-memory",
        Everybody,
        privileges::program_in_memory,
    ),
    attack("descriptors", NOTHING_OPEN, privileges::descriptors),
    attack("core-dump", Plain(dumps_are_files), privileges::core_dump),
    // Sockets.
    attack("tcp", Everybody, sockets::tcp).under(Works),
    attack("udp", Everybody, sockets::udp).under(Works),
    attack("resolver", Everybody, sockets::resolver).under(Open),
    attack("raw-socket", Root, sockets::raw),
    attack("packet-socket", Root, sockets::packet),
    attack("netlink", Everybody, sockets::netlink).under(Open),
    attack("vsock", Everybody, sockets::vsock),
    attack("families", Everybody, sockets::families).under(Open),
    attack("abstract-socket", Everybody, sockets::abstract_name),
    attack("path-socket", Everybody, sockets::path_stream),
    attack("datagram-socket", Everybody, sockets::path_datagram),
    // Terminals and devices.
    attack("tiocsti", Plain(terminals_take_keys), terminal::tiocsti).at_a_terminal(),
    attack("tioclinux", Everybody, terminal::tioclinux).at_a_terminal(),
    attack("other-terminals", Root, terminal::others),
    attack("device-nodes", Root, devices::make),
    attack("devices", Root, devices::open),
    // Files.
    attack("write-outside", Everybody, files::write),
    attack("make-outside", Everybody, files::make),
    attack("remove-outside", Everybody, files::remove),
    attack("attributes-outside", Everybody, files::attributes),
    attack(
        "read-only-descriptor",
        Everybody,
        files::read_only_descriptor,
    ),
    attack("proc-self-paths", Everybody, links::proc_self),
    attack("dot-dot", Everybody, links::dot_dot),
    attack("hard-link", Everybody, links::hard),
    attack("symbolic-link", Everybody, links::symbolic),
    attack("read-denied", Everybody, files::read_denied),
    attack("metadata-new", Everybody, metadata::create),
    attack("metadata-spelled", Everybody, metadata::spelled),
    attack("metadata-moved-in", Everybody, metadata::move_in),
    attack("metadata-old", Everybody, metadata::change),
    // Races.
    attack("race-symlink", Everybody, races::symlink_out).racing(),
    attack("race-rename", Everybody, races::rename).racing(),
    attack("race-parent", Everybody, races::parent).racing(),
    attack("race-hard-link", Everybody, races::hard_link).racing(),
    attack("race-path", Everybody, races::path).racing(),
    attack("race-address", Everybody, races::address).racing(),
    attack("race-folder", Everybody, races::folder).racing(),
];
