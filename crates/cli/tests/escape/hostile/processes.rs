//! Other processes: the sandbox's first one, and those of the machine outside.

use std::{
    fs,
    io::Read as _,
    path::Path,
    sync::atomic::{AtomicI32, Ordering},
};

use super::{
    Report, Scene,
    namespaces::in_child,
    open_to_write,
    sys::{Errno, Tried, call, words},
};

/// Blocked when it is refused or nobody is found; anything else has reached the other process.
fn reach(report: &mut Report, what: impl std::fmt::Display, outcome: Tried) {
    match outcome {
        Err(Errno(libc::ESRCH)) => report.judge(what, false, Errno(libc::ESRCH)),
        outcome => report.gate(what, outcome),
    }
}

/// A segment of shared memory that everybody may use, as long as this lives.
#[derive(Debug)]
pub(crate) struct Segment {
    key: i32,
    id: usize,
}

// === impl Segment ===

impl Segment {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicI32 = AtomicI32::new(1);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let key = rustix::process::getpid().as_raw_nonzero().get() << 8 ^ number;
            let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o666;
            match call!(SYS_shmget, key, 4096, flags) {
                Ok(id) => return Self { key, id },
                Err(Errno(libc::EEXIST)) => {}
                Err(error) => panic!("no shared memory: {error}"),
            }
        }
    }

    pub(crate) fn key(&self) -> i32 {
        self.key
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        call!(SYS_shmctl, self.id, libc::IPC_RMID, 0).expect("it is our own");
    }
}

/// Opens a file and reads a byte of it.
pub(super) fn read(path: &str) -> Result<(), std::io::Error> {
    let mut byte = [0];
    fs::File::open(path)
        .and_then(|mut file| file.read(&mut byte))
        .map(|_| ())
}

/// What `/proc` says of processes outside.
pub(crate) fn host_proc(scene: &Scene, report: &mut Report) {
    for pid in [scene.victim, scene.server] {
        for name in ["mem", "environ", "maps", "status", "cmdline", "root", "cwd"] {
            let path = format!("/proc/{pid}/{name}");
            report.way(format_args!("read {path}"), fs::File::open(&path));
        }
        for name in ["mem", "oom_score_adj", "comm"] {
            let path = format!("/proc/{pid}/{name}");
            report.way(
                format_args!("write {path}"),
                open_to_write(Path::new(&path)),
            );
        }
        let fds = fs::read_dir(format!("/proc/{pid}/fd"));
        report.way(format_args!("list /proc/{pid}/fd"), fds);
        let path = format!("/proc/{pid}/root{}/file", scene.outside.display());
        report.way(
            format_args!("write {path}"),
            open_to_write(Path::new(&path)),
        );
    }
}

/// Tracing, also of the own children: a tracer could undo what the filter does.
pub(crate) fn ptrace(scene: &Scene, report: &mut Report) {
    const SEIZE: i32 = 0x4206;
    for pid in [scene.victim, scene.server, 1] {
        report.gate(
            format_args!("seize {pid}"),
            in_child(|| call!(SYS_ptrace, SEIZE, pid, 0, 0)),
        );
        report.gate(format_args!("peek {pid}"), call!(SYS_ptrace, 2, pid, 0, 0));
    }
    report.gate("be traced", in_child(|| call!(SYS_ptrace, 0, 0, 0, 0)));
}

/// The memory of others without tracing.
pub(crate) fn memory(scene: &Scene, report: &mut Report) {
    let here = [0_u8; 8];
    let local = words(&[here.as_ptr() as u64, 8]);
    let remote = words(&[0x1000, 8]);
    let (local, remote) = (local.as_slice(), remote.as_slice());
    for pid in [scene.victim, scene.server, 1] {
        let outcome = call!(SYS_process_vm_readv, pid, local, 1, remote, 1, 0);
        reach(report, format_args!("read {pid}"), outcome);
        let outcome = call!(SYS_process_vm_writev, pid, local, 1, remote, 1, 0);
        reach(report, format_args!("write {pid}"), outcome);
        let outcome = call!(SYS_kcmp, pid, pid, 0, 0, 0);
        reach(report, format_args!("compare {pid}"), outcome);
        let (mut head, mut size) = ([0_u8; 8], [0_u8; 8]);
        let outcome = call!(
            SYS_get_robust_list,
            pid,
            head.as_mut_slice(),
            size.as_mut_slice()
        );
        reach(report, format_args!("locks of {pid}"), outcome);
        let outcome = call!(SYS_pidfd_open, pid, 0)
            .and_then(|fd| call!(SYS_process_madvise, fd, remote, 1, libc::MADV_COLD, 0));
        reach(report, format_args!("advise {pid}"), outcome);
    }
}

