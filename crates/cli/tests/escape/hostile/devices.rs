//! Devices: made, and those there are.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::{Report, Scene, sys::call};

/// Nodes for memory, the log and the disk, in every place that can be written.
pub(crate) fn make(scene: &Scene, report: &mut Report) {
    let disk = fs::metadata("/").map_or(0, |root| root.dev());
    let nodes = [
        ("memory", libc::S_IFCHR, libc::makedev(1, 1)),
        ("log", libc::S_IFCHR, libc::makedev(1, 11)),
        ("terminal", libc::S_IFCHR, libc::makedev(4, 0)),
        ("disk", libc::S_IFBLK, disk),
    ];
    for folder in [
        scene.work.as_path(),
        Path::new("/dev"),
        Path::new("/dev/shm"),
        Path::new("/tmp"),
    ] {
        for (name, kind, device) in nodes {
            let path = folder.join(format!("{}-{name}", scene.name));
            let made = call!(SYS_mknod, path.as_path(), kind | 0o666, device);
            if made.is_ok() && fs::remove_file(&path).is_err() {
                report.note("it cannot be removed");
            }
            report.way(format_args!("make {}", path.display()), made);
        }
    }
}

/// What a sandbox's `/dev` has no business to have.
pub(crate) fn open(_: &Scene, report: &mut Report) {
    for name in [
        "mem",
        "kmem",
        "port",
        "kmsg",
        "vda",
        "vda1",
        "sda",
        "sda1",
        "nvme0n1",
        "loop0",
        "loop-control",
        "kvm",
        "fuse",
        "net/tun",
        "userfaultfd",
        "btrfs-control",
        "vhost-net",
        "vhost-vsock",
        "vsock",
        "cpu/0/msr",
        "hwrng",
        "uinput",
        "input/event0",
        "dri/card0",
        "snapshot",
        "cuse",
        "ppp",
        "rtc0",
        "watchdog",
        "hpet",
        "nvram",
        "mapper/control",
        "zram0",
        "autofs",
    ] {
        let path = format!("/dev/{name}");
        let flags = libc::O_RDWR | libc::O_NONBLOCK | libc::O_CLOEXEC;
        // A watchdog that was opened once wants to be fed for ever.
        let flags = if name == "watchdog" {
            libc::O_RDONLY | libc::O_PATH
        } else {
            flags
        };
        let outcome = call!(SYS_openat, libc::AT_FDCWD, path.as_str(), flags);
        report.way(path, outcome);
    }
}
