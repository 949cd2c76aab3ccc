//! Namespaces: new ones, in which a process has capabilities, and those of others.

use std::{fs::File, os::fd::AsRawFd};

use super::{
    Report, Scene,
    sys::{self, Errno, Tried, call},
};

const KINDS: [(&str, i32); 7] = [
    ("user", libc::CLONE_NEWUSER),
    ("mnt", libc::CLONE_NEWNS),
    ("pid", libc::CLONE_NEWPID),
    ("net", libc::CLONE_NEWNET),
    ("ipc", libc::CLONE_NEWIPC),
    ("uts", libc::CLONE_NEWUTS),
    ("cgroup", libc::CLONE_NEWCGROUP),
];

/// The answer to a call made by a child, whose change dies with it.
pub(super) fn in_child(attempt: impl FnOnce() -> Tried) -> Tried {
    let status = sys::child(|| attempt().map_or_else(|error| error.0, |_| 0))?;
    if libc::WIFSIGNALED(status) {
        return Err(Errno(libc::EINTR));
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(0),
        error => Err(Errno(error)),
    }
}

/// The own process moves.
pub(crate) fn unshare(_: &Scene, report: &mut Report) {
    for (name, flag) in KINDS {
        report.way(name, in_child(|| call!(SYS_unshare, flag)));
        let both = flag | libc::CLONE_NEWUSER;
        let outcome = in_child(|| call!(SYS_unshare, both));
        report.way(format_args!("{name} with a user"), outcome);
    }
    report.way("time", in_child(|| call!(SYS_unshare, 0x80)));
    let high = 1_u64 << 32 | u64::from(libc::CLONE_NEWUSER.cast_unsigned());
    report.way(
        "user, with a bit too high",
        in_child(|| call!(SYS_unshare, high)),
    );
}

/// A child begins elsewhere.
pub(crate) fn clone(_: &Scene, report: &mut Report) {
    for (name, flag) in KINDS {
        report.way(name, sys::clone(flag));
        report.way(
            format_args!("{name} with a user"),
            sys::clone(flag | libc::CLONE_NEWUSER),
        );
    }
}

/// What a filter of the ordinary calls does not see: the same calls by other numbers.
pub(crate) fn other_numbers(scene: &Scene, report: &mut Report) {
    const X32: i64 = 0x4000_0000;
    let git = scene.own(".git");
    let user = libc::CLONE_NEWUSER;
    let x32 = |number: i64, first: sys::Arg<'_>| {
        in_child(|| sys::perform(number | X32, &mut [first, sys::Arg::from(0o755)]))
    };
    report.way("x32 unshare", x32(libc::SYS_unshare, sys::Arg::from(user)));
    report.way(
        "x32 mkdir",
        x32(libc::SYS_mkdir, sys::Arg::from(git.as_path())),
    );
    #[cfg(target_arch = "x86_64")]
    {
        let user = user.cast_unsigned();
        let outcome = in_child(|| sys::call_of_32_bits(310, None, user));
        report.way("32-bit unshare", outcome);
        let text = git.to_string_lossy();
        let outcome = in_child(|| sys::call_of_32_bits(39, Some(&text), 0));
        report.way("32-bit mkdir", outcome);
        let outcome = in_child(|| sys::call_of_32_bits(26, None, 0));
        report.way("32-bit ptrace", outcome);
        let outcome = in_child(|| sys::call_of_32_bits(359, None, 2));
        report.way("32-bit socket", outcome);
    }
    let there = std::fs::symlink_metadata(&git).is_ok();
    report.judge(".git is there", there, there);
}

/// Whether this kernel knows the calls of 32-bit programs.
pub(crate) fn knows_other_numbers() -> bool {
    #[cfg(target_arch = "x86_64")]
    return in_child(|| sys::call_of_32_bits(20, None, 0)).is_ok();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The same by the call whose arguments a filter cannot see.
pub(crate) fn clone3(_: &Scene, report: &mut Report) {
    for (name, flag) in KINDS {
        let flag = u64::from(flag.cast_unsigned());
        report.way(name, sys::clone3(flag));
        let both = flag | u64::from(libc::CLONE_NEWUSER.cast_unsigned());
        report.way(format_args!("{name} with a user"), sys::clone3(both));
    }
    report.way("time", sys::clone3(0x80));
}

/// Into the namespaces of other processes.
pub(crate) fn setns(scene: &Scene, report: &mut Report) {
    let of = [
        "1".to_owned(),
        scene.victim.to_string(),
        scene.server.to_string(),
    ];
    for pid in of.iter().map(String::as_str).chain(["self"]) {
        for (name, flag) in KINDS {
            let path = format!("/proc/{pid}/ns/{name}");
            let outcome = File::open(&path)
                .map_err(Errno::from)
                .and_then(|file| in_child(|| call!(SYS_setns, file.as_raw_fd(), flag)));
            report.way(path, outcome);
        }
    }
    for pid in [1, scene.victim, scene.server] {
        let all = KINDS.iter().fold(0, |all, (_, flag)| all | flag);
        for flags in [
            all,
            libc::CLONE_NEWNS,
            libc::CLONE_NEWUSER | libc::CLONE_NEWNS,
        ] {
            let outcome = call!(SYS_pidfd_open, pid, 0)
                .and_then(|fd| in_child(|| call!(SYS_setns, fd, flags)));
            report.way(format_args!("all of {pid}, {flags:x}"), outcome);
        }
    }
}

/// Up to the namespaces that the own ones are in.
pub(crate) fn parents(_: &Scene, report: &mut Report) {
    const GET_USER: u64 = 0xb701;
    const GET_PARENT: u64 = 0xb702;
    for (name, request) in [
        ("user", GET_USER),
        ("user", GET_PARENT),
        ("pid", GET_PARENT),
        ("uts", GET_USER),
        ("cgroup", GET_USER),
    ] {
        let outcome = File::open(format!("/proc/self/ns/{name}")).map_err(Errno::from);
        let outcome = outcome.and_then(|file| call!(SYS_ioctl, file.as_raw_fd(), request, 0));
        report.way(format_args!("{name}, {request:x}"), outcome);
    }
}