/// Signals to processes outside.
pub(crate) fn signals(scene: &Scene, report: &mut Report) {
    let (victim, server) = (scene.victim, scene.server);
    reach(report, "the server is there", call!(SYS_kill, server, 0));
    reach(report, "the victim is there", call!(SYS_kill, victim, 0));
    let outcome = call!(SYS_pidfd_open, victim, 0)
        .and_then(|fd| call!(SYS_pidfd_send_signal, fd, libc::SIGKILL, 0, 0));
    reach(report, "pidfd_send_signal", outcome);
    by_a_pipe(report, victim);
    let mut info = [0_u8; 128];
    info[8..12].copy_from_slice(&(-1_i32).to_ne_bytes());
    let info = info.as_slice();
    reach(
        report,
        "rt_sigqueueinfo",
        call!(SYS_rt_sigqueueinfo, victim, libc::SIGTERM, info),
    );
    reach(report, "tkill", call!(SYS_tkill, victim, libc::SIGTERM));
    reach(
        report,
        "tgkill",
        call!(SYS_tgkill, victim, victim, libc::SIGTERM),
    );
    reach(report, "kill", call!(SYS_kill, victim, libc::SIGKILL));
}

/// The kernel signals a pipe's owner when there is something to read. That an owner can be named
/// is no harm yet; whether the signal comes is seen at the victim.
fn by_a_pipe(report: &mut Report, victim: i32) {
    let mut pipe = [0_u8; 8];
    if let Err(error) = call!(SYS_pipe2, pipe.as_mut_slice(), 0) {
        return report.judge("a pipe", false, error);
    }
    let end = |at: usize| u32::from_ne_bytes([pipe[at], 0, 0, 0]);
    let outcome = [
        call!(SYS_fcntl, end(0), libc::F_SETOWN, victim),
        call!(SYS_fcntl, end(0), 10, libc::SIGTERM),
        call!(SYS_fcntl, end(0), libc::F_SETFL, libc::O_ASYNC),
        call!(SYS_write, end(4), b"!".as_slice(), 1),
    ];
    report.judge("the owner of a pipe", false, format_args!("{outcome:?}"));
}

/// The same to whole groups and sessions. Without a sandbox they are only asked whether they are.
pub(crate) fn groups(scene: &Scene, report: &mut Report) {
    for leader in [scene.victim, scene.server] {
        reach(
            report,
            format_args!("group {leader}"),
            call!(SYS_kill, -leader, 0),
        );
        reach(
            report,
            format_args!("wake {leader}"),
            call!(SYS_kill, -leader, libc::SIGCONT),
        );
        let outcome = call!(SYS_setpriority, libc::PRIO_PGRP, leader, 19);
        reach(report, format_args!("slow down {leader}"), outcome);
    }
}

/// Descriptors of others.
pub(crate) fn pidfd(scene: &Scene, report: &mut Report) {
    for pid in [1, scene.victim, scene.server] {
        for fd in 0..8 {
            let outcome =
                call!(SYS_pidfd_open, pid, 0).and_then(|of| call!(SYS_pidfd_getfd, of, fd, 0));
            // Without the right to look, nobody is told which descriptors there are.
            reach(report, format_args!("descriptor {fd} of {pid}"), outcome);
        }
    }
}

/// Limits and priorities of others.
pub(crate) fn limits(scene: &Scene, report: &mut Report) {
    for pid in [scene.victim, scene.server] {
        // The server needs its descriptors where this is not refused.
        if pid == scene.victim {
            let few = words(&[64, 64]);
            let outcome = call!(SYS_prlimit64, pid, libc::RLIMIT_NOFILE, few.as_slice(), 0);
            reach(report, format_args!("limit {pid}"), outcome);
        }
        let outcome = call!(SYS_setpriority, libc::PRIO_PROCESS, pid, 1);
        reach(report, format_args!("slow down {pid}"), outcome);
        let one = [1_u8; 8];
        let outcome = call!(SYS_sched_setaffinity, pid, 8, one.as_slice());
        reach(report, format_args!("processors of {pid}"), outcome);
    }
}

/// What the kernel says of others by their number.
pub(crate) fn whereabouts(scene: &Scene, report: &mut Report) {
    for pid in [scene.victim, scene.server] {
        let mut now = [0_u8; 16];
        let outcome = call!(
            SYS_prlimit64,
            pid,
            libc::RLIMIT_NOFILE,
            0,
            now.as_mut_slice()
        );
        reach(report, format_args!("limits of {pid}"), outcome);
        let mut mask = [0_u8; 128];
        let outcome = call!(SYS_sched_getaffinity, pid, 128, mask.as_mut_slice());
        reach(report, format_args!("processors of {pid}"), outcome);
        reach(
            report,
            format_args!("group of {pid}"),
            call!(SYS_getpgid, pid),
        );
        reach(
            report,
            format_args!("session of {pid}"),
            call!(SYS_getsid, pid),
        );
    }
}

/// Memory that is shared by a key.
pub(crate) fn shared_memory(scene: &Scene, report: &mut Report) {
    report.way("the segment outside", call!(SYS_shmget, scene.key, 0, 0));
    // This one is private; the test looks for it outside.
    let path = format!("/dev/shm/{}", scene.name);
    if let Err(error) = fs::write(&path, "hostile") {
        report.note(format_args!("{path}: {error}"));
    }
}

/// Whether processes outside are seen at all.
pub(crate) fn strangers(scene: &Scene, report: &mut Report) {
    let mut seen = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        seen += 1;
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        report.note(format_args!("{name}: {words}"));
        let stranger = words.contains("exec-server") || name == scene.victim.to_string();
        if stranger {
            report.judge(format_args!("see {name}"), true, words);
        }
    }
    report.judge(
        "see whatever there is",
        false,
        format_args!("{seen} processes"),
    );
}
