//! The tree of files itself: mounts, other roots.

use std::{fs, path::Path};

use super::{
    Report, Scene,
    sys::{Errno, Tried, call, words},
};

fn attempt(source: &str, target: &Path, kind: &str, flags: u64, data: &str) -> Tried {
    call!(SYS_mount, source, target, kind, flags, data)
}

/// A mount namespace of this process alone, so that what follows is not seen outside.
pub(super) fn private() -> Result<(), Errno> {
    call!(SYS_unshare, libc::CLONE_NEWNS)?;
    call!(
        SYS_mount,
        "none",
        "/",
        "none",
        libc::MS_REC | libc::MS_PRIVATE,
        ""
    )?;
    Ok(())
}

/// New file systems.
pub(crate) fn mount(scene: &Scene, report: &mut Report) {
    let layers = format!("lowerdir=/,upperdir={0},workdir={0}", scene.work.display());
    for target in [
        scene.work.as_path(),
        Path::new("/dev/shm"),
        Path::new("/tmp"),
    ] {
        for (kind, data) in [
            ("tmpfs", ""),
            ("proc", ""),
            ("sysfs", ""),
            ("cgroup2", ""),
            ("devpts", "newinstance"),
            ("mqueue", ""),
            ("ramfs", ""),
            ("binfmt_misc", ""),
            ("overlay", &*layers),
        ] {
            let what = format!("{kind} on {}", target.display());
            report.way(what, attempt(kind, target, kind, 0, data));
        }
    }
}

/// What is outside laid over the workspace, and the workspace over what is outside.
pub(crate) fn bind_over(scene: &Scene, report: &mut Report) {
    for (source, target) in [
        (scene.outside.as_path(), scene.work.as_path()),
        (&scene.work, &scene.outside),
        (&scene.work, Path::new("/etc")),
        (Path::new("/proc"), &scene.work),
        (Path::new("/"), &scene.work),
    ] {
        let what = format!("{} on {}", source.display(), target.display());
        let source = source.to_string_lossy();
        report.way(
            what,
            attempt(&source, target, "none", libc::MS_BIND | libc::MS_REC, ""),
        );
    }
}

/// Read-only no more.
pub(crate) fn remount(scene: &Scene, report: &mut Report) {
    let outside = scene.outside.as_path();
    for target in [
        Path::new("/"),
        Path::new("/proc"),
        Path::new("/proc/sys"),
        outside,
    ] {
        for (name, flags) in [
            ("bind", libc::MS_REMOUNT | libc::MS_BIND),
            ("all", libc::MS_REMOUNT),
            ("shared", libc::MS_REC | libc::MS_SHARED),
        ] {
            let what = format!("{name}: {}", target.display());
            // The whole file system stays as it is where this is not refused.
            if name == "all" && scene.own_mounts {
                continue;
            }
            report.way(what, attempt("none", target, "none", flags, ""));
        }
    }
}

/// Every mount taken away, the last first.
pub(crate) fn unmount(scene: &Scene, report: &mut Report) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = mounts
        .lines()
        .rev()
        .filter_map(|line| line.split(' ').nth(4));
    let own = scene.work.to_string_lossy().into_owned();
    let points = points
        .map(str::to_owned)
        .chain([own, "/proc".to_owned(), "/".to_owned()]);
    for point in points.collect::<Vec<_>>() {
        let outcome = call!(SYS_umount2, point.as_str(), libc::MNT_DETACH);
        report.way(point, outcome);
    }
}

/// Another root.
pub(crate) fn pivot_root(scene: &Scene, report: &mut Report) {
    let work = scene.work.as_path();
    report.gate("the workspace", call!(SYS_pivot_root, work, work));
    report.gate("nothing", call!(SYS_pivot_root, ".", "."));
}

/// The same by the newer calls.
pub(crate) fn new_calls(scene: &Scene, report: &mut Report) {
    const CLONE: i32 = 1;
    const RECURSIVE: i32 = 0x8000;
    let here = libc::AT_FDCWD;
    report.gate("fsopen tmpfs", call!(SYS_fsopen, "tmpfs", 0));
    report.gate("fsopen proc", call!(SYS_fsopen, "proc", 0));
    report.gate("fspick", call!(SYS_fspick, here, "/", 0));
    let work = scene.work.as_path();
    report.gate("open_tree", call!(SYS_open_tree, here, work, CLONE));
    report.gate(
        "open_tree of all",
        call!(SYS_open_tree, here, "/", CLONE | RECURSIVE),
    );
    report.gate(
        "move_mount",
        call!(SYS_move_mount, here, work, here, "/", 0),
    );
    // Everything that can be cleared is cleared: read-only, no setuid, no devices.
    let writable = words(&[0, 7, 0, 0]);
    for target in ["/", "/proc/sys", "/dev"] {
        let outcome = call!(
            SYS_mount_setattr,
            here,
            target,
            0,
            writable.as_slice(),
            writable.len()
        );
        report.way(format_args!("mount_setattr {target}"), outcome);
    }
}

/// A root below the own one, from which `..` leads past it.
pub(crate) fn chroot(scene: &Scene, report: &mut Report) {
    for target in [
        scene.work.as_path(),
        Path::new("/"),
        Path::new("/proc/self"),
    ] {
        report.way(target.display(), call!(SYS_chroot, target));
    }
}
