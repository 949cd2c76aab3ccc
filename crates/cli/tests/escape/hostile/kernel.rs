//! Settings of the kernel, below `/proc` and `/sys`. Files are opened for writing, and at most
//! what they already say is written.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Report, Scene, open_to_write};

/// How many files of one folder are tried.
const ENOUGH: usize = 64;

/// Files of all kinds below a folder, at most [`ENOUGH`].
fn below(folder: &str, fits: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![PathBuf::from(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && folders.len() < ENOUGH {
                folders.push(path);
            } else if !is_folder && fits(&path) && found.len() < ENOUGH {
                found.push(path);
            }
        }
    }
    found
}

fn open_all(report: &mut Report, paths: impl IntoIterator<Item = impl AsRef<Path>>) {
    for path in paths {
        let path = path.as_ref();
        report.way(
            format_args!("open {} to write", path.display()),
            open_to_write(path),
        );
    }
}

/// The handler of crashes, which runs as root outside: what it says is written back to it.
pub(crate) fn core_pattern(_: &Scene, report: &mut Report) {
    for path in [
        "/proc/sys/kernel/core_pattern",
        "/proc/self/root/proc/sys/kernel/core_pattern",
        "/proc/thread-self/../../sys/kernel/core_pattern",
    ] {
        let outcome = fs::read(path).and_then(|now| {
            let now = now.strip_suffix(b"\n").unwrap_or(&now).to_vec();
            fs::OpenOptions::new()
                .write(true)
                .open(path)
                .map(|file| (file, now))
        });
        let outcome =
            outcome.and_then(|(mut file, now)| std::io::Write::write_all(&mut file, &now));
        report.way(path, outcome);
    }
}

/// Other settings.
pub(crate) fn proc_sys(_: &Scene, report: &mut Report) {
    open_all(
        report,
        [
            "/proc/sys/kernel/modprobe",
            "/proc/sys/kernel/hotplug",
            "/proc/sys/kernel/poweroff_cmd",
            "/proc/sys/kernel/hostname",
            "/proc/sys/kernel/ns_last_pid",
            "/proc/sys/kernel/randomize_va_space",
            "/proc/sys/kernel/usermodehelper/bset",
            "/proc/sys/vm/drop_caches",
            "/proc/sys/vm/overcommit_memory",
            "/proc/sys/fs/suid_dumpable",
            "/proc/sys/fs/binfmt_misc/register",
            "/proc/sys/net/ipv4/ip_forward",
            "/proc/sys/user/max_user_namespaces",
        ],
    );
}

/// The keys of the machine.
pub(crate) fn sysrq(_: &Scene, report: &mut Report) {
    open_all(report, ["/proc/sysrq-trigger", "/proc/sys/kernel/sysrq"]);
}

/// Interrupts.
pub(crate) fn proc_irq(_: &Scene, report: &mut Report) {
    open_all(report, ["/proc/irq/default_smp_affinity"]);
    open_all(
        report,
        below("/proc/irq", |path| path.ends_with("smp_affinity")),
    );
}

/// Buses.
pub(crate) fn proc_bus(_: &Scene, report: &mut Report) {
    open_all(report, ["/proc/bus/pci/00/00.0"]);
    open_all(report, below("/proc/bus", |_| true));
}

/// File systems.
pub(crate) fn proc_fs(_: &Scene, report: &mut Report) {
    open_all(report, ["/proc/fs/nfsd"]);
    open_all(report, below("/proc/fs", |_| true));
}

/// Memory of the kernel and of the machine.
pub(crate) fn memory(_: &Scene, report: &mut Report) {
    for path in ["/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port"] {
        report.way(format_args!("open {path} to read"), fs::File::open(path));
    }
    open_all(
        report,
        [
            "/proc/mtrr",
            "/proc/acpi/wakeup",
            "/proc/scsi/scsi",
            "/proc/latency_stats",
        ],
    );
}

/// Devices and drivers.
pub(crate) fn sys(_: &Scene, report: &mut Report) {
    open_all(
        report,
        [
            "/sys/kernel/uevent_helper",
            "/sys/kernel/mm/ksm/run",
            "/sys/kernel/mm/transparent_hugepage/enabled",
            "/sys/kernel/debug/tracing/trace",
            "/sys/kernel/tracing/trace",
            "/sys/kernel/security/lockdown",
            "/sys/power/state",
            "/sys/devices/system/cpu/cpu1/online",
            "/sys/bus/pci/rescan",
            "/sys/class/net/lo/ifalias",
        ],
    );
    open_all(
        report,
        below("/sys/module", |path| {
            path.to_string_lossy().contains("/parameters/")
        }),
    );
}

/// Control groups: out of its own, into new ones, and the program that root runs for an empty one.
pub(crate) fn cgroups(_: &Scene, report: &mut Report) {
    let named = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        ["cgroup.procs", "release_agent", "notify_on_release"]
            .iter()
            .any(|one| name == *one)
    };
    let roots: Vec<_> = fs::read_dir("/sys/fs/cgroup")
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    open_all(
        report,
        [
            "/sys/fs/cgroup/cgroup.procs",
            "/sys/fs/cgroup/cgroup.subtree_control",
        ],
    );
    for root in &roots {
        open_all(
            report,
            [
                root.path().join("cgroup.procs"),
                root.path().join("release_agent"),
            ],
        );
        let made = root.path().join("outpost-hostile");
        let outcome = fs::create_dir(&made);
        if outcome.is_ok() {
            report.way(
                format_args!("remove {}", made.display()),
                fs::remove_dir(&made),
            );
        }
        report.way(format_args!("make {}", made.display()), outcome);
    }
    open_all(report, below("/sys/fs/cgroup", named));
}
